//! Protobuf's JSON mapping, as far as the messages of the control plane need it: pieces for serde's attributes.

pub(super) mod absent;
pub(super) mod enumeration;
pub(super) mod float;
pub(super) mod integer;
pub(super) mod moment;
pub(super) mod wide;
