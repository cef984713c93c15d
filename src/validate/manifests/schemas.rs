//! The schema of each kind: built in, or as a given `CustomResourceDefinition` has it.

use std::collections::BTreeMap;

use chartwright_contract::crds;
use k8s_openapi::api::{apps, autoscaling, batch, core, discovery, networking, policy, rbac};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value as Schema, json};

use super::object::{Object, Set, is_ours};
use super::rules::pruned;
use crate::diagnostics::Diagnostic;
use crate::validate::schema::{Options, UNKNOWN_KEY, check_with};

/// A kind of Kubernetes itself.
pub(super) struct Known {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    /// Without a `spec` the API server refuses it, though the schema does not say so.
    needs_spec: bool,
    schema: fn() -> Schema,
}

/// The kinds that stand beside workloads.
pub(super) const KINDS: &[Known] = &[
    plain::<core::v1::ConfigMap>("v1", "ConfigMap"),
    plain::<core::v1::Namespace>("v1", "Namespace"),
    with_spec::<core::v1::Pod>("v1", "Pod"),
    plain::<core::v1::Secret>("v1", "Secret"),
    with_spec::<core::v1::Service>("v1", "Service"),
    plain::<core::v1::ServiceAccount>("v1", "ServiceAccount"),
    with_spec::<apps::v1::DaemonSet>("apps/v1", "DaemonSet"),
    with_spec::<apps::v1::Deployment>("apps/v1", "Deployment"),
    with_spec::<apps::v1::StatefulSet>("apps/v1", "StatefulSet"),
    with_spec::<autoscaling::v2::HorizontalPodAutoscaler>("autoscaling/v2", "HorizontalPodAutoscaler"),
    with_spec::<batch::v1::CronJob>("batch/v1", "CronJob"),
    with_spec::<batch::v1::Job>("batch/v1", "Job"),
    plain::<discovery::v1::EndpointSlice>("discovery.k8s.io/v1", "EndpointSlice"),
    with_spec::<networking::v1::Ingress>("networking.k8s.io/v1", "Ingress"),
    plain::<networking::v1::NetworkPolicy>("networking.k8s.io/v1", "NetworkPolicy"),
    plain::<policy::v1::PodDisruptionBudget>("policy/v1", "PodDisruptionBudget"),
    plain::<rbac::v1::ClusterRole>("rbac.authorization.k8s.io/v1", "ClusterRole"),
    plain::<rbac::v1::ClusterRoleBinding>("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    plain::<rbac::v1::Role>("rbac.authorization.k8s.io/v1", "Role"),
    plain::<rbac::v1::RoleBinding>("rbac.authorization.k8s.io/v1", "RoleBinding"),
];

/// Types whose `spec` the API server wants and whose schema does not.
const NEED_SPEC: [&str; 2] = ["io.k8s.api.core.v1.PodTemplateSpec", "io.k8s.api.batch.v1.JobTemplateSpec"];

const fn plain<T: JsonSchema>(api_version: &'static str, kind: &'static str) -> Known {
    Known { api_version, kind, needs_spec: false, schema: generate::<T> }
}

const fn with_spec<T: JsonSchema>(api_version: &'static str, kind: &'static str) -> Known {
    Known { needs_spec: true, ..plain::<T>(api_version, kind) }
}

fn generate<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().to_value()
}

/// Everything in the objects that their schemas do not allow.
pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    let mut schemas: BTreeMap<(&str, &str), Pair> = BTreeMap::new();
    for object in &set.objects {
        let pair = schemas.entry((object.api_version, object.kind)).or_insert_with(|| Pair {
            built_in: built_in(object.api_version, object.kind),
            installed: installed(object, set),
        });
        found.extend(pair.judge(object, set));
    }
}

/// What we know of a kind, and what the cluster knows of it.
struct Pair {
    built_in: Option<Schema>,
    installed: Option<Schema>,
}

impl Pair {
    fn judge(&self, object: &Object<'_>, set: &Set<'_>) -> Vec<Diagnostic> {
        let findings =
            |schema| check_with(schema, object.place.node, object.place.path(), set.sources, Options::kubernetes());
        let Some(installed) = &self.installed else {
            return self.built_in.as_ref().map(findings).unwrap_or_default();
        };
        let found = findings(installed);
        let Some(built_in) = self.built_in.as_ref().filter(|_| found.iter().any(is_unknown)) else { return found };
        let strange: Vec<_> =
            findings(built_in).into_iter().filter(is_unknown).map(|finding| finding.primary).collect();
        found
            .into_iter()
            .map(|finding| {
                let known = is_unknown(&finding)
                    && !strange.iter().any(|other| {
                        other.as_ref().map(|label| label.origin) == finding.primary.as_ref().map(|label| label.origin)
                    });
                if known { pruned::finding(finding, object) } else { finding }
            })
            .collect()
    }
}

fn is_unknown(finding: &Diagnostic) -> bool {
    finding.code == UNKNOWN_KEY
}

fn built_in(api_version: &str, kind: &str) -> Option<Schema> {
    if is_ours(api_version) {
        return crds::schema(kind).map(described);
    }
    let known = KINDS.iter().find(|known| known.api_version == api_version && known.kind == kind)?;
    let mut schema = (known.schema)();
    if known.needs_spec {
        require_spec(&mut schema);
    }
    for name in NEED_SPEC {
        if let Some(definition) = schema.get_mut("definitions").and_then(|definitions| definitions.get_mut(name)) {
            require_spec(definition);
        }
    }
    Some(schema)
}

/// The schema that a given definition has for an object.
fn installed(object: &Object<'_>, set: &Set<'_>) -> Option<Schema> {
    let version = object.api_version.rsplit('/').next()?;
    let definition = set.definitions.iter().find(|definition| defines(definition, object))?;
    let versions = definition.place.walk(&["spec", "versions"])?.items();
    let version = versions.into_iter().find(|place| place.text_at(&["name"]) == Some(version))?;
    Some(described(version.walk(&["schema", "openAPIV3Schema"])?.node.to_json()))
}

/// Whether a `CustomResourceDefinition` is that of an object's kind.
pub(super) fn defines(definition: &Object<'_>, object: &Object<'_>) -> bool {
    definition.place.text_at(&["spec", "group"]) == Some(object.group())
        && definition.place.text_at(&["spec", "names", "kind"]) == Some(object.kind)
}

/// The schema of a custom resource with its metadata described, as the API server knows it beside every definition.
fn described(mut schema: Schema) -> Schema {
    let mut metadata = generate::<ObjectMeta>();
    let definitions = metadata.as_object_mut().and_then(|root| root.remove("definitions"));
    if let Some(root) = schema.as_object_mut() {
        root.insert("definitions".to_owned(), definitions.unwrap_or_default());
        if let Some(properties) = root.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
            properties.insert("metadata".to_owned(), metadata);
        }
    }
    schema
}

fn require_spec(schema: &mut Schema) {
    let Some(schema) = schema.as_object_mut() else { return };
    if let Some(required) = schema.entry("required").or_insert_with(|| json!([])).as_array_mut() {
        required.push("spec".into());
    }
}
