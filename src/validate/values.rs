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
        Ok(refused) => found.extend(refused.iter().map(|refusal| diagnostic(refusal, &coalesced.user))),
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
fn diagnostic(refusal: &Refusal, user: &Node) -> Diagnostic {
    let (message, help) =
        refusal.message.split_once('\n').map_or((refusal.message.as_str(), None), |(a, b)| (a, Some(b)));
    let code = refusals::code(&refusal.code).unwrap_or(Code("CW1000"));
    let mut finding = Diagnostic::error(code, message);
    if let Some(help) = help {
        finding = finding.with_help(help);
    }
    match Path::parse(&refusal.path) {
        Some(path) => locate(finding, user, path, ""),
        None => finding,
    }
}

/// Points a finding at a path of what the user wrote: the node itself, or what a host group inherits from `hostDefaults`
/// and from the platform's `nats`; else the deepest key above any of these that he wrote.
pub(super) fn locate(mut finding: Diagnostic, user: &Node, path: Path, label: &str) -> Diagnostic {
    let candidates = candidates(&path);
    let missing = |candidate: &Path| candidate.0.len() - user.nearest(candidate).1;
    if let Some(best) = candidates.iter().min_by_key(|candidate| missing(candidate)) {
        let (node, depth) = user.nearest(best);
        if depth == best.0.len() {
            finding = finding.at(node.origin, label);
            if let Some(replaced) = node.replaced.last() {
                finding = finding.and_at(*replaced, "overrides what was set here");
            }
        } else if let Some((Segment::Key(key), above)) = best.0[..depth].split_last()
            && let Some(entry) = user.at(&Path(above.to_vec())).and_then(|node| node.entry(key))
        {
            finding = finding.at(entry.key, label);
        }
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
