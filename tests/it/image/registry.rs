//! Pushed to a registry and pulled back by digest; the air gap; logins and a private authority.

use std::sync::Arc;

use chartwright::image::{
    Image, archive,
    collect::Keep,
    fetch::{fetch, fetch_attached},
    push::push,
};
use chartwright::oci::{Access, Blob, INDEX_TYPE, Logins, MANIFEST_TYPE, Manifest, Quiet, Session, digest};
use serde_json::{Value, json};

use super::distribution::{Distribution, Kind, PASSWORD, USER};
use super::{made, payload_arguments, run_image};
use crate::tool::{Run, command, folder, run_in};

fn session(registry: &Distribution) -> Session {
    let access = Access { plain_http: vec![registry.address()], ..Access::default() };
    Session::new(access, Arc::new(Quiet)).unwrap()
}

/// Somebody's image: three platforms, one layer each.
fn foreign(text: &str) -> Image {
    let (mut manifests, mut blobs, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    for architecture in ["amd64", "arm64", "s390x"] {
        let config = json!({"architecture": architecture, "os": "linux", "config": {"User": "nats"}});
        let config = Blob::new("config", "application/vnd.oci.image.config.v1+json", config.to_string().into_bytes());
        let layer = format!("{text} {architecture}").into_bytes();
        let layer = Blob::new("layer", "application/vnd.oci.image.layer.v1.tar+gzip", layer);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST_TYPE,
            "config": config.descriptor.json(), "layers": [layer.descriptor.json()],
        });
        let manifest = Manifest::new(MANIFEST_TYPE, manifest.to_string().into_bytes());
        let mut entry = manifest.descriptor.json();
        entry["platform"] = json!({"os": "linux", "architecture": architecture});
        entries.push(entry);
        manifests.push(manifest);
        blobs.extend([config, layer]);
    }
    let index = json!({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries});
    let index = Manifest::new(INDEX_TYPE, index.to_string().into_bytes());
    let top = index.descriptor.clone();
    manifests.push(index);
    Image { name: String::new(), top, manifests, blobs, attached: Vec::new() }
}

/// Values whose other images are in the registry, as if it were where they are published.
fn values(registry: &Distribution, pinned: &str) -> String {
    let host = registry.address();
    format!(
        "nats:\n  server:\n    image: {{ registry: \"{host}\", repository: library/nats, digest: \"{pinned}\" }}\n    \
         reloader:\n      image: {{ registry: \"{host}\", repository: natsio/reloader, tag: \"1.0\" }}\n\
         extraObjects:\n- apiVersion: v1\n  kind: Pod\n  metadata: {{ name: literal }}\n  spec:\n    containers:\n    \
         - {{ name: c, image: \"{host}/acme/literal:1.0\" }}\n"
    )
}

