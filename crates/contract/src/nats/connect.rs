//! The connection.

use std::sync::Arc;

use async_nats::{Client, ConnectOptions};
use tokio::sync::watch;
use tokio::task;

use super::attempts::Attempts;
use super::files::{Current, Files};
use super::state::{Link, NatsState};
use super::{ConnectError, NatsOptions, tls, urls};

/// A connection to NATS that is kept for ever. Clones are the same connection.
#[derive(Clone, Debug)]
pub struct Connection {
    client: Client,
    state: watch::Receiver<NatsState>,
    jetstream_domain: Option<String>,
}

/// Begins a connection and does not wait for it: a server that is late or away is tried for ever, with a pause that grows to
/// [`super::LONGEST_PAUSE`], and subscriptions made meanwhile take effect once it is there. Needs a tokio runtime with time and
/// I/O.
///
/// Before every attempt all files that the options name are read again, certificates and authorities as well, so what is replaced
/// under a running program is used at the next attempt. A connection that stands is left alone; who wants the new files used at
/// once calls `client().force_reconnect()`. Attempts end with the process: dropping a connection that never was there does not
/// end them, because the client library does not.
///
/// An error is only what a server cannot cure: an address, an unreadable file or options that contradict each other. Every one
/// of them is found before anything connects. The same file broken later is a [`super::ProblemKind::File`] in the state.
pub async fn connect(options: &NatsOptions) -> Result<Connection, ConnectError> {
    options.check()?;
    let servers = urls::parse(options)?;
    let files = Files::new(options);
    let reading = files.clone();
    let material = task::spawn_blocking(move || reading.read())
        .await
        .map_err(|_| ConnectError::Setup("the files could not be read".to_owned()))??;
    let current = Current::new(material);
    let config = tls::config(options, &servers, &current)?;
    let attempts = Arc::new(Attempts::new(&options.flags, files, current.clone(), options.connect_timeout));
    let state = attempts.state();

    let (asked, told) = (Arc::clone(&attempts), attempts);
    let mut connecting = ConnectOptions::with_auth_callback(move |nonce| {
        let answer = current.get().credentials.answer(&nonce);
        async move { answer }
    })
    .reconnect_to_server_callback(move |servers, _| Arc::clone(&asked).next(servers))
    .event_callback(move |event| {
        told.happened(&event);
        async {}
    })
    .retry_on_initial_connect()
    .max_reconnects(None)
    .retain_servers_order()
    .tls_client_config(config)
    .connection_timeout(options.connect_timeout)
    .ping_interval(options.ping_interval)
    .custom_inbox_prefix(&options.inbox_prefix);
    if !options.name.is_empty() {
        connecting = connecting.name(&options.name);
    }
    if servers.iter().any(async_nats::ServerAddr::is_websocket) {
        // A server tells others' addresses without a scheme, and the library would speak plain NATS there.
        connecting = connecting.ignore_discovered_servers();
    } else if options.wants_tls() || servers.iter().any(async_nats::ServerAddr::tls_required) {
        // Also for servers that we are only told of: their addresses have no scheme either.
        connecting = connecting.require_tls(true);
    }
    if options.tls_first {
        connecting = connecting.tls_first();
    }
    let client = connecting.connect(servers).await.map_err(|error| ConnectError::Setup(error.to_string()))?;
    Ok(Connection { client, state, jetstream_domain: options.jetstream_domain.clone() })
}

impl Connection {
    /// The client. Its own clones are the same connection too.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// How the connection stands, now and whenever it changes.
    pub fn state(&self) -> watch::Receiver<NatsState> {
        self.state.clone()
    }

    /// Whether the connection is there.
    pub fn is_connected(&self) -> bool {
        self.state.borrow().is_connected()
    }

    /// Waits until the connection is there. `false`: it never will be, because it was closed.
    pub async fn connected(&self) -> bool {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| matches!(state.link, Link::Connected | Link::Closed)).await;
        settled.is_ok_and(|state| state.is_connected())
    }

    /// The JetStream domain of the options.
    pub fn jetstream_domain(&self) -> Option<&str> {
        self.jetstream_domain.as_deref()
    }
}
