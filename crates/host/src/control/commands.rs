//! Start, status, stop: each in a task of its own, each with an answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use chartwright_contract::control::{
    ImagePullPolicy, Message, WorkloadStartRequest, WorkloadStartResponse, WorkloadState, WorkloadStatus,
    WorkloadStatusRequest, WorkloadStatusResponse, WorkloadStopRequest, WorkloadStopResponse,
};
use futures::FutureExt as _;
use futures::future::try_join_all;

use super::Control;
use super::slots::{Reserved, Slot};
use crate::engine::{Assembly, Source};
use crate::http::{HostNames, Target};
use crate::oci;
use crate::plugins::without_effect;
use crate::workload::{Handler, Part, Plan, PlannedComponent, Running, Service, Volumes};

impl Control {
    /// Runs a workload, and answers when it runs or failed.
    pub(super) async fn start(&self, payload: &[u8]) -> Vec<u8> {
        let status = match WorkloadStartRequest::from_json(payload) {
            Ok(request) => self.start_workload(request).await,
            Err(err) => error(id_of(payload), err.to_string()),
        };
        self.shared.metrics.command("start", status.workload_state == WorkloadState::Running);
        if status.workload_state == WorkloadState::Error {
            tracing::warn!(id = status.workload_id, reason = status.message, "a workload did not start");
        }
        WorkloadStartResponse::from(status).to_json()
    }

    /// The answer to a start beyond those that may wait.
    pub(super) fn too_many(payload: &[u8]) -> Vec<u8> {
        let message = "the host has more starts before it than it keeps in mind; try again".into();
        WorkloadStartResponse::from(error(id_of(payload), message)).to_json()
    }

    async fn start_workload(&self, request: WorkloadStartRequest) -> WorkloadStatus {
        let id = request.workload_id;
        if id.is_empty() {
            return error(id, "the request has no `workloadId`".into());
        }
        let Some(workload) = request.workload else { return error(id, "the request has no `workload`".into()) };
        if *self.shared.draining.borrow() {
            return error(id, "the host is about to end and starts nothing any more".into());
        }
        let token = match self.slots.reserve(&id, self.shared.options.max_workloads) {
            Reserved::Yes(token) => token,
            Reserved::Already(status) => return status,
            Reserved::Full => return error(id, "the host has as many workloads as `--max-workloads` allows".into()),
        };
        let result = tokio::select! {
            result = AssertUnwindSafe(self.set_up(&id, &workload)).catch_unwind() => {
                // A fault of ours is one workload's, and must not leave it on its way for ever.
                result.unwrap_or_else(|_| Err("the host failed inside while it started this; its log says where".into()))
            }
            () = token.cancelled() => Err("the workload was stopped while it started".into()),
        };
        let stopped = token.is_cancelled();
        let message = result.as_ref().err().cloned();
        if let Some(running) = self.slots.settle(&id, &token, result) {
            self.end(&running);
        }
        self.count();
        if stopped {
            return WorkloadStatus {
                workload_id: id,
                workload_state: WorkloadState::Stopping,
                message: "the workload was stopped while it started".into(),
            };
        }
        match message {
            Some(message) => error(id, message),
            None => self.slots.status(&id),
        }
    }

    async fn set_up(&self, id: &str, workload: &chartwright_contract::control::Workload) -> Result<Running, String> {
        let plan = Plan::new(workload, &self.shared.capabilities).map_err(|err| err.to_string())?;
        let volumes = Arc::new(Volumes::make(&plan.volumes)?);
        let permit = self.starts.acquire().await.map_err(|_| "the host is about to end".to_owned())?;
        // The service stands behind the components.
        let planned: Vec<_> =
            plan.components.iter().chain(plan.service.as_ref().map(|service| &service.component)).collect();
        let sources = try_join_all(planned.iter().map(|component| self.source(component))).await?;
        let called: Vec<usize> = plan.service.iter().map(|_| plan.components.len()).collect();
        let assemblies = self.shared.compiler.assemble(&sources, &called).await.map_err(|err| err.to_string())?;
        drop(permit);

        let all: Vec<_> = planned.iter().map(|component| self.part(id, &plan, component, &volumes)).collect();
        let parts = |assembly: &Assembly| assembly.parts.iter().map(|place| Arc::clone(&all[*place])).collect();
        let service = assemblies.iter().find(|assembly| called.contains(&assembly.root()));
        // A service that serves HTTP comes first, then the first component that does, as upstream has it.
        let serving = assemblies.iter().filter(|assembly| assembly.compiled.http.is_some());
        let serving = serving.min_by_key(|assembly| (!called.contains(&assembly.root()), assembly.root()));
        if service.is_some_and(|assembly| assembly.compiled.run.is_none() && assembly.compiled.http.is_none()) {
            return Err("the service exports neither `wasi:cli/run` nor `wasi:http/handler`".into());
        }
        // From here on others see it, and nothing fails any more but a name that is taken.
        let route = match (&plan.hosts, serving) {
            (Some(names), Some(assembly)) => Some(self.route(names, assembly, parts(assembly))?),
            (Some(_), None) => {
                return Err("no component exports `wasi:http/incoming-handler` or `wasi:http/handler`".into());
            }
            (None, _) => None,
        };
        let service = match (service, &plan.service) {
            (Some(assembly), Some(planned)) if assembly.compiled.run.is_some() => {
                let compiled = Arc::clone(&assembly.compiled);
                let options = self.shared.handler.clone();
                Some(Service::start(options, compiled, parts(assembly), planned.max_restarts))
            }
            _ => None,
        };
        Ok(Running {
            route,
            service,
            components: plan.components.len(),
            compiled: assemblies.into_iter().map(|assembly| assembly.compiled).collect(),
            images: sources.iter().map(|source| (source.name.clone(), source.image.clone())).collect(),
            in_use: sources.into_iter().map(|source| source.in_use).collect(),
            // With several parts another of them may serve what an entry is for.
            notes: if planned.len() > 1 { Vec::new() } else { without_effect(workload, &self.shared.capabilities) },
            parts: all,
        })
    }

