//! The way to a Kubernetes cluster: who we are to it, which kinds it serves, and its errors in words.

mod connect;
mod error;
mod identities;
mod kinds;
mod parts;
mod patience;
mod references;
mod served;

pub use connect::{Target, connect};
pub use error::ClusterError;
pub use identities::{Taken, mounted};
pub use kinds::{Kind, Kinds};
pub use kube::Client;
pub use parts::{main, part};
pub use patience::{AsCluster, patiently};
pub use references::{Needed, needed};
pub use served::Served;
