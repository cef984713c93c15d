//! What is refused before anything connects. Needs no server.

use chartwright_contract::nats::{ConnectError, NatsOptions, connect};

use crate::options;

async fn refusal(options: NatsOptions) -> String {
    connect(&options).await.unwrap_err().to_string()
}

#[tokio::test]
async fn user_info_in_an_address_is_refused_and_not_shown() {
    let error = connect(&options("nats://harbour:planted@127.0.0.1:1")).await.unwrap_err();
    assert!(matches!(error, ConnectError::Url { .. }));
    for said in [error.to_string(), format!("{error:?}")] {
        assert!(said.contains("scheduler-nats-url") && said.contains("***@127.0.0.1:1"), "{said}");
        assert!(!said.contains("planted") && !said.contains("harbour"), "{said}");
    }
}

#[tokio::test]
async fn an_unreadable_file_is_named_with_its_flag() {
    let missing = |name: &str| Some(format!("/nowhere/{name}").into());
    let base = || options("nats://127.0.0.1:1");
    for (flag, options) in [
        ("creds", NatsOptions { creds: missing("creds"), ..base() }),
        ("nkey", NatsOptions { nkey: missing("nkey"), ..base() }),
        ("token-file", NatsOptions { token_file: missing("token-file"), ..base() }),
        ("user-file", NatsOptions { user_file: missing("user-file"), password_file: missing("p"), ..base() }),
        ("tls-ca", NatsOptions { tls_ca: missing("tls-ca"), ..base() }),
        ("tls-cert", NatsOptions { tls_cert: missing("tls-cert"), tls_key: missing("k"), ..base() }),
    ] {
        let said = refusal(options).await;
        let expected = format!("--scheduler-nats-{flag}: /nowhere/{flag} cannot be read: ");
        assert!(said.starts_with(&expected), "{said}");
    }
}

#[tokio::test]
async fn contradictions_are_named() {
    let file = || Some("/nowhere".into());
    let both = NatsOptions { creds: file(), nkey: file(), ..options("nats://a") };
    assert_eq!(refusal(both).await, "--scheduler-nats-creds and --scheduler-nats-nkey exclude each other");
    let half = NatsOptions { user_file: file(), ..options("nats://a") };
    assert_eq!(refusal(half).await, "--scheduler-nats-user-file needs --scheduler-nats-password-file");
    let name = NatsOptions { tls_server_name: Some("no name".to_owned()), ..options("tls://a") };
    assert!(refusal(name).await.starts_with("--scheduler-nats-tls-server-name: `no name` cannot be used"));
}
