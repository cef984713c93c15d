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
use super::others::{Others, Watched, hold, placed, speak_of};
use super::uninstall::{Left, namespaces};
use super::{InstallError, Reporter, apply, marks, namespace};

/// Label of the Secrets that our operator makes.
const CERTIFICATES: &str = "app.kubernetes.io/managed-by=chartwright-operator";

/// Kinds of what users deploy, or what operators make of it.
const WORKLOADS: [&str; 4] = ["WorkloadDeployment", "WorkloadReplicaSet", "Workload", "Artifact"];

/// An uninstall whose objects are gone.
pub(super) struct Leftovers<'a> {
    client: &'a Client,
    release: &'a Release,
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
        purge: bool,
        end: Instant,
        reporter: &'a mut dyn Reporter,
    ) -> Result<Self, InstallError> {
        let others = Others::ask(client, release, end).await?;
        let kinds = Kinds::new(client.clone());
        Ok(Self { client, release, purge, end, reporter, kinds, others, left: Vec::new() })
    }

    /// Takes or names what there is beside `objects`, and names those of them that are marked to stay.
    pub(super) async fn settle(mut self, objects: &[Object]) -> Result<Vec<Left>, InstallError> {
        let objects = placed(objects.to_vec(), &self.release.namespace);
        let places = namespaces(self.release, &objects);
        self.volumes(&objects, &places).await?;
        self.certificates(&objects, &places).await?;
        self.workloads(&Watched::by(&objects), &places).await?;
        self.hosts(&places).await?;
        self.definitions().await?;
        self.made_namespaces(&places).await?;
        for object in objects.iter().filter(|object| marks::is_kept(&object.value)) {
            let what = super::plan::title(object);
            if self.left.iter().all(|one| one.what != what) {
                self.stays(what, "it is marked to stay");
            }
        }
        Ok(self.left)
    }

    async fn volumes(&mut self, objects: &[Object], places: &[String]) -> Result<(), InstallError> {
        let ours = format!("{INSTANCE}={}", self.release.name);
        let Some((kind, claims)) = self.list("v1", "PersistentVolumeClaim", Some(places), &ours).await? else {
            return Ok(());
        };
        for claim in claims {
            let (place, name) = (claim.namespace().unwrap_or_default(), claim.name_any());
            // Two releases of one name may have hosts in one namespace: the set tells them apart.
            let foreign = if hold(objects, &place, &name) { None } else { self.others.hold(&place, &name) };
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

    async fn hosts(&mut self, places: &[String]) -> Result<(), InstallError> {
        let Some((kind, hosts)) = self.list(&version(), "Host", Some(places), "").await? else { return Ok(()) };
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
            } else if self.has_objects(&crd).await? {
                self.stays(what, "there are objects of it");
            } else {
                self.delete(&definition.api(self.client, ""), &crd.name, &what).await?;
            }
        }
        Ok(())
    }

    async fn has_objects(&mut self, crd: &Object) -> Result<bool, InstallError> {
        let spec = &crd.value["spec"];
        let version = format!("{GROUP}/{}", spec["versions"][0]["name"].as_str().unwrap_or_default());
        let kind = spec["names"]["kind"].as_str().unwrap_or_default();
        let before = self.left.len();
        let found = self.list(&version, kind, None, "").await?;
        // Who may not list them cannot know.
        Ok(self.left.len() > before || found.is_some_and(|(_, found)| !found.is_empty()))
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

    /// The objects of a kind in those namespaces, or in all, which do not go already; none where there is no such kind.
    async fn list(
        &mut self,
        api_version: &str,
        name: &str,
        within: Option<&[String]>,
        labels: &str,
    ) -> Result<Option<(Kind, Vec<DynamicObject>)>, InstallError> {
        let kind = match patiently(self.end, async || self.kinds.find(api_version, name).await).await {
            Ok(kind) => kind,
            Err(ClusterError::NoKind { .. }) => return Ok(None),
            Err(err) => return Err(err.into()),
        };
        let apis: Vec<(String, Api<DynamicObject>)> = match within {
            Some(places) => places.iter().map(|place| (place.clone(), kind.api(self.client, place))).collect(),
            None => vec![("all namespaces".to_owned(), Api::all_with(self.client.clone(), &kind.resource))],
        };
        let wanted = ListParams::default().labels(labels);
        let mut found = Vec::new();
        for (place, api) in apis {
            let failed = || ClusterError::when(format!("list {name}s in {place}"));
            match patiently(self.end, async || api.list(&wanted).await.map_err(failed())).await {
                Ok(list) => found.extend(list.into_iter().filter(|one| one.metadata.deletion_timestamp.is_none())),
                Err(err) if err.code() == Some(403) => {
                    self.stays(format!("{name}s in {place}"), "if there are any: you may not list them");
                }
                Err(err) => return Err(err.into()),
            }
        }
        Ok(Some((kind, found)))
    }

    /// Takes an object, unless it is somebody else's, marked to stay, or nothing is to be taken: then it is named.
    async fn take(
        &mut self,
        kind: &Kind,
        object: &DynamicObject,
        foreign: Option<String>,
        why: &str,
    ) -> Result<(), InstallError> {
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
        patiently(self.end, delete).await?;
        self.reporter.step(&format!("purged {what}"));
        Ok(())
    }

    fn stays(&mut self, what: String, why: impl Into<String>) {
        self.left.push(Left { what, why: why.into() });
    }
}

fn version() -> String {
    format!("{GROUP}/v1alpha1")
}
