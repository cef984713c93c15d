//! Certificates and keys in PEM files that flags name.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};

/// A file that a flag names and that is of no use. Never says anything of what is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("--{flag} {path}: {why}", path = path.display())]
pub struct FileError {
    /// The flag, without its dashes.
    pub flag: &'static str,
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// A flag and the file it names.
#[derive(Clone, Copy)]
pub(super) struct Named<'p>(pub(super) &'static str, pub(super) &'p Path);

impl Named<'_> {
    pub(super) fn fault(self, why: impl Into<String>) -> FileError {
        FileError { flag: self.0, path: self.1.to_owned(), why: why.into() }
    }

    /// The bytes of the file.
    pub(super) fn read(self) -> Result<Vec<u8>, FileError> {
        fs_err::read(self.1).map_err(|err| self.fault(format!("cannot be read: {}", err.kind())))
    }

    /// The certificates in it, one at least.
    pub(super) fn certificates(self) -> Result<Vec<CertificateDer<'static>>, FileError> {
        let bytes = self.read()?;
        let certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
        let certificates = certificates.map_err(|err| self.fault(format!("is no PEM file: {err}")))?;
        if certificates.is_empty() { Err(self.fault("holds no certificate")) } else { Ok(certificates) }
    }

    /// The first private key in it.
    pub(super) fn key(self) -> Result<PrivateKeyDer<'static>, FileError> {
        let bytes = self.read()?;
        PrivateKeyDer::from_pem_slice(&bytes).map_err(|_| self.fault("holds no private key in PEM"))
    }

    /// Adds its certificates to authorities.
    pub(super) fn add_to(self, roots: &mut RootCertStore) -> Result<(), FileError> {
        for certificate in self.certificates()? {
            roots.add(certificate).map_err(|err| self.fault(format!("a certificate in it is no authority: {err}")))?;
        }
        Ok(())
    }
}

/// Tells one content of some files from another; none where one of them cannot be read.
pub(super) fn stamp<'p>(paths: impl Iterator<Item = &'p Path>) -> Option<[u8; 32]> {
    let mut hash = Sha256::new();
    for path in paths {
        let bytes = fs_err::read(path).ok()?;
        hash.update(bytes.len().to_le_bytes());
        hash.update(bytes);
    }
    Some(hash.finalize().into())
}

/// When a certificate ends, in seconds since 1970.
pub(super) fn not_after(certificate: &CertificateDer<'_>) -> Option<i64> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Some(certificate.validity().not_after.timestamp())
}

/// Now, in seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
