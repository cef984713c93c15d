//! The flags of a connection to NATS.

use chartwright_contract::nats::NatsOptions;

use crate::flags::Given;
use crate::units;

/// The options of the connection whose flags begin with `prefix`; `name` is how the program calls itself to the server.
pub fn options(given: &Given, prefix: &str, name: &str) -> NatsOptions {
    let flag = |suffix: &str| format!("{prefix}-{suffix}");
    let time = |suffix: &str| given.parsed(&flag(suffix), units::duration).unwrap_or_default();
    NatsOptions {
        name: name.into(),
        url: given.list(&flag("url")),
        tls_ca: given.path(&flag("tls-ca")),
        tls_cert: given.path(&flag("tls-cert")),
        tls_key: given.path(&flag("tls-key")),
        tls_first: given.bool(&flag("tls-first")),
        tls_required: given.bool(&flag("tls-required")),
        tls_server_name: given.text(&flag("tls-server-name")),
        creds: given.path(&flag("creds")),
        nkey: given.path(&flag("nkey")),
        user_file: given.path(&flag("user-file")),
        password_file: given.path(&flag("password-file")),
        token_file: given.path(&flag("token-file")),
        inbox_prefix: given.text(&flag("inbox-prefix")).unwrap_or_default(),
        connect_timeout: time("connect-timeout"),
        ping_interval: time("ping-interval"),
        jetstream_domain: given.text(&flag("jetstream-domain")),
        ..NatsOptions::new(prefix)
    }
}
