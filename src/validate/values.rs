//! Values judged: schema, then rules across keys, then what works but probably not as meant.

use crate::diagnostics::{Code, Diagnostic, Severity};
use crate::render::{self, Refusal, Release, TemplateError};
use crate::source::{Coalesced, Node, Path, Segment, Sources};

use super::{refusals, schema, warnings};

/// All findings of one set of values.
pub fn values(
    sources: &Sources,
    coalesced: &Coalesced,
    release: &Release,
    api_versions: &[String],
) -> Result<Vec<Diagnostic>, TemplateError> {
    let mut found = schema::check(crate::values::schema::compiled(), &coalesced.root, &Path::root(), sources);
    let sound = !found.iter().any(|finding| finding.severity == Severity::Error);
    let json = coalesced.root.to_json();
    let Some(map) = json.as_object() else { return Ok(found) };
    match render::refusals(map, release, api_versions) {
        Ok(refused) => found.extend(refused.iter().map(|refusal| diagnostic(refusal, &coalesced.root))),
        // A rule may stumble over a value of the wrong type, which the schema has named already.
        Err(_) if !sound => {}
        Err(err) => return Err(err),
    }
    if sound {
        found.extend(warnings::check(&warnings::Context { coalesced, values: map, release }));
    }
    Ok(found)
}

/// A refusal of the templates' rules as a finding: its message may end with a line of what to write instead.
fn diagnostic(refusal: &Refusal, root: &Node) -> Diagnostic {
    let (message, help) =
        refusal.message.split_once('\n').map_or((refusal.message.as_str(), None), |(a, b)| (a, Some(b)));
    let code = refusals::code(&refusal.code).unwrap_or(Code("CW1000"));
    let mut finding = Diagnostic::error(code, message);
    if let Some(help) = help {
        finding = finding.with_help(help);
    }
    match Path::parse(&refusal.path) {
        Some(path) => locate(finding, root, path, ""),
        None => finding,
    }
}

/// Points a finding at a path: the node itself; what a host group inherits is looked up in `hostDefaults`, what a group
/// lays over the platform's NATS in `nats`; else the nearest key above.
pub(super) fn locate(mut finding: Diagnostic, root: &Node, path: Path, label: &str) -> Diagnostic {
    for candidate in candidates(&path) {
        if let Some(node) = root.at(&candidate) {
            finding = finding.at(node.origin, label);
            for replaced in node.replaced.iter().rev().take(1) {
                finding = finding.and_at(*replaced, "overrides what was set here");
            }
            return finding.with_path(path);
        }
    }
    let (_, depth) = root.nearest(&path);
    let above = Path(path.0[..depth].to_vec());
    let origin = match (above.parent(), above.0.last()) {
        (Some(parent), Some(Segment::Key(key))) => {
            root.at(&parent).and_then(|node| node.entry(key)).map(|entry| entry.key)
        }
        _ => root.at(&above).map(|node| node.origin),
    };
    if let Some(origin) = origin {
        finding = finding.at(origin, label);
    }
    finding.with_path(path)
}

/// A path, and the paths it inherits from.
fn candidates(path: &Path) -> Vec<Path> {
    let mut all = vec![path.clone()];
    if let [Segment::Key(hosts), Segment::Key(_), rest @ ..] = path.0.as_slice()
        && hosts == "hosts"
    {
        all.push(Path([&[Segment::Key("hostDefaults".into())], rest].concat()));
        if rest.first() == Some(&Segment::Key("nats".into())) {
            all.push(Path(rest.to_vec()));
        }
    }
    all
}
