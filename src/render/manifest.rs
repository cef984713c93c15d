//! The manifest: objects in Helm's install order, hooks apart.

use chartwright_dialect::Role;
use std::sync::Arc;

use super::{
    CHART, Engine, TemplateError, emit,
    eval::{Input, Refusal, Run},
    value::Value,
};

/// The release to render for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

/// A rendered object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub kind: String,
    /// The namespace it names; none means the release's, or that its kind has none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// All of it.
    pub value: serde_json::Value,
    /// The template it comes from, `operator/deployment.yaml.j2`.
    pub template: String,
    /// Whether Helm treats it as a hook.
    pub hook: bool,
}

/// What one run renders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rendered {
    /// What belongs to the release, in install order.
    pub objects: Vec<Object>,
    /// Hooks, in install order.
    pub hooks: Vec<Object>,
}

/// Helm's install order.
const ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Where a kind stands in Helm's install order; unknown kinds come last, by name.
pub fn install_rank(kind: &str) -> (usize, &str) {
    match ORDER.iter().position(|known| *known == kind) {
        Some(position) => (position, ""),
        None => (usize::MAX, kind),
    }
}

/// Sorts by Helm's install order; equal kinds keep their order.
pub fn sort_for_install(objects: &mut [Object]) {
    objects.sort_by(|a, b| install_rank(&a.kind).cmp(&install_rank(&b.kind)));
}

/// Writes objects as a stream of YAML documents, each after `---`.
pub fn to_stream<'o>(objects: impl IntoIterator<Item = &'o Object>) -> String {
    let mut out = String::new();
    for object in objects {
        out.push_str("---\n");
        emit::write_yaml(&object.value, &mut out);
    }
    out
}

impl Engine<'_> {
    /// Renders all objects for coalesced values.
    pub fn render(
        &self,
        values: &serde_json::Map<String, serde_json::Value>,
        release: &Release,
        api_versions: &[String],
    ) -> Result<Rendered, TemplateError> {
        let input = input(values, release, api_versions);
        let mut run = Run::new(&self.0, &input);
        let mut rendered = Rendered::default();
        for file in self.0.files.iter().filter(|file| file.role == Role::Objects) {
            for value in run.objects(file)? {
                let object = object(&value, file.path);
                if object.hook { rendered.hooks.push(object) } else { rendered.objects.push(object) }
            }
        }
        sort_for_install(&mut rendered.objects);
        sort_for_install(&mut rendered.hooks);
        Ok(rendered)
    }

    /// Runs the error rules and returns all they find.
    pub fn refusals(
        &self,
        values: &serde_json::Map<String, serde_json::Value>,
        release: &Release,
        api_versions: &[String],
    ) -> Result<Vec<Refusal>, TemplateError> {
        let input = input(values, release, api_versions);
        let mut run = Run::new(&self.0, &input);
        let mut all = Vec::new();
        for file in self.0.files.iter().filter(|file| file.role == Role::Rules) {
            all.extend(run.refusals(file)?);
        }
        Ok(all)
    }

    /// The text that `install` prints at the end.
    pub fn notes(
        &self,
        values: &serde_json::Map<String, serde_json::Value>,
        release: &Release,
        api_versions: &[String],
    ) -> Result<String, TemplateError> {
        let input = input(values, release, api_versions);
        let mut run = Run::new(&self.0, &input);
        let mut text = String::new();
        for file in self.0.files.iter().filter(|file| file.role == Role::Notes) {
            text.push_str(&run.text(file)?);
        }
        Ok(text)
    }
}

fn input(values: &serde_json::Map<String, serde_json::Value>, release: &Release, api_versions: &[String]) -> Input {
    Input {
        values: Value::from_json_map(values),
        release_name: Value::str(release.name.as_str()),
        release_namespace: Value::str(release.namespace.as_str()),
        chart_name: Value::str(CHART.name),
        chart_version: Value::str(CHART.version),
        chart_app_version: Value::str(CHART.app_version),
        api_versions: api_versions.to_vec(),
    }
}

fn object(value: &Value, template: &str) -> Object {
    let text = |path: &[&str]| {
        let mut at = value;
        for key in path {
            match at {
                Value::Map(map) => at = map.get(*key)?,
                _ => return None,
            }
        }
        match at {
            Value::Str(text) => Some(Arc::clone(text)),
            _ => None,
        }
    };
    let or_empty = |path: &[&str]| text(path).map(|text| text.to_string()).unwrap_or_default();
    Object {
        api_version: or_empty(&["apiVersion"]),
        kind: or_empty(&["kind"]),
        namespace: text(&["metadata", "namespace"]).map(|text| text.to_string()),
        name: or_empty(&["metadata", "name"]),
        hook: text(&["metadata", "annotations", "helm.sh/hook"]).is_some(),
        value: value.to_json(),
        template: template.to_owned(),
    }
}
