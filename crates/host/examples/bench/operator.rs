//! The host in its process, and what an operator does with it.

use std::time::Duration;

use chartwright_contract::control::{Message as _, WorkloadStartResponse, WorkloadState};
use chartwright_contract::nats::async_nats;
use futures::StreamExt as _;
use serde_json::json;

use crate::nats::Nats;
use crate::process::{Process, free_port};

/// A host that hears commands.
pub(crate) struct Host {
    pub(crate) process: Process,
    /// Where workloads are served.
    pub(crate) address: String,
    id: String,
    client: async_nats::Client,
}

impl Host {
    /// Starts one, with the flags' defaults.
    pub(crate) async fn start(nats: &Nats) -> Self {
        let client = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(nats.url()).await.unwrap();
        let mut heartbeats = client.subscribe("runtime.operator.heartbeat.>").await.unwrap();
        client.flush().await.unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let process = Process::part(
            "host",
            &[
                format!("--scheduler-nats-url={}", nats.url()),
                format!("--data-nats-url={}", nats.url()),
                format!("--http-addr={address}"),
                "--allow-insecure-registries".to_owned(),
                "--log-level=warn".to_owned(),
            ],
        );
        let heartbeat = tokio::time::timeout(Duration::from_secs(30), heartbeats.next()).await.unwrap().unwrap();
        let heartbeat: serde_json::Value = serde_json::from_slice(&heartbeat.payload).unwrap();
        Self { process, address, id: heartbeat["id"].as_str().unwrap().to_owned(), client }
    }

    /// Starts a workload that serves `<number>.example`, each request on an instance of its own.
    pub(crate) async fn run(&self, image: &str, number: usize) {
        self.run_pooled(image, number, &json!({})).await;
    }

    /// The same with instances that are kept as `pool` says.
    pub(crate) async fn run_pooled(&self, image: &str, number: usize, pool: &serde_json::Value) {
        let mut component = json!({ "name": "hello", "image": image, "localResources": {} });
        component.as_object_mut().unwrap().extend(pool.as_object().unwrap().clone());
        let request = json!({
            "workloadId": format!("workload-{number}"),
            "workload": {
                "namespace": "bench", "name": format!("workload-{number}"),
                "witWorld": {
                    "components": [component],
                    "hostInterfaces": [{
                        "namespace": "wasi", "package": "http", "version": "0.2.2",
                        "interfaces": ["incoming-handler"], "config": { "host": name(number) },
                    }],
                },
            },
        });
        let subject = format!("runtime.host.{}.workload.start", self.id);
        let answer = self.client.request(subject, request.to_string().into()).await.unwrap();
        let status = WorkloadStartResponse::from_json(&answer.payload).unwrap().workload_status.unwrap();
        assert_eq!(status.workload_state, WorkloadState::Running, "{}", status.message);
    }
}

/// The host name of a workload.
pub(crate) fn name(number: usize) -> String {
    format!("{number}.example")
}
