//! Certificates in the Secrets of a real API server, and on a real NATS server while they change.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chartwright_contract::nats::{NatsOptions, connect};
use chartwright_operator::certificates::{Asked, List, Report, pass};
use futures::StreamExt as _;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

use crate::child;
use crate::control_plane::{ControlPlane, OPERATOR_TOKEN, TOKEN};
use crate::nats::Nats;
use crate::scene::{Scene, eventually};

/// Two namespaces, and a list for them.
struct Place {
    client: Client,
    own: String,
    edge: String,
    validity: &'static str,
}

macro_rules! place {
    ($validity:literal) => {
        match Place::new($validity).await {
            Some(place) => place,
            None => return,
        }
    };
}

impl Place {
    async fn new(validity: &'static str) -> Option<Self> {
        let plane = ControlPlane::shared().await?;
        let (own, edge) = (plane.namespace("certs").await, plane.namespace("edge").await);
        Some(Self { client: plane.client(), own, edge, validity })
    }

    fn text(&self) -> String {
        let (own, edge, validity) = (&self.own, &self.edge, self.validity);
        format!(
            r#"
validity: "{validity}"
caValidity: "43800h"
ca: "wc-ca"
hostNamespaces: "{own},{edge}"
certificates:
- secret: "wc-nats-tls"
  namespaces: ["{own}"]
  dnsNames: ["wc-nats","localhost"]
  ipAddresses: ["127.0.0.1"]
  usages: ["server auth","client auth"]
- secret: "wc-host-control-tls"
  namespaces: ["@hosts"]
  dnsNames: ["wasmcloud-runtime"]
  ipAddresses: []
  usages: ["client auth"]
"#
        )
    }

    fn list(&self) -> List {
        List::parse(&self.text(), &self.own).unwrap()
    }

    async fn pass(&self, asked: Asked) -> Report {
        pass(&self.client, &self.list(), &self.own, &asked).await
    }

    fn secrets(&self, namespace: &str) -> Api<Secret> {
        Api::namespaced(self.client.clone(), namespace)
    }

    async fn secret(&self, namespace: &str, name: &str) -> Secret {
        self.secrets(namespace).get(name).await.unwrap()
    }

    /// All Secrets, as version by place.
    async fn versions(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        for namespace in BTreeSet::from([&self.own, &self.edge]) {
            for secret in self.secrets(namespace).list(&kube::api::ListParams::default()).await.unwrap() {
                let version = secret.resource_version().unwrap();
                all.insert(format!("{namespace}/{}", secret.name_any()), version);
            }
        }
        all
    }
}

fn soon(renew: bool, rotate: bool) -> Asked {
    Asked { renew, rotate, overlap: Duration::from_secs(2) }
}

fn value(secret: &Secret, key: &str) -> String {
    let bytes = secret.data.as_ref().and_then(|data| data.get(key)).cloned().unwrap_or_default();
    String::from_utf8(bytes.0).unwrap()
}

