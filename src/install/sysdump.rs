//! Everything that whoever helps will ask for, in one archive: objects, events, logs, metrics and history. Of Secrets only which
//! keys they have is in it, of everything else nothing that stands where secrets stand, or looks like one.

use std::io::Write;

use chartwright_contract::crds::GROUP;
use flate2::Compression;
use flate2::write::GzEncoder;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, LogParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use crate::cluster::{Kinds, Served};
use crate::release::Revision;
use crate::render::{Release, to_yaml};

use super::change::in_place;
use super::uninstall::namespaces;
use super::{InstallError, Reporter, redact};

/// So many lines of each log.
const LINES: i64 = 5000;

/// Kinds that are read in each namespace of the release.
const KINDS: [(&str, &str); 13] = [
    ("v1", "Pod"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "Event"),
    ("v1", "PersistentVolumeClaim"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "ReplicaSet"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    ("coordination.k8s.io/v1", "Lease"),
];

/// Kinds of the platform.
const OURS: [&str; 5] = ["Host", "Workload", "WorkloadReplicaSet", "WorkloadDeployment", "Artifact"];

/// Writes the archive, a tar file packed by gzip. What cannot be read is noted in it, and is no error.
pub async fn sysdump(
    client: &Client,
    release: &Release,
    revisions: &[Revision],
    out: impl Write,
    reporter: &mut dyn Reporter,
) -> Result<(), InstallError> {
    let mut archive = Archive::new(out);
    let served = Served::ask(client).await?;
    archive.add("cluster.yaml", &to_yaml(&json!({ "version": served.version, "apis": served.api_versions })))?;
    archive.add("history.yaml", &to_yaml(&history(revisions)))?;
    let kinds = Kinds::new(client.clone());
    let version = format!("{GROUP}/v1alpha1");
    let wanted = KINDS.into_iter().chain(OURS.into_iter().map(|kind| (version.as_str(), kind)));
    let places = namespaces(release, &in_place(revisions)?);
    for (api_version, name) in wanted {
        let Ok(kind) = kinds.find(api_version, name).await else { continue };
        for namespace in &places {
            match kind.api(client, namespace).list(&ListParams::default()).await {
                Ok(list) => {
                    let objects = list.items.into_iter().filter_map(|one| serde_json::to_value(one).ok());
                    let text: String = objects.map(|one| format!("---\n{}", to_yaml(&covered(one, name)))).collect();
                    archive.add(&format!("{namespace}/{}.yaml", name.to_lowercase()), &text)?;
                }
                Err(err) => archive.note(&format!("{name}s of {namespace}"), &err),
            }
        }
    }
    for namespace in &places {
        let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
        let ours = ListParams::default().labels(&format!("app.kubernetes.io/instance={}", release.name));
        let pods = match api.list(&ours).await {
            Ok(pods) => pods.items,
            Err(err) => {
                archive.note(&format!("logs and metrics of {namespace}"), &err);
                continue;
            }
        };
        for pod in pods {
            reporter.step(&format!("reading Pod {namespace}/{}", pod.name_any()));
            logs(&api, &pod, &mut archive, namespace).await?;
            metrics(client, &pod, &mut archive, namespace).await?;
        }
    }
    archive.close()
}

fn history(revisions: &[Revision]) -> Value {
    let one = |revision: &Revision| {
        let record = &revision.record;
        json!({
            "revision": record.version,
            "status": record.info.status,
            "updated": record.info.last_deployed.to_string(),
            "description": record.info.description,
            "chart": format!("{}-{}", record.chart_name(), record.chart_version()),
            "holder": revision.holder,
            "values": record.config,
        })
    };
    let mut all: Value = revisions.iter().map(one).collect::<Vec<_>>().into();
    redact::cover(&mut all);
    all
}

/// An object of a list without what is secret or only noise.
fn covered(mut object: Value, kind: &str) -> Value {
    object["kind"] = kind.into();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            // It repeats the object, data and all.
            annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
        }
    }
    redact::cover(&mut object);
    object
}

async fn logs(
    api: &Api<Pod>,
    pod: &Pod,
    archive: &mut Archive<impl Write>,
    namespace: &str,
) -> Result<(), InstallError> {
    let name = pod.name_any();
    let spec = pod.spec.as_ref();
    let containers = spec.into_iter().flat_map(|spec| spec.init_containers.iter().flatten().chain(&spec.containers));
    for container in containers {
        for previous in [false, true] {
            let wanted = LogParams {
                container: Some(container.name.clone()),
                previous,
                tail_lines: Some(LINES),
                timestamps: true,
                ..LogParams::default()
            };
            // A container that never restarted has no log of before.
            let Ok(text) = api.logs(&name, &wanted).await else { continue };
            let which = if previous { "previous.log" } else { "log" };
            let text = redact::cover_text(&text);
            archive.add(&format!("{namespace}/logs/{name}.{}.{which}", container.name), &text)?;
        }
    }
    Ok(())
}

/// The metrics of a Pod that names its port `metrics`, by way of the API server.
async fn metrics(
    client: &Client,
    pod: &Pod,
    archive: &mut Archive<impl Write>,
    namespace: &str,
) -> Result<(), InstallError> {
    let name = pod.name_any();
    let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
    let ports = containers.flat_map(|container| container.ports.iter().flatten());
    for port in ports.filter(|port| port.name.as_deref() == Some("metrics")) {
        let path = format!("/api/v1/namespaces/{namespace}/pods/{name}:{}/proxy/metrics", port.container_port);
        let Ok(request) = http::Request::get(path).body(Vec::new()) else { continue };
        match client.request_text(request).await {
            Ok(text) => archive.add(&format!("{namespace}/metrics/{name}.txt"), &redact::cover_shapes(&text))?,
            Err(err) => archive.note(&format!("metrics of {namespace}/{name}"), &err),
        }
    }
    Ok(())
}

/// A tar file that grows, and a list of what could not be read.
struct Archive<W: Write> {
    tar: tar::Builder<GzEncoder<W>>,
    notes: String,
}

impl<W: Write> Archive<W> {
    fn new(out: W) -> Self {
        Self { tar: tar::Builder::new(GzEncoder::new(out, Compression::default())), notes: String::new() }
    }

    fn add(&mut self, path: &str, text: &str) -> Result<(), InstallError> {
        if text.is_empty() {
            return Ok(());
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        let added = self.tar.append_data(&mut header, format!("sysdump/{path}"), text.as_bytes());
        added.map_err(|err| InstallError::Late(format!("cannot write the archive: {err}")))
    }

    fn note(&mut self, what: &str, err: &kube::Error) {
        self.notes.push_str(&redact::cover_shapes(&format!("{what}: {err}\n")));
    }

    fn close(mut self) -> Result<(), InstallError> {
        let notes = std::mem::take(&mut self.notes);
        self.add("could-not-read.txt", &notes)?;
        let done = self.tar.into_inner().and_then(GzEncoder::finish);
        done.map(drop).map_err(|err| InstallError::Late(format!("cannot write the archive: {err}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_a_list_has_a_kind_and_is_not_repeated_by_an_annotation() {
        let applied = json!({ "kubectl.kubernetes.io/last-applied-configuration": "planted" });
        let secret = json!({ "data": { "a": "cGxhbnRlZA==" }, "metadata": { "annotations": applied, "managedFields": ["noise"] } });
        let shown = covered(secret, "Secret");
        assert_eq!(shown, json!({ "kind": "Secret", "data": { "a": "***" }, "metadata": { "annotations": {} } }));
    }
}
