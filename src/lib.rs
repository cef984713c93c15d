//! `chartwright`: from a values file to manifests, diagnostics and a genuine Helm chart for wasmCloud.
//!
//! The modules stand in the order the data flows: texts become a spanned tree ([`source`]), which holds typed
//! [`values`]; these are judged ([`validate`]) and rendered ([`render`]), and the same templates leave as a Helm chart
//! ([`export`]) or lead to the images that they need ([`image`]). [`oci`] is what both know of registries.
//! [`diagnostics`] stands beside them all, and the command line ([`cli`]) around them.

pub mod source;

pub mod values;

pub mod diagnostics;

pub mod validate;

pub mod render;

pub mod import;

pub mod oci;

pub mod export;

pub mod image;

#[cfg(feature = "cluster")]
pub mod cluster;

#[cfg(feature = "cluster")]
pub mod release;

#[cfg(feature = "cluster")]
pub mod install;

#[cfg(feature = "cluster")]
pub mod hosts;

#[cfg(feature = "cluster")]
pub mod conformance;

pub mod cli;
