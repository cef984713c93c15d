//! The list of cases names real tests.

use crate::tool::root;

/// All sources of tests in a folder, one text.
fn sources(folder: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs_err::read_to_string(path).unwrap());
        }
    }
    text
}

#[test]
fn every_case_is_listed_and_every_test_of_the_list_exists() {
    let list = fs_err::read_to_string(root().join("docs/cases.md")).unwrap();
    for (letter, last) in [('V', 14), ('R', 20), ('H', 14)] {
        for number in 1..=last {
            let row = format!("| {letter}{number:02} |");
            assert_eq!(list.matches(&row).count(), 1, "{row}");
        }
    }
    let of = |folders: &[&str]| -> String { folders.iter().map(|folder| sources(&root().join(folder))).collect() };
    let (ours, host, contract) = (of(&["tests", "src"]), of(&["crates/host/tests"]), of(&["crates/contract/tests"]));
    let mut named = 0;
    for name in list.split('`').skip(1).step_by(2).filter(|name| name.contains("::") && !name.ends_with("::")) {
        let (first, function) = (name.split("::").next().unwrap(), name.rsplit("::").next().unwrap());
        let sources = match first {
            "host" => &host,
            "contract" => &contract,
            _ => &ours,
        };
        assert!(sources.contains(&format!("fn {function}(")), "{name}");
        named += 1;
    }
    assert!(named > 30, "only {named} tests");
}
