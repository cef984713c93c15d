//! What a connection can be told.

use std::path::PathBuf;
use std::time::Duration;

use super::ConnectError;

/// One connection to NATS. The fields are the flags behind the prefix, one to one; credentials are always files.
///
/// At most one of `creds`, `nkey`, `user_file` with `password_file`, and `token_file`. A client certificate may be added to each,
/// or be all there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsOptions {
    /// What the flags of this connection start with, for messages: `scheduler-nats`.
    pub flags: String,
    /// What the server calls the connection in its monitoring. Empty: nothing.
    pub name: String,
    /// Servers, tried in turn; each text may hold several, separated by commas. `nats://`, `tls://`, `ws://`, `wss://`, or no
    /// scheme for `nats://`. User info is refused: addresses are printed. One `tls://` means TLS for all of them.
    pub url: Vec<String>,
    /// Authorities of the servers, PEM. With it no other is trusted. `None`: the system's, and the public ones compiled in if the
    /// system has none.
    pub tls_ca: Option<PathBuf>,
    /// Client certificate with its chain, PEM.
    pub tls_cert: Option<PathBuf>,
    /// Its key, PEM.
    pub tls_key: Option<PathBuf>,
    /// TLS handshake before the server says anything.
    pub tls_first: bool,
    /// TLS whatever URLs and servers say. Implied by every other `tls_…`.
    pub tls_required: bool,
    /// Name that the servers' certificate must have. `None`: the host of the URL. It is only checked: the handshake itself still
    /// asks for the host of the URL (SNI), because the client library offers no other.
    pub tls_server_name: Option<String>,
    /// Credentials file: JWT of the user and seed.
    pub creds: Option<PathBuf>,
    /// Seed of an nkey.
    pub nkey: Option<PathBuf>,
    /// Name of the user.
    pub user_file: Option<PathBuf>,
    /// Password of the user.
    pub password_file: Option<PathBuf>,
    /// A token.
    pub token_file: Option<PathBuf>,
    /// What subjects of replies start with.
    pub inbox_prefix: String,
    /// Time for one attempt, from TCP to the server's answer.
    pub connect_timeout: Duration,
    /// Time between pings; two without answer end the connection.
    pub ping_interval: Duration,
    /// JetStream domain. Kept for who makes the JetStream context: the connection itself has no domain.
    pub jetstream_domain: Option<String>,
}

impl NatsOptions {
    /// The defaults of the flags that start with `flags`.
    pub fn new(flags: impl Into<String>) -> Self {
        Self {
            flags: flags.into(),
            name: String::new(),
            url: vec!["nats://127.0.0.1:4222".to_owned()],
            tls_ca: None,
            tls_cert: None,
            tls_key: None,
            tls_first: false,
            tls_required: false,
            tls_server_name: None,
            creds: None,
            nkey: None,
            user_file: None,
            password_file: None,
            token_file: None,
            inbox_prefix: "_INBOX".to_owned(),
            connect_timeout: Duration::from_secs(5),
            ping_interval: Duration::from_secs(20),
            jetstream_domain: None,
        }
    }

