//! Whether we may do what the plan does: one review for each kind, place and verb.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};

use crate::cluster::ClusterError;
use crate::render::Release;

use super::super::Plan;
use super::Finding;

const AT_ONCE: usize = 8;

/// Verb, group, resource, namespace.
type Right = (&'static str, String, String, Option<String>);

pub(super) async fn check(client: &Client, plan: &Plan, release: &Release) -> Result<Vec<Finding>, ClusterError> {
    let mut wanted: BTreeSet<Right> = BTreeSet::new();
    for step in plan.all() {
        let namespace = step.kind.namespaced.then(|| step.object.namespace.clone()).flatten();
        let resource = &step.kind.resource;
        for verb in ["get", "create", "patch", "delete"] {
            // Definitions outlive the release.
            if verb == "delete" && step.object.kind == "CustomResourceDefinition" {
                continue;
            }
            wanted.insert((verb, resource.group.clone(), resource.plural.clone(), namespace.clone()));
        }
    }
    // The history.
    for verb in ["list", "get", "create", "update", "delete"] {
        wanted.insert((verb, String::new(), "secrets".into(), Some(release.namespace.clone())));
    }
    let count = wanted.len();
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let missing: Vec<Option<String>> =
        stream::iter(wanted).map(|right| missing(&api, right)).buffered(AT_ONCE).try_collect().await?;
    let missing: Vec<String> = missing.into_iter().flatten().collect();
    if missing.is_empty() {
        return Ok(vec![Finding::good("rights", format!("all {count} rights that it takes are given"))]);
    }
    let hint = "ask for a Role or ClusterRole with them, or install as somebody who has them";
    Ok(missing.into_iter().map(|right| Finding::bad("rights", format!("you may not {right}"), hint)).collect())
}

async fn missing(api: &Api<SelfSubjectAccessReview>, right: Right) -> Result<Option<String>, ClusterError> {
    let (verb, group, resource, namespace) = right;
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(ResourceAttributes {
                verb: Some(verb.into()),
                group: Some(group.clone()),
                resource: Some(resource.clone()),
                namespace: namespace.clone(),
                ..ResourceAttributes::default()
            }),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let answer = api.create(&PostParams::default(), &review).await;
    let answer = answer.map_err(ClusterError::when("ask what we may do"))?;
    if answer.status.is_some_and(|status| status.allowed) {
        return Ok(None);
    }
    let place = namespace.map_or_else(|| "in the cluster".to_owned(), |namespace| format!("in {namespace}"));
    let group = if group.is_empty() { String::new() } else { format!(".{group}") };
    Ok(Some(format!("{verb} {resource}{group} {place}")))
}
