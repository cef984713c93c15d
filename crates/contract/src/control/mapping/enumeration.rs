//! Enumerations: written by their full name; a number is read as well, since older writers of the mapping may use it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// An enumeration whose default is number 0.
pub(in crate::control) trait Enumeration: Copy + Default + PartialEq + 'static {
    /// Every value under its full name; the place in the list is the number.
    const NAMES: &'static [(Self, &'static str)];
}

/// The full name.
pub(in crate::control) fn name<T: Enumeration>(value: T) -> &'static str {
    T::NAMES.iter().find(|(one, _)| *one == value).map_or("", |(_, name)| name)
}

/// Writes the full name.
pub(in crate::control) fn serialize<S: Serializer, T: Enumeration>(value: T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name(value))
}

/// Reads a name, a number, and `null`. A name nobody knows is an error, as it is for upstream; a number nobody knows is a value
/// of a later version and read as the unspecified one.
pub(in crate::control) fn deserialize<'de, D: Deserializer<'de>, T: Enumeration>(
    deserializer: D,
) -> Result<T, D::Error> {
    deserializer.deserialize_any(Named(PhantomData))
}

struct Named<T>(PhantomData<T>);

impl<T: Enumeration> Visitor<'_> for Named<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name or number of an enumeration's value")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        let place = usize::try_from(number).ok();
        Ok(place.and_then(|place| T::NAMES.get(place)).map_or_else(T::default, |(value, _)| *value))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        u64::try_from(number).map_or_else(|_| Ok(T::default()), |number| self.visit_u64(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let known = T::NAMES.iter().find(|(_, name)| *name == text);
        known.map(|(value, _)| *value).ok_or_else(|| E::custom("a name that this enumeration does not have"))
    }
}

/// Serde's traits for an [`Enumeration`].
macro_rules! as_enumeration {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::control::mapping::enumeration::serialize(*self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::control::mapping::enumeration::deserialize(deserializer)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str($crate::control::mapping::enumeration::name(*self))
            }
        }
    };
}
pub(in crate::control) use as_enumeration;
