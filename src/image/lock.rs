//! The lock file that this tool was built with, and what it resolves for it.

use std::collections::BTreeMap;

/// The file itself.
const LOCK: &str = include_str!("../../Cargo.lock");

/// A package of the lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Where it comes from; empty for what is in this repository.
    pub(super) source: String,
    /// SHA-256 of its archive.
    pub(super) checksum: String,
    /// Places in the list of packages, sorted.
    pub(super) needs: Vec<usize>,
}

/// What is reachable from the root package, which comes first; the others by name and version.
///
/// It is what cargo resolved for all systems and features, with what only tests use: more than is in one binary, never less.
pub(super) fn packages() -> Vec<Package> {
    read(LOCK, env!("CARGO_PKG_NAME"))
}

/// Reads a lock file. Cargo writes it in one form alone, so lines are enough.
fn read(text: &str, root: &str) -> Vec<Package> {
    let mut all: Vec<(Package, Vec<String>)> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line == "[[package]]" {
            all.push((Package::default(), Vec::new()));
            continue;
        }
        let Some((package, needs)) = all.last_mut() else { continue };
        if inside {
            match line.trim().trim_end_matches(',').trim_matches('"') {
                "]" => inside = false,
                need => needs.push(need.to_owned()),
            }
        } else if line == "dependencies = [" {
            inside = true;
        } else if let Some((key, value)) = line.split_once(" = ") {
            let value = value.trim_matches('"').to_owned();
            match key {
                "name" => package.name = value,
                "version" => package.version = value,
                "source" => package.source = value,
                "checksum" => package.checksum = value,
                _ => {}
            }
        }
    }
    // `name`, or `name version` where there are several, or with the source in brackets too.
    let find = |need: &str| {
        let mut words = need.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next());
        all.iter()
            .position(|(package, _)| package.name == name && version.is_none_or(|version| package.version == version))
    };
    // Old place → new place, in the order of discovery.
    let mut order: Vec<usize> = find(root).into_iter().collect();
    let mut at = 0;
    while let Some(&place) = order.get(at) {
        for need in &all[place].1 {
            if let Some(found) = find(need).filter(|found| !order.contains(found)) {
                order.push(found);
            }
        }
        at += 1;
    }
    if let Some(rest) = order.get_mut(1..) {
        rest.sort_unstable();
    }
    let new: BTreeMap<usize, usize> = order.iter().enumerate().map(|(new, old)| (*old, new)).collect();
    order
        .iter()
        .map(|&place| {
            let (package, needs) = &all[place];
            let mut needs: Vec<usize> = needs.iter().filter_map(|need| new.get(&find(need)?).copied()).collect();
            needs.sort_unstable();
            Package { needs, ..package.clone() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_root_does_not_reach_is_left_out() {
        let text = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\nchecksum = \"ff\"\n\n\
                    [[package]]\nname = \"a\"\nversion = \"2.0.0\"\n\n[[package]]\nname = \"other\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"root\"\nversion = \"0.1.0\"\ndependencies = [\n \"a 1.0.0\",\n \"b\",\n]\n\n\
                    [[package]]\nname = \"b\"\nversion = \"3.0.0\"\ndependencies = [\n \"a 1.0.0\",\n]\n";
        let found = read(text, "root");
        let names: Vec<_> = found.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
        assert_eq!(names, [("root", "0.1.0"), ("a", "1.0.0"), ("b", "3.0.0")]);
        assert_eq!((found[0].needs.as_slice(), found[2].needs.as_slice()), (&[1, 2][..], &[1][..]));
        assert_eq!(found[1].checksum, "ff");
    }

    #[test]
    fn the_lock_file_of_this_build_knows_its_libraries() {
        let found = packages();
        assert_eq!((found[0].name.as_str(), found[0].version.as_str()), ("chartwright", env!("CARGO_PKG_VERSION")));
        assert!(found.iter().any(|package| package.name == "oci-client" && package.checksum.len() == 64));
        assert!(!found.iter().any(|package| package.name == "xtask"));
    }
}
