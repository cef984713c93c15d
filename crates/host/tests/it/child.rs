//! A host as a process of its own: what it logs, and how it ends, is its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use chartwright_contract::nats::async_nats;
use chartwright_host::Addresses;

use crate::host::{Host, Life, PATIENCE, arguments};
use crate::nats::{Nats, free_port};

/// The test that is a host.
const TEST: &str = "child::a_host";

impl Host {
    /// Starts a host in a process of its own, which logs into this file, and waits until it hears commands.
    pub(crate) async fn spawn(nats: &Nats, log: &Path, more: &[&str]) -> Self {
        Self::spawn_as(Command::new(program()), nats, log, more).await
    }

    /// The same by a command that ends with the program.
    pub(crate) async fn spawn_as(command: Command, nats: &Nats, log: &Path, more: &[&str]) -> Self {
        let host = Self::launch_as(command, nats, log, more).await;
        host.answers().await;
        host
    }

    /// Starts one whose NATS is not there yet, or does not let it in: it runs, and hears nothing.
    pub(crate) async fn launch(nats: &Nats, log: &Path, more: &[&str]) -> Self {
        Self::launch_as(Command::new(program()), nats, log, more).await
    }

    /// The same by a command that ends with the program.
    pub(crate) async fn launch_as(mut command: Command, nats: &Nats, log: &Path, more: &[&str]) -> Self {
        // Somebody outside cannot be told which port a process got.
        let at = |flag: &str| {
            let given = more.iter().find_map(|one| one.strip_prefix(flag)).map(|rest| rest.trim_start_matches('='));
            given.map_or_else(|| format!("127.0.0.1:{}", free_port()), str::to_owned)
        };
        let [http, probes, metrics] = ["--http-addr", "--probe-addr", "--metrics-addr"].map(at);
        let places =
            [format!("--http-addr={http}"), format!("--probe-addr={probes}"), format!("--metrics-addr={metrics}")];
        let more: Vec<&str> = more.iter().copied().chain(places.iter().map(String::as_str)).collect();
        command.args([TEST, "--exact", "--ignored", "--nocapture"]).stdin(Stdio::null()).stdout(Stdio::null());
        for argument in arguments(nats, &more) {
            let (name, value) = argument.trim_start_matches("--").split_once('=').unwrap_or((&argument[2..], "true"));
            command.env(format!("CHARTWRIGHT_{}", name.to_uppercase().replace('-', "_")), value);
        }
        let mut child = command.stderr(File::create(log).unwrap()).spawn().unwrap();
        let operator = async_nats::ConnectOptions::new().retry_on_initial_connect().connect(nats.url()).await.unwrap();
        let running = async {
            loop {
                let said = std::fs::read_to_string(log).unwrap();
                if let Some((_, rest)) = said.split_once("the host runs id=\"") {
                    return rest.split('"').next().unwrap().to_owned();
                }
                assert!(child.try_wait().unwrap().is_none(), "the host ended: {said}");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let id = tokio::time::timeout(PATIENCE, running).await.expect("the host does not run");
        let [http, probes, metrics] = [http, probes, metrics].map(|place| Some(place.parse().unwrap()));
        let addresses = Addresses { id, http, metrics, probes };
        Self { addresses, operator, life: Life::Process(child) }
    }

    /// The id of its process.
    pub(crate) fn process(&self) -> u32 {
        match &self.life {
            Life::Process(child) => child.id(),
            Life::Task { .. } => std::process::id(),
        }
    }

    /// Ends it as a crash does.
    pub(crate) fn crash(mut self) {
        if let Life::Process(child) = &mut self.life {
            child.kill().unwrap();
        }
    }
}

/// This program, which is also the host.
pub(crate) fn program() -> PathBuf {
    std::env::current_exe().unwrap()
}

#[test]
#[ignore = "other tests run it in a process of its own"]
fn a_host() {
    chartwright_host::serve(&[]).unwrap();
}
