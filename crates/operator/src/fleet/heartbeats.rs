//! What hosts say of themselves.

use std::sync::Arc;

use chartwright_contract::control::own::DRAINING;
use chartwright_contract::control::subjects::{HEARTBEATS, Subject, own_reports};
use chartwright_contract::control::{HostHeartbeat, Message as _};
use futures::StreamExt as _;

use super::Heard;
use crate::operator::Operator;

/// Listens for ever.
pub(crate) async fn listen(operator: Arc<Operator>) -> Result<(), String> {
    let heartbeats = operator.bus.subscribe(HEARTBEATS.to_owned()).await?;
    let reports = operator.bus.subscribe(own_reports()).await?;
    let mut messages = futures::stream::select(heartbeats, reports);
    while let Some(message) = messages.next().await {
        match Subject::parse(&message.subject) {
            Some(Subject::Heartbeat(_)) => match HostHeartbeat::from_json(&message.payload) {
                Ok(heartbeat) => hear(&operator, heartbeat),
                Err(err) => tracing::warn!(subject = %message.subject, error = %err, "a heartbeat cannot be read"),
            },
            Some(Subject::OwnReport(host, topic)) if topic == DRAINING => operator.host_drains(host.as_str()),
            _ => {}
        }
    }
    Err("the subscription to heartbeats ended".into())
}

/// Takes a heartbeat in, or a poll's answer.
pub(crate) fn hear(operator: &Operator, heartbeat: HostHeartbeat) {
    if heartbeat.id.is_empty() || heartbeat.friendly_name.is_empty() {
        tracing::warn!(id = heartbeat.id, name = heartbeat.friendly_name, "a heartbeat without id or name");
        return;
    }
    if operator.is_foreign(&heartbeat.labels) {
        tracing::debug!(host = heartbeat.friendly_name, "a host of another release is left alone");
        return;
    }
    let (id, name) = (heartbeat.id.clone(), heartbeat.friendly_name.clone());
    match operator.fleet.heard(heartbeat) {
        Heard::Known => operator.queues.hosts.add(id),
        Heard::New(before) => {
            tracing::info!(host = name, id, "a host is there");
            if let Some(before) = before {
                operator.host_replaced(&before, &name);
            }
            operator.host_came(&id);
        }
        Heard::Double(newer) => {
            tracing::warn!(host = name, id, newer, "two hosts go by one name; the older process is left out");
        }
    }
}
