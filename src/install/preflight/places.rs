//! The namespaces of a release and of its objects: whether each is there, and what it asks of Pods.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt as _};

use crate::cluster::{ClusterError, Kinds};

use super::super::{Content, crds};
use super::Finding;

const ENFORCED: &str = "pod-security.kubernetes.io/enforce";

/// What to do about one that is missing, where something could not be tried for that.
pub(super) const LATER: &str = "make the namespace first, and ask again";

/// One of them.
enum Place {
    /// It is there, and enforces that of Pods.
    There(String),
    /// It is on its way out, and takes nothing new.
    Going,
    /// It is not, and so many objects are for it.
    Missing(usize),
    /// It is not, and the release makes it.
    Made,
    /// We may not look.
    Unseen,
}

/// All of them, by name.
pub(super) struct Places(BTreeMap<String, Place>);

impl Places {
    pub(super) async fn ask(client: &Client, kinds: &Kinds, content: &Content) -> Result<Self, ClusterError> {
        let api: Api<Namespace> = Api::all(client.clone());
        let mut places = BTreeMap::new();
        let named = content.objects.iter().filter_map(|object| object.namespace.clone());
        for name in named.chain([content.release.namespace.clone()]) {
            if places.contains_key(&name) {
                continue;
            }
            let made = content.objects.iter().any(|object| object.kind == "Namespace" && object.name == name);
            let place = match api.get_opt(&name).await {
                Ok(Some(found)) if found.metadata.deletion_timestamp.is_some() => Place::Going,
                Ok(Some(found)) => {
                    Place::There(found.labels().get(ENFORCED).cloned().unwrap_or_else(|| "nothing".into()))
                }
                Ok(None) if made => Place::Made,
                Ok(None) => Place::Missing(count(kinds, content, &name).await),
                Err(kube::Error::Api(status)) if status.code == 403 => Place::Unseen,
                Err(err) => return Err(ClusterError::when(format!("read the namespace {name}"))(err)),
            };
            places.insert(name, place);
        }
        Ok(Self(places))
    }

    /// Whether nothing can be tried in it yet.
    pub(super) fn is_missing(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Place::Going | Place::Missing(_) | Place::Made))
    }

    /// What Pods have to be like, in each that differs.
    pub(super) fn enforced(&self) -> String {
        let mut levels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, place) in &self.0 {
            if let Place::There(level) = place {
                levels.entry(level).or_default().push(name);
            }
        }
        match levels.len() {
            0 => "what nobody may look at".to_owned(),
            1 => levels.into_keys().collect(),
            _ => {
                let one = |(level, names): (&str, Vec<&str>)| format!("{level} in {}", names.join(" and "));
                levels.into_iter().map(one).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// How it stands with each.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let one = |(name, place): (&String, &Place)| match place {
            Place::There(_) => Finding::good("namespace", format!("the namespace {name} is there")),
            Place::Made => Finding::good("namespace", format!("the release makes the namespace {name}")),
            Place::Unseen => {
                let seen = format!("you may not look whether the namespace {name} is there");
                Finding::unknown("namespace", seen, "ask whoever made it")
            }
            Place::Going => {
                let seen = format!("the namespace {name} is being deleted, and takes nothing new");
                Finding::bad("namespace", seen, "wait until it is gone, or look for the finalizers that hold it")
            }
            Place::Missing(count) => {
                let seen = format!("there is no namespace {name}, and {count} objects of the release are for it");
                Finding::warning("namespace", seen, "say --create-namespace when you install, or make it first")
            }
        };
        self.0.iter().map(one).collect()
    }
}

/// How many objects are for a namespace. One that names none is for the release's, if its kind has namespaces at all.
async fn count(kinds: &Kinds, content: &Content, name: &str) -> usize {
    let mut count = 0;
    for object in &content.objects {
        let is_for = match &object.namespace {
            Some(own) => own == name,
            None if name == content.release.namespace => {
                let kind = kinds.find(&object.api_version, &object.kind).await.ok();
                kind.or_else(|| crds::kind_of(&content.crds, object)).is_some_and(|kind| kind.namespaced)
            }
            None => false,
        };
        count += usize::from(is_for);
    }
    count
}
