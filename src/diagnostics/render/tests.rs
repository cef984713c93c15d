//! Every format over one fixture.

use insta::assert_snapshot;

use super::*;
use crate::source::{Path, SourceId, SourceKind};

const RULES: &[Rule] = &[
    Rule {
        code: Code("CW0201"),
        severity: Severity::Error,
        name: "wrong-type",
        docs: "A value of another type.\n\nMore.",
    },
    Rule { code: Code("CW0204"), severity: Severity::Error, name: "unknown-key", docs: "A key nobody reads.\n\nMore." },
    Rule {
        code: Code("CW1203"),
        severity: Severity::Warning,
        name: "floating-tag",
        docs: "A tag that moves.\n\nMore.",
    },
];

const PROD: &str = "\
hosts:
  edge:
    networking:
      socketEgres: enforce
    image:
      tag: latest
nats:
  password: c4n4ry-1n-f1le  # do not print
  token: \"c4n4ry \\\"quoted\\\"\"
";

const SET: &str = "nats.auth.literal=c4n4ry-1n-fl4g";

/// The secrets as they are written above.
const SECRETS: [&str; 4] = ["c4n4ry-1n-f1le", "c4n4ry-1n-fl4g", "c4n4ry \"quoted\"", "c4n4ry \\\"quoted"];

struct Fixture {
    sources: Sources,
    diagnostics: Vec<Diagnostic>,
    redacted: Vec<Origin>,
}

fn find(sources: &Sources, source: SourceId, text: &str) -> Origin {
    let start = u32::try_from(sources.get(source).text.find(text).unwrap()).unwrap();
    Origin { source, start, end: start + u32::try_from(text.len()).unwrap() }
}

fn fixture() -> Fixture {
    let mut sources = Sources::default();
    let base = sources.add(SourceKind::File, "./base.yaml", "image:\n  tag: 2.10.0\n");
    let prod = sources.add(SourceKind::File, "deploy/prod, eu.yaml", PROD);
    let set = sources.add(SourceKind::Flag, "--set", SET);
    let at = |source, text| find(&sources, source, text);
    let redacted = vec![at(prod, "c4n4ry-1n-f1le"), at(prod, "\"c4n4ry \\\"quoted\\\"\""), at(set, "c4n4ry-1n-fl4g")];
    let diagnostics = vec![
        Diagnostic::error(Code("CW0101"), "cannot read `gone.yaml`: no such file"),
        Diagnostic::error(Code("CW0204"), "unknown key `socketEgres` in `hosts.edge.networking`")
            .at(at(prod, "socketEgres"), "not a field of `Networking`")
            .with_help("did you mean `socketEgress`?")
            .with_note("plain Helm would ignore this key; run `chartwright explain CW0204`")
            .with_path(Path::keys(["hosts", "edge", "networking", "socketEgres"])),
        Diagnostic::warning(Code("CW1203"), "the tag `latest` moves: 100% of hosts may differ")
            .at(at(prod, "latest"), "")
            .and_at(at(base, "2.10.0"), "overrides this")
            .with_path(Path::keys(["hosts", "edge", "image", "tag"])),
        Diagnostic::error(Code("CW0201"), "expected a map, found `c4n4ry-1n-f1le`")
            .at(at(prod, "c4n4ry-1n-f1le"), "is `c4n4ry-1n-f1le`")
            .and_at(at(prod, "\"c4n4ry \\\"quoted\\\"\""), "and `c4n4ry \"quoted\"`")
            .with_help("write `secretName: …` instead of `c4n4ry \"quoted\"`")
            .with_path(Path::keys(["nats", "password"])),
        Diagnostic::error(Code("CW0204"), "unknown key `literal` in `nats.auth`")
            .at(at(set, "literal"), "never a literal")
            .with_note("was c4n4ry-1n-fl4g")
            .with_path(Path::keys(["nats", "auth", "literal"])),
        Diagnostic::error(Code("CW0201"), "expected a string, found a map")
            .at(at(prod, "networking:\n      socketEgres: enforce"), "")
            .with_path(Path::keys(["hosts", "edge", "networking"])),
    ];
    Fixture { sources, diagnostics, redacted }
}

fn rendered(format: Format, options: &Options) -> String {
    let Fixture { sources, diagnostics, redacted } = fixture();
    let report = Report {
        sources: &sources,
        diagnostics: &diagnostics,
        files: vec!["./base.yaml".to_owned(), "deploy/prod, eu.yaml".to_owned()],
        rules: RULES,
        redacted: &redacted,
    };
    let mut out = Vec::new();
    render(format, &report, &mut out, options).unwrap();
    String::from_utf8(out).unwrap()
}

