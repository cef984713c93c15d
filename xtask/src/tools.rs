//! Tools that the checks need, each in a folder of the cache that carries its version.
//!
//! A tool is installed by the ordinary client of its language, so a machine needs no more than cargo, go and npm.

use std::env;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::command::{command, find, run as run_command};
use crate::{Verdict, cache, command};

/// The Helms whose reading of our chart is proven: the last of the old line, and the current one.
const HELM_3: GoTool = GoTool {
    version: "3.22.0",
    package: "helm.sh/helm/v3/cmd/helm",
    variable: "CHARTWRIGHT_HELM3",
    name: "helm 3",
    program: "helm",
};
const HELM_4: GoTool = GoTool {
    version: "4.3.1",
    package: "helm.sh/helm/v4/cmd/helm",
    variable: "CHARTWRIGHT_HELM4",
    name: "helm 4",
    program: "helm",
};

/// The server that our connections are proven against.
const NATS_SERVER: GoTool = GoTool {
    version: "2.15.2",
    package: "github.com/nats-io/nats-server/v2",
    variable: NATS_SERVER_VARIABLE,
    name: "nats-server",
    program: "nats-server",
};
/// Tests find the server by it.
pub(crate) const NATS_SERVER_VARIABLE: &str = "CHARTWRIGHT_NATS_SERVER";

/// The registry that pulls are proven against: CNCF's, which most others are made of or measured by.
const REGISTRY: GoTool = GoTool {
    version: "3.1.2",
    package: "github.com/distribution/distribution/v3/cmd/registry",
    variable: REGISTRY_VARIABLE,
    name: "registry",
    program: "registry",
};
/// Tests find the registry by it.
pub(crate) const REGISTRY_VARIABLE: &str = "CHARTWRIGHT_REGISTRY";

/// The Go programs of the test bed that tests of the operator start by themselves: folders of [`TESTBED`].
const ETCD: OwnGo = OwnGo { name: "etcd", folder: "etcd", variable: ETCD_VARIABLE, linked: "-s -w" };
/// Kubernetes' own programs in one. It says its version to clients, who take it for what they may ask.
const KUBEBOX: OwnGo = OwnGo {
    name: "kubebox",
    folder: "kube",
    variable: KUBEBOX_VARIABLE,
    linked: "-s -w -X k8s.io/component-base/version.gitVersion=v1.35.4 -X k8s.io/component-base/version.gitMajor=1 \
             -X k8s.io/component-base/version.gitMinor=35 -X k8s.io/client-go/pkg/version.gitVersion=v1.35.4",
};
/// Tests find etcd by it.
pub(crate) const ETCD_VARIABLE: &str = "CHARTWRIGHT_ETCD";
/// Tests find Kubernetes by it.
pub(crate) const KUBEBOX_VARIABLE: &str = "CHARTWRIGHT_KUBEBOX";
const TESTBED: &str = "tests/testbed";

/// Where the Go modules around Helm's libraries stand; the rest of `tests/helm` is no reason to build them anew.
pub(crate) const HELM_MODULES: &str = "tests/helm/render";

const CARGO_DENY: &str = "0.20.2";
const CARGO_FUZZ: &str = "0.13.2";
/// The version that the host is built with, with the parts of it that `serve` uses there.
const WASMTIME: &str = "48.0.8";
const WASMTIME_FEATURES: &str = "serve,run,cranelift,pooling-allocator,parallel-compilation,component-model-async,threads,\
                                 gc,gc-null,logging";
/// The 1.x line: 2.0 wants a newer Node.js than Debian and most CI images have.
const YAML_LANGUAGE_SERVER: &str = "1.25.0";

/// What to do without Go.
const NO_GO: &str = "`go` is not on PATH: install Go 1.26 or newer (go.dev/dl, or your system's packages), or name \
                     ready-made binaries in CHARTWRIGHT_HELM3, CHARTWRIGHT_HELM4, CHARTWRIGHT_NATS_SERVER and \
                     CHARTWRIGHT_REGISTRY";
/// What to do without npm.
const NO_NPM: &str =
    "`node` and `npm` are not on PATH: install Node.js 18 or newer (Debian: apt-get install nodejs npm)";

/// Flags of `cargo xtask tools`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// A tool, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Here it is.
    At(PathBuf),
    /// What the machine lacks, and what to do.
    Missing(String),
}

