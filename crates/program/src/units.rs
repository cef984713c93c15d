//! Sizes, times and addresses as flags write them.

use std::net::SocketAddr;
use std::time::Duration;

/// Bytes of a Kubernetes quantity: `512Mi`, `1G`, `100`.
pub fn size(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match &text[digits..] {
        "" => 1,
        "k" => 1000,
        "M" => 1000_u64.pow(2),
        "G" => 1000_u64.pow(3),
        "T" => 1000_u64.pow(4),
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        _ => return None,
    };
    text[..digits].parse::<u64>().ok()?.checked_mul(factor)
}

/// `30s`, `1m30s`, `250ms`; a bare `0`.
pub fn duration(text: &str) -> Option<Duration> {
    if text == "0" { Some(Duration::ZERO) } else { humantime::parse_duration(text).ok() }
}

/// `0.0.0.0:8080`; `:8080` listens everywhere.
pub fn address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix(':') {
        Some(port) => port.parse().ok().map(|port| SocketAddr::from((std::net::Ipv6Addr::UNSPECIFIED, port))),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read_as_kubernetes_writes_them() {
        assert_eq!(size("512Mi"), Some(512 << 20));
        assert_eq!(size("1G"), Some(1_000_000_000));
        assert_eq!(size("7"), Some(7));
        assert_eq!((size("Mi"), size("1m"), size("-1"), size("99999999999Ti")), (None, None, None, None));
        assert_eq!(duration("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!((duration("0"), duration("5")), (Some(Duration::ZERO), None));
        assert_eq!(address(":80").map(|address| address.port()), Some(80));
        assert_eq!(address("80"), None);
    }
}
