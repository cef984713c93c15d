//! Objects as users write them.

use serde_json::{Value, json};

/// A deployment of one component.
pub(crate) fn deployment(name: &str, replicas: i32, image: &str) -> Value {
    json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "WorkloadDeployment",
        "metadata": { "name": name },
        "spec": { "replicas": replicas, "template": { "spec": {
            "components": [{ "name": "api", "image": image }],
            "hostInterfaces": [{
                "namespace": "wasi", "package": "http", "interfaces": ["incoming-handler"],
                "config": { "host": format!("{name}.example.test") },
            }],
        } } },
    })
}

/// A Workload of one component.
pub(crate) fn workload(name: &str, image: &str) -> Value {
    json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Workload",
        "metadata": { "name": name },
        "spec": { "components": [{ "name": "api", "image": image }] },
    })
}

/// A Service without a selector.
pub(crate) fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": { "name": name },
        "spec": { "ports": [{ "name": "http", "port": 80 }] },
    })
}
