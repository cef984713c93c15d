//! Each finding with the lines it speaks of, as rustc prints them.

use std::io::{self, Write};
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Renderer, Snippet};

use super::finding::Place;
use super::{Finding, Options, Redactor, Report, Severity, summary};
use crate::source::{SourceId, Sources};

/// Lines longer than this are cut around what is underlined.
const WIDTH: usize = 140;

pub(super) fn write(
    report: &Report<'_>,
    redactor: &Redactor,
    findings: &[Finding<'_>],
    out: &mut dyn Write,
    options: &Options,
) -> io::Result<()> {
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() }.term_width(WIDTH);
    for finding in findings {
        let level = match finding.severity() {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let title = level.primary_title(finding.message.as_str()).id(finding.code().0);
        let mut groups = vec![Group::with_title(title).elements(snippets(finding, report.sources, redactor))];
        groups.extend(finding.help.iter().map(|help| Group::with_title(Level::HELP.secondary_title(help.as_str()))));
        let note = |note| Group::with_title(Level::NOTE.secondary_title(note));
        groups.extend(finding.notes.iter().map(|text| note(text.as_str())));
        writeln!(out, "{}\n", renderer.render(&groups))?;
    }
    writeln!(out, "{}", summary(report, findings))
}

/// One snippet a source: the primary label's first.
fn snippets<'a>(
    finding: &'a Finding<'_>,
    sources: &'a Sources,
    redactor: &Redactor,
) -> Vec<Snippet<'a, Annotation<'a>>> {
    let places: Vec<(AnnotationKind, &Place<'_>)> = finding
        .place
        .iter()
        .map(|place| (AnnotationKind::Primary, place))
        .chain(finding.related.iter().map(|place| (AnnotationKind::Context, place)))
        .collect();
    let mut order: Vec<SourceId> = Vec::new();
    for (_, place) in &places {
        if !order.contains(&place.origin.source) {
            order.push(place.origin.source);
        }
    }
    order
        .into_iter()
        .map(|source| {
            let places: Vec<_> = places.iter().filter(|(_, place)| place.origin.source == source).collect();
            snippet(source, &places, sources, redactor)
        })
        .collect()
}

fn snippet<'a>(
    source: SourceId,
    places: &[&(AnnotationKind, &'a Place<'_>)],
    sources: &'a Sources,
    redactor: &Redactor,
) -> Snippet<'a, Annotation<'a>> {
    let text = sources.get(source).text.as_str();
    let mut spans: Vec<Range<usize>> = places.iter().map(|(_, place)| first_line(place, text)).collect();
    let start = spans.iter().map(|span| span.start).min().unwrap_or_default();
    let end = spans.iter().map(|span| span.end).max().unwrap_or_default();
    // Only the lines between the labels: scanning the whole file again for each finding adds up.
    let start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[end..].find('\n').map_or(text.len(), |newline| end + newline);
    let mut offsets: Vec<&mut usize> = spans.iter_mut().flat_map(|span| [&mut span.start, &mut span.end]).collect();
    let excerpt = redactor.excerpt(sources, source, start..end, &mut offsets);
    let line = text[..start].bytes().filter(|byte| *byte == b'\n').count() + 1;
    Snippet::source(excerpt).line_start(line).path(sources.get(source).name.as_str()).annotations(
        places.iter().zip(spans).map(|((kind, place), span)| {
            kind.span(span).label((!place.label.is_empty()).then_some(place.label.as_str()))
        }),
    )
}

/// The part of a place on its first line: arrows around a whole map hide more than they show.
fn first_line(place: &Place<'_>, text: &str) -> Range<usize> {
    let boundary = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = boundary((place.origin.start as usize).min(text.len()));
    let end = boundary((place.origin.end as usize).clamp(start, text.len()));
    let end = text[start..end].find(['\n', '\r']).map_or(end, |newline| start + newline);
    start..end
}
