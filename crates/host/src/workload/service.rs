//! The service of a workload: a program that runs from start to stop, and is started again when it fails.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;
use wasmtime_wasi::I32Exit;

use super::{HandlerOptions, Part};
use crate::engine::{Compiled, Run};

/// Pauses between starts grow from the first to the last; a run that lasted longer begins anew.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// How a service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// It runs, or is about to be started again.
    Running,
    /// It ended by itself, and well.
    Completed,
    /// It failed more often than it may.
    Failed(String),
}

/// A service; it ends when this is dropped.
pub struct Service {
    state: watch::Receiver<ServiceState>,
    _task: AbortOnDropHandle<()>,
}

impl Service {
    /// Starts it; the component must be a program.
    pub fn start(options: HandlerOptions, compiled: Arc<Compiled>, parts: Vec<Arc<Part>>, max_restarts: u64) -> Self {
        let (sender, state) = watch::channel(ServiceState::Running);
        let task = tokio::spawn(async move {
            let ended = AssertUnwindSafe(supervise(&options, &compiled, &parts, max_restarts)).catch_unwind().await;
            let ended =
                ended.unwrap_or_else(|_| ServiceState::Failed("the host failed inside; its log says where".into()));
            _ = sender.send(ended);
        });
        Self { state, _task: AbortOnDropHandle::new(task) }
    }

    /// How it is now.
    pub fn state(&self) -> ServiceState {
        self.state.borrow().clone()
    }
}

async fn supervise(
    options: &HandlerOptions,
    compiled: &Compiled,
    parts: &[Arc<Part>],
    max_restarts: u64,
) -> ServiceState {
    let (shortest, longest) = PAUSES;
    let mut pause = shortest;
    for restarts in 0.. {
        let start = Instant::now();
        let Err(why) = run(options, compiled, parts).await else { return ServiceState::Completed };
        if let Some(part) = parts.first() {
            tracing::warn!(
                namespace = part.namespace,
                workload = part.workload,
                restarts,
                error = why,
                "a service failed"
            );
        }
        if restarts >= max_restarts {
            return ServiceState::Failed(format!("the service failed, after {restarts} restarts: {why}"));
        }
        if start.elapsed() > longest {
            pause = shortest;
        }
        tokio::time::sleep(pause).await;
        pause = longest.min(pause * 2);
    }
    ServiceState::Completed
}

/// One run, from a fresh store to the end.
async fn run(options: &HandlerOptions, compiled: &Compiled, parts: &[Arc<Part>]) -> Result<(), String> {
    let words = |err: wasmtime::Error| format!("{err:#}");
    let mut store = options.store(parts).map_err(words)?;
    let ended = match &compiled.run {
        Some(Run::P2(pre)) => match pre.instantiate_async(&mut store).await {
            Ok(command) => command.wasi_cli_run().call_run(&mut store).await,
            Err(err) => Err(err),
        },
        Some(Run::P3(pre)) => match pre.instantiate_async(&mut store).await {
            Ok(command) => {
                let run = async |store: &_| command.wasi_cli_run().call_run(store).await;
                store.run_concurrent(run).await.flatten()
            }
            Err(err) => Err(err),
        },
        None => return Err("it exports no `wasi:cli/run`".into()),
    };
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(())) => Err("it returned an error".into()),
        Err(err) => match err.downcast_ref::<I32Exit>() {
            Some(I32Exit(0)) => Ok(()),
            Some(I32Exit(code)) => Err(format!("it ended with the exit code {code}")),
            None => Err(words(err)),
        },
    }
}
