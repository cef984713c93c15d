//! The revisions of one release: Secrets in its namespace.
//!
//! Making the Secret of the next revision is the lock: a second writer finds it taken. Who made it and when stands in
//! annotations, which Helm leaves alone, so that a revision whose maker died can be told from one under way.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use serde_json::Value;

use crate::cluster::{AsCluster, ClusterError};

use super::{CodecError, Record, Status, codec, now};

/// Who writes a revision: `user@machine, process 123`.
const HOLDER: &str = "chartwright.dev/holder";
/// The type of a Secret that holds a revision.
const TYPE: &str = "helm.sh/release.v1";
/// More than a Secret takes.
const LARGEST: usize = 1 << 20;

/// Why a history cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The cluster's answer.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Somebody else was faster.
    #[error("another operation on the release {release} is in progress: it has just made revision {version}")]
    Taken {
        /// The release.
        release: String,
        /// The revision.
        version: u32,
    },
    /// Somebody wrote it since it was read.
    #[error("the record of revision {version} of {release} was changed by somebody else meanwhile")]
    Changed {
        /// The release.
        release: String,
        /// The revision.
        version: u32,
    },
    /// A Secret is not what it says.
    #[error("the Secret {namespace}/{secret} should hold a revision, but {why}")]
    Unreadable {
        /// Where.
        namespace: String,
        /// Its name.
        secret: String,
        /// What is wrong.
        why: CodecError,
    },
    /// Larger than a Secret.
    #[error(
        "the record of {release} would take {size} bytes, and a Secret holds {LARGEST}; the largest parts of it: {}. \
         Nothing was changed",
        .parts.join(", ")
    )]
    TooLarge {
        /// The release.
        release: String,
        /// Bytes.
        size: usize,
        /// What takes them, the largest three.
        parts: Vec<String>,
    },
    /// Helm would write its history elsewhere.
    #[error(
        "HELM_DRIVER is `{0}`: only Helm's default, Secrets, is written here; two histories of one release would disagree"
    )]
    Driver(String),
}

/// A revision as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Revision {
    /// What it says.
    pub record: Record,
    /// Who made it, if it was us.
    pub holder: Option<String>,
    /// The Secret, without its data: its labels and version.
    meta: ObjectMeta,
}

impl Revision {
    fn of(secret: Secret) -> Result<Self, HistoryError> {
        let record = record(&secret)?;
        let holder = secret.metadata.annotations.as_ref().and_then(|all| all.get(HOLDER)).cloned();
        Ok(Self { record, holder, meta: secret.metadata })
    }
}

/// The history of one release.
#[derive(Clone)]
pub struct History {
    api: Api<Secret>,
    release: String,
    namespace: String,
}

impl History {
    /// That of a release; nothing is read yet.
    pub fn new(client: Client, namespace: &str, release: &str) -> Result<Self, HistoryError> {
        match std::env::var("HELM_DRIVER") {
            Ok(driver) if !matches!(driver.as_str(), "" | "secret" | "secrets") => Err(HistoryError::Driver(driver)),
            _ => Ok(Self {
                api: Api::namespaced(client, namespace),
                release: release.to_owned(),
                namespace: namespace.to_owned(),
            }),
        }
    }

    /// All revisions, oldest first. In a namespace that is not there, there are none.
    pub async fn read(&self) -> Result<Vec<Revision>, HistoryError> {
        let ours = ListParams::default().labels(&format!("owner=helm,name={}", self.release));
        let secrets = self.api.list(&ours).await.map_err(ClusterError::when(self.doing("read the history")))?;
        let mut revisions = secrets
            .into_iter()
            .filter(|secret| secret.type_.as_deref() == Some(TYPE))
            .map(Revision::of)
            .collect::<Result<Vec<_>, _>>()?;
        revisions.sort_by_key(|revision| revision.record.version);
        Ok(revisions)
    }

    /// Makes a revision. `holder` says who does it.
    pub async fn create(&self, record: Record, holder: &str) -> Result<Revision, HistoryError> {
        let version = record.version;
        let mut meta = ObjectMeta {
            name: Some(secret_name(&record)),
            annotations: Some([(HOLDER.to_owned(), holder.to_owned())].into()),
            ..ObjectMeta::default()
        };
        label(&mut meta, &record);
        stamp(&mut meta, "createdAt");
        match self.api.create(&PostParams::default(), &self.secret(meta, &record)?).await {
            Ok(secret) => Revision::of(secret),
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => self.ours(&record, holder).await,
            Err(err) => Err(ClusterError::when(self.doing(format!("make revision {version}")))(err).into()),
        }
    }

