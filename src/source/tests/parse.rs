use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::{file, told};

fn read(text: &str) -> (Sources, Parsed) {
    let (sources, id) = file(text);
    let parsed = parse(&sources, id);
    (sources, parsed)
}

fn faults(text: &str) -> Vec<String> {
    let (sources, parsed) = read(text);
    told(&sources, &parsed.diagnostics)
}

fn data(text: &str) -> serde_json::Value {
    let (sources, parsed) = read(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}", told(&sources, &parsed.diagnostics));
    parsed.node.map_or(serde_json::Value::Null, |node| node.to_json())
}

#[test]
fn a_file_becomes_data_with_places() {
    let text = "a:\n  b: [1, two, {c: 1.5}]\n  d: \"x\"\ne:\n";
    let (sources, parsed) = read(text);
    let root = parsed.node.unwrap();
    assert_eq!(root.to_json(), json!({"a": {"b": [1, "two", {"c": 1.5}], "d": "x"}, "e": null}));
    let at = |path: &str| root.at(&Path::parse(path).unwrap()).unwrap();
    assert_eq!(sources.text(at("a").origin), "b: [1, two, {c: 1.5}]\n  d: \"x\"");
    assert_eq!(sources.text(at("a.b").origin), "[1, two, {c: 1.5}]");
    assert_eq!(sources.text(at("a.b[2]").origin), "{c: 1.5}");
    assert_eq!(sources.place(at("a.b[2].c").origin), "values.yaml:2:19");
    assert_eq!(sources.text(at("a.d").origin), "\"x\"");
    assert_eq!(at("a.d").style, Style::Quoted);
    assert_eq!(sources.text(at("a").entry("d").unwrap().key), "d");
    assert_eq!(sources.place(root.entry("e").unwrap().node.origin), "values.yaml:4:2");
}

#[test]
fn words_and_numbers_that_readers_differ_on_are_refused_with_the_quoted_form() {
    let (sources, parsed) = read(include_str_case_r02());
    assert_eq!(
        told(&sources, &parsed.diagnostics),
        [
            "CW0104 values.yaml:2:12 `no` is `false` to Helm (YAML 1.1), but text to YAML 1.2",
            "CW0104 values.yaml:6:14 `off` is `false` to Helm (YAML 1.1), but text to YAML 1.2",
            "CW0104 values.yaml:8:14 `no` is `false` to Helm (YAML 1.1), but text to YAML 1.2",
            "CW0104 values.yaml:10:14 `y` is `true` to Helm (YAML 1.1), but text to YAML 1.2",
        ]
    );
    assert_eq!(parsed.diagnostics[1].help.as_deref(), Some("write `\"off\"` for the text, or `false`"));
    assert_eq!(parsed.diagnostics[1].path.as_ref().unwrap().to_string(), "runtime.env[0].value");
    let quoted = parsed.node.unwrap().at(&Path::parse("runtime.env[3].value").unwrap()).unwrap().clone();
    assert_eq!((quoted.as_str(), quoted.style), (Some("off"), Style::Quoted));
}

fn include_str_case_r02() -> &'static str {
    "gateway:\n  enabled: no\nruntime:\n  env:\n    - name: FEATURE_MIRROR\n      value: off\n    - name: COUNTRY\n      \
     value: no\n    - name: ACCEPT\n      value: y\n    - name: HEADERS\n      value: \"off\"\n"
}

#[test]
fn a_file_mode_is_refused_and_both_numbers_are_named() {
    let (sources, parsed) = read("value: 0755\n");
    assert_eq!(
        told(&sources, &parsed.diagnostics),
        ["CW0104 values.yaml:1:8 `0755` is `493` to Helm (YAML 1.1), but `755` to YAML 1.2"]
    );
    assert_eq!(parsed.diagnostics[0].help.as_deref(), Some("write `\"0755\"` for the text, or `493`"));
    assert_eq!(parsed.node.unwrap().get("value").unwrap().as_str(), Some("0755"));
}

#[test]
fn all_duplicates_are_found_in_one_run_and_name_the_first() {
    let text = "operator:\n  a: 1\n  a: 2\ngateway: {x: 1, x: 2}\noperator:\n  b: 1\n";
    let (sources, parsed) = read(text);
    assert_eq!(
        told(&sources, &parsed.diagnostics),
        [
            "CW0103 values.yaml:3:3 the key `a` is written twice in one map",
            "CW0103 values.yaml:4:17 the key `x` is written twice in one map",
            "CW0103 values.yaml:5:1 the key `operator` is written twice in one map",
        ]
    );
    assert_eq!(sources.place(parsed.diagnostics[2].secondary[0].origin), "values.yaml:1:1");
    assert_eq!(parsed.diagnostics[0].path.as_ref().unwrap().to_string(), "operator.a");
    let (sources, id) = file(text);
    assert_eq!(parse_lenient(&sources, id).diagnostics.len(), 3);
}

