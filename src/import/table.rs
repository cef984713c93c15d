//! The table: every key of the upstream chart, since when it exists, and what becomes of it here.

use std::sync::LazyLock;

use super::copy::Kind::{self, Integer, Resources, Switch, Text, TextMap, Texts, Tree};
use super::pattern::Pattern;

/// What is done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Read by its kind and written to the key of ours.
    Copy(Kind),
    /// Worked out together with other keys, by a module of its own; `true`: with all that stands under it.
    Worked(bool),
    /// Without effect upstream.
    Dead,
    /// Nothing has to be said here.
    NotNeeded,
    /// No counterpart.
    Unsupported,
}

/// One key of the upstream chart.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// As users write it; `[]` is any position, `*` any key.
    pub(super) path: String,
    /// The same, to compare with.
    pub(super) pattern: Pattern,
    /// The chart that brought it.
    pub(super) since: &'static str,
    /// The first chart whose templates read it, when that is a later one.
    pub(super) wired: Option<&'static str>,
    /// What is done with it.
    pub(super) how: How,
    /// Our key; `<group>` is the host group's name. Empty when there is none.
    pub(super) to: String,
    /// What else a user has to know; for keys that are not carried over: why.
    pub(super) note: &'static str,
    /// What upstream's values file says: whoever repeats that asks for nothing.
    pub(super) default: &'static str,
}

struct Template {
    path: &'static str,
    since: &'static str,
    wired: Option<&'static str>,
    how: How,
    to: &'static str,
    note: &'static str,
    default: &'static str,
}

const fn row(since: &'static str, path: &'static str, how: How, to: &'static str, note: &'static str) -> Template {
    Template { path, since, wired: None, how, to, note, default: "" }
}

impl Template {
    const fn default(mut self, default: &'static str) -> Self {
        self.default = default;
        self
    }

    const fn wired(mut self, version: &'static str) -> Self {
        self.wired = Some(version);
        self
    }

    fn filled(&self, upstream: &str, ours: &str) -> Row {
        let path = self.path.replace("{}", upstream);
        Row {
            pattern: Pattern::new(&path),
            path,
            since: self.since,
            wired: self.wired,
            how: self.how,
            to: self.to.replace("{}", ours),
            note: self.note,
            default: self.default,
        }
    }
}

const COPY: fn(Kind) -> How = How::Copy;
const WORKED: How = How::Worked(false);
const WHOLE: How = How::Worked(true);

/// Components that have the same keys, and where they are here.
const COMPONENTS: [(&str, &str); 3] = [("operator", "operator"), ("nats", "nats.server"), ("runtime", "hostDefaults")];

/// All rows, in the order of the page.
pub(super) static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let components = COMPONENTS
        .iter()
        .flat_map(|(upstream, ours)| component().into_iter().map(|template| template.filled(upstream, ours)));
    let whole = whole_chart().into_iter().chain(parts()).map(|template| template.filled("", ""));
    let groups = host_group().into_iter().map(|template| template.filled("runtime.hostGroups[]", "hosts.<group>"));
    whole.chain(components).chain(groups).collect()
});

/// The row of a path.
pub(super) fn find(path: &crate::source::Path) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.pattern.is(path))
}

