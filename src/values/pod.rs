//! One type for every pod we render: operator, host groups, NATS.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::image::{Image, PullSecret};
use super::section::{choice, section};

section! {
    /// What every pod takes. Lists named `extra…` are appended to what is there, every other list replaces it.
    pub struct Pod {
        /// The image.
        image: Image,
        /// More pull Secrets than `global.image.pullSecrets`.
        extra_pull_secrets: Vec<PullSecret>,
        /// Replaces the image's entry point.
        command: Vec<String>,
        /// Replaces **all** arguments, those of identity and NATS too: whoever sets it keeps them right.
        args: Vec<String>,
        /// Arguments after all others.
        extra_args: Vec<String>,
        /// Environment by name: a text, or `valueFrom`; null takes an inherited one away.
        env: BTreeMap<String, Option<EnvValue>>,
        /// Environment in Kubernetes' own form, after `env`, in this order.
        extra_env: Vec<core::EnvVar>,
        /// Whole ConfigMaps and Secrets as environment.
        extra_env_from: Vec<core::EnvFromSource>,
        /// More volumes.
        extra_volumes: Vec<core::Volume>,
        /// More mounts of the main container.
        extra_volume_mounts: Vec<core::VolumeMount>,
        /// More containers beside the main one.
        extra_containers: Vec<core::Container>,
        /// Init containers.
        extra_init_containers: Vec<core::Container>,
        /// More ports of the main container; the NetworkPolicy admits them.
        extra_ports: Vec<core::ContainerPort>,
        /// Requests and limits of the main container.
        resources: core::ResourceRequirements,
        /// How a change of resources is applied to a running container.
        resize_policy: Vec<core::ContainerResizePolicy>,
        /// Probes of the main container.
        probes: Probes,
        /// Lifecycle hooks of the main container.
        lifecycle: core::Lifecycle,
        /// Seconds between SIGTERM and SIGKILL.
        #[schemars(range(min = 0))]
        termination_grace_period_seconds: i64,
        /// Seconds a new pod must be ready before it counts.
        #[schemars(range(min = 0))]
        min_ready_seconds: i32,
        /// How many old ReplicaSets (or ControllerRevisions) are kept.
        #[schemars(range(min = 0))]
        revision_history_limit: i32,
        /// Seconds after which a rollout without progress counts as failed (Deployments).
        #[schemars(range(min = 1))]
        progress_deadline_seconds: i32,
        /// How pods are replaced: `strategy` of a Deployment, `updateStrategy` of a DaemonSet or StatefulSet.
        strategy: Strategy,
        /// Labels a node must have.
        node_selector: BTreeMap<String, String>,
        /// Affinity; then `antiAffinity` is not used.
        affinity: core::Affinity,
        /// Keeps the pods of this component off one node: `soft` prefers it, `hard` insists, `none` does not care.
        anti_affinity: AntiAffinity,
        /// Taints it may live with.
        tolerations: Vec<core::Toleration>,
        /// Spread over nodes or zones; a constraint without `labelSelector` gets this component's own.
        topology_spread_constraints: Vec<core::TopologySpreadConstraint>,
        /// PriorityClass.
        priority_class_name: String,
        /// RuntimeClass.
        runtime_class_name: String,
        /// Another scheduler.
        scheduler_name: String,
        /// Whether the pod lives in the node's network.
        host_network: bool,
        /// `false` gives the pod a user namespace of its own.
        host_users: bool,
        /// Whether the containers see each other's processes.
        share_process_namespace: bool,
        /// DNS policy.
        dns_policy: DnsPolicy,
        /// DNS settings.
        dns_config: core::PodDNSConfig,
        /// More lines of `/etc/hosts`.
        host_aliases: Vec<core::HostAlias>,
        /// Security context of the pod; null takes a field away (OpenShift gives its own ids).
        pod_security_context: core::PodSecurityContext,
        /// Security context of the containers.
        security_context: core::SecurityContext,
        /// Labels of the workload object (Deployment, DaemonSet, StatefulSet).
        labels: BTreeMap<String, String>,
        /// Annotations of the workload object.
        annotations: BTreeMap<String, String>,
        /// Labels of the pods; those that routing and finalizers need cannot be changed.
        pod_labels: BTreeMap<String, String>,
        /// Annotations of the pods.
        pod_annotations: BTreeMap<String, String>,
        /// The pods' ServiceAccount.
        service_account: ServiceAccount,
        /// PodDisruptionBudget.
        pdb: DisruptionBudget,
    }
}

