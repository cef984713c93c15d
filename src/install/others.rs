//! Other installs of the platform on the cluster, and what of it is theirs: an uninstall takes nothing of that.

use std::collections::BTreeMap;

use chartwright_contract::crds::names;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::cluster::{ClusterError, patiently};
use crate::release::{self, HistoryError, Record};
use crate::render::{CHART, Object, Release};

use super::finalizers::INSTANCE;
use super::{InstallError, manifest};

/// What stands for the argument `--watch-namespaces` where that is not given.
const WATCHED: &str = "CHARTWRIGHT_WATCH_NAMESPACES";

/// The namespaces whose workloads an operator looks after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// There is no operator.
    Nothing,
    /// All there are.
    Everything,
    /// These.
    These(Vec<String>),
}

impl Watched {
    /// By the operators among these objects.
    pub(super) fn by(objects: &[Object]) -> Self {
        let operators = objects.iter().filter_map(|object| Self::of(&object.value["spec"]["template"]));
        operators.fold(Self::Nothing, Self::and)
    }

    /// By the operator of this template of Pods, if it is one.
    fn of(template: &Value) -> Option<Self> {
        if template["metadata"]["labels"][names::COMPONENT] != names::OPERATOR {
            return None;
        }
        let containers = || template["spec"]["containers"].as_array().into_iter().flatten();
        let words: Vec<&str> = containers()
            .flat_map(|container| [&container["command"], &container["args"]])
            .flat_map(|list| list.as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        let mut lists: Vec<&str> = Vec::new();
        for (place, word) in words.iter().enumerate() {
            let flag = word.starts_with('-').then(|| word.trim_start_matches('-'));
            let Some(rest) = flag.and_then(|flag| flag.strip_prefix("watch-namespaces")) else { continue };
            let list = match rest.strip_prefix('=') {
                Some(list) => list,
                None if rest.is_empty() => words.get(place + 1).copied().unwrap_or_default(),
                None => continue,
            };
            lists.push(list);
        }
        if lists.is_empty() {
            let variables = containers().flat_map(|container| container["env"].as_array().into_iter().flatten());
            lists.extend(variables.filter(|one| one["name"] == WATCHED).filter_map(|one| one["value"].as_str()));
        }
        let names = lists.iter().flat_map(|list| list.split(',')).map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<String> = names.map(str::to_owned).collect();
        Some(if names.is_empty() { Self::Everything } else { Self::These(names) })
    }

    /// Those it names: none of them, where it is all or nothing.
    pub(super) fn names(self) -> Vec<String> {
        match self {
            Self::These(names) => names,
            Self::Nothing | Self::Everything => Vec::new(),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Nothing, one) | (one, Self::Nothing) => one,
            (Self::These(mut all), Self::These(more)) => {
                all.extend(more);
                all.sort();
                all.dedup();
                Self::These(all)
            }
        }
    }

    fn includes(&self, namespace: &str) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::These(all) => all.iter().any(|one| one == namespace),
        }
    }
}

/// One of them.
struct Other {
    /// `the release web in shop`.
    title: String,
    watched: Watched,
    objects: Vec<Object>,
}

/// All of them; or why nobody can know.
pub(super) struct Others(Result<Vec<Other>, String>);

impl Others {
    /// Those that have a record, and operators that run without one. `homes` are the namespaces of the own operator.
    pub(super) async fn ask(
        client: &Client,
        own: &Release,
        homes: &[String],
        end: Instant,
    ) -> Result<Self, InstallError> {
        let records = match patiently(end, async || release::standing(client.clone()).await).await {
            Err(HistoryError::Cluster(err)) if err.code() == Some(403) => {
                return Ok(Self(Err("you may not list the releases of all namespaces".into())));
            }
            Err(err @ HistoryError::Unreadable { .. }) => return Ok(Self(Err(err.to_string()))),
            records => records?,
        };
        let pods: Api<Pod> = Api::all(client.clone());
        let operators = ListParams::default().labels(&format!("{}={}", names::COMPONENT, names::OPERATOR));
        let list = async || pods.list(&operators).await.map_err(ClusterError::when("list the Pods of all operators"));
        let running = match patiently(end, list).await {
            Err(err) if err.code() == Some(403) => {
                return Ok(Self(Err("you may not list Pods of all namespaces".into())));
            }
            running => running?.items,
        };
        let mut all: BTreeMap<String, Other> = BTreeMap::new();
        for record in &records {
            if (&record.name, &record.namespace) == (&own.name, &own.namespace) || !is_of_the_platform(record) {
                continue;
            }
            let title = format!("the release {} in {}", record.name, record.namespace);
            let Ok(objects) = manifest::read(&record.manifest, &title) else {
                return Ok(Self(Err(format!("the manifest of {title} cannot be read"))));
            };
            let objects = placed(objects, &record.namespace);
            // Of a release there may be a revision in force, and a later one that failed half-way.
            let new = || Other { title: title.clone(), watched: Watched::Nothing, objects: Vec::new() };
            let other = all.entry(title.clone()).or_insert_with(new);
            other.watched = other.watched.clone().and(Watched::by(&objects));
            other.objects.extend(objects);
        }
        for pod in running {
            let (namespace, name) = (pod.namespace().unwrap_or_default(), pod.name_any());
            let is_ours = homes.contains(&namespace) && pod.labels().get(INSTANCE).is_some_and(|one| *one == own.name);
            if is_ours || pod.metadata.deletion_timestamp.is_some() {
                continue;
            }
            let watched = Watched::of(&json!({ "metadata": { "labels": pod.metadata.labels }, "spec": pod.spec }));
            let title = format!("the operator of the Pod {namespace}/{name}");
            let watched = watched.unwrap_or(Watched::Everything);
            all.insert(title.clone(), Other { title, watched, objects: Vec::new() });
        }
        Ok(Self(Ok(all.into_values().collect())))
    }

