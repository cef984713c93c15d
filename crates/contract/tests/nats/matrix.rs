//! Every kind of server, on both planes. What is proven here is the table in `docs/nats.md`.

use std::env;
use std::process::Command;

use async_nats::jetstream;
use chartwright_contract::control::subjects::HostId;
use chartwright_contract::nats::{NatsOptions, connect};

use crate::planes::Planes;
use crate::server::Server;
use crate::{logs, page, proofs, until};

/// Where the child process of the test finds the authorities of its system.
pub(crate) const SYSTEM: &str = "SSL_CERT_FILE";

struct Row {
    name: &'static str,
    /// One token of a subject.
    token: &'static str,
    planes: fn() -> Option<Planes>,
}

const ROWS: &[Row] = &[
    Row { name: "anonymous", token: "anonymous", planes: Planes::anonymous },
    Row { name: "user and password", token: "password", planes: Planes::passwords },
    Row { name: "token", token: "token", planes: Planes::tokens },
    Row { name: "nkey", token: "nkey", planes: Planes::nkeys },
    Row { name: "credentials file: JWT accounts of an operator", token: "creds", planes: Planes::credentials },
    Row { name: "client certificate mapped to a user", token: "mtls", planes: Planes::client_certificates },
    Row { name: "TLS before the server says anything", token: "first", planes: Planes::tls_first },
    Row { name: "a private authority", token: "private", planes: Planes::private_authority },
    Row { name: "the system's authorities", token: "system", planes: Planes::system_authorities },
    Row { name: "websockets with TLS", token: "wss", planes: Planes::websockets },
    Row { name: "a leaf node, operator and applications at the hub", token: "leaf", planes: Planes::leaf },
    Row { name: "several addresses, the first one dead", token: "several", planes: Planes::several_addresses },
    Row { name: "everything denied but lists", token: "lists", planes: Planes::lists },
    Row { name: "as Synadia Cloud: a quota, no stream without a size", token: "quota", planes: Planes::with_quota },
];

#[tokio::test]
async fn every_kind_of_server_carries_both_planes() {
    logs::captured();
    let mut table =
        "| server | flags, each with its prefix | control | data | JetStream | workloads are kept off the control plane by |\n\
         |---|---|---|---|---|---|\n"
            .to_owned();
    for row in ROWS {
        eprintln!("{}", row.name);
        let line = if row.token == "system" { elsewhere(row) } else { prove(row).await };
        let Some(line) = line else { return };
        table.push_str(&line);
    }
    println!("{table}");
    page::holds("matrix", &table);
}

/// Proves a row, and says it. `None`: there is no nats-server.
async fn prove(row: &Row) -> Option<String> {
    let planes = (row.planes)()?;
    let id = HostId::new(format!("host-{}", row.token)).unwrap();
    let operator = connect(&planes.operator).await.unwrap();
    let host = connect(&planes.host).await.unwrap();
    let data = connect(&planes.data).await.unwrap();
    let application = connect(&planes.application).await.unwrap();
    for connection in [&operator, &host, &data, &application] {
        until(connection, chartwright_contract::nats::NatsState::is_connected).await;
    }
    proofs::control(&operator, &host, &id, true).await;
    proofs::data(&data, &application).await;
    if planes.by_permissions {
        proofs::denied(&data, row.token).await;
    } else {
        proofs::apart(&data, &operator, &host, &id).await;
    }
    let quota = data.jetstream_domain().is_some();
    if let Some(domain) = data.jetstream_domain() {
        sized(&jetstream::with_domain(data.client().clone(), domain)).await;
    }

    let said = logs::captured();
    for secret in &planes.secrets {
        assert!(!secret.is_empty() && !said.contains(secret.as_str()), "{}: a credential is logged", row.name);
    }
    assert!(!said.contains("planted-command") && !said.contains("planted-order"), "{}: a message is logged", row.name);
    Some(format!(
        "| {} | {} | yes | yes | {} | {} |\n",
        row.name,
        flags(&planes.data),
        if quota { "yes, with `max_bytes`" } else { "" },
        if planes.by_permissions { "permissions" } else { "a server of its own" },
    ))
}

/// A stream needs a size, and with one it can be had.
async fn sized(jetstream: &jetstream::Context) {
    let stream = |max_bytes| jetstream::stream::Config {
        name: "KV_carts".to_owned(),
        subjects: vec!["$KV.carts.>".to_owned()],
        max_bytes,
        ..jetstream::stream::Config::default()
    };
    let refused = jetstream.create_stream(stream(0)).await.unwrap_err().to_string();
    assert!(refused.contains("max bytes"), "{refused}");
    let mut created = jetstream.create_stream(stream(1 << 20)).await.unwrap();
    assert_eq!(created.info().await.unwrap().config.max_bytes, 1 << 20);
}

/// The flags that differ from their defaults, without the prefix of the plane.
fn flags(options: &NatsOptions) -> String {
    let schemes: Vec<_> =
        options.url.iter().filter_map(|url| url.split_once("://")).map(|(scheme, _)| scheme).collect();
    let url = schemes.iter().map(|scheme| format!("{scheme}://…")).collect::<Vec<_>>().join(",");
    let given = [
        ("tls-ca", options.tls_ca.is_some()),
        ("tls-cert", options.tls_cert.is_some()),
        ("tls-key", options.tls_key.is_some()),
        ("tls-first", options.tls_first),
        ("creds", options.creds.is_some()),
        ("nkey", options.nkey.is_some()),
        ("user-file", options.user_file.is_some()),
        ("password-file", options.password_file.is_some()),
        ("token-file", options.token_file.is_some()),
        ("jetstream-domain", options.jetstream_domain.is_some()),
    ];
    let given = given.into_iter().filter(|(_, given)| *given).map(|(name, _)| format!(" `{name}`"));
    format!("`url={url}`{}", given.collect::<String>())
}

/// Proves a row in a process of its own, whose system trusts the authority of the server: a test cannot change its own
/// environment.
fn elsewhere(row: &Row) -> Option<String> {
    let folder = Server::prepared()?;
    let system = folder.file("system.crt", "");
    let test = "matrix::in_a_system_that_trusts_the_server";
    let child = Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture"])
        .env(SYSTEM, &system)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout).into_owned();
    let why = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success() && said.contains("1 passed"), "{}: {said}{why}", row.name);
    said.lines().find(|line| line.contains(row.name)).map(|line| format!("{}\n", &line[line.find('|').unwrap()..]))
}

#[tokio::test]
#[ignore = "the matrix runs it in a process of its own"]
async fn in_a_system_that_trusts_the_server() {
    logs::captured();
    let row = ROWS.iter().find(|row| row.token == "system").unwrap();
    println!("{}", prove(row).await.unwrap());
}
