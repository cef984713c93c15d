//! Every form of credentials, right, wrong, and replaced under way.

use std::time::Duration;

use chartwright_contract::nats::{Link, NatsOptions, ProblemKind, connect};
use futures_util::StreamExt as _;
use nkeys::KeyPair;

use crate::jwt::Operator;
use crate::{Server, connected, options, until, works};

const PASSWORD: &str = r#"authorization { user: harbour, password: "planted-password" }"#;

#[tokio::test]
async fn nobody_in_particular() {
    let Some(server) = Server::up("") else { return };
    connected(&options(&server.url("nats"))).await;
}

#[tokio::test]
async fn a_user_with_a_password() {
    let Some(server) = Server::up(PASSWORD) else { return };
    let options = NatsOptions {
        user_file: Some(server.file("user", "harbour\n")),
        password_file: Some(server.file("password", "planted-password\n")),
        ..options(&server.url("nats"))
    };
    connected(&options).await;
}

#[tokio::test]
async fn a_token() {
    let Some(server) = Server::up(r#"authorization { token: "planted-token" }"#) else { return };
    let file = server.file("token", "planted-token");
    connected(&NatsOptions { token_file: Some(file), ..options(&server.url("nats")) }).await;
}

#[tokio::test]
async fn an_nkey() {
    let key = KeyPair::new_user();
    let configuration = format!("authorization {{ users: [ {{ nkey: {} }} ] }}", key.public_key());
    let Some(server) = Server::up(&configuration) else { return };
    let file = server.file("seed", &format!("{}\n", key.seed().unwrap()));
    connected(&NatsOptions { nkey: Some(file), ..options(&server.url("nats")) }).await;
}

#[tokio::test]
async fn a_credentials_file() {
    let operator = Operator::new();
    let Some(server) = Server::up(&operator.configuration) else { return };
    let file = server.file("user.creds", &operator.credentials(None));
    connected(&NatsOptions { creds: Some(file), ..options(&server.url("nats")) }).await;
}

#[tokio::test]
async fn a_wrong_password_is_said_as_such_and_a_corrected_file_heals_it() {
    let Some(server) = Server::up(PASSWORD) else { return };
    let options = NatsOptions {
        user_file: Some(server.file("user", "harbour")),
        password_file: Some(server.file("password", "planted-wrong-password")),
        ..options(&server.url("nats"))
    };
    let connection = connect(&options).await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 3).await;
    assert_eq!(state.link, Link::NeverConnected);
    let problem = state.problem.clone().unwrap();
    assert_eq!(problem.kind, ProblemKind::Refused);
    assert!(problem.text.contains("does not take the credentials") && problem.text.contains(&server.url("nats")));
    for shown in [format!("{state:?} {state}"), format!("{connection:?}"), format!("{options:?}")] {
        assert!(!shown.contains("planted"), "{shown}");
    }

    server.file("password", "planted-password");
    let state = until(&connection, |state| state.link == Link::Connected).await;
    assert_eq!((state.reconnects, state.problem), (0, None));
    works(&connection).await;
}

#[tokio::test]
async fn credentials_that_expire_are_replaced_without_a_restart() {
    let operator = Operator::new();
    let Some(server) = Server::up(&operator.configuration) else { return };
    let file = server.file("user.creds", &operator.credentials(Some(3)));
    let options = NatsOptions { creds: Some(file.clone()), ..options(&server.url("nats")) };
    let connection = connected(&options).await;

    // Before the old one ends: one gap, short.
    server.file("user.creds", &operator.credentials(Some(9)));
    let state = until(&connection, |state| state.reconnects == 1 && state.link == Link::Connected).await;
    assert!(state.failed_attempts <= 2, "{state:?}");
    works(&connection).await;

    // Replaced by garbage: the connection stays as long as the server lets it, the file is named, a later good one heals.
    server.file("user.creds", "planted garbage");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let state = until(&connection, |state| state.problem.as_ref().is_some_and(|it| it.kind == ProblemKind::File)).await;
    assert_eq!(state.link, Link::Away);
    let text = state.problem.unwrap().text;
    assert!(text.starts_with(&format!("--scheduler-nats-creds: {} holds no", file.display())), "{text}");
    assert!(!text.contains("planted"), "{text}");
    server.file("user.creds", &operator.credentials(None));
    until(&connection, |state| state.reconnects == 2 && state.link == Link::Connected).await;
    works(&connection).await;
}

#[tokio::test]
async fn replies_come_to_the_inbox_of_the_options() {
    let Some(server) = Server::up("") else { return };
    let options = NatsOptions { inbox_prefix: "_INBOX_host.h1".to_owned(), ..options(&server.url("nats")) };
    let connection = connected(&options).await;
    let mut asked = connection.client().subscribe("harbour.ask").await.unwrap();
    connection.client().flush().await.unwrap();
    let client = connection.client().clone();
    let answering = tokio::spawn(async move {
        let message = asked.next().await.unwrap();
        let reply = message.reply.unwrap();
        client.publish(reply.clone(), "yes".into()).await.unwrap();
        reply.to_string()
    });
    let answer = connection.client().request("harbour.ask", "berth free?".into()).await.unwrap();
    assert_eq!(&answer.payload[..], b"yes");
    assert!(answering.await.unwrap().starts_with("_INBOX_host.h1."));
}
