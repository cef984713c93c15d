//! The names that tie objects together: labels, annotations, finalizers, condition types. All of them are upstream's, but those
//! that begin with `chartwright.dev`.

/// Label of a Host: the host group its heartbeat names. What `hostSelector` usually selects.
pub const HOST_GROUP: &str = "hostgroup";

/// Label of a host Pod. Its **key** is what marks a Pod as a host for the operator.
pub const HOST_POD: &str = "wasmcloud.com/hostgroup";

/// Label of the objects a chart renders: the component they belong to; part of the selectors.
pub const COMPONENT: &str = "wasmcloud.com/name";
/// What the Pods of every operator are called under it, ours and upstream's.
pub const OPERATOR: &str = "runtime-operator";

/// Key of the ConfigMap in which our chart lists the certificates that operator or Job make.
pub const CERTIFICATES: &str = "certificates.yaml";

/// Label of a `WorkloadReplicaSet`: the deployment that owns it. The scale subresource selects by it.
pub const DEPLOYMENT: &str = "runtime.wasmcloud.dev/workload-deployment";

/// Annotation of a Workload: the hash of the template it was made from.
pub const GENERATION: &str = "runtime.wasmcloud.dev/workload-replica-set-generation";

/// Label of each EndpointSlice that the operator keeps, with the value `true`.
pub const ROUTE_MANAGER: &str = "wasmcloud.dev/route-manager";

/// Annotation of a Host: [`CORDONED`] or [`DRAINED`]. Ours alone; an operator of upstream's places on that host all the same.
pub const CORDON: &str = "chartwright.dev/cordon";
/// The host gets nothing new.
pub const CORDONED: &str = "cordoned";
/// It gets nothing new, and what it runs moves elsewhere.
pub const DRAINED: &str = "drained";

/// Condition of a Host that was ever cordoned: whether it gets anything new.
pub const SCHEDULABLE: &str = "Schedulable";

/// Reason why a Host is not `Ready`: it takes nothing new and is about to end.
pub const HOST_DRAINING: &str = "Draining";

/// Reason why nobody knows whether a Host is `Reporting`: the operator's own connection to NATS is what is missing.
pub const HOST_NATS_AWAY: &str = "NatsAway";

/// Annotation of a template: another value of it is another version of the same spec. Ours alone; it is for images that were pushed
/// again under the same tag.
pub const RESTARTED_AT: &str = "chartwright.dev/restarted-at";

/// Finalizer of a Host: its Workloads are deleted first.
pub const HOST_FINALIZER: &str = "runtime.wasmcloud.dev/host-finalizer";

/// Finalizer of a Workload: the host is told to stop it first.
pub const WORKLOAD_FINALIZER: &str = "runtime.wasmcloud.dev/workload-finalizer";

/// Finalizer of an Artifact: it stays while a deployment refers to it.
pub const ARTIFACT_FINALIZER: &str = "runtime.wasmcloud.dev/artifact-finalizer";

/// Finalizer of a host Pod: its Host is deleted first.
pub const HOST_POD_FINALIZER: &str = "runtime.wasmcloud.dev/pod-host-finalizer";

/// Finalizers that old gateways left behind. Nobody but a gateway removes them, so an operator without one must.
pub const OLD_FINALIZERS: [&str; 2] =
    ["runtime.wasmcloud.dev/gateway-workload-finalizer", "runtime.wasmcloud.dev/gateway-host-finalizer"];

/// How an image that is the name of an artifact of the deployment starts: `artifact://<name>`.
pub const ARTIFACT_SCHEME: &str = "artifact://";

/// The types of a kind's conditions in the order they are evaluated. Empty for an unknown kind.
pub fn conditions(kind: &str) -> &'static [&'static str] {
    match kind {
        "Artifact" => &["Sync", "Published", "Ready"],
        "Host" => &["Reporting", "Ready"],
        "Workload" => &["Config", "HostSelection", "Placement", "Sync", "Ready"],
        "WorkloadDeployment" => &["Artifact", "Sync", "Deploy", "Scale", "Ready"],
        "WorkloadReplicaSet" => &["ScaleUp", "ScaleDown", "Ready"],
        _ => &[],
    }
}
