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

use super::compose::{self, Source};
use super::links::{self, LinkError, Surface};
use super::{Disk, Engine, MAX_PARTS, State, linker};
use crate::metrics::{CodeFrom, Metrics};

/// A component, ready to be instantiated: what all workloads of one digest share.
pub struct Compiled {
    /// How it serves HTTP, if it does.
    pub http: Option<ProxyPre<State>>,
    /// How it runs as a program, if it does.
    pub run: Option<Run>,
}

/// A program, linked, and only to be instantiated.
pub enum Run {
    /// `wasi:cli/run@0.2`.
    P2(wasmtime_wasi::p2::bindings::CommandPre<State>),
    /// `wasi:cli/run@0.3`.
    P3(wasmtime_wasi::p3::bindings::CommandPre<State>),
}

/// A component of a workload together with those it calls.
pub struct Assembly {
    /// Places of the components, the one that is called first.
    pub parts: Vec<usize>,
    /// Their code.
    pub compiled: Arc<Compiled>,
}

impl Assembly {
    /// The place of the component that is called.
    pub fn root(&self) -> usize {
        self.parts.first().copied().unwrap_or_default()
    }
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

impl From<LinkError> for CompileError {
    fn from(err: LinkError) -> Self {
        Self::Link(err.to_string())
    }
}

type Slot = Arc<OnceCell<Result<Arc<Compiled>, CompileError>>>;

/// Compiles, and keeps what some workload still uses.
pub struct Compiler {
    engine: Arc<Engine>,
    permits: Arc<Semaphore>,
    deadline: Duration,
    disk: Option<Arc<Disk>>,
    metrics: Arc<Metrics>,
    running: Mutex<HashMap<String, Slot>>,
    known: Mutex<HashMap<String, Weak<Compiled>>>,
    surfaces: Mutex<HashMap<String, Arc<Surface>>>,
}

/// Surfaces that are remembered; each is a few hundred bytes.
const SURFACES: usize = 4096;

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
            permits: Arc::new(Semaphore::new(threads.max(1))),
            deadline,
            disk: disk.map(Arc::new),
            metrics,
            running: Mutex::default(),
            known: Mutex::default(),
            surfaces: Mutex::default(),
        }
    }

    /// The components of a workload, each that no other imports from together with those behind it. A component that
    /// serves HTTP or is named in `called` is never only behind others.
    pub async fn assemble(&self, sources: &[Source], called: &[usize]) -> Result<Vec<Assembly>, CompileError> {
        if let [alone] = sources {
            let bytes = alone.bytes.clone();
            let compiled = self.compile(&alone.digest, &alone.name, 1, move || Ok(bytes)).await?;
            return Ok(vec![Assembly { parts: vec![0], compiled }]);
        }
        let mut surfaces = Vec::with_capacity(sources.len());
        for source in sources {
            surfaces.push(self.surface(source).await?);
        }
        let named: Vec<_> =
            sources.iter().zip(&surfaces).map(|(source, surface)| (source.name.as_str(), &**surface)).collect();
        let links = links::resolve(&named)?;
        let imported = |place: usize| links.iter().flatten().any(|link| link.from == place);
        let serves = |place: usize| surfaces[place].exports.iter().any(|export| is_http(export));
        let mut assemblies = Vec::new();
        for root in 0..sources.len() {
            if imported(root) && !serves(root) && !called.contains(&root) {
                continue;
            }
            let parts = links::reachable(&links, root);
            let name = sources[root].name.as_str();
            if parts.len() > MAX_PARTS {
                let (component, count) = (name.to_owned(), parts.len() - 1);
                return Err(LinkError::TooMany { component, count, most: MAX_PARTS - 1 }.into());
            }
            let compiled = if let [place] = parts.as_slice() {
                let bytes = sources[*place].bytes.clone();
                self.compile(&sources[*place].digest, name, 1, move || Ok(bytes)).await?
            } else {
                let (key, count) = (compose::key(sources, &parts, &links), parts.len());
                let (engine, sources, parts, links) =
                    (Arc::clone(&self.engine), sources.to_vec(), parts.clone(), links.clone());
                let composed = move || {
                    let own = |import: &str| linker::is_own(import, &engine.own);
                    compose::compose(&sources, &parts, &links, own).map(Bytes::from)
                };
                self.compile(&key, name, count, composed).await?
            };
            assemblies.push(Assembly { parts, compiled });
        }
        Ok(assemblies)
    }

    /// What a component asks for and offers, read once for each digest.
    async fn surface(&self, source: &Source) -> Result<Arc<Surface>, CompileError> {
        if let Some(surface) = lock(&self.surfaces).get(&source.digest) {
            return Ok(Arc::clone(surface));
        }
        let task = source.clone();
        let surface = tokio::task::spawn_blocking(move || compose::surface(&task)).await;
        let surface = Arc::new(surface.map_err(|err| CompileError::Stopped(err.to_string()))??);
        let mut surfaces = lock(&self.surfaces);
        if surfaces.len() >= SURFACES {
            surfaces.clear();
        }
        surfaces.insert(source.digest.clone(), Arc::clone(&surface));
        Ok(surface)
    }

    /// What is known by that key, compiled now if no workload uses it yet. Calls for one key share the work.
    pub(super) async fn compile(
        &self,
        key: &str,
        name: &str,
        parts: usize,
        bytes: impl FnOnce() -> Result<Bytes, CompileError> + Send + 'static,
    ) -> Result<Arc<Compiled>, CompileError> {
        if let Some(compiled) = lock(&self.known).get(key).and_then(Weak::upgrade) {
            self.metrics.code(CodeFrom::Memory, Duration::ZERO);
            return Ok(compiled);
        }
        let slot = Arc::clone(lock(&self.running).entry(key.to_owned()).or_default());
        // A failure is forgotten as well: the next start may find another configuration. So is one nobody waits for.
        let _forget = Forget { running: &self.running, key };
        let result = slot.get_or_init(|| self.work(key.to_owned(), parts, bytes)).await.clone();
        if let Ok(compiled) = &result {
            let mut known = lock(&self.known);
            known.retain(|_, one| one.strong_count() > 0);
            known.insert(key.to_owned(), Arc::downgrade(compiled));
        }
        result.map_err(|err| err.of(name))
    }

    async fn work(
        &self,
        key: String,
        parts: usize,
        bytes: impl FnOnce() -> Result<Bytes, CompileError> + Send + 'static,
    ) -> Result<Arc<Compiled>, CompileError> {
        let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
            return Err(CompileError::Stopped("the host is stopping".into()));
        };
        let (engine, disk) = (Arc::clone(&self.engine), self.disk.clone());
        let start = Instant::now();
        let task = tokio::task::spawn_blocking(move || {
            // Held to the end, also when nobody waits any more: what is given up goes on compiling.
            let _permit = permit;
            compile(&engine, disk.as_deref(), &key, parts, bytes)
        });
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

