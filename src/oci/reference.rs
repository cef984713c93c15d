//! Names of things in registries.

use std::net::IpAddr;

use super::{Error, Reference};

/// The registry's host and port of a reference.
pub fn registry_of(reference: &str) -> Result<String, Error> {
    match reference.parse::<Reference>() {
        Ok(parsed) => Ok(parsed.resolve_registry().to_owned()),
        Err(_) => Err(Error::Reference(reference.into())),
    }
}

/// The name that a container runtime knows an image by: `nats:2` is `docker.io/library/nats:2`.
pub fn full_name(reference: &str) -> Result<String, Error> {
    match reference.parse::<Reference>() {
        Ok(parsed) => Ok(parsed.whole()),
        Err(_) => Err(Error::Reference(reference.into())),
    }
}

/// Whether a `host:port` names this machine.
pub fn is_loopback(registry: &str) -> bool {
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => registry,
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (registry, expected) in
            [("localhost:5000", true), ("127.0.0.1:1", true), ("[::1]:5", true), ("registry.local:5000", false)]
        {
            assert_eq!(is_loopback(registry), expected, "{registry}");
        }
    }

    #[test]
    fn short_names_are_docker_hubs() {
        for (short, full) in [
            ("chartwright:0.1.0", "docker.io/library/chartwright:0.1.0"),
            ("natsio/a:1", "docker.io/natsio/a:1"),
            ("localhost:5000/a:1", "localhost:5000/a:1"),
            ("a", "docker.io/library/a:latest"),
        ] {
            assert_eq!(full_name(short).unwrap(), full);
        }
        assert!(full_name("No Name").is_err());
    }
}