#[test]
fn a_second_document_is_refused_where_it_begins() {
    let two = "gateway:\n  enabled: false\n---\nnats:\n  enabled: false\n";
    assert_eq!(faults(two), ["CW0102 values.yaml:3:1 a second document in a values file"]);
    assert_eq!(faults("---\na: 1\n---\n# nothing\n"), Vec::<String>::new());
    assert_eq!(faults("# x\n---\na: 1\n...\n"), Vec::<String>::new());
    assert_eq!(faults("---\n---\na: 1\n"), ["CW0102 values.yaml:2:1 a second document in a values file"]);
    let (sources, id) = file(two);
    let parsed = parse_documents(&sources, id);
    assert_eq!((parsed.documents.len(), parsed.diagnostics.len()), (2, 0));
}

#[test]
fn an_empty_file_is_noted_and_a_null_is_not_empty() {
    for (text, empty) in
        [("", true), ("# only\n", true), ("---\n", true), ("{}", false), ("null", false), ("a: *b", false)]
    {
        assert_eq!(read(text).1.empty, empty, "{text:?}");
    }
    assert_eq!(empty_file(SourceId(0)).code, codes::EMPTY);
}

#[test]
fn a_syntax_error_keeps_what_stands_before_it() {
    let (sources, parsed) = read("a: 1\nb:\n  c: 2\n  c: 3\n  d: \"open\n");
    let told = told(&sources, &parsed.diagnostics);
    assert_eq!(told[0], "CW0103 values.yaml:4:3 the key `c` is written twice in one map");
    assert_eq!(told[1], "CW0101 values.yaml:5:6 the quote that opens here is never closed");
    assert_eq!(parsed.node.unwrap().to_json(), json!({"a": 1, "b": {"c": 3}}));
}

#[test]
fn a_manifest_goes_on_behind_a_broken_document() {
    let (sources, id) = file("a: [\n---\nb: 1\n---\nc: \"\n");
    let parsed = parse_documents(&sources, id);
    assert_eq!(parsed.diagnostics.len(), 2);
    assert!(parsed.documents.iter().any(|document| document.get("b").is_some()));
}

#[test]
fn template_braces_are_no_values() {
    assert_eq!(faults("a: {{ x }}\n"), ["CW0107 values.yaml:1:5 a key must be text"]);
}

#[test]
fn keys_that_readers_differ_on_are_refused() {
    assert_eq!(
        faults("on: 1\n0755: 1\n1.0: 1\n12: 1\ntrue: 1\nTrue: x\n~: 1\n\"yes\": 1\n"),
        [
            "CW0104 values.yaml:1:1 the key `on` is `true` to Helm (YAML 1.1), text to YAML 1.2",
            "CW0104 values.yaml:2:1 the key `0755` is `493` to Helm (YAML 1.1), `755` to YAML 1.2",
            "CW0104 values.yaml:3:1 Helm turns the key `1.0` into `1`",
            "CW0104 values.yaml:6:1 Helm turns the key `True` into `true`",
            "CW0107 values.yaml:7:1 a key must be text",
        ]
    );
    let (sources, id) = file("on: off\n0755: 0o17\n");
    assert_eq!(parse_lenient(&sources, id).node.unwrap().to_json(), json!({"true": false, "493": 15}));
}

#[test]
fn merge_keys_work_and_written_keys_win() {
    let text = "base: &b {x: 1, w: 2}\nmore: &m {w: 3, z: 4}\nc:\n  <<: [*b, *m]\n  x: 9\n";
    let (sources, parsed) = read(text);
    assert!(parsed.diagnostics.is_empty());
    let c = parsed.node.as_ref().unwrap().get("c").unwrap();
    assert_eq!(c.to_json(), json!({"x": 9, "w": 2, "z": 4}));
    assert_eq!(sources.place(c.get("w").unwrap().origin), "values.yaml:1:20");
    assert_eq!(
        faults("b: &b {x: 1}\nc:\n  x: 2\n  <<: *b\n"),
        ["CW0104 values.yaml:3:3 `x` is written above a `<<` that brings it too"]
    );
    assert_eq!(faults("c:\n  <<: 1\n")[0].split(' ').next(), Some("CW0108"));
    assert_eq!(data("\"<<\": 1"), json!({"<<": 1}));
}

#[test]
fn an_alias_stands_where_its_anchor_does() {
    let (sources, parsed) = read("a: &x\n  b: 1\nc: *x\n");
    let c = parsed.node.as_ref().unwrap().get("c").unwrap();
    assert_eq!(sources.place(c.origin), "values.yaml:2:3");
    assert_eq!(faults("a: *nope\nb: &s [*s]\n").len(), 2);
}

