//! NATS
