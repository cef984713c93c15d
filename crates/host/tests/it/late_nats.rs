//! NATS that is not there yet, seen from outside the process.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::host::Host;
use crate::nats::Nats;

/// The attempts that a log tells of a connection, by number.
fn attempts(log: &Path, connection: &str) -> Vec<u32> {
    let said = std::fs::read_to_string(log).unwrap();
    let lines = said.lines().filter(|line| line.contains("cannot connect to NATS") && line.contains(connection));
    lines.map(|line| line.split("attempt=").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn h06_nats_that_comes_late_is_waited_for() {
    let Some(mut nats) = Nats::prepared("") else { return };
    let log = nats.file("host.log", "");
    let host = Host::launch(&nats, &log, &[]).await;
    let why = host.readiness(|answer| answer.body.contains("refused")).await;
    for plane in ["control", "data"] {
        let words = format!("the {plane} plane is away: not connected yet, for ");
        assert!(why.contains(&words) && why.contains(&nats.url()), "{why}");
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(host.probe("/livez").await.status, 200);
    for connection in ["connection=scheduler-nats", "connection=data-nats"] {
        let told = attempts(&log, connection);
        // One line each, and fewer than equal pauses would make: they grow.
        assert_eq!(told, (1..=u32::try_from(told.len()).unwrap()).collect::<Vec<_>>(), "{connection}");
        assert!((3..=12).contains(&told.len()), "{connection}: {told:?}");
    }
    let said = std::fs::read_to_string(&log).unwrap();
    let first = said.lines().find(|line| line.contains("cannot connect to NATS")).unwrap();
    assert!(first.contains(&nats.url()) && first.contains("Connection refused"), "{first}");

    nats.resume();
    host.ready().await;
    host.answers().await;
    host.stop().await;
}

/// A Service that is made later: in a name space of the mount table the test gives the name its address.
#[tokio::test(flavor = "multi_thread")]
async fn h06_a_name_that_does_not_resolve_at_first_is_waited_for() {
    let Some(nats) = Nats::start() else { return };
    if !Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: only root may give a process a file /etc/hosts of its own");
        return;
    }
    let hosts = nats.file("hosts", "127.0.0.1 localhost\n");
    let log = nats.file("host.log", "");
    let url = format!("nats://late-nats.invalid:{}", nats.port());
    let (control, data) = (format!("--scheduler-nats-url={url}"), format!("--data-nats-url={url}"));
    let mut command = Command::new("unshare");
    let script = "mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"";
    command.args(["-m", "sh", "-c", script, "sh"]).arg(&hosts).arg(crate::child::program());
    let host = Host::launch_as(command, &nats, &log, &[&control, &data]).await;
    let why = host.readiness(|answer| answer.body.contains("the name was not found")).await;
    assert!(why.contains("nats://late-nats.invalid"), "{why}");
    assert_eq!(host.probe("/livez").await.status, 200);
    // In place: another file would not be the one that was mounted.
    std::fs::write(&hosts, "127.0.0.1 localhost late-nats.invalid\n").unwrap();
    host.ready().await;
    host.answers().await;
    host.stop().await;
}
