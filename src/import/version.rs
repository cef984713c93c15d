//! Which version of the chart the values are for.

use semver::Version;

use super::context::{Context, look};
use super::table::ROWS;
use super::{codes, images};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Origin, Path, Value};

/// What is assumed when nothing says otherwise.
const ASSUMED: Version = Version::new(2, 7, 0);

/// Keys under `resources` that are no Kubernetes resources, since when, and our limit.
pub(super) const KNOBS: [(&str, &str, &str); 4] = [
    ("coreInstances", "2.8.0", "coreInstances"),
    ("defaultHeapMemory", "2.8.0", "defaultHeapMemory"),
    ("guestMemoryMode", "2.9.0", "guestMemoryMode"),
    ("maxConcurrentStarts", "2.9.0", "maxConcurrentStarts"),
];

/// Whether a version is older than this; candidates count as their release.
pub(super) fn before(version: &Version, bound: &str) -> bool {
    let numbers = |version: &Version| (version.major, version.minor, version.patch);
    Version::parse(bound).is_ok_and(|bound| numbers(version) < numbers(&bound))
}

/// The given version, or the least that knows all keys.
pub(super) fn settle(context: &mut Context<'_>) {
    if let Some(given) = &context.options.version {
        context.version = given.clone();
        return;
    }
    let mut newest: Option<(Version, Origin, Path)> = None;
    search(context.root, &Path::root(), &mut newest);
    context.version = ASSUMED;
    if let Some((version, origin, path)) = newest.filter(|(version, ..)| *version > ASSUMED) {
        context.report(
            Diagnostic::info(codes::VERSION, format!("read as values of chart {version}, which brought `{path}`"))
                .at(origin, "")
                .with_help("`--chart-version` says which chart it is")
                .with_path(path),
        );
        context.version = version;
    }
}

fn search(node: &Node, path: &Path, newest: &mut Option<(Version, Origin, Path)>) {
    match &node.value {
        Value::Map(map) => {
            for (key, entry) in map {
                let path = path.key(key);
                let row = ROWS.iter().find(|row| row.pattern.is(&path)).map(|row| row.since);
                let knob = KNOBS
                    .iter()
                    .find(|(name, ..)| name == key && is_runtime_resources(&path))
                    .map(|(_, since, _)| *since);
                if let Some(version) = knob.or(row).and_then(|since| Version::parse(since).ok())
                    && newest.as_ref().is_none_or(|(known, ..)| *known < version)
                {
                    *newest = Some((version, entry.key, path.clone()));
                }
                search(&entry.node, &path, newest);
            }
        }
        Value::List(list) => {
            for (index, item) in list.iter().enumerate() {
                search(item, &path.index(index), newest);
            }
        }
        _ => {}
    }
}

fn is_runtime_resources(path: &Path) -> bool {
    let text = path.to_string();
    text.starts_with("runtime.") && text.contains("resources.")
}

/// The version of a group's hosts; without a group, of those that say nothing of their own.
pub(super) fn of_hosts(context: &Context<'_>, group: Option<&Node>) -> Version {
    let common = of_image(context, context.at("runtime.image"), images::HOST.repository, &context.version);
    match group.and_then(|group| look(group, "image")) {
        Some(image) => of_image(context, Some(image), images::HOST.repository, &common),
        None => common,
    }
}

/// The version of the program in an image: its tag when that is a version and the image is upstream's own.
pub(super) fn of_image(context: &Context<'_>, image: Option<&Node>, repository: &str, inherited: &Version) -> Version {
    let text = |key: &str| image.and_then(|image| look(image, key)).and_then(|node| context.text(node));
    if text("repository").is_some_and(|own| !own.is_empty() && own != repository) {
        return inherited.clone();
    }
    text("tag")
        .and_then(|tag| Version::parse(tag.strip_prefix('v').unwrap_or(&tag)).ok())
        .filter(|version| version.major == 2)
        .unwrap_or_else(|| inherited.clone())
}
