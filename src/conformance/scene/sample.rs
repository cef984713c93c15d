//! A release as its objects show it, whole; tests break it.

use chartwright_contract::crds::names::HOST_DRAINING;
use serde_json::{Value, json};

use super::controller::Controller;
use super::snapshot::{Snapshot, ends, view};
use crate::conformance::check::{Outcome, Stop};

/// Objects as the API server has them.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Release {
    pub operator: Value,
    pub host: Value,
    pub nats: Value,
    pub pods: Vec<Value>,
    pub services: Vec<Value>,
    pub accounts: Vec<String>,
    pub secrets: Vec<String>,
    pub definitions: Vec<Value>,
    pub policies: Vec<Value>,
    pub hosts: Vec<Value>,
}

impl Release {
    pub(in crate::conformance) fn snapshot(&self) -> Snapshot {
        fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
            serde_json::from_value(value.clone()).unwrap()
        }
        let host_objects = self.hosts.iter().map(read).filter(|host| !ends(host)).collect::<Vec<_>>();
        Snapshot {
            namespace: "shop".into(),
            release: "wasmcloud".into(),
            controllers: [
                Controller::of_deployment(&read(&self.host)),
                Controller::of_deployment(&read(&self.operator)),
                Controller::of_stateful_set(&read(&self.nats)),
            ]
            .into_iter()
            .flatten()
            .collect(),
            pods: self.pods.iter().map(read).collect(),
            services: self.services.iter().map(read).collect(),
            accounts: self.accounts.iter().cloned().collect(),
            config_maps: ["wasmcloud-nats".to_owned()].into(),
            secrets: Some(self.secrets.iter().cloned().collect()),
            definitions: Some(self.definitions.iter().map(read).collect()),
            policies: Some(self.policies.iter().map(read).collect()),
            cilium: false,
            hosts: host_objects.iter().map(view).collect(),
            host_objects,
        }
    }
}

fn labels(part: &str) -> Value {
    match part {
        "host" => {
            json!({"app.kubernetes.io/instance": "wasmcloud", "wasmcloud.com/name": "hostgroup", "wasmcloud.com/hostgroup": "default"})
        }
        "operator" => json!({"app.kubernetes.io/instance": "wasmcloud", "wasmcloud.com/name": "runtime-operator"}),
        _ => json!({"app.kubernetes.io/instance": "wasmcloud", "wasmcloud.com/name": "nats"}),
    }
}

fn spec(part: &str) -> Value {
    let (args, ports, volumes) = match part {
        "host" => (
            json!([
                "host",
                "--release=wasmcloud",
                "--http-addr=0.0.0.0:9191",
                "--insecure-registry=chartwright-conformance.shop.svc.cluster.local:5000"
            ]),
            json!([{"name": "http", "containerPort": 9191}, {"name": "metrics", "containerPort": 9090}]),
            json!([{"name": "tls", "projected": {"sources": [{"secret": {"name": "wasmcloud-host-tls"}}]}}]),
        ),
        "operator" => (
            json!(["operator", "--nats-url=nats://wasmcloud-nats:4222", "--log-level=info"]),
            json!([{"name": "metrics", "containerPort": 8081}]),
            json!([{"name": "tmp", "emptyDir": {}}]),
        ),
        _ => (
            json!(["--config=/etc/nats/nats.conf"]),
            json!([{"name": "tcp-nats", "containerPort": 4222}]),
            json!([{"name": "config", "configMap": {"name": "wasmcloud-nats"}}]),
        ),
    };
    let probe = json!({"httpGet": {"path": "/readyz", "port": "probes"}});
    json!({
        "serviceAccountName": format!("wasmcloud-{part}"),
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{
            "name": part, "image": "registry.example/chartwright:1", "args": args, "ports": ports,
            "readinessProbe": probe, "livenessProbe": probe,
            "securityContext": {
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
            },
        }],
        "volumes": volumes,
    })
}

fn deployment(part: &str, replicas: u32) -> Value {
    json!({
        "metadata": {"name": format!("wasmcloud-{part}"), "generation": 2, "labels": {"app.kubernetes.io/instance": "wasmcloud"}},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels(part)}, "template": {"metadata": {"labels": labels(part)}, "spec": spec(part)}},
        "status": {"observedGeneration": 2, "availableReplicas": replicas, "updatedReplicas": replicas},
    })
}

fn pod(part: &str, number: u32) -> Value {
    json!({
        "metadata": {
            "name": format!("wasmcloud-{part}-{number}"), "labels": labels(part), "uid": format!("{part}-{number}"),
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("wasmcloud-{part}-abc"), "uid": part}],
        },
        "spec": spec(part),
        "status": {
            "podIP": format!("10.0.0.{number}"),
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{
                "name": part, "image": "registry.example/chartwright:1", "imageID": "registry.example/chartwright@sha256:aaaa", "ready": true, "restartCount": 0,
            }],
        },
    })
}

fn policy(part: &str, ports: &[u16]) -> Value {
    let ports: Vec<Value> = ports.iter().map(|port| json!({"port": port, "protocol": "TCP"})).collect();
    json!({
        "metadata": {"name": format!("wasmcloud-{part}"), "namespace": "shop", "labels": {"app.kubernetes.io/instance": "wasmcloud"}},
        "spec": {"podSelector": {"matchLabels": labels(part)}, "policyTypes": ["Ingress"], "ingress": [{"ports": ports}]},
    })
}

