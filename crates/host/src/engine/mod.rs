//! wasmtime, set up once: instances from a pool where the address space allows it, guests that are interrupted by the
//! clock, one linker for everything the host provides.

mod compile;
mod compose;
mod disk;
mod limits;
mod linker;
mod links;
mod output;
mod pool;
mod state;

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Config, InstanceAllocationStrategy};

pub use compile::{Assembly, CompileError, Compiled, Compiler, Run};
pub use compose::Source;
pub use disk::Disk;
pub use limits::{GuestLimits, GuestMemory};
pub use linker::{MAX_PARTS, PartLinker};
pub use links::LinkError;
pub use state::State;

use crate::machine;
use crate::plugins::Capability;

/// How often a guest that does not return is interrupted, so that others get their turn and its time is looked at.
const TICK: Duration = Duration::from_millis(10);

/// What the engine is told.
#[derive(Clone, Debug)]
pub struct EngineOptions {
    /// Slots of the pool: how many core instances may exist at a time. 0: no pool.
    pub core_instances: u32,
    /// Largest linear memory of a guest, in bytes.
    pub memory: usize,
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
    /// Of the pool, if there is one.
    slots: u64,
    /// Packages of capabilities, `wasi:config`.
    own: Vec<String>,
}

impl Engine {
    /// Sets wasmtime up and links WASI, HTTP and the capabilities.
    pub fn new(options: &EngineOptions, capabilities: &[Box<dyn Capability>]) -> Result<Arc<Self>, EngineError> {
        let wasmtime = if options.core_instances == 0 {
            wasmtime(&without_pool(options, machine::address_space().is_some())?)?
        } else {
            match wasmtime(&with_pool(options)?) {
                Ok(engine) => engine,
                Err(err) => {
                    // A small machine or a limit on address space: slower instances are better than none.
                    pool::warn(options, &err);
                    wasmtime(&without_pool(options, true)?)?
                }
            }
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
        Ok(Arc::new(Self { wasmtime, linker, slots: options.core_instances.into(), own }))
    }

    /// Whether less than half of the pool is taken. A component takes a slot for each of its core modules.
    pub fn has_room(&self) -> bool {
        let pool = self.wasmtime.pooling_allocator_metrics();
        pool.is_none_or(|pool| pool.core_instances() < self.slots / 2)
    }
}

fn wasmtime(config: &Config) -> Result<wasmtime::Engine, EngineError> {
    wasmtime::Engine::new(config).map_err(EngineError::Wasmtime)
}

fn with_pool(options: &EngineOptions) -> Result<Config, EngineError> {
    let mut config = config(options)?;
    pool::reserve(&mut config);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool::pool(options)));
    Ok(config)
}

/// `scarce`: whether address space is.
fn without_pool(options: &EngineOptions, scarce: bool) -> Result<Config, EngineError> {
    let mut config = config(options)?;
    if scarce {
        pool::save_address_space(&mut config);
    }
    Ok(config)
}

fn config(options: &EngineOptions) -> Result<Config, EngineError> {
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
    Ok(config)
}
