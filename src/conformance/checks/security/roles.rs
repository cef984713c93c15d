//! What the service accounts of the release may do.

use std::collections::BTreeSet;

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::api::{Api, ListParams};

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::Stage;

/// What hinders us from looking is no fault of the release.
pub(super) fn looked(doing: &str) -> impl FnOnce(kube::Error) -> Stop {
    let doing = doing.to_owned();
    move |err| match err {
        kube::Error::Api(status) if status.code == 403 => Stop::skipped(format!("we may not {doing}")),
        err => ClusterError::when(doing)(err).into(),
    }
}

pub(super) async fn wildcards(stage: &Stage) -> Outcome {
    let namespace = stage.namespace.as_str();
    let accounts: BTreeSet<String> = stage
        .snapshot()
        .templates()
        .into_iter()
        .filter_map(|(_, _, template)| template.spec.as_ref()?.service_account_name.clone())
        .collect();
    let ours = |subjects: &Option<Vec<Subject>>| {
        subjects.iter().flatten().any(|subject| {
            subject.kind == "ServiceAccount"
                && subject.namespace.as_deref() == Some(namespace)
                && accounts.contains(&subject.name)
        })
    };
    let list = ListParams::default();
    let bindings: Api<RoleBinding> = Api::all(stage.client.clone());
    let everywhere: Api<ClusterRoleBinding> = Api::all(stage.client.clone());
    let mut granted: Vec<(String, RoleRef)> = Vec::new();
    for binding in bindings.list(&list).await.map_err(looked("list rolebindings"))?.items {
        if ours(&binding.subjects) {
            granted.push((binding.metadata.namespace.unwrap_or_default(), binding.role_ref));
        }
    }
    for binding in everywhere.list(&list).await.map_err(looked("list clusterrolebindings"))?.items {
        if ours(&binding.subjects) {
            granted.push((String::new(), binding.role_ref));
        }
    }
    for (place, role) in &granted {
        let rules = if role.kind == "ClusterRole" {
            let api: Api<ClusterRole> = Api::all(stage.client.clone());
            api.get_opt(&role.name).await.map_err(looked("read clusterroles"))?.and_then(|role| role.rules)
        } else {
            let api: Api<Role> = Api::namespaced(stage.client.clone(), place);
            api.get_opt(&role.name).await.map_err(looked("read roles"))?.and_then(|role| role.rules)
        };
        judge(&role.name, &rules.unwrap_or_default())?;
    }
    Ok(format!("{} grants", granted.len()))
}

pub(super) fn judge(role: &str, rules: &[PolicyRule]) -> Outcome {
    let star = |list: &Option<Vec<String>>| list.iter().flatten().any(|word| word == "*");
    for rule in rules {
        let [resources, groups] = [&rule.resources, &rule.api_groups].map(|list| list.as_deref().unwrap_or_default());
        hold!(!rule.verbs.iter().any(|verb| verb == "*"), "{role} grants all verbs on {resources:?}");
        hold!(!star(&rule.resources), "{role} grants all resources of {groups:?}");
        hold!(!star(&rule.api_groups), "{role} grants {resources:?} of all groups");
    }
    Ok(String::new())
}
