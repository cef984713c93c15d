//! The objects of a set of files, and how they find each other.

use chartwright_contract::crds;

use super::place::Place;
use super::workload::{Interface, Workload};
use crate::diagnostics::suggest;
use crate::source::{Node, Path, Sources};

/// One Kubernetes object.
#[derive(Clone, Debug)]
pub(super) struct Object<'a> {
    pub(super) place: Place<'a>,
    pub(super) api_version: &'a str,
    pub(super) kind: &'a str,
    pub(super) name: Option<&'a str>,
    /// None when the manifest leaves it to whoever applies it.
    pub(super) namespace: Option<&'a str>,
}

impl<'a> Object<'a> {
    fn new(node: &'a Node, path: Path) -> Option<Self> {
        let place = Place::new(node, path);
        let text = |key| node.get(key).and_then(Node::as_str);
        let (api_version, kind) = (text("apiVersion")?, text("kind")?);
        let name = place.text_at(&["metadata", "name"]);
        let namespace = place.text_at(&["metadata", "namespace"]).filter(|namespace| !namespace.is_empty());
        Some(Self { place, api_version, kind, name, namespace })
    }

    /// The part of `apiVersion` before the slash; empty for the core group.
    pub(super) fn group(&self) -> &'a str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// Whether it is of that group and kind, in any version.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group() == group
    }

    /// Whether both may end in one namespace: an object that names none goes where it is sent.
    pub(super) fn beside(&self, other: &Object<'_>) -> bool {
        self.namespace.is_none() || other.namespace.is_none() || self.namespace == other.namespace
    }

    /// ``Service `web` ``.
    pub(super) fn title(&self) -> String {
        format!("{} `{}`", self.kind, self.name.unwrap_or("?"))
    }
}

/// What a name leads to.
pub(super) enum Lookup<'s, 'a> {
    /// That object.
    Found(&'s Object<'a>),
    /// One of that name, but in another namespace.
    Elsewhere(&'s Object<'a>),
    /// None of that name; one that resembles it.
    Resembles(&'s Object<'a>),
    /// Nothing in these files; the cluster may have it.
    Unknown,
}

/// Everything that is judged together.
pub(super) struct Set<'a> {
    pub(super) sources: &'a Sources,
    pub(super) objects: Vec<Object<'a>>,
    pub(super) workloads: Vec<Workload<'a>>,
    /// `CustomResourceDefinition`s as the cluster has them.
    pub(super) definitions: Vec<Object<'a>>,
}

impl<'a> Set<'a> {
    /// Of documents, and of definitions that are not among them.
    pub(super) fn new(sources: &'a Sources, definitions: &'a [Node], documents: &'a [Node]) -> Self {
        let objects = self::objects(documents);
        let workloads = objects.iter().filter_map(Workload::new).collect();
        let definitions = self::objects(definitions)
            .into_iter()
            .chain(objects.iter().cloned())
            .filter(|object| object.is("apiextensions.k8s.io", "CustomResourceDefinition"))
            .collect();
        Self { sources, objects, workloads, definitions }
    }

    /// The objects of a group and kind.
    pub(super) fn of(&self, group: &str, kind: &str) -> impl Iterator<Item = &Object<'a>> {
        self.objects.iter().filter(move |object| object.is(group, kind))
    }

    /// The object of the core group that `from` means by a name.
    pub(super) fn look_up(&self, kind: &str, name: &str, from: &Object<'_>) -> Lookup<'_, 'a> {
        self.look_up_in("", kind, name, from)
    }

    /// The object of any group that `from` means by a name.
    pub(super) fn look_up_in(&self, group: &str, kind: &str, name: &str, from: &Object<'_>) -> Lookup<'_, 'a> {
        let named: Vec<_> = self.of(group, kind).filter(|object| object.name == Some(name)).collect();
        if let Some(object) = named.iter().find(|object| object.beside(from)) {
            return Lookup::Found(object);
        }
        if let Some(object) = named.first() {
            return Lookup::Elsewhere(object);
        }
        let near: Vec<_> = self.of(group, kind).filter(|object| object.beside(from)).collect();
        let best = suggest::best(name, near.iter().filter_map(|object| object.name));
        near.into_iter().find(|object| best.is_some() && object.name == best).map_or(Lookup::Unknown, Lookup::Resembles)
    }

    /// The components and services of all workloads.
    pub(super) fn parts(&self) -> impl Iterator<Item = Place<'a>> {
        self.workloads.iter().flat_map(Workload::parts)
    }

    /// The host interfaces of all workloads.
    pub(super) fn interfaces(&self) -> impl Iterator<Item = Interface<'a>> {
        self.workloads.iter().flat_map(Workload::interfaces)
    }

    /// The workloads that route through a Service.
    pub(super) fn routing_to(&self, service: &Object<'_>) -> impl Iterator<Item = &Workload<'a>> {
        self.workloads.iter().filter(move |workload| {
            let named = workload.service_name().and_then(|place| place.text());
            named.is_some() && named == service.name && workload.object.beside(service)
        })
    }
}

/// Whether a document is a Kubernetes object: a map with `apiVersion` and `kind`.
pub fn is_manifest(node: &Node) -> bool {
    let text = |key| node.get(key).and_then(Node::as_str).is_some();
    text("apiVersion") && text("kind")
}

/// The objects of documents; a `List`, as `kubectl get -o yaml` prints it, is opened.
pub(super) fn objects(documents: &[Node]) -> Vec<Object<'_>> {
    let mut found = Vec::new();
    for object in documents.iter().filter_map(|document| Object::new(document, Path::root())) {
        if object.api_version == "v1" && object.kind == "List" {
            let items = object.place.list("items");
            found.extend(items.into_iter().filter_map(|item| Object::new(item.node, item.path().clone())));
        } else {
            found.push(object);
        }
    }
    found
}

/// Whether an `apiVersion` is that of the wasmCloud kinds.
pub(super) fn is_ours(api_version: &str) -> bool {
    api_version.split_once('/') == Some((crds::GROUP, crds::VERSION))
}
