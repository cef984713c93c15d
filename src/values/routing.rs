//! Ways into the cluster: Ingress and Gateway API in front of a Service of workloads.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1 as networking;
use serde_json::Value as Json;

use super::section::{choice, section};

section! {
    /// A route: a host name to a Service. The Service may be a workload's own or a host group's.
    pub struct Route {
        /// Whether it is made.
        enabled: bool,
        /// An Ingress, or a HTTPRoute of the Gateway API.
        kind: RouteKind,
        /// Namespace; the release's without one.
        namespace: String,
        /// Host names; workloads answer to the very same names (`config.host`).
        hosts: Vec<String>,
        /// Paths; `/` without any.
        paths: Vec<String>,
        /// The Service behind it.
        service: RouteService,
        /// Labels.
        labels: BTreeMap<String, String>,
        /// Annotations.
        annotations: BTreeMap<String, String>,
        /// Ingress: its class.
        ingress_class_name: String,
        /// Ingress: TLS.
        tls: Vec<networking::IngressTLS>,
        /// HTTPRoute: the Gateways it hangs on.
        parent_refs: Vec<Json>,
        /// HTTPRoute: filters.
        filters: Vec<Json>,
    }
}

choice! {
    /// Kinds of route.
    pub enum RouteKind {
        /// `networking.k8s.io/v1`.
        Ingress = "Ingress",
        /// `gateway.networking.k8s.io/v1`.
        HttpRoute = "HTTPRoute",
    }
}

section! {
    /// The Service behind a route.
    pub struct RouteService {
        /// A host group of this release, in place of a name.
        host_group: String,
        /// Its name.
        name: String,
        /// Its port.
        #[schemars(range(min = 1, max = 65535))]
        port: i32,
    }
}
