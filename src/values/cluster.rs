//! Names, RBAC, custom resource definitions, hooks and policy.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::rbac::v1 as rbac;

use super::image::Image;
use super::section::{choice, section};

section! {
    /// How objects are named.
    pub struct Naming {
        /// After the release, or with the literal names of the upstream chart (to take over a release of it).
        scheme: NamingScheme,
    }
}

choice! {
    /// Schemes of names.
    pub enum NamingScheme {
        /// `<release>-operator`, `<release>-nats`, `<release>-hosts-<group>`.
        Release = "release",
        /// `runtime-operator`, `nats`, `hostgroup-<group>`.
        Upstream = "upstream",
    }
}

section! {
    /// RBAC of the release.
    pub struct Rbac {
        /// Whether roles and bindings are made; apart from `serviceAccount.create`.
        create: bool,
        /// Adds view and edit rights on our kinds to the cluster's own roles `view`, `edit` and `admin`.
        aggregate_roles: bool,
        /// More rules for the operator.
        extra_operator_rules: Vec<rbac::PolicyRule>,
    }
}

section! {
    /// Custom resource definitions.
    pub struct Crds {
        /// Whether a hook Job of our image upgrades them (the chart's `crds/` only ever installs them).
        upgrade_hook: bool,
        /// Whether they stay when the release goes; always so for those of `crds/`.
        keep: bool,
        /// Labels for them.
        labels: BTreeMap<String, String>,
        /// Annotations for them.
        annotations: BTreeMap<String, String>,
    }
}

section! {
    /// Jobs of our image around install, upgrade, delete and test.
    pub struct Hooks {
        /// Their image; ours by default.
        image: Image,
        /// Frees finalizers before the release is deleted, so that nothing hangs.
        pre_delete: bool,
        /// A pod for `helm test`.
        test: bool,
        /// Their resources.
        resources: core::ResourceRequirements,
        /// Where they may run.
        node_selector: BTreeMap<String, String>,
        /// Taints they may live with.
        tolerations: Vec<core::Toleration>,
        /// Seconds after which a Job counts as failed.
        #[schemars(range(min = 1))]
        active_deadline_seconds: i64,
    }
}

section! {
    /// What later files and flags may not change.
    pub struct Policy {
        /// Paths, such as `operator.allowSharedHosts`: no later layer may set them.
        locked: Vec<String>,
    }
}
