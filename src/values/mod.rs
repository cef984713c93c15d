//! The typed values: the only source of schema, defaults, reference and `explain`.
//!
//! One file a section. Every key is optional; [`defaults`] says what holds without it.

pub mod autoscaling;
pub mod cluster;
mod defaults;
pub mod hosts;
pub mod image;
pub mod implementation;
pub mod monitoring;
pub mod nats;
pub mod nats_server;
pub mod network;
pub mod operator;
pub mod pod;
pub mod profiles;
pub mod reference;
pub mod renames;
pub mod routing;
pub mod schema;
mod section;
pub mod tls;

use std::collections::BTreeMap;

use serde_json::Value as Json;

pub use defaults::defaults;
use section::section;

/// The defaults as the chart ships them: one YAML document with a comment on each key.
pub const DEFAULTS: &str = include_str!("../../values-schemas/values.yaml");

section! {
    /// Values of chartwright.
    pub struct Values {
        /// Put between the release's name and a component's: `<release>-<nameOverride>-operator`.
        name_override: String,
        /// Takes the place of the release's name in the names of objects.
        fullname_override: String,
        /// Namespace of all objects; the release's without one.
        namespace_override: String,
        /// How objects are named.
        naming: cluster::Naming,
        /// What holds for every component.
        global: image::Global,
        /// Labels of every object; never part of a selector.
        common_labels: BTreeMap<String, String>,
        /// Annotations of every object.
        common_annotations: BTreeMap<String, String>,
        /// DNS domain of the cluster.
        cluster_domain: String,
        /// Certificates.
        tls: tls::Tls,
        /// NATS.
        nats: nats::Nats,
        /// The operator.
        operator: operator::Operator,
        /// What every host group inherits.
        host_defaults: hosts::HostGroup,
        /// Host groups by name. `default` is there from the start; `enabled: false` takes it away.
        hosts: BTreeMap<String, hosts::HostGroup>,
        /// Ways into the cluster, by name.
        routes: BTreeMap<String, Option<routing::Route>>,
        /// Autoscalers of WorkloadDeployments, by name.
        workload_autoscalers: BTreeMap<String, Option<autoscaling::WorkloadAutoscaler>>,
        /// NetworkPolicies.
        network_policy: network::NetworkPolicy,
        /// RBAC.
        rbac: cluster::Rbac,
        /// Custom resource definitions.
        crds: cluster::Crds,
        /// Jobs around install, upgrade, delete and test.
        hooks: cluster::Hooks,
        /// Monitoring objects.
        monitoring: monitoring::Monitoring,
        /// Patches of rendered objects, `overrides.<Kind>.<name>`: maps merge, null deletes, lists whose items have names merge by name.
        overrides: BTreeMap<String, Option<BTreeMap<String, Option<Json>>>>,
        /// More objects, rendered as they are.
        extra_objects: Vec<Json>,
        /// What later files and flags may not change.
        policy: cluster::Policy,
    }
}
