//! The agent: a Pod of our image, and its Service, under whose name hosts pull from it.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, Service};
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{MARK, Snapshot, Wanted};
use crate::cluster::{Client, ClusterError, Taken, main};
use crate::conformance::check::Stop;
use crate::conformance::probe::{Act, Identity, Nats, PORT, Probe, Seen, TAG};

/// The name of Pod and Service. It stays, so that values can name the registry before anything runs.
const NAME: &str = "chartwright-conformance";
/// Pulling the image may take that long.
const PATIENCE: Duration = Duration::from_secs(90);
/// What fails on the way to the agent is tried again for that long: an API server cuts an answer off now and then.
const TRANSPORT: Duration = Duration::from_secs(10);
/// What makes the cluster's network follows within that time, in milliseconds.
const FOLLOWS: u64 = 15_000;
/// Between two such tries.
const PAUSE: Duration = Duration::from_millis(500);

/// It is there.
pub(in crate::conformance) struct Agent {
    client: Client,
    namespace: String,
    /// What it listens on.
    port: u16,
    /// The Pod as it came to be.
    pub pod: Pod,
    /// The domain of the cluster's names.
    pub domain: String,
    /// `name:port` of its registry.
    pub registry: String,
    /// Why it is nobody on NATS, if so.
    pub no_identities: Option<String>,
}

impl Agent {
    /// Brings it, in place of what an interrupted run may have left.
    pub(super) async fn start(
        client: &Client,
        snapshot: &Snapshot,
        wanted: &Wanted,
        run: &str,
    ) -> Result<Self, String> {
        let namespace = wanted.namespace.as_str();
        let mut taken = Taken::default();
        for part in ["operator", "host"] {
            match snapshot.template(part).and_then(|template| template.spec.as_ref()) {
                Some(spec) => taken.add(part, spec),
                None => taken.missing = Some(format!("the release has no {part}")),
            }
        }
        let pod = manifest(snapshot, wanted.image.as_deref(), PORT, &json!({MARK: run}), &taken)?;
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let services: Api<Service> = Api::namespaced(client.clone(), namespace);
        let said = |err: ClusterError| err.to_string();
        gone(&pods).await.map_err(said)?;
        gone(&services).await.map_err(said)?;
        let service: Service = read(json!({
            "metadata": {"name": NAME, "labels": {MARK: run}},
            "spec": {"selector": {MARK: run}, "ports": [{"name": "registry", "port": PORT, "targetPort": PORT}]},
        }))?;
        let making = |what| ClusterError::when(format!("create the {what} {namespace}/{NAME}"));
        services.create(&PostParams::default(), &service).await.map_err(making("Service")).map_err(said)?;
        pods.create(&PostParams::default(), &pod).await.map_err(making("Pod")).map_err(said)?;
        let pod = ready(&pods).await?;
        Ok(Self {
            client: client.clone(),
            namespace: namespace.to_owned(),
            port: PORT,
            pod,
            registry: format!("{NAME}.{namespace}.svc.{}:{PORT}", domain(snapshot)),
            domain: domain(snapshot),
            no_identities: taken.missing,
        })
    }

    /// A second one in a namespace beside that of the release: it has no identities, and no Service leads to it.
    pub(super) async fn stranger(
        client: &Client,
        snapshot: &Snapshot,
        image: Option<&str>,
        namespace: &str,
        port: u16,
        labels: &Value,
    ) -> Result<Self, String> {
        let mut pod = manifest(snapshot, image, port, labels, &Taken::default())?;
        // They are in the namespace of the release.
        let secrets = pod.spec.as_mut().and_then(|spec| spec.image_pull_secrets.take());
        let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let created = super::create_in_new_namespace(&pods, &PostParams::default(), &pod).await;
        created.map_err(|err| ClusterError::when(format!("create the Pod {namespace}/{NAME}"))(err).to_string())?;
        let pod = ready(&pods).await.map_err(|why| match secrets {
            Some(secrets) if why.contains("ImagePull") => {
                let names: Vec<String> = secrets.into_iter().map(|secret| secret.name).collect();
                format!("{why} (the pull Secret {} is in the namespace of the release alone)", names.join(", "))
            }
            _ => why,
        })?;
        let address = super::pod_address(&pod).unwrap_or_default();
        let registry = super::socket(address, port);
        let domain = domain(snapshot);
        let no_identities = Some("it is nobody".to_owned());
        Ok(Self { client: client.clone(), namespace: namespace.to_owned(), port, pod, domain, registry, no_identities })
    }

    /// NetworkPolicies know a Pod that is new a moment later; until then NATS is as far from it as from a stranger. Waits for that
    /// moment; what keeps it longer is the claim of a check.
    pub(super) async fn let_in(&self) {
        let nats = Nats { identity: Identity::Operator, act: Act::Connect, timeout_ms: FOLLOWS };
        _ = self.probe(&Probe::Nats(nats)).await;
    }

    /// `name:port` of a Service, with the dot at the end that ends a search through other domains.
    pub(in crate::conformance) fn service(&self, namespace: &str, name: &str) -> String {
        format!("{name}.{namespace}.svc.{}.:80", self.domain)
    }

    /// The image of a component of the checks.
    pub(in crate::conformance) fn guest(&self, name: &str) -> String {
        format!("{}/{name}:{TAG}", self.registry)
    }

