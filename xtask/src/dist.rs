//! `cargo xtask dist`: the static binaries that a release ships and the image is made of.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chartwright::image::{Platform, inspect::bytes, payload};
use serde_json::Value;

use crate::command::{built, capture, cargo, command, find, run as run_command};
use crate::{Verdict, cache};

/// What is in the binary beside the tool.
const FEATURES: &str = "host,operator,conformance";

/// The most that an image may weigh, both platforms together, compressed.
const LIMIT: u64 = 60 << 20;

/// Flags of `cargo xtask dist`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Only this machine; both without it
    #[arg(long = "arch", value_name = "ARCH", value_delimiter = ',')]
    platforms: Vec<Platform>,
    /// Hardly optimized: larger, slower, and built in a fraction of the time
    #[arg(long)]
    quick: bool,
    /// Features of the binary, separated by commas
    #[arg(long, default_value = FEATURES)]
    features: String,
}

impl Args {
    /// What the stage of `cargo xtask test` builds.
    pub(crate) fn quick() -> Self {
        Self { quick: true, ..Self::shipped() }
    }

    /// What a release ships.
    fn shipped() -> Self {
        Self { platforms: Vec::new(), quick: false, features: FEATURES.to_owned() }
    }
}

/// Runs the chore.
pub(crate) fn run(args: &Args) -> Result<Verdict> {
    let dist = cache::checkout().join("dist");
    fs_err::create_dir_all(&dist)?;
    let platforms = if args.platforms.is_empty() { &Platform::ALL } else { args.platforms.as_slice() };
    for &platform in platforms {
        let program = build(platform, args)?;
        let path = dist.join(payload::file_name(platform));
        fs_err::copy(&program, &path)?;
        // The image's own eyes: a static program for the right machine, or a clear no.
        let search = payload::Search { named: vec![(platform, path)], ..payload::Search::default() };
        let size = search.find(platform)?.bytes.len() as u64;
        println!("dist/{}: {}, static", payload::file_name(platform), bytes(size));
    }
    match Platform::here().filter(|here| platforms.contains(here)) {
        Some(here) => weigh(&dist.join(payload::file_name(here)), platforms),
        None => {
            println!("none of them runs on this machine: the image was not made");
            Ok(Verdict::Yes)
        }
    }
}

/// The binary of this machine makes the image of all, and says what it weighs.
fn weigh(program: &Path, platforms: &[Platform]) -> Result<Verdict> {
    let said = capture(command(program).arg("--version"), Duration::from_secs(30))?;
    anyhow::ensure!(said.success, "the binary does not start:\n{}", said.stderr);
    println!("{} runs", said.stdout.trim());
    let mut inspect = command(program);
    inspect.args(["image", "inspect", "--format", "json"]);
    for platform in platforms {
        inspect.args(["--platform", &platform.to_string()]);
    }
    let said = capture(&mut inspect, Duration::from_mins(5))?;
    anyhow::ensure!(said.success, "the binary makes no image:\n{}", said.stderr);
    let said: Value = serde_json::from_str(&said.stdout)?;
    let image = &said["images"][0];
    for platform in image["platforms"].as_array().into_iter().flatten() {
        let size = platform["layersSize"].as_u64().context("a layer has a size")?;
        println!("  {}: {} compressed", platform["platform"].as_str().unwrap_or_default(), bytes(size));
    }
    let size = image["size"].as_u64().context("an image has a size")?;
    println!("image {}: {} compressed", image["digest"].as_str().unwrap_or_default(), bytes(size));
    if size > LIMIT {
        println!("that is more than {}", bytes(LIMIT));
        return Ok(Verdict::No);
    }
    Ok(Verdict::Yes)
}

/// The binary of this machine, built the quick way: what a cluster on it runs.
pub(crate) fn quick_here() -> Result<PathBuf> {
    here(Args::quick())
}

/// The binary of this machine as it is shipped: what is measured on a cluster.
pub(crate) fn shipped_here() -> Result<PathBuf> {
    here(Args::shipped())
}

fn here(args: Args) -> Result<PathBuf> {
    let here = Platform::here().context("an image is for Linux on amd64 or arm64")?;
    let args = Args { platforms: vec![here], ..args };
    anyhow::ensure!(run(&args)? == Verdict::Yes, "the image is too large");
    Ok(cache::checkout().join("dist").join(payload::file_name(here)))
}