/// What holds for the whole chart.
fn whole_chart() -> Vec<Template> {
    vec![
        row("2.0.0", "nameOverride", COPY(Text), "nameOverride", "names cluster-wide objects only, as upstream"),
        row("2.0.0", "fullnameOverride", COPY(Text), "fullnameOverride", "names cluster-wide objects only, as upstream"),
        row("2.0.0", "global.nameOverride", How::Dead, "", "no template reads it; `nameOverride` at the top is read"),
        row("2.0.0", "global.fullnameOverride", How::Dead, "", "no template reads it; `fullnameOverride` at the top is read"),
        row("2.0.0", "global.image.registry", WORKED, "*.image.registry", "upstream uses it only where a component's own registry is empty; here `global.image.registry` wins over all"),
        row("2.0.0", "global.image.pullSecrets", WHOLE, "global.image.pullSecrets", "plain names are taken as well"),
        row("2.4.0", "global.nats.schedulerUrl", WORKED, "nats.control", "mode `external`"),
        row("2.4.0", "global.nats.dataUrl", WORKED, "nats.data", "mode `external`"),
        row("2.0.0", "global.tls.enabled", WORKED, "tls.enabled, nats.*.tls.mode", "here HTTPS of host groups does not hang on it"),
        row("2.0.0", "global.certificates.generate", WORKED, "tls.provider", "`job` when on (our Job makes and renews them), `existing` when off"),
        row("2.0.0", "global.certificates.caSecretName", COPY(Text), "tls.secrets.ca", ""),
        row("2.0.0", "global.certificates.natsCertSecretName", COPY(Text), "tls.secrets.nats", ""),
        row("2.0.0", "global.certificates.operatorCertSecretName", COPY(Text), "tls.secrets.operator", ""),
        row("2.0.0", "global.certificates.runtimeCertSecretName", COPY(Text), "tls.secrets.hostControl", ""),
        row("2.0.0", "global.certificates.dataCertSecretName", COPY(Text), "tls.secrets.hostData", ""),
        row("2.0.0", "networkPolicy.enabled", COPY(Switch), "networkPolicy.enabled", ""),
    ]
}

/// What single components have for themselves.
fn parts() -> Vec<Template> {
    vec![
        row("2.0.0", "nats.enabled", COPY(Switch), "nats.server.enabled", "off: both planes are `external`"),
        row("2.0.0", "nats.resources", COPY(Resources), "nats.server.resources", ""),
        row("2.0.0", "operator.enabled", COPY(Switch), "operator.enabled", ""),
        row("2.0.0", "operator.resources", COPY(Resources), "operator.resources", ""),
        row("2.0.0", "operator.service.type", How::Dead, "", "that Service leads to a port the pod does not have; `operator.metrics.service` works").default("ClusterIP"),
        row("2.0.0", "operator.service.port", How::Dead, "", "that Service leads to a port the pod does not have; `operator.metrics.service` works").default("8443"),
        row("2.0.0", "operator.watchNamespaces", COPY(Texts), "operator.watchNamespaces", ""),
        row("2.1.0", "operator.hostNamespaces", COPY(Texts), "operator.hostNamespaces", "namespaces of host groups of this release need not be named"),
        row("2.1.0", "operator.allowSharedHosts", COPY(Switch), "operator.allowSharedHosts", ""),
        row("2.0.0", "operator.env", WHOLE, "operator.extraEnv, operator.env", "names given twice or managed by the chart go to `env`"),
        row("2.0.0", "operator.envFrom", COPY(Tree), "operator.extraEnvFrom", ""),
        row("2.0.0", "operator.extraArgs", WHOLE, "operator.extraArgs", "flags with a key of their own go there"),
        row("2.9.0", "operator.probes", COPY(Tree), "operator.probes", ""),
        row("2.0.0", "gateway", WHOLE, "", "the gateway is deprecated and not part of this chart: operators route by EndpointSlices; use `routes` or a Service"),
        row("2.0.0", "runtime.resources", WHOLE, "hostDefaults.resources, hostDefaults.limits", "what is no Kubernetes resource goes to `limits`"),
        row("2.0.0", "runtime.env", WHOLE, "hostDefaults.extraEnv, hostDefaults.env", "names given twice or managed by the chart go to `env`"),
        row("2.0.0", "runtime.envFrom", COPY(Tree), "hostDefaults.extraEnvFrom", ""),
        row("2.0.0", "runtime.extraArgs", WHOLE, "hostDefaults.extraArgs", "flags with a key of their own go there"),
        row("2.7.0", "runtime.ociCaPaths", WHOLE, "hostDefaults.oci.ca, hostDefaults.flags.oci-ca-path", "paths of upstream's certificate mounts are rewritten"),
        row("2.9.0", "runtime.drainDelaySeconds", COPY(Integer), "hostDefaults.drainDelaySeconds", ""),
        row("2.9.0", "runtime.natsConnectTimeoutSeconds", WORKED, "hostDefaults.nats.control.connectTimeoutSeconds", ""),
        row("2.9.0", "runtime.probes.endpoint.enabled", COPY(Switch), "hostDefaults.probeEndpoint.enabled", ""),
        row("2.9.0", "runtime.probes.endpoint.port", COPY(Integer), "hostDefaults.probeEndpoint.port", ""),
        row("2.9.0", "runtime.probes.endpoint.startupFailureThreshold", COPY(Integer), "hostDefaults.probes.startup.failureThreshold", ""),
        row("2.9.0", "runtime.probes.readiness", COPY(Tree), "hostDefaults.probes.readiness", ""),
        row("2.9.0", "runtime.probes.liveness", COPY(Tree), "hostDefaults.probes.liveness", ""),
        row("2.10.0", "runtime.clientIdentity.secretName", COPY(Text), "hostDefaults.httpClient.identity.secretName", ""),
        row("2.10.0", "runtime.clientIdentity.certKey", COPY(Text), "hostDefaults.httpClient.identity.certKey", ""),
        row("2.10.0", "runtime.clientIdentity.keyKey", COPY(Text), "hostDefaults.httpClient.identity.keyKey", ""),
        row("2.10.0", "runtime.clientIdentity.mountPath", How::NotNeeded, "", "the mount is the chart's own matter").default("/client-identity"),
        row("2.10.0", "runtime.clientIdentity.refreshInterval", WORKED, "hostDefaults.httpClient.identity.refreshSeconds", ""),
        row("2.10.0", "runtime.httpClientCaPaths", WHOLE, "hostDefaults.flags.http-client-ca-path", "paths of upstream's certificate mounts are rewritten"),
        row("2.10.0", "runtime.httpClientTrustRoots", COPY(Text), "hostDefaults.httpClient.trustRoots", ""),
    ]
}

