//! Whether operator and hosts will reach their NATS servers from inside the cluster, with the credentials they will have.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use kube::api::{DeleteParams, LogParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::cluster::{ClusterError, Taken, main, needed, part};
use crate::render::Release;

use super::super::{InstallError, Plan};
use super::Finding;
use super::pods::{Pull, pull, templates};
use super::references::is_there;

const PAUSE: Duration = Duration::from_millis(500);

/// Who connects: the part, what the agent calls it, the prefix of its flags, and where values say it.
const PLANES: [(&str, &str, &str, &str); 3] = [
    ("operator", "operator", "--nats-", "nats.control"),
    ("host", "control", "--scheduler-nats-", "nats.control"),
    ("host", "data", "--data-nats-", "nats.data"),
];

/// What a connection came to, as the agent tells it.
#[derive(Deserialize)]
struct Told {
    identity: String,
    connected: bool,
    problem: Option<String>,
    #[serde(default)]
    server: String,
}

/// One connection to be tried.
struct Wanted {
    who: &'static str,
    servers: String,
    values: &'static str,
}

/// Has a Pod of our image connect as operator and hosts will.
pub(super) async fn reached(
    client: &Client,
    plan: &Plan,
    release: &Release,
    timeout: Duration,
) -> Result<Vec<Finding>, InstallError> {
    let mut taken = Taken::default();
    let mut wanted = Vec::new();
    let mut like = None;
    for (name, spec) in parts(plan, release) {
        taken.add(name, &spec);
        let arguments = main(&spec).and_then(|container| container.args.clone()).unwrap_or_default();
        for (_, who, prefix, values) in PLANES.iter().filter(|(part, ..)| *part == name) {
            let url = arguments.iter().find_map(|one| one.strip_prefix(prefix)?.strip_prefix("url="));
            let servers: Vec<&str> = url.into_iter().flat_map(|urls| urls.split(',')).map(server).collect();
            if !servers.is_empty() && !servers.iter().any(|server| is_brought(plan, release, server)) {
                wanted.push(Wanted { who, servers: servers.join(", "), values });
            }
        }
        like.get_or_insert(spec);
    }
    let Some(like) = like.filter(|_| !wanted.is_empty()) else {
        return Ok(vec![Finding::good("nats", "no server outside the release is to be reached")]);
    };
    let unable = match &taken.missing {
        Some(why) => Some(why.clone()),
        None => missing(client, &release.namespace, &taken).await?,
    };
    if let Some(why) = unable {
        return Ok(vec![Finding::unknown("nats", why, "`conformance --only nats` looks once it is installed")]);
    }
    let Some(pod) = pod(release, &like, &taken, &wanted) else { return Ok(Vec::new()) };
    let api: Api<Pod> = Api::namespaced(client.clone(), &release.namespace);
    let created = api.create(&PostParams::default(), &pod).await;
    let name = created.map_err(ClusterError::when("make a Pod that connects to NATS"))?.name_any();
    let found = watch(&api, &name, &wanted, timeout).await;
    _ = api.delete(&name, &DeleteParams::default().grace_period(0)).await;
    found
}

/// Operator and the first host group of the release's namespace, where they are this program.
fn parts(plan: &Plan, release: &Release) -> Vec<(&'static str, PodSpec)> {
    let mut found: Vec<(&'static str, PodSpec)> = Vec::new();
    for (step, template) in templates(plan) {
        let labels = serde_json::from_value(template["metadata"]["labels"].clone()).ok();
        let spec = serde_json::from_value::<PodSpec>(template["spec"].clone());
        let (Some(name), Ok(spec)) = (part(labels.as_ref()), spec) else { continue };
        let here = step.object.namespace.as_deref().is_none_or(|own| own == release.namespace);
        let ours = main(&spec).and_then(|container| container.args.as_ref()?.first()).is_some_and(|verb| verb == name);
        if here && ours && found.iter().all(|(other, _)| *other != name) {
            found.push((name, spec));
        }
    }
    found
}

/// `host:port` of a URL, without what may be secret in it.
fn server(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// Whether it is a Service of the release itself, which is not there before it.
fn is_brought(plan: &Plan, release: &Release, server: &str) -> bool {
    let mut labels = server.split(':').next().unwrap_or(server).split('.');
    let (name, namespace) = (labels.next(), labels.next());
    plan.steps.iter().any(|step| {
        step.object.kind == "Service"
            && Some(step.object.name.as_str()) == name
            && namespace.is_none_or(|own| own == step.object.namespace.as_deref().unwrap_or(&release.namespace))
    })
}

/// The first Secret or ConfigMap that a connection needs and that is not there: a Pod would wait for it.
async fn missing(client: &Client, namespace: &str, taken: &Taken) -> Result<Option<String>, ClusterError> {
    let container = Container { env: Some(taken.variables.clone()), ..Container::default() };
    let volumes = Some(taken.volumes.clone());
    let needed = needed(&PodSpec { containers: vec![container], volumes, ..PodSpec::default() });
    let named = |kind, names: BTreeSet<String>| names.into_iter().map(move |name| (kind, name));
    for (kind, name) in named("Secret", needed.secrets).chain(named("ConfigMap", needed.config_maps)) {
        // Who may not look lets the Pod find out.
        if is_there(client, kind, namespace, &name).await? == Some(false) {
            return Ok(Some(format!("the {kind} {namespace}/{name} is not there yet")));
        }
    }
    Ok(None)
}

fn pod(release: &Release, like: &PodSpec, taken: &Taken, wanted: &[Wanted]) -> Option<Pod> {
    let mut arguments = vec!["conformance".to_owned(), "agent".to_owned()];
    arguments.extend(taken.arguments.iter().cloned());
    arguments.extend(wanted.iter().map(|one| format!("--connect={}", one.who)));
    let container = main(like)?;
    let pod: Value = json!({
        "metadata": {
            "generateName": format!("{}-preflight-nats-", release.name),
            "labels": { "app.kubernetes.io/component": "preflight" },
        },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "terminationGracePeriodSeconds": 0,
            "imagePullSecrets": like.image_pull_secrets,
            "nodeSelector": like.node_selector,
            "tolerations": like.tolerations,
            "securityContext": {
                "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "containers": [{
                "name": "agent",
                "image": container.image,
                "imagePullPolicy": container.image_pull_policy,
                "args": arguments,
                "env": taken.variables,
                "volumeMounts": taken.mounts,
                "resources": { "requests": { "cpu": "10m", "memory": "32Mi" }, "limits": { "memory": "128Mi" } },
                "securityContext": {
                    "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] },
                },
            }],
            "volumes": taken.volumes,
        },
    });
    serde_json::from_value(pod).ok()
}

