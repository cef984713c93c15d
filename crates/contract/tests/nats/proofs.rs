//! What must work on each plane, whatever the connection is made of, and what must not.

use std::time::Duration;

use async_nats::{Client, Message, Subscriber};
use chartwright_contract::control::subjects::{Command, HEARTBEATS, HostId, own_reports};
use chartwright_contract::control::{
    HostHeartbeat, Message as _, WorkloadState, WorkloadStatus, WorkloadStatusRequest, WorkloadStatusResponse,
};
use chartwright_contract::nats::Connection;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::{PATIENCE, logs};

/// The next message of a subscription. Across servers somebody's interest takes a moment to be known, so it is sent until it is
/// heard.
pub(crate) async fn heard(subscription: &mut Subscriber, client: &Client, subject: &str, payload: &[u8]) -> Message {
    let hearing = async {
        loop {
            client.publish(subject.to_owned(), payload.to_vec().into()).await.unwrap();
            if let Ok(message) = tokio::time::timeout(Duration::from_millis(300), subscription.next()).await {
                return message.unwrap();
            }
        }
    };
    tokio::time::timeout(PATIENCE, hearing).await.unwrap_or_else(|_| panic!("nothing is heard of {subject}"))
}

/// The answer to a request, which is repeated until somebody hears it.
pub(crate) async fn answer(client: &Client, subject: &str, payload: &[u8]) -> Message {
    let asking = async {
        loop {
            let asked = client.request(subject.to_owned(), payload.to_vec().into());
            if let Ok(Ok(message)) = tokio::time::timeout(Duration::from_secs(2), asked).await {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("nobody answers {subject}"))
}

/// Answers everything that is asked here with the same.
pub(crate) fn answering(client: &Client, mut questions: Subscriber, text: Vec<u8>) -> tokio::task::JoinHandle<()> {
    let client = client.clone();
    tokio::spawn(async move {
        while let Some(question) = questions.next().await {
            if let Some(reply) = question.reply {
                client.publish(reply, text.clone().into()).await.unwrap();
            }
        }
    })
}

/// Everything that an operator and a host say to each other. `own`: also what only our two do.
pub(crate) async fn control(operator: &Connection, host: &Connection, id: &HostId, own: bool) {
    let (operator, host) = (operator.client(), host.client());
    let mut heartbeats = operator.subscribe(HEARTBEATS).await.unwrap();
    let commands = host.subscribe(id.commands()).await.unwrap();
    operator.flush().await.unwrap();
    host.flush().await.unwrap();

    let sent = HostHeartbeat { id: id.to_string(), friendly_name: "quay".to_owned(), ..HostHeartbeat::default() };
    let message = heard(&mut heartbeats, host, &id.heartbeat(), &sent.to_json()).await;
    assert_eq!(HostHeartbeat::from_json(&message.payload).unwrap(), sent);

    let status = WorkloadStatusResponse::from(WorkloadStatus {
        workload_id: "w1".to_owned(),
        workload_state: WorkloadState::Running,
        message: "the workload runs".to_owned(),
    });
    let answering = answering(host, commands, status.to_json());
    for command in Command::ALL {
        let question = WorkloadStatusRequest { workload_id: "w1".to_owned() }.to_json();
        let reply = answer(operator, &id.command(command), &question).await;
        assert_eq!(WorkloadStatusResponse::from_json(&reply.payload).unwrap(), status);
    }
    answering.abort();
    if own {
        let mut commands = host.subscribe(id.own_commands()).await.unwrap();
        let mut reports = operator.subscribe(own_reports()).await.unwrap();
        host.flush().await.unwrap();
        operator.flush().await.unwrap();
        heard(&mut commands, operator, &id.own_command("probe"), b"{}").await;
        heard(&mut reports, host, &id.own_report("probe.done"), b"{}").await;
    }
}

/// Messages and requests between an application and the workloads of a host, both ways.
pub(crate) async fn data(data: &Connection, application: &Connection) {
    let (data, application) = (data.client(), application.client());
    for (from, to, side) in [(application, data, "in"), (data, application, "out")] {
        let (orders, price) = (format!("harbour.{side}.orders"), format!("harbour.{side}.price"));
        let mut listening = to.queue_subscribe(orders.clone(), "quay".to_owned()).await.unwrap();
        let questions = to.subscribe(price.clone()).await.unwrap();
        to.flush().await.unwrap();
        let message = heard(&mut listening, from, &orders, b"planted-order").await;
        assert_eq!(&message.payload[..], b"planted-order");
        let answering = answering(to, questions, b"7".to_vec());
        assert_eq!(&answer(from, &price, b"planted-question").await.payload[..], b"7");
        answering.abort();
    }
}

/// Workloads neither hear nor say anything on the control plane: the server denies both. `row` makes the subjects this test's own.
pub(crate) async fn denied(data: &Connection, row: &str) {
    let client = data.client();
    for prefix in ["runtime", "chartwright"] {
        let (all, one) = (format!("{prefix}.{row}.>"), format!("{prefix}.{row}.workload.start"));
        let mut forbidden = client.subscribe(all.clone()).await.unwrap();
        let end = format!("harbour.{row}.end");
        let mut ending = client.subscribe(end.clone()).await.unwrap();
        client.publish(one.clone(), "planted-command".into()).await.unwrap();
        heard(&mut ending, client, &end, b"").await;
        assert!(forbidden.next().now_or_never().flatten().is_none(), "{one} was heard");
        for said in [format!("for subscription to \"{all}\""), format!("for publish to \"{one}\"")] {
            objected(&said).await;
        }
    }
}

/// Waits until the log has the server's objection.
pub(crate) async fn objected(said: &str) {
    let logged = async {
        while !logs::captured().to_lowercase().replace("\\\"", "\"").contains(&said.to_lowercase()) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, logged).await.unwrap_or_else(|_| panic!("no server says: {said}"));
}

/// What workloads send where the planes are two servers reaches no host.
pub(crate) async fn apart(data: &Connection, operator: &Connection, host: &Connection, id: &HostId) {
    let mut commands = host.client().subscribe(id.commands()).await.unwrap();
    host.client().flush().await.unwrap();
    let start = id.command(Command::Start);
    data.client().publish(start.clone(), "planted-command".into()).await.unwrap();
    data.client().flush().await.unwrap();
    assert_eq!(&heard(&mut commands, operator.client(), &start, b"{}").await.payload[..], b"{}");
}
