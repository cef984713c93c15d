//! The host: runs WebAssembly components for wasmCloud.

pub mod oci;
