//! Every object is one that the API server knows, field by field.

use k8s_openapi::{
    api::{
        apps::v1::{DaemonSet, Deployment, StatefulSet},
        autoscaling::v2::HorizontalPodAutoscaler,
        batch::v1::{CronJob, Job},
        core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret, Service, ServiceAccount},
        networking::v1::{Ingress, NetworkPolicy},
        policy::v1::PodDisruptionBudget,
        rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding},
    },
    apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::goldens;

/// Groups of other projects, for which there are no types here.
const UNCHECKED: [&str; 5] =
    ["monitoring.coreos.com", "keda.sh", "cert-manager.io", "gateway.networking.k8s.io", "cilium.io"];

/// The fields that a type does not know, or why it is none of its objects at all.
fn unknown<T: DeserializeOwned>(object: &Value) -> Vec<String> {
    let mut ignored = Vec::new();
    let decoded: Result<T, _> = serde_ignored::deserialize(object, |path| ignored.push(path.to_string()));
    ignored.extend(decoded.err().map(|err| err.to_string()));
    ignored
}

fn judge(object: &Value) -> Option<Vec<String>> {
    let (version, kind) = (object["apiVersion"].as_str()?, object["kind"].as_str()?);
    let judge: fn(&Value) -> Vec<String> = match (version, kind) {
        ("v1", "ConfigMap") => unknown::<ConfigMap>,
        ("v1", "PersistentVolumeClaim") => unknown::<PersistentVolumeClaim>,
        ("v1", "Pod") => unknown::<Pod>,
        ("v1", "Secret") => unknown::<Secret>,
        ("v1", "Service") => unknown::<Service>,
        ("v1", "ServiceAccount") => unknown::<ServiceAccount>,
        ("apps/v1", "DaemonSet") => unknown::<DaemonSet>,
        ("apps/v1", "Deployment") => unknown::<Deployment>,
        ("apps/v1", "StatefulSet") => unknown::<StatefulSet>,
        ("autoscaling/v2", "HorizontalPodAutoscaler") => unknown::<HorizontalPodAutoscaler>,
        ("batch/v1", "CronJob") => unknown::<CronJob>,
        ("batch/v1", "Job") => unknown::<Job>,
        ("networking.k8s.io/v1", "Ingress") => unknown::<Ingress>,
        ("networking.k8s.io/v1", "NetworkPolicy") => unknown::<NetworkPolicy>,
        ("policy/v1", "PodDisruptionBudget") => unknown::<PodDisruptionBudget>,
        ("rbac.authorization.k8s.io/v1", "ClusterRole") => unknown::<ClusterRole>,
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding") => unknown::<ClusterRoleBinding>,
        ("rbac.authorization.k8s.io/v1", "Role") => unknown::<Role>,
        ("rbac.authorization.k8s.io/v1", "RoleBinding") => unknown::<RoleBinding>,
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition") => unknown::<CustomResourceDefinition>,
        _ => return None,
    };
    Some(judge(object))
}

#[test]
fn every_object_decodes_and_no_field_is_left_over() {
    for golden in goldens() {
        for object in golden.all() {
            let place = format!("{} {}/{}", golden.name, object.kind, object.name);
            match judge(&object.value) {
                Some(left) => assert!(left.is_empty(), "{place}: {left:?}"),
                None => {
                    let group = object.api_version.split('/').next().unwrap();
                    assert!(UNCHECKED.contains(&group), "{place}: no types for {}", object.api_version);
                }
            }
        }
    }
}

#[test]
fn the_check_sees_a_field_that_is_none() {
    let object = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {}, "spec": {"containers": [
        {"name": "a", "imagePulPolicy": "Never"}]}});
    assert_eq!(judge(&object).unwrap(), ["spec.?.containers.?.0.imagePulPolicy"]);
    let object = serde_json::json!({"apiVersion": "v1", "kind": "Service", "spec": {"ports": 80}});
    assert_eq!(judge(&object).unwrap().len(), 1);
}
