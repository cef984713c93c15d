//! One way to write a section of the values: every key may be absent, unknown keys are the schema's matter.

/// Declares a section: public optional fields in camelCase whose doc comments are the users' documentation.
/// A field behind `..` is flattened: its keys stand beside the section's own.
macro_rules! section {
    ($(#[$meta:meta])* pub struct $name:ident {
        $(.. $(#[$flat_meta:meta])* $flat:ident: $flat_ty:ty,)?
        $($(#[$field_meta:meta])* $field:ident: $ty:ty),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "camelCase", default)]
        // JSON's maps have no order; people read keys in the order they are declared.
        #[schemars(extend("x-order" = [$(stringify!($field)),*]))]
        pub struct $name {
            $($(#[$flat_meta])* #[serde(flatten)] pub $flat: $flat_ty,)?
            $($(#[$field_meta])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$ty>,)*
        }
    };
}

/// Declares a closed choice; the doc comments of the variants are the users' documentation.
macro_rules! choice {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $text)] $variant),* }
    };
}

pub(super) use {choice, section};
