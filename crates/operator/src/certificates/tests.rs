//! Years of certificates with a clock of our own: what peers meet at every moment.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;

use super::authority::{authority, leaf};
use super::config::List;
use super::issue::{authority_after, authority_content, certificate_content};
use super::material::{Certificate, Pair, after};
use super::plan::{self, LeafStep, Leaves, State, Terms, Wish};
use super::state::{Authority, CERTIFICATE, Content, Found, KEY, Leaf, Place, TRUSTED};

const OWN: &str = "wasmcloud";
const HOUR: Duration = Duration::from_hours(1);

/// Secrets, and peers that read them with a delay.
struct Cluster {
    now: Timestamp,
    list: List,
    terms: Terms,
    ca: Found,
    leaves: BTreeMap<Place, Found>,
    /// What each peer uses: it reads its Secret a while after it changed.
    peers: BTreeMap<Place, Vec<(Timestamp, Content)>>,
    delay: Duration,
    notes: Vec<String>,
}

impl Cluster {
    fn new(validity: &str, ca_validity: &str) -> Self {
        let text = format!(
            r#"
validity: "{validity}"
caValidity: "{ca_validity}"
ca: "ca"
hostNamespaces: "edge,{OWN}"
certificates:
- {{ secret: nats, namespaces: [{OWN}], dnsNames: [nats, localhost], ipAddresses: ["127.0.0.1"], usages: ["server auth", "client auth"] }}
- {{ secret: host, namespaces: ["@hosts"], dnsNames: [wasmcloud-runtime], usages: ["client auth"] }}
"#
        );
        let list = List::parse(&text, OWN).unwrap();
        Self {
            now: Timestamp::from_second(1_800_000_000).unwrap(),
            terms: Terms::new(&list, plan::OVERLAP),
            list,
            ca: Found::Absent,
            leaves: BTreeMap::new(),
            peers: BTreeMap::new(),
            delay: Duration::from_mins(20),
            notes: Vec::new(),
        }
    }

    fn seen(&self) -> Leaves {
        let places = self.list.certificates.iter().flat_map(|wanted| {
            wanted
                .namespaces
                .iter()
                .map(|namespace| Place { namespace: namespace.clone(), secret: wanted.secret.clone() })
        });
        places
            .map(|place| {
                let found = self.leaves.get(&place).cloned().unwrap_or(Found::Absent);
                (place, State::from(found))
            })
            .collect()
    }

    /// A round; killed after so many writes. How many there were.
    fn round_until(&mut self, wish: Wish, writes: usize) -> usize {
        let leaves = self.seen();
        let mut written = 0;
        let step = plan::authority(&self.ca, &leaves, self.now, &self.terms, wish);
        let Ok((ca, note)) = authority_after(step, self.now, &self.terms) else { return 0 };
        if let Some(note) = note {
            self.ca = Found::Ours(authority_content(&ca, &self.list, OWN));
            self.notes.push(note);
            written += 1;
        }
        let at = Place { namespace: OWN.into(), secret: "ca".into() };
        for (place, wanted, step) in plan::certificates(&self.list, &ca, &leaves, self.now, &self.terms, wish) {
            if written >= writes {
                break;
            }
            let made =
                certificate_content(&step, &wanted, leaves.get(&place), &ca, &at, self.now, &self.terms).unwrap();
            if let Some((content, _)) = made {
                self.notes.push(format!("{place}: {step:?}"));
                self.leaves.insert(place.clone(), Found::Ours(content.clone()));
                self.peers.entry(place).or_default().push((self.now, content));
                written += 1;
            }
        }
        written
    }

    fn round(&mut self) -> usize {
        self.round_until(Wish::default(), usize::MAX)
    }

    fn pass_time(&mut self, time: Duration) {
        self.now = after(self.now, time);
        for history in self.peers.values_mut() {
            let read = history.iter().rposition(|(at, _)| after(*at, self.delay) <= self.now);
            history.drain(..read.unwrap_or_default());
        }
    }

    /// Every peer accepts every certificate that any peer may show: one that it read, or is about to.
    fn check(&self) {
        let shown: Vec<Certificate> =
            self.peers.values().flatten().map(|(_, content)| Leaf::read(content).pair.unwrap().certificate).collect();
        for (place, history) in &self.peers {
            for (_, content) in history {
                let trusted = Leaf::read(content).trusted;
                for certificate in &shown {
                    assert!(
                        certificate.ends > self.now,
                        "{} at {place} has ended at {}",
                        certificate.subject,
                        self.now
                    );
                    assert!(
                        trusted.iter().any(|by| certificate.signed_by(by) && by.ends > self.now),
                        "{place} does not trust {certificate:?} at {}: {trusted:?}\n{:#?}",
                        self.now,
                        self.notes
                    );
                }
            }
        }
    }

