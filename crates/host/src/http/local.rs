//! Names that only workloads on the same host reach: `localRoute` of a workload.

use super::names::is_host;

/// A name, and where under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalRoute {
    /// Lower-cased, without a port.
    pub host: String,
    /// `/api`; empty: everywhere.
    pub prefix: String,
}

impl LocalRoute {
    /// Reads a comma-separated list of `host` and `host/prefix`.
    pub fn parse(list: &str) -> Result<Vec<Self>, String> {
        list.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Self::entry).collect()
    }

    fn entry(text: &str) -> Result<Self, String> {
        let (host, prefix) = text.split_once('/').map_or((text, ""), |(host, prefix)| (host, prefix));
        let host = host.to_ascii_lowercase();
        let prefix = prefix.trim_matches('/');
        if !is_host(&host) {
            return Err(format!(
                "`localRoute`: `{text}` does not begin with a host name: letters, digits, `-` and `.`, without a port"
            ));
        }
        let good = |part: &str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=:@%".contains(&byte);
            !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain)
        };
        if !prefix.is_empty() && !prefix.split('/').all(good) {
            return Err(format!("`localRoute`: the path of `{text}` is none that a request can have"));
        }
        let prefix = if prefix.is_empty() { String::new() } else { format!("/{prefix}") };
        Ok(Self { host, prefix })
    }

    /// Whether a path is under it.
    pub(super) fn covers(&self, path: &str) -> bool {
        path.strip_prefix(self.prefix.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_names_with_or_without_a_path() {
        let routes = LocalRoute::parse("Stock.internal, shop.internal/api/v1/,").unwrap();
        assert_eq!(routes.len(), 2);
        assert!(routes[0].host == "stock.internal" && routes[0].covers("/anything"));
        assert!(routes[1].covers("/api/v1") && routes[1].covers("/api/v1/x"));
        assert!(!routes[1].covers("/api/v10") && !routes[1].covers("/"));
        for bad in ["*.internal", "a:80", "http://a", "a/b c", "a/../b", "a?x"] {
            let fault = LocalRoute::parse(bad).unwrap_err();
            assert!(fault.contains("`localRoute`"), "{bad}: {fault}");
        }
    }
}
