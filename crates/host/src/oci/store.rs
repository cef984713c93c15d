//! From a reference to a component: the cache where the policy lets it, the registry otherwise.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    artifact::{check_component, layer_of},
    cache::{Cache, Cleaned, Known, Pulled},
    errors::{Cause, FetchError, OptionsError, Seconds},
    in_use::{InUse, Table},
    login::{Login, Logins},
    reference::{self, Image},
    session::Session,
    single_flight::Flights,
    transport::Transport,
};

/// How components are got.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where they are kept; none keeps them in memory.
    pub cache_dir: Option<PathBuf>,
    /// How many bytes are kept.
    pub cache_size: u64,
    /// Files (PEM) of authorities that are trusted besides the compiled-in ones. Read once.
    pub ca_paths: Vec<PathBuf>,
    /// Registries that are spoken to in plain HTTP: `host`, with any port, or `host:port`.
    pub insecure: Vec<String>,
    /// Plain HTTP for all of them.
    pub allow_insecure_all: bool,
    /// For one pull with all its requests.
    pub pull_timeout: Duration,
    /// The largest component.
    pub max_component_bytes: u64,
    /// Docker's `config.json`. Read at every pull that has no login of its own.
    pub docker_config: Option<PathBuf>,
}

/// When the registry is asked. A reference by digest that is cached never asks: its content cannot change.
///
/// As with the kubelet, what one workload pulled with its login another gets from the cache without one, unless its
/// policy is `Always`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Policy {
    /// When nothing is cached for the reference.
    #[default]
    IfNotPresent,
    /// Every time, for what the tag means now; content is pulled only when it changed.
    Always,
    /// Never.
    Never,
}

/// Where a component's bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the cache.
    Cache,
    /// From the registry.
    Registry,
}

/// A component, verified.
#[derive(Clone)]
pub struct Component {
    /// `sha256:…` of the bytes.
    pub digest: String,
    /// `sha256:…` of the manifest: what `name@sha256:…` means.
    pub manifest_digest: String,
    /// The reference it was asked for by.
    pub reference: String,
    /// The component.
    pub bytes: Bytes,
    /// Where the bytes came from.
    pub origin: Origin,
    /// Keeps it in the cache.
    pub in_use: InUse,
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("reference", &self.reference)
            .field("digest", &self.digest)
            .field("manifest_digest", &self.manifest_digest)
            .field("bytes", &self.bytes.len())
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

type Outcome = Result<Component, FetchError>;
type Who = Option<[u8; 32]>;

/// Gets components and keeps them. Clones share everything.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    transport: Transport,
    logins: Logins,
    cache: Arc<Cache>,
    in_use: Arc<Table>,
    pull_timeout: Duration,
    max_component_bytes: u64,
    /// Whole fetches: the same file is not read and verified several times at once either.
    fetches: Flights<(String, Policy, Who), Outcome>,
    /// Pulls, whatever policy led to them.
    pulls: Flights<(String, Who), Outcome>,
}

impl Store {
    /// Reads the authorities; nothing is asked and nothing written yet.
    pub fn new(options: Options) -> Result<Self, OptionsError> {
        let transport = Transport::new(&options, true)?;
        Self::with(options, transport, None)
    }

    /// `helpers`: where credential helpers are instead of in `PATH`.
    pub(super) fn with(options: Options, transport: Transport, helpers: Option<PathBuf>) -> Result<Self, OptionsError> {
        if options.pull_timeout.is_zero() {
            return Err(OptionsError::NoTime);
        }
        let in_use = Arc::<Table>::default();
        let cache = Arc::new(Cache::new(options.cache_dir, options.cache_size, in_use.clone()));
        Ok(Self(Arc::new(Inner {
            transport,
            logins: Logins { docker_config: options.docker_config, helpers },
            cache,
            in_use,
            pull_timeout: options.pull_timeout,
            max_component_bytes: options.max_component_bytes,
            fetches: Flights::default(),
            pulls: Flights::default(),
        })))
    }

    /// Gets a component. Who asks for the same with the same login at the same time shares the work; to drop the
    /// future gives it up, unless others wait for it.
    pub async fn fetch(&self, reference: &str, policy: Policy, login: Option<&Login>) -> Result<Component, FetchError> {
        let image = Image::parse(reference).map_err(|cause| cause.of(&reference::shown(reference)))?;
        let who = login.map(Login::fingerprint);
        let (inner, login) = (self.0.clone(), login.cloned());
        let begin = || inner.fetch(image.clone(), policy, login);
        let outcome = self.0.fetches.join((image.to_string(), policy, who), begin).await;
        match outcome {
            Ok(component) => Ok(Component { reference: reference.to_owned(), ..component }),
            Err(error) => Err(FetchError { reference: reference.to_owned(), ..error }),
        }
    }

    /// Removes what is above the size of the cache, longest unused first, and nothing that is in use. Every pull does
    /// it too; what was in use then goes at a later call.
    pub async fn clean(&self) -> Cleaned {
        let cache = self.0.cache.clone();
        tokio::task::spawn_blocking(move || cache.clean()).await.unwrap_or_default()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("cache", &self.0.cache).finish_non_exhaustive()
    }
}

