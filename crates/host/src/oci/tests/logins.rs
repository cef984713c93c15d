use std::io::Write as _;

use super::{
    registry::{Fault, Guard},
    *,
};
use crate::oci::{Cause, LoginSource};

const GUARDS: [Guard; 3] = [
    Guard::Basic { pair: "me:MARKER" },
    Guard::Bearer { pair: Some("me:MARKER") },
    Guard::Hidden { pair: "me:MARKER" },
];

async fn guarded(guard: Guard) -> Registry {
    let registry = Registry::start().await;
    registry.push("1", &component(b"one"));
    registry.guard(guard);
    registry
}

#[tokio::test]
async fn the_requests_login_opens() {
    for guard in GUARDS {
        let registry = guarded(guard.clone()).await;
        let found = store(None).fetch(&registry.name(":1"), Policy::IfNotPresent, Some(&login("me", "MARKER"))).await;
        assert!(found.is_ok(), "{guard:?} {found:?}");
    }
    let registry = guarded(Guard::Bearer { pair: None }).await;
    get(&store(None), &registry.name(":1")).await.unwrap();
    assert_eq!(registry.count("GET /token"), 1, "one token for all requests of a pull");
}

#[tokio::test]
async fn a_refused_login_and_a_missing_one_are_told_apart() {
    for guard in [&GUARDS[0], &GUARDS[1]] {
        let registry = guarded(guard.clone()).await;
        let name = registry.address.to_string();
        let text = refused(&store(None), &registry.name(":1")).await;
        assert!(text.contains(&format!("{name} wants credentials and none were given: name a pull Secret")), "{text}");
        let wrong = login("me", "WRONG-MARKER");
        let error = store(None).fetch(&registry.name(":1"), Policy::Always, Some(&wrong)).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("{name} refused the credentials of the pull Secret")), "{text}");
        assert_eq!(error.cause, Cause::CredentialsRefused { registry: name, from: LoginSource::Request });
    }
    let registry = guarded(GUARDS[2].clone()).await;
    assert!(refused(&store(None), &registry.name(":1")).await.contains("a private repository looks like none"));
}

#[tokio::test]
async fn forbidden_is_told_as_a_login_that_may_not() {
    let registry = guarded(Guard::Nobody).await;
    registry.fault("/manifests/", Fault::Echo(403));
    let error =
        store(None).fetch(&registry.name(":1"), Policy::Always, Some(&login("me", "MARKER"))).await.unwrap_err();
    assert_eq!(error.cause.reason(), "CredentialsRefused");
    assert_eq!(get(&store(None), &registry.name(":1")).await.unwrap_err().cause.reason(), "CredentialsMissing");
}

#[tokio::test]
async fn an_empty_login_is_none_and_the_error_says_so() {
    let registry = guarded(GUARDS[0].clone()).await;
    let error = store(None).fetch(&registry.name(":1"), Policy::Always, Some(&login("", ""))).await.unwrap_err();
    let expected = format!("none were given (the pull Secret came without an entry for {})", registry.address);
    assert!(error.to_string().contains(&expected), "{error}");
    registry.guard(Guard::Nobody);
    store(None).fetch(&registry.name(":1"), Policy::Always, Some(&login("", ""))).await.unwrap();
}

fn config(content: &serde_json::Value) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content.to_string().as_bytes()).unwrap();
    file
}

