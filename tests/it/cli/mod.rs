//! Verbs as people and scripts call them: what stands on which stream, in which form, and with which exit code.

mod chart;
mod help;
mod render;
mod validate;

/// Values with one error, at `v.yaml:2:3`.
const UNKNOWN_KEY: &str = "hostDefaults:\n  replica: 2\n";
