//! Talking to registries, one request after the other.

use std::{
    collections::BTreeSet,
    fmt,
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::HeaderValue;
use oci_client::{
    Client, RegistryOperation,
    client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol},
    errors::OciDistributionError,
    manifest::OciDescriptor,
    secrets::RegistryAuth,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::{
    Blob, DOCKER_TYPES, Descriptor, Error, INDEX_TYPE, Login, MANIFEST_TYPE, Progress, Reference, Source, find_login,
    is_loopback,
};

/// No registry takes that long between two packets.
const PATIENCE: Duration = Duration::from_mins(2);

/// How registries are reached.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// Registries (`host:port`) that are spoken to without TLS.
    pub plain_http: Vec<String>,
    /// Certificates (PEM) to trust besides those of the system.
    pub ca: Option<Vec<u8>>,
    /// Who we are.
    pub logins: Logins,
}

/// Who we are at registries.
#[derive(Clone, Debug)]
pub enum Logins {
    /// What the first of these files says.
    Files(Vec<PathBuf>),
    /// This one everywhere, or nobody.
    Given(Option<Login>),
}

impl Default for Logins {
    fn default() -> Self {
        Self::Given(None)
    }
}

/// A manifest or an index, to the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// How others name it.
    pub descriptor: Descriptor,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Manifest {
    /// A manifest of ours.
    pub fn new(media_type: &str, bytes: Vec<u8>) -> Self {
        Self { descriptor: Descriptor::of(media_type, &bytes), bytes }
    }

    /// What stands in it; null when it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

/// A connection to any number of registries.
pub struct Session {
    client: Client,
    runtime: Runtime,
    access: Access,
    progress: Arc<dyn Progress>,
    /// Where we have said who we are: registry, repository, and whether to push.
    known: Mutex<BTreeSet<(String, String, bool)>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("access", &self.access).finish_non_exhaustive()
    }
}

