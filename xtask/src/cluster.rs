//! `cargo xtask cluster`: the test bed, a real cluster of one node on this machine.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::{Args as ClapArgs, Subcommand};

use crate::command::{cargo, run as run_command};
use crate::test::Outcome;
use crate::tools::{self, Found};
use crate::{Verdict, cache, dist};

/// A cluster of one node: etcd, the parts of Kubernetes, containerd and CoreDNS in a network namespace of their own.
#[derive(Debug, ClapArgs)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Start it from nothing; builds what it needs into the cache first
    Up(Up),
    /// Stop it, and remove every trace of it
    Down,
    /// Its processes with their memory, nodes and pods
    Status,
    /// Run a command in its network, with KUBECONFIG set
    Exec {
        /// The command and its arguments.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
    /// Start it, install the platform from this checkout, run a component behind a Service, and break things around it
    Walkthrough {
        /// Leave it up afterwards, to look around
        #[arg(long)]
        keep: bool,
    },
}

/// What a cluster has beside one node.
#[derive(Debug, ClapArgs)]
struct Up {
    /// etcd and the API server alone: for what needs objects, and no Pod that runs
    #[arg(long, conflicts_with_all = ["nodes", "volumes", "network_policy"])]
    minimal: bool,
    /// How many nodes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    nodes: Option<u8>,
    /// A default storage class, and so many volumes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    volumes: Option<u8>,
    /// `NetworkPolicies` are enforced, where the kernel has ip sets
    #[arg(long)]
    network_policy: bool,
}

impl Up {
    /// The same for the test bed.
    fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        options.extend(self.minimal.then(|| "--minimal".to_owned()));
        options.extend(self.nodes.into_iter().flat_map(|number| ["--nodes".to_owned(), number.to_string()]));
        options.extend(self.volumes.into_iter().flat_map(|number| ["--volumes".to_owned(), number.to_string()]));
        options.extend(self.network_policy.then(|| "--network-policy".to_owned()));
        options
    }
}

/// Runs the chore.
pub(crate) fn run(args: &Args) -> Result<Verdict> {
    match &args.what {
        What::Up(up) => {
            if let Some(why) = missing() {
                bail!("{why}");
            }
            run_command(with_pieces()?.arg("up").args(up.options()))?;
        }
        What::Down => run_command(testbed().arg("down"))?,
        What::Status => run_command(testbed().arg("status"))?,
        What::Exec { command } => {
            let output = testbed().arg("kubeconfig").output().context("ask the test bed")?;
            let kubeconfig = String::from_utf8(output.stdout)?;
            run_command(testbed().arg("exec").args(command).env("KUBECONFIG", kubeconfig.trim()))?;
        }
        What::Walkthrough { keep } => {
            if let Outcome::Skipped(why) = walkthrough(*keep)? {
                bail!("{why}");
            }
        }
    }
    Ok(Verdict::Yes)
}

/// Why there can be no cluster on this machine, if so, and what to do about it.
pub(crate) fn missing() -> Option<String> {
    // Found by a command, its name, how to get it.
    let needs = [
        ("[[ $EUID == 0 ]]", "root", "run it as root"),
        (
            "command -v go || test -x /usr/local/go/bin/go",
            "Go",
            "https://go.dev/dl has it: 1.26 or newer, on PATH or in /usr/local/go",
        ),
        (
            "command -v dpkg apt-get",
            "dpkg and apt-get",
            "containerd, runc and the like are taken from Debian or Ubuntu, and are installed if they are missing",
        ),
        (
            "unshare --net --mount --pid --fork true",
            "namespaces of network, mounts and processes",
            "a container needs `--privileged` for them",
        ),
        (
            // Version 2 has one tree, version 1 one for each kind of resource.
            "cd /sys/fs/cgroup && for tree in . memory; do mkdir $tree/cw-try && rmdir $tree/cw-try && exit 0; done; exit 1",
            "cgroups that can be made",
            "mount /sys/fs/cgroup writable; a container needs `--privileged` for that",
        ),
    ];
    let is = |test: &str| Command::new("bash").args(["-c", test]).output().is_ok_and(|output| output.status.success());
    let lacking: Vec<String> =
        needs.iter().filter(|(test, ..)| !is(test)).map(|(_, name, how)| format!("{name} ({how})")).collect();
    (!lacking.is_empty()).then(|| format!("a cluster needs {}", lacking.join("; ")))
}

