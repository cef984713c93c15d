//! Requests a second and their times: the host, `wasmtime serve` of the same version, and hyper alone.

use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::load::{self, Seen};
use crate::nats::Nats;
use crate::operator::{self, Host};
use crate::process::{Process, free_port};
use crate::{Size, guests, median, verdict};

/// Keep-alive connections.
const POINTS: [usize; 3] = [1, 16, 128];
/// Requests a second of upstream's own host at these points, on two cores with the load beside it.
const UPSTREAM: [f64; 3] = [6_800.0, 10_700.0, 10_700.0];

/// Its instances that are kept, which no goal is about.
const KEPT: &str = "the same, `poolSize: 128`";

/// A server in the run.
struct Server {
    title: &'static str,
    address: String,
    /// The workload that is asked.
    workload: usize,
    /// For each point, what each run saw.
    seen: [Vec<Seen>; 3],
    /// Microseconds of its processor time for each request, beside that.
    cost: [Vec<f64>; 3],
    process: Rc<Process>,
}

impl Server {
    fn new(title: &'static str, address: String, process: Process) -> Self {
        let process = Rc::new(process);
        Self { title, address, workload: 0, seen: Default::default(), cost: Default::default(), process }
    }

    /// Another workload of the same one.
    fn other(&self, title: &'static str, workload: usize) -> Self {
        let (address, process) = (self.address.clone(), Rc::clone(&self.process));
        Self { title, address, workload, seen: Default::default(), cost: Default::default(), process }
    }

    fn measure(&mut self, point: usize, time: Duration) {
        let before = self.process.processor();
        let seen = load::put(&self.address, &operator::name(self.workload), POINTS[point], time);
        self.cost[point].push((self.process.processor() - before) * 1e6 / seen.all);
        self.seen[point].push(seen);
    }

    fn median(&self, point: usize, of: fn(&Seen) -> f64) -> f64 {
        median(self.seen[point].iter().map(of).collect())
    }
}

/// Measures, and prints a table in Markdown.
pub(crate) async fn measure(nats: &Nats, image: &str, wasmtime: Option<&str>, size: Size) {
    let host = Host::start(nats).await;
    host.run(image, 0).await;
    host.run_pooled(image, 1, &json!({ "poolSize": POINTS[2] })).await;
    let mut servers = vec![Server::new("chartwright host", host.address, host.process)];
    servers.push(servers[0].other(KEPT, 1));
    let scratch = tempfile::tempdir().unwrap();
    match wasmtime {
        Some(program) => {
            let component = scratch.path().join("plain.wasm");
            std::fs::write(&component, guests::guest("plain")).unwrap();
            let address = format!("127.0.0.1:{}", free_port());
            let mut command = Command::new(program);
            command.args(["serve", "-Scli", "--addr", &address]).arg(&component);
            let process = Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
            servers.push(Server::new("wasmtime serve", address, process));
        }
        None => println!("without `wasmtime serve`: `--wasmtime` names no program\n"),
    }
    let mut plain = Command::new(std::env::current_exe().unwrap());
    let mut plain = Process::start(plain.arg("plain").stdout(Stdio::piped()));
    let address = plain.line();
    servers.push(Server::new("hyper alone", address, plain));
    for server in &servers {
        listening(&server.address);
    }
    for _ in 0..size.runs {
        for point in 0..POINTS.len() {
            for server in &mut servers {
                server.measure(point, size.load);
            }
        }
    }
    println!("Requests: medians of {} interleaved runs of {} s each.\n", size.runs, size.load.as_secs());
    println!("{}", table(&servers));
    println!("{}", goals(&servers));
}

/// Waits until somebody listens.
fn listening(address: &str) {
    let end = Instant::now() + Duration::from_mins(1);
    while std::net::TcpStream::connect(address).is_err() {
        assert!(Instant::now() < end, "nobody listens at {address}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn table(servers: &[Server]) -> String {
    let mut lines = vec![
        "| connections | server | requests/s | p50 µs | p99 µs | processor µs/request | requests: ours ÷ its | p50: ours ÷ its |"
            .to_owned(),
        "|---:|---|---:|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for (point, connections) in POINTS.into_iter().enumerate() {
        for server in servers {
            let of = |number: fn(&Seen) -> f64| server.median(point, number);
            let ratio = |number: fn(&Seen) -> f64| servers[0].median(point, number) / of(number);
            lines.push(format!(
                "| {connections} | {} | {:.0} | {:.0} | {:.0} | {:.0} | {:.2} | {:.2} |",
                server.title,
                of(|seen| seen.rate),
                of(|seen| seen.p50),
                of(|seen| seen.p99),
                median(server.cost[point].clone()),
                ratio(|seen| seen.rate),
                ratio(|seen| seen.p50),
            ));
        }
    }
    lines.join("\n") + "\n"
}

fn goals(servers: &[Server]) -> String {
    let mut lines = vec!["| goal | at 1 | at 16 | at 128 |".to_owned(), "|---|---|---|---|".to_owned()];
    let mut line = |goal: &str, met: &dyn Fn(usize) -> bool| {
        let met: Vec<_> = (0..POINTS.len()).map(|point| verdict(met(point))).collect();
        lines.push(format!("| {goal} | {} |", met.join(" | ")));
    };
    let rate = |server: &Server, point| server.median(point, |seen| seen.rate);
    let p50 = |server: &Server, point| server.median(point, |seen| seen.p50);
    let ours = &servers[0];
    for server in &servers[1..] {
        match server.title {
            KEPT => {}
            "wasmtime serve" => {
                line("at least the requests of `wasmtime serve`", &|point| rate(ours, point) >= rate(server, point));
            }
            _ => line("p50 at most twice that of hyper alone", &|point| p50(ours, point) <= 2.0 * p50(server, point)),
        }
    }
    line("1.5 times the requests of upstream's host", &|point| rate(ours, point) >= 1.5 * UPSTREAM[point]);
    lines.join("\n") + "\n"
}
