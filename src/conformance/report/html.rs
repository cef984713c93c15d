//! One page for browsers; it needs nothing from anywhere.

use std::fmt::Write as _;

use super::{Report, Status};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2024}\
h2{margin:1.6rem 0 .4rem}table{border-collapse:collapse;width:100%}td{border-top:1px solid #d8dce0;padding:.35rem .6rem;\
vertical-align:top}td:first-child{width:4.5rem;font-weight:600}.passed{color:#18794e}.failed{color:#b42318}.skipped{color:#7a5c00}\
code{font-size:13px}pre{white-space:pre-wrap;margin:.2rem 0;font-size:13px}.time{text-align:right;white-space:nowrap}\
@media(prefers-color-scheme:dark){body{background:#16191c;color:#e4e7ea}td{border-color:#3a3f45}.passed{color:#4cc38a}\
.failed{color:#ff8b7d}.skipped{color:#d9b44a}}";

pub(super) fn render(report: &Report) -> String {
    let mut page = String::from("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">");
    let _ = writeln!(page, "<title>Conformance of {}</title><style>{STYLE}</style>", escaped(&report.platform.release));
    let _ = writeln!(
        page,
        "<h1>Conformance</h1><p>{} passed, {} failed, {} skipped in {} s by chartwright {}</p>",
        report.passed, report.failed, report.skipped, report.seconds, report.version
    );
    let facts = &report.platform;
    let _ = writeln!(
        page,
        "<p>Release <code>{}/{}</code> on Kubernetes {}<br>operator <code>{}</code><br>hosts <code>{}</code></p>",
        escaped(&facts.namespace),
        escaped(&facts.release),
        escaped(&facts.kubernetes),
        escaped(&facts.operator),
        escaped(&facts.hosts.join(", "))
    );
    if let Some(advice) = &report.advice {
        let _ = writeln!(page, "<pre class=\"skipped\">{}</pre>", escaped(advice));
    }
    for (family, entries) in report.families() {
        let _ = writeln!(page, "<h2>{family}</h2><table>");
        for entry in entries {
            let class = match entry.status {
                Status::Passed => "passed",
                Status::Failed => "failed",
                Status::Skipped => "skipped",
            };
            let _ = write!(
                page,
                "<tr id=\"{0}\"><td class=\"{class}\">{class}</td><td><code>{0}</code><br>{1}<pre>{2}</pre>",
                entry.id,
                escaped(entry.claim),
                escaped(&entry.seen)
            );
            if let Some(hint) = &entry.hint {
                let _ = write!(page, "<p>Hint: {}</p>", escaped(hint));
            }
            let _ = writeln!(page, "</td><td class=\"time\">{:.2} s</td></tr>", entry.seconds);
        }
        page.push_str("</table>\n");
    }
    page.push_str("</html>\n");
    page
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_seen_cannot_become_markup() {
        let page = super::render(&super::super::sample());
        assert!(page.contains("shop/web &lt;0 of 1&gt;") && !page.contains("<0 of 1>"), "{page}");
        assert!(page.contains("<h2>install</h2>") && page.contains("Hint: look at its Pods"), "{page}");
    }
}
