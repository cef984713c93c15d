//! Everything that is read again before each attempt.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use super::credentials::{Credentials, Source};
use super::tls::{TlsFiles, TlsMaterial};
use super::{FileProblem, NatsOptions};

/// Where everything stands.
#[derive(Clone, Debug)]
pub(super) struct Files {
    credentials: Source,
    tls: TlsFiles,
}

/// What the files said last.
pub(super) struct Material {
    pub(super) credentials: Credentials,
    pub(super) tls: TlsMaterial,
}

/// The material of the current attempt, shared with those that answer the server.
#[derive(Clone)]
pub(super) struct Current(Arc<RwLock<Arc<Material>>>);

impl Files {
    /// From options that were checked.
    pub(super) fn new(options: &NatsOptions) -> Self {
        Self { credentials: Source::new(options), tls: TlsFiles::new(options) }
    }

    /// Reads everything. Blocks for as long as the files' system does.
    pub(super) fn read(&self) -> Result<Material, FileProblem> {
        Ok(Material { credentials: self.credentials.read()?, tls: self.tls.read()? })
    }
}

impl Current {
    pub(super) fn new(material: Material) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(material))))
    }

    pub(super) fn get(&self) -> Arc<Material> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn set(&self, material: Material) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(material);
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Current")
    }
}
