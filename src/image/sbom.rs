//! The bill of materials: SPDX 2.3, from the lock file that this tool was built with.

use serde_json::{Value, json};

use super::{lock, time};
use crate::oci::{Epoch, digest};

/// Writes it; the same bytes for the same build and epoch.
pub fn sbom(epoch: Epoch) -> Result<Vec<u8>, serde_json::Error> {
    let packages = lock::packages();
    let ids: Vec<String> = packages
        .iter()
        .map(|package| {
            // SPDX allows letters, digits, `.` and `-`.
            let plain = |text: &str| text.replace(|c: char| !c.is_ascii_alphanumeric() && c != '.', "-");
            format!("SPDXRef-Package-{}-{}", plain(&package.name), plain(&package.version))
        })
        .collect();
    let described: Vec<Value> = packages.iter().zip(&ids).map(|(package, id)| describe(package, id)).collect();
    let relation = |from: &str, kind: &str, to: &str| json!({"spdxElementId": from, "relationshipType": kind, "relatedSpdxElement": to});
    let mut relations = Vec::new();
    if let Some(root) = ids.first() {
        relations.push(relation("SPDXRef-DOCUMENT", "DESCRIBES", root));
    }
    for (package, id) in packages.iter().zip(&ids) {
        relations.extend(package.needs.iter().filter_map(|&need| Some(relation(id, "DEPENDS_ON", ids.get(need)?))));
    }
    let content = json!({"packages": described, "relationships": relations});
    // The namespace must be this document's alone: it carries the digest of what is said.
    let sum = digest(&serde_json::to_vec(&content)?);
    serde_json::to_vec(&json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": concat!("chartwright-", env!("CARGO_PKG_VERSION")),
        "documentNamespace": format!(
            "{}/spdx/{}-{}", env!("CARGO_PKG_REPOSITORY"), env!("CARGO_PKG_VERSION"), sum.trim_start_matches("sha256:")
        ),
        "creationInfo": {
            "created": time::text(epoch.0),
            "creators": [concat!("Tool: chartwright-", env!("CARGO_PKG_VERSION"))],
            "comment": "What the lock file resolves for this tool on any system, with what only its tests use.",
        },
        "packages": content["packages"],
        "relationships": content["relationships"],
    }))
}

fn describe(package: &lock::Package, id: &str) -> Value {
    let lock::Package { name, version, source, checksum, .. } = package;
    let mut json = json!({
        "SPDXID": id,
        "name": name,
        "versionInfo": version,
        "filesAnalyzed": false,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": if source.is_empty() { env!("CARGO_PKG_LICENSE") } else { "NOASSERTION" },
        "copyrightText": "NOASSERTION",
        "downloadLocation": if source.is_empty() {
            format!("git+{}", env!("CARGO_PKG_REPOSITORY"))
        } else {
            format!("https://crates.io/api/v1/crates/{name}/{version}/download")
        },
    });
    if !source.is_empty() {
        json["externalRefs"] = json!([{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
        }]);
    }
    if !checksum.is_empty() {
        json["checksums"] = json!([{"algorithm": "SHA256", "checksumValue": checksum}]);
    }
    json
}
