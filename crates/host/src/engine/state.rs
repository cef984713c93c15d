//! What a store holds: the state of one instance. Everything else is shared.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::GuestLimits;
use crate::http::{Calls, Egress};
use crate::workload::Part;

/// Data of a store.
pub struct State {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    egress: Egress,
    /// What the instance may grow to.
    pub limits: GuestLimits,
    /// The component in its workload: names, settings.
    pub part: Arc<Part>,
}

impl State {
    /// A fresh state for an instance of a component of a workload.
    pub fn new(part: &Arc<Part>, limits: GuestLimits) -> Self {
        let mut wasi = WasiCtx::builder();
        for (name, value) in &part.environment {
            wasi.env(name, value);
        }
        wasi.inherit_stdout().inherit_stderr();
        Self {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            egress: Egress::new(part),
            limits,
            part: Arc::clone(part),
        }
    }

    /// The requests that the instance serves.
    pub fn calls(&self) -> &Calls {
        &self.egress.calls
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.egress, table: &mut self.table, ctx: &mut self.http }
    }
}
