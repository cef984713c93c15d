use serde_json::Value as Json;

use super::*;
use crate::source::{SourceKind, Sources, parse};

#[test]
fn the_default_file_says_exactly_the_defaults() {
    let text = values_yaml();
    let mut sources = Sources::default();
    let source = sources.add(SourceKind::File, "values.yaml", text.as_str());
    let parsed = parse(&sources, source);
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.node.unwrap().to_json(), Json::Object(super::super::defaults()));
}

#[test]
fn the_default_file_fits_the_page_and_names_every_key() {
    let text = values_yaml();
    for line in text.lines() {
        assert!(line.chars().count() <= 140, "{line}");
        assert_eq!(line.trim_end(), line);
    }
    for key in keys() {
        let name = key.path.rsplit('.').next().unwrap();
        let named = |line: &&str| {
            line.trim_start_matches([' ', '#']).strip_prefix(name).is_some_and(|rest| rest.starts_with(':'))
        };
        assert!(text.lines().any(|line| named(&line)), "{} is missing", key.path);
    }
}

/// What is commented out may be uncommented: it is of the type that the schema wants.
#[test]
fn each_key_has_a_sample_that_fits() {
    let schema = super::super::schema::schema();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    for key in keys() {
        assert!(!key.samples.is_empty(), "{} has no sample", key.path);
        for sample in &key.samples {
            let steps: Vec<&str> = key.path.split('.').collect();
            let document = steps.iter().rev().fold(sample.clone(), |inner, step| {
                let step = if *step == "<name>" { "example" } else { step };
                serde_json::json!({ step: inner })
            });
            let wrong: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
            assert_eq!(wrong, [""; 0], "{} = {sample}", key.path);
        }
    }
}

#[test]
fn an_entry_says_type_default_and_where_it_comes_from() {
    let entries = [
        "hosts.edge.http.port",
        "operator.image.pullPolicy",
        "hosts.<name>.nats.data.connectTimeoutSeconds",
        "operator.affinity.nodeAffinity",
        "operator.tolerations[0].key",
        "tls.secrets",
        "routes.<name>.hosts",
    ]
    .map(|path| explain(path).unwrap());
    insta::assert_snapshot!(entries.join("\n---\n"));
}

#[test]
fn an_unknown_path_is_answered_with_known_ones() {
    assert_eq!(explain("operator.replica"), None);
    assert_eq!(explain(""), None);
    assert_eq!(nearest("operator.replica"), ["operator.replicas"]);
    assert_eq!(nearest("hosts.edge.http.prt"), ["hosts.edge.http.port"]);
    assert_eq!(nearest("operator.affinity.nodeAffinty"), ["operator.affinity.nodeAffinity"]);
    assert_eq!(nearest("watchNamespaces"), ["operator.watchNamespaces"]);
    assert_eq!(nearest("operator.replicas"), [""; 0]);
    assert!(exists("hosts.<name>.http.port") && exists("overrides.Deployment.a.spec") && !exists("hosts.a.b"));
}

#[test]
fn the_reference_page_links_only_to_what_it_has() {
    let page = markdown();
    for link in page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()) {
        assert!(page.contains(&format!("<a id=\"{link}\"></a>")), "{link}");
    }
}
