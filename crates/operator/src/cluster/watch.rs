//! One watch of one kind, told to everybody.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use kube::core::{PartialObjectMeta, PartialObjectMetaExt as _};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, Event};
use kube::{Api, Resource};
use serde::de::DeserializeOwned;

use super::{Key, Sight, Store};
use crate::health::Health;

/// Whatever is wrong with the API server, it is asked again after this at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Which objects of a kind.
pub(crate) struct Scope {
    /// Of this namespace; `None`: of all.
    pub(crate) namespace: Option<String>,
    /// With these labels.
    pub(crate) labels: Option<String>,
    /// Who is told when they may not be watched.
    pub(crate) health: Arc<Health>,
    /// Of all watches of the namespace.
    pub(crate) sight: Arc<Sight>,
}

impl Scope {
    fn config(&self) -> watcher::Config {
        match &self.labels {
            Some(labels) => watcher::Config::default().labels(labels),
            None => watcher::Config::default(),
        }
    }
}

/// Keeps a store in step with the cluster for ever; `changed` hears of each object that came, changed or went.
pub(crate) async fn watch<K>(api: Api<K>, scope: Scope, store: Arc<Store<K>>, changed: impl Fn(&K))
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let events = watcher::watcher(api, scope.config()).modify(|object| {
        // Who wrote which field is of no interest here, and half of what an object takes in memory.
        object.meta_mut().managed_fields = None;
    });
    follow(events.backoff(Pauses::default()), &scope, &store, changed).await;
}

/// The same for the names and versions of objects whose content nobody here keeps.
pub(crate) async fn watch_metadata<K>(
    api: Api<PartialObjectMeta<K>>,
    scope: Scope,
    store: Arc<Store<PartialObjectMeta<K>>>,
    changed: impl Fn(&PartialObjectMeta<K>),
) where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let events = watcher::watcher(api, scope.config()).modify(|object| {
        let meta = object.meta();
        let kept = k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta {
            namespace: meta.namespace.clone(),
            name: meta.name.clone(),
            uid: meta.uid.clone(),
            resource_version: meta.resource_version.clone(),
            ..Default::default()
        };
        *object = kept.into_response_partial();
    });
    follow(events.backoff(Pauses::default()), &scope, &store, changed).await;
}

async fn follow<K>(
    events: impl futures::Stream<Item = watcher::Result<Event<K>>>,
    scope: &Scope,
    store: &Store<K>,
    changed: impl Fn(&K),
) where
    K: Resource<DynamicType = ()>,
{
    let mut events = pin!(events);
    let mut listing = BTreeSet::new();
    let mut first = true;
    let name =
        scope.namespace.as_ref().map_or_else(|| K::kind(&()).into_owned(), |at| format!("{} in {at}", K::kind(&())));
    let mut refused = false;
    while let Some(event) = events.next().await {
        // A list begins before its answer is there.
        if refused && !matches!(event, Ok(Event::Init) | Err(_)) {
            refused = false;
            scope.health.refused(&name, None);
            scope.sight.refused(false);
        }
        match event {
            Ok(Event::Apply(_) | Event::Delete(_) | Event::InitApply(_)) if scope.sight.is_left_out() => {}
            Ok(Event::Apply(object)) => changed(&store.put(object)),
            Ok(Event::Delete(object)) => {
                store.remove(&object);
                changed(&object);
            }
            Ok(Event::Init) => listing.clear(),
            Ok(Event::InitApply(object)) => {
                listing.insert(Key::of(&object));
                changed(&store.put(object));
            }
            Ok(Event::InitDone) => {
                for object in store.retain(scope.namespace.as_deref(), &listing) {
                    changed(&object);
                }
                listing.clear();
                if std::mem::take(&mut first) {
                    scope.sight.listed();
                }
            }
            Err(err) => {
                tracing::warn!(kind = %K::kind(&()), error = %err, "the cluster cannot be watched now");
                if let Some(why) = refusal(&err) {
                    if !std::mem::replace(&mut refused, true) {
                        scope.sight.refused(true);
                    }
                    scope.health.refused(&name, Some(why.to_owned()));
                }
            }
        }
    }
}

/// What the API server says to who may not watch.
fn refusal(err: &watcher::Error) -> Option<&str> {
    match err {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status)
            if status.code == 403 =>
        {
            Some(&status.message)
        }
        _ => None,
    }
}

/// Pauses that double, and begin anew after what went well.
#[derive(Default)]
struct Pauses(u32);

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = Duration::from_millis(250) * 2_u32.saturating_pow(self.0);
        self.0 = (self.0 + 1).min(8);
        Some(pause.min(LONGEST_PAUSE))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        self.0 = 0;
    }
}