    fn authority(&self) -> Authority {
        let Found::Ours(content) = &self.ca else { panic!("no authority") };
        Authority::read(content).unwrap()
    }

    fn leaf(&self, namespace: &str, secret: &str) -> Pair {
        let place = Place { namespace: namespace.into(), secret: secret.into() };
        let Some(Found::Ours(content)) = self.leaves.get(&place) else { panic!("no {place}") };
        Leaf::read(content).pair.unwrap()
    }

    fn live(&mut self, time: Duration, step: Duration) {
        let end = after(self.now, time);
        while self.now < end {
            self.round();
            self.check();
            self.pass_time(step);
            self.check();
        }
    }
}

#[test]
fn a_first_round_makes_all_and_a_second_nothing() {
    let mut cluster = Cluster::new("2160h", "43800h");
    assert_eq!(cluster.round(), 4);
    assert_eq!(cluster.round(), 0);
    cluster.pass_time(HOUR * 24);
    assert_eq!(cluster.round(), 0);
    let nats = cluster.leaf(OWN, "nats").certificate;
    assert_eq!(nats.subject, "nats");
    assert_eq!(nats.dns, BTreeSet::from(["localhost".into(), "nats".into()]));
    assert_eq!(nats.usages.len(), 2);
    assert!(!nats.authority && cluster.authority().active.certificate.authority);
    assert_ne!(cluster.leaf(OWN, "host").key, cluster.leaf("edge", "host").key, "no key is in two namespaces");
}

#[test]
fn ten_years_pass_and_nobody_meets_a_stranger() {
    let mut cluster = Cluster::new("2160h", "43800h");
    let mut authorities = BTreeSet::new();
    let end = after(cluster.now, HOUR * 24 * 365 * 10);
    while cluster.now < end {
        cluster.round();
        cluster.check();
        let ca = cluster.authority();
        authorities.insert(ca.active.certificate.subject.clone());
        // Slowly while nothing happens, by the minute while authorities change.
        let calm = ca.next.is_none() && ca.previous.is_empty();
        cluster.pass_time(if calm { HOUR * 12 } else { Duration::from_mins(11) });
        cluster.check();
        let nats = cluster.leaf(OWN, "nats").certificate;
        let used = cluster.now.duration_since(nats.made()).as_secs_f64() / nats.life().as_secs_f64();
        assert!(used < 2.0 / 3.0, "{used}");
    }
    assert!(authorities.len() >= 3, "{authorities:?}");
}

#[test]
fn a_job_that_comes_once_a_day_is_enough() {
    let mut cluster = Cluster::new("2160h", "8760h");
    cluster.live(HOUR * 24 * 365 * 3, HOUR * 24);
    assert!(cluster.notes.iter().any(|note| note.contains("trusted no more")));
}

#[test]
fn a_rotation_waits_for_who_reads_slowly() {
    let mut cluster = Cluster::new("2160h", "43800h");
    cluster.round();
    let old = cluster.authority().active.certificate;
    cluster.pass_time(HOUR * 2);
    cluster.round_until(Wish { rotate: true, ..Wish::default() }, usize::MAX);
    let next = cluster.authority().next.unwrap().certificate;
    assert!(cluster.leaf(OWN, "nats").certificate.signed_by(&old));
    cluster.pass_time(Duration::from_mins(59));
    assert_eq!(cluster.round(), 0, "the overlap has not passed");
    cluster.pass_time(Duration::from_mins(2));
    assert_eq!(cluster.round(), 4);
    assert_eq!(cluster.authority().active.certificate, next);
    assert_eq!(cluster.authority().previous, std::slice::from_ref(&old));
    assert!(cluster.leaf("edge", "host").certificate.signed_by(&next));
    cluster.check();
    // Nothing of the old one is left; it is noted, and an hour later it goes.
    assert_eq!(cluster.round(), 1);
    cluster.pass_time(Duration::from_mins(61));
    cluster.check();
    assert_eq!(cluster.round(), 4);
    assert!(cluster.authority().previous.is_empty() && cluster.authority().next.is_none());
    assert_eq!(cluster.round(), 0);
    cluster.check();
}

