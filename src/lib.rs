//! `chartwright`: from a values file to manifests, diagnostics and a genuine Helm chart for wasmCloud.
//!
//! The modules stand in the order the data flows: texts become a spanned tree ([`source`]), which is judged
//! ([`validate`]).
//! [`diagnostics`] stands beside them all.

pub mod source;
pub mod validate;

pub mod values;

pub mod diagnostics;

pub mod render;

pub mod import;

pub mod export;
