//! `wasi:logging/logging`: a guest's log lines, with its names.

use chartwright_contract::control::{WitInterface, Workload};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{Capability, entries, unknown};
use crate::engine::{PartLinker, State};
use crate::workload::Part;

/// The capability.
pub(super) struct Logging;

/// `level` of the interface.
#[derive(Clone, Copy, ComponentType, Lift, Lower)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "guests make them")]
enum Level {
    #[component(name = "trace")]
    Trace,
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
    #[component(name = "critical")]
    Critical,
}

impl Capability for Logging {
    fn imports(&self) -> WitInterface {
        WitInterface {
            namespace: "wasi".into(),
            package: "logging".into(),
            version: "0.1.0-draft".into(),
            interfaces: vec!["logging".into()],
            ..WitInterface::default()
        }
    }

    fn link(&self, linker: &mut PartLinker<'_>) -> wasmtime::Result<()> {
        let part = linker.part();
        // Upstream looks at no version; a component has been built against one of these.
        for name in ["wasi:logging/logging", "wasi:logging/logging@0.1.0-draft"] {
            linker.instance(name)?.func_wrap(
                "log",
                move |store: StoreContextMut<'_, State>, (level, context, message): (Level, String, String)| {
                    write(store.data().part(part), level, &context, &message);
                    Ok(())
                },
            )?;
        }
        Ok(())
    }

    fn check(&self, workload: &Workload) -> Vec<String> {
        entries(workload, "wasi", "logging").flat_map(|entry| unknown(entry, &["logging"])).collect()
    }
}

fn write(part: &Part, level: Level, context: &str, message: &str) {
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "guest", namespace = part.namespace, workload = part.workload,
                component = part.component, context, "{message}"
            )
        };
    }
    match level {
        Level::Trace => line!(trace),
        Level::Debug => line!(debug),
        Level::Info => line!(info),
        Level::Warn => line!(warn),
        Level::Error | Level::Critical => line!(error),
    }
}
