//! The load: so many connections, each with the next request as soon as it has an answer.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use serde_json::json;

/// What the load saw.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
    /// Requests in a second.
    pub(crate) rate: f64,
    /// Microseconds that half of the answers took at most.
    pub(crate) p50: f64,
    /// Those of 99 in a hundred.
    pub(crate) p99: f64,
    /// Requests, those before the measurement began among them.
    pub(crate) all: f64,
}

/// Time before a measurement begins.
const WARM_UP: Duration = Duration::from_millis(300);

/// Puts load on a server, from a process of its own.
pub(crate) fn put(address: &str, name: &str, connections: usize, time: Duration) -> Seen {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["load", address, name, &connections.to_string(), &time.as_secs_f64().to_string()]);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "the load on {address} failed");
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |name: &str| seen[name].as_f64().unwrap();
    Seen { rate: number("rate"), p50: number("p50"), p99: number("p99"), all: number("all") }
}

/// The process: one thread, so that a server has a core of its own.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run(arguments: &[String]) {
    let [address, name, connections, seconds] = arguments else { panic!("load ADDRESS HOST CONNECTIONS SECONDS") };
    let begin = Instant::now() + WARM_UP;
    let end = begin + Duration::from_secs_f64(seconds.parse().unwrap());
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..connections.parse().unwrap() {
        all.spawn(connection(address.clone(), name.clone(), begin, end));
    }
    let seen = all.join_all().await;
    let requests: usize = seen.iter().map(|(requests, _)| requests).sum();
    let mut times: Vec<u64> = seen.into_iter().flat_map(|(_, times)| times).collect();
    times.sort_unstable();
    assert!(!times.is_empty(), "no answer in time");
    #[expect(clippy::cast_precision_loss, reason = "numbers for people")]
    let (rate, micros) = (times.len() as f64 / end.duration_since(begin).as_secs_f64(), |share: usize| {
        times[(times.len() - 1) * share / 100] as f64 / 1000.0
    });
    println!("{}", json!({ "all": requests, "rate": rate, "p50": micros(50), "p99": micros(99) }));
}

/// One connection: all requests, and nanoseconds of each answer that came between `begin` and `end`.
async fn connection(address: String, name: String, begin: Instant, end: Instant) -> (usize, Vec<u64>) {
    let stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut times = Vec::new();
    for requests in 1.. {
        let request = http::Request::get("/").header("host", &name).body(Empty::<Bytes>::new()).unwrap();
        let start = Instant::now();
        let response = sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200, "{response:?}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "hello\n");
        let now = Instant::now();
        if now > end {
            return (requests, times);
        }
        if start >= begin {
            times.push(u64::try_from((now - start).as_nanos()).unwrap());
        }
    }
    unreachable!("the loop has no end but its return")
}