    /// Nobody could look.
    pub(super) fn unknown(why: String) -> Self {
        Self(Err(why))
    }

    /// Why the workloads of a namespace may be somebody else's.
    pub(super) fn look_after(&self, namespace: &str) -> Option<String> {
        self.first(|other| other.watched.includes(namespace), "looks after it, too")
    }

    /// Why a Secret may be.
    pub(super) fn speak_of(&self, namespace: &str, secret: &str) -> Option<String> {
        self.first(|other| speak_of(&other.objects, namespace, secret), "needs it, too")
    }

    /// Why a volume may be.
    pub(super) fn hold(&self, namespace: &str, claim: &str) -> Option<String> {
        self.first(|other| hold(&other.objects, namespace, claim), "has it")
    }

    /// Why a Host that does not say whose it is may be.
    pub(super) fn are_in(&self, namespace: &str) -> Option<String> {
        let is_in = |other: &Other| other.objects.iter().any(|one| one.namespace.as_deref() == Some(namespace));
        self.first(is_in, "is there, too, and it does not say whose it is")
    }

    /// Why definitions may still be needed.
    pub(super) fn need_definitions(&self) -> Option<String> {
        self.first(|_| true, "needs it")
    }

    fn first(&self, is_it: impl Fn(&Other) -> bool, does: &str) -> Option<String> {
        match &self.0 {
            Err(why) => Some(format!("it may be another release's: {why}")),
            Ok(all) => all.iter().find(|other| is_it(other)).map(|other| format!("{} {does}", other.title)),
        }
    }
}

/// Whether it is the Deployment of an operator.
pub(super) fn is_operator(object: &Object) -> bool {
    Watched::of(&object.value["spec"]["template"]).is_some()
}

/// Whether anything of the platform is in it, whatever its chart is called.
fn is_of_the_platform(record: &Record) -> bool {
    record.chart_name() == CHART.name || record.manifest.contains(names::COMPONENT)
}

/// Objects whose manifest leaves the namespace to Helm, each with it.
fn placed(mut objects: Vec<Object>, namespace: &str) -> Vec<Object> {
    for object in &mut objects {
        object.namespace.get_or_insert_with(|| namespace.to_owned());
    }
    objects
}

/// Whether a Secret of that namespace is named by one of these, as a value of its own or in a list of certificates.
pub(super) fn speak_of(objects: &[Object], namespace: &str, secret: &str) -> bool {
    let quoted = format!("\"{secret}\"");
    objects.iter().any(|object| {
        let is_here = object.namespace.as_deref() == Some(namespace);
        let mut texts = Vec::new();
        collect(&object.value, &mut texts);
        texts.into_iter().any(|text| {
            // A list is in one namespace, and says in which others its certificates are made.
            let is_listed = text.contains(&quoted) && (is_here || is_word_of(text, namespace));
            is_listed || is_here && text == secret
        })
    })
}

/// Every text in it.
fn collect<'v>(value: &'v Value, texts: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| collect(item, texts)),
        Value::Object(map) => map.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

fn is_word_of(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').any(|word| word == name)
}

