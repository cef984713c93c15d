//! What can be seen of the platform.

mod exports;

use super::super::check::{Outcome, Stop, checks, hold};
use super::super::scene::{Draft, Stage};

checks! {
    "observability.operator.metrics" parallel(operator) [Agent, OurOperator] 30 s
        "The operator's /metrics can be read and counts its work"
        hint "its metrics port is closed: `operator.metrics.enabled`, or a NetworkPolicy that keeps scrapers out"
    "observability.host.metrics" parallel(hosts) [Agent, OurHost] 30 s
        "The /metrics of every host can be read"
        hint "their metrics port is closed: `hostDefaults.metrics.enabled`, or a NetworkPolicy that keeps scrapers out"
    "observability.requests" parallel(requests) [Guests, OurHost] 60 s
        "Requests of a workload are counted under its name and namespace"
        hint "metrics of another host were read, or requests reach the workload by another way"
    "observability.misses" alone(misses) [Guests, OurHost] 30 s
        "Requests that no workload answers are counted with their reason"
        hint "something in front of the host answers in its place"
    "observability.labels" parallel(labels) [Guests, OurHost] 60 s
        "No metric has a path of a request in its labels"
        hint "a label for each path makes metrics grow without an end"
    "observability.ready" parallel(ready) [Agent, OurHost] 30 s
        "The /readyz of operator and hosts says that they are ready"
        hint "the page says what is missing"
    "observability.certificates" parallel(certificates) [Agent, OurOperator] 30 s
        "Every certificate that the operator looks after lasts four weeks or more"
        hint "it renews them at five eighths of their life: its log says what is in the way; `chartwright certs status`, `certs renew`"
    "observability.otlp.traces" parallel(exports::traces) [Guests, OurHost] 60 s
        "Spans of a workload's requests are exported over OTLP"
        hint "the hosts' log says why an export failed: a collector that refuses, a proxy in between, a NetworkPolicy"
    "observability.otlp.metrics" parallel(exports::metrics) [Guests, OurHost] 180 s
        "Durations of a workload's requests are exported over OTLP"
        hint "the hosts' log says why an export failed; OTEL_METRIC_EXPORT_INTERVAL (milliseconds) is how often they are sent"
    "observability.otlp.logs" parallel(exports::logs) [Guests, OurHost] 60 s
        "What a workload logs is exported over OTLP"
        hint "`hostDefaults.logLevel` may leave it out; else the hosts' own log says why an export failed"
    "observability.logs" parallel(logs) [] 30 s
        "Operator and hosts log, each line a JSON object where that is asked for"
        hint "something writes past the log: a panic, or a library of its own"
}

async fn operator(stage: &Stage) -> Outcome {
    let mut count = 0;
    for (pod, metrics) in stage.metrics("operator").await? {
        let looks = metrics.sum("chartwright_operator_reconciles_total", "");
        hold!(looks > 0.0, "{pod} has counted no reconciles");
        count += metrics.0.len();
    }
    Ok(format!("{count} samples"))
}

async fn hosts(stage: &Stage) -> Outcome {
    let pods = stage.metrics("host").await?;
    for (pod, metrics) in &pods {
        hold!(!metrics.all("chartwright_host_workloads").is_empty(), "{pod} does not say how many workloads it has");
    }
    let count: usize = pods.iter().map(|(_, metrics)| metrics.0.len()).sum();
    Ok(format!("{count} samples of {} hosts", pods.len()))
}

/// What a certificate lasts at least, in days: those of the defaults are renewed when they have 34 left.
const LEAST_DAYS: f64 = 28.0;

