//! Components of a workload that call each other, as one component: calls between them are then compiled like calls
//! within a program, and resources, streams and asynchronous functions pass as the component model has it.

use bytes::Bytes;
use wac_graph::types::{ItemKind, Package};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId, PackageId};

use super::linker::is_label;
use super::links::{Link, Surface};
use super::{CompileError, PartLinker};
use crate::oci;

/// A component of a workload, before it is compiled.
#[derive(Clone)]
pub struct Source {
    /// The name it has in its workload.
    pub name: String,
    /// `sha256:…` of the bytes.
    pub digest: String,
    /// `sha256:…` of its image: what `name@sha256:…` means.
    pub image: String,
    /// The component.
    pub bytes: Bytes,
    /// Keeps it in the cache of pulls.
    pub in_use: oci::InUse,
}

/// Which components, and who calls whom: what a composition is known by.
pub(super) fn key(sources: &[Source], order: &[usize], links: &[Vec<Link>]) -> String {
    let mut text = String::new();
    let mut line = |words: &str| {
        text.push_str(words);
        text.push('\n');
    };
    line("composition 1");
    for place in order {
        line(&sources[*place].digest);
        for Link { import, from, export } in &links[*place] {
            let from = order.iter().position(|one| one == from).unwrap_or_default();
            line(&format!("{import} = {from} {export}"));
        }
    }
    oci::digest_of(text.as_bytes())
}

/// What a component asks for and offers.
pub(super) fn surface(source: &Source) -> Result<Surface, CompileError> {
    let mut graph = CompositionGraph::new();
    let package = package(&mut graph, source, 0)?;
    let world = &graph.types()[graph[package].ty()];
    if let Some(label) = world.imports.keys().find(|import| is_label(import)) {
        // It would be another component's environment, settings and folders.
        return Err(CompileError::Link(format!(
            "component `{}`: the import `{label}` is not for components",
            source.name
        )));
    }
    let instances = |items: &mut dyn Iterator<Item = (&String, &ItemKind)>| {
        items.filter(|(_, kind)| matches!(kind, ItemKind::Instance(_))).map(|(name, _)| name.clone()).collect()
    };
    Ok(Surface { imports: instances(&mut world.imports.iter()), exports: instances(&mut world.exports.iter()) })
}

/// One component out of several; the first of `order` is the one that is called. `own` tells the imports that each
/// part has for itself.
pub(super) fn compose(
    sources: &[Source],
    order: &[usize],
    links: &[Vec<Link>],
    own: impl Fn(&str) -> bool,
) -> Result<Vec<u8>, CompileError> {
    let mut graph = CompositionGraph::new();
    let mut nodes: Vec<(PackageId, NodeId)> = Vec::with_capacity(order.len());
    for (part, place) in order.iter().enumerate() {
        let package = package(&mut graph, &sources[*place], part)?;
        nodes.push((package, graph.instantiate(package)));
    }
    for (part, place) in order.iter().enumerate() {
        let (package, node) = nodes[part];
        let name = &sources[*place].name;
        let fault = |what: String| CompileError::Link(format!("component `{name}`: {what}"));
        for Link { import, from, export } in &links[*place] {
            let exporter = order.iter().position(|one| one == from).and_then(|at| nodes.get(at));
            let Some((_, exporter)) = exporter else { continue };
            let alias = graph.alias_instance_export(*exporter, export).map_err(|err| fault(err.to_string()))?;
            graph.set_instantiation_argument(node, import, alias).map_err(|err| {
                let other = &sources[*from].name;
                fault(format!(
                    "`{export}` of component `{other}` is not what it imports as `{import}`: {}",
                    chain(&err)
                ))
            })?;
        }
        if part > 0 {
            let imports = graph.types()[graph[package].ty()].imports.clone();
            let linked = |import: &str| links[*place].iter().any(|link| link.import == import);
            for (import, kind) in imports.iter().filter(|(import, _)| own(import) && !linked(import)) {
                let label = PartLinker::name(part, import);
                let known = graph.node_ids().find(|node| graph.get_import_name(*node) == Some(&label));
                let node_of_import = match known {
                    Some(node) => node,
                    None => graph.import(label, *kind).map_err(|err| fault(err.to_string()))?,
                };
                graph.set_instantiation_argument(node, import, node_of_import).map_err(|err| fault(chain(&err)))?;
            }
        }
    }
    let (package, root) = nodes[0];
    let fault = |err: &dyn std::error::Error| CompileError::Link(format!("the components do not fit: {}", chain(err)));
    for export in graph.types()[graph[package].ty()].exports.clone().keys() {
        let alias = graph.alias_instance_export(root, export).map_err(|err| fault(&err))?;
        graph.export(alias, export).map_err(|err| fault(&err))?;
    }
    graph.encode(EncodeOptions { validate: false, ..EncodeOptions::default() }).map_err(|err| fault(&err))
}

fn package(graph: &mut CompositionGraph, source: &Source, part: usize) -> Result<PackageId, CompileError> {
    let invalid = |why: String| CompileError::Invalid(format!("component `{}`: {why}", source.name));
    let name = format!("workload:part{part}");
    let package = Package::from_bytes(&name, None, source.bytes.to_vec(), graph.types_mut());
    graph.register_package(package.map_err(|err| invalid(format!("{err:#}")))?).map_err(|err| invalid(err.to_string()))
}

/// An error with all that stands behind it.
fn chain(err: &dyn std::error::Error) -> String {
    let mut text = err.to_string();
    let mut next = err.source();
    while let Some(err) = next {
        text = format!("{text}: {err}");
        next = err.source();
    }
    text
}