    /// The revision that is there already, if an earlier try of ours made it and its answer was lost.
    async fn ours(&self, record: &Record, holder: &str) -> Result<Revision, HistoryError> {
        let found = self.api.get_opt(&secret_name(record)).await;
        let found = found.map_err(ClusterError::when(self.doing(format!("read revision {}", record.version))))?;
        match found.map(Revision::of).transpose()? {
            Some(revision) if revision.holder.as_deref() == Some(holder) => Ok(revision),
            _ => Err(HistoryError::Taken { release: self.release.clone(), version: record.version }),
        }
    }

    /// Writes what changed of a revision: its state in the record and on the label in one write.
    pub async fn update(&self, revision: &mut Revision) -> Result<(), HistoryError> {
        let version = revision.record.version;
        let mut meta = revision.meta.clone();
        label(&mut meta, &revision.record);
        stamp(&mut meta, "modifiedAt");
        let name = meta.name.clone().unwrap_or_default();
        let secret = self.secret(meta, &revision.record)?;
        match self.api.replace(&name, &PostParams::default(), &secret).await {
            Ok(secret) => {
                revision.meta = secret.metadata;
                Ok(())
            }
            Err(kube::Error::Api(status)) if status.code == 409 => {
                revision.meta = self.written(revision, &name).await?;
                Ok(())
            }
            Err(err) => Err(ClusterError::when(self.doing(format!("write revision {version}")))(err).into()),
        }
    }

    /// What is stored, if it is what was to be written: an earlier try of ours wrote it, and its answer was lost.
    async fn written(&self, revision: &Revision, name: &str) -> Result<ObjectMeta, HistoryError> {
        let version = revision.record.version;
        let found = self.api.get_opt(name).await;
        let found = found.map_err(ClusterError::when(self.doing(format!("read revision {version}"))))?;
        match found.map(Revision::of).transpose()? {
            Some(found) if found.record == revision.record => Ok(found.meta),
            _ => Err(HistoryError::Changed { release: self.release.clone(), version }),
        }
    }

