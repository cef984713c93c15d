//! What is secret, taken out of what others will read: by the key it stands under, by the words before it, and by its own shape.

use std::sync::LazyLock;

use chartwright_contract::crds::names;
use regex_lite::Regex;
use serde_json::Value;

/// What stands in its place.
const HIDDEN: &str = "***";

/// Words in keys behind which a secret stands, written together and in small letters.
const WORDS: [&str; 17] = [
    "password",
    "passwd",
    "passphrase",
    "token",
    "secret",
    "credential",
    "creds",
    "nkey",
    "seed",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "connectionstring",
    "authorization",
    "dsn",
];

/// Ends of keys that only name a secret or where one is: `secretName`, `tokenFile`, `secretRef`.
const NAMES: [&str; 6] = ["name", "names", "ref", "file", "path", "type"];

/// Ends of keys that are keys themselves, and not the name of one in a Secret.
const KEYS: [&str; 6] = ["nkey", "apikey", "accesskey", "privatekey", "signingkey", "encryptionkey"];

/// Takes what is secret out of an object or of values.
pub(super) fn cover(value: &mut Value) {
    walk(value, false);
}

/// A text without user names and passwords in URLs, and without what its own shape gives away as a secret.
pub(super) fn cover_shapes(text: &str) -> String {
    static USERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"://[^\s"'<>,\\/?#]*@"#).ok());
    static SHAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let blocks = r"(?s:-----BEGIN [A-Z0-9 ]*(?:PRIVATE KEY|JWT|SEED)-----.*?(?:-----END [A-Z0-9 ]*-----|\z))";
        let nkeys = r"\bS[ACNOPUX][A-Z2-7]{56}\b";
        let tokens = r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+";
        let known = r"\b(?:AKIA|ASIA|gh[opsur]_|github_pat_|glpat-|xox[abprs]-)[A-Za-z0-9_-]{16,}";
        Regex::new(&format!("{blocks}|{nkeys}|{tokens}|{known}")).ok()
    });
    let (Some(users), Some(shapes)) = (USERS.as_ref(), SHAPES.as_ref()) else { return HIDDEN.to_owned() };
    shapes.replace_all(&users.replace_all(text, "://***@"), HIDDEN).into_owned()
}

/// The same without what stands behind words like `password:` and `--token=`.
pub(super) fn cover_text(text: &str) -> String {
    // The kubelet puts a time before each line of a log.
    static TIMES: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d) )*").ok());
    // What cannot be read is not shown; a test would say so.
    let Some(times) = TIMES.as_ref() else { return HIDDEN.to_owned() };
    // Shapes come first: of a key with many lines only the first one stands behind a word.
    let text = &cover_shapes(text);
    if let Some(shown) = cover_json(text) {
        return shown;
    }
    let mut shown = String::new();
    let mut above: Option<usize> = None;
    for line in text.split_inclusive('\n') {
        let (time, line) = line.split_at(times.find(line).map_or(0, |found| found.end()));
        let (bare, indent) = (line.trim(), line.len() - line.trim_start().len());
        shown.push_str(time);
        if bare.is_empty() {
            shown.push_str(line);
        } else if above.is_some_and(|above| indent > above || indent == above && bare.starts_with("- ")) {
            shown.push_str(&line.replace(bare, HIDDEN));
        } else if let Some(json) = cover_json(bare) {
            above = None;
            shown.push_str(&line.replace(bare, &json));
        } else {
            let (line, deeper) = cover_line(line);
            above = deeper;
            shown.push_str(&line);
        }
    }
    shown
}

/// What is written in JSON goes by its keys; it stays as it was written where nothing of it is secret.
fn cover_json(text: &str) -> Option<String> {
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let read: Value = serde_json::from_str(text).ok()?;
    let mut covered = read.clone();
    walk(&mut covered, false);
    Some(if covered == read { text.to_owned() } else { covered.to_string() })
}

