//! What must stay secret reaches no output.

use crate::tool::{findings, folder, run_in};

/// Whoever pastes secrets where names belong; each has its own marker.
const VALUES: &str = r#"nats:
  control:
    urls: ["tls://user:MARKER-url@nats.example:4222"]
    auth:
      type: userPassword
      secretName: name-of-a-secret
      user: MARKER-user
      password: "MARKER-password"
  data:
    auth: { type: credentials, secretName: "-----BEGIN NATS USER JWT-----\nMARKER-jwt", seed: [MARKER-seed, 7] }
  server:
    leaf:
      remotes:
        synadia: { urls: ["tls://MARKER-token@connect.ngs.global:7422"] }
hostDefaults:
  env: { DATABASE: "postgres://app:MARKER-env@db/app" }
hosts:
  edge:
    nats: { data: { auth: { type: token, token: "MARKER-group" } } }
extraObjects:
  - apiVersion: v1
    kind: Secret
    metadata: { name: mine }
    data: { a: "MARKER-data", b: 12 }
    stringData: { c: "MARKER-string" }
"#;

const FORMATS: [&str; 7] = ["full", "concise", "json", "github", "gitlab", "junit", "sarif"];

#[test]
fn no_format_shows_a_secret() {
    let folder = folder(&[("v.yaml", VALUES)]);
    for format in FORMATS {
        let report = format!("{format}=report");
        let run = run_in(folder.path(), &["validate", "v.yaml", "--output-format", format, "--report", &report]);
        assert_eq!(run.code, 1, "{format}");
        let report = fs_err::read_to_string(folder.path().join("report")).unwrap();
        for text in [&run.stdout, &run.stderr, &report] {
            assert!(!text.contains("MARKER"), "{format}: {text}");
        }
        assert!(run.stdout.contains("password"), "{format} has nothing to say");
    }
}

#[test]
fn render_shows_no_secret_when_it_refuses() {
    let folder = folder(&[("v.yaml", VALUES)]);
    for args in [&["render", "-f", "v.yaml"][..], &["render", "-f", "v.yaml", "--show-origin"]] {
        let run = run_in(folder.path(), args);
        assert_eq!((run.code, run.stdout.as_str()), (1, ""));
        assert!(!run.stderr.contains("MARKER"), "{}", run.stderr);
    }
}

#[test]
fn flags_hide_secrets_too() {
    let folder = folder(&[]);
    for flag in [
        "nats.data.auth.password=MARKER",
        "nats.data.urls={tls://u:MARKER@h:4222}",
        "nats.data.auth.secretName=MARKER/MARKER",
        "nats.data.auth.token.deep[0].x=MARKER",
        "nats.data.urls={tls://u:MARKER@h:4222},nats.control.bogus=1",
    ] {
        for kind in ["--set", "--set-string"] {
            let run = run_in(folder.path(), &["render", kind, flag]);
            assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{flag}");
            assert!(!run.stderr.contains("MARKER"), "{kind} {flag}: {}", run.stderr);
        }
    }
    let json = r#"nats.data.auth={"password": "MARKER"}"#;
    let run = run_in(folder.path(), &["render", "--set-json", json]);
    assert_eq!(run.code, 1);
    assert!(!run.stderr.contains("MARKER"), "{}", run.stderr);
}

#[test]
fn origins_hide_secrets_and_show_their_names() {
    let values = r#"nats:
  data:
    urls: ["tls://nats.example:4222"]
    auth: { type: token, secretName: name-of-a-secret }
hostDefaults:
  env: { DATABASE: "postgres://app:MARKER-env@db/app" }
extraObjects:
  - { apiVersion: v1, kind: Secret, metadata: { name: mine }, data: { a: TUFSS0VS }, stringData: { c: MARKER-string } }
"#;
    let folder = folder(&[("v.yaml", values)]);
    let run = run_in(folder.path(), &["render", "-f", "v.yaml", "--show-origin"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for text in [&run.stdout, &run.stderr] {
        assert!(!text.contains("MARKER") && !text.contains("TUFSS0VS"), "{text}");
    }
    assert!(run.stdout.contains("nats.data.auth.secretName = \"name-of-a-secret\""), "{}", run.stdout);
    // What was asked for is rendered, and nothing but stdout has it.
    let run = run_in(folder.path(), &["render", "-f", "v.yaml"]);
    assert!(run.stdout.contains("MARKER-string") && run.stdout.contains("TUFSS0VS"));
    assert!(!run.stderr.contains("MARKER") && !run.stderr.contains("TUFSS0VS"), "{}", run.stderr);
}

#[test]
fn data_of_secrets_in_manifests_is_not_shown() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: { name: pull }\ntype: 7\n\
                  data: { .dockerconfigjson: \"MARKER-no-base64\", other: [MARKER-list] }\n\
                  stringData: { a: { b: MARKER-map } }\n";
    let folder = folder(&[("s.yaml", secret)]);
    for format in FORMATS {
        let run = run_in(folder.path(), &["validate", "s.yaml", "--output-format", format]);
        assert!(!run.stdout.contains("MARKER") && !run.stderr.contains("MARKER"), "{format}: {}", run.stdout);
    }
    let run = run_in(folder.path(), &["validate", "s.yaml", "--output-format=json"]);
    assert!(!findings(&run).is_empty());
}
