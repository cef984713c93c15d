//! Where a component's HTTP requests may go.

use http::Uri;

/// The list of a component. Empty: nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    scheme: Option<String>,
    host: Host,
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// `.example.com`: any name that ends so.
    Below(String),
    Exactly(String),
}

impl AllowedHosts {
    /// Reads entries: `*`, `host`, `host:port`, `scheme://host[:port]`, `*.suffix[:port]`. All faults are returned.
    pub fn parse(entries: &[String]) -> Result<Self, Vec<String>> {
        let (good, bad): (Vec<_>, Vec<_>) = entries.iter().map(|text| entry(text)).partition(Result::is_ok);
        let bad: Vec<String> = bad.into_iter().filter_map(Result::err).collect();
        if bad.is_empty() { Ok(Self(good.into_iter().flatten().collect())) } else { Err(bad) }
    }

    /// Whether a request to that address may go.
    pub fn allow(&self, uri: &Uri) -> bool {
        let scheme = uri.scheme_str().unwrap_or("https").to_ascii_lowercase();
        let Some(host) = uri.host().map(|host| host.trim_matches(['[', ']']).to_ascii_lowercase()) else {
            return false;
        };
        // A port that is the scheme's own need not be written on either side.
        let usual = if scheme == "http" { 80 } else { 443 };
        let port = uri.port_u16().unwrap_or(usual);
        self.0.iter().any(|entry| {
            entry.scheme.as_ref().is_none_or(|wanted| *wanted == scheme)
                && entry.port.is_none_or(|wanted| wanted == port)
                && match &entry.host {
                    Host::Any => true,
                    Host::Below(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
                    Host::Exactly(name) => *name == host,
                }
        })
    }
}

fn entry(text: &str) -> Result<Entry, String> {
    let fault = |why: &str| format!("allowed host `{text}`: {why}");
    let lower = text.trim().to_ascii_lowercase();
    let (scheme, rest) = match lower.split_once("://") {
        Some((scheme @ ("http" | "https"), rest)) => (Some(scheme.to_owned()), rest),
        Some((scheme, _)) => return Err(fault(&format!("`{scheme}` is neither `http` nor `https`"))),
        None => (None, lower.as_str()),
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('/') {
        return Err(fault("a path cannot be matched; name the host alone"));
    }
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && (!host.contains(':') || host.ends_with(']')) => {
            (host, Some(port.parse().map_err(|_| fault("the port is no number up to 65535"))?))
        }
        _ => (rest, None),
    };
    let host = host.trim_matches(['[', ']']);
    let host = match host.strip_prefix('*') {
        Some("") => Host::Any,
        Some(suffix) if suffix.starts_with('.') && suffix.len() > 1 && !suffix.contains('*') => {
            Host::Below(suffix.to_owned())
        }
        None if !host.is_empty() && !host.contains('*') => Host::Exactly(host.to_owned()),
        _ => return Err(fault("write a host, `*.suffix` or `*`")),
    };
    Ok(Entry { scheme, host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(entries: &[&str], uri: &str) -> bool {
        let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
        AllowedHosts::parse(&entries).unwrap().allow(&uri.parse().unwrap())
    }

    #[test]
    fn entries_match_as_written() {
        assert!(!allowed(&[], "https://a.example/"));
        assert!(allowed(&["*"], "http://a.example:81/x"));
        assert!(allowed(&["A.example"], "https://a.EXAMPLE/"));
        assert!(allowed(&["a.example:443"], "https://a.example/"), "the usual port is explicit as well");
        assert!(!allowed(&["a.example:443"], "http://a.example/"));
        assert!(allowed(&["https://*.example.com"], "https://x.y.example.com/"));
        assert!(!allowed(&["*.example.com"], "https://example.com/"));
        assert!(!allowed(&["*.example.com"], "https://evilexample.com/"));
        assert!(!allowed(&["https://a.example"], "http://a.example/"));
        assert!(allowed(&["[2001:db8::1]:80"], "http://[2001:db8::1]/"));
        assert!(allowed(&["2001:db8::1"], "http://[2001:db8::1]/"));
    }

    #[test]
    fn every_bad_entry_is_named() {
        let entries: Vec<String> =
            ["ftp://a", "a/b", "a:x", "a*b", "good.example"].iter().map(|entry| (*entry).to_owned()).collect();
        let bad = AllowedHosts::parse(&entries).unwrap_err();
        assert_eq!(bad.len(), 4, "{bad:?}");
        assert!(bad[0].contains("`ftp`") && bad[1].contains("path") && bad[2].contains("port"));
    }
}
