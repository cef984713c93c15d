//! What belongs to a release and is not in its manifest: named when the release goes, and taken with `--purge` where it is for
//! certain nobody else's.

use chartwright_contract::crds::GROUP;
use kube::api::{DeleteParams, DynamicObject, ListParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;
use tokio::time::Instant;

use crate::cluster::{ClusterError, Kind, Kinds, patiently};
use crate::render::{Object, Release};

use super::finalizers::INSTANCE;
use super::others::{Others, Watched, hold, speak_of};
use super::uninstall::{Left, Own, namespaces};
use super::{InstallError, Reporter, apply, marks, namespace};

/// Label of the Secrets that our operator makes.
const CERTIFICATES: &str = "app.kubernetes.io/managed-by=chartwright-operator";

/// Kinds of what users deploy, or what operators make of it.
const WORKLOADS: [&str; 4] = ["WorkloadDeployment", "WorkloadReplicaSet", "Workload", "Artifact"];

const EVERYWHERE: &str = "all namespaces";

/// An uninstall whose objects are gone.
pub(super) struct Leftovers<'a> {
    client: &'a Client,
    release: &'a Release,
    own: &'a Own,
    purge: bool,
    end: Instant,
    reporter: &'a mut dyn Reporter,
    kinds: Kinds,
    others: Others,
    left: Vec<Left>,
}

impl<'a> Leftovers<'a> {
    /// Looks who else is on the cluster.
    pub(super) async fn new(
        client: &'a Client,
        release: &'a Release,
        own: &'a Own,
        purge: bool,
        end: Instant,
        reporter: &'a mut dyn Reporter,
    ) -> Result<Self, InstallError> {
        let others = match Others::ask(client, release, &own.homes, end).await {
            // Nothing is taken: then all that there is may as well be somebody else's.
            Err(err) if !purge => Others::unknown(format!("cannot look: {err}")),
            others => others?,
        };
        let kinds = Kinds::new(client.clone());
        Ok(Self { client, release, own, purge, end, reporter, kinds, others, left: Vec::new() })
    }

    /// Takes or names what there is beside the objects, and names those of them that are marked to stay.
    pub(super) async fn settle(mut self) -> Result<Vec<Left>, InstallError> {
        let own = self.own;
        let places = namespaces(self.release, &own.objects);
        let watched = Watched::by(&own.objects);
        let done = self.volumes(&own.objects, &places).await;
        self.or_named("volumes", done)?;
        let done = self.certificates(&own.objects, &places).await;
        self.or_named("Secrets that the operator made", done)?;
        let done = self.workloads(&watched, &places).await;
        self.or_named("workloads", done)?;
        let done = self.hosts(&own.homes).await;
        self.or_named("Hosts", done)?;
        let done = self.definitions().await;
        self.or_named("definitions", done)?;
        let done = self.made_namespaces(&places).await;
        self.or_named("namespaces that were made for the release", done)?;
        for object in own.objects.iter().filter(|object| marks::is_kept(&object.value)) {
            let what = super::plan::title(object);
            if self.left.iter().all(|one| one.what != what) {
                self.stays(what, "it is marked to stay");
            }
        }
        Ok(self.left)
    }

    /// Only a purge is unfinished when it could not look at something.
    fn or_named(&mut self, what: &str, done: Result<(), InstallError>) -> Result<(), InstallError> {
        match done {
            Err(err) if !self.purge => {
                self.stays(format!("{what}, if there are any"), format!("cannot look: {err}"));
                Ok(())
            }
            done => done,
        }
    }

    async fn volumes(&mut self, objects: &[Object], places: &[String]) -> Result<(), InstallError> {
        // A set that is marked to stay needs its volumes.
        let gone: Vec<Object> = objects.iter().filter(|object| !marks::is_kept(&object.value)).cloned().collect();
        let Some((kind, claims)) = self.list("v1", "PersistentVolumeClaim", Some(places), "").await? else {
            return Ok(());
        };
        for claim in claims {
            let (place, name) = (claim.namespace().unwrap_or_default(), claim.name_any());
            let foreign = if hold(&gone, &place, &name) {
                None
            } else if claim.labels().get(INSTANCE) == Some(&self.release.name) {
                // Releases of whatever chart have such labels.
                let unknown = || "it may be another's: no StatefulSet that went had it".to_owned();
                Some(self.others.hold(&place, &name).unwrap_or_else(unknown))
            } else {
                continue;
            };
            self.take(&kind, &claim, foreign, "volumes hold data").await?;
        }
        Ok(())
    }

