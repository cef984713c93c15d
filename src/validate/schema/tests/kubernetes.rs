use serde_json::{Value, json};

use super::{NONE, findings_with};
use crate::validate::schema::Options;

/// The part of the CRD that matters here, as the API server shows it.
fn workload_deployment() -> Value {
    json!({ "type": "object", "required": ["spec"], "properties": { "spec": { "type": "object",
        "required": ["replicas", "template"], "properties": {
            "replicas": { "type": "integer", "format": "int32" },
            "deployPolicy": { "type": "string", "enum": ["RollingUpdate", "Recreate"] },
            "template": { "type": "object", "properties": { "spec": { "type": "object", "properties": {
                "hostInterfaces": { "type": "array", "items": { "type": "object", "properties": {
                    "namespace": { "type": "string" },
                    "interfaces": { "type": "array", "x-kubernetes-list-type": "set", "items": { "type": "string" } },
                    "config": { "type": "object", "additionalProperties": { "type": "string" } } } } },
                "components": { "type": "array", "x-kubernetes-list-map-keys": ["name"], "items": { "type": "object",
                    "properties": { "name": { "type": "string" }, "image": { "type": "string" },
                        "port": { "x-kubernetes-int-or-string": true, "anyOf": [{ "type": "integer" }, { "type": "string" }] },
                        "extra": { "type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": { "a": { "type": "string" } } } } } } } } } } } } } })
}

fn findings(schema: &Value, text: &str) -> Vec<String> {
    findings_with(schema, text, Options::kubernetes())
}

#[test]
fn typing_errors_that_other_validators_let_pass() {
    let text = "\
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: WorkloadDeployment
metadata:
  name: typo
specs: {}
spec:
  replicas: \"two\"
  deployPolicy: null
  template:
    spec:
      hostInterface:
        - namespace: wasi
      components:
        - name: c
          image: registry.example/acme/c:1.0.0
";
    assert_eq!(
        findings(&workload_deployment(), text),
        [
            "CW0204 5:1 specs: unknown key `specs` | did you mean `spec`?",
            "CW0201 7:13 spec.replicas: expected an integer, found a string",
            "CW0204 11:7 spec.template.spec.hostInterface: unknown key `hostInterface` in `spec.template.spec` | did you mean `hostInterfaces`?",
        ]
    );
}

#[test]
fn a_null_is_no_value() {
    let found = findings(&workload_deployment(), "spec:\n  replicas: null\n  template: {}\n");
    assert_eq!(found, ["CW0205 2:13 spec.replicas: missing key `replicas` in `spec` | add `replicas: <number>`"]);
    let nullable = json!({ "properties": { "a": { "type": "string", "nullable": true } } });
    assert_eq!(findings_with(&nullable, "a: null\n", Options::default()), NONE);
    let strict = json!({ "properties": { "a": { "type": "string" } } });
    assert_eq!(
        findings_with(&strict, "a: null\n", Options::default()),
        ["CW0201 1:4 a: expected a string, found null"]
    );
}

#[test]
fn integers_and_strings_alike_lists_by_key_and_free_maps() {
    let spec =
        |components: &str| format!("spec:\n  replicas: 1\n  template:\n    spec:\n      components:\n{components}");
    assert_eq!(
        findings(
            &workload_deployment(),
            &spec("        - {name: a, port: 80, extra: {a: x, b: 1}}\n        - {name: b, port: http}\n")
        ),
        NONE
    );
    assert_eq!(
        findings(&workload_deployment(), &spec("        - {name: a, port: 1.5}\n        - {name: a}\n")),
        [
            "CW0207 6:27 spec.template.spec.components[0].port: `1.5` would not survive as a string | write `\"1.5\"`",
            "CW0208 7:11 spec.template.spec.components[1]: this item is in the list already",
        ]
    );
}

#[test]
fn a_quantity_may_be_any_number() {
    let schema = json!({ "additionalProperties": { "$ref": "#/$defs/io.k8s.apimachinery.pkg.api.resource.Quantity" },
        "$defs": { "io.k8s.apimachinery.pkg.api.resource.Quantity": { "x-kubernetes-int-or-string": true } } });
    assert_eq!(findings(&schema, "cpu: 0.5\nmemory: 1Gi\npods: 4\n"), NONE);
    assert_eq!(findings(&schema, "cpu: [1]\n"), ["CW0201 1:6 cpu: expected an integer or a string, found a list"]);
}

#[test]
fn the_schemas_of_k8s_openapi_are_understood() {
    let schema = schemars::generate::SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<k8s_openapi::api::apps::v1::Deployment>();
    let schema = serde_json::to_value(schema).unwrap();
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: typo\nspecDOESNOTEXIST:\n  replicas: 1\n";
    assert_eq!(
        findings(&schema, text),
        ["CW0204 5:1 specDOESNOTEXIST: unknown key `specDOESNOTEXIST` | did you mean `spec`?"]
    );
    let text = "metadata: {}\nspec:\n  selector: {}\n  template:\n    spec:\n      containers:\n        - name: a\n          ports: [{containerPort: \"80\"}]\n          resources: {limits: {cpu: 0.5}}\n          livenessProbe: {httpGet: {port: http}}\n";
    assert_eq!(
        findings(&schema, text),
        [
            "CW0201 8:35 spec.template.spec.containers[0].ports[0].containerPort: expected an integer, found a string | write `80` without quotes"
        ]
    );
}

/// Prints how long it takes; no bound, since the machine may be busy.
#[test]
#[ignore = "a measurement"]
fn how_fast() {
    use crate::source::{Path, SourceKind, Sources};
    let schema = schemars::generate::SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<k8s_openapi::api::apps::v1::Deployment>();
    let schema = serde_json::to_value(schema).unwrap();
    let container = |index| {
        format!(
            "        - name: c{index}\n          image: a\n          resources: {{limits: {{cpu: 1, memory: 1Gi}}}}\n          env: [{{name: A, value: b}}]\n"
        )
    };
    let containers: String = (0..30).map(container).collect();
    let text =
        format!("metadata: {{}}\nspec:\n  selector: {{}}\n  template:\n    spec:\n      containers:\n{containers}");
    let mut sources = Sources::default();
    let source = sources.add(SourceKind::File, "a.yaml", text.as_str());
    let root = super::yaml::parse(&text, source);
    let start = std::time::Instant::now();
    for _ in 0..100 {
        assert!(
            crate::validate::schema::check_with(&schema, &root, &Path::root(), &sources, Options::kubernetes())
                .is_empty()
        );
    }
    let size = schema.to_string().len() / 1024;
    panic!("{:?} a check, schema of {size} KiB", start.elapsed() / 100);
}
