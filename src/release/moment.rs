//! Times in records: RFC 3339, where Helm 3 writes an empty text and Helm 4 nothing for "never".

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A time, or never. What cannot be read as a time is never: a record is not lost for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Option<jiff::Timestamp>);

/// This very moment.
pub fn now() -> Moment {
    Moment(Some(jiff::Timestamp::now()))
}

impl Moment {
    /// Whether it is never.
    pub const fn is_never(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Display for Moment {
    /// To the second, or `-`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(time) => out.pad(&time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            None => out.pad("-"),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(time) => serializer.collect_str(&time),
            None => serializer.serialize_str(""),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        // The zero time of Go.
        let time = text.parse::<jiff::Timestamp>().ok().filter(|_| !text.starts_with("0001-01-01"));
        Ok(Self(time))
    }
}
