//! What a cluster is: its version, and the groups that it serves.

use kube::Client;

use super::ClusterError;

/// What templates and rules ask of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// `v1.35.8`.
    pub version: String,
    /// `apps/v1`, `monitoring.coreos.com/v1` and so on.
    pub api_versions: Vec<String>,
}

impl Served {
    /// Asks it.
    pub async fn ask(client: &Client) -> Result<Self, ClusterError> {
        let version = client.apiserver_version().await.map_err(ClusterError::when("ask the version of the cluster"))?;
        let groups = client.list_api_groups().await.map_err(ClusterError::when("ask which groups are served"))?;
        let of_groups = groups.groups.into_iter().flat_map(|group| group.versions);
        let mut api_versions: Vec<String> = of_groups.map(|version| version.group_version).collect();
        api_versions.push("v1".into());
        Ok(Self { version: version.git_version, api_versions })
    }
}
