//! The table as a whole: every row is reached, and what rows write is a value of ours.

use super::*;
use crate::import::table::{How, ROWS, Row};

/// A values file in which the row's key is set, and nothing else that matters.
fn example(row: &Row) -> String {
    let value = match row.how {
        How::Copy(kind) => match kind {
            crate::import::copy::Kind::Switch => "true",
            crate::import::copy::Kind::Integer => "7",
            crate::import::copy::Kind::Text => "word",
            crate::import::copy::Kind::Texts => "[word]",
            crate::import::copy::Kind::TextMap => "{ word: word }",
            crate::import::copy::Kind::Tree => "{ word: 1 }",
            crate::import::copy::Kind::Resources => "{ requests: { cpu: 1 } }",
        },
        _ => "7",
    };
    let mut out = String::new();
    let mut indent = 0;
    let parts: Vec<&str> = row.path.split('.').collect();
    for (index, part) in parts.iter().enumerate() {
        let key = part.trim_end_matches("[]");
        out.push_str(&" ".repeat(indent));
        let last = index + 1 == parts.len();
        out.push_str(&if last { format!("{key}: {value}\n") } else { format!("{key}:\n") });
        indent += 2;
        if part.ends_with("[]") {
            out.push_str(&" ".repeat(indent));
            out.push_str(if parts[index + 1] == "name" { "- " } else { "- name: a\n" });
            indent = if parts[index + 1] == "name" { 0 } else { indent + 2 };
        }
    }
    out
}

#[test]
fn every_row_is_reached_and_does_what_it_says() {
    let newest = Options { version: Some(Version::new(2, 10, 3)), ..Options::default() };
    for row in ROWS.iter() {
        let text = example(row);
        let run = run(&[("values.yaml", &text)], &[], &newest);
        let lines: Vec<&ReportLine> = run
            .imported
            .report
            .iter()
            .filter(|line| {
                line.path.to_string() != "runtime.hostGroups[0].name" || row.path.rsplit('.').next() == Some("name")
            })
            .collect();
        let [line] = lines[..] else { panic!("{}: {lines:?}\n{text}", row.path) };
        let outcome = &line.outcome;
        let agrees = match row.how {
            How::Copy(_) => matches!(outcome, Outcome::Mapped(_)),
            How::Worked(_) => matches!(outcome, Outcome::Mapped(_) | Outcome::Unsupported(_) | Outcome::Dead(_)),
            How::Dead => matches!(outcome, Outcome::Dead(_)),
            How::NotNeeded => matches!(outcome, Outcome::NotNeeded(_)),
            How::Unsupported => matches!(outcome, Outcome::Unsupported(_)),
        };
        assert!(agrees, "{}: {outcome:?}", row.path);
        if let (How::Copy(_), Outcome::Mapped(to)) = (row.how, outcome) {
            let pointer = format!("/{}", to.replace('.', "/"));
            assert!(run.has(&pointer), "{} writes {to}", row.path);
        }
    }
}

#[test]
fn rows_are_unique_and_their_versions_exist() {
    let mut paths: Vec<&str> = ROWS.iter().map(|row| row.path.as_str()).collect();
    paths.sort_unstable();
    let all = paths.len();
    paths.dedup();
    assert_eq!(paths.len(), all);
    for row in ROWS.iter() {
        assert!(Version::parse(row.since).is_ok(), "{}", row.path);
        let silent = matches!(row.how, How::Dead | How::NotNeeded | How::Unsupported);
        assert!(!silent || !row.note.is_empty(), "{} says not why", row.path);
    }
}

#[test]
fn the_page_names_every_key() {
    let page = crate::import::page();
    assert!(ROWS.iter().all(|row| page.contains(&format!("| `{}` |", row.path))));
}