/// What operator, NATS and hosts have alike.
fn component() -> Vec<Template> {
    vec![
        row("2.0.0", "{}.image.registry", WORKED, "{}.image.registry", ""),
        row("2.0.0", "{}.image.repository", WORKED, "{}.image.repository", ""),
        row("2.0.0", "{}.image.tag", WORKED, "{}.image.tag", "a tag that is a version also is the `implementation.version`"),
        row("2.0.0", "{}.image.pull_policy", COPY(Text), "{}.image.pullPolicy", "upstream's default `Always` is kept for tags that move, else it is `IfNotPresent`"),
        row("2.0.0", "{}.podLabels", WHOLE, "{}.podLabels", "labels that selectors need cannot be changed"),
        row("2.0.0", "{}.podAnnotations", COPY(TextMap), "{}.podAnnotations", ""),
        row("2.0.0", "{}.automountServiceAccountToken", COPY(Switch), "{}.serviceAccount.automountToken", ""),
        row("2.0.0", "{}.podSecurityContext", COPY(Tree), "{}.podSecurityContext", ""),
        row("2.0.0", "{}.securityContext", COPY(Tree), "{}.securityContext", ""),
        row("2.0.0", "{}.serviceAccount.create", COPY(Switch), "{}.serviceAccount.create", "off also takes the operator's RBAC away upstream: `rbac.create`"),
        row("2.0.0", "{}.serviceAccount.name", COPY(Text), "{}.serviceAccount.name", ""),
        row("2.0.0", "{}.serviceAccount.annotations", COPY(TextMap), "{}.serviceAccount.annotations", ""),
        row("2.9.0", "{}.terminationGracePeriodSeconds", COPY(Integer), "{}.terminationGracePeriodSeconds", ""),
    ]
}

