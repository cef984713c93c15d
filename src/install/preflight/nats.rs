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

/// Who connects: the part, what the agent calls it, its flag for servers in our image and upstream's, and where values say it.
const PLANES: [(&str, &str, &str, &str); 3] = [
    ("operator", "operator", "nats-url=", "nats.control"),
    ("host", "control", "scheduler-nats-url=", "nats.control"),
    ("host", "data", "data-nats-url=", "nats.data"),
];

/// What looks where a Pod of ours cannot.
const LATER: &str = "`conformance --only nats` looks once it is installed";

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

impl Wanted {
    fn spoken(&self) -> &'static str {
        match self.who {
            "operator" => "the operator",
            "control" => "a host (control plane)",
            _ => "a host (data plane)",
        }
    }
}

/// What is to be tried, and what cannot be.
#[derive(Default)]
struct Survey {
    taken: Taken,
    wanted: Vec<Wanted>,
    /// The Pod that the one that tries it is to be like.
    like: Option<PodSpec>,
    untried: Vec<Finding>,
}

/// Has a Pod of our image connect as operator and hosts will.
pub(super) async fn reached(
    client: &Client,
    plan: &Plan,
    release: &Release,
    timeout: Duration,
) -> Result<Vec<Finding>, InstallError> {
    let Survey { taken, wanted, like, untried } = survey(plan, release);
    let tried = match like.filter(|_| !wanted.is_empty()) {
        Some(like) => tried(client, release, &taken, &wanted, &like, timeout).await?,
        None if untried.is_empty() => {
            vec![Finding::good("nats", "no server outside the release is to be reached")]
        }
        None => Vec::new(),
    };
    Ok(tried.into_iter().chain(untried).collect())
}

async fn tried(
    client: &Client,
    release: &Release,
    taken: &Taken,
    wanted: &[Wanted],
    like: &PodSpec,
    timeout: Duration,
) -> Result<Vec<Finding>, InstallError> {
    let unable = match &taken.missing {
        Some(why) => Some(why.clone()),
        None => missing(client, &release.namespace, taken).await?,
    };
    if let Some(why) = unable {
        return Ok(vec![Finding::unknown("nats", why, LATER)]);
    }
    let Some(pod) = pod(release, like, taken, wanted) else { return Ok(Vec::new()) };
    let api: Api<Pod> = Api::namespaced(client.clone(), &release.namespace);
    let name = match api.create(&PostParams::default(), &pod).await {
        Ok(created) => created.name_any(),
        Err(kube::Error::Api(status)) if status.code == 403 => {
            let seen = format!("the Pod that connects was refused in {}: {}", release.namespace, status.message);
            return Ok(vec![Finding::unknown("nats", seen, "ask for the right, or leave it with --no-pod")]);
        }
        Err(err) => return Err(ClusterError::when("make a Pod that connects to NATS")(err).into()),
    };
    let found = watch(&api, &name, wanted, timeout).await;
    _ = api.delete(&name, &DeleteParams::default().grace_period(0)).await;
    found
}