/// The value of an environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EnvValue {
    /// The text itself.
    Text(String),
    /// From a Secret, a ConfigMap or a field of the pod.
    From(EnvFrom),
}

/// Where the value of an environment variable comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnvFrom {
    /// Kubernetes' `valueFrom`.
    pub value_from: core::EnvVarSource,
}

choice! {
    /// How strictly pods of one component keep apart.
    pub enum AntiAffinity {
        /// Prefers different nodes.
        Soft = "soft",
        /// Never two on one node.
        Hard = "hard",
        /// No rule.
        None = "none",
    }
}

choice! {
    /// DNS policy of a pod.
    pub enum DnsPolicy {
        /// The cluster's DNS.
        ClusterFirst = "ClusterFirst",
        /// The cluster's DNS, also in the node's network.
        ClusterFirstWithHostNet = "ClusterFirstWithHostNet",
        /// The node's DNS.
        Default = "Default",
        /// Only `dnsConfig`.
        None = "None",
    }
}

section! {
    /// Probes of the main container.
    pub struct Probes {
        /// Holds the others back until the container is up.
        startup: Probe,
        /// Restarts the container when it fails.
        liveness: Probe,
        /// Takes the pod out of its Services while it fails.
        readiness: Probe,
    }
}

section! {
    /// A probe: Kubernetes' fields, and a switch. Without a handler (`httpGet`, `tcpSocket`, `exec`, `grpc`) it asks what the implementation offers.
    pub struct Probe {
        ..
        /// Kubernetes' own fields.
        fields: core::Probe,
        /// Whether it is rendered.
        enabled: bool,
    }
}

section! {
    /// How pods are replaced.
    pub struct Strategy {
        /// `RollingUpdate`, `Recreate` (Deployment) or `OnDelete` (DaemonSet, StatefulSet).
        r#type: StrategyType,
        /// Bounds of a rolling update.
        rolling_update: RollingUpdate,
    }
}

choice! {
    /// The kinds of strategy.
    pub enum StrategyType {
        /// A few at a time.
        RollingUpdate = "RollingUpdate",
        /// All down, then all up (Deployments).
        Recreate = "Recreate",
        /// Whoever deletes a pod gets a new one (DaemonSets and StatefulSets).
        OnDelete = "OnDelete",
    }
}

section! {
    /// Bounds of a rolling update.
    pub struct RollingUpdate {
        /// Pods above the wanted number: a number or a percentage.
        max_surge: IntOrPercent,
        /// Pods below the wanted number: a number or a percentage.
        max_unavailable: IntOrPercent,
        /// Pods below this ordinal stay as they are (StatefulSets).
        partition: i32,
    }
}

/// A number, or a percentage such as `25%`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum IntOrPercent {
    /// A number.
    Int(i32),
    /// A percentage.
    Percent(#[schemars(regex(pattern = r"^[0-9]+%$"))] String),
}

section! {
    /// A ServiceAccount.
    pub struct ServiceAccount {
        /// Whether it is made; RBAC is a switch of its own (`rbac.create`).
        create: bool,
        /// Its name; without one it is made from the release's.
        name: String,
        /// Its labels.
        labels: BTreeMap<String, String>,
        /// Its annotations, such as a cloud's role.
        annotations: BTreeMap<String, String>,
        /// Whether pods get its token.
        automount_token: bool,
    }
}

section! {
    /// A PodDisruptionBudget.
    pub struct DisruptionBudget {
        /// Whether it is made.
        enabled: bool,
        /// Pods that must stay: a number or a percentage.
        min_available: IntOrPercent,
        /// Pods that may go: a number or a percentage; not together with `minAvailable`.
        max_unavailable: IntOrPercent,
        /// Whether pods that are not ready may be evicted although the budget is used up.
        unhealthy_pod_eviction_policy: EvictionPolicy,
    }
}

choice! {
    /// Which unhealthy pods may be evicted.
    pub enum EvictionPolicy {
        /// Only when the budget is kept.
        IfHealthyBudget = "IfHealthyBudget",
        /// Always.
        AlwaysAllow = "AlwaysAllow",
    }
}
