//! Components compiled, once for each digest, beside everything else: in a bounded number of threads and with a
//! deadline, because what takes long to compile may be made to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OnceCell, Semaphore};
use wasmtime::component::{Component, types::ComponentItem};
use wasmtime_wasi_http::handler::ProxyPre;
use wasmtime_wasi_http::{p2, p3};

use super::{Disk, Engine, State};
use crate::metrics::{CodeFrom, Metrics};

/// A component, ready to be instantiated: what all workloads of one digest share.
pub struct Compiled {
    /// `sha256:…` of the component.
    pub digest: String,
    /// How it serves HTTP, if it does.
    pub http: Option<Http>,
    /// Names of its imports, `wasi:http/types@0.2.2`.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
}

/// A component that serves HTTP.
pub struct Http {
    /// The export it serves by.
    pub export: String,
    /// Linked, and only to be instantiated.
    pub pre: ProxyPre<State>,
}

/// Why a component cannot run.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CompileError {
    /// No component, or one of a newer kind.
    #[error("the component does not compile: {0}")]
    Invalid(String),
    /// It asks for something that nobody here provides.
    #[error("{0}")]
    Link(String),
    /// It took too long.
    #[error("compiling the component took more than {} s", .0.as_secs())]
    TooLong(Duration),
    /// The compiler itself failed.
    #[error("the compiler stopped: {0}")]
    Stopped(String),
}

type Slot = Arc<OnceCell<Result<Arc<Compiled>, CompileError>>>;

/// Compiles, and keeps what some workload still uses.
pub struct Compiler {
    engine: Arc<Engine>,
    permits: Semaphore,
    deadline: Duration,
    disk: Option<Arc<Disk>>,
    metrics: Arc<Metrics>,
    running: Mutex<HashMap<String, Slot>>,
    known: Mutex<HashMap<String, Weak<Compiled>>>,
}

impl Compiler {
    /// A compiler with so many threads, and with a folder for what it made, if there is one.
    pub fn new(
        engine: Arc<Engine>,
        threads: usize,
        deadline: Duration,
        disk: Option<Disk>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            engine,
            permits: Semaphore::new(threads.max(1)),
            deadline,
            disk: disk.map(Arc::new),
            metrics,
            running: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// The component of that digest, compiled now if no workload uses it yet. Calls for one digest share the work.
    pub async fn compile(&self, digest: &str, bytes: &Bytes) -> Result<Arc<Compiled>, CompileError> {
        if let Some(compiled) = lock(&self.known).get(digest).and_then(Weak::upgrade) {
            self.metrics.code(CodeFrom::Memory, Duration::ZERO);
            return Ok(compiled);
        }
        let slot = Arc::clone(lock(&self.running).entry(digest.to_owned()).or_default());
        let result = slot.get_or_init(|| self.work(digest.to_owned(), bytes.clone())).await.clone();
        if let Ok(compiled) = &result {
            let mut known = lock(&self.known);
            known.retain(|_, one| one.strong_count() > 0);
            known.insert(digest.to_owned(), Arc::downgrade(compiled));
        }
        // A failure is forgotten as well: the next start may find another configuration.
        lock(&self.running).remove(digest);
        result
    }

    async fn work(&self, digest: String, bytes: Bytes) -> Result<Arc<Compiled>, CompileError> {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(CompileError::Stopped("the host is stopping".into()));
        };
        let (engine, disk) = (Arc::clone(&self.engine), self.disk.clone());
        let start = Instant::now();
        let task = tokio::task::spawn_blocking(move || compile(&engine, disk.as_deref(), digest, &bytes));
        match tokio::time::timeout(self.deadline, task).await {
            Ok(Ok(result)) => {
                let (compiled, from) = result?;
                self.metrics.code(from, start.elapsed());
                tracing::debug!(seconds = start.elapsed().as_secs_f64(), from = from.word(), "component compiled");
                Ok(Arc::new(compiled))
            }
            Ok(Err(err)) => Err(CompileError::Stopped(err.to_string())),
            Err(_) => Err(CompileError::TooLong(self.deadline)),
        }
    }
}

fn compile(
    engine: &Engine,
    disk: Option<&Disk>,
    digest: String,
    bytes: &Bytes,
) -> Result<(Compiled, CodeFrom), CompileError> {
    let (component, from) = match disk.and_then(|disk| disk.load(&engine.wasmtime, &digest)) {
        Some(component) => (component, CodeFrom::Disk),
        None => {
            let component = Component::new(&engine.wasmtime, bytes);
            let component = component.map_err(|err| CompileError::Invalid(format!("{err:#}")))?;
            if let Some(disk) = disk {
                disk.keep(&engine.wasmtime, &digest, &component);
            }
            (component, CodeFrom::Compiler)
        }
    };
    let ty = component.component_type();
    let imports: Vec<String> = ty.imports(&engine.wasmtime).map(|(name, _)| name.to_owned()).collect();
    let exports: Vec<String> = ty
        .exports(&engine.wasmtime)
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentInstance(_)))
        .map(|(name, _)| name.to_owned())
        .collect();
    let pre = engine.linker.instantiate_pre(&component).map_err(|err| CompileError::Link(format!("{err:#}")))?;
    let serves = |prefix: &str| exports.iter().find(|export| export.starts_with(prefix)).cloned();
    let invalid = |err: wasmtime::Error| CompileError::Invalid(format!("{err:#}"));
    // The newer interface wins where a component has both.
    let http = if let Some(export) = serves("wasi:http/handler@0.3") {
        Some(Http { export, pre: ProxyPre::P3(p3::bindings::ServicePre::new(pre).map_err(invalid)?) })
    } else if let Some(export) = serves("wasi:http/incoming-handler@0.2") {
        Some(Http { export, pre: ProxyPre::P2(p2::bindings::ProxyPre::new(pre).map_err(invalid)?) })
    } else {
        None
    };
    Ok((Compiled { digest, http, imports, exports }, from))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