    async fn certificates(&mut self, objects: &[Object], places: &[String]) -> Result<(), InstallError> {
        let Some((kind, secrets)) = self.list("v1", "Secret", Some(places), CERTIFICATES).await? else { return Ok(()) };
        for secret in secrets {
            let (place, name) = (secret.namespace().unwrap_or_default(), secret.name_any());
            // A certificate is of the one whose objects speak of it.
            if speak_of(objects, &place, &name) {
                let foreign = self.others.speak_of(&place, &name);
                self.take(&kind, &secret, foreign, "the operator made it").await?;
            }
        }
        Ok(())
    }

    /// What users deployed where the operator looked after it.
    async fn workloads(&mut self, watched: &Watched, places: &[String]) -> Result<(), InstallError> {
        let within = match watched {
            Watched::Nothing => Some(places),
            Watched::Everything => None,
            Watched::These(watched) => Some(watched.as_slice()),
        };
        for name in WORKLOADS {
            let Some((kind, found)) = self.list(&version(), name, within, "").await? else { continue };
            for object in found {
                let foreign = match watched {
                    Watched::Nothing => Some("the release has no operator that looked after it".to_owned()),
                    _ => self.others.look_after(&object.namespace().unwrap_or_default()),
                };
                self.take(&kind, &object, foreign, "it is a user's").await?;
            }
        }
        Ok(())
    }

    async fn hosts(&mut self, homes: &[String]) -> Result<(), InstallError> {
        // Elsewhere they are of an operator there, which may be one of a release of the same name.
        let Some((kind, hosts)) = self.list(&version(), "Host", Some(homes), "").await? else { return Ok(()) };
        for host in hosts {
            // Two releases may share a namespace: a Host says whose it is, unless upstream's host told of it.
            let foreign = match host.labels().get(INSTANCE) {
                Some(release) if *release != self.release.name => continue,
                Some(_) => None,
                None => self.others.are_in(&host.namespace().unwrap_or_default()),
            };
            self.take(&kind, &host, foreign, "it is what the operator saw of a Pod").await?;
        }
        Ok(())
    }

    /// The definitions: with them every object of theirs on the cluster would go, so they stay while there is any.
    async fn definitions(&mut self) -> Result<(), InstallError> {
        let definition = self.kinds.find("apiextensions.k8s.io/v1", "CustomResourceDefinition").await?;
        for crd in crate::export::crds(&serde_json::Map::new()).map_err(|err| InstallError::Chart(err.to_string()))? {
            let what = format!("CustomResourceDefinition {}", crd.name);
            match patiently(self.end, async || apply::get(self.client, &definition, &crd).await).await {
                Ok(Some(_)) => {}
                Ok(None) => continue,
                Err(err) if err.code() == Some(403) => {
                    self.stays(what, "if it is there: you may not look");
                    continue;
                }
                Err(err) => return Err(err.into()),
            }
            if let Some(why) = self.others.need_definitions() {
                self.stays(what, why);
            } else if !self.purge {
                let why = "all objects of it would go with it; with --purge it would have gone if there were none";
                self.stays(what, why);
            } else if let Some(why) = self.needed_by_objects(&crd).await? {
                self.stays(what, why);
            } else {
                self.delete(&definition.api(self.client, ""), &crd.name, &what).await?;
            }
        }
        Ok(())
    }