/// Operator and the first host group of the release's namespace are tried, where they are this program; of all others is said why not.
fn survey(plan: &Plan, release: &Release) -> Survey {
    let mut survey = Survey::default();
    let mut known: Vec<&str> = Vec::new();
    for (step, template) in templates(plan) {
        let labels = serde_json::from_value(template["metadata"]["labels"].clone()).ok();
        let spec = serde_json::from_value::<PodSpec>(template["spec"].clone());
        let (Some(name), Ok(spec)) = (part(labels.as_ref()), spec) else { continue };
        let arguments = main(&spec).and_then(|container| container.args.clone()).unwrap_or_default();
        let of_part = PLANES.iter().filter(|(part, ..)| *part == name);
        let outside: Vec<Wanted> = of_part
            .filter_map(|(_, who, flag, values)| {
                let url = arguments.iter().find_map(|one| one.trim_start_matches('-').strip_prefix(flag))?;
                let servers: Vec<&str> = url.split(',').map(server).collect();
                let brought = servers.iter().all(|server| is_brought(plan, release, server));
                (!brought).then(|| Wanted { who, servers: servers.join(", "), values })
            })
            .collect();
        let place = step.object.namespace.as_deref().unwrap_or(&release.namespace);
        let is_ours =
            main(&spec).is_some_and(|one| one.command.is_none()) && arguments.first().is_some_and(|one| one == name);
        let why = if !is_ours {
            "its image is not this program"
        } else if place != release.namespace {
            "it is in another namespace"
        } else if known.contains(&name) {
            "only the first host group is tried"
        } else {
            known.push(name);
            survey.taken.add(name, &spec);
            survey.wanted.extend(outside);
            survey.like.get_or_insert(spec);
            continue;
        };
        survey.untried.extend(outside.iter().map(|one| {
            let seen =
                format!("{} of the {} connects to {}; nobody tried it: {why}", one.spoken(), step.title(), one.servers);
            Finding::unknown("nats", seen, LATER)
        }));
    }
    survey
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
        let who = wanted.spoken();
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
    use super::super::{Verdict, sample};
    use super::*;

    /// A plan of an operator, of hosts in that namespace, and of the Service of a server.
    fn plan(operator: &Value, hosts: &Value, namespace: &str) -> Plan {
        let pods = |label: &str, value: &str, args: &Value| {
            json!({ "spec": { "template": {
                "metadata": { "labels": { (label): value } },
                "spec": { "containers": [{ "name": "main", "image": "i:1", "args": args }] },
            } } })
        };
        let operator = pods("wasmcloud.com/name", "runtime-operator", operator);
        let hosts = pods("wasmcloud.com/hostgroup", "default", hosts);
        Plan {
            steps: vec![
                sample::step("Deployment", "operator", "shop", operator),
                sample::step("Deployment", "hosts", namespace, hosts),
                sample::step("Service", "inside", "shop", json!({})),
            ],
            ..Plan::default()
        }
    }

    #[test]
    fn what_no_pod_of_ours_can_try_is_named_and_not_good() {
        let release = Release { name: "web".into(), namespace: "shop".into() };
        let upstream = json!(["-nats-url=nats://me:pw@outside:4222", "-leader-elect=true"]);
        let inside = json!(["host", "--data-nats-url=nats://inside.shop:4222"]);
        let outside = json!(["host", "--data-nats-url=nats://outside:4222"]);
        let found = survey(&plan(&upstream, &inside, "shop"), &release);
        assert_eq!((found.wanted.len(), found.untried.len()), (0, 1));
        let one = &found.untried[0];
        assert_eq!((one.verdict, one.hint.as_str()), (Verdict::Unknown, LATER));
        assert!(one.seen.contains("outside:4222") && one.seen.contains("not this program"), "{}", one.seen);
        assert!(!one.seen.contains("pw"), "{}", one.seen);

        let ours = json!(["operator", "--nats-url=nats://outside:4222"]);
        let found = survey(&plan(&ours, &outside, "tenant"), &release);
        assert_eq!((found.wanted.len(), found.untried.len()), (1, 1));
        assert!(found.untried[0].seen.contains("in another namespace"), "{}", found.untried[0].seen);
        assert!(found.like.is_some());
        let found = survey(&plan(&json!(["operator", "--nats-url=nats://inside"]), &inside, "tenant"), &release);
        assert_eq!((found.wanted.len(), found.untried.len()), (0, 0));
    }

    #[test]
    fn the_second_host_group_is_named_and_one_server_outside_is_enough_to_try() {
        let release = Release { name: "web".into(), namespace: "shop".into() };
        let operator = json!(["operator", "--nats-url=nats://inside"]);
        let mixed = json!(["host", "--data-nats-url=nats://inside:4222,nats://outside:4222"]);
        let mut plan = plan(&operator, &mixed, "shop");
        let mut second = plan.steps[1].clone();
        second.object.name = "second".into();
        plan.steps.push(second);
        let found = survey(&plan, &release);
        assert_eq!(
            found.wanted.iter().map(|one| one.servers.as_str()).collect::<Vec<_>>(),
            ["inside:4222, outside:4222"]
        );
        let seen: Vec<&str> = found.untried.iter().map(|one| one.seen.as_str()).collect();
        assert!(seen.len() == 1 && seen[0].contains("shop/second") && seen[0].contains("first host group"), "{seen:?}");
    }

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
