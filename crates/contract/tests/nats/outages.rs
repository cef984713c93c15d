//! Servers that are late, away, about to go, or dead.

use std::time::Duration;

use chartwright_contract::nats::{Link, NatsOptions, ProblemKind, connect};
use futures_util::StreamExt as _;

use crate::server::free_port;
use crate::{PATIENCE, Server, connected, options, until, works};

#[tokio::test]
async fn a_server_that_is_late_is_waited_for() {
    let Some(mut server) = Server::prepared() else { return };
    let connection = connect(&options(&server.url("nats"))).await.unwrap();
    // What is asked for meanwhile takes effect later.
    let mut heard = connection.client().subscribe("harbour.late").await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 4).await;
    assert_eq!(state.link, Link::NeverConnected);
    let problem = state.problem.unwrap();
    assert_eq!(problem.kind, ProblemKind::Unreachable);
    assert!(problem.text.contains(&server.url("nats")) && problem.text.contains("refused"), "{problem}");

    server.start("");
    let state = until(&connection, |state| state.link == Link::Connected).await;
    assert_eq!((state.reconnects, state.problem), (0, None));
    connection.client().publish("harbour.late", "now".into()).await.unwrap();
    tokio::time::timeout(PATIENCE, heard.next()).await.expect("the subscription is lost");
}

#[tokio::test]
async fn a_server_that_was_away_finds_the_subscriptions_again() {
    let Some(mut server) = Server::up("") else { return };
    let connection = connected(&options(&server.url("nats"))).await;
    let mut heard = connection.client().subscribe("harbour.kept").await.unwrap();
    connection.client().flush().await.unwrap();

    server.kill();
    let state = until(&connection, |state| state.link == Link::Away).await;
    assert!(state.problem.is_some());
    until(&connection, |state| state.failed_attempts >= 3).await;
    assert!(!connection.is_connected());

    server.start("");
    let state = until(&connection, |state| state.link == Link::Connected).await;
    assert_eq!((state.reconnects, state.problem), (1, None));
    connection.client().publish("harbour.kept", "again".into()).await.unwrap();
    tokio::time::timeout(PATIENCE, heard.next()).await.expect("the subscription is lost");
}

#[tokio::test]
async fn of_several_servers_one_may_be_dead() {
    let Some(server) = Server::up("") else { return };
    let dead = format!("nats://127.0.0.1:{}", free_port());
    for list in [format!("{dead},{}", server.url("nats")), format!("{}, {dead}", server.url("nats"))] {
        connected(&options(&list)).await;
    }
    let apart = NatsOptions { url: vec![dead, server.url("nats")], ..options("") };
    let connection = connected(&apart).await;
    assert_eq!(connection.state().borrow().failed_attempts, 1);
}

#[tokio::test]
async fn the_next_server_takes_over_when_one_dies() {
    let Some(mut first) = Server::up("") else { return };
    let Some(second) = Server::up("") else { return };
    let connection = connected(&options(&format!("{},{}", first.url("nats"), second.url("nats")))).await;
    first.kill();
    let state = until(&connection, |state| state.reconnects == 1 && state.link == Link::Connected).await;
    assert_eq!(state.failed_attempts, 0);
    works(&connection).await;
}

#[tokio::test]
async fn a_name_that_nobody_knows_yet_is_said_as_such() {
    if Server::prepared().is_none() {
        return;
    }
    let connection = connect(&options("nats://late.nats.invalid")).await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 2).await;
    let problem = state.problem.unwrap();
    assert_eq!(problem.kind, ProblemKind::Name);
    assert!(problem.text.starts_with("nats://late.nats.invalid:4222: the name was not found"), "{problem}");
}

#[tokio::test]
async fn a_server_that_is_about_to_go_says_so() {
    let Some(server) = Server::up("lame_duck_grace_period: \"5s\"\nlame_duck_duration: \"30s\"") else { return };
    let connection = connected(&options(&server.url("nats"))).await;
    server.signal("USR2");
    let state = until(&connection, |state| state.lame_duck).await;
    assert!(state.is_connected() && state.to_string().contains("about to go"), "{state}");
}

#[tokio::test]
async fn a_server_that_takes_us_and_drops_us_is_not_pestered() {
    let Some(mut server) = Server::prepared() else { return };
    let connection = connect(&options(&server.url("nats"))).await.unwrap();
    let begun = std::time::Instant::now();
    for times in 1..=4 {
        server.start("");
        until(&connection, |state| state.link == Link::Connected && state.reconnects + 1 >= times).await;
        server.kill();
        until(&connection, |state| state.link == Link::Away).await;
    }
    assert!(begun.elapsed() > Duration::from_millis(700));
}
