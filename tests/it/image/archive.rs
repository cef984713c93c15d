//! Archives: what `save` writes, and what `inspect` reads in them.

use serde_json::json;

use super::{blob, entries, json as read, made, run_image};
use crate::{
    registry::sha256,
    tool::{folder, run_in},
};

#[test]
fn two_archives_are_equal_to_the_byte() {
    let folder = folder(&[]);
    for name in ["a.tar", "b.tar"] {
        let run = run_image(folder.path(), &["save", "-o", name]);
        assert_eq!(run.code, 0, "{}", run.stderr);
        assert_eq!(run.stdout, format!("docker.io/library/chartwright:0.1.0@{}\n", made().top.digest));
    }
    let bytes = |name: &str| fs_err::read(folder.path().join(name)).unwrap();
    assert!(bytes("a.tar") == bytes("b.tar"));
    // Nothing is left behind, and others may read it.
    let mut names: Vec<_> = fs_err::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["a.tar", "b.tar", "payload-amd64", "payload-arm64"]);
}

#[test]
fn an_archive_is_an_oci_layout_that_containerd_can_name() {
    let folder = folder(&[]);
    assert_eq!(run_image(folder.path(), &["save", "-o", "a.tar"]).code, 0);
    let entries = entries(&folder.path().join("a.tar"));
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..2], ["oci-layout", "index.json"]);
    assert!(names[2..].is_sorted() && names[2..].iter().all(|name| name.starts_with("blobs/sha256/")), "{names:?}");
    for (name, content) in &entries[2..] {
        assert_eq!(sha256(content), name.replacen("blobs/sha256/", "sha256:", 1));
    }
    let index = read(&entries, "index.json");
    let top = &index["manifests"][0];
    assert_eq!(top["digest"], made().top.digest.as_str());
    for key in ["io.containerd.image.name", "org.opencontainers.image.ref.name"] {
        assert_eq!(top["annotations"][key], "docker.io/library/chartwright:0.1.0");
    }
    assert_eq!(index["manifests"][1]["artifactType"], "application/spdx+json");
}

#[test]
fn docker_gets_its_list_and_one_platform() {
    let folder = folder(&[]);
    let args = ["save", "-o", "d.tar", "--format", "docker", "--platform", "linux/arm64"];
    let run = run_image(folder.path(), &args);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let entries = entries(&folder.path().join("d.tar"));
    let list = read(&entries, "manifest.json");
    assert_eq!(list[0]["RepoTags"], json!(["docker.io/library/chartwright:0.1.0"]));
    let config: serde_json::Value =
        serde_json::from_slice(&entries.iter().find(|(name, _)| list[0]["Config"] == name.as_str()).unwrap().1)
            .unwrap();
    assert_eq!(config["architecture"], "arm64");
    assert!(entries.iter().any(|(name, _)| list[0]["Layers"] == json!([name])));
    // The layout beside it says the same.
    let index = read(&entries, "index.json");
    let manifest: serde_json::Value = serde_json::from_slice(blob(&entries, &index["manifests"][0]["digest"])).unwrap();
    assert!(manifest["layers"].is_array());
}

#[test]
fn inspect_says_what_is_in_an_archive_and_what_would_be_made() {
    let folder = folder(&[]);
    assert_eq!(run_image(folder.path(), &["save", "-o", "a.tar"]).code, 0);
    let archive = run_in(folder.path(), &["image", "inspect", "a.tar"]);
    assert_eq!((archive.code, archive.stderr.as_str()), (0, ""));
    for words in
        ["linux/amd64", "linux/arm64", "65532:65532", "/chartwright", "yes (SPDX 2.3)", "image.licenses: Apache-2.0"]
    {
        assert!(archive.stdout.contains(words), "{words}: {}", archive.stdout);
    }
    assert_eq!(run_image(folder.path(), &["inspect"]).stdout, archive.stdout);
    let json = run_in(folder.path(), &["image", "inspect", "a.tar", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["images"][0]["digest"], made().top.digest.as_str());
    assert_eq!((&json["images"][0]["sbom"], &json["images"][0]["size"]), (&json!(true), &json!(made().size())));
}

#[test]
fn a_damaged_archive_is_refused() {
    let folder = folder(&[("text.tar", "no archive at all")]);
    assert_eq!(run_image(folder.path(), &["save", "-o", "a.tar"]).code, 0);
    let mut bytes = fs_err::read(folder.path().join("a.tar")).unwrap();
    fs_err::write(folder.path().join("cut.tar"), &bytes[..bytes.len() / 2]).unwrap();
    let at = bytes.windows(10).position(|window| window == b"\"DEPENDS_O").unwrap();
    bytes[at + 1] = b'd';
    fs_err::write(folder.path().join("changed.tar"), &bytes).unwrap();
    for (name, words) in [
        ("changed.tar", "damaged: blobs/sha256/"),
        ("cut.tar", "cut.tar"),
        ("text.tar", "text.tar"),
        ("none.tar", "none.tar"),
    ] {
        for args in [["image", "inspect", name].as_slice(), &["image", "push", "--from", name, "--to", "localhost:1/x"]]
        {
            let run = run_in(folder.path(), args);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
            assert!(run.stderr.contains(words), "{args:?}: {}", run.stderr);
        }
    }
}
