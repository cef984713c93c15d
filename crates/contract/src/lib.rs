//! What both halves of the platform share: custom resources and the flags of operator and host.
//!
//! - [`crds`]: the group `runtime.wasmcloud.dev/v1alpha1` as types, and the CRDs generated from them.
//! - [`flags`]: what the operator and the host, ours and upstream's, can be told, version by version.
//! - [`nats`]: who publishes and subscribes what on NATS.
//!
//! Everything here is data or plain types: no cluster, no network, no files.

pub mod crds;
pub mod flags;
pub mod nats;
