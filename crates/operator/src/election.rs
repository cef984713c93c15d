//! One active operator among several: a Lease, as Kubernetes' own components hold it.

use std::time::{Duration, Instant};

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};

/// How long a Lease holds that nobody renews; how often it is renewed; and how long a leader that cannot renew it goes on.
const HOLDS: Duration = Duration::from_secs(15);
const RENEW: Duration = Duration::from_secs(2);
const DEADLINE: Duration = Duration::from_secs(10);

/// A Lease, and who we are.
pub(crate) struct Election {
    api: Api<Lease>,
    name: String,
    identity: String,
}

/// What was seen of the Lease.
struct Seen {
    lease: Lease,
    /// When this content was first seen. By our own clock: others' may go wrong.
    since: Instant,
}

impl Election {
    pub(crate) fn new(client: Client, namespace: &str, name: &str, identity: &str) -> Self {
        Self { api: Api::namespaced(client, namespace), name: name.to_owned(), identity: identity.to_owned() }
    }

    /// Waits until the Lease is ours.
    pub(crate) async fn win(&self) {
        let mut seen: Option<Seen> = None;
        loop {
            match self.attempt(&mut seen).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(err) => tracing::warn!(lease = self.name, error = %err, "the Lease cannot be looked at"),
            }
            tokio::time::sleep(RENEW).await;
        }
    }

    /// Renews the Lease, and returns when it is not ours any more.
    pub(crate) async fn hold(&self) {
        let mut last = Instant::now();
        loop {
            tokio::time::sleep(RENEW).await;
            let left = DEADLINE.saturating_sub(last.elapsed());
            match tokio::time::timeout(left, self.attempt(&mut None)).await {
                Ok(Ok(true)) => last = Instant::now(),
                Ok(Ok(false)) => {
                    tracing::error!(lease = self.name, "another operator holds the Lease");
                    return;
                }
                Ok(Err(err)) => tracing::warn!(lease = self.name, error = %err, "the Lease cannot be renewed"),
                Err(_) => {}
            }
            if last.elapsed() >= DEADLINE {
                tracing::error!(lease = self.name, "the Lease could not be renewed in time");
                return;
            }
        }
    }

    /// Hands the Lease over: the next one need not wait until it ends.
    pub(crate) async fn release(&self) -> kube::Result<()> {
        let Some(mut lease) = self.api.get_opt(&self.name).await? else { return Ok(()) };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() != Some(&self.identity) {
            return Ok(());
        }
        spec.holder_identity = None;
        spec.lease_duration_seconds = Some(1);
        spec.renew_time = Some(MicroTime(Timestamp::now()));
        self.replace(&lease).await
    }

    /// Takes the Lease, or renews it. The version that was read decides between two who try at the same time.
    async fn attempt(&self, seen: &mut Option<Seen>) -> kube::Result<bool> {
        let Some(mut lease) = self.api.get_opt(&self.name).await? else {
            let lease = Lease {
                metadata: ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() },
                spec: Some(self.held(0)),
            };
            return won(self.api.create(&PostParams::default(), &lease).await.map(drop));
        };
        let spec = lease.spec.clone().unwrap_or_default();
        let holder = spec.holder_identity.clone().unwrap_or_default();
        if holder == self.identity {
            let renewed = LeaseSpec { renew_time: Some(MicroTime(Timestamp::now())), ..spec };
            lease.spec = Some(renewed);
            return won(self.replace(&lease).await);
        }
        let limit = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
        let limit = limit.map_or(HOLDS, Duration::from_secs);
        let known = seen.take().filter(|seen| seen.lease.spec == lease.spec);
        let since = known.map_or_else(Instant::now, |seen| seen.since);
        if !holder.is_empty() && since.elapsed() < limit {
            *seen = Some(Seen { lease, since });
            return Ok(false);
        }
        lease.spec = Some(self.held(spec.lease_transitions.unwrap_or_default() + 1));
        won(self.replace(&lease).await)
    }

    fn held(&self, transitions: i32) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(HOLDS.as_secs()).ok(),
            acquire_time: Some(now.clone()),
            renew_time: Some(now),
            lease_transitions: Some(transitions),
            ..LeaseSpec::default()
        }
    }

    async fn replace(&self, lease: &Lease) -> kube::Result<()> {
        self.api.replace(&self.name, &PostParams::default(), lease).await.map(drop)
    }
}

/// Somebody else was first: that is an answer, not an error.
fn won(result: kube::Result<()>) -> kube::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
        Err(err) => Err(err),
    }
}