fn build(platform: Platform, args: &Args) -> Result<PathBuf> {
    let target = target(platform);
    let mut build = cargo();
    build.args(["build", "--locked", "--package", "chartwright", "--bin", "chartwright", "--target", target]);
    build.args(["--no-default-features", "--features", &args.features]);
    build.args(["--profile", if args.quick { "image" } else { "release" }]);
    add_target(target)?;
    toolchain(platform, &mut build)?;
    // Paths of this machine are nobody's business, and would make each machine's binary another one. Those of the checkout are
    // relative already; a flag that named it would make each checkout compile every library anew.
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let flags = home.map(|home| format!("--remap-path-prefix={}=/cargo", home.display()));
    build.env("CARGO_ENCODED_RUSTFLAGS", flags.unwrap_or_default());
    println!("building for {target}");
    built(&mut build)
}

const fn target(platform: Platform) -> &'static str {
    match platform {
        Platform::Amd64 => "x86_64-unknown-linux-musl",
        Platform::Arm64 => "aarch64-unknown-linux-musl",
    }
}

/// Rust's own library for the target: rustup brings it, once.
fn add_target(target: &str) -> Result<()> {
    let said =
        capture(command("rustc").args(["--print", "target-libdir", "--target", target]), Duration::from_mins(1))?;
    if said.success && Path::new(said.stdout.trim()).is_dir() {
        return Ok(());
    }
    let rustup = find("rustup").with_context(|| {
        format!("Rust's library for {target} is not installed, and there is no rustup to bring it: install it as your Rust was")
    })?;
    run_command(command(rustup).args(["target", "add", target]))
}

/// The C compiler and the linker. Some libraries are C, and must be compiled against musl's headers: with glibc's they
/// would rely on what musl has not (mimalloc takes glibc's thread block for the name of a thread).
fn toolchain(platform: Platform, build: &mut Command) -> Result<()> {
    match platform {
        Platform::Amd64 if cfg!(target_arch = "x86_64") => need("musl-gcc", "apt-get install musl-tools").map(|cc| {
            build.env("CC_x86_64_unknown_linux_musl", cc);
        }),
        Platform::Arm64 if cfg!(target_arch = "aarch64") => need("musl-gcc", "apt-get install musl-tools").map(|cc| {
            build.env("CC_aarch64_unknown_linux_musl", cc);
        }),
        Platform::Amd64 => cross("x86_64", build),
        Platform::Arm64 => cross("aarch64", build),
    }
}

/// Debian's cross compiler with the headers of the other machine's musl.
fn cross(machine: &str, build: &mut Command) -> Result<()> {
    let debian = if machine == "aarch64" { ("arm64", "aarch64") } else { ("amd64", "x86-64") };
    let advice = format!(
        "dpkg --add-architecture {0}, apt-get update, apt-get install gcc-{1}-linux-gnu musl-dev:{0}",
        debian.0, debian.1
    );
    let gcc = need(&format!("{machine}-linux-gnu-gcc"), &advice)?;
    let headers = PathBuf::from(format!("/usr/include/{machine}-linux-musl"));
    if !headers.join("stdio.h").is_file() {
        bail!("{} has no headers of musl: {advice}", headers.display());
    }
    let said = capture(command(&gcc).arg("-print-file-name=include"), Duration::from_secs(10))?;
    let own = said.stdout.trim();
    let mut flags = format!("-nostdinc -isystem {own} -isystem {} -U_FORTIFY_SOURCE", headers.display());
    if machine == "aarch64" {
        // Their helpers are in a library that belongs to glibc.
        flags.push_str(" -mno-outline-atomics");
    }
    let name = format!("{machine}_unknown_linux_musl");
    build.env(format!("CC_{name}"), &gcc).env(format!("CFLAGS_{name}"), flags);
    build.env(format!("AR_{name}"), format!("{machine}-linux-gnu-ar"));
    build.env(format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), &gcc);
    Ok(())
}

fn need(program: &str, advice: &str) -> Result<PathBuf> {
    find(program).with_context(|| format!("`{program}` is not on PATH: {advice}"))
}
