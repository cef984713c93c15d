//! What the platform needs to be allowed on NATS.

pub mod permissions;
