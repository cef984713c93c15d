//! One object and the API server: read, tried out, applied, deleted.

use kube::Client;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams, Preconditions, ValidationDirective};
use serde_json::{Value, json};

use crate::cluster::{ClusterError, Kind};
use crate::render::Object;

use super::conflicts::{self, Sides};
use super::handover::{handed_over, outcome};
use super::plan::title;
use super::{InstallError, Step};

/// Helm's own name as the manager of fields: with another one its next upgrade would conflict with every field.
pub(super) const MANAGER: &str = "helm";

/// What is there.
pub(super) async fn get(client: &Client, kind: &Kind, object: &Object) -> Result<Option<Value>, ClusterError> {
    let api = kind.api(client, object.namespace.as_deref().unwrap_or_default());
    match api.get(&object.name).await {
        Ok(found) => Ok(Some(plain(found))),
        // The object is not there, or the whole kind is not served yet.
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(None),
        Err(err) => Err(ClusterError::when(format!("read the {}", title(object)))(err)),
    }
}

/// What would be there if it were applied.
pub(super) async fn try_out(
    client: &Client,
    kind: &Kind,
    object: &Object,
    live: Option<&Value>,
    force: bool,
) -> Result<Value, InstallError> {
    match live.filter(|live| handed_over(live).is_some()) {
        Some(live) => try_replacement(client, kind, object, live, force).await,
        None => send(client, kind, object, live, PatchParams { dry_run: true, ..parameters(force) }).await,
    }
}

/// The same of what Helm wrote without server-side apply. It is handed over before it is applied, and a dry run cannot be two
/// requests; so the outcome is worked out here, and the API server is asked what it makes of that.
async fn try_replacement(
    client: &Client,
    kind: &Kind,
    object: &Object,
    live: &Value,
    force: bool,
) -> Result<Value, InstallError> {
    let api = kind.api(client, object.namespace.as_deref().unwrap_or_default());
    // Of what a plain try says only conflicts with others than Helm will hold.
    let tried = PatchParams { dry_run: true, ..parameters(force) };
    if let Err(kube::Error::Api(status)) = api.patch(&object.name, &tried, &Patch::Apply(&object.value)).await
        && conflicts::is_conflict(&status)
    {
        let sides = Sides { live: Some(live), wanted: Some(&object.value) };
        let fields = conflicts::told(&status, sides, |manager| manager != MANAGER);
        if !fields.is_empty() {
            return Err(InstallError::Conflict { object: title(object), fields });
        }
    }
    let failed = |err| ClusterError::when(format!("apply the {}", title(object)))(err);
    let wanted = serde_json::from_value(outcome(live, &object.value));
    let wanted: DynamicObject = wanted.map_err(|err| failed(kube::Error::SerdeError(err)))?;
    let parameters = PostParams { dry_run: true, field_manager: Some(MANAGER.into()) };
    Ok(plain(api.replace(&object.name, &parameters, &wanted).await.map_err(failed)?))
}

/// Applies the object of a step.
pub(super) async fn apply(client: &Client, step: &Step, force: bool) -> Result<Value, InstallError> {
    if let Some(entries) = step.before.as_ref().and_then(handed_over) {
        hand_over(client, step, entries).await?;
    }
    send(client, &step.kind, &step.object, step.before.as_ref(), parameters(force)).await
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

async fn send(
    client: &Client,
    kind: &Kind,
    object: &Object,
    live: Option<&Value>,
    parameters: PatchParams,
) -> Result<Value, InstallError> {
    let api = kind.api(client, object.namespace.as_deref().unwrap_or_default());
    match api.patch(&object.name, &parameters, &Patch::Apply(&object.value)).await {
        Ok(applied) => Ok(plain(applied)),
        Err(kube::Error::Api(status)) if conflicts::is_conflict(&status) => {
            let sides = Sides { live, wanted: Some(&object.value) };
            Err(InstallError::Conflict { object: title(object), fields: conflicts::told(&status, sides, |_| true) })
        }
        Err(err) => Err(ClusterError::when(format!("apply the {}", title(object)))(err).into()),
    }
}

fn plain(object: DynamicObject) -> Value {
    serde_json::to_value(object).unwrap_or_default()
}

async fn hand_over(client: &Client, step: &Step, entries: Vec<Value>) -> Result<(), InstallError> {
    let patch = json!({ "metadata": { "managedFields": entries } });
    let api = api(client, step);
    let handed = api.patch(&step.object.name, &PatchParams::default(), &Patch::Merge(&patch)).await;
    handed.map_err(ClusterError::when(format!("hand over the fields of the {}", step.title())))?;
    Ok(())
}
