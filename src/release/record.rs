//! One revision of a release, field by field as Helm stores it.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{Moment, Status};

/// A revision. What is not named here is kept in `rest`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The release.
    pub name: String,
    /// Its namespace.
    #[serde(default)]
    pub namespace: String,
    /// Which revision: 1 is the install.
    pub version: u32,
    /// How it stands with it.
    pub info: Info,
    /// The whole chart: metadata, templates, files, default values and schema. A later `helm upgrade --reuse-values` renders it.
    #[serde(default)]
    pub chart: Value,
    /// What the user supplied, and nothing of the defaults.
    #[serde(default, deserialize_with = "or_default")]
    pub config: Map<String, Value>,
    /// The objects, a stream of YAML documents with `# Source:` lines; no hooks, and nothing of `crds/`.
    #[serde(default)]
    pub manifest: String,
    /// The hooks.
    #[serde(default, deserialize_with = "or_default")]
    pub hooks: Vec<HookRecord>,
    /// `ssa` or `csa`: how the objects were applied. Helm 3 does not write it, which means `csa`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_method: Option<String>,
    /// Fields that only a newer Helm knows.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// How it stands with a revision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Info {
    /// When the first revision came.
    #[serde(default)]
    pub first_deployed: Moment,
    /// When this one came.
    #[serde(default)]
    pub last_deployed: Moment,
    /// When it was uninstalled.
    #[serde(default)]
    pub deleted: Moment,
    /// What `helm history` shows.
    #[serde(default)]
    pub description: String,
    /// Its state; the Secret's label says the same.
    #[serde(default)]
    pub status: Status,
    /// What was printed after the install.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Fields that only a newer Helm knows.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A hook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HookRecord {
    /// Its object's name.
    pub name: String,
    /// Its object's kind.
    pub kind: String,
    /// The template it comes from, `chartwright/templates/hooks/crds.yaml`.
    #[serde(default)]
    pub path: String,
    /// The object.
    #[serde(default)]
    pub manifest: String,
    /// When it runs: `pre-install` and so on.
    #[serde(default, deserialize_with = "or_default")]
    pub events: Vec<String>,
    /// How its last run went.
    #[serde(default)]
    pub last_run: HookRun,
    /// Lower ones first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub weight: i64,
    /// When its object is deleted; nothing said means `before-hook-creation`.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub delete_policies: Vec<String>,
    /// Fields that only a newer Helm knows.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A run of a hook.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HookRun {
    /// Its begin.
    #[serde(default)]
    pub started_at: Moment,
    /// Its end.
    #[serde(default)]
    pub completed_at: Moment,
    /// `Running`, `Succeeded`, `Failed`, `Unknown`; nothing before it ran.
    #[serde(default)]
    pub phase: String,
}

impl Record {
    /// The chart's name.
    pub fn chart_name(&self) -> &str {
        self.metadata("name")
    }

    /// The chart's version.
    pub fn chart_version(&self) -> &str {
        self.metadata("version")
    }

    /// The version of what the chart installs.
    pub fn app_version(&self) -> &str {
        self.metadata("appVersion")
    }

    fn metadata(&self, key: &str) -> &str {
        self.chart.pointer(&format!("/metadata/{key}")).and_then(Value::as_str).unwrap_or_default()
    }
}

/// Go writes `null` for a list or map in which nothing is.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
const fn is_zero(number: &i64) -> bool {
    *number == 0
}
