//! No credential and no message is logged, at any level.

use std::io;
use std::sync::{Arc, Mutex, OnceLock};

use chartwright_contract::nats::{NatsOptions, connect, may_log};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use crate::jwt::Operator;
use crate::{Server, connected, options, until};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What this program logged so far, from the first call on. Of all its tests: what others do at the same time is looked at as
/// well.
pub(crate) fn captured() -> String {
    static LOG: OnceLock<Log> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let log = Log::default();
        let allowed = filter_fn(|event| may_log(event.target(), *event.level()));
        let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone()).with_filter(allowed);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();
        log
    });
    String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned()
}

#[tokio::test]
async fn nothing_secret_is_logged_at_any_level() {
    captured();
    let operator = Operator::new();
    let Some(jwt_server) = Server::up(&operator.configuration) else { return };
    let credentials = operator.credentials(None);
    let creds = Some(jwt_server.file("user.creds", &credentials));
    connected(&NatsOptions { creds, ..options(&jwt_server.url("nats")) }).await;

    let Some(server) = Server::up(r#"authorization { user: harbour, password: "planted-password" }"#) else { return };
    let user = NatsOptions {
        user_file: Some(server.file("user", "harbour")),
        password_file: Some(server.file("password", "planted-password")),
        ..options(&server.url("nats"))
    };
    connected(&user).await;
    server.file("password", "planted-wrong-password");
    let refused = connect(&user).await.unwrap();
    until(&refused, |state| state.failed_attempts >= 2).await;

    let token = Some(server.file("token", "planted-token"));
    let refused = connect(&NatsOptions { token_file: token, ..options(&server.url("nats")) }).await.unwrap();
    until(&refused, |state| state.failed_attempts >= 2).await;

    let text = captured();
    assert!(text.contains("TRACE") || text.contains("DEBUG"), "the finest levels are off: {text}");
    assert!(text.contains("cannot connect to NATS") && text.contains("does not take the credentials"), "{text}");
    assert!(!text.contains("planted"), "{text}");
    for line in credentials.lines().filter(|line| !line.starts_with('-') && !line.is_empty()) {
        assert!(!text.contains(line), "{text}");
    }
}
