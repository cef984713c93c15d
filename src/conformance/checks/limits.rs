//! What one workload does to itself and to others.

use super::super::check::{Outcome, Stop, checks, hold};
use super::super::probe::Http;
use super::super::scene::{Draft, Running, Stage, arguments};

checks! {
    "limits.trap" parallel(trap) [Guests] 60 s
        "A request whose component traps gets 500, and the next one is answered"
        hint "an instance that trapped must not be used again: is the component kept warm by an old host?"
    "limits.cut" parallel(cut) [Guests] 60 s
        "An answer that a trap cuts off is seen as cut off"
        hint "a client must never take half an answer for all of it: a proxy in between completes it"
    "limits.state" parallel(state) [Guests, OurHost] 60 s
        "Without a pool no request sees what another one left behind"
        hint "memory of an instance must go with its request: `poolSize` 0 keeps none"
    "limits.memory" alone(memory) [Guests] 120 s
        "A component that eats memory harms nobody else, and no host restarts"
        hint "set `hostDefaults.limits.defaultHeapMemory` well below the memory limit of the host's Pod, and `guestMemoryMode: enforce` beside it"
    "limits.loop" alone(endless) [Guests] 90 s
        "A component that never ends keeps nobody else waiting"
        hint "a request that loops must not hold a thread: the host lacks interruption, or has one processor only"
    "limits.body" parallel(body) [Guests, OurHost] 60 s
        "A body above the limit of the hosts gets 413"
        hint "`hostDefaults.limits.maxBodyBytes` is the limit; a proxy in between may have a lower one"
}

async fn start(stage: &Stage, what: &str) -> Result<Running, Stop> {
    stage.workloads().start(&Draft::hello(stage, what)?).await
}

async fn trap(stage: &Stage) -> Outcome {
    let running = start(stage, "traps").await?;
    for _ in 0..3 {
        let answer = stage.get(running.address(), &running.host, "/trap").await?;
        hold!(answer.status >= 500, "a trap gets {}", answer.status);
        let answer = stage.get(running.address(), &running.host, "/").await?;
        hold!(answer.status == 200, "the request after a trap gets {} {:?}", answer.status, answer.body);
    }
    Ok("3 traps, each followed by an answer".to_owned())
}

async fn cut(stage: &Stage) -> Outcome {
    let running = start(stage, "cuts").await?;
    let request = Http {
        address: running.address().to_owned(),
        host: Some(running.host.clone()),
        path: "/cut?64".into(),
        ..Http::default()
    };
    let (answers, error) = stage.http(request).await?;
    // The connection may end before the answer has begun, or in the middle of it.
    let Some(answer) = answers.into_iter().next() else { return Ok(error.unwrap_or_default()) };
    hold!(
        answer.error.is_some() || answer.status >= 500,
        "{} bytes came with status {}, and no error",
        answer.length,
        answer.status
    );
    Ok(answer.error.unwrap_or_else(|| format!("status {}", answer.status)))
}

async fn state(stage: &Stage) -> Outcome {
    // It counts the calls of its instance.
    let draft = Draft::streams(stage, "forgets")?;
    let running = stage.workloads().start(&draft).await?;
    for number in 1..=3 {
        let answer = stage.get(running.address(), &running.host, "/calls").await?;
        hold!(answer.body == "1", "request {number} is call {:?} of its instance", answer.body);
    }
    Ok("3 requests, 3 instances".to_owned())
}

/// Restarts of all host Pods.
async fn restarts(stage: &Stage) -> Result<i32, Stop> {
    let pods = stage.pods_now("host").await?;
    hold!(!pods.is_empty(), "the hosts that were there are gone");
    let statuses = pods.iter().filter_map(|pod| pod.status.as_ref());
    Ok(statuses.flat_map(|status| status.container_statuses.iter().flatten()).map(|one| one.restart_count).sum())
}

