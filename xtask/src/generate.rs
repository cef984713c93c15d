//! Generated files: one table says which there are and which function of the library makes each.

use anyhow::Result;
use chartwright::values::{reference, schema};
use chartwright::{conformance, diagnostics, import};

use crate::{Verdict, cache};

/// Every generated file: its path in the checkout, and what makes its text.
///
/// To add one, add a line. The text must depend on nothing but the code: no time, no environment, no order of a hash.
const FILES: &[Generated] = &[
    ("values-schemas/values.schema.json", schema::schema_text),
    ("values-schemas/values.schema.min.json", schema::minimal_text),
    ("values-schemas/values.yaml", reference::values_yaml),
    ("docs/values.md", reference::markdown),
    ("docs/rules.md", rules),
    ("docs/coming-from-upstream.md", import::page),
    ("docs/conformance.md", conformance::markdown),
];

/// The page of every rule there is.
fn rules() -> String {
    diagnostics::reference::rules_markdown(&chartwright::cli::rules().iter().collect::<Vec<_>>())
}

/// One generated file.
type Generated = (&'static str, fn() -> String);

/// Flags of `cargo xtask gen`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Write nothing; fail when a file is not what the code would generate
    #[arg(long)]
    check: bool,
}

/// Runs the chore.
pub(crate) fn run(args: &Args) -> Result<Verdict> {
    bring(FILES, args.check)
}

/// Whether the files in the checkout are current; says which are not.
pub(crate) fn check() -> Result<Verdict> {
    bring(FILES, true)
}

fn bring(files: &[Generated], check: bool) -> Result<Verdict> {
    let checkout = cache::checkout();
    let mut stale = 0;
    for (path, make) in files {
        let target = checkout.join(path);
        let wanted = make();
        let present = if target.exists() { Some(fs_err::read_to_string(&target)?) } else { None };
        if present.as_deref() == Some(wanted.as_str()) {
            continue;
        }
        stale += 1;
        if check {
            let what = match present {
                Some(present) => first_difference(&present, &wanted),
                None => "is missing".to_owned(),
            };
            println!("{path}: {what}");
        } else {
            if let Some(folder) = target.parent() {
                fs_err::create_dir_all(folder)?;
            }
            fs_err::write(&target, wanted)?;
            println!("{path}: written");
        }
    }
    if check && stale > 0 {
        println!("run `cargo xtask gen` and commit what it writes");
        return Ok(Verdict::No);
    }
    println!("{} generated files, {} of them current before", files.len(), files.len() - stale);
    Ok(Verdict::Yes)
}

/// The first line in which two texts part, in words.
pub(crate) fn first_difference(present: &str, wanted: &str) -> String {
    let (mut old, mut new) = (present.lines(), wanted.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (None, None) => return "differs only in how its lines end".to_owned(),
            (old, new) if old == new => {}
            (old, new) => {
                let shown = |line: Option<&str>| line.unwrap_or("(the file ends)").to_owned();
                return format!("line {number} differs\n  - {}\n  + {}", shown(old), shown(new));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_file_once_and_inside_the_checkout() {
        let mut paths: Vec<_> = FILES.iter().map(|(path, _)| *path).collect();
        assert!(paths.iter().all(|path| !path.starts_with('/') && !path.contains("..")), "{paths:?}");
        paths.sort_unstable();
        let all = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), all);
    }

    #[test]
    fn a_missing_file_and_a_changed_one_are_stale() {
        let missing: &[Generated] = &[("no/such/file", String::new)];
        assert_eq!(bring(missing, true).unwrap(), Verdict::No);
        let changed: &[Generated] = &[("Cargo.toml", String::new)];
        assert_eq!(bring(changed, true).unwrap(), Verdict::No);
        assert_eq!(bring(&[], true).unwrap(), Verdict::Yes);
    }

    #[test]
    fn a_difference_is_shown_by_its_first_line() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), "line 2 differs\n  - b\n  + c");
        assert_eq!(first_difference("a\n", "a\nb\n"), "line 2 differs\n  - (the file ends)\n  + b");
        assert_eq!(first_difference("a", "a\n"), "differs only in how its lines end");
    }
}
