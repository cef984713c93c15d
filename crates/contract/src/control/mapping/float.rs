//! Floats: JSON has no word for three of them, so those are written as texts.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// Writes `7.5`, or `"NaN"`, `"Infinity"`, `"-Infinity"`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(in crate::control) fn serialize<S: Serializer>(number: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    match *number {
        number if number.is_finite() => serializer.serialize_f32(number),
        number if number.is_nan() => serializer.serialize_str("NaN"),
        number if number > 0.0 => serializer.serialize_str("Infinity"),
        _ => serializer.serialize_str("-Infinity"),
    }
}

/// Reads a number, the same in quotes, the three texts, and `null`.
pub(in crate::control) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    deserializer.deserialize_any(Float)
}

struct Float;

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the field is that narrow")]
impl Visitor<'_> for Float {
    type Value = f32;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a number, in quotes or not")
    }

    fn visit_unit<E: Error>(self) -> Result<f32, E> {
        Ok(0.0)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f32, E> {
        Ok(number as f32)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f32, E> {
        Ok(number as f32)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f32, E> {
        Ok(number as f32)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f32, E> {
        // Rust's own reading takes the three texts too.
        text.parse().map_err(|_| E::custom("a text that is no number"))
    }
}
