//! The forms of names that the API server enforces.

/// A DNS label: lower-case letters, digits and `-`, at most 63 characters.
pub(super) fn is_label(name: &str) -> bool {
    name.len() <= 63 && is_part(name)
}

/// What stands between the dots of a subdomain. The API server does not look at its length.
fn is_part(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
}

/// A DNS subdomain: labels of any length with dots between them, at most 253 characters.
pub(super) fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_part)
}

/// The value of a label: empty, or letters, digits, `-`, `_` and `.` that begin and end with a letter or digit.
pub(super) fn is_label_value(value: &str) -> bool {
    value.is_empty() || is_word(value)
}

/// The key of a label or annotation: a word, with or without a DNS subdomain and a slash before it.
pub(super) fn is_label_key(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, word)) => is_subdomain(prefix) && is_word(word),
        None => is_word(key),
    }
}

fn is_word(word: &str) -> bool {
    let alone = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    word.len() <= 63
        && alone(word.chars().next())
        && alone(word.chars().next_back())
        && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_as_the_api_server_wants_them() {
        assert!(is_label("a-1") && !is_label("") && !is_label("-a") && !is_label("A") && !is_label(&"a".repeat(64)));
        assert!(is_subdomain("a.b-c.d") && !is_subdomain("a..b") && !is_subdomain("a_b"));
        assert!(is_label_value("") && is_label_value("A_b.c") && !is_label_value("_a") && !is_label_value("a b"));
        assert!(is_label_key("app.kubernetes.io/name") && !is_label_key("/a") && !is_label_key("a/b/c"));
    }
}
