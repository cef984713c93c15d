//! The host against its peers, in one interleaved run: `cargo xtask bench host` builds and starts it.
//!
//! One program with several parts, each in a process of its own: the host itself, a plain server, the load. What is
//! measured is built once, and nothing is measured that shares a process with what measures it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    dead_code,
    reason = "it shares the helpers of the tests, and has nobody to hand an error to"
)]

#[path = "../../tests/it/guests.rs"]
mod guests;
mod load;
#[path = "../../tests/it/nats.rs"]
mod nats;
mod operator;
mod plain;
mod process;
#[path = "../../tests/it/registry.rs"]
mod registry;
mod requests;
mod workloads;

use std::time::Duration;

/// The program as it is shipped has this allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How long and how often.
#[derive(Clone, Copy)]
struct Size {
    /// Runs of each point.
    runs: usize,
    /// Seconds of load at each point of a run.
    load: Duration,
    /// Workloads: the memory of each is measured between two of these numbers.
    workloads: [usize; 2],
}

const WHOLE: Size = Size { runs: 5, load: Duration::from_secs(3), workloads: [1_000, 10_000] };
const QUICK: Size = Size { runs: 2, load: Duration::from_secs(1), workloads: [200, 1_000] };

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        Some((part, rest)) if part == "host" => {
            if let Err(err) = chartwright_host::serve(rest) {
                panic!("{err}");
            }
        }
        Some((part, _)) if part == "plain" => plain::serve(),
        Some((part, rest)) if part == "load" => load::run(rest),
        _ => conduct(&arguments),
    }
}

/// `[--quick] [--requests] [--workloads] [--wasmtime=PROGRAM]`; without a part, both.
#[tokio::main]
async fn conduct(arguments: &[String]) {
    let given = |name: &str| arguments.iter().any(|argument| argument == name);
    let size = if given("--quick") { QUICK } else { WHOLE };
    let wasmtime = arguments.iter().find_map(|argument| argument.strip_prefix("--wasmtime="));
    let nats = nats::Nats::start().expect("a NATS server");
    let registry = registry::Registry::start();
    let image = registry.put("plain", "1", &guests::guest("plain"));
    let both = given("--requests") == given("--workloads");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{cores} cores, load {}, load generator and servers on the same\n", load.split(' ').next().unwrap_or("?"));
    if both || given("--requests") {
        requests::measure(&nats, &image, wasmtime, size).await;
    }
    if both || given("--workloads") {
        workloads::measure(&nats, &image, size).await;
    }
}

/// Whether a goal is met, for people.
fn verdict(met: bool) -> &'static str {
    if met { "yes" } else { "**no**" }
}

/// The one in the middle.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let middle = numbers.len() / 2;
    if numbers.len().is_multiple_of(2) { f64::midpoint(numbers[middle - 1], numbers[middle]) } else { numbers[middle] }
}
