//! A diagnostic with everything worked out that formats print.

use super::Report;
use crate::diagnostics::redact::Redactor;
use crate::diagnostics::{Code, Diagnostic, Label, Severity, fingerprint};
use crate::source::{Origin, Position, SourceKind, Sources};

/// A diagnostic whose texts are clean and whose places are lines and columns.
pub(super) struct Finding<'a> {
    pub(super) diagnostic: &'a Diagnostic,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) place: Option<Place<'a>>,
    pub(super) related: Vec<Place<'a>>,
    pub(super) fingerprint: String,
}

/// A label as lines and columns.
pub(super) struct Place<'a> {
    pub(super) origin: Origin,
    pub(super) kind: SourceKind,
    /// The source's name.
    pub(super) file: &'a str,
    pub(super) start: Position,
    pub(super) end: Position,
    pub(super) label: String,
    /// `prod.yaml:12:5`, `--set a.b=c`.
    pub(super) text: String,
}

impl Finding<'_> {
    pub(super) const fn severity(&self) -> Severity {
        self.diagnostic.severity
    }

    pub(super) const fn code(&self) -> Code {
        self.diagnostic.code
    }

    /// The place, if it is in a file that a code host can show.
    pub(super) fn in_file(&self) -> Option<&Place<'_>> {
        self.place.as_ref().filter(|place| place.kind == SourceKind::File)
    }

    /// The message, and the place where no field can carry it.
    pub(super) fn message_with_place(&self) -> String {
        match &self.place {
            Some(place) if place.kind != SourceKind::File => format!("{}: {}", place.text, self.message),
            _ => self.message.clone(),
        }
    }

    /// Help and notes, a line each.
    pub(super) fn remarks(&self) -> Vec<String> {
        let help = self.help.iter().map(|help| format!("help: {help}"));
        help.chain(self.notes.iter().map(|note| format!("note: {note}"))).collect()
    }
}

pub(super) fn all<'a>(report: &Report<'a>, redactor: &Redactor) -> Vec<Finding<'a>> {
    let clean = |text: &String| redactor.clean(text).into_owned();
    let place = |label: &Label| place(label, report.sources, redactor);
    report
        .diagnostics
        .iter()
        .zip(fingerprint::fingerprints(report.diagnostics, report.sources))
        .map(|(diagnostic, fingerprint)| Finding {
            diagnostic,
            message: clean(&diagnostic.message),
            help: diagnostic.help.as_ref().map(clean),
            notes: diagnostic.notes.iter().map(clean).collect(),
            place: diagnostic.primary.as_ref().map(place),
            related: diagnostic.secondary.iter().map(place).collect(),
            fingerprint,
        })
        .collect()
}

fn place<'a>(label: &Label, sources: &'a Sources, redactor: &Redactor) -> Place<'a> {
    let source = sources.get(label.origin.source);
    Place {
        origin: label.origin,
        kind: source.kind,
        file: &source.name,
        start: sources.position(label.origin),
        end: sources.end_position(label.origin),
        label: redactor.clean(&label.text).into_owned(),
        text: redactor.clean(&redactor.place(sources, label.origin)).into_owned(),
    }
}
