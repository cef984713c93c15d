//! WIT interfaces, as hosts offer and workloads want them.

use serde::{Deserialize, Serialize};

use super::Settings;
use super::mapping::absent;

/// Interfaces of one WIT package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WitInterface {
    /// `wasi`.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub namespace: String,
    /// `keyvalue`.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub package: String,
    /// A semantic version. Empty, or anything that is none: any.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub version: String,
    /// `store`, `atomics`.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub interfaces: Vec<String>,
    /// What the capability behind it is told; addresses with passwords among it.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub config: Settings,
    /// Tells several imports of one interface apart. Empty: there is but one.
    #[serde(deserialize_with = "absent::or_default", skip_serializing_if = "absent::is_default")]
    pub name: String,
}