#[test]
fn an_operator_that_is_killed_anywhere_is_gone_on_from() {
    let mut cluster = Cluster::new("240h", "2400h");
    let mut killed = 0;
    let end = after(cluster.now, HOUR * 24 * 200);
    while cluster.now < end {
        killed += 1;
        cluster.round_until(Wish::default(), killed % 3 + 1);
        if cluster.peers.len() == 3 {
            cluster.check();
        }
        cluster.pass_time(Duration::from_mins(if killed % 5 == 0 { 600 } else { 9 }));
    }
    assert!(cluster.notes.iter().any(|note| note.contains("trusted no more")));
}

#[test]
fn a_namespace_that_cannot_be_reached_holds_a_rotation_up_until_it_must_not() {
    let mut cluster = Cluster::new("2160h", "8760h");
    cluster.round();
    let old = cluster.authority().active.certificate;
    let place = Place { namespace: "edge".into(), secret: "host".into() };
    let before = cluster.leaves.insert(place.clone(), Found::Unknown("no answer".into())).unwrap();
    cluster.round_until(Wish { rotate: true, ..Wish::default() }, usize::MAX);
    cluster.pass_time(HOUR * 24 * 3);
    cluster.round();
    assert!(cluster.authority().next.is_some(), "it waits");
    cluster.leaves.insert(place.clone(), before);
    cluster.round();
    cluster.pass_time(HOUR * 2);
    cluster.round();
    assert_ne!(cluster.authority().active.certificate, old);
    // And for one that never comes back the end of the authority is not waited for.
    cluster.leaves.insert(place, Found::Unknown("no answer".into()));
    let second = cluster.authority().active.certificate;
    while cluster.authority().active.certificate == second {
        cluster.round();
        cluster.pass_time(HOUR * 24);
        assert!(cluster.now < second.ends, "too late");
    }
}

#[test]
fn a_deleted_authority_is_replaced_and_the_old_one_trusted_until_all_is_new() {
    let mut cluster = Cluster::new("2160h", "43800h");
    cluster.live(HOUR * 3, HOUR);
    let old = cluster.authority().active.certificate;
    cluster.ca = Found::Absent;
    cluster.round();
    cluster.check();
    assert_eq!(cluster.authority().previous, std::slice::from_ref(&old));
    assert!(cluster.leaf(OWN, "nats").certificate.signed_by(&old), "not before everybody trusts the new one");
    assert!(cluster.notes.iter().any(|note| note.contains("there was none; what the lost one signed is trusted")));
    cluster.live(HOUR * 5, Duration::from_mins(5));
    assert!(cluster.leaf(OWN, "nats").certificate.signed_by(&cluster.authority().active.certificate));
    assert!(cluster.authority().previous.is_empty());
}

#[test]
fn an_authority_that_was_restored_from_a_backup_takes_over_again() {
    let mut cluster = Cluster::new("2160h", "43800h");
    cluster.live(HOUR * 2, HOUR);
    let backup = cluster.ca.clone();
    cluster.round_until(Wish { rotate: true, ..Wish::default() }, usize::MAX);
    cluster.live(HOUR * 6, Duration::from_mins(10));
    cluster.ca = backup;
    // What the lost one signed is a stranger to it: all is made again at once.
    cluster.round();
    let ca = cluster.authority();
    assert!(cluster.leaf(OWN, "nats").certificate.signed_by(&ca.active.certificate));
    assert!(cluster.leaf("edge", "host").certificate.signed_by(&ca.active.certificate));
    assert_eq!(cluster.round(), 0);
}

