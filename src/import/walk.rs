//! Every leaf of the input meets its row of the table; simple ones are copied on the spot.

use serde_json::Value as Json;

use super::context::Context;
use super::copy::{self, Kind};
use super::table::{self, How, ROWS, Row};
use super::{Outcome, codes, foreign, version};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Origin, Path, Segment, Value};

/// Walks the whole input.
pub(super) fn walk(context: &mut Context<'_>) {
    let root = context.root;
    below(context, root, &Path::root());
}

fn below(context: &mut Context<'_>, node: &Node, path: &Path) {
    match &node.value {
        Value::Map(map) => {
            for (key, entry) in map {
                visit(context, &entry.node, &path.key(key), entry.key);
            }
        }
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                visit(context, item, &path.index(index), item.origin);
            }
        }
        _ => {}
    }
}

fn visit(context: &mut Context<'_>, node: &Node, path: &Path, key: Origin) {
    if let Some(row) = table::find(path) {
        meet(context, row, node, path, key);
    } else if !ROWS.iter().any(|row| row.pattern.continues(path)) {
        foreign::unknown(context, node, path, key);
    } else if is_empty(&node.value) {
        context.became(node, path, &Outcome::NotNeeded("nothing is said here".into()));
    } else if matches!(node.value, Value::Map(_) | Value::List(_)) {
        below(context, node, path);
    } else if path == &Path::keys(["runtime", "hostGroups"]) {
        context.became(node, path, &Outcome::NotNeeded("no host groups".into()));
    } else {
        context.became(node, path, &Outcome::Unsupported("more keys are expected below it".into()));
        let mut diagnostic = Diagnostic::error(codes::TYPE, format!("expected a map, found {}", node.value.kind()))
            .at(node.origin, "")
            .with_path(path.clone());
        if node.value == Value::Null {
            diagnostic = diagnostic.with_help("name the keys to take away: upstream's templates stop here");
        }
        context.report(diagnostic);
    }
}

fn meet(context: &mut Context<'_>, row: &Row, node: &Node, path: &Path, key: Origin) {
    if matches!(row.how, How::Copy(kind) if !kind.is_whole()) || row.how == How::Worked(false) {
        // A scalar is expected; what is none is told by whoever reads it.
        if let (Value::Map(_) | Value::List(_), How::Worked(_)) = (&node.value, row.how) {
            copy::wrong(context, node, path, "a single value");
        }
    }
    let asks = !repeats_default(context, row, node);
    if let Some(wired) = row.wired.filter(|wired| version::before(&context.version, wired)) {
        let why = format!("no template of chart {} reads it; from {wired} on it is `{}`", context.version, row.to);
        dead(context, node, path, key, &why, asks);
        return;
    }
    if version::before(&context.version, row.since) {
        context.report(
            Diagnostic::warning(
                codes::NEWER,
                format!("`{path}` is known from runtime-operator {} on, not in {}", row.since, context.version),
            )
            .at(key, "did nothing so far")
            .with_help("take it out, or give the chart's version with `--chart-version`")
            .with_path(path.clone()),
        );
    }
    match row.how {
        How::Copy(kind) => {
            let to = target(context, &row.to, path);
            if is_unset(node, kind) {
                context.became(node, path, &Outcome::NotNeeded("nothing is said here".into()));
            } else if let Some(value) = copy::read(context, node, path, kind) {
                let value = match (value, context.get(&to.iter().map(String::as_str).collect::<Vec<_>>())) {
                    (value @ Json::Object(_), Some(before)) => copy::merged(before.clone(), &value),
                    (value, _) => value,
                };
                context.set(&to, value);
                context.became(node, path, &Outcome::Mapped(to.join(".")));
            } else {
                context.became(node, path, &Outcome::Unsupported("of the wrong type".into()));
            }
        }
        How::Worked(_) if row.to.is_empty() => {
            context.became(node, path, &Outcome::Unsupported(row.note.into()));
        }
        How::Worked(_) => {
            let to = target(context, &row.to, path).join(".");
            context.became(node, path, &Outcome::Mapped(to));
        }
        How::Dead => dead(context, node, path, key, row.note, asks),
        How::NotNeeded => context.became(node, path, &Outcome::NotNeeded(row.note.into())),
        How::Unsupported => {
            context.became(node, path, &Outcome::Unsupported(row.note.into()));
            if asks {
                context.report(
                    Diagnostic::warning(codes::UNSUPPORTED, format!("`{path}` has no counterpart"))
                        .at(key, "")
                        .with_note(row.note)
                        .with_path(path.clone()),
                );
            }
        }
    }
}

fn dead(context: &mut Context<'_>, node: &Node, path: &Path, key: Origin, why: &str, asks: bool) {
    context.became(node, path, &Outcome::Dead(why.to_owned()));
    if asks {
        context.report(
            Diagnostic::warning(codes::DEAD, format!("`{path}` had no effect"))
                .at(key, "")
                .with_note(why)
                .with_help("take it out; it is not carried over, so that nothing changes unseen")
                .with_path(path.clone()),
        );
    }
}

/// Our key with the host group's name in it, as steps.
fn target(context: &Context<'_>, to: &str, path: &Path) -> Vec<String> {
    let group = path.0.iter().find_map(|segment| match segment {
        Segment::Index(index) => context.groups.get(*index).map(|group| group.name.clone()),
        Segment::Key(_) => None,
    });
    let name = group.unwrap_or_default();
    to.split('.').map(|step| step.replace("<group>", &name)).collect()
}

/// An empty text or list where upstream's own values file has one: nothing is asked for.
fn is_unset(node: &Node, kind: Kind) -> bool {
    match &node.value {
        Value::String(text) => text.is_empty() && matches!(kind, Kind::Text | Kind::Integer),
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

fn repeats_default(context: &Context<'_>, row: &Row, node: &Node) -> bool {
    is_empty(&node.value)
        || node.value == Value::Null
        || context.text(node).is_some_and(|text| text.is_empty() || text == row.default)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::List(list) => list.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}
