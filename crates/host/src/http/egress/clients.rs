//! The clients of guests: one TLS configuration for the host, a pool of connections for each workload that sends.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::WasiBody;

use super::super::front::Front;
use super::super::pem::{FileError, Named};
use super::connect::Connector;
use super::identity::{Identity, IdentityOptions};
use crate::metrics::Metrics;
use crate::telemetry::Telemetry;

/// How long a connection is kept that nobody uses.
const IDLE: Duration = Duration::from_mins(1);

/// Which authorities are trusted beside those of `--http-client-ca-path`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the flag")]
pub enum TrustRoots {
    #[default]
    Webpki,
    WebpkiAndNative,
    Native,
    ExtraOnly,
}

impl TrustRoots {
    /// Reads the word of the flag.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "webpki" => Self::Webpki,
            "webpki-and-native" => Self::WebpkiAndNative,
            "native" => Self::Native,
            "extra-only" => Self::ExtraOnly,
            _ => return None,
        })
    }
}

/// What clients are told.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// More certificate authorities, PEM files.
    pub ca_paths: Vec<PathBuf>,
    /// The usual ones.
    pub trust_roots: TrustRoots,
    /// A client certificate.
    pub identity: Option<IdentityOptions>,
    /// Connections of a workload at a time.
    pub connections_per_workload: usize,
    /// Connections of all at a time.
    pub connections: usize,
    /// How long one that is beyond waits.
    pub wait: Duration,
}

/// Where workloads get their clients.
#[derive(Clone)]
pub struct Clients(Arc<Common>);

/// What clients have of the rest of the host.
#[derive(Clone)]
pub struct Surroundings {
    /// Counts what is sent.
    pub metrics: Arc<Metrics>,
    /// Records what is sent.
    pub telemetry: Telemetry,
    /// The way to workloads on this host; none where all requests go over the network.
    pub front: Option<Weak<Front>>,
}

struct Common {
    tls: ClientConfig,
    slots: Arc<Semaphore>,
    per_workload: usize,
    wait: Duration,
    surroundings: Surroundings,
    workloads: Mutex<HashMap<String, Weak<Workload>>>,
}

impl Clients {
    /// Reads authorities and the client certificate.
    pub fn new(options: &ClientOptions, surroundings: Surroundings) -> Result<Self, FileError> {
        let roots = roots(options)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let fault = |err: rustls::Error| FileError {
            flag: "http-client-trust-roots",
            path: PathBuf::new(),
            why: err.to_string(),
        };
        let tls = tls.map_err(fault)?.with_root_certificates(roots);
        let tls = match &options.identity {
            Some(identity) => {
                let metrics = Arc::clone(&surroundings.metrics);
                tls.with_client_cert_resolver(Identity::new(identity.clone(), metrics)?)
            }
            None => tls.with_no_client_auth(),
        };
        Ok(Self(Arc::new(Common {
            tls,
            slots: Arc::new(Semaphore::new(options.connections.min(Semaphore::MAX_PERMITS))),
            per_workload: options.connections_per_workload.min(Semaphore::MAX_PERMITS),
            wait: options.wait,
            surroundings,
            workloads: Mutex::default(),
        })))
    }

    /// The client of a workload: the same for all of its components.
    pub fn of(&self, workload_id: &str) -> Client {
        let mut workloads = self.0.workloads.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(workload) = workloads.get(workload_id).and_then(Weak::upgrade) {
            return Client(workload);
        }
        workloads.retain(|_, workload| workload.strong_count() > 0);
        let workload = Arc::new(Workload {
            slots: Arc::new(Semaphore::new(self.0.per_workload)),
            common: Arc::clone(&self.0),
            pools: Mutex::default(),
        });
        workloads.insert(workload_id.to_owned(), Arc::downgrade(&workload));
        Client(workload)
    }
}

/// The client of a workload. Costs next to nothing until it is used.
#[derive(Clone)]
pub struct Client(Arc<Workload>);

/// A workload's connections: a pool for each destination, so that those of one can be closed in favour of another's.
pub(super) struct Workload {
    common: Arc<Common>,
    slots: Arc<Semaphore>,
    pools: Mutex<HashMap<Destination, Entry>>,
}

/// Whether h2 is spoken without being asked for, and to whom.
type Destination = (bool, Option<Scheme>, Option<Authority>);

struct Entry {
    pool: Pool,
    /// Held by each request until the end of its answer.
    in_use: InUse,
    last: Instant,
}

pub(super) type Pool = legacy::Client<Connector, WasiBody>;
pub(super) type InUse = Arc<()>;

impl Client {
    pub(super) fn surroundings(&self) -> &Surroundings {
        &self.0.common.surroundings
    }

    /// The pool for a request.
    pub(super) fn pool(&self, uri: &Uri, h2: bool) -> (Pool, InUse) {
        let destination = (h2, uri.scheme().cloned(), uri.authority().cloned());
        let mut pools = self.0.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if !pools.contains_key(&destination) {
            // The connections of these are closed by now.
            pools.retain(|_, entry| entry.is_used() || now - entry.last < IDLE);
        }
        let entry = pools.entry(destination).or_insert_with(|| Entry {
            pool: self.make(h2),
            in_use: InUse::default(),
            last: now,
        });
        entry.last = now;
        (entry.pool.clone(), Arc::clone(&entry.in_use))
    }

    fn make(&self, h2: bool) -> Pool {
        let common = &self.0.common;
        let connector = Connector::new(common.tls.clone(), Arc::downgrade(&self.0), common.wait);
        legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .http2_only(h2)
            .build(connector)
    }
}

impl Entry {
    fn is_used(&self) -> bool {
        Arc::strong_count(&self.in_use) > 1
    }
}

impl Workload {
    /// A slot of the workload and one of the host, as soon as both are free.
    pub(super) async fn slots(&self) -> Result<[OwnedSemaphorePermit; 2], AcquireError> {
        let own = Arc::clone(&self.slots).acquire_owned().await?;
        Ok([own, Arc::clone(&self.common.slots).acquire_owned().await?])
    }

    /// Closes the connections to destinations that nobody is asking at the moment: another one's needs their slots.
    pub(super) fn let_go(&self) {
        if self.common.slots.available_permits() > 0 {
            return self.close_unused();
        }
        let workloads = self.common.workloads.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<_> = workloads.values().filter_map(Weak::upgrade).collect();
        drop(workloads);
        for workload in all {
            workload.close_unused();
        }
    }

    fn close_unused(&self) {
        self.pools.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, entry| entry.is_used());
    }
}

fn roots(options: &ClientOptions) -> Result<RootCertStore, FileError> {
    let mut roots = RootCertStore::empty();
    if matches!(options.trust_roots, TrustRoots::Webpki | TrustRoots::WebpkiAndNative) {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    if matches!(options.trust_roots, TrustRoots::Native | TrustRoots::WebpkiAndNative) {
        let native = rustls_native_certs::load_native_certs();
        let (good, bad) = roots.add_parsable_certificates(native.certs);
        for err in &native.errors {
            tracing::warn!("--http-client-trust-roots: the system's authorities: {err}");
        }
        if good == 0 {
            tracing::warn!("--http-client-trust-roots: the system has no certificate authorities, or none to read");
        }
        tracing::debug!(good, bad, "the system's certificate authorities");
    }
    for path in &options.ca_paths {
        Named("http-client-ca-path", path).add_to(&mut roots)?;
    }
    Ok(roots)
}
