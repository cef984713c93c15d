//! The values as a file: what could not be carried over stands in comments at its top.

use std::fmt::Write as _;

use super::{Imported, Outcome};
use crate::render::to_yaml;
use crate::source::Sources;

impl Imported {
    /// Our values file. `names` are the upstream files, as the user named them.
    pub fn to_yaml(&self, sources: &Sources, names: &[&str]) -> String {
        let mut out = String::new();
        let from = if names.is_empty() { String::new() } else { format!(" {}", names.join(", ")) };
        line(&mut out, &format!("Imported from{from} (values of {}).", self.chart));
        let left: Vec<_> = self
            .report
            .iter()
            .filter_map(|line| match &line.outcome {
                Outcome::Dead(why) => Some((line, "had no effect", why)),
                Outcome::Unsupported(why) => Some((line, "not carried over", why)),
                Outcome::Mapped(_) | Outcome::NotNeeded(_) => None,
            })
            .collect();
        if !left.is_empty() {
            line(&mut out, "");
            line(&mut out, "What is not in here:");
        }
        for (entry, what, why) in left {
            line(&mut out, &format!("- {} ({}): {what}: {why}", entry.path, self.place(sources, entry.origin)));
        }
        out.push('\n');
        out.push_str(&to_yaml(&self.values));
        out
    }

    /// `values.yaml:3:5`; of a flag only its name and the key, since its value may be secret.
    fn place(&self, sources: &Sources, origin: crate::source::Origin) -> String {
        if self.secrets.contains(&origin) { sources.get(origin.source).name.clone() } else { sources.place(origin) }
    }
}

fn line(out: &mut String, text: &str) {
    // A key may contain a line break: the comment must not end there.
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(out, "#{}{text}", if text.is_empty() { "" } else { " " });
}
