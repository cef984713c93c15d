//! `cargo xtask bench chart`: the tool against Helm, whole processes, in one interleaved run.
//!
//! Never an assert in a test: a ratio says something only beside its peer of the same minute, so the runs of all
//! contenders alternate, and what is printed is medians with their spread.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::command::{build_program, command, find, line, run as run_command};
use crate::tools::{self, Found};
use crate::{Verdict, cache};

/// Measured runs of each contender.
pub(crate) const RUNS: usize = 15;
/// Runs before those, which fill the page cache.
const WARM_UP: usize = 2;
/// Runs for the peak of memory, apart from the timed ones because the observer costs time.
const MEMORY_RUNS: usize = 3;
/// The case: a values file of the size that people have.
const VALUES: &str = "golden/synadia-leaf/values.yaml";

/// One command in the run.
struct Contender {
    /// As the table names it.
    name: String,
    /// Contenders with one task are compared with each other, the first being ours.
    task: &'static str,
    program: PathBuf,
    arguments: Vec<String>,
    times: Vec<Duration>,
    peak_kib: Option<u64>,
}

/// Measures, and prints a table in Markdown.
pub(crate) fn run(runs: usize) -> Result<Verdict> {
    anyhow::ensure!(cache::checkout().join(VALUES).exists(), "no {VALUES} in this checkout");
    let program = build_program(true)?;
    let scratch = tempfile::tempdir().context("no temporary folder")?;
    let chart = scratch.path().join("chart");
    run_command(command(&program).args(["chart", "export"]).arg(&chart).stdout(Stdio::null()))?;
    let mut contenders = contenders(&program, &chart)?;
    for round in 0..WARM_UP + runs {
        for contender in &mut contenders {
            let took = timed(contender)?;
            if round >= WARM_UP {
                contender.times.push(took);
            }
        }
    }
    for contender in &mut contenders {
        for _ in 0..MEMORY_RUNS {
            contender.peak_kib = contender.peak_kib.max(peak(contender, scratch.path())?);
        }
    }
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = fs_err::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    println!("{VALUES}: {runs} interleaved runs each after {WARM_UP} to warm up, {cores} cores, load {load}\n");
    println!("{}", table(&contenders));
    Ok(Verdict::Yes)
}

fn contenders(program: &Path, chart: &Path) -> Result<Vec<Contender>> {
    let chart = chart.to_string_lossy().into_owned();
    let contender = |task, name: String, program: &Path, arguments: &[&str]| Contender {
        name,
        task,
        program: program.to_path_buf(),
        arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
        times: Vec::new(),
        peak_kib: None,
    };
    let mut all = vec![
        contender("render", "chartwright render".to_owned(), program, &["render", "-f", VALUES]),
        contender("validate", "chartwright validate".to_owned(), program, &["validate", VALUES]),
    ];
    for (version, found) in [("4", tools::helm_4()?), ("3", tools::helm_3()?)] {
        match found {
            Found::At(helm) => {
                // A Helm built by `go install` takes itself for one of an old cluster, which the chart refuses.
                let template = ["template", "bench", &chart, "--kube-version", "1.33", "-f", VALUES];
                let lint = ["lint", &chart, "-f", VALUES];
                all.push(contender("render", format!("helm {version} template"), &helm, &template));
                all.push(contender("validate", format!("helm {version} lint"), &helm, &lint));
            }
            Found::Missing(why) => println!("without helm {version}: {why}"),
        }
    }
    Ok(all)
}

/// The time of one whole process, from its start to its end.
fn timed(contender: &Contender) -> Result<Duration> {
    let mut process = command(&contender.program);
    process.args(&contender.arguments).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let status = process.status().with_context(|| format!("cannot start `{}`", line(&process)))?;
    let took = start.elapsed();
    anyhow::ensure!(status.success(), "`{}` ended with {status}: nothing to compare", line(&process));
    Ok(took)
}

