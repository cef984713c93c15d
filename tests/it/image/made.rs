//! The image itself: the same bytes each time, and what stands in them.

use std::io::Read as _;

use chartwright::image::{Platform, USER, check_elf, make, own_name, payload::Payload, sbom};
use chartwright::oci::{Epoch, digest};
use serde_json::{Value, json};

use super::{made, program};

#[test]
fn two_builds_are_equal_and_another_epoch_is_another_image() {
    let (first, second) = (made(), made());
    assert_eq!(first.top, second.top);
    let bytes = |image: &chartwright::image::Image| {
        let blobs = image.blobs.iter().map(|blob| blob.bytes().unwrap());
        image.manifests.iter().map(|manifest| manifest.bytes.clone()).chain(blobs).collect::<Vec<_>>()
    };
    assert_eq!(bytes(&first), bytes(&second));
    let payload = Payload { platform: Platform::Amd64, path: "p".into(), bytes: program(Platform::Amd64) };
    let at = |epoch| make(&own_name(), std::slice::from_ref(&payload), Epoch(epoch)).unwrap().top.digest;
    assert_ne!(at(0), at(1_700_000_000));
}

#[test]
fn the_order_of_payloads_does_not_matter() {
    let payload = |platform| Payload { platform, path: "p".into(), bytes: program(platform) };
    let turned = [payload(Platform::Arm64), payload(Platform::Amd64)];
    assert_eq!(make(&own_name(), &turned, Epoch::default()).unwrap().top, made().top);
}

#[test]
fn the_programs_of_these_tests_are_programs() {
    for platform in Platform::ALL {
        assert_eq!(Platform::from(check_elf(&program(platform)).unwrap()), platform);
    }
}

#[test]
fn the_index_names_both_platforms_and_says_what_it_is() {
    let image = made();
    let index = image.manifest(&image.top.digest).unwrap().json();
    let platforms: Vec<&Value> =
        index["manifests"].as_array().unwrap().iter().map(|entry| &entry["platform"]).collect();
    assert_eq!(
        platforms,
        [&json!({"architecture": "amd64", "os": "linux"}), &json!({"architecture": "arm64", "os": "linux"})]
    );
    let annotations = index["annotations"].as_object().unwrap();
    for key in ["title", "version", "source", "licenses", "description", "created", "url"] {
        assert!(annotations.contains_key(&format!("org.opencontainers.image.{key}")), "{key}");
    }
    assert_eq!(annotations["org.opencontainers.image.created"], "1970-01-01T00:00:00Z");
}

#[test]
fn a_config_runs_the_binary_as_nobody() {
    let image = made();
    for platform in Platform::ALL {
        let only = image.only(platform).unwrap();
        let manifest = only.manifests[0].json();
        assert_eq!(manifest["layers"].as_array().unwrap().len(), 1);
        let config = only.blob(manifest["config"]["digest"].as_str().unwrap()).unwrap().bytes().unwrap();
        let config: Value = serde_json::from_slice(&config).unwrap();
        assert_eq!((&config["os"], &config["architecture"]), (&json!("linux"), &json!(platform.architecture())));
        assert_eq!((USER, &config["config"]["User"]), ("65532:65532", &json!("65532:65532")));
        assert_eq!(config["config"]["Entrypoint"], json!(["/chartwright"]));
        assert_eq!(config["config"]["WorkingDir"], "/");
        let layer = only.blob(manifest["layers"][0]["digest"].as_str().unwrap()).unwrap().bytes().unwrap();
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(layer.as_slice()).read_to_end(&mut plain).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], json!([digest(&plain)]));
    }
}

#[test]
fn a_layer_has_the_binary_and_little_else() {
    let image = made().only(Platform::Arm64).unwrap();
    let manifest = image.manifests[0].json();
    let layer = image.blob(manifest["layers"][0]["digest"].as_str().unwrap()).unwrap().bytes().unwrap();
    // Neither a time nor a system in the header of gzip.
    assert_eq!((&layer[4..8], layer[9]), (&[0, 0, 0, 0][..], 255));
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(layer.as_slice()));
    let mut seen = Vec::new();
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header().clone();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()), (0, 0, 0));
        seen.push((entry.path().unwrap().display().to_string(), header.mode().unwrap()));
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        if seen.last().unwrap().0 == "chartwright" {
            assert_eq!(content, program(Platform::Arm64));
        }
        if seen.last().unwrap().0 == "etc/passwd" {
            assert!(String::from_utf8(content).unwrap().contains("nonroot:x:65532:65532:"));
        }
    }
    let expected =
        [("etc/", 0o755), ("etc/group", 0o644), ("etc/passwd", 0o644), ("tmp/", 0o1777), ("chartwright", 0o755)];
    assert_eq!(seen, expected.map(|(path, mode)| (path.to_owned(), mode)));
}

#[test]
fn the_bill_of_materials_names_every_library_and_refers_to_the_index() {
    let image = made();
    let [attached] = image.attached.as_slice() else { panic!("{:?}", image.attached) };
    let manifest = image.manifest(&attached.digest).unwrap().json();
    assert_eq!(manifest["artifactType"], "application/spdx+json");
    assert_eq!(manifest["subject"]["digest"], image.top.digest.as_str());
    let bill = image.blob(manifest["layers"][0]["digest"].as_str().unwrap()).unwrap().bytes().unwrap();
    assert_eq!(bill, sbom(Epoch::default()).unwrap());
    let bill: Value = serde_json::from_slice(&bill).unwrap();
    assert_eq!((&bill["spdxVersion"], &bill["dataLicense"]), (&json!("SPDX-2.3"), &json!("CC0-1.0")));
    let packages = bill["packages"].as_array().unwrap();
    assert_eq!(
        (&packages[0]["name"], &bill["relationships"][0]["relatedSpdxElement"]),
        (&json!("chartwright"), &packages[0]["SPDXID"])
    );
    let serde = packages.iter().find(|package| package["name"] == "serde").unwrap();
    let place = format!("pkg:cargo/serde@{}", serde["versionInfo"].as_str().unwrap());
    assert_eq!(serde["externalRefs"][0]["referenceLocator"], place);
    assert_eq!(serde["checksums"][0]["checksumValue"].as_str().unwrap().len(), 64);
    let mut ids: Vec<&str> = packages.iter().map(|package| package["SPDXID"].as_str().unwrap()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an identifier stands for one package");
    for relation in bill["relationships"].as_array().unwrap() {
        let known = |key: &str| {
            let id = relation[key].as_str().unwrap();
            id == "SPDXRef-DOCUMENT" || ids.binary_search(&id).is_ok()
        };
        assert!(known("spdxElementId") && known("relatedSpdxElement"), "{relation}");
    }
}
