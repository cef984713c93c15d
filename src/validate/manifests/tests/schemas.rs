use super::super::{check_against_installed, is_manifest};
use super::{case, only, read, told};
use crate::diagnostics::tidy;

#[test]
fn typing_errors_that_other_validators_let_pass() {
    assert_eq!(
        case("R19", &["wd.yaml"]),
        [
            "CW0204 wd.yaml:5:1 unknown key `specs`",
            "CW0201 wd.yaml:7:13 expected an integer, found a string",
            "CW0204 wd.yaml:11:7 unknown key `hostInterface` in `spec.template.spec`",
        ]
    );
    assert_eq!(
        case("R19", &["deploy.yaml"]),
        ["CW0205 deploy.yaml:1:1 missing key `spec`", "CW0204 deploy.yaml:5:1 unknown key `specDOESNOTEXIST`"]
    );
}

/// The definition of the deployment without one field.
fn old_definition() -> String {
    let definitions = chartwright_contract::crds::all();
    let definition = definitions.iter().find(|definition| definition.spec.names.kind == "WorkloadDeployment").unwrap();
    let mut json = serde_json::to_value(definition).unwrap();
    json["apiVersion"] = "apiextensions.k8s.io/v1".into();
    json["kind"] = "CustomResourceDefinition".into();
    let components = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/template/properties/spec/properties/components/items/properties";
    json.pointer_mut(components).unwrap().as_object_mut().unwrap().remove("maxInvocations").unwrap();
    json.to_string()
}

#[test]
fn a_field_that_the_cluster_lacks_would_be_pruned() {
    let wd = fs_err::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/R11/wd.yaml")).unwrap();
    let pruned = "CW2004 wd.yaml:13:11 `spec.template.spec.components[0].maxInvocations` would be pruned by the cluster: its definition of WorkloadDeployment lacks it";
    let crd = old_definition();
    let (sources, documents) = read(&[("wd.yaml", &wd), ("crd.json", &crd)]);
    let mut among = super::check(&sources, &documents);
    tidy(&mut among, &sources);
    assert_eq!(told(&sources, &among), [pruned]);
    let mut beside = check_against_installed(&sources, &documents[1..], &documents[..1]);
    tidy(&mut beside, &sources);
    assert_eq!(told(&sources, &beside), [pruned]);
    assert_eq!(case("R11", &["wd.yaml"]), [""; 0]);
}

#[test]
fn a_typing_error_stays_one_when_the_cluster_is_known() {
    let crd = old_definition();
    let wd = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec: {template: {spec: {component: []}}}\n";
    let (sources, documents) = read(&[("wd.yaml", wd), ("crd.json", &crd)]);
    let found = super::check(&sources, &documents);
    assert_eq!(told(&sources, &found), ["CW0204 wd.yaml:4:26 unknown key `component` in `spec.template.spec`"]);
}

#[test]
fn metadata_has_a_schema_too() {
    let text = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Artifact\nmetadata: {name: a, label: {a: b}, creationTimestamp: null}\nspec: {image: 'a:1.0', imagePullSecret: null}\n";
    assert_eq!(only("CW0204", text), ["3:21 unknown key `label` in `metadata` | did you mean `labels`?"]);
    assert!(only("CW0201", text).is_empty());
}

#[test]
fn what_the_api_server_wants_is_required() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {a: b}}\n  template:\n    metadata: {labels: {a: b}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
    assert_eq!(
        only("CW0205", text),
        ["6:3 missing key `spec` in `spec.template` | add `spec: {…}`", "9:1 missing key `spec` | add `spec: {…}`"]
    );
}

#[test]
fn kinds_nobody_knows_are_left_alone_and_lists_are_opened() {
    assert!(only("CW0204", "apiVersion: example.com/v1\nkind: Thing\nanything: 1\n").is_empty());
    let list = "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: {name: a}\n    dat: {}\n";
    assert_eq!(only("CW0204", list), ["7:5 unknown key `dat` in `items[0]` | did you mean `data`?"]);
}

#[test]
fn a_manifest_has_a_kind() {
    let (_, documents) = read(&[("a.yaml", "apiVersion: v1\nkind: X\n---\nhosts: {}\n---\nkind: X\n")]);
    assert_eq!(documents.iter().map(is_manifest).collect::<Vec<_>>(), [true, false, false]);
}
