//! The allowed arrows: which room of `src/` may name which, and which crate may depend on which.
//!
//! A reader should know from the tree alone that `render` never sees a cluster and `values` never sees a template.
//! The check reads paths (`crate::room`, `super::…` that leaves a room) out of the text, comments and strings aside;
//! tests inside a room obey as well: what needs two rooms belongs in `tests/it`.

mod scan;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::command::{capture, cargo};
use crate::{Verdict, cache};

use scan::Use;

/// The rooms in the order the data flows, and what each may name. Who adds a room says here what it sees.
const ROOMS: &[(&str, &[&str])] = &[
    // What is wrong with a text is found while it is read.
    ("source", &["diagnostics"]),
    ("values", &["source", "diagnostics"]),
    ("diagnostics", &["source"]),
    ("render", &["source", "values"]),
    // Of `render` it takes the printer of YAML.
    ("import", &["source", "values", "diagnostics", "render"]),
    ("validate", &["source", "values", "render", "diagnostics"]),
    // Charts and images go to the same registries.
    ("oci", &[]),
    ("export", &["source", "values", "render", "diagnostics", "oci"]),
    ("image", &["values", "render", "oci"]),
    ("cluster", &[]),
    ("release", &["cluster"]),
    // What is installed was rendered and exported before; its images may go ahead of it. Old manifests are read as any text is.
    ("install", &["source", "diagnostics", "render", "export", "image", "cluster", "release"]),
    // What runs, whoever installed it.
    ("hosts", &["cluster"]),
    // It judges any operator and host, installed by whomever.
    ("conformance", &["cluster"]),
    ("cli", &[ANY]),
];

/// Every other room.
const ANY: &str = "*";

/// Libraries that only some rooms may name: their majors move, or they belong at the edge.
const LIBRARIES: &[(&str, &[&str])] = &[
    // `render` reads what the one-pass reader leaves to it, `validate` its tests' small trees.
    ("granit_parser", &["source", "render", "validate"]),
    ("minijinja", &[]),
    ("chartwright_dialect", &["render", "export"]),
    // The names of profiles and report formats are words of the command line.
    ("clap", &["cli", "values", "diagnostics"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("anyhow", &["cli"]),
    // Components for another target take a build of their own.
    ("chartwright_guests", &["conformance"]),
    ("hyper", &["conformance"]),
    ("tokio_rustls", &["conformance"]),
    ("x509_parser", &["conformance"]),
    ("oci_client", &["oci"]),
    ("kube", &["cluster", "release", "install", "hosts", "conformance"]),
];

/// The members of `crates/` that their neighbours may depend on: what both halves of the platform share, and what they
/// are alike in as programs; and the components that tests run.
const SHARED: [&str; 3] = ["chartwright-contract", "chartwright-guests", "chartwright-program"];

/// Runs the chore.
pub(crate) fn run() -> Result<Verdict> {
    let source = cache::checkout().join("src");
    let mut findings = Vec::new();
    let mut files = 0;
    for file in cache::files(&source)? {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let relative = file.strip_prefix(&source)?;
            findings.extend(check_file(relative, &fs_err::read_to_string(&file)?));
            files += 1;
        }
    }
    findings.extend(check_crates(&members()?));
    for finding in &findings {
        println!("{finding}");
    }
    if findings.is_empty() {
        println!("{files} files keep to the arrows");
        return Ok(Verdict::Yes);
    }
    println!("{} arrows point backwards; the allowed ones stand in xtask/src/edges/mod.rs", findings.len());
    Ok(Verdict::No)
}

/// What one file under `src/` names and may not.
fn check_file(relative: &Path, text: &str) -> Vec<String> {
    let Some((room, depth)) = place(relative) else { return Vec::new() };
    let shown = Path::new("src").join(relative);
    let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{}: the room `{room}` has no arrows yet in xtask/src/edges/mod.rs", shown.display())];
    };
    let mut findings = Vec::new();
    for Use { line, name, kind } in scan::uses(text, depth) {
        let at = format!("{}:{line}", shown.display());
        match kind {
            scan::Kind::Own => {
                let known = ROOMS.iter().any(|(other, _)| *other == name);
                if known && name != room && !allowed.contains(&name.as_str()) && !allowed.contains(&ANY) {
                    let may = if allowed.is_empty() { "nothing".to_owned() } else { allowed.join(", ") };
                    findings.push(format!("{at}: `{room}` names `{name}`; it may name {may}"));
                }
            }
            scan::Kind::Library => {
                let homes = LIBRARIES.iter().find(|(library, _)| *library == name).map(|(_, homes)| *homes);
                if let Some(homes) = homes.filter(|homes| !homes.contains(&room.as_str())) {
                    findings.push(format!("{at}: `{room}` names the library `{name}`, kept to {}", homes.join(", ")));
                }
            }
        }
    }
    findings
}

/// The room of a file and how deep its module is; `lib.rs` and `main.rs` are in none.
fn place(relative: &Path) -> Option<(String, usize)> {
    let mut parts: Vec<String> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let last = parts.pop()?;
    let stem = last.strip_suffix(".rs")?;
    if parts.is_empty() && (stem == "lib" || stem == "main") {
        return None;
    }
    if stem != "mod" {
        parts.push(stem.to_owned());
    }
    Some((parts.first()?.clone(), parts.len()))
}

/// A member of the workspace.
#[derive(Debug)]
struct Member {
    name: String,
    folder: PathBuf,
    /// Members it depends on, for whatever purpose.
    needs: Vec<String>,
}

