//! Whole numbers: a number or the same number in quotes is read, whatever its width; how it is written is the width's affair.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// Reads `7`, `"7"`, `7.0` and `null`. What does not fit into `T` is an error.
pub(in crate::control) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + TryFrom<i128>,
{
    deserializer.deserialize_any(Whole(PhantomData))
}

/// As [`deserialize`], for a field whose absence differs from zero.
pub(in crate::control) fn optional<'de, D>(deserializer: D) -> Result<Option<i32>, D::Error>
where
    D: Deserializer<'de>,
{
    deserialize(deserializer).map(|Maybe(number)| number)
}

/// A number that was there. `None`: it was `null`.
#[derive(Default)]
struct Maybe(Option<i32>);

impl TryFrom<i128> for Maybe {
    type Error = std::num::TryFromIntError;

    fn try_from(number: i128) -> Result<Self, Self::Error> {
        i32::try_from(number).map(|number| Self(Some(number)))
    }
}

struct Whole<T>(PhantomData<T>);

impl<T: Default + TryFrom<i128>> Whole<T> {
    fn fitting<E: Error>(number: impl Into<i128>) -> Result<T, E> {
        T::try_from(number.into()).map_err(|_| E::custom("a number out of range"))
    }
}

impl<T: Default + TryFrom<i128>> Visitor<'_> for Whole<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a whole number, in quotes or not")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Self::fitting(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Self::fitting(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        // Beyond 2^53 a float no longer says which whole number is meant.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.fract() != 0.0 || number.abs() > EXACT {
            return Err(E::custom("a number that is not whole"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range, as just seen")]
        let whole = number as i64;
        Self::fitting(whole)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        match text.parse::<i128>() {
            Ok(number) => Self::fitting(number),
            Err(_) => Err(E::custom("a text that is no whole number")),
        }
    }
}
