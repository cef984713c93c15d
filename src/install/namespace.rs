//! The namespace of a release.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

use crate::cluster::ClusterError;

/// Whether it is there. Who may not read namespaces is believed that it is: the first write will tell.
pub(super) async fn exists(client: &Client, name: &str) -> Result<bool, ClusterError> {
    let api: Api<Namespace> = Api::all(client.clone());
    match api.get_opt(name).await {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(true),
        found => Ok(found.map_err(ClusterError::when(format!("read the namespace {name}")))?.is_some()),
    }
}

/// Makes it, as Helm does: with a label of its name; and with those that somebody asks for.
pub(super) async fn create(client: &Client, name: &str, labels: &BTreeMap<String, String>) -> Result<(), ClusterError> {
    let api: Api<Namespace> = Api::all(client.clone());
    let mut labels = labels.clone();
    labels.entry("name".to_owned()).or_insert_with(|| name.to_owned());
    let namespace = Namespace {
        metadata: ObjectMeta { name: Some(name.to_owned()), labels: Some(labels), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    match api.create(&PostParams::default(), &namespace).await {
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(()),
        made => made.map(drop).map_err(ClusterError::when(format!("make the namespace {name}"))),
    }
}