    /// Why a definition stays for the sake of its objects, even of those that are about to go.
    async fn needed_by_objects(&self, crd: &Object) -> Result<Option<&'static str>, InstallError> {
        let spec = &crd.value["spec"];
        let version = format!("{GROUP}/{}", spec["versions"][0]["name"].as_str().unwrap_or_default());
        let kind = spec["names"]["kind"].as_str().unwrap_or_default();
        let Some(kind) = self.kind(&version, kind).await? else {
            return Ok(Some("there may be objects of it, in a version that is not ours"));
        };
        Ok(match self.objects(&kind, None, "").await? {
            Some(found) if found.is_empty() => None,
            Some(_) => Some("there are objects of it"),
            None => Some("there may be objects of it: you may not list them"),
        })
    }

    /// A namespace may hold what others have put there by now: it stays in any case.
    async fn made_namespaces(&mut self, places: &[String]) -> Result<(), InstallError> {
        for place in places {
            let made = patiently(self.end, async || namespace::is_made_for(self.client, place, self.release).await);
            if made.await? {
                self.stays(
                    format!("Namespace {place}"),
                    "--create-namespace made it, and others may have put theirs there",
                );
            }
        }
        Ok(())
    }

    /// The objects of a kind in those namespaces, or in all; none where there is no such kind. Where you may not list them is named.
    async fn list(
        &mut self,
        api_version: &str,
        name: &str,
        within: Option<&[String]>,
        labels: &str,
    ) -> Result<Option<(Kind, Vec<DynamicObject>)>, InstallError> {
        let Some(kind) = self.kind(api_version, name).await? else { return Ok(None) };
        let places: Vec<Option<&str>> = match within {
            Some(places) => places.iter().map(|place| Some(place.as_str())).collect(),
            None => vec![None],
        };
        let mut found = Vec::new();
        for place in places {
            match self.objects(&kind, place, labels).await? {
                Some(objects) => found.extend(objects),
                None => {
                    let what = format!("{name}s in {}", place.unwrap_or(EVERYWHERE));
                    self.stays(what, "if there are any: you may not list them");
                }
            }
        }
        Ok(Some((kind, found)))
    }

    async fn kind(&self, api_version: &str, name: &str) -> Result<Option<Kind>, InstallError> {
        match patiently(self.end, async || self.kinds.find(api_version, name).await).await {
            Err(ClusterError::NoKind { .. }) => Ok(None),
            kind => Ok(Some(kind?)),
        }
    }

    /// The objects of a kind in a namespace, or in all of them; `None` if they may not be listed.
    async fn objects(
        &self,
        kind: &Kind,
        place: Option<&str>,
        labels: &str,
    ) -> Result<Option<Vec<DynamicObject>>, InstallError> {
        let api = match place {
            Some(place) => kind.api(self.client, place),
            None => Api::all_with(self.client.clone(), &kind.resource),
        };
        let wanted = ListParams::default().labels(labels);
        let doing = format!("list {}s in {}", kind.resource.kind, place.unwrap_or(EVERYWHERE));
        let list = async || api.list(&wanted).await.map_err(ClusterError::when(doing.clone()));
        match patiently(self.end, list).await {
            // The definition is gone since the kind was looked up, and took every object of it along.
            Err(err) if err.code() == Some(404) => Ok(Some(Vec::new())),
            Err(err) if err.code() == Some(403) => Ok(None),
            found => Ok(Some(found?.items)),
        }
    }

    /// Takes an object, unless it is somebody else's, marked to stay, or nothing is to be taken: then it is named. One that is about
    /// to go needs neither.
    async fn take(
        &mut self,
        kind: &Kind,
        object: &DynamicObject,
        foreign: Option<String>,
        why: &str,
    ) -> Result<(), InstallError> {
        if object.metadata.deletion_timestamp.is_some() {
            return Ok(());
        }
        let (place, name) = (object.namespace().unwrap_or_default(), object.name_any());
        let what = format!("{} {place}/{name}", kind.resource.kind);
        let kept = marks::is_kept(&json!({ "metadata": object.metadata }));
        if let Some(why) = foreign.or_else(|| kept.then(|| "it is marked to stay".to_owned())) {
            self.stays(what, why);
        } else if self.purge {
            self.delete(&kind.api(self.client, &place), &name, &what).await?;
        } else {
            self.stays(what, format!("{why}; with --purge it would have gone"));
        }
        Ok(())
    }

    async fn delete(&mut self, api: &Api<DynamicObject>, name: &str, what: &str) -> Result<(), InstallError> {
        let delete = async || match api.delete(name, &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            done => done.map(drop).map_err(ClusterError::when(format!("delete the {what}"))),
        };
        match patiently(self.end, delete).await {
            Err(err) if err.code() == Some(403) => self.stays(what.to_owned(), "you may not delete it"),
            done => {
                done?;
                self.reporter.step(&format!("purged {what}"));
            }
        }
        Ok(())
    }

    fn stays(&mut self, what: String, why: impl Into<String>) {
        self.left.push(Left { what, why: why.into() });
    }
}

fn version() -> String {
    format!("{GROUP}/v1alpha1")
}
