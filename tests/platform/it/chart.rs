//! What the chart renders, as far as the API server alone can use it.

use chartwright::render::{self, Object, Release};
use chartwright::source::{Layers, Node, Origin, SourceKind, Sources, parse};
use chartwright::values;
use k8s_openapi::api::apps::v1::Deployment;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};

/// The name of the release.
pub(crate) const RELEASE: &str = "wasmcloud";

/// All objects of a release with these values, which no rule may refuse.
pub(crate) fn rendered(namespace: &str, text: &str) -> Vec<Object> {
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, "values.yaml", text);
    let parsed = parse(&sources, id);
    assert!(parsed.diagnostics.is_empty(), "{:?}", parsed.diagnostics);
    let none = Origin { source: sources.add(SourceKind::Default, "defaults", ""), start: 0, end: 0 };
    let mut layers = Layers::new(Node::from_json(&values::defaults().into(), none));
    layers.add(parsed.node.unwrap());
    let (coalesced, faults) = layers.finish();
    assert!(faults.is_empty(), "{faults:?}");
    let json = coalesced.root.to_json();
    let (values, release) =
        (json.as_object().unwrap(), Release { name: RELEASE.into(), namespace: namespace.to_owned() });
    let refused = render::refusals(values, &release, &[]).unwrap();
    assert!(refused.is_empty(), "{refused:?}");
    render::render(values, &release, &[]).unwrap().objects
}

/// Applies the objects of these kinds.
pub(crate) async fn apply(client: &Client, objects: &[Object], kinds: &[&str]) {
    for object in objects.iter().filter(|object| kinds.contains(&object.kind.as_str())) {
        let (group, version) = object.api_version.split_once('/').unwrap_or(("", &object.api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &object.kind));
        let api: Api<DynamicObject> = match &object.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
            None => Api::all_with(client.clone(), &resource),
        };
        let apply = PatchParams::apply("test").force();
        api.patch(&object.name, &apply, &Patch::Apply(&object.value)).await.unwrap();
    }
}

/// The operator's arguments, and the account it runs as.
pub(crate) fn operator(objects: &[Object]) -> (Vec<String>, String) {
    let found = objects.iter().find(|object| object.kind == "Deployment" && object.name == "wasmcloud-operator");
    let deployment: Deployment = serde_json::from_value(found.unwrap().value.clone()).unwrap();
    let pod = deployment.spec.unwrap().template.spec.unwrap();
    let arguments = pod.containers[0].args.clone().unwrap();
    assert_eq!(arguments[0], "operator");
    (arguments[1..].to_vec(), pod.service_account_name.unwrap())
}

/// Arguments in which these flags have other values; each of them must be there. `None` takes one away.
pub(crate) fn instead(arguments: &[String], others: &[(&str, Option<&str>)]) -> Vec<String> {
    let name = |argument: &str| argument.trim_start_matches("--").split('=').next().unwrap().to_owned();
    for (flag, _) in others {
        assert!(arguments.iter().any(|argument| name(argument) == *flag), "no --{flag} in {arguments:?}");
    }
    let kept = arguments.iter().filter_map(|argument| match others.iter().find(|(flag, _)| name(argument) == *flag) {
        Some((flag, value)) => value.map(|value| format!("--{flag}={value}")),
        None => Some(argument.clone()),
    });
    kept.collect()
}