    /// The name of a flag, without dashes in front.
    pub(super) fn flag(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.flags)
    }

    /// Whether a plain connection is out of the question. Whoever names an authority or a certificate wants TLS.
    pub(super) fn wants_tls(&self) -> bool {
        self.tls_required
            || self.tls_first
            || self.tls_ca.is_some()
            || self.tls_cert.is_some()
            || self.tls_server_name.is_some()
    }

    /// What can be said against the options without reading files or URLs.
    pub(super) fn check(&self) -> Result<(), ConnectError> {
        let forms: Vec<&str> = [
            ("creds", self.creds.is_some()),
            ("nkey", self.nkey.is_some()),
            ("user-file", self.user_file.is_some() || self.password_file.is_some()),
            ("token-file", self.token_file.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
        .collect();
        if let [first, second, ..] = forms[..] {
            return Err(ConnectError::Together { flag: self.flag(first), other: self.flag(second) });
        }
        for ((name, given), (other, too)) in [
            (("user-file", &self.user_file), ("password-file", &self.password_file)),
            (("tls-cert", &self.tls_cert), ("tls-key", &self.tls_key)),
        ] {
            match (given, too) {
                (Some(_), None) => return Err(ConnectError::Alone { flag: self.flag(name), other: self.flag(other) }),
                (None, Some(_)) => return Err(ConnectError::Alone { flag: self.flag(other), other: self.flag(name) }),
                _ => {}
            }
        }
        let token = |token: &str| !token.is_empty() && !token.contains(|c: char| c.is_whitespace() || "*>".contains(c));
        if !self.inbox_prefix.split('.').all(token) {
            return Err(ConnectError::Value {
                flag: self.flag("inbox-prefix"),
                value: self.inbox_prefix.clone(),
                why: "it must be tokens of a subject, without wildcards, spaces and a dot at the end".to_owned(),
            });
        }
        for (flag, time) in [("connect-timeout", self.connect_timeout), ("ping-interval", self.ping_interval)] {
            if time.is_zero() {
                return Err(ConnectError::Value {
                    flag: self.flag(flag),
                    value: "0".to_owned(),
                    why: "it must be longer than nothing".to_owned(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::flags::{Implementation, Program, flags};

    /// What the debug output calls the fields, as flags.
    fn fields() -> BTreeSet<String> {
        format!("{:#?}", NatsOptions::new("x"))
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split_once(": "))
            .filter(|(name, _)| !name.starts_with(' '))
            .map(|(name, _)| name.replace('_', "-"))
            .filter(|name| !["flags", "name", "jetstream-domain"].contains(&name.as_str()))
            .collect()
    }

    #[test]
    fn the_fields_are_the_flags() {
        let table = flags(Program::Host, Implementation::Chartwright);
        let of = |prefix: &str| -> BTreeSet<String> {
            table.iter().filter_map(|flag| flag.name.strip_prefix(prefix)).map(str::to_owned).collect()
        };
        assert_eq!(of("scheduler-nats-"), fields());
        let data: BTreeSet<_> = of("data-nats-").into_iter().filter(|name| !name.starts_with("jetstream-")).collect();
        assert_eq!(data, fields());
        assert!(of("data-nats-").contains("jetstream-domain"));
        for name in fields() {
            let table = flags(Program::Operator, Implementation::Chartwright);
            assert!(table.iter().any(|flag| flag.name == format!("nats-{name}")), "{name}");
        }
    }

    #[test]
    fn the_defaults_are_those_of_the_flags() {
        let options = NatsOptions::new("scheduler-nats");
        let default = |name: &str| {
            let table = flags(Program::Host, Implementation::Chartwright);
            table.iter().find(|flag| flag.name == options.flag(name)).unwrap().default.unwrap()
        };
        assert_eq!(options.url, [default("url")]);
        assert_eq!(options.inbox_prefix, default("inbox-prefix"));
        assert_eq!(format!("{:?}", options.connect_timeout), default("connect-timeout"));
        assert_eq!(format!("{:?}", options.ping_interval), default("ping-interval"));
        assert_eq!(options.tls_first.to_string(), default("tls-first"));
        assert_eq!(options.tls_required.to_string(), default("tls-required"));
    }

    #[test]
    fn two_kinds_of_credentials_exclude_each_other() {
        let mut options = NatsOptions::new("data-nats");
        options.creds = Some("/c".into());
        options.nkey = Some("/n".into());
        assert_eq!(
            options.check().unwrap_err().to_string(),
            "--data-nats-creds and --data-nats-nkey exclude each other"
        );
    }

    #[test]
    fn half_a_pair_is_refused() {
        let mut options = NatsOptions::new("nats");
        options.password_file = Some("/p".into());
        assert_eq!(options.check().unwrap_err().to_string(), "--nats-password-file needs --nats-user-file");
        let mut options = NatsOptions::new("nats");
        options.tls_cert = Some("/c".into());
        assert_eq!(options.check().unwrap_err().to_string(), "--nats-tls-cert needs --nats-tls-key");
    }

    #[test]
    fn an_inbox_is_no_pattern() {
        for bad in ["", "_INBOX.", "a.*", ">", "a b"] {
            let options = NatsOptions { inbox_prefix: bad.to_owned(), ..NatsOptions::new("nats") };
            assert!(options.check().unwrap_err().to_string().starts_with("--nats-inbox-prefix"), "{bad}");
        }
    }
}
