//! Requests that go on while something else happens.

use super::Stage;
use crate::conformance::check::{Stop, hold};
use crate::conformance::probe::{Http, Probe, Seen};

/// Requests to be, one each `pause_ms`, every one on a connection of its own.
pub(in crate::conformance) struct Load<'a> {
    stage: &'a Stage,
    probe: Probe,
    name: String,
}

/// How they went.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Loaded {
    pub good: u64,
    pub bad: Vec<String>,
}

impl Loaded {
    /// Whether every request was answered.
    pub(in crate::conformance) fn none_lost(&self) -> Result<(), Stop> {
        hold!(
            self.bad.is_empty(),
            "of {} requests {} were lost: {}",
            self.good + self.bad.len() as u64,
            self.bad.len(),
            self.bad.join("; ")
        );
        hold!(self.good > 0, "no request was made");
        Ok(())
    }
}

impl Stage {
    /// Requests for `/` of that host name.
    pub(in crate::conformance) fn load(&self, address: &str, host: &str, pause_ms: u64) -> Load<'_> {
        let name = self.name("load");
        let request = self.to_workload(Http {
            address: address.into(),
            host: Some(host.into()),
            path: "/".into(),
            timeout_ms: 10_000,
            ..Http::default()
        });
        Load { stage: self, probe: Probe::Load { name: name.clone(), request, pause_ms, limit_ms: 150_000 }, name }
    }
}

impl Load<'_> {
    /// Has them made while something else is done.
    pub(in crate::conformance) async fn during<T>(self, task: impl Future<Output = T>) -> Result<(Loaded, T), Stop> {
        let done = async {
            let result = task.await;
            // The load's own limit ends it otherwise.
            self.stage.probe(&Probe::Rest { name: self.name.clone() }).await?;
            Ok::<_, Stop>(result)
        };
        let (loaded, result) = tokio::join!(self.stage.probe(&self.probe), done);
        match loaded? {
            Seen::Load { good, bad } => Ok((Loaded { good, bad }, result?)),
            other => Err(Stop::failed(format!("the agent answered something else: {other:?}"))),
        }
    }
}