fn plain(format: Format) -> String {
    rendered(format, &Options::default())
}

#[test]
fn full() {
    assert_snapshot!(plain(Format::Full));
}

#[test]
fn concise() {
    assert_snapshot!(plain(Format::Concise));
}

#[test]
fn json() {
    assert_snapshot!(plain(Format::Json));
}

#[test]
fn github() {
    assert_snapshot!(rendered(Format::Github, &Options { prefix: "infra/".to_owned(), ..Options::default() }));
}

#[test]
fn gitlab() {
    assert_snapshot!(plain(Format::Gitlab));
}

#[test]
fn sarif() {
    assert_snapshot!(plain(Format::Sarif));
}

#[test]
fn junit() {
    assert_snapshot!(plain(Format::Junit));
}

#[test]
fn no_format_shows_a_secret() {
    for format in Format::value_variants() {
        for color in [false, true] {
            let out = rendered(*format, &Options { color, ..Options::default() });
            for secret in SECRETS {
                assert!(!out.contains(secret), "{format} shows {secret}:\n{out}");
                let in_json = serde_json::to_string(secret).unwrap();
                assert!(!out.contains(in_json.trim_matches('"')), "{format} shows {secret} escaped:\n{out}");
            }
            assert!(!out.contains("c4n4ry"), "{format} shows a part of a secret:\n{out}");
        }
    }
}

#[test]
fn the_json_report_keeps_its_schema() {
    let schema: serde_json::Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let report: serde_json::Value = serde_json::from_str(&plain(Format::Json)).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn nothing_to_say_is_said() {
    let sources = Sources::default();
    let mut report =
        Report { sources: &sources, diagnostics: &[], files: vec!["a.yaml".to_owned()], rules: &[], redacted: &[] };
    let run = |format, report: &Report<'_>| {
        let mut out = Vec::new();
        render(format, report, &mut out, &Options::default()).unwrap();
        String::from_utf8(out).unwrap()
    };
    assert_eq!(run(Format::Full, &report), "no findings in 1 file\n");
    assert_eq!(run(Format::Gitlab, &report), "[]\n");
    assert!(run(Format::Junit, &report).contains(r#"tests="1""#));
    report.files.clear();
    assert!(run(Format::Junit, &report).contains("no file was checked"));
}

#[test]
fn more_annotations_than_github_shows_are_counted() {
    let sources = Sources::default();
    let diagnostics = vec![Diagnostic::error(Code("CW0204"), "unknown key"); 11];
    let report =
        Report { sources: &sources, diagnostics: &diagnostics, files: Vec::new(), rules: RULES, redacted: &[] };
    let mut out = Vec::new();
    render(Format::Github, &report, &mut out, &Options::default()).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("11 errors\nGitHub shows 10 annotations of each kind"), "{out}");
}

#[test]
fn long_lines_are_cut_around_what_matters() {
    let mut sources = Sources::default();
    let long = "x".repeat(5000);
    let source = sources.add(SourceKind::File, "long.yaml", format!("a: {long} # needle {long}\n"));
    let diagnostics = vec![Diagnostic::error(Code("CW0204"), "long").at(find(&sources, source, "needle"), "here")];
    let report =
        Report { sources: &sources, diagnostics: &diagnostics, files: Vec::new(), rules: RULES, redacted: &[] };
    let mut out = Vec::new();
    render(Format::Full, &report, &mut out, &Options::default()).unwrap();
    let out = String::from_utf8(out).unwrap();
    assert!(out.lines().all(|line| line.chars().count() <= 200), "{out}");
    assert!(out.contains("needle"));
}

#[test]
fn paths_are_seen_from_the_repository() {
    let options = Options { prefix: "infra/eu/".to_owned(), ..Options::default() };
    assert_eq!(repository_path("./a.yaml", &options), "infra/eu/a.yaml");
    assert_eq!(repository_path("../b/a.yaml", &options), "infra/b/a.yaml");
    assert_eq!(repository_path("/tmp/a.yaml", &options), "/tmp/a.yaml");
    assert_eq!(repository_path("..\\a.yaml", &Options::default()), "../a.yaml");
}

#[test]
fn formats_are_named_as_they_are_typed() {
    assert_eq!("sarif".parse(), Ok(Format::Sarif));
    assert!("xml".parse::<Format>().is_err());
    assert_eq!(Format::Github.to_string(), "github");
}
