//! What no schema can see: one rule a file, each with its code, its page and its check.

use super::object::Set;
use crate::diagnostics::{Code, Diagnostic, Rule, Severity};

mod api_version;
mod artifact_reference;
mod autoscaler_metric;
mod autoscaler_replicas;
mod chart_certificates;
mod chart_repository;
mod consumer_group_form;
mod consumer_group_missing;
mod deploy_policy;
mod duplicate_host;
mod duplicate_interface;
mod environment;
mod host_selector;
mod http_host;
mod http_host_case;
mod image_pull_policy;
mod ingress_host;
mod interface_setting_missing;
mod interface_setting_unknown;
mod interface_setting_value;
mod interface_unknown;
mod interface_version;
mod labels;
mod max_restarts;
mod metadata_name;
mod mutable_tag;
mod per_host_data;
pub(super) mod pruned;
mod pull_secret_entry;
mod pull_secret_type;
mod reference_elsewhere;
mod service_port_name;
mod service_selector;
mod traffic_policy;
mod volume_mount;

/// A check: adds what it finds.
pub(super) type Check = fn(&Set<'_>, &mut Vec<Diagnostic>);

macro_rules! table {
    ($($rule:ident)*) => {
        /// What can be wrong with manifests, beside what their schemas say.
        pub const RULES: &[Rule] = &[$($rule::RULE),*, pruned::RULE];

        pub(super) const CHECKS: &[Check] = &[$($rule::check),*];
    };
}

table! {
    api_version metadata_name labels
    service_port_name service_selector traffic_policy reference_elsewhere ingress_host
    interface_setting_unknown interface_setting_missing interface_setting_value interface_unknown interface_version
    duplicate_interface http_host http_host_case duplicate_host
    per_host_data consumer_group_missing consumer_group_form
    mutable_tag image_pull_policy deploy_policy max_restarts artifact_reference volume_mount host_selector environment
    pull_secret_type pull_secret_entry
    autoscaler_metric autoscaler_replicas
    chart_repository chart_certificates
}

/// A rule about what the API server, the operator or the host refuses, or what can never do its work.
const fn error(code: &'static str, name: &'static str, docs: &'static str) -> Rule {
    Rule { code: Code(code), severity: Severity::Error, name, docs }
}

/// A rule about what runs, but probably not as meant.
const fn warning(code: &'static str, name: &'static str, docs: &'static str) -> Rule {
    Rule { code: Code(code), severity: Severity::Warning, name, docs }
}

/// `` `a`, `b` or `c` ``.
fn listed<T: AsRef<str>>(names: &[T], word: &str) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
        None => "none".to_owned(),
    }
}
