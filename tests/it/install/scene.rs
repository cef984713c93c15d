//! A namespace of a test's own, and the programs that work in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chartwright::cluster::Client;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::{DeleteParams, DynamicObject, PostParams};
use serde_json::Value;

use super::control_plane::{ControlPlane, TOKEN};
use crate::tool::{self, Run};

/// Values that render quickly and without TLS.
pub(super) const PROFILE: [&str; 2] = ["--profile", "minimal"];

/// NATS is somebody else's.
pub(super) const EXTERNAL: [&str; 10] = [
    "--set",
    "nats.server.enabled=false",
    "--set",
    "nats.control.mode=external",
    "--set-json",
    r#"nats.control.urls=["nats://nats.test:4222"]"#,
    "--set",
    "nats.data.mode=external",
    "--set-json",
    r#"nats.data.urls=["nats://nats.test:4222"]"#,
];

pub(super) struct Scene {
    /// Where the API server is.
    pub(super) url: String,
    pub(super) namespace: String,
    client: Client,
    kubeconfig: PathBuf,
    folder: tempfile::TempDir,
}

impl Scene {
    /// None, with a word about it, where there are no programs.
    pub(super) async fn new(prefix: &str) -> Option<Self> {
        Self::on(ControlPlane::shared().await?, prefix).await
    }

    /// On a control plane of the test's own.
    pub(super) async fn on(plane: &ControlPlane, prefix: &str) -> Option<Self> {
        let kubeconfig = plane.kubeconfig(TOKEN);
        let namespace = plane.namespace(prefix).await;
        let folder = tempfile::tempdir().unwrap();
        Some(Self { url: plane.url(), namespace, client: plane.client(), kubeconfig, folder })
    }

    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Another way to the API server.
    pub(super) fn kubeconfig_for(&self, url: &str) -> PathBuf {
        let text = fs_err::read_to_string(&self.kubeconfig).unwrap().replace(&self.url, url);
        let path = self.folder.path().join("kubeconfig");
        fs_err::write(&path, text).unwrap();
        path
    }

    /// Our program, in the namespace.
    pub(super) fn command(&self, kubeconfig: &Path, args: &[&str]) -> Command {
        let mut command = tool::command(self.folder.path());
        command.args(args).args(["-n", &self.namespace]).env("KUBECONFIG", kubeconfig).env_remove("HELM_DRIVER");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(super) fn ours(&self, args: &[&str]) -> Run {
        finish(&mut self.command(&self.kubeconfig, args))
    }

    /// It must do it.
    pub(super) fn done(&self, args: &[&str]) -> Run {
        let run = self.ours(args);
        assert_eq!(run.code, 0, "{args:?}: {}{}", run.stdout, run.stderr);
        run
    }

    /// A Helm, with folders of its own.
    pub(super) fn helm(&self, program: &Path, args: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.args(args).args(["-n", &self.namespace]).env("KUBECONFIG", &self.kubeconfig);
        for name in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "KUBECACHEDIR", "HOME"] {
            command.env(name, self.folder.path());
        }
        finish(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))
    }

    /// The exported chart, as a folder.
    pub(super) fn chart(&self) -> PathBuf {
        let folder = self.folder.path().join("chart");
        if !folder.exists() {
            let run = tool::run_in(self.folder.path(), &["chart", "export", "chart"]);
            assert_eq!(run.code, 0, "{}", run.stderr);
        }
        folder
    }

    /// A file for our program.
    pub(super) fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs_err::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// One object, if it is there.
    pub(super) async fn get(&self, api_version: &str, kind: &str, name: &str) -> Option<Value> {
        let found = self.api(api_version, kind, &self.namespace).await.get_opt(name).await.unwrap();
        found.map(|found: DynamicObject| serde_json::to_value(found).unwrap())
    }

    /// Makes an object as somebody else would.
    pub(super) async fn make(&self, namespace: &str, object: &Value) {
        let text = |key: &str| object[key].as_str().unwrap().to_owned();
        let api = self.api(&text("apiVersion"), &text("kind"), namespace).await;
        api.create(&PostParams::default(), &serde_json::from_value(object.clone()).unwrap()).await.unwrap();
    }

    pub(super) async fn api(&self, api_version: &str, kind: &str, namespace: &str) -> Api<DynamicObject> {
        let kind = chartwright::cluster::Kinds::new(self.client()).find(api_version, kind).await.unwrap();
        kind.api(&self.client(), namespace)
    }

    /// The state of the last revision, as our `status` says it.
    pub(super) fn status(&self) -> Value {
        let run = self.ours(&["status", "-o", "json"]);
        serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}{}", run.stdout, run.stderr))
    }

    /// Takes the namespace away; nobody waits for it.
    pub(super) async fn close(self) {
        let namespaces: Api<Namespace> = Api::all(self.client());
        namespaces.delete(&self.namespace, &DeleteParams::default()).await.unwrap();
    }
}

fn finish(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into(),
        stderr: String::from_utf8_lossy(&output.stderr).into(),
    }
}