    /// Has the agent try something; what it tries may be tried twice, since an answer can be lost on its way.
    pub(in crate::conformance) async fn probe(&self, probe: &Probe) -> Result<Seen, Stop> {
        let uri = format!("/api/v1/namespaces/{}/pods/{NAME}:{}/proxy/probe", self.namespace, self.port);
        let body = serde_json::to_vec(probe).map_err(|err| Stop::failed(err.to_string()))?;
        let request = http::Request::post(uri).header("content-type", "application/json").body(body);
        let request = request.map_err(|err| Stop::failed(err.to_string()))?;
        let end = Instant::now() + TRANSPORT;
        loop {
            let seen = self.client.request(request.clone()).await;
            match seen.map_err(ClusterError::when("reach the agent through the API server")) {
                Ok(Seen::Unable { why }) => return Err(Stop::failed(format!("the agent could not try it: {why}"))),
                Ok(seen) => return Ok(seen),
                Err(err) if err.is_passing() && Instant::now() < end => tokio::time::sleep(PAUSE).await,
                Err(err) => return Err(err.into()),
            }
        }
    }
}

/// The domain of the cluster's names, as the operator was told.
fn domain(snapshot: &Snapshot) -> String {
    let flags = super::snapshot::arguments(snapshot.main("operator"));
    let told = flags.iter().find_map(|flag| flag.strip_prefix("--cluster-domain="));
    told.unwrap_or("cluster.local").to_owned()
}

/// The Pod. It keeps to the `restricted` level of Pod security.
fn manifest(snapshot: &Snapshot, image: Option<&str>, port: u16, labels: &Value, taken: &Taken) -> Result<Pod, String> {
    let ours = [("operator", snapshot.our_operator()), ("host", snapshot.our_hosts())];
    let like = ours.iter().find(|(_, ours)| *ours).and_then(|(part, _)| snapshot.template(part)?.spec.as_ref());
    let container = like.and_then(main);
    let image = image.map(str::to_owned).or_else(|| container.and_then(|container| container.image.clone()));
    let image = image.ok_or("neither operator nor host is ours: name an image of chartwright with --image")?;
    let mut arguments = vec!["conformance".to_owned(), "agent".to_owned(), format!("--listen=0.0.0.0:{port}")];
    arguments.extend(taken.arguments.iter().cloned());
    let mut pod = json!({
        "metadata": {"name": NAME, "labels": labels},
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 0,
            "enableServiceLinks": false,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [{
                "name": "agent",
                "image": image,
                "args": arguments,
                "env": taken.variables,
                "ports": [{"name": "registry", "containerPort": port}],
                "readinessProbe": {"httpGet": {"path": "/readyz", "port": port}, "periodSeconds": 1},
                "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "256Mi"}},
                "securityContext": {
                    "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]},
                },
                "volumeMounts": taken.mounts,
            }],
            "volumes": taken.volumes,
        },
    });
    if let Some(like) = like {
        let spec = &mut pod["spec"];
        spec["containers"][0]["imagePullPolicy"] =
            json!(container.and_then(|container| container.image_pull_policy.clone()));
        spec["imagePullSecrets"] = json!(like.image_pull_secrets);
        spec["nodeSelector"] = json!(like.node_selector);
        spec["tolerations"] = json!(like.tolerations);
    }
    read(pod)
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|err| err.to_string())
}

/// Removes what an earlier run left.
async fn gone<K>(api: &Api<K>) -> Result<(), ClusterError>
where
    K: Clone + serde::de::DeserializeOwned + std::fmt::Debug,
{
    let doing = || ClusterError::when(format!("remove {NAME} of an earlier run"));
    match api.delete(NAME, &DeleteParams::default().grace_period(0)).await {
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
        Err(err) => return Err(doing()(err)),
        Ok(_) => {}
    }
    for _ in 0..100 {
        if api.get_metadata_opt(NAME).await.map_err(doing())?.is_none() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(())
}

/// Until the Pod is ready; says what keeps it.
async fn ready(pods: &Api<Pod>) -> Result<Pod, String> {
    let end = Instant::now() + PATIENCE;
    loop {
        let pod =
            pods.get(NAME).await.map_err(ClusterError::when("look at the agent")).map_err(|err| err.to_string())?;
        if super::is_ready(&pod) {
            return Ok(pod);
        }
        let status = pod.status.unwrap_or_default();
        let conditions = status.conditions.unwrap_or_default();
        let containers = status.container_statuses.unwrap_or_default();
        let state = containers.first().and_then(|container| container.state.clone()).unwrap_or_default();
        let why = match (state.waiting, state.terminated) {
            (Some(waiting), _) => {
                format!("{}: {}", waiting.reason.unwrap_or_default(), waiting.message.unwrap_or_default())
            }
            (_, Some(ended)) => {
                // Its own words are in its log.
                let log = pods.logs(NAME, &kube::api::LogParams::default()).await.unwrap_or_default();
                return Err(format!("its container ended with code {}: {}", ended.exit_code, log.trim()));
            }
            _ => {
                let unmet = conditions.iter().find(|condition| condition.status != "True");
                unmet.and_then(|condition| condition.message.clone()).unwrap_or_else(|| "it is not ready".to_owned())
            }
        };
        if Instant::now() > end || why.starts_with("ErrImageNeverPull") {
            return Err(format!("the Pod {NAME} does not start: {why}"));
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}
