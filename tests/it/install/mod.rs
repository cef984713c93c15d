//! Releases on a real API server, and both Helms beside us.
//!
//! `CHARTWRIGHT_ETCD`, `CHARTWRIGHT_KUBEBOX`, `CHARTWRIGHT_HELM3` and `CHARTWRIGHT_HELM4` name the programs; `cargo xtask test
//! --only install` builds them. Without one of them a test says so and passes. There is no kubelet: what needs Pods that run is
//! shown on the test bed.

#[path = "../../platform/it/control_plane.rs"]
#[allow(dead_code, reason = "the platform's tests use the rest")]
mod control_plane;
mod definitions;
mod halves;
mod handover;
mod interop;
mod interruptions;
mod kills;
mod looks;
mod outages;
mod ownership;
#[path = "../../platform/it/process.rs"]
#[allow(dead_code, reason = "the platform's tests use the rest")]
mod process;
mod proxy;
mod purge;
mod recorded;
mod renamed;
mod scene;
mod values;
mod waiting;
mod webhook;
