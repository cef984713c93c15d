//! TLS of the hosts themselves.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::ResourceExt;
use tokio::time::sleep;

use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::probe::{Http, Shown};
use crate::conformance::scene::{Source, Stage, address, pod_address};

/// A kubelet brings a changed Secret to its Pods within a minute and a half, and a host takes two seconds more.
const BROUGHT: Duration = Duration::from_secs(100);
const DAY: i64 = 86_400;

pub(super) async fn served(stage: &Stage) -> Outcome {
    let snapshot = stage.snapshot();
    if !snapshot.any_serves_tls() {
        return Err(Stop::skipped("the hosts serve plain HTTP: `hostDefaults.http.tls.enabled` turns TLS on"));
    }
    let shared = stage.shared().await?;
    let pods = stage.pods_now("host").await?;
    let mut seen = Vec::new();
    for host in stage.workloads().hosts(&shared.running.name).await? {
        let at = address(&host);
        if !snapshot.serves_tls(&at) {
            continue;
        }
        let shown = stage.handshake(&at, &shared.host()).await?;
        sound(&shown).map_err(|why| Stop::failed(format!("{at}: {why}")))?;
        let pod = pods.iter().find(|pod| pod_address(pod) == Some(host.address.as_str()));
        let source = pod.and_then(|pod| pod.spec.as_ref()).map(Source::of);
        let source =
            source.unwrap_or_else(|| Source::Other("its Pod is not in the namespace of the release".to_owned()));
        let compared = compare(stage, &at, &shared.host(), source).await?;
        unanswered(stage, &at, &shared.host()).await?;
        let name = pod.map_or_else(|| at.clone(), ResourceExt::name_any);
        seen.push(format!("{name}: {}, {compared}, ends in {} days", shown.version, shown.ends_in / DAY));
    }
    if seen.is_empty() {
        return Err(Stop::skipped(
            "no host that runs the shared workload serves TLS: groups of hosts differ in `http.tls`",
        ));
    }
    Ok(seen.join("; "))
}

/// What can be said of a handshake by itself.
fn sound(shown: &Shown) -> Result<(), String> {
    if let Some(error) = &shown.error {
        return Err(error.clone());
    }
    if shown.begins_in > 0 {
        return Err(format!("its certificate is valid in {} only", span(shown.begins_in)));
    }
    if shown.ends_in <= 0 {
        return Err(format!("its certificate ended {} ago", span(-shown.ends_in)));
    }
    if shown.protocol.as_deref() != Some("h2") {
        return Err(format!("HTTP/2 was offered, and {} is spoken", shown.protocol.as_deref().unwrap_or("HTTP/1.1")));
    }
    Ok(())
}

fn span(seconds: i64) -> String {
    match seconds {
        0..300 => format!("{seconds} s"),
        300..172_800 => format!("{} minutes", seconds / 60),
        _ => format!("{} days", seconds / DAY),
    }
}

/// Whether what a host shows is what its Secret holds; waits as long as a change of it may be on its way.
async fn compare(stage: &Stage, at: &str, host: &str, source: Source) -> Outcome {
    let secret = match source {
        Source::Secret(secret) => secret,
        Source::Other(why) => return Ok(format!("not compared with a Secret ({why})")),
    };
    loop {
        let Some(held) = stage.certificate(&secret).await? else {
            return Ok(format!("not compared with the Secret {secret}, which may not be read"));
        };
        let shown = stage.handshake(at, host).await?;
        if shown.certificate == STANDARD.encode(&held.certificate) {
            return Ok(format!("the certificate of the Secret {secret}"));
        }
        hold!(
            held.age < BROUGHT,
            "{at} shows another certificate than the Secret {secret} has held for {}{}",
            span(i64::try_from(held.age.as_secs()).unwrap_or(i64::MAX)),
            shown.error.map(|err| format!(": {err}")).unwrap_or_default()
        );
        stage.at(format!("{at} takes up the certificate of the Secret {secret}"));
        sleep(Duration::from_secs(2)).await;
    }
}

/// That a workload does not answer without TLS.
async fn unanswered(stage: &Stage, at: &str, host: &str) -> Result<(), Stop> {
    let request =
        Http { address: at.into(), host: Some(host.into()), path: "/".into(), timeout_ms: 5_000, ..Http::default() };
    let (answers, _) = stage.as_it_is(request).await?;
    // A proxy may say in plain HTTP that it wants TLS.
    let answered = answers.iter().find(|answer| answer.status < 400);
    hold!(answered.is_none(), "{at} answers without TLS as well");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_that_is_not_sound_says_why() {
        let good = Shown { protocol: Some("h2".into()), begins_in: -5, ends_in: 90 * DAY, ..Shown::default() };
        assert_eq!(sound(&good), Ok(()));
        for (shown, words) in [
            (Shown { error: Some("connection refused".into()), ..good.clone() }, "connection refused"),
            (Shown { begins_in: 3 * DAY, ..good.clone() }, "valid in 3 days only"),
            (Shown { ends_in: -7200, ..good.clone() }, "ended 120 minutes ago"),
            (Shown { ends_in: 0, ..good.clone() }, "ended 0 s ago"),
            (Shown { protocol: Some("http/1.1".into()), ..good.clone() }, "http/1.1 is spoken"),
            (Shown { protocol: None, ..good.clone() }, "HTTP/1.1 is spoken"),
        ] {
            let said = sound(&shown).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }
}
