//! An API server with its etcd, and the controllers of Kubernetes that clean up.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chartwright_contract::crds;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Config};
use serde_json::json;
use tokio::sync::OnceCell;

use super::process::{Folder, Process, free_port};

pub(crate) const TOKEN: &str = "test-of-the-administrator";
/// A user that may do nothing until a Role says so.
pub(crate) const OPERATOR_TOKEN: &str = "test-of-the-operator";

/// How long a control plane may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// All of it.
pub(crate) struct ControlPlane {
    folder: Folder,
    kubebox: PathBuf,
    etcd_port: u16,
    port: u16,
    etcd: Process,
    server: Process,
    manager: Option<Process>,
}

impl ControlPlane {
    /// The one that tests share, each in namespaces of its own. None, with a word about it, where there are no programs.
    pub(crate) async fn shared() -> Option<&'static Self> {
        static SHARED: OnceCell<Option<ControlPlane>> = OnceCell::const_new();
        SHARED.get_or_init(Self::own).await.as_ref()
    }

    /// One of a test's own, to be broken.
    pub(crate) async fn own() -> Option<Self> {
        let program = |name: &str| {
            let found = std::env::var_os(name).map(PathBuf::from);
            if found.is_none() {
                eprintln!("skipped: {name} names no program");
            }
            found
        };
        let (etcd, kubebox) = (program("CHARTWRIGHT_ETCD")?, program("CHARTWRIGHT_KUBEBOX")?);
        let folder = Folder::new();
        let (etcd_port, peer_port, port) = (free_port(), free_port(), free_port());
        let at = |name: &str| folder.path().join(name);
        let local = |port: u16| format!("http://127.0.0.1:{port}");
        let etcd = Process::start(
            &etcd,
            &[
                format!("--data-dir={}", at("etcd").display()),
                format!("--listen-client-urls={}", local(etcd_port)),
                format!("--advertise-client-urls={}", local(etcd_port)),
                format!("--listen-peer-urls={}", local(peer_port)),
                format!("--initial-advertise-peer-urls={}", local(peer_port)),
                format!("--initial-cluster=default={}", local(peer_port)),
                // What is lost with the machine is only a test.
                "--unsafe-no-fsync".into(),
            ],
            &at("etcd.log"),
        );
        let key = rcgen::KeyPair::generate().unwrap();
        fs_err::write(at("accounts.key"), key.serialize_pem()).unwrap();
        fs_err::write(at("accounts.pub"), key.public_key_pem()).unwrap();
        let tokens = format!("{TOKEN},admin,1,system:masters\n{OPERATOR_TOKEN},operator,2\n");
        fs_err::write(at("tokens.csv"), tokens).unwrap();
        let server = Process::start(&kubebox, &server_arguments(&folder, etcd_port, port), &at("server.log"));
        let mut plane = Self { folder, kubebox, etcd_port, port, etcd, server, manager: None };
        plane.ready().await;
        plane.manage();
        let definitions: Api<
            k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition,
        > = Api::all(plane.client());
        for definition in crds::all() {
            let name = definition.metadata.name.clone().unwrap();
            let apply = PatchParams::apply("test").force();
            definitions.patch(&name, &apply, &Patch::Apply(&definition)).await.unwrap();
        }
        plane.kinds_served().await;
        Some(plane)
    }

    /// Where the API server is.
    pub(crate) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// A client that may do everything.
    pub(crate) fn client(&self) -> Client {
        self.client_of(TOKEN)
    }

    /// A client of whoever has this token.
    pub(crate) fn client_of(&self, token: &str) -> Client {
        _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = Config::new(self.url().parse().unwrap());
        config.accept_invalid_certs = true;
        config.auth_info.token = Some(token.to_owned().into());
        Client::try_from(config).unwrap()
    }

    /// A file that names the server and the token.
    pub(crate) fn kubeconfig(&self, token: &str) -> PathBuf {
        self.kubeconfig_at(&self.url(), token)
    }

    /// The same with another way to the server.
    pub(crate) fn kubeconfig_at(&self, url: &str, token: &str) -> PathBuf {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("kubeconfig-{number}"));
        let mut cluster = json!({ "server": url });
        if url.starts_with("https:") {
            cluster["insecure-skip-tls-verify"] = true.into();
        }
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{ "name": "test", "cluster": cluster }],
            "users": [{ "name": "test", "user": { "token": token } }],
            "contexts": [{ "name": "test", "context": { "cluster": "test", "user": "test" } }],
        });
        fs_err::write(&path, config.to_string()).unwrap();
        path
    }

    /// A token of a service account, which is made if it is not there.
    pub(crate) async fn token(&self, namespace: &str, account: &str) -> String {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.client(), namespace);
        if accounts.get_opt(account).await.unwrap().is_none() {
            let mut new = ServiceAccount::default();
            new.metadata.name = Some(account.to_owned());
            accounts.create(&PostParams::default(), &new).await.unwrap();
        }
        let request = TokenRequest::default();
        let answer = accounts.create_token_request(account, &PostParams::default(), &request).await.unwrap();
        answer.status.unwrap().token
    }

    /// Makes a namespace with a name of its own.
    pub(crate) async fn namespace(&self, prefix: &str) -> String {
        let namespaces: Api<Namespace> = Api::all(self.client());
        let mut namespace = Namespace::default();
        namespace.metadata.generate_name = Some(format!("{prefix}-"));
        namespaces.create(&PostParams::default(), &namespace).await.unwrap().metadata.name.unwrap()
    }

    /// Ends the API server, and nothing else.
    pub(crate) fn stop_server(&mut self) {
        self.server.kill();
    }

    /// Starts the API server again, on the same port.
    pub(crate) async fn start_server(&mut self) {
        let arguments = server_arguments(&self.folder, self.etcd_port, self.port);
        self.server = Process::start(&self.kubebox, &arguments, &self.folder.path().join("server.log"));
        self.ready().await;
    }

    fn manage(&mut self) {
        let kubeconfig = self.kubeconfig(TOKEN).display().to_string();
        let arguments = [
            "kube-controller-manager".to_owned(),
            format!("--kubeconfig={kubeconfig}"),
            "--controllers=garbage-collector-controller,namespace-controller".into(),
            "--leader-elect=false".into(),
            "--secure-port=0".into(),
            "--kube-api-qps=200".into(),
            "--kube-api-burst=400".into(),
        ];
        self.manager = Some(Process::start(&self.kubebox, &arguments, &self.folder.path().join("manager.log")));
    }

    async fn ready(&mut self) {
        let end = Instant::now() + PATIENCE;
        let client = self.client();
        while client.apiserver_version().await.is_err() || !self.answers_readyz(&client).await {
            if Instant::now() > end || self.server.has_ended() {
                let log = fs_err::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
                panic!("no API server: {}", log.lines().rev().take(20).collect::<Vec<_>>().join("\n"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn answers_readyz(&self, client: &Client) -> bool {
        let request = http::Request::get("/readyz").body(Vec::new()).unwrap();
        client.request_text(request).await.is_ok_and(|text| text == "ok")
    }

    async fn kinds_served(&self) {
        let client = self.client();
        let end = Instant::now() + PATIENCE;
        let hosts: Api<crds::WorkloadReplicaSet> = Api::all(client);
        while hosts.list(&kube::api::ListParams::default()).await.is_err() {
            assert!(Instant::now() < end, "the custom resources are not served");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn server_arguments(folder: &Folder, etcd_port: u16, port: u16) -> Vec<String> {
    let at = |name: &str| folder.path().join(name).display().to_string();
    vec![
        "kube-apiserver".into(),
        format!("--etcd-servers=http://127.0.0.1:{etcd_port}"),
        "--bind-address=127.0.0.1".into(),
        format!("--secure-port={port}"),
        format!("--cert-dir={}", at("certificates")),
        // Nobody comes by the Service `kubernetes`, which must not lead to loopback.
        "--endpoint-reconciler-type=none".into(),
        "--service-cluster-ip-range=10.96.0.0/16".into(),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        format!("--service-account-key-file={}", at("accounts.pub")),
        format!("--service-account-signing-key-file={}", at("accounts.key")),
        format!("--token-auth-file={}", at("tokens.csv")),
        "--authorization-mode=RBAC".into(),
        // No controller makes the accounts that Pods would need; and references of owners are checked as in strict clusters.
        "--disable-admission-plugins=ServiceAccount".into(),
        "--enable-admission-plugins=OwnerReferencesPermissionEnforcement".into(),
    ]
}
