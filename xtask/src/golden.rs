//! Goldens: whole values files and the manifests they render to, stable to the byte.
//!
//! `golden/<name>/values.yaml` is the case, `golden/<name>/args` (if there) has further arguments of `render`, one a
//! line, and `golden/<name>/manifests.yaml` is what the tool printed when someone last read it and agreed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::command::{build_program, capture, command};
use crate::generate::first_difference;
use crate::{Verdict, cache};

/// Flags of `cargo xtask golden`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    mode: Mode,
    /// Only these goldens, by folder name
    names: Vec<String>,
}

/// Exactly one of the two.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Mode {
    /// Write what the tool prints now
    #[arg(long)]
    update: bool,
    /// Write nothing; fail when a golden is not what the tool prints
    #[arg(long)]
    check: bool,
}

/// Runs the chore.
pub(crate) fn run(args: &Args) -> Result<Verdict> {
    let mut cases = cases()?;
    if let Some(unknown) = args.names.iter().find(|name| !cases.contains(name)) {
        anyhow::bail!("no golden/{unknown}/values.yaml");
    }
    cases.retain(|name| args.names.is_empty() || args.names.contains(name));
    bring(&cases, args.mode.update)
}

/// Whether every golden is what the tool prints.
pub(crate) fn check() -> Result<Verdict> {
    bring(&cases()?, false)
}

/// The names of the goldens, sorted.
pub(crate) fn cases() -> Result<Vec<String>> {
    let folder = cache::checkout().join("golden");
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs_err::read_dir(&folder)? {
        let entry = entry?;
        if entry.path().join("values.yaml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn bring(cases: &[String], update: bool) -> Result<Verdict> {
    let program = build_program(false)?;
    let mut wrong = 0;
    for name in cases {
        let folder = PathBuf::from("golden").join(name);
        let Some(printed) = render(&program, &folder)? else {
            wrong += 1;
            continue;
        };
        let target = cache::checkout().join(&folder).join("manifests.yaml");
        let present = if target.exists() { Some(fs_err::read_to_string(&target)?) } else { None };
        if present.as_ref() == Some(&printed) {
            continue;
        }
        if update {
            fs_err::write(&target, printed)?;
            println!("golden {name}: written");
            continue;
        }
        wrong += 1;
        match present {
            Some(present) => println!("golden {name}: {}", first_difference(&present, &printed)),
            None => println!("golden {name}: has no manifests.yaml"),
        }
    }
    if wrong > 0 {
        println!(
            "{wrong} of {} goldens are wrong; when the change is meant, run `cargo xtask golden --update`",
            cases.len()
        );
        return Ok(Verdict::No);
    }
    println!("{} goldens", cases.len());
    Ok(Verdict::Yes)
}

/// What the tool prints for a golden; `None` when it refuses, which is printed.
fn render(program: &Path, folder: &Path) -> Result<Option<String>> {
    let mut render = command(program);
    render.arg("render").arg("-f").arg(folder.join("values.yaml"));
    let extra = cache::checkout().join(folder).join("args");
    if extra.exists() {
        render.args(arguments(&fs_err::read_to_string(extra)?));
    }
    let printed = capture(&mut render, Duration::from_mins(1))
        .with_context(|| format!("while rendering {}", folder.display()))?;
    if printed.success {
        return Ok(Some(printed.stdout));
    }
    println!("{} is not rendered:\n{}", folder.display(), printed.stderr);
    Ok(None)
}

/// One argument a line; empty lines and lines that start with `#` are for the reader.
fn arguments(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_stand_one_a_line() {
        assert_eq!(arguments("# why\n--namespace\nwasm cloud\n\n"), ["--namespace", "wasm cloud"]);
    }
}
