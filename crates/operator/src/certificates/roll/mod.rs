//! Pods that read Secrets and ConfigMaps only when they start are restarted when one of them changes.
//!
//! The chart marks them: `chartwright.dev/roll-on-change: "true"` on the template of their pods. What they read is noted on
//! the workload as fingerprints; where one differs from the note, an annotation of the template changes with it, and the
//! workload's own strategy replaces its pods one after the other. What is seen for the first time is only noted.

mod reads;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ConfigMap, PodTemplateSpec, Secret};
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use serde_json::json;

use self::reads::{Kind, Noted, Seen, compare, is_marked, reads};
use super::pass::Report;
use super::store::{Failure, in_time};
use crate::cluster::MANAGER;

/// On the template: makes pods new.
const CHECKSUM: &str = "chartwright.dev/read-checksum";
/// On the workload: what its pods read, as fingerprints.
const NOTE: &str = "chartwright.dev/read-at-start";

/// A workload of pods.
trait Rolled:
    Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync + 'static
{
    fn template(&self) -> Option<&PodTemplateSpec>;
}

macro_rules! rolled {
    ($($kind:ty),+) => {
        $(impl Rolled for $kind {
            fn template(&self) -> Option<&PodTemplateSpec> {
                self.spec.as_ref().map(|spec| &spec.template)
            }
        })+
    };
}
rolled!(Deployment, DaemonSet);

impl Rolled for StatefulSet {
    fn template(&self) -> Option<&PodTemplateSpec> {
        self.spec.as_ref().map(|spec| &spec.template)
    }
}

/// Looks at all marked workloads of these namespaces.
pub(super) async fn look(client: &Client, namespaces: &BTreeSet<String>, salt: &[u8], report: &mut Report) {
    for namespace in namespaces {
        let mut contents = Contents { client, namespace, salt, known: BTreeMap::new() };
        // The server first, then who connects to it.
        for result in [
            each::<StatefulSet>(&mut contents, report).await,
            each::<Deployment>(&mut contents, report).await,
            each::<DaemonSet>(&mut contents, report).await,
        ] {
            if let Err(why) = result
                && !report.problems.contains(&why)
            {
                report.problems.push(why);
            }
        }
    }
}

async fn each<K: Rolled>(contents: &mut Contents<'_>, report: &mut Report) -> Result<(), String> {
    let (namespace, plural) = (contents.namespace, K::plural(&()));
    let api: Api<K> = Api::namespaced(contents.client.clone(), namespace);
    let all = in_time(api.list(&ListParams::default())).await;
    let all = all.map_err(|why| format!("{plural} of {namespace} cannot be looked at: {why}"))?;
    for object in all.items.iter().filter(|object| object.template().is_some_and(is_marked)) {
        let Some(spec) = object.template().and_then(|template| template.spec.as_ref()) else { continue };
        let mut seen = BTreeMap::new();
        for read in reads(spec) {
            if let Some(fingerprint) = contents.fingerprint(read.kind, &read.name, read.optional).await? {
                seen.insert(format!("{}/{}", read.kind.word(), read.name), fingerprint);
            }
        }
        let noted = object.annotations().get(NOTE).map(String::as_str);
        let (note, changed) = match compare(noted, &seen) {
            Noted::Same => continue,
            Noted::New(note) => (note, Vec::new()),
            Noted::Changed { note, what } => (note, what),
        };
        let what = format!("{}/{namespace}/{}", K::kind(&()), object.name_any());
        let mut metadata = json!({ "annotations": { NOTE: note } });
        // Another operator may do the same at this moment.
        metadata["resourceVersion"] = json!(object.resource_version());
        let mut change = json!({ "metadata": metadata });
        if !changed.is_empty() {
            let checksum = reads::fingerprint(&[], note.as_bytes().iter().copied());
            change["spec"] = json!({ "template": { "metadata": { "annotations": { CHECKSUM: checksum } } } });
        }
        let parameters = PatchParams { field_manager: Some(MANAGER.into()), ..PatchParams::default() };
        match in_time(api.patch(&object.name_any(), &parameters, &Patch::Merge(change))).await {
            Ok(_) if changed.is_empty() => {}
            Ok(_) => report.changes.push(format!("{what}: its pods are replaced: {} changed", changed.join(", "))),
            // Seen again in the next round.
            Err(Failure::Api(404 | 409, _)) => {}
            Err(why) => report.problems.push(format!("{what} cannot be rolled: {why}")),
        }
    }
    Ok(())
}

/// What Secrets and ConfigMaps of a namespace hold, read once.
struct Contents<'a> {
    client: &'a Client,
    namespace: &'a str,
    salt: &'a [u8],
    known: BTreeMap<(Kind, String), Seen>,
}

impl Contents<'_> {
    /// None: nothing to compare, for pods that need it wait for it.
    async fn fingerprint(&mut self, kind: Kind, name: &str, optional: bool) -> Result<Option<String>, String> {
        let key = (kind, name.to_owned());
        if !self.known.contains_key(&key) {
            let seen = self.read(kind, name).await?;
            self.known.insert(key.clone(), seen);
        }
        Ok(match self.known.get(&key) {
            Some(Seen::Content(fingerprint)) => Some(fingerprint.clone()),
            Some(Seen::Absent) if optional => Some("absent".into()),
            _ => None,
        })
    }

    async fn read(&self, kind: Kind, name: &str) -> Result<Seen, String> {
        let read = match kind {
            Kind::Secret => {
                let api: Api<Secret> = Api::namespaced(self.client.clone(), self.namespace);
                in_time(api.get_opt(name)).await.map(|found| {
                    let data = found.map(|secret| secret.data.unwrap_or_default());
                    data.map(|data| data.into_iter().map(|(key, value)| (key, value.0)).collect::<BTreeMap<_, _>>())
                })
            }
            Kind::ConfigMap => {
                let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), self.namespace);
                in_time(api.get_opt(name)).await.map(|found| {
                    found.map(|map| {
                        let text = map.data.unwrap_or_default().into_iter().map(|(key, text)| (key, text.into_bytes()));
                        let binary = map.binary_data.unwrap_or_default().into_iter().map(|(key, value)| (key, value.0));
                        text.chain(binary).collect()
                    })
                })
            }
        };
        match read {
            Ok(None) => Ok(Seen::Absent),
            Ok(Some(data)) => Ok(Seen::Content(reads::of_content(self.salt, &data))),
            Err(Failure::Api(403, _)) => Ok(Seen::Hidden),
            Err(why) => Err(format!("{} {}/{name} cannot be read: {why}", kind.word(), self.namespace)),
        }
    }
}