#[test]
fn what_is_damaged_or_wrong_is_made_again() {
    let place = Place { namespace: OWN.into(), secret: "nats".into() };
    let spoil = |change: &dyn Fn(&mut Content, &Cluster)| {
        let mut cluster = Cluster::new("2160h", "43800h");
        cluster.round();
        let Some(Found::Ours(mut content)) = cluster.leaves.get(&place).cloned() else { panic!() };
        change(&mut content, &cluster);
        cluster.leaves.insert(place.clone(), Found::Ours(content));
        let leaves = cluster.seen();
        let wish = Wish::default();
        let steps = plan::certificates(&cluster.list, &cluster.authority(), &leaves, cluster.now, &cluster.terms, wish);
        steps.into_iter().find(|(at, ..)| *at == place).unwrap().2
    };
    let set = |content: &mut Content, key: &str, value: &str| {
        content.data.insert(key.to_owned(), value.as_bytes().to_vec());
    };
    assert_eq!(spoil(&|_, _| {}), LeafStep::Keep);
    assert_eq!(spoil(&|content, _| set(content, CERTIFICATE, "nonsense")), LeafStep::Sign("it was damaged"));
    assert_eq!(spoil(&|content, _| _ = content.data.remove(KEY)), LeafStep::Sign("it was damaged"));
    let other = rcgen::KeyPair::generate().unwrap().serialize_pem();
    assert_eq!(spoil(&|content, _| set(content, KEY, &other)), LeafStep::Sign("it was damaged"));
    assert_eq!(spoil(&|content, _| set(content, TRUSTED, "")), LeafStep::Spread);
    assert_eq!(spoil(&|content, _| content.annotations.clear()), LeafStep::Spread);
    let signed = |content: &mut Content, by: &Pair, cluster: &Cluster, number: usize, validity: Duration| {
        let made = leaf(by, &cluster.list.certificates[number], cluster.now, validity).unwrap();
        set(content, CERTIFICATE, &made.certificate.pem());
        set(content, KEY, made.key.pem());
    };
    let validity = HOUR * 2160;
    assert_eq!(
        spoil(&|content, cluster| {
            let stranger = authority(cluster.now, validity).unwrap();
            signed(content, &stranger, cluster, 0, validity);
        }),
        LeafStep::Sign("nobody trusts its authority")
    );
    assert_eq!(
        spoil(&|content, cluster| signed(content, &cluster.authority().active, cluster, 1, validity)),
        LeafStep::Sign("other names or usages are wanted")
    );
    assert_eq!(
        spoil(&|content, cluster| signed(content, &cluster.authority().active, cluster, 0, validity * 2)),
        LeafStep::Sign("a shorter life is wanted")
    );
}

#[test]
fn a_damaged_authority_is_replaced() {
    for key in [CERTIFICATE, KEY] {
        let mut cluster = Cluster::new("2160h", "43800h");
        cluster.round();
        let old = cluster.authority().active.certificate;
        let Found::Ours(content) = &mut cluster.ca else { panic!() };
        content.data.remove(key);
        cluster.round();
        cluster.check();
        assert_ne!(cluster.authority().active.certificate, old);
        assert_eq!(cluster.authority().previous, [old]);
    }
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let mut cluster = Cluster::new("2160h", "43800h");
    let place = Place { namespace: OWN.into(), secret: "nats".into() };
    cluster.leaves.insert(place.clone(), Found::Foreign("not ours".into()));
    assert_eq!(cluster.round(), 3);
    assert!(matches!(cluster.leaves.get(&place), Some(Found::Foreign(_))));
    let mut cluster = Cluster::new("2160h", "43800h");
    cluster.ca = Found::Foreign("not ours".into());
    assert_eq!(cluster.round(), 0);
    assert!(cluster.leaves.is_empty());
}

#[test]
fn renewal_on_demand_renews_all_once() {
    let mut cluster = Cluster::new("2160h", "43800h");
    cluster.round();
    let before = cluster.leaf(OWN, "nats");
    assert_eq!(cluster.round_until(Wish { renew: true, ..Wish::default() }, usize::MAX), 3);
    assert_ne!(cluster.leaf(OWN, "nats"), before);
    assert_eq!(cluster.round(), 0);
    cluster.check();
}

#[test]
fn nothing_outlives_its_authority_and_short_lives_work() {
    let mut cluster = Cluster::new("48h", "20h");
    cluster.round();
    assert!(cluster.leaf(OWN, "nats").certificate.ends <= cluster.authority().active.certificate.ends);
    cluster.live(HOUR * 24 * 5, Duration::from_mins(5));
}

#[test]
fn keys_are_not_shown() {
    let made = authority(Timestamp::from_second(1_800_000_000).unwrap(), HOUR).unwrap();
    let shown = format!("{made:?}");
    assert!(!shown.contains("PRIVATE") && shown.contains("PrivateKey"), "{shown}");
    let said = Pair::read(made.certificate.pem().as_bytes(), b"-----BEGIN PRIVATE KEY-----\nsecret\n").unwrap_err();
    assert_eq!(said, "the key cannot be read");
}
