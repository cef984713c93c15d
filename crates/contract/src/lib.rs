//! What both halves of the platform share: custom resources, control messages, the connection to NATS, and the flags of operator
//! and host.
//!
//! - [`control`]: what operator and hosts tell each other, and on which subjects.
//! - [`crds`]: the group `runtime.wasmcloud.dev/v1alpha1` as types, and the CRDs generated from them.
//! - [`flags`]: what the operator and the host, ours and upstream's, can be told, version by version.
//! - [`nats`]: who publishes and subscribes what on NATS, and, behind the feature `nats`, the connection itself.
//!
//! But for that connection everything here is data or plain types: no cluster, no network, no files.

pub mod control;
pub mod crds;
pub mod flags;
pub mod nats;