/// The peak of a process's resident memory in KiB: GNU time where it is, else by looking again and again.
fn peak(contender: &Contender, scratch: &Path) -> Result<Option<u64>> {
    if let Some(time) = find("time") {
        let report = scratch.join("peak");
        let mut process = command(time);
        process.args(["-f", "%M", "-o"]).arg(&report).arg(&contender.program).args(&contender.arguments);
        run_command(process.stdout(Stdio::null()).stderr(Stdio::null()))?;
        return Ok(fs_err::read_to_string(report)?.lines().next_back().and_then(|kib| kib.trim().parse().ok()));
    }
    let mut process = command(&contender.program);
    let mut child = process.args(&contender.arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut seen = None;
    while child.try_wait()?.is_none() {
        // The mark only rises, so the last look before the end is at most a moment too low.
        seen = seen.max(fs_err::read_to_string(&status).ok().and_then(|text| high_water(&text)));
        thread::sleep(Duration::from_micros(100));
    }
    Ok(seen)
}

/// `VmHWM` of a `/proc/<pid>/status`, in KiB.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => Duration::ZERO,
        even if even % 2 == 0 => (sorted[middle - 1] + sorted[middle]) / 2,
        _ => sorted[middle],
    }
}

/// Ratios are against the first contender of the same task, which is ours.
fn table(contenders: &[Contender]) -> String {
    let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
    let mut lines = vec![
        "| command | median ms | fastest | slowest | times ours | peak MiB | times ours |".to_owned(),
        "|---|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for contender in contenders {
        let ours = contenders.iter().find(|other| other.task == contender.task).unwrap_or(contender);
        let (fastest, slowest) = (contender.times.iter().min(), contender.times.iter().max());
        let ratio = median(&contender.times).as_secs_f64() / median(&ours.times).as_secs_f64().max(f64::MIN_POSITIVE);
        lines.push(format!(
            "| {} | {} | {} | {} | {ratio:.1} | {} | {} |",
            contender.name,
            ms(median(&contender.times)),
            ms(fastest.copied().unwrap_or_default()),
            ms(slowest.copied().unwrap_or_default()),
            contender.peak_kib.map_or_else(|| "?".to_owned(), mebibytes),
            contender.peak_kib.zip(ours.peak_kib).map_or_else(|| "?".to_owned(), |(theirs, ours)| tenths(theirs, ours)),
        ));
    }
    lines.join("\n")
}

fn mebibytes(kib: u64) -> String {
    tenths(kib, 1024)
}

/// A quotient with one decimal, rounded.
fn tenths(of: u64, by: u64) -> String {
    let tenths = (of * 10 + by / 2) / by.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contender(name: &str, task: &'static str, ms: &[u64], peak_kib: Option<u64>) -> Contender {
        Contender {
            name: name.to_owned(),
            task,
            program: "/bin/true".into(),
            arguments: Vec::new(),
            times: ms.iter().map(|&ms| Duration::from_millis(ms)).collect(),
            peak_kib,
        }
    }

    #[test]
    fn ratios_are_against_ours_of_the_same_task() {
        let all = [
            contender("ours render", "render", &[10, 12, 9], Some(10 * 1024)),
            contender("ours validate", "validate", &[5, 5], None),
            contender("their render", "render", &[90, 110, 100], Some(64 * 1024)),
        ];
        assert_eq!(
            table(&all),
            "| command | median ms | fastest | slowest | times ours | peak MiB | times ours |\n\
             |---|---:|---:|---:|---:|---:|---:|\n\
             | ours render | 10.0 | 9.0 | 12.0 | 1.0 | 10.0 | 1.0 |\n\
             | ours validate | 5.0 | 5.0 | 5.0 | 1.0 | ? | ? |\n\
             | their render | 100.0 | 90.0 | 110.0 | 10.0 | 64.0 | 6.4 |"
        );
    }

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(high_water("Name:\tx\nVmHWM:\t    5432 kB\n"), Some(5432));
        assert_eq!(high_water("Name:\tx\n"), None);
    }

    #[test]
    fn a_process_is_timed_and_its_memory_seen() {
        let scratch = tempfile::tempdir().unwrap();
        let mut sleeper = contender("sleep", "render", &[], None);
        sleeper.program = "/bin/sleep".into();
        sleeper.arguments = vec!["0.05".to_owned()];
        assert!(timed(&sleeper).unwrap() >= Duration::from_millis(50));
        assert!(peak(&sleeper, scratch.path()).unwrap().is_some_and(|kib| kib > 100));
    }
}
