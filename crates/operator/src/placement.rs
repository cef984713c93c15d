//! Which host a workload goes to: one that may, with the most room, and not where its siblings are.

use std::collections::BTreeMap;

use chartwright_contract::crds::WorkloadSpec;

/// A host that could be chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidate {
    /// Its id on the control plane.
    pub id: String,
    /// The environment it serves.
    pub environment: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it is heard of, takes workloads, and is not about to end.
    pub ready: bool,
    /// Whether somebody wants it to get nothing new.
    pub cordoned: bool,
    /// Workloads that it has or is about to get.
    pub workloads: usize,
    /// Of those, the ones of the same ReplicaSet.
    pub siblings: usize,
    /// Where it stands; hosts without one are each a zone of their own.
    pub zone: Option<String>,
    /// Share of its memory in use, 0 to 1.
    pub memory: f64,
    /// Share of its processors in use, 0 to 1.
    pub cpu: f64,
}

/// What a cluster allows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Policy {
    /// Whether workloads of a namespace may run on hosts of another environment.
    pub shared_hosts: bool,
    /// Workloads that a host takes at most.
    pub most_workloads: Option<usize>,
    /// Share of memory, 0 to 1, from which on a host gets nothing new.
    pub most_memory: Option<f64>,
    /// The same of processors.
    pub most_cpu: Option<f64>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { shared_hosts: true, most_workloads: None, most_memory: None, most_cpu: None }
    }
}

/// Why no host is chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another namespace's hosts are out of bounds.
    #[error(
        "the environment `{environment}` is not the namespace `{namespace}`, and hosts are not shared between \
         namespaces here"
    )]
    Foreign {
        /// What the workload asks for.
        environment: String,
        /// Where it is.
        namespace: String,
    },
    /// None fits.
    #[error("no host fits: {0}")]
    None(String),
}

/// Chooses a host for a workload of a namespace.
pub fn choose<'c>(
    spec: &WorkloadSpec,
    namespace: &str,
    candidates: &'c [Candidate],
    policy: &Policy,
) -> Result<&'c Candidate, Refusal> {
    let environment = match &spec.environment {
        Some(environment) if environment != namespace && !policy.shared_hosts => {
            let (environment, namespace) = (environment.clone(), namespace.to_owned());
            return Err(Refusal::Foreign { environment, namespace });
        }
        Some(environment) => Some(environment.as_str()),
        None if policy.shared_hosts => None,
        None => Some(namespace),
    };
    let mut reasons = BTreeMap::<&str, usize>::new();
    let fitting = candidates.iter().filter(|host| {
        let labelled = spec.host_selector.iter().all(|(key, value)| host.labels.get(key) == Some(value));
        let reason = if environment.is_some_and(|wanted| wanted != host.environment) {
            "of another environment"
        } else if !labelled {
            "without the labels of `hostSelector`"
        } else if !host.ready {
            "not ready"
        } else if host.cordoned {
            "cordoned"
        } else if policy.most_workloads.is_some_and(|most| host.workloads >= most) {
            "with as many workloads as it may have"
        } else if policy.most_memory.is_some_and(|most| host.memory >= most) {
            "short of memory"
        } else if policy.most_cpu.is_some_and(|most| host.cpu >= most) {
            "with busy processors"
        } else {
            return true;
        };
        *reasons.entry(reason).or_default() += 1;
        false
    });
    let fitting: Vec<_> = fitting.collect();
    let siblings_of = |zone: &Option<String>| -> usize {
        let same = |host: &&&Candidate| zone.is_some() && host.zone == *zone;
        fitting.iter().filter(same).map(|host| host.siblings).sum()
    };
    // Spread over zones first, then over hosts, then by room; ties go to the first by id, so that a choice can be
    // explained.
    let best = fitting.iter().min_by(|a, b| {
        let place = |host: &Candidate| (siblings_of(&host.zone), host.siblings, host.workloads);
        place(a).cmp(&place(b)).then(a.memory.total_cmp(&b.memory)).then_with(|| a.id.cmp(&b.id))
    });
    best.copied().ok_or_else(|| {
        let parts: Vec<_> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        Refusal::None(if parts.is_empty() { "there is none".into() } else { parts.join(", ") })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(id: &str) -> Candidate {
        let labels = BTreeMap::from([("hostgroup".to_owned(), "edge".to_owned())]);
        Candidate { id: id.into(), environment: "shop".into(), labels, ready: true, ..Candidate::default() }
    }

    fn chosen(candidates: &[Candidate]) -> &str {
        &choose(&WorkloadSpec::default(), "shop", candidates, &Policy::default()).unwrap().id
    }

    #[test]
    fn siblings_are_spread_over_zones_and_hosts_and_room_decides_after_that() {
        let zone = |zone: &str, host: Candidate| Candidate { zone: Some(zone.into()), ..host };
        let full = Candidate { workloads: 9, ..host("b") };
        assert_eq!(chosen(&[Candidate { siblings: 1, ..host("a") }, full.clone()]), "b");
        assert_eq!(chosen(&[host("a"), full]), "a");
        let zones = [
            zone("x", Candidate { siblings: 1, ..host("a") }),
            zone("x", host("b")),
            zone("y", Candidate { workloads: 5, ..host("c") }),
        ];
        assert_eq!(chosen(&zones), "c");
        assert_eq!(chosen(&[Candidate { memory: 0.7, ..host("a") }, Candidate { memory: 0.2, ..host("b") }]), "b");
    }

    #[test]
    fn environments_follow_the_policy() {
        let (own, other) = (host("own"), Candidate { environment: "core".into(), ..host("other") });
        let asks = |environment: Option<&str>| WorkloadSpec {
            environment: environment.map(str::to_owned),
            ..WorkloadSpec::default()
        };
        let strict = Policy { shared_hosts: false, ..Policy::default() };
        let pick = |environment, candidates: &[Candidate], policy: &Policy| {
            choose(&asks(environment), "shop", candidates, policy).map(|host| host.id.clone())
        };
        let both = [other.clone(), own];
        assert_eq!(pick(None, &both, &strict).unwrap(), "own");
        assert_eq!(pick(Some("core"), &both, &Policy::default()).unwrap(), "other");
        assert!(matches!(pick(Some("core"), &both, &strict), Err(Refusal::Foreign { .. })));
        assert_eq!(pick(None, &[other], &Policy::default()).unwrap(), "other");
    }

    #[test]
    fn a_refusal_says_what_kept_each_host_out() {
        let spec = WorkloadSpec {
            host_selector: BTreeMap::from([("hostgroup".to_owned(), "edge".to_owned())]),
            ..WorkloadSpec::default()
        };
        let hosts = [
            Candidate { ready: false, ..host("a") },
            Candidate { labels: BTreeMap::new(), ..host("b") },
            Candidate { workloads: 5, ..host("c") },
            Candidate { memory: 0.95, ..host("d") },
            Candidate { cpu: 0.95, ..host("e") },
            Candidate { cordoned: true, ..host("f") },
        ];
        let policy =
            Policy { most_workloads: Some(5), most_memory: Some(0.9), most_cpu: Some(0.9), ..Policy::default() };
        let words = choose(&spec, "shop", &hosts, &policy).unwrap_err().to_string();
        for part in [
            "1 not ready",
            "1 without the labels",
            "1 with as many workloads",
            "1 short of memory",
            "1 with busy processors",
            "1 cordoned",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert_eq!(choose(&spec, "shop", &[], &policy).unwrap_err().to_string(), "no host fits: there is none");
    }
}
