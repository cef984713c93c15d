//! Labels as Kubernetes takes them: the operator copies those of heartbeats, and one that is wrong would keep the host
//! from appearing at all.

/// For people.
pub(super) const RULE: &str =
    "a label has at most 63 letters, digits, `-`, `_` and `.`, and begins and ends with a letter or digit";

/// Whether a value may be a label's.
pub(super) fn is_value(value: &str) -> bool {
    value.is_empty() || is_name(value)
}

/// Whether a key may be a label's: a name, perhaps with a domain before it.
pub(super) fn is_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((domain, name)) => {
            let part = |part: &str| is_name(part) && !part.contains(['_', '.']) && part == part.to_ascii_lowercase();
            domain.len() <= 253 && domain.split('.').all(part) && is_name(name)
        }
        None => is_name(key),
    }
}

fn is_name(name: &str) -> bool {
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = name.as_bytes();
    name.len() <= 63
        && end(bytes.first())
        && end(bytes.last())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_rules_hold() {
        for value in ["", "edge", "a.b_c-d", "1"] {
            assert!(is_value(value), "{value}");
        }
        for value in ["-edge", "edge.", "two words", "ä", &"x".repeat(64)] {
            assert!(!is_value(value), "{value}");
        }
        for key in ["zone", "topology.example.com/zone", "a_b"] {
            assert!(is_key(key), "{key}");
        }
        for key in ["", "/zone", "Example.com/zone", "a/b/c", "a..b/c"] {
            assert!(!is_key(key), "{key}");
        }
    }
}
