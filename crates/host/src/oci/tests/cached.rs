use std::path::PathBuf;

use super::{
    registry::{Fault, Guard},
    *,
};
use crate::oci::{Cause, Origin};

fn file(folder: &Path, digest: &str) -> PathBuf {
    folder.join("blobs/sha256").join(digest.trim_start_matches("sha256:"))
}

#[tokio::test]
async fn what_is_cached_is_served_without_the_registry() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let bytes = component(b"one");
    let manifest = registry.push("1", &bytes);
    for folder in [None, Some(folder.path())] {
        let mut store = store(folder);
        get(&store, &registry.name(":1")).await.unwrap();
        let asked = registry.all();
        if folder.is_some() {
            // Another process.
            store = super::store(folder);
        }
        for policy in [Policy::IfNotPresent, Policy::Never] {
            let found = store.fetch(&registry.name(":1"), policy, None).await.unwrap();
            assert_eq!(
                (&found.bytes[..], &found.manifest_digest, found.origin),
                (&bytes[..], &manifest, Origin::Cache)
            );
        }
        for policy in [Policy::IfNotPresent, Policy::Never, Policy::Always] {
            for rest in [format!("@{manifest}"), format!(":other@{manifest}")] {
                let found = store.fetch(&registry.name(&rest), policy, None).await.unwrap();
                assert_eq!(found.digest, digest_of(&bytes));
            }
        }
        assert_eq!(registry.all(), asked);
    }
}

#[tokio::test]
async fn the_folder_is_laid_out_by_digest() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let bytes = component(b"one");
    let manifest = registry.push("1", &bytes);
    get(&store(Some(folder.path())), &registry.name(":1")).await.unwrap();
    assert_eq!(fs_err::read(file(folder.path(), &digest_of(&bytes))).unwrap(), bytes);
    let mut records: Vec<serde_json::Value> = fs_err::read_dir(folder.path().join("refs"))
        .unwrap()
        .map(|entry| serde_json::from_slice(&fs_err::read(entry.unwrap().path()).unwrap()).unwrap())
        .collect();
    records.sort_by_key(|record| record["reference"].to_string());
    let references: Vec<_> = records.iter().map(|record| record["reference"].as_str().unwrap()).collect();
    assert_eq!(references, [registry.name(":1"), registry.name(&format!("@{manifest}"))]);
    assert_eq!(records[0]["component"], digest_of(&bytes));
    assert_eq!(records[0]["manifest"], manifest);
    assert!(records[0]["lastUse"].as_u64().unwrap() > 1_700_000_000_000);
}

#[tokio::test]
async fn never_asks_nobody() {
    let registry = Registry::start().await;
    registry.push("1", &component(b"one"));
    let error = store(None).fetch(&registry.name(":1"), Policy::Never, None).await.unwrap_err();
    assert_eq!(error.cause, Cause::NotCached);
    assert_eq!(registry.all(), 0);
}

#[tokio::test]
async fn always_pulls_only_what_changed() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let store = store(Some(folder.path()));
    let always = async || store.fetch(&registry.name(":1"), Policy::Always, None).await.unwrap();
    registry.push("1", &component(b"one"));
    assert_eq!(always().await.origin, Origin::Registry);
    assert_eq!((registry.manifests(), registry.blobs()), (1, 1));
    assert_eq!(always().await.origin, Origin::Cache);
    assert_eq!((registry.count("HEAD"), registry.manifests(), registry.blobs()), (1, 1, 1));

    let second = registry.push("1", &component(b"two"));
    let found = always().await;
    assert_eq!((found.manifest_digest, found.digest), (second, digest_of(&component(b"two"))));
    assert_eq!((registry.manifests(), registry.blobs()), (2, 2));
    // The other policy has the newer content too, and another manifest with the same content pulls no content.
    assert_eq!(get(&store, &registry.name(":1")).await.unwrap().digest, digest_of(&component(b"two")));
    let layer =
        serde_json::json!({"mediaType": "application/wasm", "digest": digest_of(&component(b"one")), "size": 18});
    registry.manifest("1", &serde_json::json!({"schemaVersion": 2, "layers": [layer], "annotations": {"a": "b"}}));
    assert_eq!(always().await.digest, digest_of(&component(b"one")));
    assert_eq!((registry.manifests(), registry.blobs()), (3, 2));
}

#[tokio::test]
async fn registries_without_head_or_its_digest_are_asked_for_the_manifest() {
    let registry = Registry::start().await;
    let store = store(None);
    registry.push("1", &component(b"one"));
    get(&store, &registry.name(":1")).await.unwrap();
    registry.fault("/manifests/", Fault::NoDigest);
    let found = store.fetch(&registry.name(":1"), Policy::Always, None).await.unwrap();
    assert_eq!(found.origin, Origin::Cache);
    registry.heal();
    registry.fault("/manifests/", Fault::StatusTimes(405, 1));
    store.fetch(&registry.name(":1"), Policy::Always, None).await.unwrap();
    assert_eq!((registry.count("HEAD"), registry.manifests(), registry.blobs()), (2, 3, 1));
}