/// Whether a volume belongs to a StatefulSet among these: `CLAIM-SET-NUMBER`.
pub(super) fn hold(objects: &[Object], namespace: &str, volume: &str) -> bool {
    let sets = objects.iter().filter(|one| one.kind == "StatefulSet" && one.namespace.as_deref() == Some(namespace));
    sets.into_iter().any(|set| {
        let claims = set.value["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
        claims.filter_map(|claim| claim["metadata"]["name"].as_str()).any(|claim| {
            let number = volume.strip_prefix(&format!("{claim}-{}-", set.name));
            number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, name: &str, value: Value) -> Object {
        Object {
            api_version: "v1".into(),
            kind: kind.into(),
            name: name.into(),
            namespace: Some("shop".into()),
            template: String::new(),
            hook: false,
            value,
        }
    }

    fn operator(args: &[&str]) -> Object {
        let template = json!({
            "metadata": { "labels": { "wasmcloud.com/name": "runtime-operator" } },
            "spec": { "containers": [{ "name": "operator", "args": args }] },
        });
        object("Deployment", "operator", json!({ "spec": { "template": template } }))
    }

    #[test]
    fn an_operator_looks_after_what_its_arguments_say_and_else_after_everything() {
        let these = |names: &[&str]| Watched::These(names.iter().map(|&name| name.to_owned()).collect());
        assert_eq!(Watched::by(&[operator(&["operator", "--watch-namespaces=a,b"])]), these(&["a", "b"]));
        assert_eq!(Watched::by(&[operator(&["-watch-namespaces=a"])]), these(&["a"]));
        assert_eq!(Watched::by(&[operator(&["--watch-namespaces", "a"])]), these(&["a"]));
        assert_eq!(Watched::by(&[operator(&["--watch-namespaces="])]), Watched::Everything);
        assert_eq!(Watched::by(&[operator(&["operator"])]), Watched::Everything);
        let with_variable = |args: &[&str]| {
            let mut operator = operator(args);
            operator.value["spec"]["template"]["spec"]["containers"][0]["env"] = json!([
                { "name": "A", "value": "x" }, { "name": "CHARTWRIGHT_WATCH_NAMESPACES", "value": "a, b" },
            ]);
            operator
        };
        assert_eq!(Watched::by(&[with_variable(&["operator"])]), these(&["a", "b"]));
        assert_eq!(Watched::by(&[with_variable(&["--watch-namespaces=c"])]), these(&["c"]));
        assert_eq!(Watched::by(&[with_variable(&["--watch-namespaces="])]), Watched::Everything);
        assert_eq!(Watched::by(&[object("Deployment", "hosts", json!({}))]), Watched::Nothing);
        let both = [operator(&["--watch-namespaces=b"]), operator(&["--watch-namespaces=a"])];
        assert_eq!(Watched::by(&both), these(&["a", "b"]));
        assert!(Watched::Everything.includes("c") && these(&["a"]).includes("a") && !these(&["a"]).includes("c"));
    }

    #[test]
    fn whoever_cannot_know_is_told_so_of_everything() {
        let unknown = Others(Err("you may not list".into()));
        assert!(unknown.look_after("a").is_some_and(|why| why.contains("you may not list")));
        assert!(unknown.need_definitions().is_some());
        let none = Others(Ok(Vec::new()));
        assert_eq!(none.look_after("a").or(none.need_definitions()), None);
    }

    #[test]
    fn a_secret_is_named_whole() {
        let list =
            "hostNamespaces: \"shop,tenant\"\ncertificates:\n- secret: \"web-nats-tls\"\n  namespaces: [\"@hosts\"]\n";
        let map = object("ConfigMap", "certificates", json!({ "data": { "certificates.yaml": list } }));
        assert!(speak_of(std::slice::from_ref(&map), "tenant", "web-nats-tls"));
        // Another release of that name in another namespace has its own.
        assert!(!speak_of(std::slice::from_ref(&map), "elsewhere", "web-nats-tls"));
        assert!(!speak_of(std::slice::from_ref(&map), "shop", "web-nats"));
        let hosts = object("Deployment", "hosts", json!({ "volumes": [{ "secret": { "secretName": "web-ca" } }] }));
        assert!(speak_of(std::slice::from_ref(&hosts), "shop", "web-ca"));
        assert!(!speak_of(&[hosts], "tenant", "web-ca"));
    }

    #[test]
    fn a_volume_is_known_by_its_set() {
        let value = json!({ "spec": { "volumeClaimTemplates": [{ "metadata": { "name": "data" } }] } });
        let set = [object("StatefulSet", "web-nats", value)];
        assert!(hold(&set, "shop", "data-web-nats-0") && hold(&set, "shop", "data-web-nats-12"));
        assert!(!hold(&set, "tenant", "data-web-nats-0"));
        assert!(!hold(&set, "shop", "data-web-nats-") && !hold(&set, "shop", "data-web-nats-two-0"));
    }
}
