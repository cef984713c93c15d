//! One object and the API server: read, tried out, applied, deleted.

use kube::Client;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, Preconditions, ValidationDirective};
use kube::core::Status;
use serde_json::{Map, Value, json};

use crate::cluster::{ClusterError, Kind};
use crate::render::Object;

use super::plan::title;
use super::{InstallError, Step};

/// Helm's own name as the manager of fields: with another one its next upgrade would conflict with every field.
pub(super) const MANAGER: &str = "helm";

/// What is there.
pub(super) async fn get(client: &Client, kind: &Kind, object: &Object) -> Result<Option<Value>, ClusterError> {
    let api = kind.api(client, object.namespace.as_deref().unwrap_or_default());
    let doing = || format!("read the {}", title(object));
    let found = api.get_opt(&object.name).await.map_err(ClusterError::when(doing()))?;
    Ok(found.map(plain))
}

/// What would be there if it were applied.
pub(super) async fn try_out(
    client: &Client,
    kind: &Kind,
    object: &Object,
    live: Option<&Value>,
    force: bool,
) -> Result<Value, InstallError> {
    // What Helm wrote without server-side apply is handed over before it is applied; here only its outcome is asked for.
    let force = force || live.is_some_and(|live| handed_over(live).is_some());
    send(client, kind, object, PatchParams { dry_run: true, ..parameters(force) }).await
}

/// Applies the object of a step.
pub(super) async fn apply(client: &Client, step: &Step, force: bool) -> Result<Value, InstallError> {
    if let Some(entries) = step.before.as_ref().and_then(handed_over) {
        hand_over(client, step, entries).await?;
    }
    send(client, &step.kind, &step.object, parameters(force)).await
}

/// Deletes the object of a step, unless another one of its name is there by now. Gone already is as good.
pub(super) async fn delete(client: &Client, step: &Step, how: DeleteParams) -> Result<(), ClusterError> {
    let uid = step.before.as_ref().and_then(|live| live["metadata"]["uid"].as_str()).map(str::to_owned);
    let parameters = DeleteParams { preconditions: Some(Preconditions { uid, resource_version: None }), ..how };
    match api(client, step).delete(&step.object.name, &parameters).await {
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        done => done.map(drop).map_err(ClusterError::when(format!("delete the {}", step.title()))),
    }
}

/// An object without what the API server counts and notes about it: two of them are equal when nothing would change.
pub(super) fn settled(live: &Value) -> Value {
    let mut live = live.clone();
    if let Some(all) = live.as_object_mut() {
        all.remove("status");
    }
    if let Some(metadata) = live["metadata"].as_object_mut() {
        for key in ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"] {
            metadata.remove(key);
        }
    }
    live
}

fn api(client: &Client, step: &Step) -> kube::Api<DynamicObject> {
    step.kind.api(client, step.object.namespace.as_deref().unwrap_or_default())
}

fn parameters(force: bool) -> PatchParams {
    PatchParams {
        field_manager: Some(MANAGER.into()),
        force,
        field_validation: Some(ValidationDirective::Strict),
        ..PatchParams::default()
    }
}

async fn send(client: &Client, kind: &Kind, object: &Object, parameters: PatchParams) -> Result<Value, InstallError> {
    let api = kind.api(client, object.namespace.as_deref().unwrap_or_default());
    match api.patch(&object.name, &parameters, &Patch::Apply(&object.value)).await {
        Ok(applied) => Ok(plain(applied)),
        Err(kube::Error::Api(status)) if is_conflict(&status) => {
            Err(InstallError::Conflict { object: title(object), fields: conflicts(&status) })
        }
        Err(err) => Err(ClusterError::when(format!("apply the {}", title(object)))(err).into()),
    }
}

fn plain(object: DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

/// Whether somebody else manages fields that were to be applied.
pub(super) fn is_conflict(status: &Status) -> bool {
    status.code == 409 && status.details.as_ref().is_some_and(|details| !details.causes.is_empty())
}

/// Who does.
pub(super) fn conflicts_with(status: &Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.filter_map(|cause| cause.message.split('"').nth(1).map(str::to_owned)).collect()
}

/// `.spec.replicas is managed by kubectl`, for each.
pub(super) fn conflicts(status: &Status) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let one = |cause: &kube::core::response::StatusCause| {
        let by = cause.message.strip_prefix("conflict with ").unwrap_or(&cause.message);
        format!("{} is managed by {by}", cause.field)
    };
    causes.map(one).collect::<Vec<_>>().join("; ")
}

/// The entries of `managedFields` with what Helm wrote by updates turned into what it applied; none if it wrote nothing so.
/// Server-side apply would else keep every field that leaves the chart, as somebody else's.
fn handed_over(live: &Value) -> Option<Vec<Value>> {
    let entries = live["metadata"]["managedFields"].as_array()?;
    let helms = |entry: &Value, operation: &str| {
        entry["manager"] == MANAGER
            && entry["operation"] == operation
            && entry["subresource"].as_str().unwrap_or_default().is_empty()
    };
    let updated = entries.iter().find(|entry| helms(entry, "Update"))?;
    let mut all: Vec<Value> =
        entries.iter().filter(|entry| !helms(entry, "Update") && !helms(entry, "Apply")).cloned().collect();
    let mut applied = updated.clone();
    applied["operation"] = "Apply".into();
    for entry in entries.iter().filter(|entry| helms(entry, "Apply")) {
        join(&mut applied["fieldsV1"], &entry["fieldsV1"]);
    }
    all.push(applied);
    Some(all)
}

/// Every field of both.
fn join(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        for (key, value) in from {
            join(into.entry(key.clone()).or_insert_with(|| Value::Object(Map::new())), value);
        }
    }
}

async fn hand_over(client: &Client, step: &Step, entries: Vec<Value>) -> Result<(), InstallError> {
    let patch = json!({ "metadata": { "managedFields": entries } });
    let api = api(client, step);
    let handed = api.patch(&step.object.name, &PatchParams::default(), &Patch::Merge(&patch)).await;
    handed.map_err(ClusterError::when(format!("hand over the fields of the {}", step.title())))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helm_updated_becomes_what_it_applied() {
        let live = json!({ "metadata": { "managedFields": [
            { "manager": "helm", "operation": "Update", "fieldsV1": { "f:a": {} } },
            { "manager": "helm", "operation": "Apply", "fieldsV1": { "f:b": { "f:c": {} } } },
            { "manager": "kubelet", "operation": "Update", "subresource": "status", "fieldsV1": {} },
        ] } });
        let entries = handed_over(&live).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(entries[1]["operation"], "Apply");
        assert_eq!(entries[1]["fieldsV1"], json!({ "f:a": {}, "f:b": { "f:c": {} } }));
        assert!(handed_over(&json!({ "metadata": { "managedFields": [entries[1]] } })).is_none());
    }
}