#[tokio::test]
async fn if_not_present_keeps_the_old_content_of_a_moved_tag() {
    let registry = Registry::start().await;
    let store = store(None);
    let first = registry.push("1", &component(b"one"));
    get(&store, &registry.name(":1")).await.unwrap();
    registry.push("1", &component(b"two"));
    assert_eq!(get(&store, &registry.name(":1")).await.unwrap().manifest_digest, first);
}

#[tokio::test]
async fn always_does_not_serve_a_stale_copy_and_says_that_there_is_one() {
    let registry = Registry::start().await;
    let store = store(None);
    let manifest = registry.push("1", &component(b"one"));
    let always = async || store.fetch(&registry.name(":1"), Policy::Always, None).await;
    registry.fault("", Fault::Status(503));
    let error = always().await.unwrap_err();
    assert_eq!(error.cached, None);
    registry.heal();
    always().await.unwrap();
    registry.fault("", Fault::Status(503));
    let error = always().await.unwrap_err();
    assert_eq!(error.cached.as_ref(), Some(&manifest));
    let text = error.to_string();
    assert!(text.contains("answered 503") && text.contains("a cached copy") && text.contains("IfNotPresent"), "{text}");
    registry.heal();
    registry.guard(Guard::Basic { pair: "u:p" });
    assert_eq!(always().await.unwrap_err().cached, None, "who may not pull is not sent to the cache");
}

#[tokio::test]
async fn torn_and_altered_files_are_pulled_again() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let bytes = component(b"one");
    let manifest = registry.push("1", &bytes);
    get(&store(Some(folder.path())), &registry.name(":1")).await.unwrap();
    let mut altered = bytes.clone();
    *altered.last_mut().unwrap() ^= 1;
    for (round, content) in [&bytes[..9], &altered, b""].into_iter().enumerate() {
        fs_err::write(file(folder.path(), &digest_of(&bytes)), content).unwrap();
        let store = store(Some(folder.path()));
        let error = store.fetch(&registry.name(":1"), Policy::Never, None).await.unwrap_err();
        assert_eq!(error.cause, Cause::NotCached);
        assert!(!file(folder.path(), &digest_of(&bytes)).exists(), "it is dropped");
        let found = get(&store, &registry.name(":1")).await.unwrap();
        assert_eq!((&found.bytes[..], registry.blobs()), (&bytes[..], 2 + round));
        assert_eq!(get(&store, &registry.name(":1")).await.unwrap().origin, Origin::Cache);
    }
    fs_err::write(file(folder.path(), &manifest), b"{}").unwrap();
    assert_eq!(get(&store(Some(folder.path())), &registry.name(":1")).await.unwrap().bytes, bytes);
}

#[tokio::test]
async fn a_record_that_was_altered_leads_nowhere_else() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let (one, two) = (registry.push("1", &component(b"one")), registry.push("2", &component(b"two")));
    let store = store(Some(folder.path()));
    for tag in [":1", ":2"] {
        get(&store, &registry.name(tag)).await.unwrap();
    }
    for entry in fs_err::read_dir(folder.path().join("refs")).unwrap() {
        let path = entry.unwrap().path();
        let text = fs_err::read_to_string(&path).unwrap();
        let name = |text: &str| text.contains(&registry.name(&format!("@{one}")));
        if name(&text) {
            // All of it changed but the name: manifest and component of the other.
            let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
            record["manifest"] = two.clone().into();
            record["component"] = digest_of(&component(b"two")).into();
            fs_err::write(&path, record.to_string()).unwrap();
        } else if text.contains(&registry.name(":2")) {
            fs_err::write(&path, &text[..text.len() / 2]).unwrap();
        }
    }
    let asked = registry.all();
    let found = get(&store, &registry.name(&format!("@{one}"))).await.unwrap();
    assert_eq!(found.digest, digest_of(&component(b"one")));
    assert_eq!(get(&store, &registry.name(":2")).await.unwrap().digest, digest_of(&component(b"two")));
    assert!(registry.all() > asked);
}

#[tokio::test]
async fn a_disk_that_cannot_be_written_costs_only_the_cache() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let bytes = component(b"one");
    registry.push("1", &bytes);
    let no_folder = folder.path().join("file");
    fs_err::write(&no_folder, b"").unwrap();
    let store = store(Some(&no_folder.join("cache")));
    for round in 1..=2 {
        assert_eq!(get(&store, &registry.name(":1")).await.unwrap().bytes, bytes);
        assert_eq!(registry.blobs(), round);
    }
    let error = store.fetch(&registry.name(":1"), Policy::Never, None).await.unwrap_err();
    assert_eq!(error.cause.reason(), "CacheUnreadable");
    assert_eq!(store.clean().await.removed, 0);
}

#[tokio::test]
async fn a_write_that_fails_leaves_no_half_files() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let bytes = component(&[7; 10_000]);
    registry.push("1", &bytes);
    let blobs = folder.path().join("blobs/sha256");
    fs_err::create_dir_all(&blobs).unwrap();
    // A folder of the same name: the rename at the end fails.
    fs_err::create_dir_all(file(folder.path(), &digest_of(&bytes)).join("in the way")).unwrap();
    let store = store(Some(folder.path()));
    assert_eq!(get(&store, &registry.name(":1")).await.unwrap().bytes, bytes);
    let left: Vec<_> = fs_err::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
