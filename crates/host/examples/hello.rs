//! A NATS server, a registry and a host on this machine: a component is started over the control protocol and asked.
//!
//! `cargo xtask hello` runs it.
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

#[path = "../tests/it/distribution.rs"]
mod distribution;
#[path = "../tests/it/guests.rs"]
mod guests;
#[path = "../tests/it/host.rs"]
mod host;
#[path = "../tests/it/nats.rs"]
mod nats;
#[path = "../tests/it/registry.rs"]
mod registry;

use serde_json::json;

#[tokio::main]
async fn main() {
    let Some(nats) = nats::Nats::start() else { std::process::exit(2) };
    let Some(registry) = distribution::Distribution::start(distribution::Kind::default()).await else {
        std::process::exit(2)
    };
    let (image, _) = registry.push("hello", "1", guests::hello()).await;
    println!("nats      {}", nats.url());
    println!("registry  {image}");
    let host = host::Host::start(&nats, &[]).await;
    println!("host      {} serves http://{}\n", host.addresses.id, host.addresses.http.unwrap());
    let status = host.run("hello", &image, "hello.example", json!({})).await;
    println!("runtime.host.{}.workload.start\n  {:?}: {}\n", host.addresses.id, status.workload_state, status.message);
    for (name, path) in [("hello.example", "/"), ("elsewhere.example", "/")] {
        let answer = host.get(name, path).await;
        println!("curl -H 'Host: {name}' http://{}{path}", host.addresses.http.unwrap());
        println!("  {} {} {}", answer.status, answer.reason, answer.body.trim_end());
    }
    println!("\n/readyz: {}", host.probe("/readyz").await.body);
    println!("/metrics:");
    for line in host.metrics().await.lines().filter(|line| !line.starts_with('#') && !line.contains("bucket")) {
        println!("  {line}");
    }
    host.stop().await;
}
