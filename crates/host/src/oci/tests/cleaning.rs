use std::time::SystemTime;

use super::*;
use crate::oci::Origin;

/// Components of about 400 bytes each, with their manifests, and room for two.
async fn pushed() -> Registry {
    let registry = Registry::start().await;
    for tag in ["1", "2", "3"] {
        registry.push(tag, &component(&[tag.as_bytes()[0]; 400]));
    }
    registry
}

fn room_for_two(folder: Option<&Path>) -> Store {
    store_of(Options { cache_size: 1300, ..options(folder) })
}

async fn cached(store: &Store, registry: &Registry, tag: &str) -> bool {
    store.fetch(&registry.name(tag), Policy::Never, None).await.is_ok()
}

#[tokio::test]
async fn the_longest_unused_goes_first() {
    let registry = pushed().await;
    let folder = tempfile::tempdir().unwrap();
    for folder in [None, Some(folder.path())] {
        let store = room_for_two(folder);
        for tag in [":1", ":2", ":1", ":3"] {
            drop(get(&store, &registry.name(tag)).await.unwrap());
        }
        assert!(cached(&store, &registry, ":1").await, "used last");
        assert!(!cached(&store, &registry, ":2").await);
        assert!(cached(&store, &registry, ":3").await);
        let cleaned = store.clean().await;
        assert!(cleaned.removed == 0 && cleaned.left <= 1300 && cleaned.over == 0, "{cleaned:?}");
    }
    let files = fs_err::read_dir(folder.path().join("blobs/sha256")).unwrap().count();
    let records = fs_err::read_dir(folder.path().join("refs")).unwrap().count();
    assert_eq!((files, records), (4, 4), "nothing of the second is left");
}

#[tokio::test]
async fn what_is_in_use_stays() {
    let registry = pushed().await;
    let folder = tempfile::tempdir().unwrap();
    for folder in [None, Some(folder.path())] {
        let store = room_for_two(folder);
        let first = get(&store, &registry.name(":1")).await.unwrap();
        // The bytes may go: the mark is what counts.
        let mark = first.in_use.clone();
        drop(first);
        let second = get(&store, &registry.name(":2")).await.unwrap();
        let third = get(&store, &registry.name(":3")).await.unwrap();
        let cleaned = store.clean().await;
        assert!(cleaned.removed == 0 && cleaned.over > 0, "{cleaned:?}");
        for tag in [":1", ":2", ":3"] {
            assert!(cached(&store, &registry, tag).await, "{tag}");
        }
        drop(second);
        let cleaned = store.clean().await;
        assert!(cleaned.removed == 1 && cleaned.over == 0, "{cleaned:?}");
        assert!(cached(&store, &registry, ":1").await && !cached(&store, &registry, ":2").await);
        assert_eq!(mark.digest(), digest_of(&component(&[b'1'; 400])));
        drop((mark, third));
    }
}

#[tokio::test]
async fn several_names_of_one_component_count_once() {
    let registry = Registry::start().await;
    let bytes = component(&[0; 800]);
    for tag in ["1", "2"] {
        registry.push(tag, &bytes);
    }
    let store = room_for_two(None);
    for tag in [":1", ":2"] {
        get(&store, &registry.name(tag)).await.unwrap();
    }
    assert!(cached(&store, &registry, ":1").await && cached(&store, &registry, ":2").await);
    assert_eq!(registry.blobs(), 1);
}

#[tokio::test]
async fn what_is_larger_than_the_whole_cache_is_served_and_goes_after_use() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    registry.push("1", &component(&[0; 5000]));
    let store = room_for_two(Some(folder.path()));
    let found = get(&store, &registry.name(":1")).await.unwrap();
    assert_eq!(store.clean().await.removed, 0);
    drop(found);
    let cleaned = store.clean().await;
    assert_eq!((cleaned.removed, cleaned.left), (1, 0));
}

#[tokio::test]
async fn what_crashes_left_behind_is_swept() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    let bytes = component(b"one");
    registry.push("1", &bytes);
    let blobs = folder.path().join("blobs/sha256");
    fs_err::create_dir_all(&blobs).unwrap();
    let (old, new) = (blobs.join(".unfinished-old"), blobs.join(".unfinished-new"));
    for path in [&old, &new] {
        fs_err::write(path, &bytes[..9]).unwrap();
    }
    let hours = SystemTime::now() - Duration::from_hours(2);
    fs_err::OpenOptions::new().write(true).open(&old).unwrap().set_modified(hours).unwrap();
    // Content whose name was not written any more.
    fs_err::write(blobs.join(digest_of(&[9; 2000]).trim_start_matches("sha256:")), [9; 2000]).unwrap();
    let store = room_for_two(Some(folder.path()));
    assert_eq!(get(&store, &registry.name(":1")).await.unwrap().origin, Origin::Registry);
    assert!(!old.exists() && new.exists(), "another host may be writing the newer one");
    assert_eq!(store.clean().await.left, bytes.len() as u64 + manifest_size(&registry).await);
    assert!(cached(&store, &registry, ":1").await);
}

async fn manifest_size(registry: &Registry) -> u64 {
    let manifest = registry.push("1", &component(b"one"));
    let folder = tempfile::tempdir().unwrap();
    get(&store(Some(folder.path())), &registry.name(":1")).await.unwrap();
    let path = folder.path().join("blobs/sha256").join(manifest.trim_start_matches("sha256:"));
    fs_err::metadata(path).unwrap().len()
}

#[tokio::test]
#[ignore = "needs a volume of 256 KiB, named by CHARTWRIGHT_TEST_SMALL_VOLUME: `mount -t tmpfs -o size=256k …`"]
async fn on_a_volume_smaller_than_the_cache_the_longest_unused_goes() {
    let volume = std::env::var("CHARTWRIGHT_TEST_SMALL_VOLUME").unwrap();
    let (registry, store) = (Registry::start().await, store(Some(Path::new(&volume))));
    for tag in ["1", "2", "3", "4"] {
        registry.push(tag, &component(&vec![tag.as_bytes()[0]; 90_000]));
        drop(get(&store, &registry.name(&format!(":{tag}"))).await.unwrap());
        assert!(cached(&store, &registry, &format!(":{tag}")).await, "{tag}");
    }
    assert!(!cached(&store, &registry, ":1").await);
    // In use it stays, and what finds no room is served all the same.
    let _mark = get(&store, &registry.name(":4")).await.unwrap().in_use;
    registry.push("5", &component(&vec![5; 200_000]));
    assert_eq!(get(&store, &registry.name(":5")).await.unwrap().bytes.len(), 200_000 + 17);
    assert!(cached(&store, &registry, ":4").await && !cached(&store, &registry, ":5").await);
}