/// Workloads on every host, asked while `path` of another one does its worst.
async fn beside(stage: &Stage, what: &str, path: &str, timeout_ms: u64) -> Result<(u16, usize), Stop> {
    let shared = stage.shared().await?.clone();
    let running = start(stage, what).await?;
    let before = restarts(stage).await?;
    let worst = stage.http(Http {
        address: running.address().to_owned(),
        host: Some(running.host.clone()),
        path: path.into(),
        timeout_ms,
        ..Http::default()
    });
    let others = async {
        let mut good = 0;
        let end = tokio::time::Instant::now() + std::time::Duration::from_millis(timeout_ms.min(4000));
        while tokio::time::Instant::now() < end {
            for address in &shared.running.addresses {
                let answer = stage.get(address, &shared.host(), "/").await?;
                hold!(answer.status == 200, "meanwhile another workload gets {} {:?}", answer.status, answer.body);
                good += 1;
            }
        }
        Ok::<usize, Stop>(good)
    };
    let (worst, others) = tokio::join!(worst, others);
    let (answers, _) = worst?;
    let good = others?;
    let after = restarts(stage).await?;
    hold!(after == before, "hosts were restarted {} times", after - before);
    Ok((answers.first().map_or(0, |answer| answer.status), good))
}

async fn memory(stage: &Stage) -> Outcome {
    let flags = arguments(stage.snapshot().main("host"));
    // Without a limit it would be the kernel that ends the host, and all that runs there.
    if !flags.iter().any(|flag| flag.starts_with("--default-heap-memory=") || flag == "--guest-memory-mode=enforce") {
        return Err(Stop::skipped(
            "the hosts keep nobody from eating all of their memory: set `hostDefaults.limits.defaultHeapMemory`, and \
             `guestMemoryMode: enforce` beside it",
        ));
    }
    let (status, good) = beside(stage, "eats", "/eat", 60_000).await?;
    hold!(
        status >= 500,
        "the request that ate got {}",
        if status == 0 { "no answer".to_owned() } else { status.to_string() }
    );
    Ok(format!("it got {status}; {good} requests of others were answered meanwhile"))
}

async fn endless(stage: &Stage) -> Outcome {
    let (status, good) = beside(stage, "loops", "/loop", 5_000).await?;
    let ended = if status == 0 { "its client went away".to_owned() } else { format!("it got {status}") };
    Ok(format!("{ended}; {good} requests of others were answered meanwhile"))
}

async fn body(stage: &Stage) -> Outcome {
    let flags = arguments(stage.snapshot().main("host"));
    let Some(limit) = flags.iter().find_map(|flag| flag.strip_prefix("--max-body-bytes=")) else {
        return Err(Stop::skipped("the hosts have no limit: set `hostDefaults.limits.maxBodyBytes`"));
    };
    let bytes = bytes(limit).ok_or_else(|| Stop::failed(format!("`{limit}` is no size")))?;
    let shared = stage.shared().await?;
    // Its length is said before anything of it is sent: the answer comes without it.
    let request = Http {
        address: shared.address(),
        host: Some(shared.host()),
        method: "POST".into(),
        path: "/echo".into(),
        headers: vec![("content-length".to_owned(), (bytes + 1).to_string())],
        parts: vec!["x".to_owned()],
        pause_ms: 2_000,
        ..Http::default()
    };
    let answer = stage.ask(request).await?;
    hold!(answer.status == 413, "a body of {} bytes gets {}", bytes + 1, answer.status);
    Ok(format!("413 above {limit}"))
}

/// `8Mi` in bytes.
fn bytes(text: &str) -> Option<usize> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 1,
        "k" | "K" => 1000,
        "Ki" => 1 << 10,
        "M" => 1_000_000,
        "Mi" => 1 << 20,
        "G" => 1_000_000_000,
        "Gi" => 1 << 30,
        _ => return None,
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_read() {
        assert_eq!(
            (bytes("8Mi"), bytes("100"), bytes("1k"), bytes("much")),
            (Some(8 << 20), Some(100), Some(1000), None)
        );
    }
}
