//! The stages of `cargo xtask test`, in the order in which a failure is cheapest to find.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use crate::command::{HOST, PLATFORM, TOOL, capture, cargo, command, in_ci, run};
use crate::test::{Outcome, Stage, elapsed};
use crate::tools::{self, Found};
use crate::{bench, cache, cluster, dist, edges, generate, golden};

/// The place of a tool; a stage that lacks one ends here.
macro_rules! need {
    ($found:expr) => {
        match $found {
            Found::At(place) => place,
            Found::Missing(why) => return Ok(lacking(why, in_ci())),
        }
    };
}

/// Variables by which the tests in `tests/it` find Helm; without them those tests say so and pass.
const HELM_VARIABLES: [&str; 3] = ["CHARTWRIGHT_HELM3", "CHARTWRIGHT_HELM4", "CHARTWRIGHT_HELM_RENDER"];

/// Tests of `tests/it` that need Helm have this in their path.
const HELM_TESTS: &str = "helm";

/// The test that compares generated value sets has this in its name, and reads how many from `CHARTWRIGHT_SETS`.
const SETS_TESTS: &str = "generated_sets";

/// Tests of `tests/it` that are run against a registry, too.
const IMAGE_TESTS: &str = "image::";

/// Tests of `tests/it` that are run against an API server, with both Helms beside it.
const INSTALL_TESTS: &str = "install::";

/// What a fuzz target begins with, beside its corpus.
const SEEDS: [(&str, &str); 3] = [("loader", "golden"), ("loader", "tests/cases"), ("translator", "chart-templates")];

/// Every stage.
pub(crate) const STAGES: &[Stage] = &[
    Stage { name: "fmt", fast: true, run: fmt },
    Stage { name: "generated files", fast: true, run: || Ok(generate::check()?.into()) },
    Stage { name: "edges", fast: true, run: || Ok(edges::run()?.into()) },
    Stage { name: "clippy", fast: true, run: clippy },
    Stage { name: "deny", fast: false, run: deny },
    Stage { name: "advisories", fast: false, run: advisories },
    Stage { name: "tests", fast: true, run: tests },
    Stage { name: "doc tests", fast: false, run: doc_tests },
    Stage { name: "no default features", fast: false, run: no_default_features },
    Stage { name: "goldens", fast: true, run: goldens },
    Stage { name: "helm", fast: false, run: helm },
    Stage { name: "platform", fast: false, run: platform },
    Stage { name: "image", fast: false, run: image },
    Stage { name: "install", fast: false, run: install },
    Stage { name: "cluster", fast: false, run: walkthrough },
    Stage { name: "dist", fast: false, run: distribution },
    Stage { name: "yaml-language-server", fast: false, run: editor },
    Stage { name: "fuzz", fast: false, run: fuzz },
    Stage { name: "generated sets", fast: false, run: sets },
    Stage { name: "bench", fast: false, run: benchmarks },
];

fn fmt() -> Result<Outcome> {
    succeed(cargo().args(["fmt", "--all", "--check"]))
}

