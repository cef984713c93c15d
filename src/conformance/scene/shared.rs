//! One deployment that many checks ask: two replicas behind a Service, started by whoever comes first.

use serde_json::json;

use super::workloads::Running;
use super::{Draft, Stage};
use crate::conformance::check::Stop;

/// Whose it is: the run's, and no check's.
const OWNER: &str = "shared";

/// It runs.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Shared {
    pub running: Running,
    /// Name of the Service.
    pub service: String,
    /// `name:port` of the Service.
    pub service_address: String,
    pub namespace: String,
}

impl Shared {
    /// Where one of its hosts answers.
    pub(in crate::conformance) fn address(&self) -> String {
        self.running.address().to_owned()
    }

    /// Its name for hosts.
    pub(in crate::conformance) fn host(&self) -> String {
        self.running.host.clone()
    }
}

impl Stage {
    /// The shared deployment. Checks that need it say that they could not judge when it does not start: why it does not is the
    /// claim of another.
    pub(in crate::conformance) async fn shared(&self) -> Result<&Shared, Stop> {
        self.at("the shared workload starts");
        let shared = self.shared_cell().get_or_init(|| async {
            let stage = self.of(OWNER);
            let starting = tokio::time::timeout(std::time::Duration::from_mins(1), start(&stage));
            match starting.await {
                Ok(Ok(shared)) => Ok(shared),
                Ok(Err(Stop::Failed { seen, .. } | Stop::Skipped(seen))) => Err(seen),
                Err(_) => Err(format!("it was not done after 60 s{}", stage.doing())),
            }
        });
        let shared = shared.await;
        self.at("");
        shared
            .as_ref()
            .map_err(|why| Stop::skipped(format!("the shared workload does not run (see scheduling.start): {why}")))
    }
}

async fn start(stage: &Stage) -> Result<Shared, Stop> {
    let draft = Draft::hello(stage, "hello")?.replicas(2);
    let service = draft.name.clone();
    let draft = draft.service(&service);
    let namespace = stage.namespace.clone();
    let object = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": service},
        "spec": {"ports": [{"name": "http", "port": 80}]},
    });
    stage.create(&namespace, object).await?;
    let running = stage.workloads().start(&draft).await?;
    let service_address = stage.agent()?.service(&namespace, &service);
    Ok(Shared { running, service, service_address, namespace })
}
