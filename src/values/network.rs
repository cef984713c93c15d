//! Services and NetworkPolicies.

use std::collections::BTreeMap;

use k8s_openapi::api::{core::v1 as core, networking::v1 as networking};

use super::section::{choice, section};

section! {
    /// A Service.
    pub struct Service {
        /// Whether it is made.
        enabled: bool,
        /// Type.
        r#type: ServiceType,
        /// Port.
        #[schemars(range(min = 1, max = 65535))]
        port: i32,
        /// Port on every node (`NodePort`, `LoadBalancer`).
        #[schemars(range(min = 1, max = 65535))]
        node_port: i32,
        /// Labels.
        labels: BTreeMap<String, String>,
        /// Annotations.
        annotations: BTreeMap<String, String>,
        /// Fixed address in the cluster; `None` makes it headless.
        #[serde(rename = "clusterIP")]
        cluster_ip: String,
        /// Class of the load balancer.
        load_balancer_class: String,
        /// Wanted address of the load balancer.
        #[serde(rename = "loadBalancerIP")]
        load_balancer_ip: String,
        /// Who may reach the load balancer, as address ranges.
        load_balancer_source_ranges: Vec<String>,
        /// Addresses of your own that lead here.
        #[serde(rename = "externalIPs")]
        external_ips: Vec<String>,
        /// `Local` keeps traffic from outside on the node it came to.
        external_traffic_policy: TrafficPolicy,
        /// `Local` keeps traffic from inside on its node.
        internal_traffic_policy: TrafficPolicy,
        /// Where traffic is preferred to go, such as `PreferClose`.
        traffic_distribution: String,
        /// Protocol spoken, for meshes and gateways, such as `http`.
        app_protocol: String,
        /// One family or two.
        ip_family_policy: IpFamilyPolicy,
        /// `IPv4`, `IPv6`, in order.
        ip_families: Vec<String>,
        /// `ClientIP` keeps a client with one pod.
        session_affinity: SessionAffinity,
        /// More ports.
        extra_ports: Vec<core::ServicePort>,
    }
}

choice! {
    /// Types of a Service.
    pub enum ServiceType {
        /// Inside the cluster.
        ClusterIp = "ClusterIP",
        /// A port on every node.
        NodePort = "NodePort",
        /// A load balancer of the cloud.
        LoadBalancer = "LoadBalancer",
    }
}

choice! {
    /// Where traffic may go.
    pub enum TrafficPolicy {
        /// Any pod.
        Cluster = "Cluster",
        /// Pods on the same node.
        Local = "Local",
    }
}

choice! {
    /// One IP family or two.
    pub enum IpFamilyPolicy {
        /// One.
        SingleStack = "SingleStack",
        /// Two where the cluster has them.
        PreferDualStack = "PreferDualStack",
        /// Two or nothing.
        RequireDualStack = "RequireDualStack",
    }
}

choice! {
    /// Whether a client stays with one pod.
    pub enum SessionAffinity {
        /// No.
        None = "None",
        /// By its address.
        ClientIp = "ClientIP",
    }
}

section! {
    /// NetworkPolicies of the release.
    pub struct NetworkPolicy {
        /// Whether they are made, one for each component.
        enabled: bool,
        /// Kubernetes' own kind, or Cilium's.
        flavor: NetworkPolicyFlavor,
        /// Also closes what goes out. Open stay DNS; ports that these values name: of NATS and its leaf remotes, collectors
        /// (`otel.endpoint`), the API server, and for hosts registries (`insecureRegistries`), other hosts, 80 and 443; and with the
        /// flavor `kubernetes` what `extraEgress` says. It is the port of the Pod behind a Service that counts: where that is another
        /// one, and for what only a Secret, `env` or `flags` name, `extraEgress` must have it.
        egress: bool,
        /// Ports of the API server that the operator may reach when `egress` is on.
        api_server_ports: Vec<i32>,
    }
}

choice! {
    /// Kinds of network policy.
    pub enum NetworkPolicyFlavor {
        /// `networking.k8s.io/v1`.
        Kubernetes = "kubernetes",
        /// `cilium.io/v2`.
        Cilium = "cilium",
    }
}

section! {
    /// More rules of one component's NetworkPolicy (flavor `kubernetes`).
    pub struct NetworkRules {
        /// Who may reach the component's ports; everybody without it.
        from: Vec<networking::NetworkPolicyPeer>,
        /// More ingress rules.
        extra_ingress: Vec<networking::NetworkPolicyIngressRule>,
        /// More egress rules; they count when `networkPolicy.egress` is on.
        extra_egress: Vec<networking::NetworkPolicyEgressRule>,
    }
}