/// A line; and how far its first key is indented, if deeper lines belong to the secret.
fn cover_line(line: &str) -> (String, Option<usize>) {
    static KEY: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"([A-Za-z0-9_.-]+)\\?["']?([ \t]*[=:]|[ \t])[ \t]*"#).ok());
    static VALUE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        let scheme = r#"(?:Bearer|bearer|Basic|basic) +[^\s"',;]+"#;
        let quoted = r#""(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|\\"[^"\n]*"#;
        let plain = r#"[^\s"',;&)}\]\\]+(?:,[^\s"',;&)}\]\\]+)*"#;
        // `Some("…")` is how Rust prints one.
        Regex::new(&format!(r"^(?:{scheme}|(?:\w+\()*(?:{quoted})|{plain})")).ok()
    });
    let (Some(keys), Some(values)) = (KEY.as_ref(), VALUE.as_ref()) else { return (HIDDEN.to_owned(), None) };
    let (mut shown, mut done, mut above) = (String::new(), 0, None);
    for found in keys.captures_iter(line) {
        let (Some(pair), Some(key), Some(sign)) = (found.get(0), found.get(1), found.get(2)) else { continue };
        if pair.start() < done || !sounds(key.as_str()) {
            continue;
        }
        let (before, rest) = (&line[..key.start()], &line[pair.end()..]);
        let piece = values.find(rest).map_or("", |value| value.as_str());
        let opening = before.trim_end_matches(['"', '\'', '\\', ' ', '\t']);
        let is_first = opening.trim_start_matches(['-', '#', ' ', '\t']).is_empty();
        let begins = is_first || opening.ends_with(['{', ',', ';']);
        let is_meant = match sign.as_str() {
            // NATS does without a sign, and so does every sentence.
            " " | "\t" => begins && is_alone(piece, &rest[piece.len()..]),
            // A file, and what is wrong with it.
            ":" => !before.ends_with('/'),
            // A name in a sentence: `volume "nats-creds" : not found`.
            spaced if spaced.ends_with(':') => begins,
            _ => true,
        };
        if !is_meant {
            continue;
        }
        let has_scheme = plain(key.as_str()).ends_with("authorization") && !rest.starts_with(['"', '\'', '\\']);
        let whole = is_first || has_scheme || rest.starts_with(['{', '[']);
        let value = if whole { rest.trim_end() } else { piece };
        if is_first && (value.is_empty() || !is_harmless(value)) {
            above = Some(before.trim_end_matches(['"', '\'', '\\']).len());
        }
        if is_harmless(value) {
            continue;
        }
        let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
        shown.push_str(&line[done..pair.end()]);
        shown.extend(quote);
        shown.push_str(HIDDEN);
        shown.extend(quote);
        done = pair.end() + value.len();
    }
    shown.push_str(&line[done..]);
    (shown, above)
}

/// Whether a value is a word, and nothing of a sentence comes after it.
fn is_alone(value: &str, after: &str) -> bool {
    let after = after.trim_start();
    !value.is_empty() && !value.starts_with(['{', '[']) && (after.is_empty() || after.starts_with(['}', ';', ',', '#']))
}

fn walk(value: &mut Value, inside: bool) {
    match value {
        Value::Object(map) => {
            let kind = map.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
            // A variable: its name tells what its value is.
            let is_named = map.get("name").and_then(Value::as_str).is_some_and(sounds);
            let has_name = map.contains_key("name") || map.contains_key("secretName");
            let has_path = map.contains_key("path");
            for (key, value) in map {
                let hides = match (kind.as_str(), key.as_str()) {
                    ("Secret", "data" | "stringData") | ("ConfigMap", "binaryData") => true,
                    (_, "value") => is_named,
                    _ => false,
                };
                if hides {
                    hide(value);
                } else if key == "environment" && value.is_object() {
                    // What a user gives his components is nobody's business.
                    value.get_mut("config").into_iter().for_each(hide);
                    walk(value, false);
                } else if key != names::CERTIFICATES {
                    // Beside the name of a Secret it is the name of a key in it.
                    let names_key =
                        has_name && key.ends_with("Key") && !is_key(key) || key == "key" && (has_name || has_path);
                    let is_secret = sounds(key) && !names_key;
                    if is_secret {
                        hide_numbers(value);
                    }
                    walk(value, (inside || is_secret) && !names_key && !names_one(key));
                }
            }
        }
        Value::Array(items) => {
            let mut is_flag = false;
            for item in items {
                let follows = is_flag && item.as_str().is_some_and(|text| !text.starts_with('-'));
                is_flag = item.as_str().is_some_and(|text| {
                    text.starts_with('-') && !text.contains('=') && sounds(text.trim_start_matches('-'))
                });
                walk(item, inside || follows);
            }
        }
        Value::String(text) if inside && !is_harmless(text) => *text = HIDDEN.into(),
        Value::String(text) => *text = cover_text(text),
        _ => {}
    }
}

/// Those deeper down are modes and times.
fn hide_numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_numbers),
        Value::Number(_) => *value = HIDDEN.into(),
        _ => {}
    }
}

