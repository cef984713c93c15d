//! Profiles: small values files of ours that lie under the user's.

use clap::ValueEnum;

/// A profile by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Both planes at Synadia Cloud's door: the bundled server as a leaf, the control plane in the cluster
    Synadia,
    /// One of everything, no TLS, nothing kept: for a laptop
    Minimal,
    /// Three NATS servers on volumes, two operators, hosts spread and protected from drains
    Ha,
    /// Nothing is pulled from the outside: images by mirror or from the node
    Airgap,
    /// User and group ids are left to OpenShift
    Openshift,
    /// Pods pass the `restricted` pod security standard, policies close what goes out
    Restricted,
    /// Watched namespaces only, hosts are not shared
    MultiTenant,
}

impl Profile {
    /// Its name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synadia => "synadia",
            Self::Minimal => "minimal",
            Self::Ha => "ha",
            Self::Airgap => "airgap",
            Self::Openshift => "openshift",
            Self::Restricted => "restricted",
            Self::MultiTenant => "multi-tenant",
        }
    }

    /// Its values, as YAML.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Synadia => include_str!("../../profiles/synadia.yaml"),
            Self::Minimal => include_str!("../../profiles/minimal.yaml"),
            Self::Ha => include_str!("../../profiles/ha.yaml"),
            Self::Airgap => include_str!("../../profiles/airgap.yaml"),
            Self::Openshift => include_str!("../../profiles/openshift.yaml"),
            Self::Restricted => include_str!("../../profiles/restricted.yaml"),
            Self::MultiTenant => include_str!("../../profiles/multi-tenant.yaml"),
        }
    }
}
