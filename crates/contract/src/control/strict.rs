//! A reader as strict as upstream's, for tests: whatever we write must pass it, because upstream drops a whole message for one
//! field it does not know. It is a table of its own, so that it does not repeat a mistake of the types.

use serde_json::Value;

/// What a field holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Truth,
    /// 32 bits, a number.
    Number,
    /// 64 bits, a number in quotes.
    Wide,
    Float,
    Moment,
    /// One of these names.
    Name(&'static [&'static str]),
    /// Texts by name.
    Map,
    Texts,
    One(&'static [Field]),
    Many(&'static [Field]),
}
use Kind::{Float, Many, Map, Moment, Name, Number, One, Text, Texts, Truth, Wide};

/// Name in JSON and what it holds.
type Field = (&'static str, Kind);

const INTERFACE: &[Field] = &[
    ("namespace", Text),
    ("package", Text),
    ("version", Text),
    ("interfaces", Texts),
    ("config", Map),
    ("name", Text),
];
const HEARTBEAT: &[Field] = &[
    ("id", Text),
    ("hostname", Text),
    ("friendlyName", Text),
    ("version", Text),
    ("labels", Map),
    ("startedAt", Moment),
    ("osArch", Text),
    ("osName", Text),
    ("osKernel", Text),
    ("systemCpuUsage", Float),
    ("systemMemoryTotal", Wide),
    ("systemMemoryFree", Wide),
    ("componentCount", Wide),
    ("workloadCount", Wide),
    ("imports", Many(INTERFACE)),
    ("exports", Many(INTERFACE)),
    ("httpPort", Number),
    ("environment", Text),
];
const POLICY: Kind = Name(&[
    "IMAGE_PULL_POLICY_UNSPECIFIED",
    "IMAGE_PULL_POLICY_ALWAYS",
    "IMAGE_PULL_POLICY_IF_NOT_PRESENT",
    "IMAGE_PULL_POLICY_NEVER",
]);
const PULL_SECRET: &[Field] = &[("username", Text), ("password", Text)];
const MOUNT: &[Field] = &[("name", Text), ("mountPath", Text), ("readOnly", Truth)];
const RESOURCES: &[Field] = &[
    ("memoryLimitMb", Number),
    ("cpuLimit", Number),
    ("config", Map),
    ("environment", Map),
    ("volumeMounts", Many(MOUNT)),
    ("allowedHosts", Texts),
    ("allowedIpNameLookups", Texts),
    ("allowedHostLoopbackPorts", Texts),
];
/// As of 2.7: the two fields of 2.9 are not among them.
const COMPONENT: &[Field] = &[
    ("image", Text),
    ("localResources", One(RESOURCES)),
    ("poolSize", Number),
    ("maxInvocations", Number),
    ("imagePullSecret", One(PULL_SECRET)),
    ("name", Text),
    ("imagePullPolicy", POLICY),
    ("maxConcurrency", Number),
];
const SERVICE: &[Field] = &[
    ("image", Text),
    ("localResources", One(RESOURCES)),
    ("maxRestarts", Wide),
    ("imagePullSecret", One(PULL_SECRET)),
    ("imagePullPolicy", POLICY),
];
const VOLUME: &[Field] = &[("name", Text), ("hostPath", One(&[("localPath", Text)])), ("emptyDir", One(&[]))];
const WORLD: &[Field] = &[("components", Many(COMPONENT)), ("hostInterfaces", Many(INTERFACE))];
const WORKLOAD: &[Field] = &[
    ("namespace", Text),
    ("name", Text),
    ("annotations", Map),
    ("service", One(SERVICE)),
    ("witWorld", One(WORLD)),
    ("volumes", Many(VOLUME)),
];
const START: &[Field] = &[("workload", One(WORKLOAD)), ("workloadId", Text)];
const ID: &[Field] = &[("workloadId", Text)];
const STATUS: &[Field] = &[
    ("workloadId", Text),
    (
        "workloadState",
        Name(&[
            "WORKLOAD_STATE_UNSPECIFIED",
            "WORKLOAD_STATE_STARTING",
            "WORKLOAD_STATE_RUNNING",
            "WORKLOAD_STATE_COMPLETED",
            "WORKLOAD_STATE_STOPPING",
            "WORKLOAD_STATE_ERROR",
            "WORKLOAD_STATE_NOT_FOUND",
        ]),
    ),
    ("message", Text),
];
const RESPONSE: &[Field] = &[("workloadStatus", One(STATUS))];

/// Says what upstream's readers of version 2.7 would refuse in a message of this name, or what its writers would never write.
pub fn check(message: &str, payload: &[u8]) -> Result<(), String> {
    let fields = match message {
        "HostHeartbeat" => HEARTBEAT,
        "WorkloadStartRequest" => START,
        "WorkloadStatusRequest" | "WorkloadStopRequest" => ID,
        "WorkloadStartResponse" | "WorkloadStatusResponse" | "WorkloadStopResponse" => RESPONSE,
        other => return Err(format!("{other} is no message of the control plane")),
    };
    let value = serde_json::from_slice(payload).map_err(|error| error.to_string())?;
    object(message, fields, &value)
}

fn object(path: &str, fields: &[Field], value: &Value) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| format!("{path}: no object"))?;
    for (name, value) in object {
        let (_, kind) =
            fields.iter().find(|(known, _)| known == name).ok_or_else(|| format!("{path}: unknown field {name}"))?;
        field(&format!("{path}.{name}"), *kind, value)?;
    }
    // The only messages with a oneof are volumes.
    if object.contains_key("hostPath") && object.contains_key("emptyDir") {
        return Err(format!("{path}: both of a oneof"));
    }
    Ok(())
}

fn field(path: &str, kind: Kind, value: &Value) -> Result<(), String> {
    let right = match kind {
        Text => value.is_string(),
        Truth => value.is_boolean(),
        Number => value.is_i64(),
        Wide => value.as_str().is_some_and(|text| text.parse::<u64>().is_ok()),
        Float => value.is_number() || matches!(value.as_str(), Some("NaN" | "Infinity" | "-Infinity")),
        Moment => value.as_str().is_some_and(|text| text.ends_with('Z') && text.parse::<super::Timestamp>().is_ok()),
        Name(names) => value.as_str().is_some_and(|text| names.contains(&text)),
        Map => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
        Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        One(fields) => return object(path, fields, value),
        Many(fields) => {
            let list = value.as_array().ok_or_else(|| format!("{path}: no list"))?;
            return list.iter().try_for_each(|value| object(path, fields, value));
        }
    };
    // Defaults are left out, but for messages that were set.
    let default = match value {
        Value::String(text) => text.is_empty() || text == "0" || text.ends_with("_UNSPECIFIED"),
        Value::Bool(truth) => !truth,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Null => true,
    };
    if !right {
        Err(format!("{path}: not the right kind"))
    } else if default {
        Err(format!("{path}: a default that should have been left out"))
    } else {
        Ok(())
    }
}
