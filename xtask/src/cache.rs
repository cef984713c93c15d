//! Where downloaded and built tools live: outside the checkout, in folders keyed by version.

use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

/// The checkout this program was built from.
pub(crate) fn checkout() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// `$CHARTWRIGHT_CACHE`, else `$XDG_CACHE_HOME/chartwright`, else `~/.cache/chartwright`.
///
/// `.ci/run` works out the same folder in shell.
pub(crate) fn folder() -> Result<PathBuf> {
    folder_from(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn folder_from(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    if let Some(folder) = variable("CHARTWRIGHT_CACHE") {
        return Ok(folder);
    }
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .map(|parent| parent.join("chartwright"))
        .context("no place for a cache: set CHARTWRIGHT_CACHE, XDG_CACHE_HOME or HOME")
}

/// The folder of one version of one tool.
pub(crate) fn tool(name_and_version: &str) -> Result<PathBuf> {
    Ok(folder()?.join("tools").join(name_and_version))
}

/// Fills `target` once: `make` works in a folder beside it, which takes its name only when it is complete.
///
/// An interrupted or failed install so never looks like a finished one, and two runs at once do not mix.
pub(crate) fn fill(target: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let parent = target.parent().context("a tool's folder has a parent")?;
    fs_err::create_dir_all(parent)?;
    let draft = tempfile::Builder::new()
        .prefix(".making-")
        .tempdir_in(parent)
        .with_context(|| format!("cannot make a folder in {}", parent.display()))?;
    make(draft.path())?;
    if target.exists() {
        fs_err::remove_dir_all(target)?;
    }
    fs_err::rename(draft.keep(), target)?;
    Ok(())
}

/// Every file under `folder`, sorted, without what git and builds leave there.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs_err::read_dir(&next)? {
            let entry = entry?;
            let name = entry.file_name();
            if entry.file_type()?.is_dir() {
                if name != "target" && name != ".git" && name != "node_modules" {
                    waiting.push(entry.path());
                }
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A short name for the content of a folder: it changes when a file's name or text does.
pub(crate) fn fingerprint(folder: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files(folder)? {
        let text = fs_err::read(&file)?;
        let name = file.strip_prefix(folder).unwrap_or(&file).to_string_lossy().into_owned();
        // Lengths keep ("ab", "c") and ("a", "bc") apart.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(&text);
    }
    let mut short = String::new();
    for byte in hash.finalize().iter().take(6) {
        write!(short, "{byte:02x}")?;
    }
    Ok(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[(&str, &str)]) -> Option<PathBuf> {
        folder_from(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value))).ok()
    }

    #[test]
    fn the_nearest_variable_names_the_cache() {
        assert_eq!(with(&[("CHARTWRIGHT_CACHE", "/c"), ("HOME", "/h")]), Some("/c".into()));
        assert_eq!(with(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]), Some("/x/chartwright".into()));
        assert_eq!(with(&[("HOME", "/h")]), Some("/h/.cache/chartwright".into()));
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn a_failed_install_leaves_nothing_that_looks_finished() {
        let scratch = tempfile::tempdir().unwrap();
        let target = scratch.path().join("tool-1");
        let failed = fill(&target, |draft| {
            fs_err::write(draft.join("half"), "")?;
            anyhow::bail!("interrupted")
        });
        assert!(failed.is_err());
        assert!(!target.exists());

        fill(&target, |draft| Ok(fs_err::write(draft.join("whole"), "")?)).unwrap();
        assert!(target.join("whole").exists());
        assert_eq!(fs_err::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_fingerprint_follows_names_and_texts() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("main.go");
        fs_err::write(&file, "package main").unwrap();
        let first = fingerprint(scratch.path()).unwrap();
        assert_eq!(first, fingerprint(scratch.path()).unwrap());
        assert_eq!(first.len(), 12);

        fs_err::write(&file, "package other").unwrap();
        let second = fingerprint(scratch.path()).unwrap();
        assert_ne!(first, second);

        fs_err::rename(&file, scratch.path().join("other.go")).unwrap();
        assert_ne!(second, fingerprint(scratch.path()).unwrap());
    }
}
