//! Autoscalers: of host pods, and of workloads through their scale subresource.

use k8s_openapi::api::autoscaling::v2 as autoscaling;
use serde_json::Value as Json;

use super::section::{choice, section};

section! {
    /// An autoscaler of a host group's pods.
    pub struct PodAutoscaling {
        /// Which kind; `none` leaves the number to `replicas`.
        kind: AutoscalerKind,
        /// Fewest.
        #[schemars(range(min = 0))]
        min_replicas: i32,
        /// Most.
        #[schemars(range(min = 1))]
        max_replicas: i32,
        /// Wanted CPU use in percent of the request (kind `hpa`).
        #[schemars(range(min = 1))]
        target_cpu_percent: i32,
        /// Wanted memory use in percent of the request (kind `hpa`).
        #[schemars(range(min = 1))]
        target_memory_percent: i32,
        /// More metrics in Kubernetes' form (kind `hpa`).
        extra_metrics: Vec<autoscaling::MetricSpec>,
        /// How fast it scales.
        behavior: autoscaling::HorizontalPodAutoscalerBehavior,
        /// KEDA's settings (kind `keda`).
        keda: Keda,
    }
}

choice! {
    /// Kinds of autoscaler.
    pub enum AutoscalerKind {
        /// No autoscaler.
        None = "none",
        /// HorizontalPodAutoscaler.
        Hpa = "hpa",
        /// KEDA's ScaledObject.
        Keda = "keda",
    }
}

section! {
    /// An autoscaler of a WorkloadDeployment.
    pub struct WorkloadAutoscaler {
        /// Whether it is made.
        enabled: bool,
        /// Name of the WorkloadDeployment; the entry's own name without it.
        workload: String,
        /// Namespace of the WorkloadDeployment; the release's without one.
        namespace: String,
        /// `hpa` or `keda`.
        kind: AutoscalerKind,
        /// Fewest.
        #[schemars(range(min = 0))]
        min_replicas: i32,
        /// Most.
        #[schemars(range(min = 1))]
        max_replicas: i32,
        /// Metrics in Kubernetes' form (kind `hpa`): `External` or `Object`, since a workload has no pods of its own.
        metrics: Vec<autoscaling::MetricSpec>,
        /// How fast it scales.
        behavior: autoscaling::HorizontalPodAutoscalerBehavior,
        /// KEDA's settings (kind `keda`).
        keda: Keda,
    }
}

section! {
    /// Settings of a ScaledObject.
    pub struct Keda {
        /// Triggers in KEDA's form.
        triggers: Vec<Json>,
        /// Seconds between looks at the triggers.
        polling_interval: i32,
        /// Seconds of quiet before it scales to zero or to idle.
        cooldown_period: i32,
        /// Seconds after creation before the first scaling down.
        initial_cooldown_period: i32,
        /// Replicas while no trigger is active.
        idle_replica_count: i32,
        /// What to do while a trigger cannot be read.
        fallback: Json,
    }
}
