//! The bundled NATS server.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core;

use super::image::Image;
use super::monitoring::PodMonitor;
use super::nats::CaSource;
use super::network::{NetworkRules, Service};
use super::pod::Pod;
use super::section::{choice, section};

section! {
    /// The bundled server: a StatefulSet with accounts for the two planes.
    pub struct Server {
        ..
        /// The pod.
        pod: Pod,
        /// Whether it is made. Without it, both planes must be `external`.
        enabled: bool,
        /// One server, or a cluster of three.
        #[schemars(range(min = 1, max = 5))]
        replicas: i32,
        /// Client port.
        #[schemars(range(min = 1, max = 65535))]
        port: i32,
        /// Logs debug lines. Protocol traces, which print payloads and secrets, have no switch.
        debug: bool,
        /// Largest message, such as `1MB`.
        #[schemars(regex(pattern = r"^[0-9]+(B|KB|MB)?$"))]
        max_payload: String,
        /// Who may do what.
        accounts: Accounts,
        /// JetStream.
        jetstream: Jetstream,
        /// This server as a leaf node of other systems.
        leaf: Leaf,
        /// Reloads the server when its configuration or certificates change.
        reloader: Reloader,
        /// HTTP monitoring on port 8222, within the pod's network.
        monitoring: ServerMonitoring,
        /// The Service.
        service: Service,
        /// More rules of its NetworkPolicy.
        network_policy: NetworkRules,
        /// Text at the end of `nats.conf`.
        extra_config: String,
    }
}

section! {
    /// Accounts of the bundled server.
    pub struct Accounts {
        /// How clients enter: by `certificates` mapped by name, or `open` to all, one account. Without it: by `tls.enabled`.
        mode: AccountMode,
        /// JetStream limits of the data account.
        data: AccountLimits,
    }
}

choice! {
    /// How clients enter the bundled server.
    pub enum AccountMode {
        /// Client certificates, an account for each plane, permissions for each role.
        Certificates = "certificates",
        /// Whoever reaches the port.
        Open = "open",
    }
}

section! {
    /// JetStream limits of an account.
    pub struct AccountLimits {
        /// Largest memory store, such as `256MB`; `-1` for no limit.
        max_memory: String,
        /// Largest file store, such as `8GB`; `-1` for no limit.
        max_file: String,
    }
}

section! {
    /// JetStream of the bundled server.
    pub struct Jetstream {
        /// Whether it is on.
        enabled: bool,
        /// Domain; needed when this server is a leaf of a system with JetStream of its own.
        #[schemars(regex(pattern = r"^[A-Za-z0-9_-]*$"))]
        domain: String,
        /// Memory store, such as `256MB`.
        max_memory: String,
        /// File store, such as `8GB`; not more than the volume.
        max_file: String,
        /// The volume; without it the store is an `emptyDir`, gone with the pod.
        volume: JetstreamVolume,
    }
}

section! {
    /// The volume of JetStream.
    pub struct JetstreamVolume {
        /// Whether there is one.
        enabled: bool,
        /// Size, such as `10Gi`.
        size: String,
        /// Storage class; the cluster's default without one.
        storage_class_name: String,
        /// Access modes; `ReadWriteOnce` by default.
        access_modes: Vec<String>,
        /// Size limit of the `emptyDir` when there is no volume.
        size_limit: String,
    }
}

section! {
    /// Leaf connections.
    pub struct Leaf {
        /// Systems to join, by a name of yours.
        remotes: BTreeMap<String, Option<LeafRemote>>,
    }
}

section! {
    /// A system to join as a leaf node.
    pub struct LeafRemote {
        /// Addresses, such as `tls://connect.ngs.global:7422`.
        urls: Vec<String>,
        /// The account of **this** server that is joined: `data` or `control` by our names, or any account of `extraConfig`; `data` by default.
        account: String,
        /// Secret with the credentials file.
        credentials: LeafCredentials,
        /// A private certificate authority; without one the system's are used.
        ca: CaSource,
        /// TLS before the server says its INFO.
        handshake_first: bool,
    }
}

section! {
    /// A credentials file in a Secret.
    pub struct LeafCredentials {
        /// The Secret.
        secret_name: String,
        /// The key in it; `nats.creds` by default.
        secret_key: String,
    }
}

section! {
    /// The sidecar that sends the server a signal when files change.
    pub struct Reloader {
        /// Whether there is one. Without it a changed configuration rolls the pods.
        enabled: bool,
        /// Its image.
        image: Image,
        /// Its resources.
        resources: core::ResourceRequirements,
    }
}

section! {
    /// Monitoring of the bundled server.
    pub struct ServerMonitoring {
        /// Whether the HTTP port is open.
        enabled: bool,
        /// The exporter that turns it into Prometheus metrics.
        exporter: Exporter,
        /// PodMonitor of the exporter.
        pod_monitor: PodMonitor,
    }
}

section! {
    /// The Prometheus exporter beside the server.
    pub struct Exporter {
        /// Whether there is one.
        enabled: bool,
        /// Its image.
        image: Image,
        /// Its resources.
        resources: core::ResourceRequirements,
    }
}
