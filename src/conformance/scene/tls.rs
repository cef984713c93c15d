//! TLS of the hosts: which addresses speak it, and where its certificate comes from.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{PodSpec, VolumeProjection};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;

use super::{Snapshot, Stage, arguments, pod_address};
use crate::cluster::{ClusterError, main, mounted};
use crate::conformance::check::{Stop, hold};

/// The flag of a host that serves TLS.
const CERTIFICATE: &str = "--tls-cert-path";
/// That of one that wants a certificate of its clients as well.
const AUTHORITY: &str = "--tls-ca-path";
/// Where certificates are in a Secret of their type.
const KEY: &str = "tls.crt";

/// Where a host has its certificate from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::conformance) enum Source {
    /// A Secret of that name.
    Secret(String),
    /// Something else, in words.
    Other(String),
}

/// The certificate of a Secret.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Held {
    /// In DER.
    pub certificate: Vec<u8>,
    /// How long ago the Secret was written.
    pub age: Duration,
}

/// As much of a Secret as is looked at: its private key is not.
#[derive(Deserialize)]
struct Narrow {
    metadata: ObjectMeta,
    #[serde(default)]
    data: NarrowData,
}

#[derive(Default, Deserialize)]
struct NarrowData {
    #[serde(rename = "tls.crt")]
    certificate: Option<ByteString>,
}

