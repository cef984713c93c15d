//! Secrets in the cluster: which are ours, and writes that never lose another's.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::PostParams;
use kube::{Api, Client};

use super::state::{AUTHORITY, Content, Found, Place, UNUSED_SINCE};
use crate::cluster::MANAGER;

/// The mark of what is ours.
pub(super) const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// How long an answer of the API server may take.
const ANSWER: Duration = Duration::from_secs(30);

/// What a write came to.
pub(super) enum Written {
    Done,
    /// Somebody else wrote at the same time: what was read is old.
    Conflict,
}

/// A Secret as it was read, and what it is to us.
pub(super) struct Read {
    pub(super) found: Found,
    object: Option<Secret>,
}

/// Reads a Secret. `authority`: whose certificate it is to be, none for the authority itself.
pub(super) async fn read(client: &Client, place: &Place, authority: Option<&Place>) -> Read {
    let api: Api<Secret> = Api::namespaced(client.clone(), &place.namespace);
    match in_time(api.get_opt(&place.secret)).await {
        Ok(None) => Read { found: Found::Absent, object: None },
        Ok(Some(object)) => Read { found: judge(&object, place, authority), object: Some(object) },
        Err(why) => Read { found: Found::Unknown(format!("the Secret {place} cannot be read: {why}")), object: None },
    }
}

/// What a Secret is to us.
pub(super) fn judge(object: &Secret, place: &Place, authority: Option<&Place>) -> Found {
    if object.metadata.deletion_timestamp.is_some() {
        return Found::Unknown(format!("the Secret {place} is being deleted"));
    }
    let data = object.data.clone().unwrap_or_default();
    if data.values().all(|value| value.0.is_empty()) {
        return Found::Absent;
    }
    let annotations = object.metadata.annotations.clone().unwrap_or_default();
    let manager = object.metadata.labels.as_ref().and_then(|labels| labels.get(MANAGED_BY));
    if manager.map(String::as_str) != Some(MANAGER) {
        return Found::Foreign(format!(
            "the Secret {place} is not ours and stays as it is: delete it, or give it the label {MANAGED_BY}={MANAGER} \
             to have it overwritten"
        ));
    }
    if let (Some(by), Some(authority)) = (annotations.get(AUTHORITY), authority)
        && *by != authority.to_string()
    {
        return Found::Foreign(format!(
            "the Secret {place} is of another release, whose authority is {by}, and stays as it is: the two releases \
             need other names for it (`tls.secrets`)"
        ));
    }
    if object.immutable == Some(true) {
        return Found::Foreign(format!("the Secret {place} is immutable: delete it, and it is made again"));
    }
    Found::Ours(Content { data: data.into_iter().map(|(key, value)| (key, value.0)).collect(), annotations })
}

/// Writes a Secret that was read before: if it is still that one.
pub(super) async fn write(client: &Client, place: &Place, read: &Read, content: Content) -> Result<Written, String> {
    let api: Api<Secret> = Api::namespaced(client.clone(), &place.namespace);
    let parameters = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
    let result = match &read.object {
        None => {
            let mut secret = Secret {
                metadata: ObjectMeta { name: Some(place.secret.clone()), ..ObjectMeta::default() },
                type_: Some("kubernetes.io/tls".to_owned()),
                ..Secret::default()
            };
            fill(&mut secret, content);
            in_time(api.create(&parameters, &secret)).await
        }
        Some(object) => {
            let mut secret = object.clone();
            secret.metadata.managed_fields = None;
            fill(&mut secret, content);
            // It carries the version that was read.
            in_time(api.replace(&place.secret, &parameters, &secret)).await
        }
    };
    match result {
        Ok(_) => Ok(Written::Done),
        Err(Failure::Api(409 | 404, ..)) if read.object.is_some() => Ok(Written::Conflict),
        Err(Failure::Api(409, ..)) => Ok(Written::Conflict),
        Err(why) => Err(format!("the Secret {place} cannot be written: {why}")),
    }
}

fn fill(secret: &mut Secret, content: Content) {
    let labels = secret.metadata.labels.get_or_insert_default();
    for (key, value) in
        [(MANAGED_BY, MANAGER), ("app.kubernetes.io/part-of", "wasmcloud"), ("app.kubernetes.io/component", "tls")]
    {
        labels.insert(key.to_owned(), value.to_owned());
    }
    let annotations = secret.metadata.annotations.get_or_insert_default();
    annotations.remove(UNUSED_SINCE);
    annotations.extend(content.annotations);
    let data: BTreeMap<String, ByteString> =
        content.data.into_iter().map(|(key, value)| (key, ByteString(value))).collect();
    secret.data = Some(data);
}

/// Why the API server did not do it. Its words name objects, never their content.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{1}")]
    Api(u16, String),
    #[error("{0}")]
    Other(String),
}

/// An answer of the API server, if it comes in time.
pub(super) async fn in_time<T>(answer: impl Future<Output = kube::Result<T>>) -> Result<T, Failure> {
    match tokio::time::timeout(ANSWER, answer).await {
        Err(_) => Err(Failure::Other("the API server does not answer".into())),
        Ok(Ok(value)) => Ok(value),
        Ok(Err(kube::Error::Api(status))) => Err(Failure::Api(status.code, status.message.clone())),
        // A body that cannot be read might be quoted in the error.
        Ok(Err(kube::Error::SerdeError(_))) => Err(Failure::Other("the answer cannot be read".into())),
        Ok(Err(err)) => Err(Failure::Other(err.to_string())),
    }
}
