//! Addresses of servers.

use async_nats::ServerAddr;

use super::{ConnectError, NatsOptions};

/// The servers in the order they are tried.
pub(super) fn parse(options: &NatsOptions) -> Result<Vec<ServerAddr>, ConnectError> {
    let refused =
        |url: &str, why: &str| ConnectError::Url { flag: options.flag("url"), url: redacted(url), why: why.to_owned() };
    let mut servers: Vec<ServerAddr> = Vec::new();
    for text in options.url.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|text| !text.is_empty()) {
        let scheme = text.split_once("://").map_or("nats", |(scheme, _)| scheme);
        if !["nats", "tls", "ws", "wss"].contains(&scheme) {
            return Err(refused(text, "it must start with nats://, tls://, ws:// or wss://"));
        }
        let server: ServerAddr = text.parse().map_err(|_| refused(text, "it is no URL"))?;
        let url = server.clone().into_inner();
        if !url.username().is_empty() || url.password().is_some() {
            let why = format!(
                "an address is printed, so it must hold no user, password or token: put them into files and name those with \
                 --{}, --{} or --{}",
                options.flag("user-file"),
                options.flag("password-file"),
                options.flag("token-file"),
            );
            return Err(refused(text, &why));
        }
        if server.host().is_empty() {
            return Err(refused(text, "it names no host"));
        }
        if url.query().is_some()
            || url.fragment().is_some()
            || (!server.is_websocket() && !["", "/"].contains(&url.path()))
        {
            return Err(refused(text, "it must end after host and port"));
        }
        if server.scheme() == "ws" && options.wants_tls() {
            return Err(refused(text, "TLS is wanted, which this scheme does not have: write wss://"));
        }
        if servers.first().is_some_and(|first| first.is_websocket() != server.is_websocket()) {
            return Err(refused(text, "websockets and plain NATS cannot be mixed in one connection"));
        }
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    if servers.is_empty() {
        return Err(refused("", "it names no server"));
    }
    Ok(servers)
}

/// An address as it may be printed, also one that a server told us.
pub(super) fn shown(server: &ServerAddr) -> String {
    let host = if server.host().contains(':') { format!("[{}]", server.host()) } else { server.host().to_owned() };
    format!("{}://{host}:{}", server.scheme(), server.port())
}

/// Any text that was meant as an address, without what may be secret in it.
fn redacted(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").map_or(("", text), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or_else(|| rest.to_owned(), |(_, host)| format!("***@{host}"));
    let rest = match rest.find(['?', '#']) {
        Some(place) => format!("{}{}***", &rest[..place], &rest[place..=place]),
        None => rest,
    };
    if text.contains("://") { format!("{scheme}://{rest}") } else { rest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(urls: &[&str]) -> Result<Vec<String>, String> {
        let options = NatsOptions {
            url: urls.iter().map(|url| (*url).to_owned()).collect(),
            ..NatsOptions::new("scheduler-nats")
        };
        let servers = parse(&options).map_err(|error| error.to_string())?;
        Ok(servers.iter().map(shown).collect())
    }

    #[test]
    fn lists_are_taken_apart_and_ports_filled_in() {
        assert_eq!(
            with(&["nats://a, tls://b:4443", "c", "nats://[::1]:4222", "nats://a:4222/"]).unwrap()[..4],
            ["nats://a:4222", "tls://b:4443", "nats://c:4222", "nats://[::1]:4222"]
        );
        assert_eq!(with(&["wss://nats.example,ws://b/ws"]).unwrap(), ["wss://nats.example:443", "ws://b:80"]);
    }

    #[test]
    fn bad_addresses_are_refused_by_flag() {
        for (urls, why) in [
            (&[][..], "names no server"),
            (&[" , "], "names no server"),
            (&["http://a"], "it must start with"),
            (&["nats://a:port"], "is no URL"),
            (&["nats://a/sub"], "must end after host and port"),
            (&["nats://a", "wss://b"], "cannot be mixed"),
            (&["nats://"], ""),
        ] {
            let said = with(urls).unwrap_err();
            assert!(said.starts_with("--scheduler-nats-url: ") && said.contains(why), "{said}");
        }
    }

    #[test]
    fn what_may_be_secret_is_never_printed() {
        for url in [
            "nats://planted@a",
            "nats://user:planted@a:4222",
            "nats://:planted@a",
            "user:planted@a:4222",
            "nats://u:planted/@a:4222",
            "http://u:planted@a",
            "nats://a?token=planted",
            "wss://a/ws#planted",
            "nats://u:pl@planted@a",
        ] {
            let said = with(&[url]).unwrap_err();
            assert!(!said.contains("planted") && said.contains("***"), "{said}");
        }
        assert!(with(&["nats://u:p@a"]).unwrap_err().contains("--scheduler-nats-password-file"));
    }

    #[test]
    fn tls_and_plain_websockets_contradict_each_other() {
        let options =
            NatsOptions { url: vec!["ws://a".to_owned()], tls_required: true, ..NatsOptions::new("data-nats") };
        assert!(parse(&options).unwrap_err().to_string().contains("write wss://"));
    }
}
