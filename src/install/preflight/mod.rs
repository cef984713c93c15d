//! What would be in the way of an install, found before it: everything in one run, each with what to do about it.

mod capacity;
mod nats;
mod neighbours;
mod places;
mod pods;
mod references;
mod rights;
#[cfg(test)]
mod sample;
mod storage;

use kube::Client;
use tokio::time::Duration;

use crate::cluster::{ClusterError, Kinds};
use crate::release::Revision;

use super::change::in_place;
use super::{Action, Content, InstallError, Plan, Planner, Step};

pub use capacity::capacity;
use places::{LATER, Places};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Worth knowing.
    Warning,
    /// The install would fail.
    Bad,
    /// Nobody could look.
    Unknown,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `rights`, `images` and so on.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do; empty when it is good.
    pub hint: String,
}

impl Finding {
    fn good(check: &'static str, seen: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Good, seen: seen.into(), hint: String::new() }
    }

    fn warning(check: &'static str, seen: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, seen: seen.into(), hint: hint.into() }
    }

    fn bad(check: &'static str, seen: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Bad, seen: seen.into(), hint: hint.into() }
    }

    fn unknown(check: &'static str, seen: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Unknown, seen: seen.into(), hint: hint.into() }
    }
}

/// What preflight may do.
#[derive(Clone, Copy, Debug)]
pub struct Probing {
    /// A short-lived Pod pulls the images and asks the NATS servers from inside the cluster.
    pub pod: bool,
    /// Definitions are left as they are.
    pub skip_crds: bool,
    /// How long it may take.
    pub timeout: Duration,
}

/// Looks at everything that an install of `content` needs.
pub async fn preflight(
    client: &Client,
    content: &Content,
    revisions: &[Revision],
    probing: Probing,
) -> Result<Vec<Finding>, InstallError> {
    let release = &content.release;
    let kinds = Kinds::new(client.clone());
    let mut found = vec![version(client).await?];
    let planner = Planner {
        client,
        kinds: &kinds,
        take_ownership: false,
        force_conflicts: false,
        skip_crds: probing.skip_crds,
        check_new: true,
    };
    let places = Places::ask(client, &kinds, content).await?;
    found.extend(places.findings());
    let plan = match planner.plan(content, &in_place(revisions)?).await {
        Ok(plan) => Some(plan),
        Err(err) => {
            for line in err.to_string().lines() {
                found.push(Finding::bad("objects", line, hint_of(&err)));
            }
            None
        }
    };
    if let Some(plan) = plan {
        found.push(Finding::good("objects", format!("the API server takes all {} objects", plan.steps.len())));
        found.extend(definitions(&plan));
        found.extend(rights::check(client, &plan, release).await?);
        found.extend(storage::check(client, &plan).await?);
        found.extend(references::check(client, &plan, release).await?);
        found.extend(capacity(client, &plan).await?);
        found.extend(pods::admitted(client, &plan, release, &places).await?);
        if probing.pod {
            found.extend(pods::probed(client, &plan, release, &places, probing.timeout).await?);
            if places.is_missing(&release.namespace) {
                let seen = format!("the namespace {} is not there yet", release.namespace);
                found.push(Finding::unknown("nats", seen, LATER));
            } else {
                found.extend(nats::reached(client, &plan, release, probing.timeout).await?);
            }
        } else {
            found.push(Finding::unknown("images, nats", "no Pod was to be made", "leave --no-pod out"));
        }
    }
    found.extend(neighbours::check(client, release).await?);
    Ok(found)
}

async fn version(client: &Client) -> Result<Finding, ClusterError> {
    let version = client.apiserver_version().await.map_err(ClusterError::when("ask the version of the cluster"))?;
    let number = |text: &str| text.trim_end_matches('+').parse::<u64>().unwrap_or_default();
    let (major, minor) = crate::export::OLDEST_KUBERNETES;
    if (number(&version.major), number(&version.minor)) < (major, minor) {
        let hint = format!("the chart needs {major}.{minor} or newer");
        return Ok(Finding::bad("version", format!("the cluster is {}", version.git_version), hint));
    }
    Ok(Finding::good("version", format!("the cluster is {}", version.git_version)))
}

/// Whose definitions are there.
fn definitions(plan: &Plan) -> Vec<Finding> {
    let one = |step: &Step| {
        let name = &step.object.name;
        let by = step.before.as_ref().map(super::marks::managers).unwrap_or_default();
        match step.action {
            Action::Create => Finding::good("definitions", format!("{name} is not there, and will be made")),
            Action::Same => Finding::good("definitions", format!("{name} is there as it should be, by {by}")),
            _ => Finding::warning(
                "definitions",
                format!("{name} is there by {by} and differs"),
                "the install brings it to this version; --skip-crds leaves it",
            ),
        }
    };
    plan.crds.iter().map(one).collect()
}

const fn hint_of(err: &InstallError) -> &'static str {
    match err {
        InstallError::Owned(_) => "use another release name or namespace, or take these objects over",
        InstallError::StoredVersion { .. } => "migrate the stored objects first",
        InstallError::Cluster(ClusterError::NoKind { .. }) => "install what defines the kind, or turn the value off",
        _ => "put this right first; the API server would refuse the object at the install, too",
    }
}
