//! A `WorkloadDeployment` to be, written down in a few words.

use serde_json::{Value, json};

use super::{MADE_FOR, MARK, Stage};
use crate::conformance::check::Stop;

/// What a check wants to run.
#[derive(Clone, Debug)]
pub(in crate::conformance) struct Draft {
    pub name: String,
    /// The name it is asked for by.
    pub host: String,
    pub object: Value,
}

impl Draft {
    /// One replica of the component `hello`, asked for by a name of its own.
    pub(in crate::conformance) fn hello(stage: &Stage, what: &str) -> Result<Self, Stop> {
        Ok(Self::of(stage, what, &stage.agent()?.guest("hello")))
    }

    /// One of the component `streams`, which is of WASI 0.3.
    pub(in crate::conformance) fn streams(stage: &Stage, what: &str) -> Result<Self, Stop> {
        let draft = Self::of(stage, what, &stage.agent()?.guest("streams"));
        let host = draft.host.clone();
        let http = json!({"namespace": "wasi", "package": "http", "interfaces": ["handler", "client"], "config": {"host": host}});
        Ok(draft.spec("hostInterfaces", json!([http])))
    }

    /// The same of any image.
    pub(in crate::conformance) fn of(stage: &Stage, what: &str, image: &str) -> Self {
        let name = stage.name(what);
        let host = format!("{name}.conformance.test");
        let object = json!({
            "apiVersion": "runtime.wasmcloud.dev/v1alpha1",
            "kind": "WorkloadDeployment",
            "metadata": {"name": name, "labels": {MARK: stage.run, MADE_FOR: stage.id}},
            "spec": {
                "replicas": 1,
                "template": {"spec": {
                    "components": [{"name": "guest", "image": image, "localResources": {}}],
                    "hostInterfaces": [
                        {"namespace": "wasi", "package": "http", "interfaces": ["incoming-handler", "outgoing-handler"],
                         "config": {"host": host}},
                        {"namespace": "wasi", "package": "config", "interfaces": ["store"]},
                        {"namespace": "wasi", "package": "logging", "interfaces": ["logging"]},
                    ],
                }},
            },
        });
        Self { name, host, object }
    }

    /// How many.
    pub(in crate::conformance) fn replicas(mut self, replicas: u32) -> Self {
        self.object["spec"]["replicas"] = json!(replicas);
        self
    }

    /// The Service that leads to it.
    pub(in crate::conformance) fn service(mut self, name: &str) -> Self {
        self.object["spec"]["kubernetes"] = json!({"service": {"name": name}});
        self
    }

    /// A field of the workload: `hostSelector`.
    pub(in crate::conformance) fn spec(mut self, field: &str, value: Value) -> Self {
        self.object["spec"]["template"]["spec"][field] = value;
        self
    }

    /// A field of what the component is given: `environment`.
    pub(in crate::conformance) fn given(mut self, field: &str, value: Value) -> Self {
        self.object["spec"]["template"]["spec"]["components"][0]["localResources"][field] = value;
        self
    }
}