/// Finds a tool, or installs it.
type Ensure = fn() -> Result<Found>;

/// A program that go builds from a module.
struct GoTool {
    version: &'static str,
    package: &'static str,
    /// The variable that names a ready-made one.
    variable: &'static str,
    name: &'static str,
    /// The file that go makes. With the version it names the folder.
    program: &'static str,
}

/// A program whose Go module is in this checkout.
struct OwnGo {
    name: &'static str,
    folder: &'static str,
    variable: &'static str,
    /// What the linker is told.
    linked: &'static str,
}

/// Runs the chore.
pub(crate) fn run(_: &Args) -> Result<Verdict> {
    let tools: [(&str, Ensure); 9] = [
        (HELM_3.name, helm_3),
        (HELM_4.name, helm_4),
        ("helm helpers", helm_helpers),
        (NATS_SERVER.name, nats_server),
        (REGISTRY.name, registry),
        (ETCD.name, etcd),
        (KUBEBOX.name, kubebox),
        ("cargo-deny", cargo_deny),
        ("yaml-language-server", yaml_language_server),
    ];
    let mut verdict = Verdict::Yes;
    for (name, ensure) in tools {
        match ensure().with_context(|| format!("cannot install {name}"))? {
            Found::At(place) => println!("{name}: {}", place.display()),
            Found::Missing(why) => {
                println!("{name}: missing. {why}");
                // Outside CI the stages that need it are skipped by name; a pipeline must not skip in silence.
                if command::in_ci() {
                    verdict = Verdict::No;
                }
            }
        }
    }
    Ok(verdict)
}

/// Helm 3.
pub(crate) fn helm_3() -> Result<Found> {
    go_tool(&HELM_3)
}

/// Helm 4.
pub(crate) fn helm_4() -> Result<Found> {
    go_tool(&HELM_4)
}

/// NATS' server.
pub(crate) fn nats_server() -> Result<Found> {
    go_tool(&NATS_SERVER)
}

/// An OCI registry.
pub(crate) fn registry() -> Result<Found> {
    go_tool(&REGISTRY)
}

/// The store of Kubernetes.
pub(crate) fn etcd() -> Result<Found> {
    own_go(&ETCD)
}

/// Kubernetes: API server, controllers, kubelet, kubectl.
pub(crate) fn kubebox() -> Result<Found> {
    own_go(&KUBEBOX)
}

/// A ready-made program that a variable names.
fn given(variable: &str) -> Result<Option<PathBuf>> {
    let Some(given) = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from) else {
        return Ok(None);
    };
    anyhow::ensure!(given.is_file(), "{variable} names {}, which is no file", given.display());
    Ok(Some(given))
}

fn own_go(tool: &OwnGo) -> Result<Found> {
    if let Some(given) = given(tool.variable)? {
        return Ok(Found::At(given));
    }
    let sources = cache::checkout().join(TESTBED).join(tool.folder);
    let folder = cache::tool(&format!("{}-{}", tool.name, cache::fingerprint(&sources)?))?;
    let program = folder.join(tool.name);
    if program.is_file() {
        return Ok(Found::At(program));
    }
    let Some(go) = find("go") else { return Ok(Found::Missing(NO_GO.to_owned())) };
    println!("building {} (minutes, once)", tool.name);
    cache::fill(&folder, |draft| {
        let mut build = command(go);
        build.current_dir(&sources).args(["build", "-trimpath", "-ldflags", tool.linked, "-o"]);
        run_command(build.arg(draft.join(tool.name)).arg(".").env("CGO_ENABLED", "0"))
    })?;
    Ok(Found::At(program))
}

fn go_tool(tool: &GoTool) -> Result<Found> {
    if let Some(given) = given(tool.variable)? {
        return Ok(Found::At(given));
    }
    let folder = cache::tool(&format!("{}-{}", tool.program, tool.version))?;
    let program = folder.join(tool.program);
    if program.is_file() {
        return Ok(Found::At(program));
    }
    let Some(go) = find("go") else { return Ok(Found::Missing(NO_GO.to_owned())) };
    println!("installing {} {} (some minutes, once)", tool.name, tool.version);
    cache::fill(&folder, |draft| {
        let package = format!("{}@v{}", tool.package, tool.version);
        run_command(command(go).arg("install").arg(package).env("GOBIN", draft).env("CGO_ENABLED", "0"))
    })?;
    Ok(Found::At(program))
}