    /// Takes the record of a revision away.
    pub async fn delete(&self, revision: &Revision) -> Result<(), HistoryError> {
        let name = revision.meta.name.as_deref().unwrap_or_default();
        match self.api.delete(name, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(err) => {
                let version = revision.record.version;
                Err(ClusterError::when(self.doing(format!("delete revision {version}")))(err).into())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Leaves room for one more below `most` revisions (0: no limit): the oldest go first, the one in force never.
    pub async fn prune(&self, revisions: &[Revision], most: usize) -> Result<(), HistoryError> {
        if most == 0 || revisions.len() < most {
            return Ok(());
        }
        let in_force = revisions.iter().rposition(|revision| revision.record.info.status == Status::Deployed);
        let old = revisions.iter().enumerate().filter(|(place, _)| Some(*place) != in_force);
        for (_, revision) in old.take(revisions.len() + 1 - most) {
            self.delete(revision).await?;
        }
        Ok(())
    }

    /// Whether the record fits into a Secret.
    pub fn measure(&self, record: &Record) -> Result<(), HistoryError> {
        self.secret(ObjectMeta::default(), record).map(drop)
    }

    fn secret(&self, metadata: ObjectMeta, record: &Record) -> Result<Secret, HistoryError> {
        let written = |why| HistoryError::Unreadable {
            namespace: self.namespace.clone(),
            secret: metadata.name.clone().unwrap_or_default(),
            why,
        };
        let bytes = codec::encode(record).map_err(written)?;
        if bytes.len() > LARGEST {
            let (release, size) = (self.release.clone(), bytes.len());
            return Err(HistoryError::TooLarge { release, size, parts: largest(record) });
        }
        Ok(Secret {
            metadata,
            type_: Some(TYPE.into()),
            data: Some([("release".to_owned(), ByteString(bytes))].into()),
            ..Secret::default()
        })
    }

    fn doing(&self, what: impl std::fmt::Display) -> String {
        format!("{what} of the release {} in {}", self.release, self.namespace)
    }
}

/// The last revision of every release, of one namespace or of all that may be read; by name. What cannot be decoded is none of
/// a release that we or Helm wrote, and is left out, as Helm does.
pub async fn list(client: Client, namespace: Option<&str>) -> Result<Vec<Record>, HistoryError> {
    let api: Api<Secret> = match namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let mut last: BTreeMap<(String, String), Record> = BTreeMap::new();
    for record in secrets(&api, "owner=helm").await?.iter().filter_map(|secret| record(secret).ok()) {
        let key = (record.name.clone(), record.namespace.clone());
        if last.get(&key).is_none_or(|known| known.version < record.version) {
            last.insert(key, record);
        }
    }
    Ok(last.into_values().collect())
}

/// Every revision on the cluster of which something may be there: those in force, and later ones that are not finished or failed.
/// One that cannot be decoded may be such a one.
pub async fn standing(client: Client) -> Result<Vec<Record>, HistoryError> {
    let all = secrets(&Api::all(client), "owner=helm,status!=superseded").await?;
    let of_helm = all.iter().filter(|secret| secret.type_.as_deref() == Some(TYPE));
    Ok(those_that_stand(of_helm.map(record).collect::<Result<Vec<_>, _>>()?))
}

/// What came before the revision in force was replaced by it, and what came before an uninstall went with it.
fn those_that_stand(mut all: Vec<Record>) -> Vec<Record> {
    let release = |one: &Record| (one.name.clone(), one.namespace.clone());
    let mut floors: BTreeMap<(String, String), u32> = BTreeMap::new();
    for one in all.iter().filter(|one| matches!(one.info.status, Status::Deployed | Status::Uninstalled)) {
        let floor = floors.entry(release(one)).or_default();
        *floor = one.version.max(*floor);
    }
    all.retain(|one| {
        let is_above = floors.get(&release(one)).is_none_or(|floor| one.version >= *floor);
        is_above && one.info.status != Status::Uninstalled
    });
    all
}

async fn secrets(api: &Api<Secret>, labels: &str) -> Result<Vec<Secret>, HistoryError> {
    let secrets = api.list(&ListParams::default().labels(labels)).await;
    Ok(secrets.map_err(ClusterError::when("list the releases"))?.items)
}

/// The record that a Secret holds.
fn record(secret: &Secret) -> Result<Record, HistoryError> {
    let bytes = secret.data.as_ref().and_then(|data| data.get("release")).map(|bytes| bytes.0.as_slice());
    codec::decode(bytes.unwrap_or_default()).map_err(|why| HistoryError::Unreadable {
        namespace: secret.metadata.namespace.clone().unwrap_or_default(),
        secret: secret.metadata.name.clone().unwrap_or_default(),
        why,
    })
}

fn secret_name(record: &Record) -> String {
    format!("sh.helm.release.v1.{}.v{}", record.name, record.version)
}

fn label(meta: &mut ObjectMeta, record: &Record) {
    let labels: &mut BTreeMap<_, _> = meta.labels.get_or_insert_default();
    for (key, value) in [
        ("owner", "helm"),
        ("name", &record.name),
        ("status", record.info.status.word()),
        ("version", &record.version.to_string()),
    ] {
        labels.insert(key.to_owned(), value.to_owned());
    }
}

/// The three largest parts of a record, each with its size before it is packed.
fn largest(record: &Record) -> Vec<String> {
    let size = |value: &Value| value.to_string().len();
    let mut parts = vec![(record.manifest.len(), "the manifest".to_owned())];
    for (key, value) in &record.config {
        parts.push((size(value), format!("the values under `{key}`")));
    }
    for section in ["templates", "files"] {
        for file in record.chart[section].as_array().into_iter().flatten() {
            parts.push((size(&file["data"]), format!("{} of the chart", file["name"].as_str().unwrap_or_default())));
        }
    }
    parts.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    parts.into_iter().take(3).map(|(size, name)| format!("{name} ({size} bytes)")).collect()
}

/// Seconds since 1970 under a label.
fn stamp(meta: &mut ObjectMeta, key: &str) {
    let seconds = now().0.map(jiff::Timestamp::as_second).unwrap_or_default();
    meta.labels.get_or_insert_default().insert(key.to_owned(), seconds.to_string());
}

impl AsCluster for HistoryError {
    fn as_cluster(&self) -> Option<&ClusterError> {
        match self {
            Self::Cluster(err) => Some(err),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Info;

    #[test]
    fn of_a_release_that_is_gone_nothing_stands_whatever_failed_before() {
        let revision = |version, status| {
            let info = Info { status, ..Info::default() };
            Record { name: "web".into(), namespace: "shop".into(), version, info, ..Record::default() }
        };
        let stand = |all: &[(u32, Status)]| -> Vec<u32> {
            let all = all.iter().map(|(version, status)| revision(*version, *status)).collect();
            those_that_stand(all).iter().map(|one| one.version).collect()
        };
        assert!(stand(&[(1, Status::Failed), (2, Status::Uninstalled)]).is_empty());
        assert_eq!(stand(&[(1, Status::Failed), (2, Status::Uninstalled), (3, Status::Failed)]), [3]);
        assert_eq!(stand(&[(1, Status::Failed), (2, Status::Deployed), (3, Status::PendingUpgrade)]), [2, 3]);
        assert_eq!(stand(&[(1, Status::Uninstalling)]), [1]);
    }
}
