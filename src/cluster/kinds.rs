//! Which kinds a cluster serves, asked once a group and version.

use std::collections::HashMap;
use std::sync::Mutex;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::APIResourceList;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersionKind;

use super::ClusterError;

/// A kind as the cluster serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Group, version and plural.
    pub resource: ApiResource,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Kind {
    /// Where its objects are: in that namespace, or in none if the kind has none.
    pub fn api(&self, client: &Client, namespace: &str) -> Api<DynamicObject> {
        if self.namespaced {
            Api::namespaced_with(client.clone(), namespace, &self.resource)
        } else {
            Api::all_with(client.clone(), &self.resource)
        }
    }
}

/// The kinds of one cluster.
pub struct Kinds {
    client: Client,
    /// By `apiVersion`.
    known: Mutex<HashMap<String, APIResourceList>>,
}

impl Kinds {
    /// None asked for yet.
    pub fn new(client: Client) -> Self {
        Self { client, known: Mutex::default() }
    }

    /// Forgets what was asked: definitions were applied since.
    pub fn forget(&self) {
        self.known().clear();
    }

    /// The kind, or that there is none of it here.
    pub async fn find(&self, api_version: &str, kind: &str) -> Result<Kind, ClusterError> {
        let known = self.known().get(api_version).cloned();
        let list = match known {
            Some(list) => list,
            None => {
                let list = self.ask(api_version).await?;
                self.known().insert(api_version.to_owned(), list.clone());
                list
            }
        };
        // Subresources carry the kind of their parent: `deployments/scale`.
        let found = list.resources.iter().find(|resource| resource.kind == kind && !resource.name.contains('/'));
        let Some(found) = found else {
            return Err(ClusterError::NoKind {
                kind: kind.to_owned(),
                api_version: api_version.to_owned(),
                hint: hint(api_version),
            });
        };
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let gvk = GroupVersionKind::gvk(group, version, kind);
        Ok(Kind { resource: ApiResource::from_gvk_with_plural(&gvk, &found.name), namespaced: found.namespaced })
    }

    async fn ask(&self, api_version: &str) -> Result<APIResourceList, ClusterError> {
        let asked = match api_version.split_once('/') {
            Some(_) => self.client.list_api_group_resources(api_version).await,
            None => self.client.list_core_api_resources(api_version).await,
        };
        match asked {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(APIResourceList::default()),
            asked => asked.map_err(ClusterError::when(format!("ask which kinds {api_version} has"))),
        }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, APIResourceList>> {
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// What brings kinds that are not Kubernetes' own.
fn hint(api_version: &str) -> &'static str {
    match api_version.split('/').next().unwrap_or_default() {
        "monitoring.coreos.com" => {
            "install the Prometheus operator's definitions, or turn the values under `monitoring` off"
        }
        "cert-manager.io" => "install cert-manager, or choose another `tls.provider`",
        "gateway.networking.k8s.io" => "install the definitions of the Gateway API, or turn `routing` by it off",
        "keda.sh" => "install KEDA, or turn the autoscaling by it off",
        "runtime.wasmcloud.dev" => "the release brings these definitions; leave --skip-crds out",
        _ => "install what defines it first, or leave the object out",
    }
}
