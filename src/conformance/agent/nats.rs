//! NATS with the release's own identities, over the connection that operator and host make.

use std::collections::BTreeMap;
use std::time::Duration;

use chartwright_contract::nats::async_nats::{Message, Subscriber};
use chartwright_contract::nats::{Connection, NatsOptions, connect};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::{Instant, timeout, timeout_at};

use super::{AgentError, identities};
use crate::conformance::probe::{Act, Heard, Identity, Nats, Seen};

/// Messages of hosts are a few kilobytes.
const SHOWN: usize = 16 << 10;

/// A connection that is there, or why it is not.
async fn connected(
    identities: &BTreeMap<Identity, NatsOptions>,
    identity: Identity,
    end: Instant,
) -> Result<Connection, String> {
    let options = identities
        .get(&identity)
        .ok_or_else(|| format!("the release has no Pod with the identity `{}`", identity.name()))?;
    let connection = connect(options).await.map_err(|err| err.to_string())?;
    if timeout_at(end, connection.connected()).await.unwrap_or(false) {
        return Ok(connection);
    }
    let problem = connection.state().borrow().problem.clone();
    // It would try for ever.
    _ = timeout(Duration::from_secs(1), connection.client().drain()).await;
    Err(problem.map_or_else(|| "no connection in that time".to_owned(), |problem| problem.text))
}

/// Connects once as each of these, and tells what came of it, a line of JSON for each.
pub async fn introduce(flags: &[String], who: &[String], patience: Duration) -> Result<Vec<String>, AgentError> {
    let identities = identities::read(flags)?;
    let mut lines = Vec::new();
    for name in who {
        let identity = identities.keys().find(|identity| identity.name() == name);
        let identity = *identity.ok_or_else(|| AgentError::Nobody(name.clone()))?;
        let timeout_ms = u64::try_from(patience.as_millis()).unwrap_or(u64::MAX);
        let Seen::Nats(heard) = run(&identities, &Nats { identity, act: Act::Connect, timeout_ms }).await else {
            continue;
        };
        let line = json!({
            "identity": name, "connected": heard.connected, "problem": heard.problem,
            "server": heard.server, "jetstream": heard.jetstream,
        });
        lines.push(line.to_string());
    }
    Ok(lines)
}

/// Tries it.
pub(super) async fn run(identities: &BTreeMap<Identity, NatsOptions>, asked: &Nats) -> Seen {
    let end = Instant::now() + Duration::from_millis(asked.timeout_ms);
    let connection = match connected(identities, asked.identity, end).await {
        Ok(connection) => connection,
        Err(problem) => return Seen::Nats(Heard { problem: Some(problem), ..Heard::default() }),
    };
    let info = connection.client().server_info();
    let mut heard = Heard {
        connected: true,
        server: info.version.clone(),
        jetstream: info.jetstream,
        max_payload: info.max_payload,
        ..Heard::default()
    };
    match act(identities, &connection, &asked.act, end).await {
        Ok(messages) => heard.messages = messages,
        Err(problem) => heard.problem = Some(problem),
    }
    _ = timeout(Duration::from_secs(1), connection.client().drain()).await;
    Seen::Nats(heard)
}

async fn act(
    identities: &BTreeMap<Identity, NatsOptions>,
    connection: &Connection,
    act: &Act,
    end: Instant,
) -> Result<Vec<(String, String)>, String> {
    let client = connection.client();
    let said = |err: &dyn std::error::Error| err.to_string();
    match act {
        Act::Connect => Ok(Vec::new()),
        Act::Request { subject, payload } => {
            let request = client.request(subject.clone(), payload.clone().into());
            match timeout_at(end, request).await {
                Ok(Ok(message)) => Ok(vec![shown(&message)]),
                Ok(Err(err)) => Err(said(&err)),
                Err(_) => Err("no reply in that time".to_owned()),
            }
        }
        Act::Listen { subject, enough } => {
            let mut subscription = client.subscribe(subject.clone()).await.map_err(|err| said(&err))?;
            Ok(collect(&mut subscription, *enough, end).await)
        }
        Act::Hear { subject, from, payload } => {
            let mut subscription = client.subscribe(subject.clone()).await.map_err(|err| said(&err))?;
            client.flush().await.map_err(|err| said(&err))?;
            let sender = connected(identities, *from, end).await?;
            sender.client().publish(subject.clone(), payload.clone().into()).await.map_err(|err| said(&err))?;
            sender.client().flush().await.map_err(|err| said(&err))?;
            let heard = collect(&mut subscription, 1, end).await;
            _ = timeout(Duration::from_secs(1), sender.client().drain()).await;
            Ok(heard)
        }
        Act::RoundTrip { subject, payload } => {
            let mut subscription = client.subscribe(subject.clone()).await.map_err(|err| said(&err))?;
            let answering = client.clone();
            let answer = async {
                while let Some(message) = subscription.next().await {
                    if let Some(reply) = message.reply {
                        _ = answering.publish(reply, message.payload).await;
                    }
                }
            };
            let request = client.request(subject.clone(), payload.clone().into());
            tokio::select! {
                () = answer => Err("the subscription ended".to_owned()),
                reply = timeout_at(end, request) => match reply {
                    Ok(Ok(message)) => Ok(vec![shown(&message)]),
                    Ok(Err(err)) => Err(said(&err)),
                    Err(_) => Err("no reply in that time".to_owned()),
                },
            }
        }
    }
}

async fn collect(subscription: &mut Subscriber, enough: usize, end: Instant) -> Vec<(String, String)> {
    let mut messages = Vec::new();
    while messages.len() < enough {
        match timeout_at(end, subscription.next()).await {
            Ok(Some(message)) => messages.push(shown(&message)),
            Ok(None) | Err(_) => break,
        }
    }
    messages
}

fn shown(message: &Message) -> (String, String) {
    let payload = message.payload.get(..SHOWN).unwrap_or(&message.payload);
    (message.subject.to_string(), String::from_utf8_lossy(payload).into_owned())
}