/// Work that blocks, away from the threads that must not.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Cause> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Cause::Internal(error.to_string()))
}

impl Inner {
    async fn fetch(self: Arc<Self>, image: Image, policy: Policy, login: Option<Login>) -> Outcome {
        let name = image.to_string();
        let never = policy == Policy::Never;
        if policy != Policy::Always || image.digest().is_some() {
            match self.cached(&image).await {
                Ok(Some(component)) => return Ok(component),
                Ok(None) if never => return Err(Cause::NotCached.of(&name)),
                Err(problem) if never => return Err(Cause::Disk(problem).of(&name)),
                Ok(None) => {}
                Err(problem) => tracing::warn!(reference = name, problem, "the cache cannot be read"),
            }
        }
        let who = login.as_ref().map(Login::fingerprint);
        let inner = self.clone();
        self.pulls.join((name, who), || inner.pull(image, login)).await
    }

    /// What is cached for a reference, read and verified.
    async fn cached(&self, image: &Image) -> Result<Option<Component>, String> {
        // The limit may have been lowered since: the registry's answer then says what is wrong.
        let known = self.lookup(image).await?.filter(|known| known.layer.size <= self.max_component_bytes);
        let Some(known) = known else { return Ok(None) };
        // Held before it is read: cleaning cannot come in between.
        let in_use = self.in_use.hold(&known.layer.digest);
        let Some(bytes) = self.read(&known.layer.digest).await? else { return Ok(None) };
        let (cache, image) = (self.cache.clone(), image.clone());
        let name = image.to_string();
        let touched = known.clone();
        blocking(move || cache.touch(&image, &touched)).await.map_err(|cause| cause.to_string())?;
        Ok(Some(Component {
            digest: known.layer.digest,
            manifest_digest: known.manifest_digest,
            reference: name,
            bytes,
            origin: Origin::Cache,
            in_use,
        }))
    }

    async fn lookup(&self, image: &Image) -> Result<Option<Known>, String> {
        let (cache, image) = (self.cache.clone(), image.clone());
        blocking(move || cache.lookup(&image)).await.map_err(|cause| cause.to_string())?
    }

    /// A component's bytes from the cache.
    async fn read(&self, digest: &str) -> Result<Option<Bytes>, String> {
        let (cache, digest) = (self.cache.clone(), digest.to_owned());
        let read = blocking(move || cache.read(&digest)).await.map_err(|cause| cause.to_string())?;
        read.map(|bytes| bytes.filter(|bytes| check_component(bytes).is_ok()))
    }

    /// Asks the registry, within the one limit of time for all of it.
    async fn pull(self: Arc<Self>, image: Image, login: Option<Login>) -> Outcome {
        let name = image.to_string();
        let known = self.lookup(&image).await.unwrap_or_default();
        let seconds = Seconds(self.pull_timeout);
        let asked = tokio::time::timeout(self.pull_timeout, self.ask(&image, login.as_ref(), known.as_ref())).await;
        let (pulled, in_use, origin) = asked.unwrap_or(Err(Cause::Timeout { seconds })).map_err(|cause| {
            let cached = known.filter(|_| cause.is_away()).map(|known| known.manifest_digest);
            FetchError { cached, ..cause.of(&name) }
        })?;
        let component = Component {
            digest: pulled.layer.digest.clone(),
            manifest_digest: pulled.manifest_digest.clone(),
            reference: name.clone(),
            bytes: pulled.component.clone(),
            origin,
            in_use,
        };
        // Not in the limit: the registry is not to blame for a slow disk.
        let cache = self.cache.clone();
        blocking(move || cache.put(&pulled)).await.map_err(|cause| cause.of(&name))?;
        Ok(component)
    }

    async fn ask(
        &self,
        image: &Image,
        login: Option<&Login>,
        known: Option<&Known>,
    ) -> Result<(Pulled, InUse, Origin), Cause> {
        let found = self.logins.find(image, login).await;
        let mut session = Session::new(&self.transport, image, found);
        // A digest is enough where the answer may be "the same as before".
        let unchanged = match known {
            Some(known) => session.manifest_digest().await?.is_some_and(|digest| digest == known.manifest_digest),
            None => false,
        };
        let (manifest, manifest_digest) = match known.filter(|_| unchanged) {
            Some(known) => (known.manifest.clone(), known.manifest_digest.clone()),
            None => session.manifest().await?,
        };
        let layer = layer_of(&manifest)?;
        let in_use = self.in_use.hold(&layer.digest);
        let kept = self.read(&layer.digest).await.unwrap_or_default();
        // A manifest that lies about the size is refused by the pull, whatever is kept.
        let fits = |bytes: &Bytes| bytes.len() as u64 == layer.size && layer.size <= self.max_component_bytes;
        let (component, origin) = match kept {
            Some(bytes) if fits(&bytes) => (bytes, Origin::Cache),
            _ => (session.blob(&layer, self.max_component_bytes).await?, Origin::Registry),
        };
        check_component(&component)?;
        let pulled = Pulled { image: image.clone(), manifest_digest, manifest, layer, component };
        Ok((pulled, in_use, origin))
    }
}
