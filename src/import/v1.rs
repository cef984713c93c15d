//! Values of the v1 chart `wasmcloud-platform`: NATS in the layout of its own chart, wadm, hosts as custom resources.

use serde_json::Value as Json;

use super::context::Context;
use super::copy::{self, Kind};
use super::{Imported, Options, Outcome, codes};
use crate::diagnostics::Diagnostic;
use crate::source::{Entry, Node, Origin, Path, Segment, Sources, Value};

/// Top-level keys that only the v1 chart has.
const MARKERS: [&str; 3] = ["wadm", "host", "hostConfig"];

/// What becomes of a v1 key; the first row that is the beginning of a path counts.
enum How {
    /// Read by its kind, written to this key.
    Copy(Kind, &'static str),
    NotNeeded(&'static str),
    Unsupported(&'static str),
}

const ONLY_V1: &str = "v1 only: applications are WorkloadDeployments now";

const ROWS: &[(&str, How)] = &[
    ("fullnameOverride", How::Copy(Kind::Text, "fullnameOverride")),
    ("nameOverride", How::Copy(Kind::Text, "nameOverride")),
    ("nats.enabled", How::Copy(Kind::Switch, "nats.server.enabled")),
    ("nats.fullnameOverride", How::NotNeeded("NATS is named after the release")),
    ("nats.nameOverride", How::NotNeeded("NATS is named after the release")),
    ("nats.podTemplate.merge.spec.nodeSelector", How::Copy(Kind::TextMap, "nats.server.nodeSelector")),
    ("nats.podTemplate.merge.spec.tolerations", How::Copy(Kind::Tree, "nats.server.tolerations")),
    ("nats.podTemplate.merge.spec.affinity", How::Copy(Kind::Tree, "nats.server.affinity")),
    (
        "nats.podTemplate",
        How::Unsupported("`nats.server` has a key for each part of a pod, and `overrides` for the rest"),
    ),
    ("nats.config.cluster.enabled", How::NotNeeded("more than one of `nats.server.replicas` make a cluster")),
    ("nats.config.cluster.replicas", How::Copy(Kind::Integer, "nats.server.replicas")),
    (
        "nats.config.leafnodes",
        How::Unsupported(
            "our server joins others as a leaf (`nats.server.leaf.remotes`); to take leaves in, write `leafnodes` in `nats.server.extraConfig`",
        ),
    ),
    (
        "nats.config.websocket",
        How::Unsupported("write `websocket` in `nats.server.extraConfig`, and its port in `extraPorts`"),
    ),
    ("nats.config.jetstream.enabled", How::Copy(Kind::Switch, "nats.server.jetstream.enabled")),
    ("nats.config.jetstream.fileStore.pvc.size", How::Copy(Kind::Text, "nats.server.jetstream.volume.size")),
    (
        "nats.config.jetstream.fileStore.pvc.storageClassName",
        How::Copy(Kind::Text, "nats.server.jetstream.volume.storageClassName"),
    ),
    ("nats.config.jetstream.merge.domain", How::Copy(Kind::Text, "nats.server.jetstream.domain")),
    ("nats.config", How::Unsupported("write it in `nats.server.extraConfig`")),
    ("wadm", How::Unsupported(ONLY_V1)),
    ("operator.enabled", How::Copy(Kind::Switch, "operator.enabled")),
    ("operator.fullnameOverride", How::NotNeeded("the operator is named after the release")),
    ("operator.nameOverride", How::NotNeeded("the operator is named after the release")),
    ("operator.nodeSelector", How::Copy(Kind::TextMap, "operator.nodeSelector")),
    ("operator.tolerations", How::Copy(Kind::Tree, "operator.tolerations")),
    ("operator.affinity", How::Copy(Kind::Tree, "operator.affinity")),
    ("host", How::NotNeeded("v1 only: hosts are the groups of `hosts`")),
    ("hostConfig", How::NotNeeded("v1 only: hosts are the groups of `hosts`")),
];

/// The first key that only a v1 file has.
pub(super) fn marker(values: &Node) -> Option<Origin> {
    let top = MARKERS.iter().filter_map(|key| values.entry(key)).map(|entry| entry.key);
    top.min_by_key(|origin| (origin.source, origin.start))
}

/// A v1 file where none was expected.
pub(super) fn refused(sources: &Sources, values: &Node, options: &Options, marker: Origin) -> Imported {
    let mut imported = import(sources, values, options);
    imported.diagnostics = vec![
        Diagnostic::error(codes::V1, "these are values of the v1 chart `wasmcloud-platform`")
            .at(marker, "only that chart has this key")
            .with_help("say `--from v1` to take over what has a counterpart"),
    ];
    imported
}

/// Takes over what has a counterpart; everything is in the report.
pub(super) fn import(sources: &Sources, values: &Node, options: &Options) -> Imported {
    let mut context = Context::new(sources, values, options);
    walk(&mut context, values, &Path::root());
    let volume = ["nats", "server", "jetstream", "volume"];
    if context.get(&volume).is_some() {
        context.set(&[&volume[..], &["enabled"]].concat(), true);
    }
    let clustered = context.on("nats.config.cluster.enabled", false);
    if !clustered && context.get(&["nats", "server", "replicas"]).is_some() {
        context.put("nats.server.replicas", 1);
    } else if clustered && context.get(&["nats", "server", "replicas"]).is_none() {
        context.put("nats.server.replicas", 3);
    }
    for key in MARKERS {
        let Some(Entry { key: origin, .. }) = values.entry(key) else { continue };
        context.report(
            Diagnostic::warning(codes::V1, format!("`{key}` is of v1 only"))
                .at(*origin, "")
                .with_help("the report says what became of each key below it")
                .with_path(Path::keys([key])),
        );
    }
    context.finish("wasmcloud-platform (v1)".into())
}

fn walk(context: &mut Context<'_>, node: &Node, path: &Path) {
    let row = ROWS.iter().find(|(known, _)| begins(known, path));
    match row {
        // A row for all the rest of a section must not take what rows below it name.
        Some((known, how)) if known.split('.').count() == path.0.len() && !has_rows_below(path) => {
            meet(context, how, node, path);
        }
        _ => match &node.value {
            Value::Map(map) if !map.is_empty() => {
                for (key, entry) in map {
                    walk(context, &entry.node, &path.key(key));
                }
            }
            _ => match row {
                Some((_, how)) => meet(context, how, node, path),
                None => context.became(node, path, &Outcome::Unsupported("no counterpart is known".into())),
            },
        },
    }
}

/// Whether rows name keys below a path.
fn has_rows_below(path: &Path) -> bool {
    ROWS.iter().any(|(known, _)| {
        let mut steps = known.split('.');
        known.split('.').count() > path.0.len()
            && path
                .0
                .iter()
                .all(|segment| matches!((segment, steps.next()), (Segment::Key(key), Some(step)) if key == step))
    })
}

/// Whether a row is the path or leads to it.
fn begins(known: &str, path: &Path) -> bool {
    let steps = known.split('.');
    steps.clone().count() <= path.0.len()
        && steps.zip(&path.0).all(|(step, segment)| matches!(segment, Segment::Key(key) if key == step))
}

fn meet(context: &mut Context<'_>, how: &How, node: &Node, path: &Path) {
    match how {
        How::Copy(kind, to) => match copy::read(context, node, path, *kind) {
            Some(Json::Null) => context.became(node, path, &Outcome::NotNeeded("nothing is said here".into())),
            Some(value) => {
                context.put(to, value);
                context.became(node, path, &Outcome::Mapped((*to).to_owned()));
            }
            None => context.became(node, path, &Outcome::Unsupported("of the wrong type".into())),
        },
        How::NotNeeded(why) => context.became(node, path, &Outcome::NotNeeded((*why).to_owned())),
        How::Unsupported(why) => context.became(node, path, &Outcome::Unsupported((*why).to_owned())),
    }
}
