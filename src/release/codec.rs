//! A record as the bytes of a Secret: JSON, gzip, base64. (Kubernetes wraps base64 around it once more on the wire.)

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::Record;

/// What gzip begins with. Old releases were not compressed.
const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];

/// No record is larger: a Secret holds a MiB, and text does not shrink a hundredfold.
const LARGEST: u64 = 100 << 20;

/// Why a record cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// Not base64.
    #[error("it is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// Not gzip, or torn.
    #[error("it cannot be unpacked: {0}")]
    Gzip(#[from] std::io::Error),
    /// Not a record.
    #[error("it is no record of a release: {0}")]
    Json(#[from] serde_json::Error),
}

/// Writes a record.
pub fn encode(record: &Record) -> Result<Vec<u8>, CodecError> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&serde_json::to_vec(record)?)?;
    Ok(STANDARD.encode(packer.finish()?).into_bytes())
}

/// Reads a record.
pub fn decode(bytes: &[u8]) -> Result<Record, CodecError> {
    let packed = STANDARD.decode(bytes.trim_ascii())?;
    if !packed.starts_with(&GZIP) {
        return Ok(serde_json::from_slice(&packed)?);
    }
    let mut json = Vec::new();
    GzDecoder::new(packed.as_slice()).take(LARGEST).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::release::Status;

    #[test]
    fn what_was_written_is_read_with_all_that_only_helm_knows() {
        let text = json!({
            "name": "web", "namespace": "shop", "version": 3, "manifest": "---\n", "sequence": { "later": true },
            "info": { "status": "pending-upgrade", "first_deployed": "2026-01-02T03:04:05.678901234+02:00", "deleted": "",
                      "rollback_revision": 2 },
            "config": null, "chart": { "metadata": { "name": "web", "version": "1.2.3", "appVersion": "9" } },
            "hooks": [{ "name": "h", "kind": "Job", "events": ["test"], "last_run": { "phase": "" }, "output_log_policies": null }],
        });
        let plain = STANDARD.encode(text.to_string());
        let record = decode(plain.as_bytes()).unwrap();
        assert_eq!(record.info.status, Status::PendingUpgrade);
        assert!(record.info.deleted.is_never());
        assert_eq!(record.info.first_deployed.to_string(), "2026-01-02T01:04:05Z");
        assert_eq!((record.chart_name(), record.chart_version(), record.app_version()), ("web", "1.2.3", "9"));
        let again = decode(&encode(&record).unwrap()).unwrap();
        assert_eq!(again, record);
        let json = serde_json::to_value(&again).unwrap();
        assert_eq!(json["sequence"]["later"], true);
        assert_eq!(json["info"]["rollback_revision"], 2);
        assert!(json["hooks"][0].get("output_log_policies").is_some());
    }

    #[test]
    fn what_is_no_record_says_why() {
        for (bytes, expected) in
            [(&b"?"[..], "not base64"), (b"H4sIAAAA", "cannot be unpacked"), (b"e30=", "no record")]
        {
            let err = decode(bytes).unwrap_err().to_string();
            assert!(err.contains(expected), "{err}");
        }
    }
}
