//! What the host offers to guests, once for all components.
//!
//! Components of a workload that call each other are composed into one and share a store, so one linker serves them
//! all. What differs from one to the next (environment, folders, outgoing requests, capabilities) the composition
//! imports once for each of them under a label ([`PartLinker::name`]), and behind the label stands the data of that
//! part. Everything else is the same for all parts.

use wasmtime::component::{Linker, LinkerInstance};
use wasmtime_wasi::cli::{WasiCli, WasiCliCtxView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemCtxView};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtxView, p2, p3};

use super::State;
use crate::http::tell_scheme;
use crate::plugins::Capability;

/// Components in one composition, the first being the one that is called.
pub const MAX_PARTS: usize = 16;

/// Interfaces beside those of capabilities that each part has for itself.
const OWN: [&str; 4] =
    ["wasi:cli/environment", "wasi:filesystem/preopens", "wasi:http/client", "wasi:http/outgoing-handler"];

/// A linker as one part of a composition sees it.
pub struct PartLinker<'l> {
    linker: &'l mut Linker<State>,
    part: usize,
}

impl PartLinker<'_> {
    /// The place of the part in [`State`].
    pub fn part(&self) -> usize {
        self.part
    }

    /// Where functions of an interface go for this part.
    pub fn instance(&mut self, interface: &str) -> wasmtime::Result<LinkerInstance<'_, State>> {
        self.linker.instance(&Self::name(self.part, interface))
    }

    /// What a part's import of an interface of its own is called: the interface for the first part; a label for the
    /// others, the same for versions that are compatible with each other.
    pub fn name(part: usize, interface: &str) -> String {
        if part == 0 {
            return interface.to_owned();
        }
        let (path, version) = interface.split_once('@').unwrap_or((interface, ""));
        let mut label = format!("part{part}");
        let words = path.split([':', '/', '-']).chain(track(version).split(['.', '-']));
        for word in words.filter(|word| !word.is_empty()) {
            // A word of a label begins with a letter.
            label.push_str(if word.starts_with(|c: char| c.is_ascii_digit()) { "-v" } else { "-" });
            label.push_str(&word.to_ascii_lowercase());
        }
        label
    }
}

/// Whether an import is a label of some part; of components themselves none may be.
pub(super) fn is_label(import: &str) -> bool {
    let rest = import.strip_prefix("part").unwrap_or_default();
    rest.split_once('-')
        .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What versions that are compatible with each other have in common: `0.2` of `0.2.6`, `1` of `1.4.0`.
fn track(version: &str) -> &str {
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    let (first, second) = (dots.next(), dots.next());
    match (first, second) {
        _ if version.contains('-') => version,
        (Some(first), _) if !version.starts_with("0.") => &version[..first],
        (Some(_), Some(second)) if !version.starts_with("0.0.") => &version[..second],
        _ => version,
    }
}

/// Whether each part of a composition has that import for itself; `packages` are those of capabilities.
pub(super) fn is_own(import: &str, packages: &[String]) -> bool {
    let path = import.split_once('@').map_or(import, |(path, _)| path);
    let package = path.split_once('/').map_or(path, |(package, _)| package);
    OWN.contains(&path) || packages.iter().any(|one| one == package)
}

/// The linker of the host.
pub(super) fn link(engine: &wasmtime::Engine, capabilities: &[Box<dyn Capability>]) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi::p3::add_to_linker(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    tell_scheme(&mut linker)?;
    wasmtime_wasi_http::p3::add_to_linker(&mut linker)?;
    for part in 0..MAX_PARTS {
        let mut part = PartLinker { linker: &mut linker, part };
        for capability in capabilities {
            capability.link(&mut part)?;
        }
    }
    // The getters are plain functions, so each part needs one of its own.
    macro_rules! parts {
        ($($part:literal)*) => { $(wasi_of::<$part>(&mut linker)?;)* };
    }
    parts!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
    Ok(linker)
}

/// WASI's own interfaces for a part behind the first.
fn wasi_of<const PART: usize>(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings as wasi2;
    use wasmtime_wasi::p3::bindings as wasi3;

    let mut part = PartLinker { linker, part: PART };
    let mut at = part.instance("wasi:cli/environment@0.2")?;
    wasi2::cli::environment::add_to_linker_instance::<State, WasiCli>(&mut at, cli::<PART>)?;
    let mut at = part.instance("wasi:cli/environment@0.3")?;
    wasi3::cli::environment::add_to_linker_instance::<State, WasiCli>(&mut at, cli::<PART>)?;
    let mut at = part.instance("wasi:filesystem/preopens@0.2")?;
    wasi2::filesystem::preopens::add_to_linker_instance::<State, WasiFilesystem>(&mut at, files::<PART>)?;
    let mut at = part.instance("wasi:filesystem/preopens@0.3")?;
    wasi3::filesystem::preopens::add_to_linker_instance::<State, WasiFilesystem>(&mut at, files::<PART>)?;
    let mut at = part.instance("wasi:http/outgoing-handler@0.2")?;
    p2::bindings::http::outgoing_handler::add_to_linker_instance::<State, WasiHttp>(&mut at, http::<PART>)?;
    let mut at = part.instance("wasi:http/client@0.3")?;
    p3::bindings::http::client::add_to_linker_instance::<State, WasiHttp>(&mut at, http::<PART>)
}

fn cli<const PART: usize>(state: &mut State) -> WasiCliCtxView<'_> {
    let view = state.wasi(PART);
    WasiCliCtxView { ctx: view.ctx.cli(), table: view.table }
}

fn files<const PART: usize>(state: &mut State) -> WasiFilesystemCtxView<'_> {
    let view = state.wasi(PART);
    WasiFilesystemCtxView { ctx: view.ctx.filesystem(), table: view.table }
}

fn http<const PART: usize>(state: &mut State) -> WasiHttpCtxView<'_> {
    state.http(PART)
}

#[cfg(test)]
mod tests {
    use super::{PartLinker, is_label};

    #[test]
    fn labels_are_the_same_for_compatible_versions() {
        let label = |interface| PartLinker::name(2, interface);
        assert_eq!(PartLinker::name(0, "wasi:cli/environment@0.2.6"), "wasi:cli/environment@0.2.6");
        assert_eq!(label("wasi:cli/environment@0.2.6"), "part2-wasi-cli-environment-v0-v2");
        assert_eq!(label("wasi:cli/environment@0.2.0"), label("wasi:cli/environment@0.2"));
        assert_eq!(label("wasi:config/store@0.2.0-rc.1"), "part2-wasi-config-store-v0-v2-v0-rc-v1");
        assert_eq!(label("wasi:http/outgoing-handler@0.2.3"), "part2-wasi-http-outgoing-handler-v0-v2");
        assert_eq!(label("wasmcloud:secrets/store@2.1.0"), label("wasmcloud:secrets/store@2.4.0"));
        assert_ne!(label("a:b/c@0.0.1"), label("a:b/c@0.0.2"));
        assert_eq!(label("wasi:logging/logging"), "part2-wasi-logging-logging");
        assert!(is_label(&label("wasi:logging/logging")) && !is_label("partners-1") && !is_label("part-1"));
    }
}
