use std::time::Instant;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::{registry::Fault, *};
use crate::oci::{Cause, OptionsError};

#[tokio::test]
async fn what_breaks_is_tried_twice_more() {
    let registry = Registry::start().await;
    registry.push("1", &component(&[0; 10_000]));
    for (path, fault) in [
        ("/manifests/", Fault::StatusTimes(500, 2)),
        ("/blobs/", Fault::StatusTimes(503, 2)),
        ("/blobs/", Fault::Cut(2)),
        ("/manifests/", Fault::Cut(2)),
    ] {
        registry.fault(path, fault);
        get(&store(None), &registry.name(":1")).await.unwrap();
        assert!(registry.state.lock().unwrap().faults.is_empty());
    }
}

#[tokio::test]
async fn but_no_more_often_in_all_requests_of_a_pull() {
    let registry = Registry::start().await;
    registry.push("1", &component(b"one"));
    registry.fault("/manifests/", Fault::StatusTimes(500, 1));
    registry.fault("/blobs/", Fault::Status(502));
    let error = get(&store(None), &registry.name(":1")).await.unwrap_err();
    assert_eq!((registry.manifests(), registry.blobs()), (2, 2));
    let text = error.to_string();
    assert!(text.contains("answered 502 for the component") && text.contains("try again later"), "{text}");
    registry.heal();
    registry.fault("/blobs/", Fault::Cut(9));
    assert_eq!(get(&store(None), &registry.name(":1")).await.unwrap_err().cause.reason(), "ConnectionFailed");
    assert_eq!(registry.blobs(), 5);
}

#[tokio::test]
async fn a_connection_that_is_reset_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let tries = tokio::spawn(async move {
        for tries in 1.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 16]).await;
            if tries == 3 {
                return tries;
            }
        }
        0
    });
    let error = get(&store(None), &format!("{address}/a:1")).await.unwrap_err();
    assert_eq!(tries.await.unwrap(), 3);
    assert!(matches!(error.cause, Cause::Connection { .. }), "{error}");
}

#[tokio::test]
async fn other_answers_are_final_and_told() {
    let registry = Registry::start().await;
    let store = store(None);
    let text = refused(&store, &registry.name(":gone")).await;
    assert!(text.contains("has no such manifest: check the repository and the tag"), "{text}");
    assert!(text.contains(&format!("cannot get `{}`", registry.name(":gone"))), "{text}");
    registry.fault("/manifests/", Fault::Status(429));
    assert!(refused(&store, &registry.name(":1")).await.contains("limits how often it may be asked"));
    registry.heal();
    registry.fault("/manifests/", Fault::Status(418));
    assert!(refused(&store, &registry.name(":1")).await.contains("answered 418 for the manifest"));
    assert_eq!(registry.all(), 3);
}

#[tokio::test]
async fn one_limit_of_time_holds_for_the_whole_pull() {
    let registry = Registry::start().await;
    registry.push("1", &component(b"one"));
    // Each of them is fast enough alone.
    registry.fault("/manifests/", Fault::Slow(Duration::from_millis(300)));
    registry.fault("/blobs/", Fault::Slow(Duration::from_millis(300)));
    let store = store_of(Options { pull_timeout: Duration::from_millis(500), ..options(None) });
    let begin = Instant::now();
    let error = get(&store, &registry.name(":1")).await.unwrap_err();
    assert_eq!(error.cause.reason(), "Timeout");
    assert!(error.to_string().contains("the pull took longer than 0.5 s"), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(5));
    registry.heal();
    get(&store, &registry.name(":1")).await.unwrap();
}

#[tokio::test]
async fn names_and_ports_that_nobody_has_are_told() {
    // Where no name server answers, to find out takes long.
    let patient = store_of(Options { pull_timeout: Duration::from_mins(1), ..options(None) });
    let text = refused(&patient, "registry.invalid/a:1").await;
    assert!(text.contains("the name registry.invalid cannot be resolved"), "{text}");
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let text = refused(&store(None), &format!("{port}/a:1")).await;
    assert!(text.contains(&format!("no connection to {port}")) && text.contains("refused"), "{text}");
}

#[tokio::test]
async fn who_does_not_speak_http_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16]).await;
            let _ = stream.write_all(b"220 mail ready\r\n").await;
        }
    });
    let error = get(&store(None), &format!("{address}/a:1")).await.unwrap_err();
    assert!(matches!(error.cause, Cause::Connection { .. }), "{error}");
}

#[tokio::test]
async fn no_reference_is_told_without_the_password_in_it() {
    let error = get(&store(None), "https://user:MARKER@registry.example/a:1").await.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("this is no reference") && !text.contains("MARKER"), "{text}");
    assert_eq!(error.cause.reason(), "InvalidReference");
}

#[tokio::test]
async fn plain_http_is_for_listed_registries_only() {
    let registry = Registry::start().await;
    registry.push("1", &component(b"one"));
    let port = registry.address.port();
    for (insecure, all, fine) in [
        (vec![], false, false),
        (vec![], true, true),
        (vec!["127.0.0.1".to_owned()], false, true),
        (vec![format!("127.0.0.1:{port}")], false, true),
        (vec!["127.0.0.1:1".to_owned(), "registry.example".to_owned()], false, false),
    ] {
        let store = store_of(Options { insecure: insecure.clone(), allow_insecure_all: all, ..options(None) });
        let outcome = get(&store, &registry.name(":1")).await;
        assert_eq!(outcome.is_ok(), fine, "{insecure:?} {all} {outcome:?}");
        if let Err(error) = outcome {
            assert!(error.to_string().contains("does not speak TLS: for plain HTTP list it"), "{error}");
        }
    }
}

#[test]
fn options_that_cannot_work_are_told() {
    let told = |options: Options| Store::new(options).unwrap_err();
    let none = Options { pull_timeout: Duration::ZERO, ..options(None) };
    assert!(matches!(told(none), OptionsError::NoTime));
    for entry in ["http://registry.example", "registry.example/path", "", "registry.example:x"] {
        let text = told(Options { insecure: vec![entry.into()], ..options(None) }).to_string();
        assert!(text.contains("write `host` or `host:port`"), "{text}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let ca = || Options { ca_paths: vec![file.clone()], ..options(None) };
    assert!(told(ca()).to_string().contains("ca.pem: entity not found"));
    fs_err::write(&file, "nothing").unwrap();
    assert!(told(ca()).to_string().contains("no certificate in it"));
    fs_err::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    assert!(told(ca()).to_string().contains("ca.pem: "));
}