/// Takes a key out of those under way when dropped.
struct Forget<'c> {
    running: &'c Mutex<HashMap<String, Slot>>,
    key: &'c str,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        lock(self.running).remove(self.key);
    }
}

impl CompileError {
    /// The same with the name of the component, unless it says one.
    fn of(self, name: &str) -> Self {
        match self {
            Self::Link(why) if !why.starts_with("component `") => Self::Link(format!("component `{name}`: {why}")),
            Self::Invalid(why) if !why.starts_with("component `") => {
                Self::Invalid(format!("component `{name}`: {why}"))
            }
            other => other,
        }
    }
}

/// What a component serves HTTP by, in WASI 0.3 and in 0.2.
const HANDLER: &str = "wasi:http/handler@0.3";
const INCOMING_HANDLER: &str = "wasi:http/incoming-handler@0.2";

fn is_http(export: &str) -> bool {
    export.starts_with(HANDLER) || export.starts_with(INCOMING_HANDLER)
}

/// `bytes` are made only if the code is not on disk.
fn compile(
    engine: &Engine,
    disk: Option<&Disk>,
    key: &str,
    parts: usize,
    bytes: impl FnOnce() -> Result<Bytes, CompileError>,
) -> Result<(Compiled, CodeFrom), CompileError> {
    let (component, from) = match disk.and_then(|disk| disk.load(&engine.wasmtime, key)) {
        Some(component) => (component, CodeFrom::Disk),
        None => {
            let component = Component::new(&engine.wasmtime, bytes()?);
            let component = component.map_err(|err| CompileError::Invalid(format!("{err:#}")))?;
            if let Some(disk) = disk {
                disk.keep(&engine.wasmtime, key, &component);
            }
            (component, CodeFrom::Compiler)
        }
    };
    let ty = component.component_type();
    if parts == 1
        && let Some((label, _)) = ty.imports(&engine.wasmtime).find(|(import, _)| linker::is_label(import))
    {
        return Err(CompileError::Link(format!("the import `{label}` is not for components")));
    }
    let exports: Vec<&str> = ty
        .exports(&engine.wasmtime)
        .filter(|(_, export)| matches!(export.ty, ComponentItem::ComponentInstance(_)))
        .map(|(name, _)| name)
        .collect();
    let pre = engine.linker.instantiate_pre(&component).map_err(|err| CompileError::Link(format!("{err:#}")))?;
    let exports = |prefix: &str| exports.iter().any(|export| export.starts_with(prefix));
    let invalid = |err: wasmtime::Error| CompileError::Invalid(format!("{err:#}"));
    // The newer interface wins where a component has both.
    let http = if exports(HANDLER) {
        Some(ProxyPre::P3(p3::bindings::ServicePre::new(pre.clone()).map_err(invalid)?))
    } else if exports(INCOMING_HANDLER) {
        Some(ProxyPre::P2(p2::bindings::ProxyPre::new(pre.clone()).map_err(invalid)?))
    } else {
        None
    };
    let run = if exports("wasi:cli/run@0.3") {
        Some(Run::P3(wasmtime_wasi::p3::bindings::CommandPre::new(pre).map_err(invalid)?))
    } else if exports("wasi:cli/run@0.2") {
        Some(Run::P2(wasmtime_wasi::p2::bindings::CommandPre::new(pre).map_err(invalid)?))
    } else {
        None
    };
    Ok((Compiled { http, run }, from))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