    /// Opens the way from host names to a component.
    fn route(&self, names: &HostNames, assembly: &Assembly, parts: Vec<Arc<Part>>) -> Result<Arc<Target>, String> {
        let part = parts.first().map(Arc::clone).ok_or("an assembly has no parts")?;
        let handler = Handler::new(self.shared.handler.clone(), Arc::clone(&assembly.compiled), parts);
        let meters = self.shared.metrics.of(&part);
        let most = self.shared.options.max_in_flight_per_workload;
        let target = Target::new(part, handler, most, meters);
        self.shared.router.add(names, &target).map_err(|err| err.to_string())?;
        Ok(target)
    }

    /// Pulls a component.
    async fn source(&self, planned: &PlannedComponent) -> Result<Source, String> {
        let policy = match planned.policy {
            ImagePullPolicy::Always => oci::Policy::Always,
            ImagePullPolicy::Never => oci::Policy::Never,
            ImagePullPolicy::IfNotPresent | ImagePullPolicy::Unspecified => oci::Policy::IfNotPresent,
        };
        let login = planned.login.as_ref().map(|login| oci::Login {
            username: login.username.clone(),
            password: oci::Secret::new(login.password.expose()),
        });
        let begin = Instant::now();
        let pulled = self.shared.store.fetch(&planned.image, policy, login.as_ref()).await;
        self.shared.metrics.pulled(pulled.as_ref().ok().map(|pulled| pulled.origin), begin.elapsed());
        let pulled = pulled.map_err(|err| format!("component `{}`: {err}", planned.name))?;
        let oci::Component { digest, manifest_digest: image, bytes, in_use, .. } = pulled;
        Ok(Source { name: planned.name.clone(), digest, image, bytes, in_use })
    }

    fn part(&self, id: &str, plan: &Plan, component: &PlannedComponent, volumes: &Arc<Volumes>) -> Arc<Part> {
        Arc::new(Part {
            namespace: plan.namespace.clone(),
            workload: plan.name.clone(),
            component: component.name.clone(),
            environment: component.environment.clone(),
            config: component.config.clone(),
            mounts: volumes.mounts(&component.mounts),
            volumes: Arc::clone(volumes),
            memory: component.memory,
            allowed_hosts: component.allowed_hosts.clone(),
            client: self.shared.client.of(id),
            pool: component.pool,
        })
    }

    /// How a workload is.
    pub(super) fn status(&self, payload: &[u8]) -> Vec<u8> {
        let status = match WorkloadStatusRequest::from_json(payload) {
            Ok(request) => self.slots.status(&request.workload_id),
            Err(err) => error(id_of(payload), err.to_string()),
        };
        WorkloadStatusResponse::from(status).to_json()
    }

    /// Ends a workload; it serves nothing new when the answer is sent.
    pub(super) fn stop(&self, payload: &[u8]) -> Vec<u8> {
        let status = match WorkloadStopRequest::from_json(payload) {
            Ok(request) => {
                let id = request.workload_id;
                let slot = self.slots.take(&id);
                let known = slot.is_some();
                if let Some(Slot::Running(running)) = slot {
                    self.end(&running);
                }
                self.count();
                if known {
                    let message = "the workload is stopped".into();
                    WorkloadStatus { workload_id: id, workload_state: WorkloadState::Stopping, message }
                } else {
                    self.slots.status(&id)
                }
            }
            Err(err) => error(id_of(payload), err.to_string()),
        };
        self.shared.metrics.command("stop", status.workload_state == WorkloadState::Stopping);
        WorkloadStopResponse::from(status).to_json()
    }

    fn end(&self, running: &Running) {
        if let Some(target) = &running.route {
            self.shared.router.remove(target);
            self.shared.metrics.forget(&target.meters);
        }
        for part in &running.parts {
            self.shared.metrics.forget_sent(part);
        }
    }
}

fn error(id: String, message: String) -> WorkloadStatus {
    WorkloadStatus { workload_id: id, workload_state: WorkloadState::Error, message }
}

/// The id of a request that is wrong in some other place: an answer without it is of no use to anybody.
fn id_of(payload: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(payload).unwrap_or_default();
    let id = value.get("workloadId").or_else(|| value.get("workload_id"));
    id.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