async fn certificates(stage: &Stage) -> Outcome {
    const NAME: &str = "chartwright_operator_certificate_left_days";
    let mut all = Vec::new();
    for (_, metrics) in stage.metrics("operator").await? {
        all.extend(metrics.0.into_iter().filter(|sample| sample.name == NAME));
    }
    // Of several operators the one that holds the Lease has them.
    let Some(first) = all.iter().min_by(|a, b| a.value.total_cmp(&b.value)) else {
        return Err(Stop::skipped("the operator looks after no certificates: `tls.provider` says who does"));
    };
    hold!(first.value >= LEAST_DAYS, "{} days are left of {}", first.value, first.labels);
    Ok(format!("{} certificates, the first ends in {} days", all.len(), first.value))
}

async fn requests(stage: &Stage) -> Outcome {
    const TIMES: usize = 7;
    let draft = Draft::hello(stage, "counted")?;
    let running = stage.workloads().start(&draft).await?;
    for _ in 0..TIMES {
        let answer = stage.get(running.address(), &running.host, "/").await?;
        hold!(answer.status == 200, "it answers {}", answer.status);
    }
    let mut counted = 0.0;
    for (_, metrics) in stage.metrics("host").await? {
        for sample in metrics.0.iter().filter(|one| one.name == "chartwright_host_http_requests_total") {
            let here = sample.labels.contains(&format!("workload_namespace=\"{}\"", stage.namespace));
            if here && sample.labels.contains(&draft.name) && sample.labels.contains("2xx") {
                counted += sample.value;
            }
        }
    }
    let wanted = f64::from(u8::try_from(TIMES).unwrap_or_default());
    hold!((counted - wanted).abs() < 0.5, "{TIMES} requests were made, {counted} are counted");
    Ok(format!("{TIMES} of {TIMES}"))
}

async fn misses(stage: &Stage) -> Outcome {
    let address = stage.shared().await?.address();
    let count = async || {
        let mut sum = 0.0;
        for (_, metrics) in stage.metrics("host").await? {
            sum += metrics.sum("chartwright_host_http_misses_total", "unknown-host");
        }
        Ok::<f64, super::super::check::Stop>(sum)
    };
    let before = count().await?;
    for _ in 0..3 {
        stage.get(&address, "nobody.conformance.test", "/").await?;
    }
    let more = count().await? - before;
    hold!(more > 2.5, "3 requests of nobody's name were made, {more} are counted");
    Ok(format!("{more} more"))
}

async fn labels(stage: &Stage) -> Outcome {
    let shared = stage.shared().await?;
    let path = format!("/no-such-path-{}", stage.run);
    stage.get(&shared.address(), &shared.host(), &path).await?;
    for part in ["operator", "host"] {
        for (pod, _, text) in stage.pages(part, "metrics", "/metrics").await? {
            hold!(!text.contains(&path), "{pod} has {path} in its metrics");
        }
    }
    Ok(format!("{path} is in no metric"))
}

async fn ready(stage: &Stage) -> Outcome {
    let mut count = 0;
    for (part, port) in [("operator", "health"), ("host", "probes")] {
        if part == "operator" && !stage.snapshot().our_operator() {
            continue;
        }
        for (pod, status, text) in stage.pages(part, port, "/readyz").await? {
            hold!(status == 200, "{pod} answers {status}: {}", text.trim());
            count += 1;
        }
    }
    Ok(format!("{count} Pods"))
}

async fn logs(stage: &Stage) -> Outcome {
    let mut lines = 0;
    for part in ["operator", "host"] {
        let flags = super::super::scene::arguments(stage.snapshot().main(part));
        let json = flags.iter().any(|flag| flag == "--log-format=json");
        for (pod, log) in stage.logs(part).await? {
            hold!(!log.trim().is_empty(), "{pod} has logged nothing");
            lines += log.lines().count();
            let bad = log
                .lines()
                .find(|line| json && !line.is_empty() && serde_json::from_str::<serde_json::Value>(line).is_err());
            hold!(bad.is_none(), "{pod} wrote a line that is no JSON: {}", bad.unwrap_or_default());
        }
    }
    Ok(format!("{lines} lines"))
}
