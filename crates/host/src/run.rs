//! From options to a host that serves, and to its orderly end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ::http::StatusCode;
use chartwright_contract::control::subjects::HostId;
use chartwright_contract::nats::ConnectError;
use chartwright_program::pages;
use tokio::sync::{oneshot, watch};
use tokio_util::task::AbortOnDropHandle;

use crate::control::{Control, Heartbeats, Identity};
use crate::engine::{Compiler, Disk, Engine, EngineError, EngineOptions, GuestMemory};
use crate::http::{
    Admission, ClientOptions, Clients, End, FileError, Front, Router, Server, ServerOptions, Surroundings, Tls,
};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::planes::{NotThere, Planes};
use crate::shared::Shared;
use crate::telemetry::Telemetry;
use crate::workload::HandlerOptions;
use crate::{oci, plugins};

/// Time for one component to compile.
const COMPILE: Duration = Duration::from_mins(2);

/// How often the cache of components is cleaned, beside each pull.
const CLEAN: Duration = Duration::from_mins(5);

/// Why a host does not run.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Flags of NATS, or files they name.
    #[error(transparent)]
    Nats(#[from] ConnectError),
    /// The engine.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Registries.
    #[error(transparent)]
    Oci(#[from] oci::OptionsError),
    /// Certificates and keys of HTTP.
    #[error(transparent)]
    File(#[from] FileError),
    /// An address that is taken, or not ours.
    #[error("--{flag}={address}: {why}")]
    Listen {
        /// The flag.
        flag: &'static str,
        /// What it says.
        address: SocketAddr,
        /// Why not.
        why: std::io::Error,
    },
    /// A plane that had to be there by now.
    #[error(transparent)]
    NotThere(#[from] NotThere),
    /// The control plane ended.
    #[error("the control plane cannot be listened to: {0}")]
    Control(String),
}

/// Where a host listens, once it does.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// Id of the host.
    pub id: String,
    /// HTTP of workloads.
    pub http: Option<SocketAddr>,
    /// `/metrics`.
    pub metrics: Option<SocketAddr>,
    /// Probes.
    pub probes: Option<SocketAddr>,
}

/// Runs a host until `stop` completes; `ready` is told where it listens.
pub async fn run(
    options: Options,
    stop: impl Future<Output = ()>,
    ready: oneshot::Sender<Addresses>,
) -> Result<(), HostError> {
    let metrics = Arc::new(Metrics::default());
    let capabilities = plugins::all();
    let imports = capabilities.iter().map(|capability| capability.imports()).collect();
    let memory = GuestMemory::new(options.max_guest_memory, options.enforce_guest_memory);
    let guest_memory = usize::try_from(options.default_heap_memory).unwrap_or(usize::MAX);
    let engine = Engine::new(
        &EngineOptions {
            core_instances: options.core_instances,
            memory: guest_memory,
            proposals: options.wasm_proposals.clone(),
        },
        &capabilities,
    )?;
    let router = Arc::new(Router::default());
    let telemetry = Telemetry::start(&options.telemetry);
    let admission = Admission { in_flight: options.max_in_flight, body: options.max_body_bytes };
    let front = Front::new(Arc::clone(&router), Arc::clone(&metrics), telemetry.clone(), admission);
    let surroundings = Surroundings {
        metrics: Arc::clone(&metrics),
        telemetry: telemetry.clone(),
        front: options.http_local_routing.then(|| Arc::downgrade(&front)),
    };
    let tls = options.tls.clone().map(|files| Tls::new(files, Arc::clone(&metrics))).transpose()?;
    let (drain, draining) = watch::channel(false);
    let shared = Arc::new(Shared {
        capabilities,
        compiler: Compiler::new(
            Arc::clone(&engine),
            options.max_concurrent_starts,
            COMPILE,
            compiled_on_disk(&options),
            Arc::clone(&metrics),
        ),
        store: oci::Store::new(oci_options(&options))?,
        router: Arc::clone(&router),
        metrics: Arc::clone(&metrics),
        client: Clients::new(&client_options(&options), surroundings)?,
        handler: HandlerOptions {
            engine,
            memory: Arc::clone(&memory),
            guest_memory,
            request_timeout: options.request_timeout,
        },
        draining: draining.clone(),
        options,
    });
    let options = &shared.options;
    let planes = Planes::connect(options).await?;

    let server = match options.http_addr {
        Some(address) => {
            let settings = ServerOptions {
                address,
                connections: options.max_http_ingress_connections,
                drain: options.drain_timeout,
            };
            let server = Server::bind(settings, tls, front, Arc::clone(&metrics)).await;
            Some(server.map_err(|why| HostError::Listen { flag: "http-addr", address, why })?)
        }
        None => None,
    };
    let http = server.as_ref().and_then(|server| server.address().ok());
    let metrics_at = listen("metrics-addr", options.metrics_addr, {
        let (metrics, memory, planes) = (Arc::clone(&metrics), Arc::clone(&memory), planes.clone());
        move |path| {
            planes.meter(&metrics);
            metrics_page(path, &metrics, &memory)
        }
    })
    .await?;
    let probes = listen("probe-addr", options.probe_addr, {
        let (planes, draining) = (planes.clone(), draining.clone());
        move |path| probe(path, planes.unready(), *draining.borrow())
    })
    .await?;

    let id = uuid::Uuid::new_v4().to_string();
    let host = HostId::new(&id).map_err(|err| HostError::Control(err.to_string()))?;
    let mut labels = vec![("hostgroup".to_owned(), options.host_group.clone())];
    labels.extend(options.labels.clone());
    let heartbeats = Heartbeats::new(
        Identity {
            id: id.clone(),
            host_name: options.host_name.clone(),
            environment: options.environment.clone(),
            labels,
            http_port: http.map_or(0, |address| address.port()),
        },
        imports,
    );
    let control = Control::new(Arc::clone(&shared), heartbeats);
    let (end, ended) = watch::channel(false);
    let (quiet, served) = watch::channel(false);
    let _cleaning = AbortOnDropHandle::new(tokio::spawn(clean(shared.store.clone())));
    let serving = server.map(|server| tokio::spawn(server.run(End { draining, ended: ended.clone() })));
    tracing::info!(id, http = http.map(tracing::field::display), "the host runs");
    _ = ready.send(Addresses { id, http, metrics: metrics_at, probes });

    let mut controlling = std::pin::pin!(control.run(&planes.control, &host, served));
    let mut stop = std::pin::pin!(stop);
    tokio::select! {
        result = &mut controlling => {
            let why = result.map_or_else(|err| err.to_string(), |()| "the subscription ended".to_owned());
            return Err(HostError::Control(why));
        }
        missed = planes.missed(options.nats_connect_timeout) => return Err(missed.into()),
        () = &mut stop => {}
    }
    // Unready first; whoever routes here needs a moment to notice. Commands are answered meanwhile.
    tracing::info!(delay = options.drain_delay.as_secs_f64(), "the host drains");
    _ = drain.send(true);
    let controls = tokio::select! {
        _ = &mut controlling => false,
        () = tokio::time::sleep(options.drain_delay) => true,
    };
    _ = end.send(true);
    // Whoever asks meanwhile how a workload is gets an answer to the last.
    let finished = async {
        if let Some(serving) = serving {
            _ = serving.await;
        }
        _ = quiet.send(true);
    };
    if controls {
        _ = tokio::join!(finished, &mut controlling);
    } else {
        finished.await;
    }
    let flushed = async { tokio::join!(planes.control.client().flush(), planes.data.client().flush()) };
    _ = tokio::time::timeout(Duration::from_secs(1), flushed).await;
    telemetry.finish().await;
    tracing::info!("the host ended");
    Ok(())
}

async fn listen(
    flag: &'static str,
    address: Option<SocketAddr>,
    page: impl Fn(&str) -> pages::Page + Send + Sync + 'static,
) -> Result<Option<SocketAddr>, HostError> {
    let Some(address) = address else { return Ok(None) };
    pages::serve(address, page).await.map(Some).map_err(|why| HostError::Listen { flag, address, why })
}

fn metrics_page(path: &str, metrics: &Metrics, memory: &GuestMemory) -> pages::Page {
    if path != "/metrics" {
        return (StatusCode::NOT_FOUND, "text/plain", "only /metrics is here\n".into());
    }
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    metrics.guest_memory.set(number(memory.used()));
    let of = |count: &AtomicU64| number(count.load(Ordering::Relaxed));
    metrics.guest_memory_over.set(of(&memory.over));
    metrics.instances.set(of(&memory.instances));
    metrics.instances_warm.set(of(&memory.warm));
    (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.text())
}

fn probe(path: &str, away: Option<String>, draining: bool) -> pages::Page {
    let unready = if draining { Some("the host drains".to_owned()) } else { away };
    match (path, unready) {
        ("/livez" | "/healthz", _) => (StatusCode::OK, "text/plain", "alive\n".into()),
        ("/readyz", None) => (StatusCode::OK, "text/plain", "ready\n".into()),
        ("/readyz", Some(why)) => (StatusCode::SERVICE_UNAVAILABLE, "text/plain", format!("{why}\n")),
        _ => (StatusCode::NOT_FOUND, "text/plain", "/livez, /healthz and /readyz are here\n".into()),
    }
}

fn client_options(options: &Options) -> ClientOptions {
    ClientOptions {
        ca_paths: options.http_client_ca_paths.clone(),
        trust_roots: options.http_client_trust_roots,
        identity: options.http_client_identity.clone(),
        connections_per_workload: options.max_outbound_http_connections_per_workload,
        connections: options.max_connections,
        wait: options.http_connection_wait,
    }
}

/// What was in use at a pull goes later. Not at the same moment on all hosts that share a folder.
async fn clean(store: oci::Store) {
    loop {
        let jitter = u64::from(uuid::Uuid::new_v4().as_bytes()[0]);
        tokio::time::sleep(CLEAN + Duration::from_millis(jitter * 200)).await;
        store.clean().await;
    }
}

/// The share of the cache that compiled components may take: they are some times as large as what they are made from.
fn compiled_share(options: &Options) -> u64 {
    if options.oci_cache_dir.is_some() { options.oci_cache_size / 2 } else { 0 }
}

fn compiled_on_disk(options: &Options) -> Option<Disk> {
    let folder = options.oci_cache_dir.as_ref()?.join("compiled");
    Some(Disk::new(folder, compiled_share(options)))
}

fn oci_options(options: &Options) -> oci::Options {
    oci::Options {
        cache_dir: options.oci_cache_dir.clone(),
        cache_size: options.oci_cache_size - compiled_share(options),
        ca_paths: options.oci_ca_paths.clone(),
        insecure: options.insecure_registries.clone(),
        allow_insecure_all: options.allow_insecure_registries,
        pull_timeout: options.registry_pull_timeout,
        max_component_bytes: options.max_component_bytes,
        docker_config: docker_config(),
    }
}

fn docker_config() -> Option<std::path::PathBuf> {
    let folder = std::env::var_os("DOCKER_CONFIG").map(std::path::PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| std::path::Path::new(&home).join(".docker"));
    let file = folder.or(home)?.join("config.json");
    file.is_file().then_some(file)
}
