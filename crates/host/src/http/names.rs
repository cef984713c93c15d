//! The host names a workload is reached by.

use super::LocalRoute;

/// Names, lower-cased, without ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostNames {
    /// For everybody, and of one namespace only; the first is the main one.
    pub names: Vec<String>,
    /// Aliases of a single label, as a Service has inside its namespace: any namespace may have the same.
    pub bare: Vec<String>,
    /// For workloads of the same namespace on the same host.
    pub local: Vec<LocalRoute>,
}

impl HostNames {
    /// Reads `host` and the comma-separated `host-aliases` of a workload.
    pub fn parse(host: Option<&str>, aliases: &str) -> Result<Self, String> {
        let Some(host) = host.map(str::trim).filter(|host| !host.is_empty()) else {
            return Err("the entry for `wasi:http` needs `host` in its config: the name requests come for".into());
        };
        let (mut names, mut bare) = (Vec::new(), Vec::new());
        for name in std::iter::once(host).chain(aliases.split(',').map(str::trim).filter(|name| !name.is_empty())) {
            let name = name.to_ascii_lowercase();
            if !is_host(&name) {
                return Err(format!(
                    "`{name}` is no host name: letters, digits, `-` and `.`, without a port and without `*`"
                ));
            }
            if names.contains(&name) || bare.contains(&name) {
                continue;
            }
            // What a workload is called by in the first place is its own, whatever its form.
            let list = if names.is_empty() || name.contains(['.', ':']) { &mut names } else { &mut bare };
            list.push(name);
        }
        Ok(Self { names, bare, local: Vec::new() })
    }

    /// With the `localRoute` of a workload, if it has one.
    pub fn with_local(self, routes: Option<&str>) -> Result<Self, String> {
        Ok(Self { local: LocalRoute::parse(routes.unwrap_or_default())?, ..self })
    }
}

/// RFC 1123, or an IPv6 address.
pub(super) fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.parse::<std::net::Ipv6Addr>().is_ok() || (name.len() <= 253 && name.split('.').all(label))
}

/// The name a request is for: without port and brackets, lower-cased, without the dot of a full name.
pub(super) fn requested(authority: &str) -> String {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.rsplit_once(':').map_or(authority, |(host, port)| {
            if port.bytes().all(|byte| byte.is_ascii_digit()) && !host.contains(':') { host } else { authority }
        }),
    };
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_in_many_spellings() {
        for (authority, name) in [
            ("Shop.Example", "shop.example"),
            ("shop.example:8080", "shop.example"),
            ("shop.example.", "shop.example"),
            ("[2001:db8::1]:80", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("10.0.0.1:80", "10.0.0.1"),
        ] {
            assert_eq!(requested(authority), name, "{authority}");
        }
    }

    #[test]
    fn names_are_checked_and_aliases_kept_once() {
        let names = HostNames::parse(Some("Shop.example"), "shop, shop.example,,shop.svc").unwrap();
        assert_eq!(names.names, ["shop.example", "shop.svc"]);
        assert_eq!(names.bare, ["shop"]);
        assert_eq!(HostNames::parse(Some("shop"), "shop,shop.a").unwrap().names, ["shop", "shop.a"]);
        for bad in ["*.example", "a:80", "-a", "a..b", "a b"] {
            assert!(HostNames::parse(Some(bad), "").unwrap_err().contains("is no host name"), "{bad}");
        }
        assert!(HostNames::parse(None, "a").unwrap_err().contains("needs `host`"));
    }
}
