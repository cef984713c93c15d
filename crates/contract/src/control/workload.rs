//! What a host is to run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::mapping::enumeration::{Enumeration, as_enumeration};
use super::mapping::{absent, integer, wide};
use super::{LocalResources, Secret, Volume, WitInterface};

/// Components, at most one service, and what they share.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Workload {
    /// Namespace of the `Workload` object.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub namespace: String,
    /// Name of the `Workload` object.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub name: String,
    /// Annotations of the `Workload` object. Upstream's host reads none of them.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub annotations: BTreeMap<String, String>,
    /// The long-running part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
    /// The parts that are called. Without it the workload is only a service, or nothing, and runs all the same.
    #[serde(alias = "wit_world", skip_serializing_if = "Option::is_none")]
    pub wit_world: Option<WitWorld>,
    /// What components and service can mount.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub volumes: Vec<Volume>,
}

/// Components and what they want of the host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WitWorld {
    /// The components.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub components: Vec<Component>,
    /// Interfaces the host is to provide to them.
    #[serde(
        alias = "host_interfaces",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub host_interfaces: Vec<WitInterface>,
}

/// A part of a workload that is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Component {
    /// OCI reference.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub image: String,
    /// What it is given. Upstream's operator always sends at least an empty one.
    #[serde(alias = "local_resources", skip_serializing_if = "Option::is_none")]
    pub local_resources: Option<LocalResources>,
    /// Instances kept warm. 0 or less: none.
    #[serde(
        alias = "pool_size",
        deserialize_with = "integer::deserialize",
        skip_serializing_if = "absent::is_default"
    )]
    pub pool_size: i32,
    /// Calls after which an instance is replaced. 0 or less: never.
    #[serde(
        alias = "max_invocations",
        deserialize_with = "integer::deserialize",
        skip_serializing_if = "absent::is_default"
    )]
    pub max_invocations: i32,
    /// For the registry.
    #[serde(alias = "image_pull_secret", skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<ImagePullSecret>,
    /// Unique in the workload; may be empty.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub name: String,
    /// When to ask the registry.
    #[serde(
        alias = "image_pull_policy",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub image_pull_policy: ImagePullPolicy,
    /// Calls at a time on one warm instance. 0 or less: one.
    #[serde(
        alias = "max_concurrency",
        deserialize_with = "integer::deserialize",
        skip_serializing_if = "absent::is_default"
    )]
    pub max_concurrency: i32,
    /// Seconds after which an idle warm instance is given back. `None`: never. Since wasmCloud 2.9; a host before that refuses a
    /// request that has it (see [`super::WorkloadStartRequest::without_reclaim`]).
    #[serde(
        alias = "reclaim_window_seconds",
        deserialize_with = "integer::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub reclaim_window_seconds: Option<i32>,
    /// Warm instances that are never given back. Since wasmCloud 2.9, as the field before.
    #[serde(
        alias = "reclaim_min_instances",
        deserialize_with = "integer::optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub reclaim_min_instances: Option<i32>,
}

/// The part of a workload that runs from start to stop. It has no name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Service {
    /// OCI reference.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub image: String,
    /// What it is given.
    #[serde(alias = "local_resources", skip_serializing_if = "Option::is_none")]
    pub local_resources: Option<LocalResources>,
    /// How often it is started again after it ended.
    #[serde(alias = "max_restarts", with = "wide", skip_serializing_if = "absent::is_default")]
    pub max_restarts: u64,
    /// For the registry.
    #[serde(alias = "image_pull_secret", skip_serializing_if = "Option::is_none")]
    pub image_pull_secret: Option<ImagePullSecret>,
    /// When to ask the registry.
    #[serde(
        alias = "image_pull_policy",
        deserialize_with = "absent::or_default",
        skip_serializing_if = "absent::is_default"
    )]
    pub image_pull_policy: ImagePullPolicy,
}

/// Who pulls an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ImagePullSecret {
    /// User at the registry.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub username: String,
    /// The user's password.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub password: Secret,
}

/// When the registry is asked. A number nobody knows is read as [`Self::Unspecified`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ImagePullPolicy {
    /// Acts as [`Self::IfNotPresent`].
    #[default]
    Unspecified,
    /// At each start.
    Always,
    /// If the host does not have the image.
    IfNotPresent,
    /// Never: the host has the image, or the start fails.
    Never,
}

impl Enumeration for ImagePullPolicy {
    const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Unspecified, "IMAGE_PULL_POLICY_UNSPECIFIED"),
        (Self::Always, "IMAGE_PULL_POLICY_ALWAYS"),
        (Self::IfNotPresent, "IMAGE_PULL_POLICY_IF_NOT_PRESENT"),
        (Self::Never, "IMAGE_PULL_POLICY_NEVER"),
    ];
}
as_enumeration!(ImagePullPolicy);