#[test]
fn a_billion_laughs_end_at_once() {
    let line = |level: usize| {
        let inner = if level == 0 { "x".to_owned() } else { format!("*a{}", level - 1) };
        format!("a{level}: &a{level} [{}]\n", vec![inner; 9].join(","))
    };
    let text: String = (0..12).map(line).collect();
    let start = Instant::now();
    let faults = faults(&text);
    assert!(faults[0].starts_with("CW0106"), "{faults:?}");
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 10_000].join(","));
    assert!(self::faults(&long)[0].starts_with("CW0106"));
}

#[test]
fn depth_and_size_have_limits() {
    assert!(faults(&format!("{}{}", "[".repeat(101), "]".repeat(101)))[0].starts_with("CW0106"));
    assert!(faults(&"[".repeat(100_000))[0].starts_with("CW0106"));
    assert_eq!(faults(&format!("{}{}", "[".repeat(100), "]".repeat(100))), Vec::<String>::new());
    assert!(faults(&" ".repeat((16 << 20) + 1))[0].starts_with("CW0106"));
    let nested = format!("a: &a {}{}\nb: {}*a{}\n", "[".repeat(60), "]".repeat(60), "[".repeat(60), "]".repeat(60));
    assert!(faults(&nested)[0].starts_with("CW0106"));
}

#[test]
fn numbers_that_would_change_are_refused() {
    assert_eq!(
        faults("a: 9007199254740993\nb: .nan\n"),
        [
            "CW0105 values.yaml:1:4 the number `9007199254740993` would not arrive as written: it is beyond 2^53",
            "CW0105 values.yaml:2:4 the number `.nan` would not arrive as written: JSON has no such number",
        ]
    );
}

#[test]
fn control_characters_are_refused() {
    assert_eq!(
        faults("a: \"x\\rb\"\nb: \"\\u0007\"\n"),
        [
            "CW0110 values.yaml:1:4 the text contains the control character U+000D",
            "CW0110 values.yaml:2:4 the text contains the control character U+0007",
        ]
    );
    assert_eq!(data("a: |\r\n  x\r\n  y\r\n"), json!({"a": "x\ny\n"}));
}

#[test]
fn tags_say_what_the_text_is_or_are_refused() {
    assert_eq!(data("a: !!str 12\nb: !!int 3\nc: ! 4\nd: !!map {}\n"), json!({"a": "12", "b": 3, "c": "4", "d": {}}));
    assert_eq!(faults("a: !Ref x\nb: !!int x\nc: !vault |\n  x\n").len(), 3);
}

#[test]
fn bytes_are_text_or_an_error_with_a_place() {
    assert_eq!(decode(b"\xEF\xBB\xBFa: 1").map(|text| text.len()), Ok(7));
    assert_eq!(data("\u{FEFF}a: 1"), json!({"a": 1}));
    assert_eq!(decode(b"a: 1\nb: \xFF").unwrap_err().to_string(), "no UTF-8 text at byte 8 (line 2)");
    assert_eq!(decode(b"a\0").unwrap_err().to_string(), "binary data, a NUL byte at byte 1 (line 1)");
    assert!(decode(b"\xFF\xFEa\0").unwrap_err().to_string().starts_with("UTF-16"));
}

#[test]
fn comments_are_kept_in_order_however_many() {
    let many = "# line\n".repeat(500);
    let (sources, parsed) = read(&format!("{many}a: 1 # right\nb:\n{many}  - 1\n"));
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.comments.len(), 1001);
    assert_eq!(sources.place(parsed.comments[500].origin), "values.yaml:501:6");
    assert_eq!(parsed.comments[500].text, " right");
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let text = "[ -~éß世\\n\\t]{0,12}";
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        (-(1_i64 << 53)..=1 << 53).prop_map(Into::into),
        any::<f64>()
            .prop_filter("JSON has finite numbers, and whole ones are integers", |n| n.is_finite() && n.fract() != 0.0)
            .prop_map(Into::into),
        text.prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::btree_map(text, inner, 0..6)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_is_yaml(value in json_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let (sources, parsed) = read(&text);
        prop_assert!(parsed.diagnostics.is_empty(), "{text}: {:?}", told(&sources, &parsed.diagnostics));
        prop_assert_eq!(parsed.node.unwrap().to_json(), value);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[-a-c:{}\\[\\],&*!|>'\"#?%@ \\n\\t0-9.<~]{0,60}") {
        let (sources, id) = file(&text);
        for parsed in [parse(&sources, id), parse_lenient(&sources, id)] {
            for diagnostic in parsed.diagnostics {
                let origin = diagnostic.primary.unwrap().origin;
                prop_assert!(origin.start <= origin.end && origin.end as usize <= text.len());
            }
        }
        let _ = parse_documents(&sources, id);
    }
}
