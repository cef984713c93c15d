//! What the programs of the release wrote.

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{Api, ListParams, LogParams};

use super::Stage;
use crate::cluster::{ClusterError, main};
use crate::conformance::check::Stop;

impl Stage {
    /// The Pods of a part as they are now.
    pub(in crate::conformance) async fn pods_now(&self, part: &str) -> Result<Vec<Pod>, Stop> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let listed = api.list(&ListParams::default()).await.map_err(ClusterError::when("list pods"))?;
        Ok(listed.items.into_iter().filter(|pod| self.snapshot().has(part, pod)).collect())
    }

    /// The logs of a part, by Pod.
    pub(in crate::conformance) async fn logs(&self, part: &str) -> Result<Vec<(String, String)>, Stop> {
        let api: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let mut logs = Vec::new();
        for pod in self.pods_now(part).await? {
            let name = pod.name_any();
            let container = pod.spec.as_ref().and_then(main).map(|container| container.name.clone());
            let params = LogParams { container, limit_bytes: Some(16 << 20), ..LogParams::default() };
            // Logs that are out of our reach say nothing about the release.
            let unread = |err| Stop::skipped(ClusterError::when(format!("read the log of {name}"))(err).to_string());
            let log = api.logs(&name, &params).await.map_err(unread)?;
            logs.push((name, log));
        }
        Ok(logs)
    }
}
