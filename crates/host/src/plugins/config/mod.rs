//! `wasi:config/store@0.2.0-rc.1`: the settings of a component.

use chartwright_contract::control::{WitInterface, Workload};
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{Capability, entries, unknown};
use crate::engine::{PartLinker, State};

/// The capability.
pub(super) struct Config;

/// `error` of the interface. Settings are in memory, so there is none; guests expect the type all the same.
#[derive(ComponentType, Lift, Lower)]
#[component(variant)]
enum Error {
    #[component(name = "upstream")]
    Upstream(String),
    #[component(name = "io")]
    Io(String),
}

type Found<T> = Result<T, Error>;

impl Capability for Config {
    fn imports(&self) -> WitInterface {
        WitInterface {
            namespace: "wasi".into(),
            package: "config".into(),
            version: "0.2.0-rc.1".into(),
            interfaces: vec!["store".into()],
            ..WitInterface::default()
        }
    }

    fn link(&self, linker: &mut PartLinker<'_>) -> wasmtime::Result<()> {
        let part = linker.part();
        let mut store = linker.instance("wasi:config/store@0.2.0-rc.1")?;
        store.func_wrap("get", move |store: StoreContextMut<'_, State>, (key,): (String,)| {
            let value: Found<Option<String>> = Ok(store.data().part(part).config.get(&key).cloned());
            Ok((value,))
        })?;
        store.func_wrap("get-all", move |store: StoreContextMut<'_, State>, (): ()| {
            let all = store.data().part(part).config.iter().map(|(key, value)| (key.clone(), value.clone()));
            let all: Found<Vec<(String, String)>> = Ok(all.collect());
            Ok((all,))
        })
    }

    fn check(&self, workload: &Workload) -> Vec<String> {
        entries(workload, "wasi", "config").flat_map(|entry| unknown(entry, &["store"])).collect()
    }
}
