//! Whether operator and hosts will reach their NATS servers from inside the cluster, with the credentials they will have.

use k8s_openapi::api::core::v1::{ConfigMap, Pod, PodSpec, Secret};
use kube::api::{DeleteParams, LogParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Duration, Instant};

use crate::cluster::{ClusterError, Taken, main, part};
use crate::render::Release;

use super::super::{InstallError, Plan};
use super::Finding;
use super::pods::{Pull, pull, templates};

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
    if let Some(why) = &taken.missing {
        return Ok(vec![Finding::unknown("nats", why.clone(), "`conformance --only nats` looks once it is installed")]);
    }
    let missing = missing(client, plan, release, &taken).await?;
    if !missing.is_empty() {
        return Ok(missing);
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

/// Secrets and ConfigMaps that have to be there first.
async fn missing(client: &Client, plan: &Plan, release: &Release, taken: &Taken) -> Result<Vec<Finding>, InstallError> {
    let namespace = release.namespace.as_str();
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
    let mut names: Vec<(&str, String)> = Vec::new();
    for volume in &taken.volumes {
        names.extend(volume.secret.iter().filter_map(|one| Some(("Secret", one.secret_name.clone()?))));
        names.extend(volume.config_map.iter().map(|one| ("ConfigMap", one.name.clone())));
    }
    let sources = taken.variables.iter().filter_map(|variable| variable.value_from.as_ref());
    names.extend(sources.filter_map(|from| Some(("Secret", from.secret_key_ref.as_ref()?.name.clone()))));
    names.sort();
    names.dedup();
    let mut found = Vec::new();
    for (kind, name) in names {
        let there = match kind {
            "Secret" => secrets.get_metadata_opt(&name).await.map(|one| one.is_some()),
            _ => maps.get_metadata_opt(&name).await.map(|one| one.is_some()),
        };
        match there {
            // Who may not look lets the Pod find out.
            Ok(true) | Err(kube::Error::Api(_)) => {}
            Ok(false) if plan.steps.iter().any(|step| step.object.kind == kind && step.object.name == name) => {
                let seen = format!("the {kind} {namespace}/{name} comes with the release");
                found.push(Finding::unknown("nats", seen, "`conformance --only nats` looks once it is installed"));
            }
            Ok(false) => found.push(Finding::bad(
                "nats",
                format!("the {kind} {namespace}/{name}, which a connection to NATS needs, is not there"),
                "make it first: `auth` and `tls` under `nats` name it",
            )),
            Err(err) => return Err(ClusterError::when(format!("look for the {kind} {namespace}/{name}"))(err).into()),
        }
    }
    Ok(found)
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
