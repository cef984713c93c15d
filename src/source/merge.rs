//! How one layer comes over another, as Helm does it: among what the user says, and over the chart's defaults.

use super::{Entry, Map, Node, Value};

/// Puts a node in the place of another, which becomes history.
pub(super) fn superseded(slot: &mut Node, mut new: Node) {
    let mut history = std::mem::take(&mut slot.replaced);
    history.push(slot.origin);
    history.append(&mut new.replaced);
    new.replaced = history;
    *slot = new;
}

/// Among the user's layers: maps merge, everything else is replaced, also by null.
pub(super) fn merge(under: &mut Node, over: Node) {
    match (&mut under.value, over) {
        (Value::Map(below), Node { value: Value::Map(above), style, origin, .. }) => {
            for (key, entry) in above {
                match below.get_mut(&key) {
                    Some(old) => {
                        merge(&mut old.node, entry.node);
                        old.key = entry.key;
                    }
                    None => {
                        below.insert(key, entry);
                    }
                }
            }
            under.replaced.push(under.origin);
            under.style = style;
            under.origin = origin;
        }
        (_, over) => superseded(under, over),
    }
}

/// Over the defaults (Helm's `coalesceValues`): the user's value wins whatever its kind; his null takes a default
/// away, and stays where there is none; nulls among the defaults count for nothing.
pub(super) fn coalesce(user: &Node, defaults: &Node) -> Node {
    let (Value::Map(above), Value::Map(below)) = (&user.value, &defaults.value) else { return user.clone() };
    with_history(user, Value::Map(coalesce_maps(above, below, true)), defaults)
}

fn coalesce_maps(user: &Map, defaults: &Map, top: bool) -> Map {
    let mut out = Map::new();
    for (key, entry) in user {
        let Some(default) = defaults.get(key) else {
            out.insert(key.clone(), entry.clone());
            continue;
        };
        let node = match (&entry.node.value, &default.node.value) {
            // At the top Helm deletes the key even if the default is null itself; further down it keeps it.
            (Value::Null, below) if top || *below != Value::Null => continue,
            (Value::Map(above), Value::Map(below)) => {
                with_history(&entry.node, Value::Map(coalesce_maps(above, below, false)), &default.node)
            }
            _ => with_history(&entry.node, entry.node.value.clone(), &default.node),
        };
        out.insert(key.clone(), Entry { key: entry.key, node });
    }
    for (key, default) in defaults {
        if !user.contains_key(key) && default.node.value != Value::Null {
            out.insert(key.clone(), Entry { key: default.key, node: without_nulls(&default.node) });
        }
    }
    out
}

fn with_history(user: &Node, value: Value, default: &Node) -> Node {
    let replaced = std::iter::once(default.origin).chain(user.replaced.iter().copied()).collect();
    Node { value, style: user.style, origin: user.origin, replaced }
}

/// Maps without their null keys; lists are left as they are.
fn without_nulls(node: &Node) -> Node {
    let Value::Map(map) = &node.value else { return node.clone() };
    let kept = map.iter().filter(|(_, entry)| entry.node.value != Value::Null);
    let map =
        kept.map(|(key, entry)| (key.clone(), Entry { key: entry.key, node: without_nulls(&entry.node) })).collect();
    Node { value: Value::Map(map), ..node.clone() }
}
