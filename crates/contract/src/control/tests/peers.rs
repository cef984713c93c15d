//! Operator and host may be a version apart: what those of before were seen to say on a cluster is read whole, and written the same.

use serde_json::Value;

use crate::control::own::{WorkloadList, WorkloadListRequest};
use crate::control::{
    HostHeartbeat, Message, WorkloadStartRequest, WorkloadStartResponse, WorkloadStatusRequest, WorkloadStatusResponse,
    WorkloadStopRequest, WorkloadStopResponse,
};

/// Messages of a version, one a line: what it is called, and itself.
const RECORDED: &[(&str, &str)] = &[("0.1", include_str!("peers/0.1.jsonl"))];

/// Reads a message and writes it again.
fn again<M: Message>(data: &Value) -> Value {
    let read = M::from_json(data.to_string().as_bytes()).unwrap();
    serde_json::from_slice(&read.to_json()).unwrap()
}

#[test]
fn what_a_peer_of_before_said_loses_nothing_and_gains_nothing() {
    for (version, lines) in RECORDED {
        let mut kinds = Vec::new();
        for line in lines.lines() {
            let recorded: Value = serde_json::from_str(line).unwrap();
            let (kind, data) = (recorded["message"].as_str().unwrap(), &recorded["data"]);
            let written = match kind {
                "HostHeartbeat" => again::<HostHeartbeat>(data),
                "WorkloadList" => again::<WorkloadList>(data),
                "WorkloadListRequest" => again::<WorkloadListRequest>(data),
                "WorkloadStartRequest" => again::<WorkloadStartRequest>(data),
                "WorkloadStartResponse" => again::<WorkloadStartResponse>(data),
                "WorkloadStatusRequest" => again::<WorkloadStatusRequest>(data),
                "WorkloadStatusResponse" => again::<WorkloadStatusResponse>(data),
                "WorkloadStopRequest" => again::<WorkloadStopRequest>(data),
                "WorkloadStopResponse" => again::<WorkloadStopResponse>(data),
                other => panic!("{version}: nobody knows a {other}"),
            };
            assert_eq!(written, *data, "{version}: {kind}");
            kinds.push(kind.to_owned());
        }
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), 9, "{version}: only {kinds:?} were recorded");
    }
}