async fn watch(api: &Api<Pod>, name: &str, wanted: &[Wanted], timeout: Duration) -> Result<Vec<Finding>, InstallError> {
    let end = Instant::now() + timeout;
    let open = |why: String, hint: &str| Ok(vec![Finding::unknown("nats", why, hint)]);
    loop {
        let pod = api.get(name).await.map_err(ClusterError::when(format!("read the Pod {name}")))?;
        let containers = pod.status.and_then(|status| status.container_statuses).unwrap_or_default();
        let container = containers.first();
        if let Some(Pull::Failed(why)) = container.map(pull) {
            return open(format!("the Pod that connects did not start: {why}"), "put `images` right first");
        }
        if container.and_then(|one| one.state.as_ref()).is_some_and(|state| state.terminated.is_some()) {
            break;
        }
        if Instant::now() > end {
            let state = container.and_then(|one| one.state.as_ref()?.waiting.as_ref()?.reason.clone());
            let why = state.unwrap_or_else(|| "no kubelet took it".into());
            return open(format!("the Pod that connects did not end in time: {why}"), "give it more --timeout");
        }
        tokio::time::sleep(PAUSE).await;
    }
    let log = api.logs(name, &LogParams::default()).await;
    let log = log.map_err(ClusterError::when(format!("read the log of the Pod {name}")))?;
    Ok(judge(&log, wanted))
}

/// What the agent told of each connection.
fn judge(log: &str, wanted: &[Wanted]) -> Vec<Finding> {
    let told: Vec<Told> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let one = |wanted: &Wanted| {
        let who = match wanted.who {
            "operator" => "the operator",
            "control" => "a host (control plane)",
            _ => "a host (data plane)",
        };
        match told.iter().find(|told| told.identity == wanted.who) {
            Some(told) if told.connected => {
                Finding::good("nats", format!("{who} connects to {}, version {}", wanted.servers, told.server))
            }
            Some(told) => {
                let why = told.problem.as_deref().unwrap_or("it does not say why");
                let hint = format!("compare address, authority and credentials of `{}`", wanted.values);
                Finding::bad("nats", format!("{who} does not connect to {}: {why}", wanted.servers), hint)
            }
            None => {
                let said = log.lines().last().unwrap_or("nothing");
                Finding::unknown("nats", format!("the Pod that connects said: {said}"), "is the image of this version?")
            }
        }
    };
    wanted.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn what_is_shown_of_a_url_is_no_secret() {
        for (url, shown) in [
            ("nats://a:4222", "a:4222"),
            ("tls://me:pw@b.example:4222/", "b.example:4222"),
            ("wss://c/path", "c"),
            ("d", "d"),
        ] {
            assert_eq!(server(url), shown);
        }
    }

    #[test]
    fn each_connection_is_judged_by_its_own_line() {
        let wanted = |who, values| Wanted { who, servers: "a:4222".into(), values };
        let wanted =
            [wanted("operator", "nats.control"), wanted("data", "nats.data"), wanted("control", "nats.control")];
        let log = concat!(
            r#"{"identity":"operator","connected":true,"problem":null,"server":"2.15.2","jetstream":true}"#,
            "\n",
            r#"{"identity":"data","connected":false,"problem":"authorization violation","server":""}"#,
            "\n"
        );
        let found = judge(log, &wanted);
        assert_eq!(found[0].seen, "the operator connects to a:4222, version 2.15.2");
        assert_eq!(found[1].verdict, Verdict::Bad);
        assert!(found[1].seen.ends_with("authorization violation") && found[1].hint.contains("`nats.data`"));
        assert_eq!(found[2].verdict, Verdict::Unknown);
    }
}
