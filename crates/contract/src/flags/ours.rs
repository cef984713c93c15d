//! What the tables of our two programs are made of.

use super::versions::FIRST;
use super::{Flag, FlagKind};

/// A flag of ours, since our first version. Each has an environment variable.
pub(super) const fn flag(name: &'static str, env: &'static str, kind: FlagKind, doc: &'static str) -> Flag {
    Flag::new(FIRST, name, kind, doc).env(env)
}

/// One table of several, sorted by name.
pub(super) fn collected(parts: &[&[Flag]]) -> Vec<Flag> {
    let mut flags = parts.concat();
    flags.sort_by_key(|flag| flag.name);
    flags
}

/// The flags of a NATS connection. Secrets are files, so that no argument list shows them. A macro, because only `concat!`
/// makes names at compile time; it finds `flag` and `FlagKind` where it is used.
macro_rules! nats {
    ($name:literal, $env:literal) => {
        nats!($name, $env, ca: &[], cert: &[], key: &[])
    };
    ($name:literal, $env:literal, ca: $ca:expr, cert: $cert:expr, key: $key:expr) => {
        [
            flag(concat!($name, "-url"), concat!("CHARTWRIGHT_", $env, "_URL"),
                FlagKind::LIST, "NATS servers, tried in turn.").default("nats://127.0.0.1:4222"),
            flag(concat!($name, "-tls-ca"), concat!("CHARTWRIGHT_", $env, "_TLS_CA"),
                FlagKind::Path, "Certificate authorities of the servers. None: the system's.").aliases($ca),
            flag(concat!($name, "-tls-cert"), concat!("CHARTWRIGHT_", $env, "_TLS_CERT"),
                FlagKind::Path, "Client certificate, read again at each connection.").aliases($cert),
            flag(concat!($name, "-tls-key"), concat!("CHARTWRIGHT_", $env, "_TLS_KEY"),
                FlagKind::Path, "Key of the client certificate.").aliases($key),
            flag(concat!($name, "-tls-first"), concat!("CHARTWRIGHT_", $env, "_TLS_FIRST"),
                FlagKind::Bool, "TLS handshake before the server says anything.").default("false"),
            flag(concat!($name, "-tls-required"), concat!("CHARTWRIGHT_", $env, "_TLS_REQUIRED"),
                FlagKind::Bool, "TLS whatever the URL says and the server offers.").default("false"),
            flag(concat!($name, "-tls-server-name"), concat!("CHARTWRIGHT_", $env, "_TLS_SERVER_NAME"),
                FlagKind::Value, "Name in the servers' certificate. None: the one in the URL."),
            flag(concat!($name, "-creds"), concat!("CHARTWRIGHT_", $env, "_CREDS"),
                FlagKind::Path, "Credentials file: JWT and seed."),
            flag(concat!($name, "-nkey"), concat!("CHARTWRIGHT_", $env, "_NKEY"),
                FlagKind::Path, "File with the seed of an nkey."),
            flag(concat!($name, "-user-file"), concat!("CHARTWRIGHT_", $env, "_USER_FILE"),
                FlagKind::Path, "File with the user name, read again at each connection."),
            flag(concat!($name, "-password-file"), concat!("CHARTWRIGHT_", $env, "_PASSWORD_FILE"),
                FlagKind::Path, "File with the user's password."),
            flag(concat!($name, "-token-file"), concat!("CHARTWRIGHT_", $env, "_TOKEN_FILE"),
                FlagKind::Path, "File with a token, read again at each connection."),
            flag(concat!($name, "-inbox-prefix"), concat!("CHARTWRIGHT_", $env, "_INBOX_PREFIX"),
                FlagKind::Value, "What subjects of replies start with.").default("_INBOX"),
            flag(concat!($name, "-connect-timeout"), concat!("CHARTWRIGHT_", $env, "_CONNECT_TIMEOUT"),
                FlagKind::Duration, "Time for one attempt to connect.").default("5s"),
            flag(concat!($name, "-ping-interval"), concat!("CHARTWRIGHT_", $env, "_PING_INTERVAL"),
                FlagKind::Duration, "Time between pings; two without answer end the connection.").default("20s"),
        ]
    };
}
pub(super) use nats;
