//! What to do, decided from what there is and what time it is.
//!
//! The rule behind all of it: an authority signs only when all who might meet what it signs trust it already, and is trusted
//! as long as anything that it signed may be met.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::authority::subject;
use super::config::{List, Wanted};
use super::material::{Certificate, after, between};
use super::state::{Authority, Found, Leaf, Place};

/// How long everybody has to read what is to be trusted. The kubelet brings a changed Secret within two minutes; pods that
/// read it only at start are restarted one by one.
pub const OVERLAP: Duration = Duration::from_hours(1);

/// Why a certificate is new that had nothing wrong.
pub(super) const ASKED_FOR: &str = "it was asked for";

/// The times that decisions go by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    pub(super) validity: Duration,
    pub(super) ca_validity: Duration,
    pub(super) overlap: Duration,
}

impl Terms {
    /// With an overlap that fits into lives as short as a test's.
    pub(super) fn new(list: &List, overlap: Duration) -> Self {
        let overlap = overlap.min(list.validity / 6).min(list.ca_validity / 12);
        Self { validity: list.validity, ca_validity: list.ca_validity, overlap }
    }
}

/// What somebody wants done now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish {
    /// New certificates, whatever age they have.
    pub(super) renew: bool,
    /// A new authority.
    pub(super) rotate: bool,
}

/// What was found of a certificate's Secret.
pub(super) enum State {
    Absent,
    Ours(Leaf),
    Foreign(String),
    Unknown(String),
}

impl From<Found> for State {
    fn from(found: Found) -> Self {
        match found {
            Found::Absent => Self::Absent,
            Found::Ours(content) => Self::Ours(Leaf::read(&content)),
            Found::Foreign(why) => Self::Foreign(why),
            Found::Unknown(why) => Self::Unknown(why),
        }
    }
}

/// All certificates, by place.
pub(super) type Leaves = BTreeMap<Place, State>;

