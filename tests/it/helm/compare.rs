//! One value set, judged by us and by both Helms.

use chartwright::{
    diagnostics::Severity,
    export::bundle,
    render::{self, Release},
    source::{Coalesced, Layers, Node, Origin, SourceKind, Sources, parse},
    validate,
    values::{DEFAULTS, defaults},
};
use serde_json::{Map, Value};

use super::{Ask, Helm, Objects, Version, differences, objects};

pub(crate) const RELEASE: &str = "wasmcloud";
pub(crate) const NAMESPACE: &str = "wasm-system";

pub(crate) fn release() -> Release {
    Release { name: RELEASE.into(), namespace: NAMESPACE.into() }
}

/// What we say of a value set.
pub(crate) enum Verdict {
    /// What `render` renders.
    Accepted(Box<render::Rendered>, Map<String, Value>),
    /// The findings, each as code, path and message; whether the schema is what refuses.
    Refused { schema: bool, findings: Vec<(String, String, String)> },
}

/// The exported chart in one Helm.
pub(crate) fn chart(version: Version) -> Option<Helm> {
    Helm::new(version, &bundle(DEFAULTS).unwrap().files)
}

fn lay(text: &str, sources: &mut Sources) -> Coalesced {
    let origin = Origin { source: sources.add(SourceKind::Default, "defaults", ""), start: 0, end: 0 };
    let mut layers = Layers::new(Node::from_json(&defaults().into(), origin));
    let id = sources.add(SourceKind::File, "values.yaml", text);
    let parsed = parse(sources, id);
    assert_eq!(parsed.diagnostics, [], "{text}");
    layers.add(parsed.node.unwrap());
    let (coalesced, found) = layers.finish();
    assert_eq!(found, [], "{text}");
    coalesced
}

/// Reads a values file.
pub(crate) fn read(text: &str) -> Value {
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, "values.yaml", text);
    let parsed = parse(&sources, id);
    assert_eq!(parsed.diagnostics, [], "{text}");
    parsed.node.unwrap().to_json()
}

/// Judges a text of values as `render` does.
pub(crate) fn judge(text: &str) -> Result<Verdict, String> {
    let mut sources = Sources::default();
    let coalesced = lay(text, &mut sources);
    let found = validate::values(&sources, &coalesced, &release(), &[]).map_err(|err| err.to_string())?;
    let findings: Vec<(String, String, String)> = found
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| {
            let path = finding.path.as_ref().map(ToString::to_string).unwrap_or_default();
            (finding.code.to_string(), path, finding.message.clone())
        })
        .collect();
    if !findings.is_empty() {
        let schema = findings.iter().any(|(code, ..)| !is_rule(code));
        return Ok(Verdict::Refused { schema, findings });
    }
    let Value::Object(values) = coalesced.root.to_json() else { return Err("values are no map".into()) };
    let rendered = render::render(&values, &release(), &[]).map_err(|err| err.to_string())?;
    Ok(Verdict::Accepted(Box::new(rendered), values))
}

/// Whether a code belongs to a rule that the chart carries.
fn is_rule(code: &str) -> bool {
    validate::refusals::rules().iter().any(|rule| rule.code.0 == code)
}

pub(crate) fn by_name(list: &[render::Object]) -> Objects {
    objects(&list.iter().map(|object| object.value.clone()).collect())
}

/// How many sets of each kind there were.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) accepted: usize,
    pub(crate) refused_by_schema: usize,
    pub(crate) refused_by_rules: usize,
    /// With Helm's verdict beside ours.
    pub(crate) compared: usize,
}

/// Judges each set three times; the problems, one text each.
pub(crate) fn compare(sets: &[Value]) -> (Tally, Vec<String>) {
    let (mut tally, mut problems) = (Tally::default(), Vec::new());
    let ours: Vec<Result<Verdict, String>> = sets.iter().map(|set| judge(&set.to_string())).collect();
    for (number, verdict) in ours.iter().enumerate() {
        match verdict {
            Ok(Verdict::Accepted(rendered, _)) => {
                tally.accepted += 1;
                let twice = by_name(&rendered.objects).into_keys().find(|name| name.contains('#'));
                if let Some(name) = twice {
                    problems.push(format!("set {number} makes {name} twice: {}", sets[number]));
                }
            }
            Ok(Verdict::Refused { schema: true, .. }) => tally.refused_by_schema += 1,
            Ok(Verdict::Refused { .. }) => tally.refused_by_rules += 1,
            Err(err) => problems.push(format!("set {number} stumbles: {err}\n{}", sets[number])),
        }
    }
    std::thread::scope(|scope| {
        let runs = Version::ALL.map(|version| {
            scope.spawn(move || {
                let helm = chart(version)?;
                Some((version, helm.ask(RELEASE, NAMESPACE, sets, Ask::default())))
            })
        });
        for (version, answers) in runs.into_iter().filter_map(|run| run.join().unwrap()) {
            for (number, (ours, theirs)) in ours.iter().zip(answers).enumerate() {
                tally.compared += 1;
                if let Some(problem) = problem(ours, &theirs.result) {
                    problems.push(format!("set {number}, {version:?}: {problem}\n{}", sets[number]));
                }
            }
        }
    });
    (tally, problems)
}

fn problem(ours: &Result<Verdict, String>, theirs: &Result<Objects, String>) -> Option<String> {
    match (ours, theirs) {
        // Told already.
        (Err(_), _) => None,
        (Ok(Verdict::Accepted(rendered, _)), Ok(theirs)) => {
            let differences = differences(&by_name(&rendered.objects), theirs);
            (!differences.is_empty()).then_some(differences)
        }
        (Ok(Verdict::Accepted(..)), Err(theirs)) => Some(format!("only Helm refuses: {theirs}")),
        (Ok(Verdict::Refused { findings, .. }), Ok(_)) => Some(format!("only we refuse: {findings:?}")),
        (Ok(Verdict::Refused { schema, findings }), Err(theirs)) => {
            let said = if *schema {
                theirs.contains("values don't meet the specifications of the schema")
            } else {
                findings.iter().any(|(code, ..)| theirs.contains(code.as_str()))
            };
            (!said).then(|| format!("another refusal\n  ours:   {findings:?}\n  theirs: {theirs}"))
        }
    }
}

/// Fails with the first problems.
pub(crate) fn none(problems: &[String], what: &str) {
    let first: Vec<&str> = problems.iter().take(12).map(String::as_str).collect();
    assert!(problems.is_empty(), "{what}: {} problems\n\n{}", problems.len(), first.join("\n\n"));
}
