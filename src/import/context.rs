//! What one import knows and gathers: the input, the values under way, what became of each leaf.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use serde_json::{Map, Value as Json};

use super::{Imported, Options, Outcome, ReportLine, codes};
use crate::diagnostics::{Diagnostic, tidy};
use crate::source::{Node, Origin, Path, SourceKind, Sources, Style, Value};

/// A host group of the input.
#[derive(Clone, Debug)]
pub(super) struct Group<'a> {
    /// Its name, by which it is known in our values.
    pub(super) name: String,
    /// Its namespace; none for the release's.
    pub(super) namespace: Option<String>,
    /// What the user wrote; none for the group that is there without a list.
    pub(super) node: Option<&'a Node>,
    /// Where it stands in the input.
    pub(super) path: Path,
}

/// One import under way.
pub(super) struct Context<'a> {
    pub(super) sources: &'a Sources,
    pub(super) root: &'a Node,
    pub(super) options: &'a Options,
    /// Version of the chart.
    pub(super) version: Version,
    pub(super) groups: Vec<Group<'a>>,
    values: Json,
    diagnostics: Vec<Diagnostic>,
    outcomes: BTreeMap<Path, (Origin, Outcome)>,
    secrets: Vec<Origin>,
}

impl<'a> Context<'a> {
    pub(super) fn new(sources: &'a Sources, root: &'a Node, options: &'a Options) -> Self {
        Self {
            sources,
            root,
            options,
            version: Version::new(2, 7, 0),
            groups: Vec::new(),
            values: Json::Object(Map::new()),
            diagnostics: Vec::new(),
            outcomes: BTreeMap::new(),
            secrets: Vec::new(),
        }
    }

    /// Whether the chart is this version or a later one; candidates count as their release.
    pub(super) fn is_at_least(&self, major: u64, minor: u64) -> bool {
        (self.version.major, self.version.minor) >= (major, minor)
    }

