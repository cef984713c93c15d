//! 64-bit numbers: written in quotes, because JSON's readers often hold numbers as floats.

use std::fmt::Display;

use serde::Serializer;

pub(in crate::control) use super::integer::deserialize;

/// Writes `"7"`.
pub(in crate::control) fn serialize<S: Serializer, T: Display>(number: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}