fn count(pem: &str) -> usize {
    pem.matches("BEGIN CERTIFICATE").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn all_secrets_are_made_and_a_second_round_writes_nothing() {
    let place = place!("2160h");
    let report = place.pass(Asked::default()).await;
    assert_eq!((report.problems.as_slice(), report.changes.len()), ([].as_slice(), 4), "{report:?}");
    let before = place.versions().await;
    let names: Vec<_> = before.keys().cloned().collect();
    let mut wanted = vec![
        format!("{}/wc-ca", place.own),
        format!("{}/wc-host-control-tls", place.own),
        format!("{}/wc-nats-tls", place.own),
        format!("{}/wc-host-control-tls", place.edge),
    ];
    wanted.sort();
    assert_eq!(names, wanted);
    let nats = place.secret(&place.own, "wc-nats-tls").await;
    assert_eq!(nats.type_.as_deref(), Some("kubernetes.io/tls"));
    assert_eq!(count(&value(&nats, "ca.crt")), 1);
    assert!(!value(&nats, "tls.key").is_empty());
    assert_eq!(report.days.len(), 4);

    let report = place.pass(Asked::default()).await;
    assert!(report.changes.is_empty() && report.problems.is_empty(), "{report:?}");
    assert_eq!(place.versions().await, before);
    // What a round says of itself holds no key.
    let key = value(&nats, "tls.key");
    assert!(!format!("{report:?}").contains(key.lines().nth(1).unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_or_damaged_comes_back() {
    let place = place!("2160h");
    place.pass(Asked::default()).await;
    let before = place.secret(&place.edge, "wc-host-control-tls").await;
    place.secrets(&place.edge).delete("wc-host-control-tls", &DeleteParams::default()).await.unwrap();
    let report = place.pass(Asked::default()).await;
    assert_eq!(report.changes.len(), 1, "{report:?}");
    assert_ne!(value(&place.secret(&place.edge, "wc-host-control-tls").await, "tls.key"), value(&before, "tls.key"));

    let damage = json!({ "data": { "tls.key": "AAAA" }, "metadata": { "labels": { "mine": "stays" } } });
    let secrets = place.secrets(&place.own);
    secrets.patch("wc-nats-tls", &PatchParams::default(), &Patch::Merge(damage)).await.unwrap();
    let report = place.pass(Asked::default()).await;
    assert!(report.changes[0].contains("it was damaged"), "{report:?}");
    assert_eq!(place.secret(&place.own, "wc-nats-tls").await.labels()["mine"], "stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_secret_is_left_alone_and_an_empty_one_filled() {
    let place = place!("2160h");
    let foreign = |name: &str, data: Option<&str>| Secret {
        metadata: kube::core::ObjectMeta { name: Some(name.to_owned()), ..Default::default() },
        data: data.map(|text| BTreeMap::from([("tls.crt".to_owned(), ByteString(text.as_bytes().to_vec()))])),
        ..Secret::default()
    };
    let create = PostParams::default();
    place.secrets(&place.own).create(&create, &foreign("wc-nats-tls", Some("mine"))).await.unwrap();
    place.secrets(&place.edge).create(&create, &foreign("wc-host-control-tls", None)).await.unwrap();
    let report = place.pass(Asked::default()).await;
    assert_eq!(report.problems.len(), 1, "{report:?}");
    assert!(report.problems[0].contains("wc-nats-tls is not ours"), "{report:?}");
    assert_eq!(value(&place.secret(&place.own, "wc-nats-tls").await, "tls.crt"), "mine");
    assert!(!value(&place.secret(&place.edge, "wc-host-control-tls").await, "tls.key").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_agree() {
    let place = place!("2160h");
    let rounds = (0..6).map(|_| place.pass(Asked::default()));
    for report in futures::future::join_all(rounds).await {
        assert_eq!(report.problems, [""; 0]);
    }
    let report = place.pass(Asked::default()).await;
    assert!(report.changes.is_empty(), "{report:?}");
    let trusted = value(&place.secret(&place.own, "wc-ca").await, "ca.crt");
    assert_eq!(value(&place.secret(&place.edge, "wc-host-control-tls").await, "ca.crt"), trusted);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_is_replaced_by_overlap() {
    let place = place!("2160h");
    place.pass(soon(false, false)).await;
    let nats = async || place.secret(&place.own, "wc-nats-tls").await;
    let (first, old) = (nats().await, value(&place.secret(&place.own, "wc-ca").await, "tls.crt"));
    let forced = place.pass(soon(true, false)).await;
    assert_eq!(forced.changes.len(), 3, "{forced:?}");
    let renewed = nats().await;
    assert_ne!(value(&first, "tls.crt"), value(&renewed, "tls.crt"));
    assert_eq!(value(&first, "ca.crt"), value(&renewed, "ca.crt"));

    place.pass(soon(false, true)).await;
    let spread = nats().await;
    assert_eq!(value(&spread, "tls.crt"), value(&renewed, "tls.crt"), "the old one signs on");
    assert_eq!(count(&value(&spread, "ca.crt")), 2);
    assert!(place.pass(soon(false, false)).await.changes.is_empty(), "not before the overlap");
    eventually("signed by the new one", async || {
        place.pass(soon(false, false)).await;
        value(&nats().await, "tls.crt") != value(&spread, "tls.crt")
    })
    .await;
    assert!(value(&nats().await, "ca.crt").contains(&old));
    eventually("the old one is trusted no more", async || {
        place.pass(soon(false, false)).await;
        !value(&nats().await, "ca.crt").contains(&old)
    })
    .await;
    assert_eq!(count(&value(&nats().await, "ca.crt")), 1);
    assert!(place.pass(soon(false, false)).await.changes.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn only_marked_pods_are_replaced_and_only_by_a_change() {
    let place = place!("2160h");
    let deployments: Api<Deployment> = Api::namespaced(place.client.clone(), &place.own);
    for (name, annotations) in [("upstream", json!({ "chartwright.dev/roll-on-change": "true" })), ("ours", json!({}))]
    {
        let object = json!({
            "metadata": { "name": name },
            "spec": { "selector": { "matchLabels": { "app": name } }, "template": {
                "metadata": { "labels": { "app": name }, "annotations": annotations },
                "spec": {
                    "containers": [{ "name": "host", "image": "reg.example/wash:1" }],
                    "volumes": [{ "name": "nats", "projected": { "sources": [{ "secret": { "name": "wc-host-control-tls" } }] } }],
                },
            } },
        });
        deployments.create(&PostParams::default(), &serde_json::from_value(object).unwrap()).await.unwrap();
    }
    let checksum = async |name: &str| {
        let spec = deployments.get(name).await.unwrap().spec.unwrap();
        let annotations = spec.template.metadata.unwrap().annotations.unwrap_or_default();
        annotations.get("chartwright.dev/read-checksum").cloned()
    };
    // Pods that wait for the Secret need no restart.
    place.pass(Asked::default()).await;
    place.pass(Asked::default()).await;
    assert_eq!((checksum("upstream").await, checksum("ours").await), (None, None));
    let report = place.pass(soon(true, false)).await;
    assert!(report.changes.iter().any(|change| change.contains("upstream: its pods are replaced")), "{report:?}");
    let first = checksum("upstream").await;
    assert!(first.is_some() && checksum("ours").await.is_none());
    let report = place.pass(Asked::default()).await;
    assert!(report.changes.is_empty(), "{report:?}");
    assert_eq!(checksum("upstream").await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_keeps_certificates_and_says_how_long_they_last() {
    let Some(scene) = Scene::new().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("certificates.yaml");
    let place =
        Place { client: scene.client.clone(), own: scene.own.clone(), edge: scene.apps.clone(), validity: "2160h" };
    std::fs::write(&path, place.text()).unwrap();
    let config = format!("--certificate-config={}", path.display());
    let operator = scene.operator(&["--certificates=manage", &config]).await;
    eventually("certificates", async || place.versions().await.len() == 4).await;
    eventually("a metric", async || {
        let days = operator.metric("chartwright_operator_certificate_left_days", &["wc-nats-tls"]).await;
        (89.0..=90.0).contains(&days)
    })
    .await;
    // A longer list is noticed without a restart.
    let longer = place.text().replace("wc-nats-tls", "wc-nats-other");
    std::fs::write(&path, longer).unwrap();
    eventually("the new list", async || place.versions().await.len() == 5).await;
}

/// What `chartwright certs` calls finds its cluster by KUBECONFIG, as kubectl does: a variable that only a process of its own
/// can have here.
#[tokio::test(flavor = "multi_thread")]
async fn the_commands_make_show_and_renew() {
    let place = place!("2160h");
    let plane = ControlPlane::shared().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("certificates.yaml");
    std::fs::write(&list, place.text()).unwrap();
    let (admin, nobody) = (plane.kubeconfig(TOKEN), plane.kubeconfig(OPERATOR_TOKEN));
    let run = async |kubeconfig: &std::path::Path, asked: serde_json::Value| {
        child::certificates(kubeconfig, &folder.path().join("answer"), &asked).await
    };
    let renew = |more: serde_json::Value| {
        let mut asked = json!({ "verb": "renew", "list": list, "namespace": place.own, "overlap": 2 });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        asked
    };
    let length = |answer: &serde_json::Value, key: &str| answer[key].as_array().unwrap().len();

    let empty = run(&admin, json!({ "verb": "status", "namespace": place.own })).await;
    assert_eq!(length(&empty["status"], "certificates"), 0, "{empty}");
    let made = run(&admin, renew(json!({}))).await;
    assert_eq!((length(&made, "changes"), length(&made, "problems")), (4, 0), "{made}");
    let before = place.versions().await;
    let again = run(&admin, renew(json!({}))).await;
    assert_eq!((length(&again, "changes"), length(&again, "problems")), (0, 0), "{again}");
    assert_eq!(place.versions().await, before);

    let shown = run(&admin, json!({ "verb": "status", "namespace": place.own })).await;
    assert_eq!(shown["well"], true, "{shown}");
    let rows = shown["status"]["certificates"].as_array().unwrap();
    let mut found: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().unwrap().to_owned();
            assert_eq!(row["problem"], serde_json::Value::Null, "{row}");
            (text("namespace"), text("secret"), row["daysLeft"].as_i64().unwrap() > 88)
        })
        .collect();
    found.sort();
    let mut wanted: Vec<_> = before.keys().map(|place| place.split_once('/').unwrap()).collect();
    wanted.sort_unstable();
    let wanted: Vec<_> =
        wanted.into_iter().map(|(namespace, name)| (namespace.to_owned(), name.to_owned(), true)).collect();
    assert_eq!(found, wanted);
    assert!(shown["table"].as_str().unwrap().contains("wasmcloud-runtime"), "{shown}");
    // Those of another namespace's authority are not its own.
    let elsewhere = run(&admin, json!({ "verb": "status", "namespace": place.edge })).await;
    assert_eq!(length(&elsewhere["status"], "certificates"), 0, "{elsewhere}");
    let soon = run(&admin, json!({ "verb": "status", "namespace": place.own, "within": 100 })).await;
    assert_eq!(soon["well"], false);
    assert!(soon["table"].as_str().unwrap().contains("it ends in less than 100 days"), "{soon}");

    // One that is damaged is a problem until it is made anew.
    let damage = json!({ "data": { "tls.crt": "AAAA" } });
    let secrets = place.secrets(&place.own);
    secrets.patch("wc-nats-tls", &PatchParams::default(), &Patch::Merge(damage)).await.unwrap();
    let damaged = run(&admin, json!({ "verb": "status", "namespace": place.own })).await;
    assert_eq!(damaged["well"], false, "{damaged}");
    let mended = run(&admin, renew(json!({}))).await;
    assert_eq!(length(&mended, "changes"), 1, "{mended}");

    // One that the release wants and that is not there is a problem, too.
    let listed = json!({ "metadata": { "name": "wc-certificates" }, "data": { "certificates.yaml": place.text() } });
    let maps: Api<ConfigMap> = Api::namespaced(place.client.clone(), &place.own);
    maps.create(&PostParams::default(), &serde_json::from_value(listed).unwrap()).await.unwrap();
    assert_eq!(run(&admin, json!({ "verb": "status", "namespace": place.own })).await["well"], true);
    secrets.delete("wc-nats-tls", &DeleteParams::default()).await.unwrap();
    let missing = run(&admin, json!({ "verb": "status", "namespace": place.own })).await;
    assert_eq!(missing["well"], false, "{missing}");
    let table = missing["table"].as_str().unwrap();
    let line = table.lines().find(|line| line.contains("wc-nats-tls")).unwrap_or_else(|| panic!("{table}"));
    assert!(line.contains("the release wants it"), "{line}");
    assert_eq!(length(&run(&admin, renew(json!({}))).await, "changes"), 1);

    let certificate = async || value(&place.secret(&place.own, "wc-nats-tls").await, "tls.crt");
    let first = certificate().await;
    let forced = run(&admin, renew(json!({ "force": true }))).await;
    assert_eq!(length(&forced, "changes"), 3, "{forced}");
    assert_ne!(certificate().await, first);
    run(&admin, renew(json!({ "rotate": true }))).await;
    assert_eq!(count(&value(&place.secret(&place.own, "wc-nats-tls").await, "ca.crt")), 2, "two are trusted");

    // Whoever may not look is told what he may not.
    let refused = run(&nobody, json!({ "verb": "status", "namespace": place.own })).await;
    let why = refused["error"].as_str().unwrap_or_else(|| panic!("{refused}"));
    assert!(
        why.contains(&format!("the Secrets of {} cannot be listed", place.own)) && why.contains("forbidden"),
        "{why}"
    );
    let refused = run(&nobody, renew(json!({}))).await;
    assert!(length(&refused, "changes") == 0 && length(&refused, "problems") > 0, "{refused}");
    let missing = run(&admin, json!({ "verb": "renew", "list": "/nowhere", "namespace": place.own })).await;
    assert!(missing["error"].as_str().unwrap().contains("/nowhere"), "{missing}");
}

/// Certificates of a NATS server and of a client, as the kubelet would bring them, and the server told as the reloader does.
#[tokio::test(flavor = "multi_thread")]
async fn no_message_is_lost_while_all_certificates_change() {
    let place = place!("2160h");
    place.pass(soon(false, false)).await;
    let Some(mut nats) = Nats::prepared("") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let bring = async || {
        for (secret, prefix) in [("wc-nats-tls", "server"), ("wc-host-control-tls", "client")] {
            let secret = place.secret(&place.own, secret).await;
            for key in ["tls.crt", "tls.key", "ca.crt"] {
                let draft = at(&format!(".{prefix}-{key}"));
                std::fs::write(&draft, value(&secret, key)).unwrap();
                std::fs::rename(draft, at(&format!("{prefix}-{key}"))).unwrap();
            }
        }
    };
    bring().await;
    let file = |name: &str| at(name).display().to_string();
    let pid = at("nats.pid");
    nats.file(
        "server.conf",
        &format!(
            "listen: \"127.0.0.1:{}\"\npid_file: \"{}\"\ntls {{ cert_file: \"{}\", key_file: \"{}\", ca_file: \"{}\", verify_and_map: true }}\n\
             accounts {{ CONTROL {{ users: [{{ user: \"wasmcloud-runtime\" }}] }} }}\n",
            nats.port(),
            pid.display(),
            file("server-tls.crt"),
            file("server-tls.key"),
            file("server-ca.crt"),
        ),
    );
    nats.resume();
    eventually("a server", async || pid.exists()).await;

    let options = |name: &str| NatsOptions {
        name: name.into(),
        url: vec![nats.url()],
        tls_ca: Some(at("client-ca.crt")),
        tls_cert: Some(at("client-tls.crt")),
        tls_key: Some(at("client-tls.key")),
        tls_required: true,
        connect_timeout: Duration::from_secs(5),
        ping_interval: Duration::from_secs(20),
        ..NatsOptions::new("nats")
    };
    let (sender, receiver) = (connect(&options("sender")).await.unwrap(), connect(&options("receiver")).await.unwrap());
    eventually("connections", async || {
        sender.state().borrow().is_connected() && receiver.state().borrow().is_connected()
    })
    .await;
    let mut answers = receiver.client().subscribe("asked").await.unwrap();
    // The server knows of it before anybody asks.
    receiver.client().flush().await.unwrap();
    let answering = receiver.client().clone();
    let answerer = tokio::spawn(async move {
        while let Some(message) = answers.next().await {
            if let Some(reply) = message.reply {
                _ = answering.publish(reply, message.payload).await;
            }
        }
    });
    // A flush ends when the bytes are written, not when the server has read them.
    eventually("somebody answers", async || sender.client().request("asked", "x".into()).await.is_ok()).await;
    let (asked, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let asking = tokio::spawn({
        let (client, asked, failed) = (sender.client().clone(), Arc::clone(&asked), Arc::clone(&failed));
        async move {
            loop {
                asked.fetch_add(1, Ordering::Relaxed);
                if let Err(err) = client.request("asked", "x".into()).await {
                    eprintln!("{err:?}");
                    failed.fetch_add(1, Ordering::Relaxed);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    });

    let reload = async || {
        bring().await;
        let id = std::fs::read_to_string(&pid).unwrap();
        assert!(std::process::Command::new("kill").args(["-HUP", id.trim()]).status().unwrap().success());
        tokio::time::sleep(Duration::from_millis(300)).await;
    };
    // What a peer that comes at this moment meets: a client of its own, with what it has read.
    let reconnects = async || {
        let fresh = connect(&options("fresh")).await.unwrap();
        eventually("a fresh connection", async || fresh.state().borrow().is_connected()).await;
        fresh.client().flush().await.unwrap();
    };
    reconnects().await;
    place.pass(soon(true, false)).await;
    reload().await;
    reconnects().await;
    let old = value(&place.secret(&place.own, "wc-ca").await, "tls.crt");
    place.pass(soon(false, true)).await;
    reload().await;
    reconnects().await;
    eventually("the old authority is gone", async || {
        if !place.pass(soon(false, false)).await.changes.is_empty() {
            reload().await;
            reconnects().await;
        }
        let trusted = value(&place.secret(&place.own, "wc-nats-tls").await, "ca.crt");
        count(&trusted) == 1 && !trusted.contains(&old)
    })
    .await;
    asking.abort();
    let (asked, failed) = (asked.load(Ordering::Relaxed), failed.load(Ordering::Relaxed));
    assert!(asked > 300, "{asked} requests");
    assert_eq!(failed, 0, "of {asked} requests");
    // A server that is replaced, as one without a reloader is: who was connected before anything changed comes back.
    nats.kill();
    nats.resume();
    eventually("both are back", async || {
        [&sender, &receiver].iter().all(|peer| peer.state().borrow().reconnects > 0 && peer.is_connected())
    })
    .await;
    eventually("an answer", async || sender.client().request("asked", "x".into()).await.is_ok()).await;
    answerer.abort();
}
