//! Templates, checked: every file of `chart-templates/`, sorted by path, as a table of texts and as one program.
//!
//! A template that is not of the dialect fails the build at its place.

#![allow(clippy::disallowed_methods, reason = "a build script has no fs_err")]

use chartwright_dialect::Program;
use std::{env, error::Error, fmt::Write as _, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("chart-templates");
    println!("cargo::rerun-if-changed=chart-templates");
    let mut files = Vec::new();
    if root.is_dir() {
        walk(&root, &mut files)?;
    }
    let mut rows: Vec<(String, String)> = Vec::new();
    for file in files {
        let name = file.strip_prefix(&root)?.to_string_lossy().replace('\\', "/");
        rows.push((name, file.to_string_lossy().into_owned()));
    }
    rows.sort();
    let mut table = String::from(
        "/// Path below `chart-templates/` and text, sorted by path.\npub const TEMPLATES: &[(&str, &str)] = &[\n",
    );
    let mut texts = Vec::new();
    for (name, file) in &rows {
        // By the checkout that compiles, not the one that this ran in: several may share a target folder.
        let place = format!("/chart-templates/{name}");
        writeln!(table, "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {place:?}))),")?;
        texts.push((name.as_str(), fs::read_to_string(file)?));
    }
    table.push_str("];\n\n/// All of them as one checked program.\n");
    table.push_str(
        "pub(super) static PROGRAM: &[u8] = include_bytes!(concat!(env!(\"OUT_DIR\"), \"/chart_program\"));\n",
    );
    let templates: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let program = Program::compile(&templates).map_err(|err| format!("chart-templates/{err}"))?;
    let out = Path::new(&env::var("OUT_DIR")?).to_path_buf();
    fs::write(out.join("chart_templates.rs"), table)?;
    fs::write(out.join("chart_program"), program.write()?)?;
    Ok(())
}

fn walk(folder: &Path, files: &mut Vec<std::path::PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "j2") {
            files.push(path);
        }
    }
    Ok(())
}
