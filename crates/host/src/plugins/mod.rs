//! Capabilities: what guests may import beside WASI itself. One folder each, behind one trait with three moments: the
//! linker, once for all components; a workload's configuration, without an instance; and the part of a store, which
//! is shared by all instances of a component in a workload.

mod config;
mod logging;

use crate::engine::PartLinker;
use chartwright_contract::control::{WitInterface, Workload};

/// A capability.
pub trait Capability: Send + Sync {
    /// What guests may import, for heartbeats.
    fn imports(&self) -> WitInterface;

    /// Adds its functions for one part of compositions, once for all components.
    fn link(&self, linker: &mut PartLinker<'_>) -> wasmtime::Result<()>;

    /// What is wrong with a workload's configuration of it; nothing, usually.
    fn check(&self, workload: &Workload) -> Vec<String>;
}

/// All of them.
pub fn all() -> Vec<Box<dyn Capability>> {
    vec![Box::new(config::Config), Box::new(logging::Logging)]
}

/// Packages that every guest gets without an entry.
const ALWAYS: [&str; 7] = ["cli", "clocks", "filesystem", "http", "io", "random", "sockets"];

/// Entries of a workload that change nothing, each with the reason. A component that needs one of them would not link,
/// so this is no fault; whoever wrote the entry expects something all the same.
pub fn without_effect(workload: &Workload, capabilities: &[Box<dyn Capability>]) -> Vec<String> {
    let offered: Vec<_> = capabilities.iter().map(|capability| capability.imports()).collect();
    let entries = workload.wit_world.iter().flat_map(|world| &world.host_interfaces);
    let others = entries.filter(|entry| entry.namespace != "wasi" || !ALWAYS.contains(&entry.package.as_str()));
    let words = others.filter_map(|entry| {
        let package = format!("{}:{}", entry.namespace, entry.package);
        let ours = offered.iter().find(|one| one.namespace == entry.namespace && one.package == entry.package);
        match ours {
            None => Some(format!("the entry for `{package}` has no effect: this host does not offer it")),
            Some(ours) if !entry.version.is_empty() && entry.version != ours.version => Some(format!(
                "the entry for `{package}@{}` has no effect on components of another version: this host offers \
                 `{package}@{}`",
                entry.version, ours.version
            )),
            Some(_) => None,
        }
    });
    words.collect()
}

/// Entries of a workload for a package.
fn entries<'w>(workload: &'w Workload, namespace: &'w str, package: &'w str) -> impl Iterator<Item = &'w WitInterface> {
    let all = workload.wit_world.iter().flat_map(|world| &world.host_interfaces);
    all.filter(move |entry| entry.namespace == namespace && entry.package == package)
}

/// Findings about interfaces that an entry names and that do not exist.
fn unknown(entry: &WitInterface, known: &[&str]) -> Vec<String> {
    let package = format!("{}:{}", entry.namespace, entry.package);
    let strange = entry.interfaces.iter().filter(|name| !known.contains(&name.as_str()));
    strange.map(|name| format!("`{package}` has no interface `{name}`, only {}", known.join(", "))).collect()
}