/// The Go modules in `tests/helm/render/`: programs that render with Helm's own packages, without starting a Helm each time.
pub(crate) fn helm_modules() -> Result<Vec<PathBuf>> {
    let sources = cache::checkout().join(HELM_MODULES);
    let mut modules = Vec::new();
    if sources.exists() {
        for entry in fs_err::read_dir(&sources)? {
            let folder = entry?.path();
            if folder.join("go.mod").is_file() {
                modules.push(folder);
            }
        }
    }
    modules.sort();
    Ok(modules)
}

/// The folder of the programs built from [`helm_modules`], each under its module's name.
pub(crate) fn helm_helpers() -> Result<Found> {
    let modules = helm_modules()?;
    if modules.is_empty() {
        return Ok(Found::Missing(format!("no {HELM_MODULES}/*/go.mod in this checkout")));
    }
    let sources = cache::checkout().join(HELM_MODULES);
    let folder = cache::tool(&format!("helm-render-{}", cache::fingerprint(&sources)?))?;
    if folder.is_dir() {
        return Ok(Found::At(folder));
    }
    let Some(go) = find("go") else { return Ok(Found::Missing(NO_GO.to_owned())) };
    cache::fill(&folder, |draft| {
        for module in &modules {
            let name = module.file_name().context("a folder has a name")?;
            println!("building {HELM_MODULES}/{} (some minutes, once)", name.display());
            let mut build = command(&go);
            build.current_dir(module).args(["build", "-trimpath", "-o"]).arg(draft.join(name)).arg(".");
            run_command(build.env("CGO_ENABLED", "0"))?;
        }
        Ok(())
    })?;
    Ok(Found::At(folder))
}

/// cargo-deny.
pub(crate) fn cargo_deny() -> Result<Found> {
    cargo_tool("cargo-deny", CARGO_DENY)
}

/// cargo-fuzz; only the slow lane asks for it.
pub(crate) fn cargo_fuzz() -> Result<Found> {
    cargo_tool("cargo-fuzz", CARGO_FUZZ)
}

/// wasmtime's own program, for its verb `serve`; only the benchmark asks for it.
pub(crate) fn wasmtime() -> Result<Found> {
    cargo_program("wasmtime-cli", WASMTIME, "wasmtime", &["--no-default-features", "--features", WASMTIME_FEATURES])
}

fn cargo_tool(name: &str, version: &str) -> Result<Found> {
    cargo_program(name, version, name, &[])
}

/// A program that cargo builds from a package that may be called otherwise.
fn cargo_program(name: &str, version: &str, program: &str, more: &[&str]) -> Result<Found> {
    let folder = cache::tool(&format!("{name}-{version}"))?;
    let program = folder.join("bin").join(program);
    if program.is_file() {
        return Ok(Found::At(program));
    }
    println!("installing {name} {version} (some minutes, once)");
    cache::fill(&folder, |draft| {
        let mut install = command::cargo();
        install.args(["install", "--quiet", "--locked", "--root"]).arg(draft);
        // A target folder of its own, which goes with the draft: the checkout's would keep what nobody uses again.
        install.args(more).arg("--target-dir").arg(draft.join("target")).arg(format!("{name}@{version}"));
        run_command(&mut install)?;
        Ok(fs_err::remove_dir_all(draft.join("target"))?)
    })?;
    Ok(Found::At(program))
}

/// The language server behind the YAML support of most editors.
pub(crate) fn yaml_language_server() -> Result<Found> {
    let folder = cache::tool(&format!("yaml-language-server-{YAML_LANGUAGE_SERVER}"))?;
    let program = folder.join("node_modules/.bin/yaml-language-server");
    let (Some(_), Some(npm)) = (find("node"), find("npm")) else { return Ok(Found::Missing(NO_NPM.to_owned())) };
    if program.is_file() {
        return Ok(Found::At(program));
    }
    cache::fill(&folder, |draft| {
        let mut install = command(npm);
        install.args(["install", "--silent", "--no-fund", "--no-audit", "--ignore-scripts", "--prefix"]).arg(draft);
        run_command(install.arg(format!("yaml-language-server@{YAML_LANGUAGE_SERVER}")))
    })?;
    Ok(Found::At(program))
}
