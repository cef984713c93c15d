//! The host interfaces of a workload: what its components import from, or export to, the host.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{LocalObjectReference, absent};

/// The CEL rules on the list of host interfaces: rule and message. CEL reserves the words `namespace` and `package`.
pub const HOST_INTERFACE_RULES: [(&str, &str); 2] = [
    (
        "self.all(x, self.exists_one(y, y.__namespace__ == x.__namespace__ && y.__package__ == x.__package__ && \
         (has(y.name) ? y.name : '') == (has(x.name) ? x.name : '') && \
         (has(y.version) ? y.version : '') == (has(x.version) ? x.version : '')))",
        "two hostInterfaces have the same namespace, package, name and version: merge them into one entry",
    ),
    (
        "self.all(x, (has(x.name) && x.name != '') || self.filter(y, y.__namespace__ == x.__namespace__ && \
         y.__package__ == x.__package__ && !(has(y.name) && y.name != '')).size() == 1)",
        "two hostInterfaces of the same namespace and package have no name: give each of them a unique name",
    ),
];

/// The rules in the shape of `x-kubernetes-validations`.
pub(super) fn validations() -> Value {
    HOST_INTERFACE_RULES.iter().map(|(rule, message)| json!({"rule": rule, "message": message})).collect()
}

/// Interfaces of one package that the components get from the host or offer to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostInterface {
    /// `ConfigMap`s whose keys are taken over into `config`. The last one wins.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub config_from: Vec<LocalObjectReference>,

    /// Secrets whose keys are taken over into `config`; values must be UTF-8. The last one wins.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "Vec::is_empty")]
    pub secret_from: Vec<LocalObjectReference>,

    /// Settings for the plugin behind the interfaces, such as `host` for `wasi:http`.
    #[serde(default, deserialize_with = "absent::or_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,

    /// Tells entries of the same package apart: the label of an `implements` import, which a component opens the resource by,
    /// or the id of a plugin.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = "^[a-z0-9][a-z0-9-]*$"))]
    pub name: Option<String>,

    /// Namespace of the package: `wasi`.
    #[schemars(length(max = 128))]
    pub namespace: String,

    /// The package: `http`.
    #[schemars(length(max = 128))]
    pub package: String,

    /// Interfaces of the package: `incoming-handler`.
    #[schemars(length(min = 1))]
    pub interfaces: Vec<String>,

    /// Version of the package. It must be the one the component was built with; left out, any will do.
    #[serde(default, deserialize_with = "absent::if_empty", skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub version: Option<String>,
}
