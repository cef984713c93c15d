//! Which component of a workload serves which import of another.

use std::collections::BTreeSet;

use wac_graph::types::are_semver_compatible;

/// What a component asks for and offers, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Surface {
    /// Imports: `wasi:http/types@0.2.2`.
    pub(super) imports: Vec<String>,
    /// Exports.
    pub(super) exports: Vec<String>,
}

/// An import that another component serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) import: String,
    /// Place of the component that serves it.
    pub(super) from: usize,
    /// By which of its exports; it may be of a later, compatible version.
    pub(super) export: String,
}

/// Why components cannot be linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Two would serve it.
    #[error(
        "component `{component}` imports `{import}`, which `{first}` and `{second}` both export; keep one of them in \
         this workload"
    )]
    Ambiguous {
        /// Who imports.
        component: String,
        /// What.
        import: String,
        /// One who exports it.
        first: String,
        /// Another.
        second: String,
    },
    /// They wait for each other.
    #[error("components import each other in a circle: {}", .0.join(" → "))]
    Circle(Vec<String>),
    /// More than a composition holds.
    #[error("component `{component}` is linked to {count} others; at most {most} are supported")]
    TooMany {
        /// Who imports.
        component: String,
        /// How many stand behind it.
        count: usize,
        /// How many may.
        most: usize,
    },
}

/// For each component the imports that others of its workload serve.
pub(super) fn resolve(components: &[(&str, &Surface)]) -> Result<Vec<Vec<Link>>, LinkError> {
    let mut all = Vec::with_capacity(components.len());
    for (place, (name, surface)) in components.iter().enumerate() {
        let mut links = Vec::new();
        for import in &surface.imports {
            let others = components.iter().enumerate().filter(|(other, _)| *other != place);
            let mut serving = others.filter_map(|(from, (_, other))| Some((from, matching(&other.exports, import)?)));
            let Some((from, export)) = serving.next() else { continue };
            if let Some((second, _)) = serving.next() {
                return Err(LinkError::Ambiguous {
                    component: (*name).to_owned(),
                    import: import.clone(),
                    first: components[from].0.to_owned(),
                    second: components[second].0.to_owned(),
                });
            }
            links.push(Link { import: import.clone(), from, export: export.clone() });
        }
        all.push(links);
    }
    for place in 0..components.len() {
        let mut path = vec![place];
        if let Some(circle) = circle(&all, &mut path) {
            return Err(LinkError::Circle(circle.iter().map(|place| components[*place].0.to_owned()).collect()));
        }
    }
    Ok(all)
}

/// The component itself and all that stand behind it, in their order.
pub(super) fn reachable(links: &[Vec<Link>], root: usize) -> Vec<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(place) = open.pop() {
        for link in &links[place] {
            if found.insert(link.from) {
                open.push(link.from);
            }
        }
    }
    std::iter::once(root).chain(found).collect()
}

fn matching<'e>(exports: &'e [String], import: &str) -> Option<&'e String> {
    let exactly = exports.iter().find(|export| *export == import);
    exactly.or_else(|| exports.iter().find(|export| are_semver_compatible(export, import)))
}

fn circle(links: &[Vec<Link>], path: &mut Vec<usize>) -> Option<Vec<usize>> {
    let last = *path.last()?;
    for link in &links[last] {
        if path.first() == Some(&link.from) {
            path.push(link.from);
            return Some(path.clone());
        }
        // A circle that does not pass through the first is found from its own members.
        if !path.contains(&link.from) {
            path.push(link.from);
            if let Some(found) = circle(links, path) {
                return Some(found);
            }
            path.pop();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surface(imports: &[&str], exports: &[&str]) -> Surface {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Surface { imports: owned(imports), exports: owned(exports) }
    }

    #[test]
    fn imports_find_their_exporter_and_equal_exports_matter_only_when_imported() {
        let (api, prices) = (
            surface(&["shop:prices/lookup@0.1.0", "wasi:cli/environment@0.2.3"], &["wasi:http/handler@0.3.0"]),
            surface(&[], &["shop:prices/lookup@0.1.2", "wasi:http/handler@0.3.0"]),
        );
        let links = resolve(&[("api", &api), ("prices", &prices)]).unwrap();
        assert_eq!(links[0][0].export, "shop:prices/lookup@0.1.2");
        assert_eq!((links[0].len(), links[1].len()), (1, 0));
        assert_eq!(reachable(&links, 0), [0, 1]);
        let error = resolve(&[("api", &api), ("prices", &prices), ("other", &prices)]).unwrap_err().to_string();
        assert!(error.contains("`prices` and `other`") && error.contains("`shop:prices/lookup@0.1.0`"), "{error}");
    }

    #[test]
    fn an_older_version_serves_a_newer_import_only_on_one_track() {
        let newer = surface(&["a:b/c@1.0.0"], &[]);
        assert!(resolve(&[("x", &newer), ("y", &surface(&[], &["a:b/c@2.0.0"]))]).unwrap()[0].is_empty());
    }

    #[test]
    fn circles_are_named() {
        let (one, two) = (surface(&["a:a/a"], &["b:b/b"]), surface(&["b:b/b"], &["a:a/a"]));
        let error = resolve(&[("one", &one), ("two", &two)]).unwrap_err();
        assert_eq!(error, LinkError::Circle(vec!["one".into(), "two".into(), "one".into()]));
        // A component may wrap the interface it exports itself.
        let (outer, inner) = (surface(&["a:a/a"], &["a:a/a"]), surface(&[], &["a:a/a"]));
        assert_eq!(resolve(&[("outer", &outer), ("inner", &inner)]).unwrap()[0][0].from, 1);
    }
}
