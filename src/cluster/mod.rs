//! The way to a Kubernetes cluster: who we are to it, which kinds it serves, and its errors in words.

mod connect;
mod error;
mod kinds;
mod patience;
mod served;

pub use connect::{Target, connect};
pub use error::ClusterError;
pub use kinds::{Kind, Kinds};
pub use kube::Client;
pub use patience::{AsCluster, patiently};
pub use served::Served;