#[test]
fn what_was_pushed_is_pulled_back_by_digest() {
    let Some(registry) = Distribution::start(Kind::default()) else { return };
    let folder = folder(&[]);
    let to = format!("{}/acme", registry.address());
    let run = run_image(folder.path(), &["push", "--to", &to, "--plain-http"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let image = made();
    assert_eq!(run.stdout, format!("{to}/chartwright:0.1.0@{}\n", image.top.digest));
    assert!(run.stderr.contains("pushed  chartwright linux/arm64 layer  "), "{}", run.stderr);
    assert!(run.stderr.contains(&format!("global.image.registry: \"{to}\"")), "{}", run.stderr);
    // By nothing of ours.
    let (status, head, body) = registry.get(&format!("acme/chartwright/manifests/{}", image.top.digest));
    assert_eq!((status, digest(&body)), (200, image.top.digest.clone()));
    assert!(head.contains(INDEX_TYPE), "{head}");
    for blob in &image.blobs {
        let (status, _, body) = registry.get(&format!("acme/chartwright/blobs/{}", blob.descriptor.digest));
        assert_eq!((status, body), (200, blob.bytes().unwrap()), "{}", blob.what);
    }
    // And with ours: the same image, with what is attached to it.
    let reference = format!("{to}/chartwright@{}", image.top.digest);
    let pulled = fetch_attached(&session(&registry), &reference, &reference).unwrap();
    assert_eq!((&pulled.top, &pulled.attached), (&image.top, &image.attached));
    let inspected = run_in(folder.path(), &["image", "inspect", &reference, "--plain-http"]);
    assert_eq!(inspected.code, 0, "{}", inspected.stderr);
    assert!(inspected.stdout.contains("yes (SPDX 2.3)"), "{}", inspected.stdout);
    // A second push sends nothing.
    let again = run_image(folder.path(), &["push", "--to", &to, "--plain-http"]);
    assert_eq!((again.code, &again.stdout), (0, &run.stdout));
    assert!(!again.stderr.contains("pushed  ") && again.stderr.contains("there already  "), "{}", again.stderr);
}

#[test]
fn a_list_of_what_refers_is_kept_by_tag_where_the_registry_keeps_none() {
    let Some(registry) = Distribution::start(Kind::default()) else { return };
    let image = made();
    let session = session(&registry);
    let to = format!("{}/a/chartwright:0.1.0", registry.address());
    push(&session, &image, &to).unwrap();
    push(&session, &image, &to).unwrap();
    let (native, _, _) = registry.get(&format!("a/chartwright/referrers/{}", image.top.digest));
    let (status, _, body) = registry.get(&format!("a/chartwright/manifests/{}", image.top.digest.replace(':', "-")));
    // This registry has no list of its own; one that has needs no tag.
    assert_eq!((native, status), (404, 200));
    let list: Value = serde_json::from_slice(&body).unwrap();
    let [entry] = list["manifests"].as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(
        (&entry["digest"], &entry["artifactType"]),
        (&image.attached[0].digest.as_str().into(), &"application/spdx+json".into())
    );
}

#[test]
fn every_image_of_values_crosses_the_air_gap() {
    let Some(outside) = Distribution::start(Kind::default()) else { return };
    let Some(inside) = Distribution::start(Kind::default()) else { return };
    let upstream = session(&outside);
    let place = |path: &str| format!("{}/{path}", outside.address());
    let nats = foreign("nats");
    for (image, to) in [
        (&nats, place("library/nats:2")),
        (&foreign("reloader"), place("natsio/reloader:1.0")),
        (&foreign("literal"), place("acme/literal:1.0")),
    ] {
        push(&upstream, image, &to).unwrap();
    }
    let folder = folder(&[("v.yaml", &values(&outside, &nats.top.digest))]);
    let saved = run_image(folder.path(), &["save", "-f", "v.yaml", "-o", "all.tar", "--plain-http"]);
    assert_eq!(saved.code, 0, "{}", saved.stderr);
    assert_eq!(saved.stdout.lines().count(), 4, "{}", saved.stdout);
    let images = archive::open(&folder.path().join("all.tar")).unwrap();
    let find = |end: &str| images.iter().find(|image| image.name.contains(end)).unwrap();
    let platforms =
        |image: &Image| image.manifest(&image.top.digest).unwrap().json()["manifests"].as_array().unwrap().len();
    // A digest in the values stays what it is; a tag has what our own image runs on.
    assert_eq!((&find("library/nats@").top, platforms(find("library/nats@"))), (&nats.top, 3));
    assert_eq!(platforms(find("natsio/reloader")), 2);
    assert_eq!(find("chartwright:").top, made().top);

    // On the other side there is only the archive.
    drop(outside);
    let to = format!("{}/mirror", inside.address());
    let args = ["image", "push", "-f", "v.yaml", "--from", "all.tar", "--to", &to, "--plain-http"];
    let pushed = run_in(folder.path(), &args);
    assert_eq!(pushed.code, 0, "{}", pushed.stderr);
    assert!(pushed.stderr.contains("Pod literal (container c): no mirror reaches it"), "{}", pushed.stderr);
    // What the values then render is what was pushed.
    let set = format!("global.image.registry={to}");
    let listed = run_in(folder.path(), &["image", "list", "-f", "v.yaml", "--set", &set]);
    for name in listed.stdout.lines().filter(|name| name.starts_with(&to)) {
        assert!(pushed.stdout.contains(name), "{name}: {}", pushed.stdout);
    }
    for name in pushed.stdout.lines() {
        let (path, digest) = name.strip_prefix(&format!("{}/", inside.address())).unwrap().split_once('@').unwrap();
        let repository = path.rsplit_once(':').map_or(path, |(repository, _)| repository);
        assert_eq!(inside.get(&format!("{repository}/manifests/{digest}")).0, 200, "{name}");
    }
    assert!(pushed.stdout.contains(&format!("{to}/acme/literal:1.0@")), "{}", pushed.stdout);
}

#[test]
fn a_push_copies_from_registry_to_registry() {
    let Some(registry) = Distribution::start(Kind::default()) else { return };
    let upstream = session(&registry);
    let nats = foreign("nats");
    for (image, path) in [
        (&nats, "library/nats:2"),
        (&foreign("reloader"), "natsio/reloader:1.0"),
        (&foreign("literal"), "acme/literal:1.0"),
    ] {
        push(&upstream, image, &format!("{}/{path}", registry.address())).unwrap();
    }
    let folder = folder(&[("v.yaml", &values(&registry, &nats.top.digest))]);
    let to = format!("{}/mirror", registry.address());
    let run = run_image(folder.path(), &["push", "-f", "v.yaml", "--to", &to, "--plain-http"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains(&format!("{to}/library/nats@{}\n", nats.top.digest)), "{}", run.stdout);
    let copied = fetch(&upstream, "x", &format!("{to}/library/nats@{}", nats.top.digest), &Keep::All).unwrap();
    assert_eq!(copied.top, nats.top);
}

#[test]
fn what_hosts_pull_is_not_loaded_into_nodes() {
    let Some(registry) = Distribution::start(Kind::default()) else { return };
    let upstream = session(&registry);
    let nats = foreign("nats");
    for (image, path) in [
        (&nats, "library/nats:2"),
        (&foreign("reloader"), "natsio/reloader:1.0"),
        (&foreign("literal"), "acme/literal:1.0"),
        (&foreign("part"), "acme/part:1.0"),
    ] {
        push(&upstream, image, &format!("{}/{path}", registry.address())).unwrap();
    }
    let mut text = values(&registry, &nats.top.digest);
    text += &format!(
        "- apiVersion: runtime.wasmcloud.dev/v1alpha1\n  kind: Artifact\n  metadata: {{ name: a }}\n  \
         spec: {{ image: \"{}/acme/part:1.0\" }}\n",
        registry.address()
    );
    let folder = folder(&[("v.yaml", &text)]);
    let args = ["save", "-f", "v.yaml", "--plain-http", "-o"];
    let all = run_image(folder.path(), &[&args[..], &["all.tar"]].concat());
    assert_eq!((all.code, all.stdout.contains("acme/part:1.0@")), (0, true), "{}", all.stderr);
    let format = ["docker.tar", "--format", "docker", "--platform", "linux/amd64"];
    let docker = run_image(folder.path(), &[&args[..], &format].concat());
    assert_eq!((docker.code, docker.stdout.contains("acme/part")), (0, false), "{}", docker.stderr);
    assert!(docker.stderr.contains("acme/part:1.0 is left out: a host pulls it"), "{}", docker.stderr);
}

#[test]
fn credentials_of_docker_are_used_and_a_missing_login_says_what_to_do() {
    let Some(registry) = Distribution::start(Kind { login: true, ..Kind::default() }) else { return };
    let folder = folder(&[]);
    let push = |config: &std::path::Path| {
        let mut command = command(folder.path());
        command.env("DOCKER_CONFIG", config).env("HOME", folder.path());
        command.args(["image", "push", "--plain-http", "--to", &format!("{}/a", registry.address())]);
        let output = command.args(payload_arguments(folder.path())).output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    };
    let stranger = push(folder.path());
    assert_eq!((stranger.code, stranger.stdout.as_str()), (1, ""));
    assert!(stranger.stderr.contains(&format!("`docker login {}`", registry.address())), "{}", stranger.stderr);
    let known = push(&registry.docker_config());
    assert_eq!(known.code, 0, "{}", known.stderr);
    assert!(!known.stderr.contains(PASSWORD) && !known.stderr.contains(USER), "{}", known.stderr);
    // The list of what refers needs the login, too.
    let login = chartwright::oci::Login { user: USER.into(), password: chartwright::oci::Password::new(PASSWORD) };
    let access =
        Access { plain_http: vec![registry.address()], logins: Logins::Given(Some(login)), ..Access::default() };
    let session = Session::new(access, Arc::new(Quiet)).unwrap();
    let reference = format!("{}/a/chartwright:0.1.0", registry.address());
    assert_eq!(fetch_attached(&session, &reference, &reference).unwrap().attached, made().attached);
}

#[test]
fn a_private_authority_is_named_by_its_file() {
    let Some(registry) = Distribution::start(Kind { tls: true, ..Kind::default() }) else { return };
    let folder = folder(&[("not-pem", "text")]);
    let to = format!("{}/a", registry.address());
    let stranger = run_image(folder.path(), &["push", "--to", &to]);
    assert_eq!(stranger.code, 1);
    assert!(stranger.stderr.contains("`--ca-file FILE`"), "{}", stranger.stderr);
    let wrong = run_image(folder.path(), &["push", "--to", &to, "--ca-file", "not-pem"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("BEGIN CERTIFICATE"), "{}", wrong.stderr);
    let run = run_image(folder.path(), &["push", "--to", &to, "--ca-file", &registry.authority()]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains(&made().top.digest), "{}", run.stdout);
}
