//! Many workloads of one component: what each further one takes, and how fast they start.

use std::time::{Duration, Instant};

use futures::StreamExt as _;

use crate::nats::Nats;
use crate::operator::{self, Host};
use crate::{Size, load, verdict};

/// Starts under way at a time, as an operator has them.
const AT_A_TIME: usize = 16;

/// Measures, and prints a table in Markdown.
#[expect(clippy::cast_precision_loss, reason = "numbers for people")]
pub(crate) async fn measure(nats: &Nats, image: &str, size: Size) {
    let host = Host::start(nats).await;
    // The first one compiles, and its first request makes the pool's pages.
    host.run(image, 0).await;
    let second = Duration::from_secs(1);
    load::put(&host.address, &operator::name(0), 16, second);
    let mut lines = vec![
        "| workloads | KiB a further one | starts/s | resident MiB |".to_owned(),
        "|---:|---:|---:|---:|".to_owned(),
    ];
    let mut goals = Vec::new();
    let first = host.process.resident();
    let mut started = 1;
    for most in size.workloads {
        let begin = Instant::now();
        let further = most - started;
        futures::stream::iter(started..most)
            .map(|number| host.run(image, number))
            .buffer_unordered(AT_A_TIME)
            .collect::<Vec<()>>()
            .await;
        let rate = further as f64 / begin.elapsed().as_secs_f64();
        started = most;
        let resident = host.process.resident();
        let each = (resident - first) / 1024.0 / (most - 1) as f64;
        lines.push(format!("| {most} | {each:.1} | {rate:.0} | {:.0} |", resident / 1024.0 / 1024.0));
        goals = vec![("less than 64 KiB a further workload", each < 64.0), ("more than 500 starts/s", rate > 500.0)];
    }
    // It serves the first as the last, and no slower for their number.
    for number in [0, started / 2, started - 1] {
        load::put(&host.address, &operator::name(number), 1, Duration::from_millis(100));
    }
    println!("Workloads of one component, started over the control protocol, {AT_A_TIME} at a time.\n");
    println!("{}\n", lines.join("\n"));
    println!("| goal | met |\n|---|---|");
    for (goal, met) in goals {
        println!("| {goal} | {} |", verdict(met));
    }
}
