//! Upstream values, imported, are values of ours: they parse, fit the schema, keep the rules and render.

use chartwright::diagnostics::{Diagnostic, Severity};
use chartwright::import::{From, Imported, Options, import};
use chartwright::render::{self, Release};
use chartwright::source::{Layers, Node, Origin, SourceKind, Sources, parse, parse_lenient};
use chartwright::{validate, values};
use serde_json::{Value, json};

/// An upstream file of `tests/cases/`, imported.
fn imported(case: &str, namespace: &str, from: From) -> (Sources, Imported) {
    let text = fs_err::read_to_string(format!("{}/tests/cases/{case}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    read(&text, namespace, from)
}

fn read(text: &str, namespace: &str, from: From) -> (Sources, Imported) {
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, "upstream.yaml", text);
    let parsed = parse_lenient(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let options = Options { release_namespace: Some(namespace.into()), from, ..Options::default() };
    let imported = import(&sources, &parsed.node.unwrap(), &options);
    (sources, imported)
}

/// The objects that the written file renders to.
fn rendered(what: &str, (upstream, imported): &(Sources, Imported), namespace: &str) -> Vec<Value> {
    assert!(!imported.is_refused(), "{what}: {:?}", imported.diagnostics);
    let yaml = imported.to_yaml(upstream, &["upstream.yaml"]);
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, "values.yaml", yaml.as_str());
    let parsed = parse(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{what}: {:?}\n{yaml}", parsed.diagnostics);
    let none = Origin { source: sources.add(SourceKind::Default, "defaults", ""), start: 0, end: 0 };
    let mut layers = Layers::new(Node::from_json(&values::defaults().into(), none));
    layers.add(parsed.node.unwrap());
    let (coalesced, faults) = layers.finish();
    assert!(faults.is_empty(), "{what}: {faults:?}");
    let release = Release { name: "platform".into(), namespace: namespace.into() };
    let errors: Vec<Diagnostic> = validate::values(&sources, &coalesced, &release, &[])
        .unwrap()
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:#?}\n{yaml}");
    let json = coalesced.root.to_json();
    let rendered = render::render(json.as_object().unwrap(), &release, &[]).unwrap();
    rendered.objects.into_iter().map(|object| object.value).collect()
}

fn case(case: &str, namespace: &str) -> Vec<Value> {
    rendered(case, &imported(case, namespace, From::Auto), namespace)
}

#[track_caller]
fn find<'o>(objects: &'o [Value], kind: &str, name: &str) -> &'o Value {
    objects.iter().find(|object| object["kind"] == kind && object["metadata"]["name"] == name).unwrap()
}

#[test]
fn what_may_be_imported_is_valid() {
    for path in [
        "V01/values.yaml",
        "V02/operator.yaml",
        "V02/host.yaml",
        "V03/values.yaml",
        "V04/values.yaml",
        "V06/values.yaml",
        "V08/byoc.yaml",
        "V08/gen.yaml",
        "V10/values.yaml",
        "V11/values.yaml",
        "V14/base.yaml",
        "V14/tenant.yaml",
        "R01/values.yaml",
        "R02/values.yaml",
        "R04/values.yaml",
        "R06/local.yaml",
        "R18/old.yaml",
    ] {
        case(path, "wasmcloud");
    }
    rendered("V07", &imported("V07/values.yaml", "wasmcloud", From::V1), "wasmcloud");
    rendered("nothing", &read("{}", "wasmcloud", From::Auto), "wasmcloud");
}

