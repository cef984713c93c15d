//! What a run found, as data, and its formats.

mod html;
mod json;
mod junit;
mod text;

use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::Check;
use super::scene::Lack;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its claim holds.
    Passed,
    /// It does not.
    Failed,
    /// It could not be judged here.
    Skipped,
}

/// One check of a run.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Its id.
    pub id: &'static str,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    pub seconds: f64,
    /// What it claims.
    pub claim: &'static str,
    /// What was seen; of a skipped one, why it was.
    pub seen: String,
    /// Of a failed one: the likely cause, and what to do.
    pub hint: Option<String>,
    /// Of a skipped one: whether that is the wish of whoever runs the checks.
    #[serde(skip)]
    pub(super) left_out: bool,
}

impl Entry {
    pub(super) fn of(check: &Check, status: Status, time: Duration, seen: String, hint: Option<String>) -> Self {
        let seconds = (time.as_secs_f64() * 1000.0).round() / 1000.0;
        Self { id: check.id, status, seconds, claim: check.claim, seen, hint, left_out: false }
    }

    /// One that is not run, and why.
    pub(super) fn unrun(check: &Check, lack: Lack) -> Self {
        let (status, seen, left_out) = match lack {
            Lack::LeftOut(why) => (Status::Skipped, why, true),
            Lack::Absent(why) => (Status::Skipped, why, false),
            Lack::Claimed { need, seen } => {
                let hint = format!(
                    "take `{}` out of --features if the platform is not to have it; `--features` is what it must have",
                    need.name()
                );
                return Self::of(check, Status::Failed, Duration::ZERO, seen, Some(hint));
            }
        };
        Self { left_out, ..Self::of(check, status, Duration::ZERO, seen, None) }
    }

    fn family(&self) -> &'static str {
        self.id.split('.').next().unwrap_or(self.id)
    }
}

/// What was judged.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// Where the release is.
    pub namespace: String,
    /// Its name.
    pub release: String,
    /// Version of the API server.
    pub kubernetes: String,
    /// Image of the operator.
    pub operator: String,
    /// Images of the hosts.
    pub hosts: Vec<String>,
    /// What it was found to have.
    pub features: Vec<&'static str>,
}

/// A run.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Version of the program that judged.
    pub version: &'static str,
    /// When it began, in seconds of 1970.
    pub started: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// What was judged.
    pub platform: Facts,
    /// How many of each.
    pub passed: usize,
    /// How many of each.
    pub failed: usize,
    /// How many of each.
    pub skipped: usize,
    /// What to change so that more of it can be judged, if much was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
    /// Each check.
    pub checks: Vec<Entry>,
}

/// In which shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For pipelines.
    Junit,
    /// One page for browsers.
    Html,
}

impl Report {
    pub(super) fn new(platform: Facts, begun: (SystemTime, Instant), checks: Vec<Entry>) -> Self {
        let count = |status| checks.iter().filter(|entry| entry.status == status).count();
        let started = begun.0.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Self {
            version: env!("CARGO_PKG_VERSION"),
            started,
            seconds: (begun.1.elapsed().as_secs_f64() * 10.0).round() / 10.0,
            platform,
            passed: count(Status::Passed),
            failed: count(Status::Failed),
            skipped: count(Status::Skipped),
            advice: None,
            checks,
        }
    }

    /// The checks that could not be judged, though whoever ran them left none of these out.
    pub fn unjudged(&self) -> Vec<&'static str> {
        let unjudged = self.checks.iter().filter(|entry| entry.status == Status::Skipped && !entry.left_out);
        unjudged.map(|entry| entry.id).collect()
    }

    /// The report in that shape.
    pub fn render(&self, format: Format) -> std::io::Result<String> {
        match format {
            Format::Text => Ok(text::render(self)),
            Format::Json => json::render(self),
            Format::Junit => junit::render(self),
            Format::Html => Ok(html::render(self)),
        }
    }

    /// Its families, in order.
    fn families(&self) -> Vec<(&'static str, Vec<&Entry>)> {
        let mut families: Vec<(&str, Vec<&Entry>)> = Vec::new();
        for entry in &self.checks {
            match families.last_mut() {
                Some((name, entries)) if *name == entry.family() => entries.push(entry),
                _ => families.push((entry.family(), vec![entry])),
            }
        }
        families
    }
}

#[cfg(test)]
pub(super) fn sample() -> Report {
    let checks = super::checks();
    let find = |id: &str| *checks.iter().find(|check| check.id == id).unwrap();
    let second = Duration::from_millis(1250);
    let entries = vec![
        Entry::of(find("install.crds"), Status::Passed, second, "5 kinds".into(), None),
        Entry::of(
            find("install.available"),
            Status::Failed,
            second,
            "shop/web <0 of 1>".into(),
            Some("look at its Pods".into()),
        ),
        Entry::of(find("http.routing.host"), Status::Skipped, Duration::ZERO, "no \"guests\"".into(), None),
    ];
    let mut report = Report::new(Facts::default(), (SystemTime::UNIX_EPOCH, Instant::now()), entries);
    report.version = "0.0.0";
    report
}

#[cfg(test)]
mod tests {
    use super::super::{Need, checks};
    use super::*;

    #[test]
    fn a_check_that_is_not_run_is_unjudged_unless_it_was_left_out() {
        let checks = checks();
        let guests = *checks.iter().find(|check| check.id == "http.routing.host").unwrap();
        let absent = Entry::unrun(guests, Lack::Absent("no agent".into()));
        let left_out = Entry::unrun(guests, Lack::LeftOut("`guests` is not among --features".into()));
        let claimed = Entry::unrun(guests, Lack::Claimed { need: Need::Guests, seen: "it is not here".into() });
        assert!(claimed.status == Status::Failed && claimed.hint.as_ref().unwrap().contains("`guests`"), "{claimed:?}");
        let begun = (SystemTime::UNIX_EPOCH, Instant::now());
        let report = Report::new(Facts::default(), begun, vec![absent, left_out, claimed]);
        assert_eq!((report.failed, report.skipped, report.unjudged()), (1, 2, vec!["http.routing.host"]));
    }
}