fn members() -> Result<Vec<Member>> {
    let said =
        capture(cargo().args(["metadata", "--no-deps", "--offline", "--format-version", "1"]), Duration::from_mins(1))?;
    anyhow::ensure!(said.success, "cargo metadata failed:\n{}", said.stderr);
    let metadata: Value = serde_json::from_str(&said.stdout)?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let checkout = cache::checkout();
    packages
        .iter()
        .map(|package| {
            let manifest = package["manifest_path"].as_str().context("a package has a manifest")?;
            let folder = Path::new(manifest).parent().context("a manifest has a folder")?;
            let needs = package["dependencies"].as_array().into_iter().flatten();
            Ok(Member {
                name: package["name"].as_str().context("a package has a name")?.to_owned(),
                folder: folder.strip_prefix(&checkout).unwrap_or(folder).to_path_buf(),
                needs: needs
                    .filter(|needed| needed["path"].is_string())
                    .filter_map(|needed| needed["name"].as_str().map(str::to_owned))
                    .collect(),
            })
        })
        .collect()
}

/// Crates never see each other, except the one they share; nobody sees the workshop.
fn check_crates(members: &[Member]) -> Vec<String> {
    let mut findings = Vec::new();
    for member in members {
        for needed in &member.needs {
            let at = member.folder.join("Cargo.toml");
            if needed == "xtask" {
                findings.push(format!("{}: nothing may depend on `xtask`", at.display()));
            } else if member.folder.starts_with("crates") && !SHARED.contains(&needed.as_str()) {
                findings.push(format!(
                    "{}: `{}` depends on `{needed}`; in crates/ only {} are shared",
                    at.display(),
                    member.name,
                    SHARED.join(", ")
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrow_forward_is_fine_and_one_backward_is_found() {
        let text = "use crate::source::Node;\nuse crate::render::Engine;\n";
        assert_eq!(
            check_file(Path::new("values/image.rs"), text),
            ["src/values/image.rs:2: `values` names `render`; it may name source, diagnostics"]
        );
        assert!(check_file(Path::new("validate/mod.rs"), text).is_empty());
    }

    #[test]
    fn a_room_may_name_itself_and_the_command_line_may_name_all() {
        assert!(check_file(Path::new("source/tree.rs"), "use crate::source::Path;").is_empty());
        assert!(check_file(Path::new("cli/render.rs"), "use crate::{export, render::Engine, values};").is_empty());
        assert!(check_file(Path::new("lib.rs"), "pub use crate::cli::run;").is_empty());
    }

    #[test]
    fn nothing_names_the_command_line() {
        for (room, allowed) in ROOMS.iter().filter(|(room, _)| *room != "cli") {
            assert!(!allowed.contains(&"cli") && !allowed.contains(&ANY), "{room}");
        }
    }

    #[test]
    fn the_arrows_have_no_circle() {
        // Kahn's way: take away rooms that name nobody left, until none is left.
        // `diagnostics` stands beside the flow: it shows places of `source`, which finds what is wrong while it reads.
        let mut left: Vec<_> = ROOMS.iter().filter(|(room, _)| !["cli", "diagnostics"].contains(room)).collect();
        while !left.is_empty() {
            let names: Vec<_> = left.iter().map(|(room, _)| *room).collect();
            let before = left.len();
            left.retain(|(_, allowed)| allowed.iter().any(|other| names.contains(other)));
            assert!(left.len() < before, "a circle among {names:?}");
        }
    }

    #[test]
    fn a_room_nobody_described_is_a_finding() {
        assert_eq!(
            check_file(Path::new("attic/mod.rs"), ""),
            ["src/attic/mod.rs: the room `attic` has no arrows yet in xtask/src/edges/mod.rs"]
        );
    }

    #[test]
    fn a_library_stays_in_its_room() {
        let text = "use granit_parser::Parser;";
        assert!(check_file(Path::new("source/parse.rs"), text).is_empty());
        assert_eq!(
            check_file(Path::new("values/mod.rs"), text),
            ["src/values/mod.rs:1: `values` names the library `granit_parser`, kept to source, render, validate"]
        );
    }

    #[test]
    fn crates_share_only_the_contract() {
        let member = |name: &str, folder: &str, needs: &[&str]| Member {
            name: name.to_owned(),
            folder: folder.into(),
            needs: needs.iter().map(|&needed| needed.to_owned()).collect(),
        };
        let fine = [
            member("chartwright", "", &["chartwright-contract", "chartwright-host"]),
            member("chartwright-host", "crates/host", &["chartwright-contract"]),
        ];
        assert!(check_crates(&fine).is_empty());
        let wrong = [
            member("chartwright", "", &["xtask"]),
            member("chartwright-host", "crates/host", &["chartwright-operator"]),
            member("chartwright-contract", "crates/contract", &["chartwright"]),
        ];
        assert_eq!(check_crates(&wrong).len(), 3);
    }

    #[test]
    fn files_know_their_room_and_depth() {
        let at = |path| place(Path::new(path));
        assert_eq!(at("lib.rs"), None);
        assert_eq!(at("values/mod.rs"), Some(("values".to_owned(), 1)));
        assert_eq!(at("values/image.rs"), Some(("values".to_owned(), 2)));
        assert_eq!(at("diagnostics/render/mod.rs"), Some(("diagnostics".to_owned(), 2)));
        assert_eq!(at("prelude.rs"), Some(("prelude".to_owned(), 1)));
    }
}
