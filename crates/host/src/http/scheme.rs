//! The scheme that guests of WASI 0.2 see. wasmtime's handler tells all of them `http`; those of 0.3 read it from the
//! request itself.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi_http::p2::bindings::http::types::{self, Scheme};
use wasmtime_wasi_http::p2::types::HostIncomingRequest;

use crate::engine::State;

/// Puts the function that tells the true scheme in the place of wasmtime's.
pub(crate) fn tell_scheme(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    let result = linker.instance("wasi:http/types@0.2.12").and_then(|mut types| {
        types.func_wrap(
            "[method]incoming-request.scheme",
            |mut store: StoreContextMut<'_, State>, (request,): (Resource<HostIncomingRequest>,)| {
                let https = store.data().calls().current().is_some_and(|call| call.https);
                if https {
                    return Ok((Some(Scheme::Https),));
                }
                let mut view = wasmtime_wasi_http::WasiHttpView::http(store.data_mut());
                Ok((types::HostIncomingRequest::scheme(&mut view, request)?,))
            },
        )
    });
    linker.allow_shadowing(false);
    result
}
