//! Reading what is as good as absent: `null`, and the empty text that upstream's Go types write and read as "not set".

use serde::{Deserialize, Deserializer};

/// Takes `null` as the default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Takes an empty text as no text: `hostId: ""` pins a workload to nothing.
pub(super) fn if_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.filter(|text: &String| !text.is_empty()))
}

/// Whether a number is left out when written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn is_zero(number: &i32) -> bool {
    *number == 0
}

/// Whether a switch is left out when written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(super) fn is_false(switch: &bool) -> bool {
    !switch
}
