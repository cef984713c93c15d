//! The reference page of all checks.

use std::fmt::Write as _;

use super::{Need, checks};

/// As Markdown.
pub fn markdown() -> String {
    let mut page = String::from(include_str!("page.md"));
    page.push_str("\n## What checks may need\n\n| feature | means |\n|---|---|\n");
    for need in Need::ALL {
        let _ = writeln!(page, "| `{}` | {} |", need.name(), need.about());
    }
    let all = checks();
    let _ = writeln!(page, "\n## The {} checks", all.len());
    let mut family = "";
    for check in all {
        if check.family() != family {
            family = check.family();
            let _ = writeln!(page, "\n### {family}\n\n| check | claims | needs | when it fails |\n|---|---|---|---|");
        }
        let needs: Vec<&str> = check.needs.iter().map(|need| need.name()).collect();
        let _ = writeln!(page, "| `{}` | {} | {} | {} |", check.id, check.claim, needs.join(", "), check.hint);
    }
    page
}
