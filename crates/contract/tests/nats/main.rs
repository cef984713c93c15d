//! The connection against a real NATS server, named by `CHARTWRIGHT_NATS_SERVER` (`cargo xtask tools` installs one). Without it
//! these tests say so and pass.

#![expect(clippy::print_stderr, clippy::print_stdout, reason = "a skipped test says why, and one shows its table")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod certificates;
mod credentials;
mod jwt;
mod lists;
mod logs;
mod matrix;
mod outages;
mod page;
mod permissions;
mod planes;
mod proofs;
mod refused;
mod server;
mod tls;

use std::time::Duration;

use chartwright_contract::nats::{Connection, NatsOptions, NatsState, connect};
use futures_util::StreamExt as _;

use server::Server;

/// The longest a test waits for something.
const PATIENCE: Duration = Duration::from_secs(30);

/// Options for this address, with short times.
fn options(url: &str) -> NatsOptions {
    NatsOptions {
        url: vec![url.to_owned()],
        name: "test".to_owned(),
        connect_timeout: Duration::from_secs(2),
        ..NatsOptions::new("scheduler-nats")
    }
}

/// Waits until the state is as wanted.
async fn until(connection: &Connection, wanted: impl FnMut(&NatsState) -> bool) -> NatsState {
    let mut state = connection.state();
    let found = tokio::time::timeout(PATIENCE, state.wait_for(wanted)).await.map(|found| found.unwrap().clone());
    found.unwrap_or_else(|_| panic!("in vain: {:?}", *connection.state().borrow()))
}

/// Connects, waits, and sends a message to itself.
async fn connected(options: &NatsOptions) -> Connection {
    let connection = connect(options).await.unwrap();
    until(&connection, NatsState::is_connected).await;
    works(&connection).await;
    connection
}

/// A message gets through.
async fn works(connection: &Connection) {
    let client = connection.client();
    let mut heard = client.subscribe("harbour.test").await.unwrap();
    client.publish("harbour.test", "planted-payload".into()).await.unwrap();
    let message = tokio::time::timeout(PATIENCE, heard.next()).await.expect("no message in time").unwrap();
    assert_eq!(&message.payload[..], b"planted-payload");
}