/// Starts a cluster, shows everything on it, and takes it down. A machine on which no cluster comes up is told from a platform that
/// does not work on one.
pub(crate) fn walkthrough(keep: bool) -> Result<Outcome> {
    prepare()?;
    let program = dist::quick_here()?;
    let component = hello()?;
    if let Err(err) = up() {
        return Ok(Outcome::Skipped(format!("no cluster comes up on this machine: {err}")));
    }
    // Releases before those of conformance, whose operator looks after all namespaces.
    let walked = run_command(script("walkthrough").arg(&program).envs(helms()))
        .and_then(|()| run_command(script("releases").args([&program, &component]).envs(helms())))
        .and_then(|()| judged(|| run_command(script("conformance").arg(&program).arg("--disruptive"))))
        .and_then(|()| judged(|| run_command(script("saboteurs").arg(&program))))
        // The last: what came before asks hosts in plain HTTP.
        .and_then(|()| judged(|| run_command(script("https").arg(&program))));
    if !keep {
        run_command(testbed().arg("down"))?;
    }
    walked?;
    Ok(Outcome::Passed)
}

/// Measures something on a cluster that is started for it, with the static binary of this checkout.
pub(crate) fn with_one(task: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    prepare()?;
    let program = dist::shipped_here()?;
    up()?;
    let done = task(&program);
    run_command(testbed().arg("down"))?;
    done
}

/// Builds everything that a cluster takes.
fn prepare() -> Result<()> {
    if let Some(why) = missing() {
        bail!("{why}");
    }
    run_command(with_pieces()?.args(["build", "policies"]))
}

/// What judges a release may be repeated, and is once: on a busy machine a moment may be missed, and what is broken stays broken.
fn judged(script: impl Fn() -> Result<()>) -> Result<()> {
    script().or_else(|err| {
        println!("{err:#}: once more");
        script()
    })
}

/// Starts it, or leaves nothing behind. NetworkPolicies are enforced where the kernel can.
fn up() -> Result<()> {
    let start = |option: Option<&str>| {
        run_command(with_pieces()?.arg("up").args(option)).inspect_err(|_| drop(run_command(testbed().arg("down"))))
    };
    start(Some("--network-policy")).or_else(|err| {
        println!("{err:#}: once more, with NetworkPolicies that nobody enforces");
        start(None)
    })
}

/// A script of the test bed.
pub(crate) fn script(name: &str) -> Command {
    Command::new(folder().join(name))
}

/// Both Helms, where they are at hand.
fn helms() -> Vec<(&'static str, PathBuf)> {
    let found = [("CHARTWRIGHT_HELM3", tools::helm_3()), ("CHARTWRIGHT_HELM4", tools::helm_4())];
    found
        .into_iter()
        .filter_map(|(name, found)| match found {
            Ok(Found::At(place)) => Some((name, place)),
            _ => None,
        })
        .collect()
}

/// The test bed, told where the pieces are that other checks use, too: it would build them once more.
fn with_pieces() -> Result<Command> {
    let mut testbed = testbed();
    for (variable, found) in [
        (tools::ETCD_VARIABLE, tools::etcd()?),
        (tools::KUBEBOX_VARIABLE, tools::kubebox()?),
        (tools::NATS_SERVER_VARIABLE, tools::nats_server()?),
        (tools::REGISTRY_VARIABLE, tools::registry()?),
    ] {
        match found {
            Found::At(place) => drop(testbed.env(variable, place)),
            Found::Missing(why) => bail!("{variable}: {why}"),
        }
    }
    Ok(testbed)
}

/// The component that answers `hello` over HTTP.
fn hello() -> Result<PathBuf> {
    let guests = cache::checkout().join("tests/guests");
    let target = cache::checkout().join("target/guests");
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--target", "wasm32-wasip2", "--target-dir"]).arg(&target);
    run_command(build.current_dir(guests).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS"))?;
    Ok(target.join("wasm32-wasip2/release/hello.wasm"))
}

fn testbed() -> Command {
    Command::new(folder().join("testbed"))
}

fn folder() -> PathBuf {
    cache::checkout().join("tests/testbed")
}
