//! The namespace of a release.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client, ResourceExt as _};

use crate::cluster::ClusterError;
use crate::render::Release;

/// Annotation of a namespace that we made: the release that it was made for. An uninstall names it by that.
const MADE_FOR: &str = "chartwright.dev/made-for";

/// Whether it is there. Who may not read namespaces is believed that it is: the first write will tell.
pub(super) async fn exists(client: &Client, name: &str) -> Result<bool, ClusterError> {
    let api: Api<Namespace> = Api::all(client.clone());
    match api.get_opt(name).await {
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(true),
        found => Ok(found.map_err(ClusterError::when(format!("read the namespace {name}")))?.is_some()),
    }
}

/// Makes it, as Helm does: with a label of its name; with those that somebody asks for; and with the release that it is for.
pub(super) async fn create(
    client: &Client,
    name: &str,
    labels: &BTreeMap<String, String>,
    release: &Release,
) -> Result<(), ClusterError> {
    let api: Api<Namespace> = Api::all(client.clone());
    let mut labels = labels.clone();
    labels.entry("name".to_owned()).or_insert_with(|| name.to_owned());
    let namespace = Namespace {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(labels),
            annotations: Some([(MADE_FOR.to_owned(), mark(release))].into()),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    };
    match api.create(&PostParams::default(), &namespace).await {
        Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(()),
        made => made.map(drop).map_err(ClusterError::when(format!("make the namespace {name}"))),
    }
}

/// Whether it is there and was made for the release. Who may not read it did not make it.
pub(super) async fn is_made_for(client: &Client, name: &str, release: &Release) -> Result<bool, ClusterError> {
    let api: Api<Namespace> = Api::all(client.clone());
    let found = match api.get_opt(name).await {
        Err(kube::Error::Api(status)) if status.code == 403 => None,
        found => found.map_err(ClusterError::when(format!("read the namespace {name}")))?,
    };
    Ok(found.is_some_and(|found| found.annotations().get(MADE_FOR).is_some_and(|made| *made == mark(release))))
}

fn mark(release: &Release) -> String {
    format!("{}/{}", release.namespace, release.name)
}
