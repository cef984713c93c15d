//! wasmtime, set up once: instances from a pool where the address space allows it, guests that are interrupted by the
//! clock, one linker for everything the host provides.

mod compile;
mod compose;
mod limits;
mod linker;
mod links;
mod state;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};

pub use compile::{Assembly, CompileError, Compiled, Compiler, Run};
pub use compose::Source;
pub use limits::{GuestLimits, GuestMemory};
pub use linker::{MAX_PARTS, PartLinker};
pub use links::LinkError;
pub use state::State;

use crate::plugins::Capability;

/// How often a guest that does not return is interrupted, so that others get their turn and its time is looked at.
const TICK: Duration = Duration::from_millis(10);

/// What the engine is told.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Slots of the pool: how many core instances may exist at a time.
    pub core_instances: u32,
    /// Largest linear memory of a guest, in bytes.
    pub memory: usize,
    /// Whether a pool is tried at all.
    pub pooling: bool,
    /// More WebAssembly proposals, by the names that upstream's host takes.
    pub proposals: Vec<String>,
}

/// What stops the engine from being made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A proposal that nobody knows.
    #[error("--wasm-proposal: `{0}` is none of {known}", known = PROPOSALS.join(", "))]
    Proposal(String),
    /// wasmtime refused.
    #[error("the WebAssembly engine cannot be set up: {0}")]
    Wasmtime(wasmtime::Error),
}

const PROPOSALS: [&str; 7] = [
    "component-model-async",
    "component-model-map",
    "exception-handling",
    "gc",
    "tail-call",
    "threads",
    "wide-arithmetic",
];

/// The engine and everything a guest can import.
pub struct Engine {
    /// wasmtime's own.
    pub wasmtime: wasmtime::Engine,
    linker: Linker<State>,
    /// Packages of capabilities, `wasi:config`.
    own: Vec<String>,
}

impl Engine {
    /// Sets wasmtime up and links WASI, HTTP and the capabilities.
    pub fn new(options: &EngineOptions, capabilities: &[Box<dyn Capability>]) -> Result<Arc<Self>, EngineError> {
        let wasmtime = match options.pooling.then(|| make(options, true)) {
            Some(Ok(engine)) => engine,
            Some(Err(EngineError::Wasmtime(err))) => {
                // A small machine or a limit on address space: slower instances are better than none.
                tracing::warn!(error = %err, "the instance pool cannot be reserved; instances are made one by one");
                make(options, false)?
            }
            Some(Err(err)) => return Err(err),
            None => make(options, false)?,
        };
        let linker = linker::link(&wasmtime, capabilities).map_err(EngineError::Wasmtime)?;
        let ticker = wasmtime.weak();
        let tick = move || {
            while let Some(engine) = ticker.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(TICK);
            }
        };
        if let Err(err) = thread::Builder::new().name("epochs".into()).spawn(tick) {
            return Err(EngineError::Wasmtime(err.into()));
        }
        let own = capabilities.iter().map(|capability| capability.imports());
        let own = own.map(|offered| format!("{}:{}", offered.namespace, offered.package)).collect();
        Ok(Arc::new(Self { wasmtime, linker, own }))
    }
}

fn make(options: &EngineOptions, pooling: bool) -> Result<wasmtime::Engine, EngineError> {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.wasm_component_model_async(true);
    // One interface several times under labels, as compositions have it.
    config.wasm_component_model_implements(true);
    config.epoch_interruption(true);
    // A guest's own back-trace is worth more than the little time it costs.
    config.wasm_backtrace_max_frames(std::num::NonZeroUsize::new(20));
    for proposal in &options.proposals {
        match proposal.as_str() {
            // On by default, here and upstream.
            "component-model-async" | "component-model-map" | "tail-call" => {}
            "gc" => _ = config.wasm_gc(true).wasm_function_references(true),
            "exception-handling" => _ = config.wasm_exceptions(true),
            "threads" => _ = config.wasm_threads(true),
            "wide-arithmetic" => _ = config.wasm_wide_arithmetic(true),
            other => return Err(EngineError::Proposal(other.to_owned())),
        }
    }
    if pooling {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(options)));
    }
    wasmtime::Engine::new(&config).map_err(EngineError::Wasmtime)
}

fn pool(options: &EngineOptions) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    let total = options.core_instances;
    pool.total_component_instances(total)
        .total_core_instances(total)
        .total_memories(total)
        .total_tables(total)
        .total_stacks(total)
        .max_memory_size(options.memory)
        // Guests made by toolchains with an adapter have a handful of core modules and tables each.
        .max_core_instances_per_component(200)
        .max_memories_per_component(20)
        .max_tables_per_component(40)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(100_000)
        // What an instance used stays mapped up to this size, so that the next one does not fault it in again.
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(16 << 10)
        .max_unused_warm_slots(100);
    pool
}
