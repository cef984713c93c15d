//! One round: read, decide, write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::Client;

use super::config::List;
use super::issue;
use super::material::{Certificate, between};
use super::plan::{self, LeafStep, Leaves, State, Terms, Wish};
use super::roll;
use super::state::{Authority, Found, Place};
use super::store::{self, Read, Written};

/// How often a round begins anew because somebody else wrote.
const ATTEMPTS: usize = 8;

/// What a round is to do.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// New certificates now, whatever age they have.
    pub renew: bool,
    /// A new authority, from now on.
    pub rotate: bool,
    /// How long everybody has to read what is to be trusted.
    pub overlap: Duration,
}

impl Default for Asked {
    fn default() -> Self {
        Self { renew: false, rotate: false, overlap: super::OVERLAP }
    }
}

/// What a round did.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What was written, in words.
    pub changes: Vec<String>,
    /// What could not be done, in words.
    pub problems: Vec<String>,
    /// Ends of certificates: namespace, Secret, days.
    pub days: Vec<(String, String, i64)>,
    /// The next moment at which there may be something to do.
    pub wake: Option<Timestamp>,
}

/// Goes one round; `own` is the namespace of the authority.
pub async fn pass(client: &Client, list: &List, own: &str, asked: &Asked) -> Report {
    let mut report = Report::default();
    let mut asked = *asked;
    let mut renewed = BTreeSet::new();
    for _ in 0..ATTEMPTS {
        match round(client, list, own, &mut asked, &mut renewed, &mut report).await {
            Ok(true) => {}
            Ok(false) => return report,
            Err(why) => {
                report.problems.push(why);
                return report;
            }
        }
    }
    report.problems.push("others write the same Secrets all the time; the next round tries again".into());
    report
}

/// What was read.
struct World {
    authority: Read,
    reads: BTreeMap<Place, Read>,
    leaves: Leaves,
}

async fn look(client: &Client, list: &List, ca_place: &Place) -> World {
    let authority = store::read(client, ca_place, None).await;
    let mut world = World { authority, reads: BTreeMap::new(), leaves: BTreeMap::new() };
    // An API server that does not answer is not asked for all the others.
    if matches!(world.authority.found, Found::Unknown(_)) {
        return world;
    }
    for wanted in &list.certificates {
        for namespace in &wanted.namespaces {
            let place = Place { namespace: namespace.clone(), secret: wanted.secret.clone() };
            let read = store::read(client, &place, Some(ca_place)).await;
            world.leaves.insert(place.clone(), State::from(read.found.clone()));
            world.reads.insert(place, read);
        }
    }
    world
}

/// True: what was read is old, and all of it is to be done again.
async fn round(
    client: &Client,
    list: &List,
    own: &str,
    asked: &mut Asked,
    renewed: &mut BTreeSet<Place>,
    report: &mut Report,
) -> Result<bool, String> {
    report.problems.clear();
    let ca_place = Place { namespace: own.to_owned(), secret: list.ca.clone() };
    let terms = Terms::new(list, asked.overlap);
    let namespaces = list.namespaces(own);
    let mut world = look(client, list, &ca_place).await;
    let now = Timestamp::now();

    let wish = Wish { renew: asked.renew, rotate: asked.rotate };
    let step = plan::authority(&world.authority.found, &world.leaves, now, &terms, wish);
    let (ca, note) = issue::authority_after(step, now, &terms)?;
    // What pods read before anything changes: so a change is seen as one.
    roll::look(client, &namespaces, &ca.salt, report).await;
    if let Some(note) = note {
        let content = issue::authority_content(&ca, list, own);
        if matches!(store::write(client, &ca_place, &world.authority, content).await?, Written::Conflict) {
            return Ok(true);
        }
        report.changes.push(format!("{ca_place}: {note}"));
    }
    asked.rotate = false;

    let mut again = false;
    for (place, wanted, step) in plan::certificates(list, &ca, &world.leaves, now, &terms, wish) {
        if let LeafStep::Leave(why) = &step {
            report.problems.push(why.clone());
            continue;
        }
        if step == LeafStep::Sign(plan::ASKED_FOR) && renewed.contains(&place) {
            continue;
        }
        let before = world.leaves.get(&place);
        let made = issue::certificate_content(&step, &wanted, before, &ca, &ca_place, now, &terms);
        let (Ok(made), Some(read)) = (&made, world.reads.get(&place)) else {
            report.problems.push(format!("{place}: {}", made.err().unwrap_or_default()));
            continue;
        };
        let Some((content, _)) = made else { continue };
        match store::write(client, &place, read, content.clone()).await {
            Ok(Written::Done) => {
                report.changes.push(said(&place, &step));
                renewed.insert(place.clone());
                world.leaves.insert(place, State::from(Found::Ours(content.clone())));
            }
            Ok(Written::Conflict) => again = true,
            Err(why) => report.problems.push(why),
        }
    }
    if again {
        return Ok(true);
    }
    roll::look(client, &namespaces, &ca.salt, report).await;
    report.wake = plan::wake(&ca, &world.leaves, now, &terms);
    report.days = days(&ca, &ca_place, &world.leaves, now);
    Ok(false)
}

fn said(place: &Place, step: &LeafStep) -> String {
    match step {
        LeafStep::Sign(why) => format!("{place}: a new certificate: {why}"),
        _ => format!("{place}: what is to be trusted has changed"),
    }
}

fn days(ca: &Authority, ca_place: &Place, leaves: &Leaves, now: Timestamp) -> Vec<(String, String, i64)> {
    let one = |place: &Place, certificate: &Certificate| {
        (place.namespace.clone(), place.secret.clone(), left(certificate, now))
    };
    let leaves = leaves.iter().filter_map(|(place, state)| match state {
        State::Ours(leaf) => leaf.pair.as_ref().ok().map(|pair| one(place, &pair.certificate)),
        _ => None,
    });
    std::iter::once(one(ca_place, &ca.active.certificate)).chain(leaves).collect()
}

/// Whole days until a certificate ends; negative: since it ended.
pub(super) fn left(certificate: &Certificate, now: Timestamp) -> i64 {
    let days = |time: Duration| i64::try_from(time.as_secs() / 86_400).unwrap_or(i64::MAX);
    if now < certificate.ends {
        days(between(now, certificate.ends))
    } else {
        // A day that has begun since is one.
        -days(between(certificate.ends, now)) - 1
    }
}
