//! What is as good as not there: `null` when read, a default when written.

use serde::{Deserialize, Deserializer};

/// Takes `null` as the default.
pub(in crate::control) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Whether a field is left out when written.
pub(in crate::control) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