fn clippy() -> Result<Outcome> {
    succeed(cargo().args([
        "clippy",
        "--workspace",
        "--all-features",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))
}

fn deny() -> Result<Outcome> {
    let program = need!(tools::cargo_deny()?);
    succeed(command(program).args(["--workspace", "check", "bans", "licenses", "sources"]))
}

/// The one check that needs a database from outside: out of reach is a skip, a finding is a failure.
fn advisories() -> Result<Outcome> {
    let program = need!(tools::cargo_deny()?);
    let said = capture(command(program).args(["check", "advisories"]), Duration::from_mins(2))?;
    print!("{}", said.stdout);
    if said.success {
        return Ok(Outcome::Passed);
    }
    if said.timed_out || said.stderr.contains("failed to fetch advisory database") {
        return Ok(Outcome::Skipped("the advisory database is out of reach".to_owned()));
    }
    eprint!("{}", said.stderr);
    Ok(Outcome::Failed("see above".to_owned()))
}

fn tests() -> Result<Outcome> {
    let mut test = cargo();
    test.args(["test", "--quiet", "--lib", "--bins", "--tests"]).args(TOOL);
    // Helm's tests have a stage of their own.
    for variable in HELM_VARIABLES.iter().chain(&["CHARTWRIGHT_SETS", tools::ETCD_VARIABLE]) {
        test.env_remove(variable);
    }
    succeed(&mut test)
}

fn doc_tests() -> Result<Outcome> {
    succeed(cargo().args(["test", "--quiet", "--doc"]).args(TOOL))
}

fn no_default_features() -> Result<Outcome> {
    succeed(cargo().args(["check", "--quiet", "--package", "chartwright", "--no-default-features", "--all-targets"]))
}

fn goldens() -> Result<Outcome> {
    if golden::cases()?.is_empty() {
        return Ok(Outcome::Skipped("no golden/*/values.yaml in this checkout".to_owned()));
    }
    Ok(golden::check()?.into())
}

fn helm() -> Result<Outcome> {
    if tools::helm_modules()?.is_empty() {
        return Ok(Outcome::Skipped(format!("no {}/*/go.mod in this checkout", tools::HELM_MODULES)));
    }
    let places = [need!(tools::helm_3()?), need!(tools::helm_4()?), need!(tools::helm_helpers()?)];
    helm_tests(&places, HELM_TESTS, None)
}

/// The parts that need a NATS server and a registry, an API server with its etcd, and a WebAssembly engine that the other stages
/// do without. Outages last some seconds there, and as long as users' with `CHARTWRIGHT_OUTAGES=1`.
fn platform() -> Result<Outcome> {
    let mut test = cargo();
    test.args(["test", "--quiet", "--all-features"]);
    for package in ["chartwright-contract", HOST, PLATFORM] {
        test.args(["--package", package]);
    }
    for (variable, place) in [
        (tools::NATS_SERVER_VARIABLE, need!(tools::nats_server()?)),
        (tools::REGISTRY_VARIABLE, need!(tools::registry()?)),
        (tools::ETCD_VARIABLE, need!(tools::etcd()?)),
        (tools::KUBEBOX_VARIABLE, need!(tools::kubebox()?)),
    ] {
        test.env(variable, place);
    }
    succeed(&mut test)
}

/// Images against a real registry.
fn image() -> Result<Outcome> {
    let registry = need!(tools::registry()?);
    let test = |more: &[&str]| {
        let mut test = it(IMAGE_TESTS, more);
        test.env(tools::REGISTRY_VARIABLE, &registry);
        test
    };
    some(&mut test(&["--list"]), IMAGE_TESTS)?;
    succeed(&mut test(&[]))
}

/// Releases on a real API server, and what both Helms say of them.
fn install() -> Result<Outcome> {
    let places = [
        (tools::ETCD_VARIABLE, need!(tools::etcd()?)),
        (tools::KUBEBOX_VARIABLE, need!(tools::kubebox()?)),
        (HELM_VARIABLES[0], need!(tools::helm_3()?)),
        (HELM_VARIABLES[1], need!(tools::helm_4()?)),
    ];
    let test = |more: &[&str]| {
        let mut test = it(INSTALL_TESTS, more);
        test.envs(places.iter().map(|(variable, place)| (variable, place)));
        test
    };
    some(&mut test(&["--list"]), INSTALL_TESTS)?;
    succeed(&mut test(&[]))
}

/// A pipeline that has taken so long began on a slow, cold machine, and might be ended before the cluster is done: its build and its
/// scripts take half an hour there.
const COLD: Duration = Duration::from_mins(50);

/// The platform on a cluster of its own, from install to uninstall.
fn walkthrough() -> Result<Outcome> {
    if env::var("CHARTWRIGHT_CLUSTER").is_ok_and(|value| value == "0") {
        return Ok(Outcome::Skipped("CHARTWRIGHT_CLUSTER=0 leaves it out".to_owned()));
    }
    if in_ci() && elapsed() > COLD {
        let minutes = elapsed().as_secs() / 60;
        return Ok(Outcome::Skipped(format!("{minutes} minutes went by already, on a machine whose caches were cold")));
    }
    let outcome = match cluster::missing() {
        Some(why) => Outcome::Skipped(why),
        None => cluster::walkthrough(false)?,
    };
    Ok(match outcome {
        Outcome::Skipped(why) => lacking(why, in_ci()),
        outcome => outcome,
    })
}

/// The static binaries, and the image of them.
fn distribution() -> Result<Outcome> {
    if wanted("CHARTWRIGHT_DIST").is_none() {
        return Ok(Outcome::Skipped("slow: set CHARTWRIGHT_DIST=1 to run it".to_owned()));
    }
    Ok(dist::run(&dist::Args::quick())?.into())
}

fn sets() -> Result<Outcome> {
    let Some(count) = wanted("CHARTWRIGHT_SETS") else {
        return Ok(Outcome::Skipped("slow: set CHARTWRIGHT_SETS=10000 to run it".to_owned()));
    };
    let places = [need!(tools::helm_3()?), need!(tools::helm_4()?), need!(tools::helm_helpers()?)];
    helm_tests(&places, SETS_TESTS, Some(&count))
}

fn helm_tests(places: &[PathBuf; 3], filter: &str, sets: Option<&str>) -> Result<Outcome> {
    let test = |more: &[&str]| {
        let mut test = it(filter, more);
        for (variable, place) in HELM_VARIABLES.iter().zip(places) {
            test.env(variable, place);
        }
        match sets {
            Some(count) => test.env("CHARTWRIGHT_SETS", count),
            None => test.env_remove("CHARTWRIGHT_SETS"),
        };
        test
    };
    some(&mut test(&["--list"]), filter)?;
    succeed(&mut test(&[]))
}

/// Those tests of `tests/it` that have this in their path.
fn it(filter: &str, more: &[&str]) -> Command {
    let mut test = cargo();
    test.args(["test", "--quiet", "--test", "it"]).args(TOOL).args([filter, "--"]).args(more);
    test
}

/// A filter that matches nothing would pass for ever.
fn some(list: &mut Command, filter: &str) -> Result<()> {
    let listed = capture(list, Duration::from_mins(30))?;
    anyhow::ensure!(listed.success, "the tests do not build:\n{}", listed.stderr);
    let any = listed.stdout.lines().any(|line| line.ends_with(": test"));
    anyhow::ensure!(any, "no test of tests/it has `{filter}` in its path");
    Ok(())
}

/// Completion and hover from our schema in the server that most editors use for YAML.
fn editor() -> Result<Outcome> {
    let schema = "values-schemas/values.schema.json";
    if !cache::checkout().join(schema).exists() {
        return Ok(Outcome::Skipped(format!("no {schema} in this checkout")));
    }
    let server = need!(tools::yaml_language_server()?);
    succeed(command("node").arg("tests/editor/hover.mjs").arg(server).arg(schema))
}

fn fuzz() -> Result<Outcome> {
    if wanted("CHARTWRIGHT_FUZZ").is_none() {
        return Ok(Outcome::Skipped("slow: set CHARTWRIGHT_FUZZ=1 to run it".to_owned()));
    }
    let folder = cache::checkout().join("fuzz/fuzz_targets");
    anyhow::ensure!(folder.is_dir(), "no fuzz/fuzz_targets in this checkout");
    let program = need!(tools::cargo_fuzz()?);
    let seconds = wanted("CHARTWRIGHT_FUZZ_SECONDS").unwrap_or_else(|| "60".to_owned());
    for target in cache::files(&folder)? {
        let Some(name) = target.file_stem() else { continue };
        let corpus = PathBuf::from("fuzz/corpus").join(name);
        fs_err::create_dir_all(cache::checkout().join(&corpus))?;
        let mut fuzz = command(&program);
        fuzz.arg("run").arg(name).arg(corpus);
        // Real inputs to start from; what is found is kept in the corpus alone.
        fuzz.args(SEEDS.iter().filter(|(target, _)| *target == name).map(|(_, folder)| folder));
        fuzz.arg("--").arg(format!("-max_total_time={seconds}"));
        // The sanitizer's flags are unstable; the pinned toolchain has them all the same.
        run(fuzz.env("RUSTC_BOOTSTRAP", "1"))?;
    }
    Ok(Outcome::Passed)
}

fn benchmarks() -> Result<Outcome> {
    if wanted("CHARTWRIGHT_BENCH").is_none() {
        return Ok(Outcome::Skipped(
            "slow, and the machine must be quiet: set CHARTWRIGHT_BENCH=1 to run it".to_owned(),
        ));
    }
    bench::chart::run(bench::chart::RUNS)?;
    bench::host::run(&bench::host::Args::default())?;
    bench::install::run(bench::install::TIMES)?;
    Ok(bench::operator::run()?.into())
}

fn succeed(command: &mut Command) -> Result<Outcome> {
    run(command)?;
    Ok(Outcome::Passed)
}

/// A variable that is set to something.
fn wanted(variable: &str) -> Option<String> {
    env::var(variable).ok().filter(|value| !value.is_empty() && value != "0")
}

/// How a stage ends that lacks its tool: a pipeline that lost a tool must not look green.
fn lacking(why: String, ci: bool) -> Outcome {
    if ci { Outcome::Failed(why) } else { Outcome::Skipped(why) }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_missing_tool_is_a_skip_at_home_and_a_failure_in_ci() {
        assert_eq!(lacking("no go".to_owned(), false), Outcome::Skipped("no go".to_owned()));
        assert_eq!(lacking("no go".to_owned(), true), Outcome::Failed("no go".to_owned()));
    }
}