/// Host groups.
fn host_group() -> Vec<Template> {
    vec![
        row("2.0.0", "{}.name", WORKED, "{}", "the key of our map"),
        row("2.1.0", "{}.namespace", COPY(Text), "{}.namespace", ""),
        row("2.0.0", "{}.replicas", WORKED, "{}.replicas", "absent: null, the API's default holds"),
        row("2.4.0", "{}.schedulerNatsUrl", WORKED, "{}.nats.control", ""),
        row("2.4.0", "{}.dataNatsUrl", WORKED, "{}.nats.data", ""),
        row("2.9.0", "{}.wasmcloudNatsUrl", WORKED, "{}.flags.wasmcloud-nats-url", ""),
        row("2.0.0", "{}.env", WHOLE, "{}.extraEnv, {}.env", "names given in `runtime.env` too go to `env`"),
        row("2.0.0", "{}.envFrom", COPY(Tree), "{}.extraEnvFrom", ""),
        row("2.0.0", "{}.extraArgs", WHOLE, "{}.extraArgs", "flags with a key of their own go there"),
        row("2.7.0", "{}.ociCaPaths", WHOLE, "{}.oci.ca, {}.flags.oci-ca-path", ""),
        row("2.0.0", "{}.image.registry", WORKED, "{}.image.registry", ""),
        row("2.0.0", "{}.image.repository", WORKED, "{}.image.repository", ""),
        row("2.0.0", "{}.image.tag", WORKED, "{}.image.tag", ""),
        row("2.0.0", "{}.resources", WHOLE, "{}.resources, {}.limits", "replaces `runtime.resources` as a whole"),
        row("2.9.0", "{}.probes.endpoint.enabled", COPY(Switch), "{}.probeEndpoint.enabled", ""),
        row("2.9.0", "{}.probes.endpoint.port", COPY(Integer), "{}.probeEndpoint.port", ""),
        row("2.9.0", "{}.probes.endpoint.startupFailureThreshold", COPY(Integer), "{}.probes.startup.failureThreshold", ""),
        row("2.9.0", "{}.probes.readiness", COPY(Tree), "{}.probes.readiness", ""),
        row("2.9.0", "{}.probes.liveness", COPY(Tree), "{}.probes.liveness", ""),
        row("2.0.0", "{}.service.type", WORKED, "{}.service.type", "no `service.type`: no Service; its port is `http.port`"),
        row("2.0.0", "{}.http.enabled", WORKED, "{}.http.enabled", "no `http`: no HTTP, since a list replaces the chart's own"),
        row("2.0.0", "{}.http.port", WORKED, "{}.http.port, {}.service.port", ""),
        row("2.0.0", "{}.http.nodePort", WORKED, "{}.service.nodePort", ""),
        row("2.10.0", "{}.http.localBypassRouting", COPY(Switch), "{}.http.localRouting", ""),
        row("2.0.4", "{}.http.tls.enabled", WORKED, "{}.http.tls.enabled", ""),
        row("2.0.4", "{}.http.tls.certificate.secretName", WORKED, "{}.http.tls.secretName", ""),
        row("2.0.4", "{}.http.tls.certificate.generate.enabled", WORKED, "{}.http.tls.certificate", ""),
        row("2.0.4", "{}.http.tls.certificate.generate.validity", How::Unsupported, "", "certificates are renewed; `tls.validityHours` holds for all").default("365"),
        row("2.0.4", "{}.http.tls.certificate.generate.commonName", How::NotNeeded, "", "clients look at the names under `domains` only"),
        row("2.0.4", "{}.http.tls.certificate.generate.domains", WHOLE, "{}.http.tls.certificate.domains", ""),
        row("2.0.4", "{}.http.tls.certificate.generate.ipAddresses", WHOLE, "{}.http.tls.certificate.ipAddresses", ""),
        row("2.0.0", "{}.webgpu.enabled", COPY(Switch), "{}.wasm.webgpu", ""),
        row("2.0.3", "{}.wasip3", How::Dead, "", "removed in 2.5.0: hosts always serve WASI 0.3").default("always"),
        row("2.5.0", "{}.wasmProposals", COPY(Texts), "{}.wasm.proposals", ""),
        row("2.9.0", "{}.plugins", WHOLE, "{}.plugins.<id>", "component plugins; what only native ones take has no counterpart"),
        row("2.6.0", "{}.hostPlugins", WHOLE, "{}.plugins.<id>", ""),
        row("2.7.0", "{}.networking.allowHostLoopback", COPY(Switch), "{}.egress.allowHostLoopback", "").wired("2.9.0").default("false"),
        row("2.7.0", "{}.networking.socketEgress", COPY(Text), "{}.egress.sockets", "").wired("2.9.0").default("count"),
        row("2.7.0", "{}.networking.denySpecialRanges", WORKED, "{}.egress.denySpecialRanges", "").wired("2.9.0").default("true"),
        row("2.7.0", "{}.networking.denyPrivateRanges", COPY(Switch), "{}.egress.denyPrivateRanges", "").wired("2.9.0").default("false"),
        row("2.7.0", "{}.networking.maxConnections", COPY(Integer), "{}.egress.maxConnections", "").wired("2.9.0"),
        row("2.9.0", "{}.networking.maxHttpIngressConnections", COPY(Integer), "{}.egress.maxHttpIngressConnections", ""),
        row("2.7.0", "{}.networking.maxOutboundHttpConnectionsPerWorkload", COPY(Integer), "{}.egress.maxOutboundHttpConnectionsPerWorkload", "").wired("2.9.0").default("128"),
        row("2.7.0", "{}.networking.maxOutboundSocketConnectionsPerWorkload", COPY(Integer), "{}.egress.maxOutboundSocketConnectionsPerWorkload", "").wired("2.9.0").default("256"),
        row("2.7.0", "{}.networking.maxInboundSocketConnectionsPerWorkload", COPY(Integer), "{}.egress.maxInboundSocketConnectionsPerWorkload", "").wired("2.9.0").default("256"),
        row("2.7.0", "{}.networking.publishPorts", How::Dead, "", "no host has a flag for it").default("false"),
        row("2.7.0", "{}.networking.publishPortRange", How::Dead, "", "no host has a flag for it"),
        row("2.10.0", "{}.clientIdentity.secretName", COPY(Text), "{}.httpClient.identity.secretName", ""),
        row("2.10.0", "{}.clientIdentity.certKey", COPY(Text), "{}.httpClient.identity.certKey", ""),
        row("2.10.0", "{}.clientIdentity.keyKey", COPY(Text), "{}.httpClient.identity.keyKey", ""),
        row("2.10.0", "{}.clientIdentity.mountPath", How::NotNeeded, "", "the mount is the chart's own matter").default("/client-identity"),
        row("2.10.0", "{}.clientIdentity.refreshInterval", WORKED, "{}.httpClient.identity.refreshSeconds", ""),
        row("2.10.0", "{}.httpClientCaPaths", WHOLE, "{}.flags.http-client-ca-path", ""),
        row("2.10.0", "{}.httpClientTrustRoots", COPY(Text), "{}.httpClient.trustRoots", ""),
        row("2.0.0", "{}.logLevel", COPY(Text), "{}.log.level", ""),
        row("2.0.0", "{}.volumes", COPY(Tree), "{}.extraVolumes", ""),
        row("2.0.0", "{}.volumeMounts", WHOLE, "{}.extraVolumeMounts", "mounts of upstream's certificate volumes get our names of them"),
        row("2.0.0", "{}.ports", COPY(Tree), "{}.extraPorts", ""),
    ]
}
