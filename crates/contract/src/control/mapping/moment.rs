//! Timestamps: RFC 3339 in UTC, as much of a fraction as there is.

use k8s_openapi::jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes `2026-09-01T06:00:04.25Z`.
#[expect(clippy::ref_option, reason = "serde hands over a reference")]
pub(in crate::control) fn serialize<S: Serializer>(
    moment: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => serializer.collect_str(moment),
        None => serializer.serialize_none(),
    }
}

/// Reads any offset, and `null`.
pub(in crate::control) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Timestamp>, D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        None => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| D::Error::custom("a text that is no time of RFC 3339")),
    }
}
