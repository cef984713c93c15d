//! Credential helpers: programs named `docker-credential-…` that are asked for a login. What they print is a secret,
//! also when they fail, and never goes further than into a login.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    process::Command,
};

use super::{login::Login, secret::Secret};

/// Helpers talk to a cloud's metadata service at most; one that hangs must not eat the time of the pull.
const TIME: Duration = Duration::from_secs(10);

/// More than any token.
const MOST: u64 = 256 * 1024;

/// Asks a helper; none when it has no login for the registry. The error is the end of a sentence.
pub(super) async fn ask(name: &str, folder: Option<&Path>, server: &str) -> Result<Option<Login>, String> {
    ask_within(TIME, name, folder, server).await
}

async fn ask_within(time: Duration, name: &str, folder: Option<&Path>, server: &str) -> Result<Option<Login>, String> {
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return Err("is no name of a helper".into());
    }
    let file = format!("docker-credential-{name}");
    let program = folder.map_or_else(|| file.clone().into(), |folder| folder.join(&file));
    match tokio::time::timeout(time, run(Command::new(program), server)).await {
        Ok(answer) => answer,
        Err(_) => Err(format!("took longer than {} s", time.as_secs_f64())),
    }
}

async fn run(mut command: Command, server: &str) -> Result<Option<Login>, String> {
    // Dropped at the timeout, and with the pull: the program goes with it.
    let command =
        command.arg("get").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| format!("cannot be started: {error}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input may still answer.
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    let mut said = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MOST).read_to_end(&mut said).await.map_err(|error| format!("cannot be read: {error}"))?;
    }
    let status = child.wait().await.map_err(|error| format!("cannot be waited for: {error}"))?;
    if !status.success() {
        // The protocol's only word for "I have none".
        let none = String::from_utf8_lossy(&said).contains("credentials not found");
        return if none { Ok(None) } else { Err(format!("failed ({status})")) };
    }
    let answer: Value = serde_json::from_slice(&said).map_err(|_| "did not answer in JSON".to_owned())?;
    match (answer["Username"].as_str(), answer["Secret"].as_str()) {
        (Some("<token>"), _) => Err("has an identity token, which is not supported".into()),
        (Some(user), Some(secret)) if !secret.is_empty() => {
            Ok(Some(Login { username: user.into(), password: Secret::new(secret) }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::tests::script;

    async fn said(text: &str) -> Result<Option<Login>, String> {
        let folder = tempfile::tempdir().unwrap();
        script(&folder.path().join("docker-credential-test"), text);
        let time = if text.contains("sleep") { Duration::from_millis(700) } else { TIME };
        ask_within(time, "test", Some(folder.path()), "registry.example").await
    }

    #[tokio::test]
    async fn a_helper_is_asked_for_the_registry() {
        let login = said(r#"read r; echo "{\"Username\": \"$1\", \"Secret\": \"of $r\"}""#).await.unwrap().unwrap();
        assert_eq!((login.username.as_str(), login.password.reveal()), ("get", "of registry.example"));
    }

    #[tokio::test]
    async fn what_a_helper_says_is_never_repeated() {
        for (script, words) in [
            ("echo MARKER; echo MARKER >&2; exit 3", "failed (exit status: 3)"),
            ("echo MARKER", "did not answer in JSON"),
            (r#"echo '{"Username": "<token>", "Secret": "MARKER"}'"#, "identity token"),
            ("echo MARKER; exec sleep 30", "took longer than 0.7 s"),
        ] {
            let error = said(script).await.unwrap_err();
            assert!(error.contains(words) && !error.contains("MARKER"), "{error}");
        }
        assert_eq!(said("echo credentials not found in native keychain; exit 1").await, Ok(None));
    }

    #[tokio::test]
    async fn a_helper_that_is_not_there_or_has_a_path_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert!(ask("none", Some(folder.path()), "registry.example").await.unwrap_err().contains("cannot be started"));
        assert!(ask("../sh", None, "registry.example").await.unwrap_err().contains("no name"));
    }
}
