//! A status in the making: written once, at the end of a look, and only if it is another one.

use chartwright_contract::control::own;
use chartwright_contract::crds::{Workload, WorkloadStatus};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::super::{Failure, now};
use super::reason;
use crate::conditions::{self, Outcome, holds};
use crate::operator::Operator;

/// How the message of the condition Config begins: what the workload was started with.
const REFERENCES: &str = "references ";

pub(super) struct Draft {
    before: Option<WorkloadStatus>,
    status: WorkloadStatus,
    now: Time,
}

impl Draft {
    pub(super) fn of(workload: &Workload) -> Self {
        let status = workload.status.clone().unwrap_or_default();
        Self { before: workload.status.clone(), status, now: now() }
    }

    /// Sets a condition. Returns whether it is another one now.
    pub(super) fn set(&mut self, type_: &str, outcome: &Outcome) -> bool {
        conditions::set(&mut self.status.conditions, type_, outcome, &self.now)
    }

    /// The condition Config: all that it refers to is there, in this revision.
    pub(super) fn set_config(&mut self, revision: Option<&str>) {
        let with = revision.map(|revision| Outcome::TrueWith(format!("{REFERENCES}{revision}")));
        self.set("Config", &with.unwrap_or(Outcome::True));
    }

    /// What Config says it was started with.
    pub(super) fn revision(&self) -> Option<&str> {
        let config = self.status.conditions.iter().find(|condition| condition.type_ == "Config")?;
        config.message.as_deref()?.strip_prefix(REFERENCES)
    }

    /// What it refers to is another thing now.
    pub(super) fn outdated(&mut self) {
        let said = "a ConfigMap or Secret that it was started with has changed since".to_owned();
        self.set("Config", &Outcome::False(reason::OUTDATED, said));
    }

    pub(super) fn is_outdated(&self) -> bool {
        let config = self.status.conditions.iter().find(|condition| condition.type_ == "Config");
        config.is_some_and(|config| config.reason.as_deref() == Some(reason::OUTDATED))
    }

    /// It is to run there.
    pub(super) fn place(&mut self, host: &str, environment: Option<String>) {
        self.status.host_id = Some(host.to_owned());
        self.status.environment = environment.filter(|environment| !environment.is_empty());
        self.status.workload_id = None;
    }

    /// It is nowhere.
    pub(super) fn leave(&mut self) {
        self.status.host_id = None;
        self.status.environment = None;
        self.status.workload_id = None;
        let why = "its host is gone".to_owned();
        self.set("Placement", &Outcome::False(reason::NO_HOST, why.clone()));
        self.set("Sync", &Outcome::False(reason::NO_HOST, why));
        self.ready();
    }

    /// It runs, in the words of its host. Of them only the images are kept: upstream's hosts have others at a start than later.
    pub(super) fn runs(&mut self, id: &str, said: &str) {
        self.status.workload_id = Some(id.to_owned());
        self.set("HostSelection", &Outcome::True);
        self.set("Placement", &Outcome::True);
        let images = own::images_of(said).map(|images| Outcome::TrueWith(images.to_owned()));
        self.set("Sync", &images.unwrap_or(Outcome::True));
        self.ready();
    }

    /// Ready is what Placement and Sync are together.
    pub(super) fn ready(&mut self) {
        let conditions = &self.status.conditions;
        let outcome = if holds(conditions, "Placement") && holds(conditions, "Sync") {
            Outcome::True
        } else {
            // The first that does not hold says why.
            let order = ["Config", "HostSelection", "Placement", "Sync"];
            let first = order.iter().find_map(|type_| {
                conditions.iter().find(|condition| condition.type_ == *type_ && condition.status != "True")
            });
            let why = first.and_then(|condition| condition.message.clone()).unwrap_or_default();
            Outcome::False(reason::NOT_RUNNING, why)
        };
        self.set("Ready", &outcome);
    }

    pub(super) async fn write(self, operator: &Operator, workload: &Workload) -> Result<(), Failure> {
        Ok(operator.cluster.status(workload, self.before.as_ref(), &self.status).await?)
    }
}

#[cfg(test)]
mod tests {
    use chartwright_contract::crds::WorkloadSpec;

    use super::*;

    #[test]
    fn a_workload_that_runs_says_which_images_if_its_host_does() {
        let message = |said: &str| {
            let mut draft = Draft::of(&Workload::new("w", WorkloadSpec::default()));
            draft.runs("id", said);
            assert!(holds(&draft.status.conditions, "Ready"));
            let sync = draft.status.conditions.iter().find(|condition| condition.type_ == "Sync");
            sync.unwrap().message.clone()
        };
        let ours = message("the workload runs; images: api sha256:ab");
        assert_eq!(ours.as_deref(), Some("images: api sha256:ab"));
        assert_eq!(message("workload started successfully"), None);
    }
}
