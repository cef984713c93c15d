use serde_json::json;

use super::{registry::Fault, *};
use crate::oci::{Cause, Origin};

#[tokio::test]
async fn both_types_of_layers_are_pulled() {
    let registry = Registry::start().await;
    let bytes = component(b"one");
    for kind in ["application/wasm", "application/vnd.module.wasm.content.layer.v1+wasm"] {
        let digest = registry.blob(&bytes);
        let layer = json!({"mediaType": kind, "digest": digest, "size": bytes.len()});
        let manifest = registry.manifest("1", &json!({"schemaVersion": 2, "layers": [layer]}));
        let found = get(&store(None), &registry.name(":1")).await.unwrap();
        assert_eq!((found.digest, found.manifest_digest), (digest, manifest));
        assert_eq!(
            (&found.bytes[..], found.origin, found.reference),
            (&bytes[..], Origin::Registry, registry.name(":1"))
        );
    }
}

#[tokio::test]
async fn tags_digests_and_both_are_pulled_and_the_digest_wins() {
    let registry = Registry::start().await;
    let one = registry.push("1", &component(b"one"));
    registry.push("1", &component(b"two"));
    for rest in [format!("@{one}"), format!(":1@{one}"), format!(":gone@{one}")] {
        let found = get(&store(None), &registry.name(&rest)).await.unwrap();
        assert_eq!((found.digest, found.manifest_digest), (digest_of(&component(b"one")), one.clone()), "{rest}");
    }
    let found = get(&store(None), &registry.name(":1")).await.unwrap();
    assert_eq!(found.digest, digest_of(&component(b"two")));
}

#[tokio::test]
async fn a_manifest_that_is_not_of_its_digest_is_an_error_that_names_both() {
    let registry = Registry::start().await;
    let one = registry.push("1", &component(b"one"));
    registry.fault("/manifests/", Fault::Content("{}".into()));
    for rest in [":1".to_owned(), format!("@{one}"), format!(":1@{one}")] {
        let text = refused(&store(None), &registry.name(&rest)).await;
        assert!(text.contains(&one) && text.contains(&digest_of(b"{}")) && text.contains("the manifest"), "{text}");
    }
}

#[tokio::test]
async fn a_component_that_is_not_of_its_digest_is_an_error_that_names_both() {
    let registry = Registry::start().await;
    let (bytes, wrong) = (component(b"one"), component(b"eno"));
    registry.push("1", &bytes);
    registry.fault("/blobs/", Fault::Content(wrong.clone().into()));
    let text = refused(&store(None), &registry.name(":1")).await;
    assert!(text.contains(&digest_of(&bytes)) && text.contains(&digest_of(&wrong)), "{text}");
    assert_eq!(registry.blobs(), 1, "wrong content is no reason to ask again");
    registry.heal();
    registry.fault("/blobs/", Fault::Content(component(b"longer").into()));
    let text = refused(&store(None), &registry.name(":1")).await;
    assert!(text.contains("has 21 bytes and its manifest says 18"), "{text}");
}

#[tokio::test]
async fn other_artifacts_are_refused_with_what_was_found_and_what_is_wanted() {
    let registry = Registry::start().await;
    let layer = |kind: &str, content: &[u8]| json!({"mediaType": kind, "digest": registry.blob(content), "size": content.len()});
    let wasm = || layer("application/wasm", &component(b""));
    let cases = [
        (json!({"layers": [layer("application/vnd.oci.image.layer.v1.tar+gzip", b"x")]}), "container images"),
        (json!({"layers": [wasm(), wasm()]}), "2 layers"),
        (json!({"layers": []}), "0 layers"),
        (json!({"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [{}, {}, {}]}), "index of 3"),
        (json!({"layers": [layer("application/wasm", b"\0asm\x01\0\0\0")]}), "core WebAssembly module"),
        (json!({"layers": [layer("application/wasm", b"\x1f\x8b\x08")]}), "begins with `1f 8b 08` (gzip)"),
    ];
    for (manifest, found) in cases {
        registry.manifest("1", &manifest);
        let error = get(&store(None), &registry.name(":1")).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(found) && text.contains(&registry.name(":1")), "{text}");
        assert!(text.contains("application/wasm") || text.contains("component"), "{text}");
        assert_eq!(error.cause.reason(), "NotAComponent");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_kept() {
    let (registry, folder) = (Registry::start().await, tempfile::tempdir().unwrap());
    registry.push("1", b"\0asm\x01\0\0\0");
    let store = store(Some(folder.path()));
    get(&store, &registry.name(":1")).await.unwrap_err();
    assert!(!folder.path().join("blobs").exists() && !folder.path().join("refs").exists());
}

#[tokio::test]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let registry = Registry::start().await;
    let limit = || store_of(Options { max_component_bytes: 1000, ..options(None) });
    registry.push("1", &component(&[0; 2000]));
    let text = refused(&limit(), &registry.name(":1")).await;
    assert!(
        text.contains("larger than allowed: 2016 bytes") && text.contains("`max-component-bytes` is 1000"),
        "{text}"
    );
    assert_eq!(registry.blobs(), 0);

    // The manifest says less than there is.
    let (small, large) = (component(b""), component(&[0; 2000]));
    registry.push("2", &small);
    registry.fault("/blobs/", Fault::Content(large.into()));
    let error = get(&limit(), &registry.name(":2")).await.unwrap_err();
    assert_eq!(error.cause, Cause::TooLarge { size: 2016, limit: 1000 });

    // Nor does it help to say nothing and never to end.
    registry.heal();
    registry.fault("/blobs/", Fault::Endless);
    let error = get(&limit(), &registry.name(":2")).await.unwrap_err();
    assert!(matches!(error.cause, Cause::TooLarge { limit: 1000, .. }), "{error}");
    registry.heal();
    registry.fault("/manifests/", Fault::Endless);
    let text = refused(&limit(), &registry.name(":2")).await;
    assert!(text.contains("manifest is longer than 4 MiB"), "{text}");
}
