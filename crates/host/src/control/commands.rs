//! Start, status, stop: each in a task of its own, each with an answer.

use std::sync::Arc;
use std::time::Instant;

use chartwright_contract::control::{
    ImagePullPolicy, Message, WorkloadStartRequest, WorkloadStartResponse, WorkloadState, WorkloadStatus,
    WorkloadStatusRequest, WorkloadStatusResponse, WorkloadStopRequest, WorkloadStopResponse,
};
use futures::future::try_join_all;
use wasmtime_wasi_http::handler::ProxyHandler;

use super::Control;
use super::slots::{Reserved, Slot};
use crate::http::Target;
use crate::oci;
use crate::workload::{Handler, Part, Plan, PlannedComponent, Running};

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
            result = self.set_up(&id, &workload) => result,
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
        let permit = self.starts.acquire().await.map_err(|_| "the host is about to end".to_owned())?;
        let components = try_join_all(plan.components.iter().map(|component| self.component(component))).await?;
        let (compiled, in_use): (Vec<_>, Vec<_>) = components.into_iter().unzip();
        drop(permit);
        // The first component that serves HTTP gets the requests, as upstream has it.
        let serving = plan.components.iter().zip(&compiled).find(|(_, compiled)| compiled.http.is_some());
        let route = match (&plan.hosts, serving) {
            (Some(names), Some((component, compiled))) => {
                let part = self.part(id, &plan, component);
                let handler = Handler::new(self.shared.handler.clone(), Arc::clone(compiled), Arc::clone(&part));
                let meters = self.shared.metrics.of(&part);
                let most = self.shared.options.max_in_flight_per_workload;
                let target = Target::new(part, ProxyHandler::new(handler), most, meters);
                self.shared.router.add(names, &target).map_err(|err| err.to_string())?;
                Some(target)
            }
            (Some(_), None) => {
                return Err("no component exports `wasi:http/incoming-handler` or `wasi:http/handler`".into());
            }
            (None, _) => None,
        };
        Ok(Running { route, components: compiled.len(), compiled, in_use })
    }

    async fn component(
        &self,
        planned: &PlannedComponent,
    ) -> Result<(Arc<crate::engine::Compiled>, oci::InUse), String> {
        let fault = |why: String| format!("component `{}`: {why}", planned.name);
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
        let pulled = pulled.map_err(|err| fault(err.to_string()))?;
        let compiled = self.shared.compiler.compile(&pulled.digest, &pulled.bytes).await;
        Ok((compiled.map_err(|err| fault(err.to_string()))?, pulled.in_use))
    }

    fn part(&self, id: &str, plan: &Plan, component: &PlannedComponent) -> Arc<Part> {
        Arc::new(Part {
            workload_id: id.to_owned(),
            namespace: plan.namespace.clone(),
            workload: plan.name.clone(),
            component: component.name.clone(),
            environment: component.environment.clone(),
            config: component.config.clone(),
            allowed_hosts: component.allowed_hosts.clone(),
            client: self.shared.client.clone(),
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