#[test]
fn a_home_built_image_its_variables_and_its_last_argument() {
    let objects = case("V01/values.yaml", "acme");
    let host = &find(&objects, "Deployment", "hostgroup-default")["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(host["image"], "acme-host:dev");
    assert_eq!(host["imagePullPolicy"], "Never");
    let names: Vec<&str> = host["env"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert_eq!(names[names.len() - 2..], ["ACME_PG_URL", "ACME_EVENT_NATS_URL"]);
    assert_eq!(host["args"].as_array().unwrap().last().unwrap(), "--allow-insecure-registries");
}

#[test]
fn two_releases_of_one_chart() {
    let operator = case("V02/operator.yaml", "acme-system");
    assert!(operator.iter().all(|object| !object["metadata"]["name"].as_str().unwrap().starts_with("hostgroup-")));
    let args = &find(&operator, "Deployment", "runtime-operator")["spec"]["template"]["spec"]["containers"][0]["args"];
    let args: Vec<&str> = args.as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    assert!(args.contains(&"-watch-namespaces=acme-system") && args.contains(&"-allow-shared-hosts=false"));
    assert!(!args.iter().any(|arg| arg.starts_with("-host-namespaces")), "{args:?}");

    let hosts = case("V02/host.yaml", "acme-system");
    let mut kinds: Vec<&str> = hosts.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Deployment", "NetworkPolicy", "Service", "ServiceAccount"]);
    let pod = &find(&hosts, "Deployment", "hostgroup-default")["spec"]["template"]["spec"];
    assert_eq!(pod["terminationGracePeriodSeconds"], 70);
    let resources = pod["containers"][0]["resources"].as_object().unwrap();
    assert_eq!(resources.keys().collect::<Vec<_>>(), ["limits", "requests"]);
}

#[test]
fn two_groups_in_two_namespaces() {
    let objects = case("V03/values.yaml", "wc-system");
    let args = &find(&objects, "Deployment", "runtime-operator")["spec"]["template"]["spec"]["containers"][0]["args"];
    assert!(args.as_array().unwrap().contains(&json!("-host-namespaces=fn")), "{args}");
    let mut kinds: Vec<&str> = objects
        .iter()
        .filter(|object| object["metadata"]["namespace"] == "fn")
        .map(|object| object["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["Deployment", "NetworkPolicy", "Role", "RoleBinding", "Service", "ServiceAccount"]);
}

#[test]
fn a_variable_once_and_fields_taken_away() {
    let objects = case("V10/values.yaml", "wasmcloud");
    let env = &find(&objects, "Deployment", "hostgroup-default")["spec"]["template"]["spec"]["containers"][0]["env"];
    let of = |name: &str| -> Vec<&Value> {
        env.as_array().unwrap().iter().filter(|item| item["name"] == name).map(|item| &item["value"]).collect()
    };
    assert_eq!(of("HOME"), ["/var/wash"]);
    assert_eq!(of("RUST_LOG"), ["debug"]);

    let objects = case("R04/values.yaml", "wasmcloud");
    let pod = &find(&objects, "Deployment", "hostgroup-default")["spec"]["template"]["spec"];
    assert_eq!(pod["securityContext"], json!({ "runAsNonRoot": true, "seccompProfile": { "type": "RuntimeDefault" } }));
    let nats = &find(&objects, "StatefulSet", "nats")["spec"]["template"]["spec"]["containers"][0]["resources"];
    assert_eq!(nats.as_object().unwrap().keys().collect::<Vec<_>>(), ["requests"]);
}

#[test]
fn requests_are_what_they_were() {
    let objects = case("V04/values.yaml", "wasmcloud");
    let pods = objects.iter().filter(|object| matches!(object["kind"].as_str(), Some("Deployment" | "StatefulSet")));
    let (mut cpu, mut memory, mut count) = (0, 0, 0);
    for object in pods {
        let replicas = object["spec"]["replicas"].as_i64().unwrap();
        count += replicas;
        for container in object["spec"]["template"]["spec"]["containers"].as_array().unwrap() {
            let of = |name: &str, unit: &str| -> i64 {
                let text = container["resources"]["requests"][name].as_str().unwrap_or("0");
                text.trim_end_matches(unit).parse().unwrap()
            };
            cpu += replicas * of("cpu", "m");
            memory += replicas * of("memory", "Mi");
        }
    }
    assert_eq!((cpu, memory, count), (950, 320, 5));
}

#[test]
fn texts_of_scalars_arrive() {
    let objects = case("R01/values.yaml", "wasmcloud");
    let image = |name: &str| {
        let container = &find(&objects, "Deployment", name)["spec"]["template"]["spec"]["containers"][0];
        container["image"].as_str().unwrap().to_owned()
    };
    assert_eq!(image("hostgroup-default"), "ghcr.io/wasmcloud/wash:20161216");
    assert_eq!(image("runtime-operator"), "ghcr.io/wasmcloud/runtime-operator:2.10");
}