    /// The node at a path of plain keys: `global.tls.enabled`.
    pub(super) fn at(&self, path: &str) -> Option<&'a Node> {
        look(self.root, path)
    }

    /// A switch of the input; `default` without it, also when it is none.
    pub(super) fn on(&self, path: &str, default: bool) -> bool {
        self.at(path).map_or(default, |node| is_on(node, default))
    }

    /// A text of the input, if it is there and not empty.
    pub(super) fn filled(&self, path: &str) -> Option<(String, &'a Node)> {
        let node = self.at(path)?;
        self.text(node).filter(|text| !text.is_empty()).map(|text| (text, node))
    }

    /// The text of a scalar as the user wrote it.
    pub(super) fn text(&self, node: &Node) -> Option<String> {
        match &node.value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) => Some(self.written(node)),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The source's own text of a scalar.
    fn written(&self, node: &Node) -> String {
        let text = self.sources.text(node.origin);
        if node.style == Style::Plain && !text.is_empty() { text.to_owned() } else { helm_text(&node.value) }
    }

    /// Sets a value of ours; maps on the way are made.
    pub(super) fn set<S: AsRef<str>>(&mut self, path: &[S], value: impl Into<Json>) {
        let mut node = &mut self.values;
        for key in path {
            if !node.is_object() {
                *node = Json::Object(Map::new());
            }
            let Json::Object(map) = node else { return };
            node = map.entry(key.as_ref()).or_insert(Json::Null);
        }
        *node = value.into();
    }

    /// [`Context::set`] with a path of plain keys: `tls.provider`.
    pub(super) fn put(&mut self, path: &str, value: impl Into<Json>) {
        let path: Vec<&str> = path.split('.').collect();
        self.set(&path, value);
    }

    /// Appends to a list of ours.
    pub(super) fn append(&mut self, path: &[&str], value: impl Into<Json>) {
        let mut all = self.get(path).and_then(Json::as_array).cloned().unwrap_or_default();
        all.push(value.into());
        self.set(path, all);
    }

    /// A value of ours that was set already.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Json> {
        path.iter().try_fold(&self.values, |node, key| node.get(key))
    }

    /// Reports a finding.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Says what became of a node and all that stands under it.
    pub(super) fn became(&mut self, node: &Node, path: &Path, outcome: &Outcome) {
        match &node.value {
            Value::Map(map) if !map.is_empty() => {
                for (key, entry) in map {
                    self.became(&entry.node, &path.key(key), outcome);
                }
            }
            Value::List(list) if !list.is_empty() => {
                for (index, item) in list.iter().enumerate() {
                    self.became(item, &path.index(index), outcome);
                }
            }
            _ => {
                self.outcomes.insert(path.clone(), (node.origin, outcome.clone()));
            }
        }
    }

    /// Remembers where a credential stands.
    pub(super) fn hide(&mut self, origin: Origin) {
        self.secrets.push(origin);
    }

    /// Whether a place is the argument of a flag.
    pub(super) fn is_flag(&self, origin: Origin) -> bool {
        self.sources.get(origin.source).kind == SourceKind::Flag
    }

    /// A switch; texts are refused, since Helm takes every text for true.
    pub(super) fn switch(&mut self, node: &Node, path: &Path) -> Option<bool> {
        match &node.value {
            Value::Null => Some(false),
            Value::Bool(value) => {
                let text = self.written(node);
                if !matches!(text.as_str(), "true" | "false") {
                    self.report(
                        Diagnostic::info(codes::TEXT, format!("`{text}` is read as `{value}`"))
                            .at(node.origin, "")
                            .with_path(path.clone()),
                    );
                }
                Some(*value)
            }
            other => {
                let mut diagnostic =
                    Diagnostic::error(codes::TYPE, format!("expected true or false, found {}", other.kind()))
                        .at(node.origin, "")
                        .with_path(path.clone());
                if let Value::String(text) = other {
                    diagnostic = diagnostic.with_note("Helm takes every text that is not empty for true");
                    if matches!(text.as_str(), "true" | "false") {
                        diagnostic = diagnostic.with_help(format!("write `{text}` without quotes"));
                    }
                }
                self.report(diagnostic);
                None
            }
        }
    }

    /// An integer; a text that is one is taken, as upstream's templates do.
    pub(super) fn integer(&mut self, node: &Node, path: &Path) -> Option<i64> {
        let fault = |found: String| {
            Diagnostic::error(codes::TYPE, format!("expected an integer, found {found}"))
                .at(node.origin, "")
                .with_path(path.clone())
        };
        match &node.value {
            Value::Int(value) => Some(*value),
            Value::String(text) => {
                if let Ok(value) = text.trim().parse() {
                    self.report(
                        Diagnostic::info(codes::TEXT, format!("the text `{text}` is taken as an integer"))
                            .at(node.origin, "")
                            .with_path(path.clone()),
                    );
                    Some(value)
                } else {
                    self.report(fault(format!("the text `{text}`")));
                    None
                }
            }
            Value::Float(value) => {
                self.report(fault(format!("the number {value}")));
                None
            }
            other => {
                self.report(fault(other.kind().to_owned()));
                None
            }
        }
    }

    /// A text; where Helm would have made another text of a number or word, that is said.
    pub(super) fn kept_text(&mut self, node: &Node, path: &Path) -> Option<String> {
        let Some(text) = self.text(node) else {
            if node.value != Value::Null {
                self.report(
                    Diagnostic::error(codes::TYPE, format!("expected a text, found {}", node.value.kind()))
                        .at(node.origin, "")
                        .with_path(path.clone()),
                );
            }
            return None;
        };
        let word = node.style == Style::Plain && matches!(text.to_lowercase().as_str(), "y" | "n");
        if !matches!(node.value, Value::String(_)) || word {
            let helm = if word { text.clone() } else { helm_text(&node.value) };
            let diagnostic = if word {
                Diagnostic::warning(codes::TEXT, format!("`{text}` is kept as text; readers of YAML 1.1 see a boolean"))
            } else if helm == text {
                Diagnostic::info(codes::TEXT, format!("`{text}` is kept as text"))
            } else {
                Diagnostic::warning(
                    codes::TEXT,
                    format!("`{text}` is kept as written; Helm reads YAML 1.1 and makes `{helm}` of it"),
                )
            };
            self.report(
                diagnostic
                    .at(node.origin, "")
                    .with_help(format!("quote it: `\"{text}\"`"))
                    .with_path(path.clone()),
            );
        }
        Some(text)
    }

    /// The end.
    pub(super) fn finish(self, chart: String) -> Imported {
        let Self { sources, values, mut diagnostics, outcomes, secrets, .. } = self;
        let mut seen = BTreeSet::new();
        diagnostics.retain(|diagnostic| {
            let origin = diagnostic.primary.as_ref().map(|label| label.origin);
            seen.insert((diagnostic.code, origin, diagnostic.message.clone()))
        });
        tidy(&mut diagnostics, sources);
        let mut report: Vec<ReportLine> =
            outcomes.into_iter().map(|(path, (origin, outcome))| ReportLine { path, origin, outcome }).collect();
        report.sort_by_key(|line| line.origin);
        Imported { values, diagnostics, report, secrets, chart }
    }
}

/// The node at a path of plain keys below another.
pub(super) fn look<'a>(node: &'a Node, path: &str) -> Option<&'a Node> {
    path.split('.').try_fold(node, |node, key| node.get(key))
}

/// Whether a switch is on, as a template sees it; what is no boolean was reported before.
pub(super) fn is_on(node: &Node, default: bool) -> bool {
    match node.value {
        Value::Bool(value) => value,
        Value::Null => false,
        _ => default,
    }
}

/// How a template prints a scalar: numbers are 64-bit floats to Helm, and large ones get an exponent.
fn helm_text(value: &Value) -> String {
    #[expect(clippy::cast_precision_loss, reason = "Helm's own loss, within 2^53 there is none")]
    let number = match value {
        Value::Int(value) if value.unsigned_abs() < 1_000_000 => return value.to_string(),
        Value::Int(value) => *value as f64,
        Value::Float(value) => *value,
        Value::Bool(value) => return value.to_string(),
        Value::String(text) => return text.clone(),
        Value::Null | Value::List(_) | Value::Map(_) => return String::new(),
    };
    if (1e-4..1e6).contains(&number.abs()) || number == 0.0 {
        return number.to_string();
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}
