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
/// makes names at compile time.
macro_rules! nats {
    ($name:literal, $env:literal) => {
        nats!($name, $env, ca: &[], cert: &[], key: &[])
    };
    ($name:literal, $env:literal, ca: $ca:expr, cert: $cert:expr, key: $key:expr) => {
        [
            $crate::flags::ours::flag(
                concat!($name, "-url"),
                concat!("CHARTWRIGHT_", $env, "_URL"),
                $crate::flags::FlagKind::LIST,
                "NATS servers, tried in turn.",
            ).default("nats://127.0.0.1:4222"),
            $crate::flags::ours::flag(
                concat!($name, "-tls-ca"),
                concat!("CHARTWRIGHT_", $env, "_TLS_CA"),
                $crate::flags::FlagKind::Path,
                "Certificate authorities of the servers. None: the system's.",
            ).aliases($ca),
            $crate::flags::ours::flag(
                concat!($name, "-tls-cert"),
                concat!("CHARTWRIGHT_", $env, "_TLS_CERT"),
                $crate::flags::FlagKind::Path,
                "Client certificate, read again at each connection.",
            ).aliases($cert),
            $crate::flags::ours::flag(
                concat!($name, "-tls-key"),
                concat!("CHARTWRIGHT_", $env, "_TLS_KEY"),
                $crate::flags::FlagKind::Path,
                "Key of the client certificate.",
            ).aliases($key),
            $crate::flags::ours::flag(
                concat!($name, "-tls-first"),
                concat!("CHARTWRIGHT_", $env, "_TLS_FIRST"),
                $crate::flags::FlagKind::Bool,
                "TLS handshake before the server says anything.",
            ).default("false"),
            $crate::flags::ours::flag(
                concat!($name, "-tls-required"),
                concat!("CHARTWRIGHT_", $env, "_TLS_REQUIRED"),
                $crate::flags::FlagKind::Bool,
                "TLS whatever the URL says and the server offers.",
            ).default("false"),
            $crate::flags::ours::flag(
                concat!($name, "-tls-server-name"),
                concat!("CHARTWRIGHT_", $env, "_TLS_SERVER_NAME"),
                $crate::flags::FlagKind::Value,
                "Name in the servers' certificate. None: the one in the URL.",
            ),
            $crate::flags::ours::flag(
                concat!($name, "-creds"),
                concat!("CHARTWRIGHT_", $env, "_CREDS"),
                $crate::flags::FlagKind::Path,
                "Credentials file: JWT and seed.",
            ),
            $crate::flags::ours::flag(
                concat!($name, "-nkey"),
                concat!("CHARTWRIGHT_", $env, "_NKEY"),
                $crate::flags::FlagKind::Path,
                "File with the seed of an nkey.",
            ),
            $crate::flags::ours::flag(
                concat!($name, "-user"),
                concat!("CHARTWRIGHT_", $env, "_USER"),
                $crate::flags::FlagKind::Value,
                "User name.",
            ),
            $crate::flags::ours::flag(
                concat!($name, "-password-file"),
                concat!("CHARTWRIGHT_", $env, "_PASSWORD_FILE"),
                $crate::flags::FlagKind::Path,
                "File with the user's password.",
            ),
            $crate::flags::ours::flag(
                concat!($name, "-token-file"),
                concat!("CHARTWRIGHT_", $env, "_TOKEN_FILE"),
                $crate::flags::FlagKind::Path,
                "File with a token, read again at each connection.",
            ),
            $crate::flags::ours::flag(
                concat!($name, "-inbox-prefix"),
                concat!("CHARTWRIGHT_", $env, "_INBOX_PREFIX"),
                $crate::flags::FlagKind::Value,
                "What subjects of replies start with.",
            ).default("_INBOX"),
            $crate::flags::ours::flag(
                concat!($name, "-connect-timeout"),
                concat!("CHARTWRIGHT_", $env, "_CONNECT_TIMEOUT"),
                $crate::flags::FlagKind::Duration,
                "Time for one attempt to connect.",
            ).default("5s"),
            $crate::flags::ours::flag(
                concat!($name, "-ping-interval"),
                concat!("CHARTWRIGHT_", $env, "_PING_INTERVAL"),
                $crate::flags::FlagKind::Duration,
                "Time between pings; two without answer end the connection.",
            ).default("20s"),
        ]
    };
}
pub(super) use nats;