/// The value of a flag of the part's own container.
fn flag(spec: Option<&PodSpec>, name: &str) -> Option<String> {
    let flags = arguments(spec.and_then(main));
    flags.iter().find_map(|flag| flag.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
}

impl Snapshot {
    fn host_specs(&self) -> impl Iterator<Item = Option<&PodSpec>> {
        let hosts = self.templates().into_iter().filter(|(_, part, _)| *part == "host");
        hosts.map(|(_, _, template)| template.spec.as_ref())
    }

    /// Whether hosts serve TLS at an address: that of one of them, or of a Service that leads to workloads.
    pub(in crate::conformance) fn serves_tls(&self, address: &str) -> bool {
        let (ip, _) = address.rsplit_once(':').unwrap_or((address, ""));
        let ip = ip.trim_matches(['[', ']']);
        match self.pods_of("host").find(|pod| pod_address(pod) == Some(ip)) {
            Some(pod) => flag(pod.spec.as_ref(), CERTIFICATE).is_some(),
            // A Service, or a host that came later.
            None => self.any_serves_tls() && self.host_specs().all(|spec| flag(spec, CERTIFICATE).is_some()),
        }
    }

    /// Whether any host does.
    pub(in crate::conformance) fn any_serves_tls(&self) -> bool {
        self.host_specs().any(|spec| flag(spec, CERTIFICATE).is_some())
    }

    /// Why nobody of ours is let in, if so.
    pub(super) fn wants_certificates(&self) -> Option<String> {
        let wants = self.host_specs().any(|spec| flag(spec, AUTHORITY).is_some());
        wants.then(|| format!("the hosts want a certificate of every client ({AUTHORITY}), and the agent has none"))
    }
}

impl Source {
    /// That of a host's Pod.
    pub(in crate::conformance) fn of(spec: &PodSpec) -> Self {
        let Some(path) = flag(Some(spec), CERTIFICATE) else {
            return Self::Other("the host has no certificate".to_owned());
        };
        secret(spec, &path).map_or_else(|| Self::Other(format!("{path} is no `{KEY}` of a Secret")), Self::Secret)
    }
}

/// The Secret whose certificate a file is.
fn secret(spec: &PodSpec, path: &str) -> Option<String> {
    let (volume, mount) = mounted(main(spec)?, spec, path)?;
    let file = path.strip_prefix(&mount.mount_path)?.trim_start_matches('/');
    if let Some(secret) = &volume.secret {
        // Without a list of them all keys are there by their own names.
        let items = secret.items.as_deref().unwrap_or_default();
        let key = items.iter().find(|item| item.path == file).map_or(file, |item| &item.key);
        return secret.secret_name.clone().filter(|_| key == KEY);
    }
    let from = |projection: &VolumeProjection| {
        let secret = projection.secret.as_ref()?;
        let items = secret.items.as_deref().unwrap_or_default();
        let there = items.iter().any(|item| item.path == file && item.key == KEY) || items.is_empty() && file == KEY;
        there.then(|| secret.name.clone())
    };
    volume.projected.as_ref()?.sources.iter().flatten().find_map(from)
}

impl Stage {
    /// The certificate that a Secret holds now; `None`: we may not look.
    pub(in crate::conformance) async fn certificate(&self, secret: &str) -> Result<Option<Held>, Stop> {
        let doing = format!("look at the Secret {}/{secret}", self.namespace);
        let uri = format!("/api/v1/namespaces/{}/secrets/{secret}", self.namespace);
        let request = http::Request::get(uri).body(Vec::new()).map_err(|err| Stop::failed(err.to_string()))?;
        let read: Narrow = match self.client.request(request).await {
            Ok(read) => read,
            Err(kube::Error::Api(status)) if status.code == 403 => return Ok(None),
            Err(err) => return Err(ClusterError::when(doing)(err).into()),
        };
        let pem = read.data.certificate.unwrap_or_default().0;
        hold!(!pem.is_empty(), "the Secret {secret} has no `{KEY}`");
        let certificate = CertificateDer::from_pem_slice(&pem)
            .map_err(|err| Stop::failed(format!("`{KEY}` of the Secret {secret} holds no certificate: {err}")))?;
        Ok(Some(Held { certificate: certificate.to_vec(), age: age(&read.metadata) }))
    }
}

/// How long ago an object was written last.
fn age(object: &ObjectMeta) -> Duration {
    let written = object.managed_fields.iter().flatten().filter_map(|fields| fields.time.as_ref());
    let last = written.chain(&object.creation_timestamp).map(|time| time.0.as_second()).max().unwrap_or_default();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_secs(u64::try_from(last).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::sample::release;
    use super::*;

    fn with(flags: &[&str]) -> Snapshot {
        let mut objects = release();
        let add = |spec: &mut Value| {
            spec["containers"][0]["args"].as_array_mut().unwrap().extend(flags.iter().map(|flag| json!(flag)));
        };
        add(&mut objects.host["spec"]["template"]["spec"]);
        objects.pods[1..3].iter_mut().for_each(|pod| add(&mut pod["spec"]));
        objects.snapshot()
    }

    #[test]
    fn hosts_with_a_certificate_serve_tls_and_so_do_services() {
        let (plain, tls) = (with(&[]), with(&["--tls-cert-path=/etc/chartwright/http/tls.crt"]));
        for address in ["10.0.0.2:9191", "hello.shop.svc.cluster.local.:80", "10.0.0.99:9191"] {
            assert_eq!((plain.serves_tls(address), tls.serves_tls(address)), (false, true), "{address}");
        }
        assert_eq!((plain.any_serves_tls(), tls.any_serves_tls()), (false, true));
        assert_eq!(tls.wants_certificates(), None);
        assert!(with(&["--tls-ca-path=/ca.crt"]).wants_certificates().unwrap().contains("--tls-ca-path"));
    }

    #[test]
    fn of_hosts_that_differ_each_is_spoken_to_as_it_serves() {
        let mut objects = release();
        objects.pods[1]["spec"]["containers"][0]["args"].as_array_mut().unwrap().push("--tls-cert-path=/c".into());
        let snapshot = objects.snapshot();
        assert_eq!((snapshot.serves_tls("10.0.0.2:9191"), snapshot.serves_tls("10.0.0.3:9191")), (true, false));
    }

    fn source(volume: &Value) -> Source {
        let spec = json!({
            "containers": [{
                "name": "host", "args": ["host", "--tls-cert-path=/etc/http/tls.crt"],
                "volumeMounts": [{"name": "tls", "mountPath": "/etc/http"}, {"name": "tmp", "mountPath": "/tmp"}],
            }],
            "volumes": [volume, {"name": "tmp", "emptyDir": {}}],
        });
        Source::of(&serde_json::from_value(spec).unwrap())
    }

    #[test]
    fn the_secret_of_a_certificate_is_found_by_its_volume() {
        let found = Source::Secret("web".into());
        let other = Source::Other("/etc/http/tls.crt is no `tls.crt` of a Secret".into());
        for (volume, wanted) in [
            (json!({"name": "tls", "secret": {"secretName": "web"}}), &found),
            (
                json!({"name": "tls", "secret": {"secretName": "web", "items": [{"key": "tls.crt", "path": "tls.crt"}]}}),
                &found,
            ),
            (json!({"name": "tls", "projected": {"sources": [{"secret": {"name": "web"}}]}}), &found),
            (
                json!({"name": "tls", "secret": {"secretName": "web", "items": [{"key": "a", "path": "tls.crt"}]}}),
                &other,
            ),
            (json!({"name": "tls", "configMap": {"name": "web"}}), &other),
            (json!({"name": "tls", "emptyDir": {}}), &other),
        ] {
            assert_eq!(source(&volume), *wanted, "{volume}");
        }
    }

    #[test]
    fn of_a_secret_nothing_is_read_but_the_certificate() {
        let secret = json!({
            "metadata": {"name": "web", "managedFields": [{"time": "2001-01-01T00:00:00Z"}, {"time": "2001-01-02T00:00:00Z"}]},
            "data": {"tls.crt": "YQ==", "tls.key": ["not even text"]},
        });
        let read: Narrow = serde_json::from_value(secret).unwrap();
        assert_eq!(read.data.certificate.unwrap().0, b"a");
        assert!(age(&read.metadata) > Duration::from_hours(20 * 365 * 24));
        assert!(serde_json::from_value::<Narrow>(json!({"metadata": {}})).unwrap().data.certificate.is_none());
    }
}