/// What to do about the authority.
#[derive(Debug)]
pub(super) enum CaStep {
    /// Nothing; it is this.
    Keep(Authority),
    /// A new one; certificates of those before are trusted until they are replaced.
    Make { trusted: Vec<Certificate>, why: String },
    /// A new one beside this one, to be trusted and not to sign yet.
    Begin(Authority),
    /// It is to be this; a word why.
    Write(Authority, &'static str),
    /// Nothing can be done.
    Stop(String),
}

/// What to do about a certificate.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LeafStep {
    Keep,
    /// A new one; why.
    Sign(&'static str),
    /// The same one, with what is to be trusted now.
    Spread,
    /// Hands off; why.
    Leave(String),
}

/// What to do about the authority.
pub(super) fn authority(found: &Found, leaves: &Leaves, now: Timestamp, terms: &Terms, wish: Wish) -> CaStep {
    let content = match found {
        Found::Foreign(why) | Found::Unknown(why) => return CaStep::Stop(why.clone()),
        Found::Absent => {
            return CaStep::Make { trusted: met(leaves, now), why: "there was none".into() };
        }
        Found::Ours(content) => content,
    };
    let mut ca = match Authority::read(content) {
        Ok(ca) if now < ca.active.certificate.ends => ca,
        Ok(Authority { active, next: Some(next), previous, salt, .. }) if now < next.certificate.ends => {
            let previous = with(previous, active.certificate);
            let ca = Authority { active: next, next: None, previous, unused_since: None, salt };
            return CaStep::Write(ca, "the authority has ended; the next one signs");
        }
        Ok(_) => return CaStep::Make { trusted: met(leaves, now), why: "it has ended".into() },
        Err(why) => return CaStep::Make { trusted: met(leaves, now), why },
    };
    if let Some(next) = ca.next.take_if(|next| now >= next.certificate.ends) {
        ca.previous.push(next.certificate);
    }
    match &ca.next {
        None if wish.rotate || now >= ca.active.certificate.due() => return CaStep::Begin(ca),
        Some(next) if settled(&next.certificate, leaves, now, terms) || now >= hurry(&ca.active.certificate) => {
            let next = next.clone();
            let previous = with(ca.previous, ca.active.certificate);
            let ca = Authority { active: next, next: None, previous, unused_since: None, salt: ca.salt };
            return CaStep::Write(ca, "the next authority is trusted everywhere, and signs now");
        }
        _ => {}
    }
    retire(ca, leaves, now, terms)
}

/// Takes away what is not to be trusted any more.
fn retire(mut ca: Authority, leaves: &Leaves, now: Timestamp, terms: &Terms) -> CaStep {
    let before = ca.previous.len();
    ca.previous.retain(|one| now < one.ends);
    if ca.previous.is_empty() {
        ca.unused_since = None;
        return if before == 0 { CaStep::Keep(ca) } else { CaStep::Write(ca, "an earlier authority has ended") };
    }
    if in_use(&ca, leaves, now) {
        let noted = ca.unused_since.take().is_some();
        let changed = noted || ca.previous.len() != before;
        return if changed { CaStep::Write(ca, "an earlier authority is in use") } else { CaStep::Keep(ca) };
    }
    match ca.unused_since {
        // A clock that was wrong must not keep it for ever.
        Some(since) if since <= now => {
            if between(since, now) < terms.overlap {
                return if ca.previous.len() == before { CaStep::Keep(ca) } else { CaStep::Write(ca, "one has ended") };
            }
            ca.previous.clear();
            ca.unused_since = None;
            CaStep::Write(ca, "what an earlier authority signed is replaced; it is trusted no more")
        }
        _ => {
            ca.unused_since = Some(now);
            CaStep::Write(ca, "nothing of an earlier authority is left")
        }
    }
}

/// Whether anything that an earlier authority signed may still be met.
fn in_use(ca: &Authority, leaves: &Leaves, now: Timestamp) -> bool {
    leaves.values().any(|state| match state {
        State::Unknown(_) => true,
        State::Ours(leaf) => {
            leaf.alive(now).is_some_and(|leaf| ca.previous.iter().any(|previous| leaf.signed_by(previous)))
        }
        State::Absent | State::Foreign(_) => false,
    })
}

/// Whether all who have certificates trust this authority, long enough to have read it.
fn settled(authority: &Certificate, leaves: &Leaves, now: Timestamp, terms: &Terms) -> bool {
    leaves.values().all(|state| match state {
        State::Unknown(_) => false,
        State::Ours(leaf) => {
            let since = leaf.bundle_since.filter(|since| *since <= now);
            leaf.pair.is_err()
                || leaf.trusted.contains(authority) && since.is_some_and(|since| between(since, now) >= terms.overlap)
        }
        // Who waits for a Secret will read the whole of it; and who has another's is not ours to wait for.
        State::Absent | State::Foreign(_) => true,
    })
}

/// When an authority has to go, whoever has not heard of the next one: later, all would stand still.
fn hurry(authority: &Certificate) -> Timestamp {
    after(authority.made(), authority.life() * 7 / 8)
}

/// The authorities of certificates that are in use, found in what their Secrets trust.
fn met(leaves: &Leaves, now: Timestamp) -> Vec<Certificate> {
    let mut met: Vec<Certificate> = Vec::new();
    for state in leaves.values() {
        let State::Ours(leaf) = state else { continue };
        let Some(certificate) = leaf.alive(now) else { continue };
        let by = leaf.trusted.iter().find(|one| now < one.ends && certificate.signed_by(one));
        met.extend(by.filter(|one| !met.contains(one)).cloned().into_iter().collect::<Vec<_>>());
    }
    met
}

fn with(mut all: Vec<Certificate>, one: Certificate) -> Vec<Certificate> {
    all.retain(|known| *known != one);
    all.push(one);
    all
}

/// What to do about each certificate, once the authority is as it should be.
pub(super) fn certificates(
    list: &List,
    ca: &Authority,
    leaves: &Leaves,
    now: Timestamp,
    terms: &Terms,
    wish: Wish,
) -> Vec<(Place, Wanted, LeafStep)> {
    let settled = settled(&ca.active.certificate, leaves, now, terms);
    let mut steps = Vec::new();
    for wanted in &list.certificates {
        for namespace in &wanted.namespaces {
            let place = Place { namespace: namespace.clone(), secret: wanted.secret.clone() };
            let step = match leaves.get(&place) {
                None | Some(State::Absent) => LeafStep::Sign("there was none"),
                Some(State::Foreign(why) | State::Unknown(why)) => LeafStep::Leave(why.clone()),
                Some(State::Ours(leaf)) => certificate(wanted, leaf, ca, settled, now, terms, wish),
            };
            steps.push((place, wanted.clone(), step));
        }
    }
    steps
}

fn certificate(
    wanted: &Wanted,
    leaf: &Leaf,
    ca: &Authority,
    settled: bool,
    now: Timestamp,
    terms: &Terms,
    wish: Wish,
) -> LeafStep {
    let Ok(pair) = &leaf.pair else { return LeafStep::Sign("it was damaged") };
    let certificate = &pair.certificate;
    if now >= certificate.ends {
        return LeafStep::Sign("it had ended");
    }
    if !fits(certificate, wanted) {
        return LeafStep::Sign("other names or usages are wanted");
    }
    if !ca.trusted().any(|authority| certificate.signed_by(authority)) {
        return LeafStep::Sign("nobody trusts its authority");
    }
    let current = certificate.signed_by(&ca.active.certificate);
    // Before everybody trusts a new authority, nobody is helped by what it signs.
    if wish.renew && (current || settled) {
        return LeafStep::Sign(ASKED_FOR);
    }
    if current {
        if now >= certificate.due() {
            return LeafStep::Sign("it was due");
        }
        // A shorter life was configured; a minute for clocks.
        if certificate.life() > terms.validity + Duration::from_mins(1) {
            return LeafStep::Sign("a shorter life is wanted");
        }
    } else if settled || between(now, certificate.ends) < terms.overlap * 2 {
        return LeafStep::Sign("there is a new authority");
    }
    let known = leaf.bundle == ca.bundle().as_bytes();
    if known && leaf.bundle_since.is_some_and(|since| since <= now) { LeafStep::Keep } else { LeafStep::Spread }
}

/// Whether a certificate says what it should.
fn fits(certificate: &Certificate, wanted: &Wanted) -> bool {
    certificate.dns.iter().eq(wanted.dns_names.iter().collect::<std::collections::BTreeSet<_>>())
        && certificate.ips.iter().eq(wanted.ip_addresses.iter().collect::<std::collections::BTreeSet<_>>())
        && certificate.usages == wanted.usages
        && subject(wanted).is_none_or(|name| certificate.subject == name)
}

/// The next moment at which something may have to be done.
pub(super) fn wake(ca: &Authority, leaves: &Leaves, now: Timestamp, terms: &Terms) -> Option<Timestamp> {
    let mut moments = vec![ca.active.certificate.due(), hurry(&ca.active.certificate), ca.active.certificate.ends];
    moments.extend(ca.previous.iter().map(|previous| previous.ends));
    moments.extend(ca.unused_since.map(|since| after(since, terms.overlap)));
    for state in leaves.values() {
        let State::Ours(leaf) = state else { continue };
        moments.extend(leaf.bundle_since.map(|since| after(since, terms.overlap)));
        moments.extend(leaf.alive(now).map(Certificate::due));
    }
    moments.into_iter().filter(|moment| *moment > now).min()
}