#[tokio::test]
async fn dockers_configuration_comes_after_the_request_and_before_nobody() {
    let registry = guarded(GUARDS[1].clone()).await;
    let entry = serde_json::json!({"username": "me", "password": "MARKER"});
    let file = config(&serde_json::json!({"auths": {registry.address.to_string(): entry}}));
    let store = || store_of(Options { docker_config: Some(file.path().to_owned()), ..options(None) });
    get(&store(), &registry.name(":1")).await.unwrap();
    let wrong = login("other", "x");
    let error = store().fetch(&registry.name(":1"), Policy::Always, Some(&wrong)).await.unwrap_err();
    assert!(error.to_string().contains("of the pull Secret"), "{error}");
    // It is read at every pull.
    fs_err::write(file.path(), "{}").unwrap();
    assert_eq!(get(&store(), &registry.name(":1")).await.unwrap_err().cause.reason(), "CredentialsMissing");
    fs_err::write(file.path(), r#"{"auths": "MARKER"#).unwrap();
    let text = refused(&store(), &registry.name(":1")).await;
    assert!(text.contains("is not JSON at line 1") && !text.contains("MARKER"), "{text}");
    // Nobody is who we are to those that do not ask, whatever is wrong with the file.
    registry.guard(Guard::Nobody);
    get(&store(), &registry.name(":1")).await.unwrap();
}

#[tokio::test]
async fn helpers_are_asked_and_what_they_say_stays_secret() {
    let registry = guarded(GUARDS[0].clone()).await;
    let folder = tempfile::tempdir().unwrap();
    let helper = folder.path().join("docker-credential-test");
    let write = |text: &str| script(&helper, text);
    for file in [
        config(&serde_json::json!({"credsStore": "test"})),
        config(&serde_json::json!({"credHelpers": {registry.address.to_string(): "test"}})),
    ] {
        let options = Options { docker_config: Some(file.path().to_owned()), ..options(None) };
        let store = || store_with_helpers(options.clone(), Some(folder.path()));
        write(r#"echo '{"Username": "me", "Secret": "MARKER"}'"#);
        get(&store(), &registry.name(":1")).await.unwrap();
        write(r#"echo '{"Username": "me", "Secret": "MARKER-2"}'"#);
        let text = refused(&store(), &registry.name(":1")).await;
        assert!(text.contains("refused the credentials of the credential helper `test`"), "{text}");
        write("echo MARKER; exit 1");
        let text = refused(&store(), &registry.name(":1")).await;
        assert!(text.contains("(`docker-credential-test` failed (exit status: 1))"), "{text}");
        assert!(!text.contains("MARKER"), "{text}");
    }
}

#[tokio::test]
async fn a_registry_does_not_get_the_login_sent_in_clear_or_to_another_place() {
    let registry = guarded(Guard::Nobody).await;
    let elsewhere = Registry::start().await;
    elsewhere.guard(Guard::Basic { pair: "me:MARKER" });
    let blob = format!("http://localhost:{}/v2/x", elsewhere.address.port());
    registry.guard(GUARDS[0].clone());
    registry.fault("/blobs/", Fault::Redirect(blob));
    let error =
        store(None).fetch(&registry.name(":1"), Policy::Always, Some(&login("me", "MARKER"))).await.unwrap_err();
    assert_eq!(elsewhere.all(), 1);
    assert_eq!(elsewhere.state.lock().unwrap().authorizations, [""], "neither sent on nor given when asked");
    assert!(error.to_string().contains("localhost answered 401"), "{error}");
}

#[tokio::test]
async fn a_token_that_is_no_header_is_told() {
    for token in ["a\nb", "\u{1}", ""] {
        let registry = guarded(Guard::Bearer { pair: None }).await;
        registry.state.lock().unwrap().token = Some(token.into());
        let text = refused(&store(None), &registry.name(":1")).await;
        assert!(text.contains("its answer to a login holds no token"), "{text}");
    }
}

#[tokio::test]
async fn nobody_gets_what_another_login_pulled_at_the_same_time() {
    let registry = guarded(GUARDS[1].clone()).await;
    registry.fault("/manifests/", Fault::Slow(Duration::from_millis(50)));
    let (store, name) = (store(None), registry.name(":1"));
    let (mine, wrong) = (login("me", "MARKER"), login("me", "x"));
    let (good, bad, none) = futures::join!(
        store.fetch(&name, Policy::Always, Some(&mine)),
        store.fetch(&name, Policy::Always, Some(&wrong)),
        store.fetch(&name, Policy::Always, None),
    );
    good.unwrap();
    assert_eq!(bad.unwrap_err().cause.reason(), "CredentialsRefused");
    assert_eq!(none.unwrap_err().cause.reason(), "CredentialsMissing");
}

/// Collects everything that is logged.
#[derive(Clone, Default)]
struct Log(std::sync::Arc<std::sync::Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_planted_marker_is_in_an_error_a_log_or_debug() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(std::sync::Mutex::new(log.clone()))
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);

    let secrets = ["MARKER-password", "MARKER-token", "MARKER-config"];
    let mine = login("me", secrets[0]);
    let mut said = format!("{mine:?} {:?}", Some(&mine));
    let file = config(&serde_json::json!({"auths": {"127.0.0.1": {"username": "me", "password": secrets[2]}}}));
    let folder = tempfile::tempdir().unwrap();
    for guard in [
        Guard::Basic { pair: "me:MARKER-password" },
        Guard::Bearer { pair: Some("me:MARKER-password") },
        Guard::Bearer { pair: Some("me:another") },
        Guard::Basic { pair: "me:another" },
    ] {
        for fault in [None, Some(Fault::Echo(401)), Some(Fault::Echo(403)), Some(Fault::Echo(500)), Some(Fault::Cut(9))]
        {
            let registry = guarded(guard.clone()).await;
            registry.state.lock().unwrap().token = Some(secrets[1].into());
            if let Some(fault) = fault {
                registry.fault("", fault);
            }
            let options =
                Options { docker_config: Some(file.path().to_owned()), ..options(Some(&folder.path().join("cache"))) };
            let store = store_of(options);
            for login in [Some(&mine), None] {
                let outcome = store.fetch(&registry.name(":1"), Policy::Always, login).await;
                said += &format!("{outcome:?} {store:?}");
                if let Err(error) = outcome {
                    said += &format!("{error} {:?}", error.cause);
                }
            }
        }
    }
    drop(guard);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("hyper") || logged.contains("a request is repeated"), "nothing was collected");
    for secret in secrets {
        for form in [secret.to_owned(), STANDARD.encode(format!("me:{secret}"))] {
            assert!(!said.contains(&form), "an error or Debug shows {form}");
            assert!(!logged.contains(&form), "a log shows {form}");
        }
    }
}
