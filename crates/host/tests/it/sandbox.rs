//! What the chart allows a host: nobody in particular, nothing to write to but a cache, no capability.

use std::path::Path;
use std::process::Command;

use chartwright_contract::control::WorkloadState::Running;
use serde_json::json;

use crate::guests;
use crate::host::Host;
use crate::nats::Nats;
use crate::registry::Registry;

/// `$1`: the program. `$2`: a folder that becomes a fresh file system. Everything else becomes read-only.
const SCRIPT: &str = r#"
set -e
program=$1; cache=$2; shift 2
mount --make-rprivate /
mount -o remount,bind,ro /
cut -d ' ' -f 5 /proc/self/mountinfo | while read -r place; do
  mount -o remount,bind,ro "$place" 2>/dev/null || true
done
mount -t tmpfs -o size=64m,mode=0700,uid=65532,gid=65532 tmpfs "$cache"
exec setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  "$program" "$@"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_with_a_read_only_root_and_no_capability_runs_a_component() {
    let Some(nats) = Nats::start() else { return };
    let possible = Command::new("unshare").args(["-m", "setpriv", "--version"]).output();
    if !possible.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: only root may make a name space of mounts (`unshare -m`) and become somebody else (`setpriv`)"
        );
        return;
    }
    let registry = Registry::start();
    let image = registry.put("hello", "1", guests::hello());
    // Folders that everybody may pass: those of builds need not be.
    let folder = tempfile::Builder::new().prefix("host-").tempdir_in("/tmp").unwrap();
    open(folder.path());
    let (program, cache) = (folder.path().join("host"), folder.path().join("cache"));
    std::fs::copy(crate::child::program(), &program).unwrap();
    std::fs::create_dir(&cache).unwrap();
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", SCRIPT, "sh"]).arg(&program).arg(&cache);
    let log = nats.file("host.log", "");
    let kept = format!("--oci-cache-dir={}", cache.display());
    let host = Host::spawn_as(command, &nats, &log, &[&kept]).await;
    let id = host.process();
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    for line in
        ["Uid:\t65532\t65532\t65532\t65532", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"]
    {
        assert!(status.contains(line), "{line}: {status}");
    }
    let mounts = std::fs::read_to_string(format!("/proc/{id}/mountinfo")).unwrap();
    let root = mounts.lines().rfind(|line| line.split(' ').nth(4) == Some("/")).unwrap();
    assert!(root.split(' ').nth(5).unwrap().split(',').any(|option| option == "ro"), "{root}");

    let started = host.run("a", &image, "a.example", json!({})).await;
    assert_eq!(started.workload_state, Running, "{}", started.message);
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");
    // The cache is where it was allowed to be, inside its own mounts.
    assert!(std::fs::read_dir(&cache).unwrap().next().is_none());
    let inside = format!("/proc/{id}/root{}", cache.display());
    assert!(std::fs::read_dir(inside).unwrap().next().is_some());
    host.stop().await;
}

fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}
