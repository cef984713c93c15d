//! What a store holds: the state of one instance. Everything else is shared.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::GuestLimits;
use super::output::Output;
use crate::http::{Calls, Egress};
use crate::workload::Part;

/// Data of a store.
pub struct State {
    table: ResourceTable,
    http: WasiHttpCtx,
    calls: Calls,
    parts: Vec<PartState>,
    /// What the instance may grow to.
    pub limits: GuestLimits,
}

/// What belongs to one component of those that share the store.
struct PartState {
    wasi: WasiCtx,
    egress: Egress,
    part: Arc<Part>,
}

impl State {
    /// A fresh state for an instance: of the component that is called, first, and those it is linked to.
    pub fn new(parts: &[Arc<Part>], limits: GuestLimits) -> wasmtime::Result<Self> {
        let calls = Calls::default();
        let parts = parts.iter().map(|part| PartState::new(part, &calls)).collect::<wasmtime::Result<_>>()?;
        Ok(Self { table: ResourceTable::new(), http: WasiHttpCtx::new(), calls, parts, limits })
    }

    /// The requests that the instance serves.
    pub fn calls(&self) -> &Calls {
        &self.calls
    }

    /// The component in its workload: names, settings. The first is the one that is called.
    pub fn part(&self, part: usize) -> &Part {
        &self.parts[part].part
    }

    /// WASI of a part.
    pub(super) fn wasi(&mut self, part: usize) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.parts[part].wasi, table: &mut self.table }
    }

    /// Outgoing requests of a part.
    pub(super) fn http(&mut self, part: usize) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.parts[part].egress, table: &mut self.table, ctx: &mut self.http }
    }
}

impl PartState {
    fn new(part: &Arc<Part>, calls: &Calls) -> wasmtime::Result<Self> {
        let mut wasi = WasiCtx::builder();
        for (name, value) in &part.environment {
            wasi.env(name, value);
        }
        for mount in &part.mounts {
            let rights = if mount.read_only { FsPerms::ReadOnly } else { FsPerms::ReadWrite };
            wasi.preopened_dir(&mount.folder, &mount.path, rights)?;
        }
        wasi.stdout(Output::new(part, "stdout")).stderr(Output::new(part, "stderr"));
        Ok(Self { wasi: wasi.build(), egress: Egress::new(part, calls), part: Arc::clone(part) })
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi(0)
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        Self::http(self, 0)
    }
}
