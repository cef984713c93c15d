//! Pod security: what the API server itself says of the Pods.

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, ObjectMeta, PostParams};
use serde_json::json;

use crate::cluster::ClusterError;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::scene::{Stage, create_in_new_namespace};

pub(super) async fn restricted(stage: &Stage) -> Outcome {
    let namespace = stage.name("ns");
    let labels = json!({"pod-security.kubernetes.io/enforce": "restricted"});
    let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}});
    stage.own_namespace(object).await?;
    let pods: Api<Pod> = Api::namespaced(stage.client.clone(), &namespace);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    let mut count = 0;
    for (name, _, template) in stage.snapshot().templates() {
        let Some(mut spec) = template.spec.clone() else { continue };
        // That account is in the namespace of the release; the level does not look at it.
        spec.service_account_name = Some("default".to_owned());
        spec.service_account = None;
        let meta = ObjectMeta { name: Some(name.clone()), ..ObjectMeta::default() };
        let pod = Pod { metadata: meta, spec: Some(spec), ..Pod::default() };
        match create_in_new_namespace(&pods, &dry, &pod).await {
            Ok(()) => {}
            Err(kube::Error::Api(status)) if status.message.contains("violates PodSecurity") => {
                return Err(Stop::failed(format!("{name}: {}", status.message)));
            }
            Err(err) => return Err(ClusterError::when(format!("ask whether {name} is admitted"))(err).into()),
        }
        count += 1;
    }
    hold!(count > 0, "the release has no Pods");
    // The other way round: a cluster without that admission admits all.
    let bad: Pod = serde_json::from_value(json!({
        "metadata": {"name": "bad"},
        "spec": {"hostPID": true, "containers": [{"name": "a", "image": "a"}]},
    }))
    .map_err(|err| Stop::failed(err.to_string()))?;
    match pods.create(&dry, &bad).await {
        Err(kube::Error::Api(status)) if status.code == 403 => {
            Ok(format!("{count} Pods are admitted, one with hostPID is not"))
        }
        _ => Err(Stop::skipped("this cluster does not enforce Pod security: it admits a Pod with hostPID as well")),
    }
}
