//! What cannot be done is said with its reason and a way out.

use chartwright::image::Platform;

use super::program;
use crate::tool::{folder, run_in};

/// A program of these tests that wants a loader.
fn dynamic() -> Vec<u8> {
    let mut file = program(Platform::Amd64);
    // The type of the one program header.
    file[64] = 3;
    file
}

#[test]
fn a_payload_that_cannot_be_one_is_refused() {
    let folder = folder(&[("script", "#!/bin/sh\n")]);
    fs_err::write(folder.path().join("dynamic"), dynamic()).unwrap();
    fs_err::write(folder.path().join("amd64"), program(Platform::Amd64)).unwrap();
    for (payload, words) in [
        ("linux/amd64=dynamic", "linked dynamically"),
        ("linux/amd64=script", "no Linux program"),
        ("linux/amd64=none", "none"),
        ("linux/arm64=amd64", "a program for linux/amd64"),
        ("linux/s390x=amd64", "none of our platforms"),
        ("amd64", "linux/arm64=PATH"),
    ] {
        let platform = if payload.starts_with("linux/arm64") { "linux/arm64" } else { "linux/amd64" };
        let args = ["image", "save", "-o", "a.tar", "--payload", payload, "--platform", platform];
        let run = run_in(folder.path(), &args);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{payload}");
        assert!(run.stderr.contains(words), "{payload}: {}", run.stderr);
    }
    assert!(!folder.path().join("a.tar").exists());
}

#[test]
fn a_payload_that_is_nowhere_is_named_with_the_places() {
    let folder = folder(&[]);
    let payload = folder.path().join("amd64");
    fs_err::write(&payload, program(Platform::Amd64)).unwrap();
    let named = format!("linux/amd64={}", payload.display());
    let run = run_in(folder.path(), &["image", "save", "-o", "a.tar", "--payload", &named]);
    assert_eq!(run.code, 2);
    for words in
        ["for linux/arm64", "dist/chartwright-linux-arm64", "this program itself", "--payload linux/arm64=PATH"]
    {
        assert!(run.stderr.contains(words), "{}", run.stderr);
    }
    let one =
        run_in(folder.path(), &["image", "save", "-o", "a.tar", "--payload", &named, "--platform", "linux/amd64"]);
    assert_eq!(one.code, 0, "{}", one.stderr);
}

#[test]
fn payloads_of_a_release_are_found_in_dist() {
    let folder = folder(&[]);
    fs_err::create_dir_all(folder.path().join("dist")).unwrap();
    for platform in Platform::ALL {
        let name = format!("dist/chartwright-linux-{}", platform.architecture());
        fs_err::write(folder.path().join(name), program(platform)).unwrap();
    }
    let run = run_in(folder.path(), &["image", "save", "-o", "a.tar"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains(&super::made().top.digest), "{}", run.stdout);
}

#[test]
fn a_place_that_is_no_registry_is_refused() {
    let folder = folder(&[]);
    for to in ["https://registry.example", "nothing", "", "registry.example/UPPER"] {
        let run = run_in(folder.path(), &["image", "push", "--to", to]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{to}");
        assert!(run.stderr.contains("registry.example/mirror"), "{to}: {}", run.stderr);
    }
}

#[test]
fn values_of_another_build_of_us_are_refused() {
    let folder = folder(&[]);
    let payloads = super::payload_arguments(folder.path());
    let digest = format!("sha256:{}", "0".repeat(64));
    for set in ["hosts.default.image.tag=9.9.9".to_owned(), format!("hosts.default.image.digest={digest}")] {
        let mut args = vec!["image", "save", "-o", "a.tar", "--set", &set];
        args.extend(payloads.iter().map(String::as_str));
        let run = run_in(folder.path(), &args);
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(
            run.stderr.contains("another build") && run.stderr.contains(&super::made().top.digest),
            "{}",
            run.stderr
        );
    }
}
