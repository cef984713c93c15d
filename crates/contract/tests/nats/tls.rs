//! TLS in all its forms.

use chartwright_contract::nats::{Link, NatsOptions, ProblemKind, connect};

use crate::certificates::Authority;
use crate::server::free_port;
use crate::{Server, connected, options, until, works};

/// A server with a certificate for these names, and these lines in its configuration and within its `tls`.
pub(crate) fn secured(authority: &Authority, names: &[&str], tls: &str, more: &str) -> Option<Server> {
    let mut server = Server::prepared()?;
    authority.server(names).write(&server, "server");
    server.file("ca.crt", &authority.pem);
    let folder = server.folder().display();
    let configuration = format!(
        "tls {{ cert_file: \"{folder}/server.crt\", key_file: \"{folder}/server.key\", ca_file: \"{folder}/ca.crt\", {tls} }}\n{more}"
    );
    server.start(&configuration);
    Some(server)
}

pub(crate) fn with_ca(server: &Server, scheme: &str) -> NatsOptions {
    NatsOptions { tls_ca: Some(server.folder().join("ca.crt")), ..options(&server.url(scheme)) }
}

#[tokio::test]
async fn a_private_authority() {
    let authority = Authority::new();
    let Some(server) = secured(&authority, &["localhost"], "", "") else { return };
    for scheme in ["nats", "tls"] {
        connected(&with_ca(&server, scheme)).await;
    }
}

#[tokio::test]
async fn a_server_of_an_unknown_authority_is_refused_until_the_file_has_it() {
    let authority = Authority::new();
    let Some(server) = secured(&authority, &["localhost"], "", "") else { return };
    // Without a file the system's authorities count, which do not know this one.
    let connection = connect(&options(&server.url("tls"))).await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 1).await;
    assert_eq!(state.problem.as_ref().unwrap().kind, ProblemKind::Tls, "{state}");

    let file = server.file("rotating.crt", &Authority::new().pem);
    let connection = connect(&NatsOptions { tls_ca: Some(file), ..options(&server.url("tls")) }).await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 1).await;
    assert_eq!(state.problem.as_ref().unwrap().kind, ProblemKind::Tls, "{state}");
    server.file("rotating.crt", &authority.pem);
    until(&connection, |state| state.link == Link::Connected).await;
    works(&connection).await;
}

#[tokio::test]
async fn the_handshake_may_come_first() {
    let authority = Authority::new();
    let Some(server) = secured(&authority, &["localhost"], "handshake_first: true", "") else { return };
    connected(&NatsOptions { tls_first: true, ..with_ca(&server, "nats") }).await;
}

#[tokio::test]
async fn a_server_may_prove_itself_under_another_name() {
    let authority = Authority::new();
    let Some(server) = secured(&authority, &["nats.harbour.svc"], "", "") else { return };
    let connection = connect(&with_ca(&server, "tls")).await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 1).await;
    assert_eq!(state.problem.as_ref().unwrap().kind, ProblemKind::Tls, "{state}");
    let named = NatsOptions { tls_server_name: Some("nats.harbour.svc".to_owned()), ..with_ca(&server, "tls") };
    connected(&named).await;
}

#[tokio::test]
async fn a_client_certificate_names_the_user_and_may_be_replaced() {
    let authority = Authority::new();
    let more = "authorization { users: [ { user: \"CN=host-control\" } ] }";
    let Some(server) = secured(&authority, &["localhost"], "verify_and_map: true", more) else { return };
    let (cert, key) = authority.client("somebody-else").write(&server, "client");
    let options = NatsOptions { tls_cert: Some(cert), tls_key: Some(key), ..with_ca(&server, "tls") };
    let connection = connect(&options).await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 2).await;
    assert_eq!(state.problem.as_ref().unwrap().kind, ProblemKind::Refused, "{state}");

    authority.client("host-control").write(&server, "client");
    until(&connection, |state| state.link == Link::Connected).await;
    works(&connection).await;

    // No certificate at all: the server ends the handshake.
    let connection = connect(&with_ca(&server, "tls")).await.unwrap();
    let state = until(&connection, |state| state.failed_attempts >= 1).await;
    assert!(!state.is_connected());
}

#[tokio::test]
async fn a_certificate_and_the_key_of_another_one_are_named() {
    let authority = Authority::new();
    let Some(server) = Server::prepared() else { return };
    let (cert, _) = authority.client("a").write(&server, "a");
    let (_, key) = authority.client("b").write(&server, "b");
    let options = NatsOptions { tls_cert: Some(cert), tls_key: Some(key), ..options("tls://localhost") };
    let said = connect(&options).await.unwrap_err().to_string();
    assert!(said.starts_with("--scheduler-nats-tls-key: ") && said.contains("b.key is not the key of"), "{said}");
}

#[tokio::test]
async fn credentials_are_not_sent_in_clear_when_tls_is_wanted() {
    let Some(server) = Server::up(r#"authorization { token: "planted-token" }"#) else { return };
    let token = Some(server.file("token", "planted-token"));
    for options in [
        NatsOptions { token_file: token.clone(), ..options(&server.url("tls")) },
        NatsOptions { token_file: token.clone(), tls_required: true, ..options(&server.url("nats")) },
        NatsOptions {
            token_file: token.clone(),
            tls_ca: Some(server.file("ca.crt", &Authority::new().pem)),
            ..options(&server.url("nats"))
        },
    ] {
        let connection = connect(&options).await.unwrap();
        let state = until(&connection, |state| state.failed_attempts >= 1).await;
        assert_eq!(state.link, Link::NeverConnected);
    }
}

#[tokio::test]
async fn websockets_with_tls() {
    let authority = Authority::new();
    let Some(mut server) = Server::prepared() else { return };
    authority.server(&["localhost"]).write(&server, "server");
    let ca = server.file("ca.crt", &authority.pem);
    let (folder, port) = (server.folder().display().to_string(), free_port());
    server.start(&format!(
        "websocket {{ listen: \"127.0.0.1:{port}\", tls {{ cert_file: \"{folder}/server.crt\", key_file: \"{folder}/server.key\" }} }}\n\
         authorization {{ token: \"planted-token\" }}"
    ));
    let token = server.file("token", "planted-token");
    let url = format!("wss://localhost:{port}");
    let connection = connected(&NatsOptions { tls_ca: Some(ca), token_file: Some(token), ..options(&url) }).await;
    server.kill();
    until(&connection, |state| state.link == Link::Away).await;
}