impl Session {
    /// Prepares to talk.
    pub fn new(access: Access, progress: Arc<dyn Progress>) -> Result<Self, Error> {
        // An error says that one is installed already; any is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ClientConfig {
            protocol: ClientProtocol::HttpsExcept(access.plain_http.clone()),
            extra_root_certificates: access.ca.as_deref().map(authorities).transpose()?.unwrap_or_default(),
            use_monolithic_push: true,
            connect_timeout: Some(Duration::from_secs(30)),
            read_timeout: Some(PATIENCE),
            user_agent: concat!("chartwright/", env!("CARGO_PKG_VERSION")),
            ..ClientConfig::default()
        };
        let client = Client::try_from(config).map_err(|err| Error::Authority(err.to_string()))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
        Ok(Self { client, runtime, access, progress, known: Mutex::default() })
    }

    /// Who hears how far things are.
    pub fn progress(&self) -> &dyn Progress {
        self.progress.as_ref()
    }

    /// Says who we are, once for each repository and purpose.
    fn greet(&self, at: &Reference, push: bool) -> Result<RegistryAuth, Error> {
        let registry = at.resolve_registry().to_owned();
        let login = match &self.access.logins {
            Logins::Given(login) => login.clone(),
            Logins::Files(files) => find_login(&registry, files)?,
        };
        if login.is_some() && self.access.plain_http.contains(&registry) && !is_loopback(&registry) {
            return Err(Error::PasswordInClear(registry));
        }
        let auth = match login {
            None => RegistryAuth::Anonymous,
            Some(login) => RegistryAuth::Basic(login.user, login.password.reveal().to_owned()),
        };
        let key = (registry.clone(), at.repository().to_owned(), push);
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(key) {
            let operation = if push { RegistryOperation::Push } else { RegistryOperation::Pull };
            self.runtime
                .block_on(self.client.auth(at, &auth, operation))
                .map_err(|err| Error::registry("reach the registry and log in", &registry, &err))?;
        }
        Ok(auth)
    }

    /// A manifest or an index; a digest in the reference is verified.
    pub fn manifest(&self, from: &Reference) -> Result<Manifest, Error> {
        let auth = self.greet(from, false)?;
        let accepted = [MANIFEST_TYPE, INDEX_TYPE, DOCKER_TYPES[0], DOCKER_TYPES[1]];
        let (bytes, _) = self
            .runtime
            .block_on(self.client.pull_manifest_raw(from, &auth, &accepted))
            .map_err(|err| Error::registry(format!("pull {from}"), from.resolve_registry(), &err))?;
        let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        // Old ones do not say what they are.
        let guess = if json["manifests"].is_array() { INDEX_TYPE } else { MANIFEST_TYPE };
        Ok(Manifest::new(json["mediaType"].as_str().unwrap_or(guess), bytes.to_vec()))
    }

    /// What a registry has attached to a manifest, by its API or by the tag that stands in for it.
    pub fn referrers(&self, to: &Reference) -> Result<Vec<Value>, Error> {
        self.greet(to, false)?;
        let index = self
            .runtime
            .block_on(self.client.pull_referrers(to, None))
            .map_err(|err| Error::registry(format!("ask what refers to {to}"), to.resolve_registry(), &err))?;
        let json = serde_json::to_value(index).unwrap_or_default();
        Ok(json["manifests"].as_array().cloned().unwrap_or_default())
    }

    /// Writes a blob into `out`; a wrong digest is an error.
    pub fn pull(&self, from: &Reference, blob: &Blob, out: &mut dyn Write) -> Result<(), Error> {
        self.greet(from, false)?;
        self.progress.begin(&blob.what, blob.descriptor.size);
        let failed = |err: &OciDistributionError| {
            Error::registry(format!("pull the {} of {from}", blob.what), from.resolve_registry(), err)
        };
        let descriptor = wire(&blob.descriptor);
        self.runtime.block_on(async {
            let stream = self.client.pull_blob_stream(from, &descriptor).await.map_err(|err| failed(&err))?;
            let mut stream = stream.stream;
            while let Some(chunk) = stream.try_next().await.map_err(|err| failed(&err.into()))? {
                out.write_all(&chunk)?;
                self.progress.advance(chunk.len() as u64);
            }
            Ok::<(), Error>(())
        })?;
        self.progress.end("pulled");
        Ok(())
    }

    /// Brings a blob into a repository, from here or from another registry. What is there already is left alone.
    pub fn push(&self, to: &Reference, blob: &Blob) -> Result<(), Error> {
        self.greet(to, true)?;
        let Descriptor { digest, size, .. } = &blob.descriptor;
        self.progress.begin(&blob.what, *size);
        // Whoever cannot say whether it is there will take it.
        if self.runtime.block_on(self.client.blob_exists(to, digest)).unwrap_or(false) {
            self.progress.end("there already");
            return Ok(());
        }
        let failed =
            |err: &OciDistributionError| Error::registry(format!("push the {}", blob.what), to.resolve_registry(), err);
        let progress = Arc::clone(&self.progress);
        match &blob.source {
            Source::Here(content) => {
                let chunks = stream::iter(content.chunks()?).map(move |chunk| {
                    let chunk = chunk?;
                    progress.advance(chunk.len() as u64);
                    Ok(chunk.into())
                });
                self.runtime
                    .block_on(self.client.push_blob_stream(to, chunks, digest, Some(*size)))
                    .map_err(|err| failed(&err))?;
            }
            Source::Registry(from) => {
                self.greet(from, false)?;
                let descriptor = wire(&blob.descriptor);
                self.runtime.block_on(async {
                    let stream = self.client.pull_blob_stream(from, &descriptor).await.map_err(|err| {
                        Error::registry(format!("pull the {} of {from}", blob.what), from.resolve_registry(), &err)
                    })?;
                    let chunks = stream.stream.map(move |chunk| {
                        let chunk = chunk?;
                        progress.advance(chunk.len() as u64);
                        Ok(chunk)
                    });
                    self.client.push_blob_stream(to, chunks, digest, Some(*size)).await.map_err(|err| failed(&err))
                })?;
            }
        }
        self.progress.end("pushed");
        Ok(())
    }

    /// Puts a manifest under the reference's tag, or its digest.
    pub fn push_manifest(&self, to: &Reference, manifest: &Manifest) -> Result<(), Error> {
        self.greet(to, true)?;
        let failed =
            |err: &OciDistributionError| Error::registry(format!("push the manifest {to}"), to.resolve_registry(), err);
        let kind = HeaderValue::from_str(&manifest.descriptor.media_type)
            .map_err(|err| failed(&OciDistributionError::GenericError(Some(err.to_string()))))?;
        // The library takes the end of the address for a tag, whatever it is.
        let place = match to.digest() {
            Some(digest) => {
                Reference::with_tag(to.registry().to_owned(), to.repository().to_owned(), digest.to_owned())
            }
            None => to.clone(),
        };
        self.runtime
            .block_on(self.client.push_manifest_raw(&place, manifest.bytes.clone(), kind))
            .map_err(|err| failed(&err))?;
        Ok(())
    }
}

fn wire(descriptor: &Descriptor) -> OciDescriptor {
    OciDescriptor {
        media_type: descriptor.media_type.clone(),
        digest: descriptor.digest.clone(),
        size: i64::try_from(descriptor.size).unwrap_or(i64::MAX),
        ..OciDescriptor::default()
    }
}

/// Each certificate of a file by itself: the library reads only the first of several.
fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = std::str::from_utf8(pem).map_err(|_| Error::Authority("the file is no PEM".into()))?;
    let found: Vec<Certificate> = text
        .split_inclusive(END)
        .filter_map(|part| part.find("-----BEGIN CERTIFICATE-----").map(|start| &part[start..]))
        .filter(|part| part.ends_with(END))
        .map(|part| Certificate { encoding: CertificateEncoding::Pem, data: part.as_bytes().to_vec() })
        .collect();
    if found.is_empty() {
        return Err(Error::Authority("the file has no `-----BEGIN CERTIFICATE-----`".into()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_certificate_of_a_file_counts_and_none_is_an_error() {
        let one = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        assert_eq!(authorities(format!("# one\n{one}# two\n{one}").as_bytes()).unwrap().len(), 2);
        assert!(authorities(b"nothing").is_err());
    }
}
