//! Whether the operator may do what it does: the API server is asked of each right by itself, whoever grants it.

use std::fmt;

use chartwright_contract::crds::GROUP;
use k8s_openapi::api::authorization::v1::{
    LocalSubjectAccessReview, ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::api::{Api, PostParams};

use super::roles::looked;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::{Stage, arguments};

/// A group, a resource of it, and what is done with that.
type Rule = (&'static str, &'static str, &'static [&'static str]);

/// For workloads and what they refer to.
const WORKLOADS: &[Rule] = &[
    (GROUP, "workloads", &["create", "delete", "list", "patch", "watch"]),
    (GROUP, "workloadreplicasets", &["create", "delete", "list", "patch", "watch"]),
    (GROUP, "workloaddeployments", &["list", "watch"]),
    (GROUP, "artifacts", &["list", "patch", "watch"]),
    (GROUP, "workloads/status", &["patch"]),
    (GROUP, "workloadreplicasets/status", &["patch"]),
    (GROUP, "workloaddeployments/status", &["patch"]),
    (GROUP, "artifacts/status", &["patch"]),
    // Some clusters want it of whoever makes objects that keep their owner from going before them.
    (GROUP, "workloadreplicasets/finalizers", &["update"]),
    (GROUP, "workloaddeployments/finalizers", &["update"]),
    ("", "services/finalizers", &["update"]),
    ("", "configmaps", &["get", "list", "watch"]),
    ("", "secrets", &["get", "list", "watch"]),
    ("", "services", &["list", "watch"]),
    EVENTS,
    ("discovery.k8s.io", "endpointslices", &["create", "delete", "list", "patch", "watch"]),
    // OpenShift wants it of whoever writes addresses of Pods there.
    ("discovery.k8s.io", "endpointslices/restricted", &["create"]),
];

const EVENTS: Rule = ("events.k8s.io", "events", &["create", "patch"]);

/// In its own namespace, where its hosts are as well.
const OWN: &[Rule] =
    &[(GROUP, "hosts", &["create", "delete", "list", "patch", "watch"]), (GROUP, "hosts/status", &["patch"]), EVENTS];

const LEASES: &[Rule] = &[("coordination.k8s.io", "leases", &["create", "get", "update"])];

/// Wherever Pods of hosts are.
const HOST_PODS: &[Rule] = &[("", "pods", &["list", "patch", "watch"])];

/// There too, if it makes certificates: it hands them out, and rolls what reads them only once.
const CERTIFICATES: &[Rule] = &[
    ("", "secrets", &["create", "get", "update"]),
    ("", "configmaps", &["get"]),
    ("apps", "deployments", &["list", "patch"]),
    ("apps", "daemonsets", &["list", "patch"]),
    ("apps", "statefulsets", &["list", "patch"]),
];

/// If it asks who scrapes its metrics.
const SCRAPERS: &[Rule] = &[
    ("authentication.k8s.io", "tokenreviews", &["create"]),
    ("authorization.k8s.io", "subjectaccessreviews", &["create"]),
];

/// One right.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Right {
    verb: &'static str,
    resource: &'static str,
    group: &'static str,
    /// `None`: all namespaces, or what is in none.
    namespace: Option<String>,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        match &self.namespace {
            Some(namespace) => write!(f, " in {namespace}"),
            None => f.write_str(" everywhere"),
        }
    }
}

