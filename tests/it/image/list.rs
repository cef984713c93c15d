//! `image list`: every image of the goldens, and why.

use serde_json::Value;

use crate::tool::{folder, root, run, run_in};

#[test]
fn every_golden_lists_exactly_the_images_of_its_pods_and_plugins() {
    for entry in fs_err::read_dir(root().join("golden")).unwrap() {
        let golden = entry.unwrap().path();
        let arguments = fs_err::read_to_string(golden.join("args")).unwrap_or_default();
        // Only what changes values matters to a list.
        let profiles = arguments.lines().filter(|line| line.starts_with("--profile") || line.starts_with("--set"));
        let values = golden.join("values.yaml").display().to_string();
        let mut args = vec!["image", "list", "-f", &values];
        args.extend(profiles);
        let listed = run(&args);
        assert_eq!(listed.code, 0, "{}: {}", golden.display(), listed.stderr);
        args[0] = "render";
        args.remove(1);
        args.push("--with-hooks");
        let rendered = run(&args);
        let mut expected: Vec<&str> = rendered
            .stdout
            .lines()
            .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image: "))
            .map(|image| image.trim_matches('"'))
            .collect();
        let plugins = rendered
            .stdout
            .split("--host-plugin=")
            .skip(1)
            .filter_map(|text| text.lines().next()?.split(',').find_map(|part| part.strip_prefix("image=")));
        expected.extend(plugins.map(|image| image.trim_matches('"')));
        expected.sort_unstable();
        expected.dedup();
        assert_eq!(listed.stdout.lines().collect::<Vec<_>>(), expected, "{}", golden.display());
    }
}

#[test]
fn why_names_objects_and_what_in_them() {
    for golden in ["synadia-leaf", "upstream-2-7", "air-gapped", "custom-host"] {
        let values = format!("golden/{golden}/values.yaml");
        let run = run(&["image", "list", "-f", &values, "--why", "--release", "wasmcloud", "-n", "platform"]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        insta::assert_snapshot!(golden, run.stdout);
    }
}

#[test]
fn json_says_where_images_are_published_and_which_is_ours() {
    let run = run(&["image", "list", "-f", "golden/air-gapped/values.yaml", "--format", "json"]);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let find = |name: &str| {
        json["images"]
            .as_array()
            .unwrap()
            .iter()
            .find(|image| image["image"] == name)
            .unwrap_or_else(|| panic!("{name}"))
    };
    let nats = find("mirror.internal:5000/library/nats:2.14.6-alpine");
    assert_eq!((&nats["origin"], &nats["own"]), (&"docker.io/library/nats:2.14.6-alpine".into(), &false.into()));
    let own = find("mirror.internal:5000/chartwright:0.1.0");
    assert_eq!(
        (&own["origin"], &own["own"], &own["digest"]),
        (&"chartwright:0.1.0".into(), &true.into(), &Value::Null)
    );
}

#[test]
fn the_digest_of_our_image_is_made_when_asked_for() {
    let folder = folder(&[]);
    let run = super::run_image(folder.path(), &["list", "--digest"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let own = run.stdout.lines().find(|line| line.starts_with("chartwright:")).unwrap();
    assert_eq!(own, format!("chartwright:0.1.0@{}", super::made().top.digest));
}

#[test]
fn values_with_errors_list_nothing() {
    let folder = folder(&[("v.yaml", "hostDefaults:\n  replica: 2\n")]);
    let run = run_in(folder.path(), &["image", "list", "-f", "v.yaml"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("v.yaml:2:3"), "{}", run.stderr);
}