/// Every leaf of it.
fn hide(value: &mut Value) {
    match value {
        Value::Object(map) => map.values_mut().for_each(hide),
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Null => {}
        _ => *value = HIDDEN.into(),
    }
}

/// Whether a secret stands behind a key.
fn sounds(key: &str) -> bool {
    let plain = plain(key);
    let pass = plain.ends_with("pass") && !plain.ends_with("bypass");
    (pass || WORDS.iter().any(|word| plain.contains(word))) && !names_one(key)
}

/// Whether a key only names a secret: `secretName`.
fn names_one(key: &str) -> bool {
    let plain = plain(key);
    NAMES.iter().any(|end| plain.ends_with(end))
}

fn is_key(key: &str) -> bool {
    let plain = plain(key);
    KEYS.iter().any(|end| plain.ends_with(end))
}

fn plain(key: &str) -> String {
    key.chars().filter(|c| !matches!(c, '_' | '-' | '.')).map(|c| c.to_ascii_lowercase()).collect()
}

/// What is no secret wherever it stands: nothing, a switch, a variable or a file that holds one.
fn is_harmless(value: &str) -> bool {
    let value = value.trim_start_matches(['\\', '"', '\'']).trim_end_matches(['"', '\'', ',']);
    let is_upper = |name: &str| name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    let is_variable = value.strip_prefix('$').is_some_and(|name| name.starts_with(['(', '{']) || is_upper(name));
    let is_file = ["/etc/", "/run/", "/var/"].iter().any(|folder| value.starts_with(folder));
    is_variable || is_file || matches!(value, "" | "[]" | "{}" | "true" | "false" | "null" | "none")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn covered(mut value: Value) -> Value {
        cover(&mut value);
        value
    }

    fn hides(value: Value) -> Value {
        let shown = covered(value);
        for word in ["planted", "cGxhbnRlZA"] {
            assert!(!shown.to_string().contains(word), "{shown}");
        }
        shown
    }

    #[test]
    fn secrets_of_objects_are_hidden_and_what_names_them_is_not() {
        hides(json!({ "kind": "Secret", "data": { "a": "cGxhbnRlZA==" }, "stringData": { "b": "planted" } }));
        hides(json!({ "extraObjects": [{ "kind": "Secret", "stringData": { "a": "planted" } }] }));
        let pod = hides(json!({ "kind": "Pod", "spec": {
            "containers": [{
                "args": ["--nats-url=nats://me:planted@nats:4222,nats://you:planted@other:4222", "--token", "planted",
                         "--api-key=planted", "--nats-credentials=/etc/nats/nats.creds"],
                "env": [{ "name": "DB_PASSWORD", "value": "planted" }, { "name": "MODE", "value": "fast" },
                        { "name": "DATABASE_URL", "value": "postgres://app:planted@db/app" },
                        { "name": "AWS_SECRET_ACCESS_KEY", "value": "planted" },
                        { "name": "TOKEN", "valueFrom": { "secretKeyRef": { "name": "mine", "key": "token" } } }],
            }],
            "volumes": [{ "secret": { "secretName": "mine", "items": [{ "key": "a", "path": "b" }] } }],
        }}));
        let container = &pod["spec"]["containers"][0];
        assert_eq!(container["args"][0], "--nats-url=nats://***@nats:4222,nats://***@other:4222");
        assert_eq!(container["args"][4], "--nats-credentials=/etc/nats/nats.creds");
        assert_eq!(container["env"][1]["value"], "fast");
        assert_eq!(container["env"][2]["value"], "postgres://***@db/app");
        assert_eq!(container["env"][4]["valueFrom"]["secretKeyRef"]["key"], "token");
        assert_eq!(pod["spec"]["volumes"][0]["secret"]["secretName"], "mine");
        assert_eq!(pod["spec"]["volumes"][0]["secret"]["items"][0], json!({ "key": "a", "path": "b" }));
    }

    #[test]
    fn what_workloads_and_maps_hold_is_hidden() {
        let workload = hides(json!({ "kind": "Workload", "spec": {
            "hostInterfaces": [{ "name": "db", "config": { "password": "planted", "pool": "4" } }],
            "components": [{ "localResources": { "environment": { "config": { "GREETING": "planted" },
                "secretFrom": [{ "name": "mine" }] }, "config": { "api_token": "planted" } } }],
        }}));
        assert_eq!(workload["spec"]["hostInterfaces"][0]["config"]["pool"], "4");
        let environment = &workload["spec"]["components"][0]["localResources"]["environment"];
        assert_eq!(
            (&environment["config"]["GREETING"], &environment["secretFrom"][0]["name"]),
            (&json!("***"), &json!("mine"))
        );
        let conf = "user: me\npassword: \"planted one\"\nkey = $KEY\ntoken=planted\n";
        let map = hides(json!({ "kind": "ConfigMap", "data": { "nats.conf": conf, "apiKey": "planted",
            names::CERTIFICATES: "- secret: \"web-tls\"\n" }, "binaryData": { "x": "cGxhbnRlZA==" } }));
        assert_eq!(map["data"]["nats.conf"], "user: me\npassword: \"***\"\nkey = $KEY\ntoken=***\n");
        assert_eq!(map["data"][names::CERTIFICATES], "- secret: \"web-tls\"\n");
    }

    #[test]
    fn secrets_of_values_are_hidden_with_all_below_them() {
        let values = hides(json!({ "a": { "password": "planted", "secretName": "mine", "secretKey": "a.creds",
            "list": [{ "authToken": "planted" }], "credentials": { "one": ["planted"], "key": "planted", "mode": 420 },
            "s3": { "secretKey": "planted", "token": 1234 } } }));
        assert_eq!(values["a"]["secretName"], "mine");
        assert_eq!(values["a"]["secretKey"], "a.creds");
        assert_eq!((&values["a"]["credentials"]["mode"], &values["a"]["s3"]["token"]), (&json!(420), &json!("***")));
    }

    #[test]
    fn secrets_are_known_by_words_before_them_and_by_their_shape() {
        let seed = format!("SU{}", "A".repeat(56));
        for text in [
            r#"{"level":"INFO","password":"planted"}"#,
            "GET https://registry.example/v2/?x=1&token=planted",
            r#"{"body":"{\"token\":\"planted\"}"}"#,
            "authorization: Bearer planted",
            "cannot connect with password=planted: refused",
            "-----BEGIN EC PRIVATE KEY-----\n  planted\n-----END EC PRIVATE KEY-----\n",
            "-----BEGIN USER NKEY SEED-----\nplanted",
            "at https://planted:planted@registry.example/v2/",
            "PRIVATE_KEY=\"-----BEGIN RSA PRIVATE KEY-----\nplanted\n-----END RSA PRIVATE KEY-----\"\n",
            "password: |\n  planted\n\n  planted\n",
            "2026-01-02T03:04:05.678Z password: >-\n2026-01-02T03:04:05.679Z   planted\n",
            "credentials:\n  user: me\n  pin: planted",
            "tokens:\n- planted\n- planted",
            "password: a planted one",
            "password=a,planted",
            "2026-01-02T03:04:05.678Z password: a planted one",
            r#"2026-01-02T03:04:05.678Z {"credentials":{"user":"x","key":"planted"}}"#,
            r#"INFO read {"tokens":["planted"]}"#,
            "{\n  \"credentials\": {\n    \"key\": \"planted\"\n  }\n}\n",
            "authorization: ApiKey planted",
            "sent with authorization: ApiKey planted",
            "authorization {\n  token planted\n}",
            "authorization { user: me, token planted }",
            "secretKey: planted",
            r#"Config { token: Some("planted") }"#,
        ] {
            assert!(!cover_text(text).contains("planted"), "{}", cover_text(text));
        }
        assert_eq!(cover_text(&format!("seed is {seed}.")), "seed is ***.");
        assert_eq!(cover_text("password: |\n  planted\nuser: me\n"), "password: ***\n  ***\nuser: me\n");
        assert_eq!(cover_text(r#"{"b":1,"token":"planted"}"#), r#"{"b":1,"token":"***"}"#);
        assert_eq!(cover_shapes("x eyJhbGciOiJ9.eyJzdWIiOiJ9.c2ln y"), "x *** y");
        for text in [
            "MountVolume failed: secret \"web-tls\" not found",
            "oci://registry.example/app@sha256:0123",
            "secretName: mine",
            "nats.password=$(PASSWORD)",
            "open /etc/nats/nats.creds: no such file",
            "secret shop/nats-creds: not found",
            "volume \"nats-creds\" : secret \"x\" not found",
            "secret \"x\" not found",
            "authorization {\n  timeout: 2\n}\n",
            r#"{"msg": "b", "level": "a"}"#,
        ] {
            assert_eq!(cover_text(text), text);
        }
    }
}