/// All that an operator needs, by its flags and its namespace.
fn needed(flags: &[String], own: &str) -> Vec<Right> {
    let is_set = |wanted: &str| flags.iter().any(|flag| flag == wanted);
    let listed = |prefix: &str| {
        let lists = flags.iter().filter_map(|flag| flag.strip_prefix(prefix));
        let names = lists.flat_map(|list| list.split(',')).map(str::trim).filter(|name| !name.is_empty());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    let mut rights: Vec<Right> = Vec::new();
    let mut need = |namespace: Option<&str>, rules: &[Rule]| {
        for &(group, resource, verbs) in rules {
            let namespace = namespace.map(str::to_owned);
            rights.extend(verbs.iter().map(|&verb| Right { verb, resource, group, namespace: namespace.clone() }));
        }
    };
    let watched = listed("--watch-namespaces=");
    if watched.is_empty() {
        need(None, WORKLOADS);
    }
    for namespace in &watched {
        need(Some(namespace.as_str()), WORKLOADS);
    }
    need(Some(own), OWN);
    if is_set("--leader-elect=true") {
        need(Some(own), LEASES);
    }
    let mut places = listed("--host-namespaces=");
    places.push(own.to_owned());
    places.sort();
    places.dedup();
    for place in &places {
        need(Some(place.as_str()), HOST_PODS);
        if is_set("--certificates=manage") {
            need(Some(place.as_str()), CERTIFICATES);
        }
    }
    if is_set("--metrics-secure=true") {
        need(None, SCRAPERS);
    }
    rights
}

pub(super) async fn operator(stage: &Stage) -> Outcome {
    let snapshot = stage.snapshot();
    let Some(spec) = snapshot.template("operator").and_then(|template| template.spec.as_ref()) else {
        return Err(Stop::failed("the release has no operator"));
    };
    let account = spec.service_account_name.as_deref().unwrap_or("default");
    let rights = needed(&arguments(snapshot.main("operator")), &stage.namespace);
    let mut missing = Vec::new();
    for right in &rights {
        if !has(stage, account, right).await? {
            missing.push(right.to_string());
        }
    }
    hold!(missing.is_empty(), "the service account {account} may not {}", missing.join(", "));
    Ok(format!("{} rights of the service account {account}", rights.len()))
}

/// Whether a service account of the release's namespace has a right.
async fn has(stage: &Stage, account: &str, right: &Right) -> Result<bool, Stop> {
    let own = &stage.namespace;
    let (resource, subresource) = match right.resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (right.resource, None),
    };
    let spec = SubjectAccessReviewSpec {
        user: Some(format!("system:serviceaccount:{own}:{account}")),
        // As the API server has it of each of them.
        groups: Some(vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{own}"),
            "system:authenticated".to_owned(),
        ]),
        resource_attributes: Some(ResourceAttributes {
            verb: Some(right.verb.to_owned()),
            group: Some(right.group.to_owned()),
            resource: Some(resource.to_owned()),
            subresource,
            namespace: right.namespace.clone(),
            ..ResourceAttributes::default()
        }),
        ..SubjectAccessReviewSpec::default()
    };
    let post = PostParams::default();
    // Whoever is an admin of one namespace may ask of that one.
    let status = match &right.namespace {
        Some(namespace) => {
            let api: Api<LocalSubjectAccessReview> = Api::namespaced(stage.client.clone(), namespace);
            let review = LocalSubjectAccessReview { spec, ..LocalSubjectAccessReview::default() };
            api.create(&post, &review).await.map_err(looked("create localsubjectaccessreviews"))?.status
        }
        None => {
            let api: Api<SubjectAccessReview> = Api::all(stage.client.clone());
            let review = SubjectAccessReview { spec, ..SubjectAccessReview::default() };
            api.create(&post, &review).await.map_err(looked("create subjectaccessreviews"))?.status
        }
    };
    Ok(status.is_some_and(|status| status.allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(flags: &[&str]) -> Vec<String> {
        let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        needed(&flags, "shop").iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_operator_of_all_namespaces_needs_rights_everywhere() {
        let rights = said(&["operator", "--leader-elect=false"]);
        for right in [
            "create events.events.k8s.io everywhere",
            "patch workloads/status.runtime.wasmcloud.dev everywhere",
            "get secrets everywhere",
            "create events.events.k8s.io in shop",
            "list pods in shop",
        ] {
            assert!(rights.contains(&right.to_owned()), "{right}: {rights:?}");
        }
        for right in ["get leases.coordination.k8s.io in shop", "create secrets in shop"] {
            assert!(!rights.contains(&right.to_owned()), "{right}: {rights:?}");
        }
        assert!(!rights.iter().any(|right| right.contains("tokenreviews")), "{rights:?}");
    }

    #[test]
    fn one_of_some_namespaces_needs_nothing_of_the_cluster() {
        let rights = said(&["operator", "--watch-namespaces=one,two", "--host-namespaces=edge", "--leader-elect=true"]);
        assert!(!rights.iter().any(|right| right.ends_with("everywhere")), "{rights:?}");
        for right in [
            "watch services in one",
            "watch services in two",
            "list pods in edge",
            "list pods in shop",
            "update leases.coordination.k8s.io in shop",
        ] {
            assert!(rights.contains(&right.to_owned()), "{right}: {rights:?}");
        }
    }

    #[test]
    fn certificates_and_scrapers_take_more() {
        let rights = said(&["operator", "--certificates=manage", "--host-namespaces=edge", "--metrics-secure=true"]);
        for right in [
            "create secrets in shop",
            "update secrets in edge",
            "patch statefulsets.apps in shop",
            "create tokenreviews.authentication.k8s.io everywhere",
        ] {
            assert!(rights.contains(&right.to_owned()), "{right}: {rights:?}");
        }
    }

    #[test]
    fn each_right_is_asked_for_once() {
        let mut rights = said(&["operator", "--watch-namespaces=one", "--host-namespaces=shop,edge"]);
        let all = rights.len();
        rights.sort();
        rights.dedup();
        assert_eq!(rights.len(), all);
    }
}
