//! The three kinds that run something, seen as one: what runs, with which interfaces, how often.

use super::object::{Lookup, Object, Set, is_ours};
use super::place::Place;

/// A `Workload`, or the template of a `WorkloadReplicaSet` or `WorkloadDeployment`.
#[derive(Clone, Debug)]
pub(super) struct Workload<'a> {
    pub(super) object: Object<'a>,
    /// The `WorkloadSpec`.
    pub(super) spec: Place<'a>,
}

impl<'a> Workload<'a> {
    pub(super) fn new(object: &Object<'a>) -> Option<Self> {
        if !is_ours(object.api_version) {
            return None;
        }
        let way: &[&str] = match object.kind {
            "Workload" => &["spec"],
            "WorkloadReplicaSet" | "WorkloadDeployment" => &["spec", "template", "spec"],
            _ => return None,
        };
        Some(Self { object: object.clone(), spec: object.place.walk(way)? })
    }

    /// Whether it is a `WorkloadDeployment`.
    pub(super) fn is_deployment(&self) -> bool {
        self.object.kind == "WorkloadDeployment"
    }

    /// `spec.replicas` of the two kinds that have it.
    pub(super) fn replicas(&self) -> Option<Place<'a>> {
        self.object.place.walk(&["spec", "replicas"])
    }

    /// `spec.replicas` when it asks for more than one, and the number.
    pub(super) fn several(&self) -> Option<(Place<'a>, i64)> {
        let replicas = self.replicas()?;
        let count = replicas.integer().filter(|count| *count > 1)?;
        Some((replicas, count))
    }

    /// The components, and the service behind them.
    pub(super) fn parts(&self) -> Vec<Place<'a>> {
        let mut parts = self.spec.list("components");
        parts.extend(self.spec.get("service"));
        parts
    }

    /// The entries of `hostInterfaces`.
    pub(super) fn interfaces(&self) -> Vec<Interface<'a>> {
        self.spec.list("hostInterfaces").into_iter().filter_map(Interface::new).collect()
    }

    /// The name of the Service that leads here; the deployment's own wins over its template's as a whole.
    pub(super) fn service_name(&self) -> Option<Place<'a>> {
        let own = self.object.place.walk(&["spec", "kubernetes"]).filter(|_| self.is_deployment());
        own.or_else(|| self.spec.get("kubernetes"))?.walk(&["service", "name"])
    }
}

/// An entry of `hostInterfaces`.
#[derive(Clone, Debug)]
pub(super) struct Interface<'a> {
    pub(super) place: Place<'a>,
    pub(super) namespace: &'a str,
    pub(super) package: &'a str,
    pub(super) name: Option<&'a str>,
}

/// Where a setting of an interface comes from.
pub(super) enum Setting<'a> {
    /// It stands in the entry.
    Here(Place<'a>),
    /// A `ConfigMap` or Secret has it, or may have it.
    Elsewhere,
    /// Nobody gives it.
    Missing,
}

impl<'a> Interface<'a> {
    fn new(place: Place<'a>) -> Option<Self> {
        let text = |key| place.get(key).and_then(|place| place.text());
        let name = text("name").filter(|name| !name.is_empty());
        Some(Self { namespace: text("namespace")?, package: text("package")?, name, place })
    }

    /// `wasi:http`.
    pub(super) fn id(&self) -> String {
        format!("{}:{}", self.namespace, self.package)
    }

    /// Whether it is of that package.
    pub(super) fn is(&self, namespace: &str, package: &str) -> bool {
        self.namespace == namespace && self.package == package
    }

    /// Whether it lists one of these interfaces.
    pub(super) fn lists(&self, interfaces: &[&str]) -> bool {
        self.listed().iter().filter_map(Place::text).any(|name| interfaces.contains(&name))
    }

    /// The names under `interfaces`.
    pub(super) fn listed(&self) -> Vec<Place<'a>> {
        self.place.list("interfaces")
    }

    /// A setting of its own `config`.
    pub(super) fn config(&self, key: &str) -> Option<Place<'a>> {
        self.place.walk(&["config", key])
    }

    /// A setting, also from the objects that the entry refers to.
    pub(super) fn setting(&self, key: &str, from: &Object<'a>, set: &Set<'a>) -> Setting<'a> {
        if let Some(place) = self.config(key) {
            return Setting::Here(place);
        }
        let gives = |kind: &str, reference: &Place<'a>| {
            let Some(name) = reference.text_at(&["name"]) else { return false };
            let Lookup::Found(object) = set.look_up(kind, name, from) else { return true };
            ["data", "stringData"].iter().any(|part| object.place.walk(&[part, key]).is_some())
        };
        let elsewhere = self.place.list("configFrom").iter().any(|reference| gives("ConfigMap", reference))
            || self.place.list("secretFrom").iter().any(|reference| gives("Secret", reference));
        if elsewhere { Setting::Elsewhere } else { Setting::Missing }
    }
}
