//! Waiting until what was applied works, and saying of each object that does not what is in its way.

mod judge;
mod pods;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::Client;
use serde_json::Value;
use tokio::time::{Duration, Instant};

use crate::cluster::{ClusterError, Kind, Kinds, patiently};
use crate::render::Object;

pub use judge::Readiness;

use super::plan::title;
use super::{InstallError, Reporter, Step, apply};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(500);
/// Reading what is in the way of Pods takes several requests: not at every look.
const REASONS: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 8;

/// How it stands with one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `Deployment shop/web`.
    pub title: String,
    /// Whether it works.
    pub readiness: Readiness,
    /// What is in the way of its Pods, if that is known.
    pub because: Option<String>,
}

impl State {
    /// As one line: `Deployment shop/web: 0 of 1 available (Pod web-1: …)`.
    pub fn line(&self) -> String {
        let because = self.because.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
        match &self.readiness {
            Readiness::Ready => format!("{}: ready", self.title),
            Readiness::Waiting(what) | Readiness::Failed(what) => format!("{}: {what}{because}", self.title),
        }
    }
}

/// What is waited for.
#[derive(Clone, Debug)]
pub(super) struct Awaited {
    object: Object,
    kind: Kind,
}

impl Awaited {
    pub(super) fn of(step: &Step) -> Self {
        Self { object: step.object.clone(), kind: step.kind.clone() }
    }
}

/// Waits until all are ready. It ends at once when one has failed for good, and at `end` in any case.
pub(super) async fn until_ready(
    client: &Client,
    all: Vec<Awaited>,
    jobs: bool,
    end: Instant,
    reporter: &mut dyn Reporter,
) -> Result<(), InstallError> {
    let begin = Instant::now();
    let mut open = all;
    let mut asked: Option<Instant> = None;
    loop {
        let looked: Vec<(Awaited, Option<Value>)> = stream::iter(open)
            .map(|one| async {
                let live = patiently(end, async || apply::get(client, &one.kind, &one.object).await).await?;
                Ok::<_, ClusterError>((one, live))
            })
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let late = Instant::now() > end;
        let ask = late || asked.is_none_or(|at| at.elapsed() > REASONS) && begin.elapsed() > REASONS;
        if ask {
            asked = Some(Instant::now());
        }
        let (mut states, mut left) = (Vec::new(), Vec::new());
        for (one, live) in looked {
            let readiness = judge::judge(live.as_ref(), jobs);
            if readiness == Readiness::Ready {
                continue;
            }
            let because = if ask || matches!(readiness, Readiness::Failed(_)) {
                pods::in_the_way(client, &one.object, live.as_ref()).await
            } else {
                None
            };
            states.push(State { title: title(&one.object), readiness, because });
            left.push(one);
        }
        if ask || states.is_empty() {
            reporter.waiting(&states);
        }
        let failed = states.iter().any(|state| matches!(state.readiness, Readiness::Failed(_)));
        if left.is_empty() {
            return Ok(());
        }
        if failed || late {
            let what = states.iter().map(State::line).collect();
            return Err(InstallError::NotReady { seconds: begin.elapsed().as_secs(), what });
        }
        open = left;
        tokio::time::sleep(PAUSE).await;
    }
}

/// How it stands with these objects of a namespace right now, with what is in the way of each that is not ready.
pub async fn look(client: &Client, objects: Vec<Object>, namespace: &str) -> Result<Vec<State>, ClusterError> {
    let kinds = Kinds::new(client.clone());
    let mut found = Vec::new();
    for mut object in objects {
        let kind = match kinds.find(&object.api_version, &object.kind).await {
            Ok(kind) => Ok(kind),
            // A kind that is gone took its objects along; the others are there to be looked at.
            Err(gone @ ClusterError::NoKind { .. }) => Err(gone),
            Err(err) => return Err(err),
        };
        if kind.as_ref().is_ok_and(|kind| kind.namespaced) {
            object.namespace.get_or_insert_with(|| namespace.to_owned());
        }
        found.push((object, kind));
    }
    stream::iter(&found)
        .map(|(object, kind)| async move {
            match kind {
                Ok(kind) => state_of(client, object, kind).await,
                Err(gone) => Ok(State {
                    title: title(object),
                    readiness: Readiness::Failed(format!("is not there: {gone}")),
                    because: None,
                }),
            }
        })
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

async fn state_of(client: &Client, object: &Object, kind: &Kind) -> Result<State, ClusterError> {
    let live = match apply::get(client, kind, object).await {
        Err(err) if err.code() == Some(403) => {
            let readiness = Readiness::Waiting(format!("nobody knows: {err}"));
            return Ok(State { title: title(object), readiness, because: None });
        }
        live => live?,
    };
    let readiness = judge::as_wanted(&object.value, live.as_ref()).unwrap_or_else(|| judge::judge(live.as_ref(), true));
    let because = match readiness {
        Readiness::Ready => None,
        _ => pods::in_the_way(client, object, live.as_ref()).await,
    };
    Ok(State { title: title(object), readiness, because })
}

/// What is in the way of the Pods of an object.
pub(super) async fn pods(client: &Client, object: &Object, live: Option<&Value>) -> Option<String> {
    pods::in_the_way(client, object, live).await
}