fn definition(kind: &str) -> Value {
    let plural = format!("{}s", kind.to_lowercase());
    let scale = json!({
        "specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.currentReplicas", "labelSelectorPath": ".status.selector",
    });
    json!({
        "metadata": {"name": format!("{plural}.runtime.wasmcloud.dev")},
        "spec": {
            "group": "runtime.wasmcloud.dev", "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "subresources": {"scale": scale}}],
        },
        "status": {"storedVersions": ["v1alpha1"], "conditions": [{"type": "Established", "status": "True"}]},
    })
}

fn host(number: u32) -> Value {
    json!({
        "apiVersion": "runtime.wasmcloud.dev/v1alpha1", "kind": "Host",
        "metadata": {"name": format!("host-{number}"), "labels": {"hostgroup": "default"}},
        "hostId": format!("id-{number}"), "hostname": format!("10.0.0.{number}"), "httpPort": 9191, "environment": "shop",
        "status": {
            "version": "1", "osName": "linux", "osArch": "x86_64", "osKernel": "unix", "systemCPUUsage": "1",
            "systemMemoryTotal": 100, "systemMemoryFree": 50, "lastSeen": "2026-11-26T05:00:00Z",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    })
}

/// One operator, two hosts, one NATS server.
pub(in crate::conformance) fn release() -> Release {
    let mut nats = deployment("nats", 1);
    nats["spec"]["serviceName"] = json!("wasmcloud-nats");
    nats["status"] = json!({"replicas": 1, "availableReplicas": 1});
    let service = |part: &str, port: &str| {
        json!({
            "metadata": {"name": format!("wasmcloud-{part}")},
            "spec": {"selector": labels(part), "ports": [{"port": 80, "targetPort": port}]},
        })
    };
    Release {
        operator: deployment("operator", 1),
        host: deployment("host", 2),
        nats,
        pods: vec![pod("operator", 1), pod("host", 2), pod("host", 3), pod("nats", 4)],
        services: vec![service("host", "http"), service("nats", "tcp-nats")],
        accounts: ["operator", "host", "nats"].map(|part| format!("wasmcloud-{part}")).to_vec(),
        secrets: vec!["wasmcloud-host-tls".into()],
        definitions: ["Artifact", "Host", "Workload", "WorkloadDeployment", "WorkloadReplicaSet"]
            .map(definition)
            .to_vec(),
        policies: vec![policy("operator", &[8081]), policy("host", &[9191, 9090]), policy("nats", &[4222])],
        hosts: vec![host(2), host(3)],
    }
}

/// A check that judges objects alone, by the rest of its id.
pub(in crate::conformance) type Judge = (&'static str, fn(&Snapshot) -> Outcome);

/// Breaks a release, and sees the check of that name fail with those words, and no other.
#[track_caller]
pub(in crate::conformance) fn alone(judges: &[Judge], name: &str, words: &str, break_it: impl FnOnce(&mut Release)) {
    let mut objects = release();
    break_it(&mut objects);
    let snapshot = objects.snapshot();
    let failed: Vec<(&str, String)> = judges
        .iter()
        .filter_map(|(name, judge)| match judge(&snapshot) {
            Err(Stop::Failed { seen, .. }) => Some((*name, seen)),
            _ => None,
        })
        .collect();
    assert_eq!(failed.iter().map(|(name, _)| *name).collect::<Vec<_>>(), [name], "{failed:?}");
    assert!(failed[0].1.contains(words), "{failed:?}");
}

#[test]
fn hosts_that_pull_from_the_agent_are_told_from_others() {
    let mut objects = release();
    let registry = "chartwright-conformance.shop.svc.cluster.local:5000";
    assert_eq!(objects.snapshot().refuses(registry), None);
    assert!(objects.snapshot().our_hosts() && objects.snapshot().our_operator());
    objects.host["spec"]["template"]["spec"]["containers"][0]["args"] =
        json!(["host", "--insecure-registry=other:5000"]);
    let why = objects.snapshot().refuses(registry).unwrap();
    assert!(why.contains("hostDefaults.oci.insecureRegistries") && why.contains(registry), "{why}");
    assert!(objects.snapshot().our_hosts(), "a release without an operator says no --release, and has our flags");
    objects.host["spec"]["template"]["spec"]["containers"][0]["args"] = json!(["host", "--host-group=default"]);
    assert!(!objects.snapshot().our_hosts(), "what both know is upstream's");
}

#[test]
fn what_is_to_be_set_keeps_registries_that_are_set() {
    let to_set = |flags: Value| {
        let mut objects = release();
        objects.host["spec"]["template"]["spec"]["containers"][0]["args"] = flags;
        objects.snapshot().lets_pull("agent:5000")
    };
    for (flags, set) in [
        (json!(["host", "--release=a"]), "hostDefaults.oci.insecureRegistries={agent:5000}"),
        (
            json!(["host", "--release=a", "--insecure-registry=b:1", "--insecure-registry=c:2"]),
            "hostDefaults.oci.insecureRegistries={b:1,c:2,agent:5000}",
        ),
        // Upstream's.
        (json!(["host"]), "hostDefaults.oci.allowInsecure=true"),
    ] {
        assert_eq!(to_set(flags), set);
    }
}

#[test]
fn a_host_that_is_about_to_end_is_none_of_the_release() {
    let mut objects = release();
    objects.hosts[1]["status"]["conditions"][0] = json!({"type": "Ready", "status": "False", "reason": HOST_DRAINING});
    assert_eq!(objects.snapshot().hosts.len(), 1);
    objects.hosts[0]["status"]["conditions"][0] = json!({"type": "Ready", "status": "False", "reason": "NotHeardOf"});
    assert_eq!(objects.snapshot().hosts.len(), 1, "one that should be there");
}
