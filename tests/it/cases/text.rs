//! Texts that two YAML readers read differently: never silently one of them.

use crate::tool::{case, folder, judge, places, run, run_in};

#[test]
fn r01_numbers_keep_their_text_or_are_refused() {
    let values = "operator:\n  image: { tag: 2.10 }\nhostDefaults:\n  image: { tag: 20161216 }\n  env:\n    SIZE: 1048576\n    MODE: 0755\n";
    assert_eq!(
        places(values),
        ["v.yaml:2:17 CW0207", "v.yaml:4:17 CW0207", "v.yaml:6:11 CW0207", "v.yaml:7:11 CW0104"]
    );
    let found = judge(values);
    let helps: Vec<&str> = found.iter().map(|finding| finding.help.as_str()).collect();
    assert_eq!(&helps[..3], ["write `\"2.10\"`", "write `\"20161216\"`", "write `\"1048576\"`"]);
    assert!(found[3].message.contains("`493` to Helm"));
    // A flag of that kind says itself that it is text.
    let image = |args: &[&str]| {
        let run = run(&[&["render", "--only=Deployment/wasmcloud-hosts-default"], args].concat());
        assert_eq!(run.code, 0, "{}", run.stderr);
        run.stdout.lines().find(|line| line.contains(" image: ")).unwrap().trim().to_owned()
    };
    let folder = folder(&[("v.yaml", "hostDefaults: { image: { tag: \"20161216\" } }\n")]);
    let file = folder.path().join("v.yaml");
    assert_eq!(image(&["--set-string=hostDefaults.image.tag=20161216"]), "image: chartwright:20161216");
    assert_eq!(image(&["-f", file.to_str().unwrap()]), "image: chartwright:20161216");
}

#[test]
fn r02_words_of_old_yaml_are_refused_without_quotes_and_kept_with_them() {
    let values = "hostDefaults:\n  env:\n    A: off\n    B: no\n    C: y\ntls: { enabled: yes }\n";
    let found = places(values);
    for place in ["v.yaml:3:8 CW0104", "v.yaml:4:8 CW0104", "v.yaml:5:8 CW0104", "v.yaml:6:17 CW0104"] {
        assert!(found.contains(&place.to_owned()), "{place}: {found:?}");
    }
    let folder = folder(&[("v.yaml", "hostDefaults: { env: { A: \"off\", B: 'no', C: \"1e3\" } }\n")]);
    let run = run_in(folder.path(), &["render", "-f", "v.yaml"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    for line in ["value: \"off\"", "value: \"no\"", "value: \"1e3\""] {
        assert!(run.stdout.contains(line), "{line}");
    }
}

#[test]
fn r03_a_second_key_is_refused_with_the_place_of_the_first() {
    let found = case("R03", &["values.yaml"]);
    assert!(found.iter().any(|finding| finding.at == "values.yaml:7:1 CW0103"), "{found:?}");
    let values = "tls: { provider: job }\nnats: {}\ntls: { enabled: false, enabled: true }\n";
    assert_eq!(places(values), ["v.yaml:3:1 CW0103", "v.yaml:3:24 CW0103"]);
    let folder = folder(&[("v.yaml", values)]);
    let run = run_in(folder.path(), &["validate", "v.yaml", "--output-format=json"]);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let all = json["diagnostics"].as_array().unwrap();
    let related = all.iter().find(|found| found["code"] == "CW0103").unwrap()["related"][0].clone();
    assert_eq!((related["line"].as_u64(), related["column"].as_u64()), (Some(1), Some(1)), "{related}");
}

#[test]
fn r05_a_second_document_is_refused() {
    let found = case("R05", &["values.yaml"]);
    assert!(found.iter().any(|finding| finding.at == "values.yaml:3:1 CW0102"), "{found:?}");
    assert_eq!(places("---\ntls: { enabled: false }\n---\n"), Vec::<String>::new());
    assert_eq!(places("---\ntls: { enabled: false }\n...\n"), Vec::<String>::new());
    assert_eq!(chartwright::values::DEFAULTS.lines().filter(|line| line.starts_with("---")).count(), 0);
}

#[test]
fn r07_strings_are_no_booleans_and_no_numbers() {
    let values = "operator: { enabled: \"false\", replicas: \"2\" }\nnats: { server: { port: \"http\" } }\n\
                  hostDefaults: { replicas: 1.5 }\n\
                  hosts: { default: { service: { type: NodePort, nodePort: \"30950\" } } }\n";
    let expected = ["v.yaml:1:22", "v.yaml:1:41", "v.yaml:2:25", "v.yaml:3:27", "v.yaml:4:58"];
    assert_eq!(places(values), expected.map(|place| format!("{place} CW0201")));
    let found = judge(values);
    assert_eq!(found[0].message, "expected a boolean, found a string");
    assert_eq!(found[1].message, "expected an integer, found a string");
    assert_eq!(found[3].message, "expected an integer, found a number");
    for flag in ["networkPolicy.enabled=false", "operator.replicas=2"] {
        let refused = run(&["render", "--set-string", flag]);
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{flag}");
        assert_eq!(run(&["render", "--set", flag, "--summary"]).code, 0, "{flag}");
    }
}
