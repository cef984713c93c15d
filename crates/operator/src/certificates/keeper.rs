//! Looks after certificates for as long as the operator runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::Client;

use super::config::{ConfigError, List};
use super::material::between;
use super::pass::{Asked, Report, pass};
use crate::metrics::Metrics;
use crate::options::Options;

/// The longest time between two rounds: Secrets that somebody deleted are back by then.
const ROUND: Duration = Duration::from_mins(2);
/// After a round that had problems.
const AGAIN: Duration = Duration::from_secs(15);
/// The shortest time between two rounds.
const BREATH: Duration = Duration::from_secs(1);
/// How often the list is looked at: a mounted ConfigMap changes without a word.
const GLANCE: Duration = Duration::from_secs(10);

/// Who looks after them.
pub(crate) struct Keeper {
    client: Client,
    options: Options,
    path: PathBuf,
    list: List,
    metrics: Arc<Metrics>,
    asked: Asked,
}

impl Keeper {
    pub(crate) fn new(
        client: Client,
        options: &Options,
        list: &Path,
        metrics: Arc<Metrics>,
    ) -> Result<Self, ConfigError> {
        let (options, path, list) = (options.clone(), list.to_path_buf(), List::of(options, list)?);
        Ok(Self { client, options, path, list, metrics, asked: Asked::default() })
    }

    pub(crate) async fn run(mut self) {
        tracing::info!(list = %self.path.display(), certificates = self.list.certificates.len(), "certificates are kept");
        let mut known = Vec::new();
        let mut fault = None;
        loop {
            let report = pass(&self.client, &self.list, &self.options.own_namespace, &self.asked).await;
            self.tell(&report, &known);
            let mut rest = pause(&report, Timestamp::now());
            known = report.problems;
            while !rest.is_zero() {
                let nap = rest.min(GLANCE);
                tokio::time::sleep(nap).await;
                rest -= nap;
                if let Some(list) = self.changed(&mut fault).await {
                    tracing::info!(certificates = list.certificates.len(), "the list of certificates has changed");
                    self.list = list;
                    break;
                }
            }
        }
    }

    /// The list, if it is another one now. One that cannot be read is said once, and changes nothing.
    async fn changed(&self, fault: &mut Option<String>) -> Option<List> {
        let (path, options) = (self.path.clone(), self.options.clone());
        match tokio::task::spawn_blocking(move || List::of(&options, &path)).await.ok()? {
            Ok(list) => {
                *fault = None;
                (list != self.list).then_some(list)
            }
            Err(why) => {
                let why = why.to_string();
                if fault.as_ref() != Some(&why) {
                    tracing::error!(error = why, "the list of certificates cannot be read; the one before stays");
                    *fault = Some(why);
                }
                None
            }
        }
    }

    fn tell(&self, report: &Report, known: &[String]) {
        for change in &report.changes {
            tracing::info!("{change}");
        }
        for problem in &report.problems {
            if known.contains(problem) {
                tracing::debug!("{problem}");
            } else {
                tracing::error!("{problem}");
            }
        }
        for (namespace, secret, days) in &report.days {
            self.metrics.certificate(namespace, secret, *days);
        }
    }
}

/// How long to rest after a round.
fn pause(report: &Report, now: Timestamp) -> Duration {
    let longest = if report.problems.is_empty() { ROUND } else { AGAIN };
    // A moment is over when its second is.
    let until = report.wake.map_or(longest, |wake| between(now, wake) + BREATH);
    until.clamp(BREATH, longest)
}

#[cfg(test)]
mod tests {
    use super::super::material::after;
    use super::*;

    #[test]
    fn it_rests_until_there_is_something_to_do_but_not_long() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let report = |wake, problem: Option<&str>| Report {
            wake,
            problems: problem.map(str::to_owned).into_iter().collect(),
            ..Report::default()
        };
        assert_eq!(pause(&report(None, None), now), ROUND);
        assert_eq!(pause(&report(Some(after(now, Duration::from_secs(7))), None), now), Duration::from_secs(8));
        assert_eq!(pause(&report(Some(after(now, Duration::from_hours(9))), None), now), ROUND);
        assert_eq!(pause(&report(Some(after(now, Duration::from_hours(9))), Some("x")), now), AGAIN);
    }
}
