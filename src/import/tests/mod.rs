use serde_json::{Value as Json, json};

use super::*;
use crate::source::{
    Coalesced, Flag, FlagKind, Layers, Map, SourceId, SourceKind, Style, Value, parse_lenient,
};

mod cases;
mod keys;
mod rows;

/// An import and what it read.
struct Run {
    sources: Sources,
    imported: Imported,
}

/// Layers files and `--set` flags as the command line does, and imports them.
fn run(files: &[(&str, &str)], flags: &[&str], options: &Options) -> Run {
    let mut sources = Sources::default();
    let none = sources.add(SourceKind::Default, "defaults", "{}");
    let nothing = Node::new(Value::Map(Map::new()), Style::Collection, Origin { source: none, start: 0, end: 0 });
    let mut layers = Layers::new(nothing);
    let mut diagnostics = Vec::new();
    let ids: Vec<SourceId> = files.iter().map(|(name, text)| sources.add(SourceKind::File, *name, *text)).collect();
    for id in ids {
        let parsed = parse_lenient(&sources, id);
        diagnostics.extend(parsed.diagnostics);
        if let Some(node) = parsed.node {
            layers.add(node);
        }
    }
    let flags: Vec<Flag> = flags
        .iter()
        .map(|flag| Flag { kind: FlagKind::Typed, source: sources.add(SourceKind::Flag, "--set", *flag) })
        .collect();
    layers.set(&sources, &flags, &|_| Err(std::io::ErrorKind::NotFound.into()));
    let (Coalesced { user, .. }, faults) = layers.finish();
    diagnostics.extend(faults);
    let mut imported = import(&sources, &user, options);
    imported.diagnostics.splice(0..0, diagnostics);
    Run { sources, imported }
}

fn one(text: &str) -> Run {
    run(&[("values.yaml", text)], &[], &Options::default())
}

/// A case's input, as the repository keeps it.
fn case(path: &str) -> Run {
    case_with(path, &Options::default())
}

fn case_with(path: &str, options: &Options) -> Run {
    let file = format!("{}/tests/cases/{path}", env!("CARGO_MANIFEST_DIR"));
    let text = fs_err::read_to_string(file).unwrap();
    let name = path.rsplit('/').next().unwrap_or(path);
    run(&[(name, &text)], &[], options)
}

impl Run {
    /// `warning CW3006 values.yaml:3:10` of all findings that are more than a remark.
    fn found(&self) -> Vec<String> {
        self.said(Severity::Warning)
    }

    fn said(&self, least: Severity) -> Vec<String> {
        self.imported
            .diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity >= least)
            .map(|diagnostic| {
                let place = diagnostic.primary.as_ref().map(|label| self.sources.place(label.origin));
                format!("{} {} {}", diagnostic.severity, diagnostic.code, place.unwrap_or_default())
            })
            .collect()
    }

    /// All words of the finding with this code.
    fn words(&self, code: crate::diagnostics::Code) -> String {
        let all = self.imported.diagnostics.iter().filter(|diagnostic| diagnostic.code == code);
        all.map(|found| {
            let label = found.primary.as_ref().map_or("", |label| &label.text);
            let help = found.help.as_deref().unwrap_or_default();
            format!("{} | {label} | {help} | {}\n", found.message, found.notes.join(" "))
        })
        .collect()
    }

    /// One of our values.
    #[track_caller]
    fn ours(&self, pointer: &str) -> Json {
        self.imported.values.pointer(pointer).cloned().unwrap_or(Json::Null)
    }

    /// Whether one of our values is there, null or not.
    fn has(&self, pointer: &str) -> bool {
        self.imported.values.pointer(pointer).is_some()
    }

    #[track_caller]
    fn outcome(&self, path: &str) -> Outcome {
        let path = Path::parse(path).unwrap();
        self.imported.report.iter().find(|line| line.path == path).unwrap().outcome.clone()
    }
}
