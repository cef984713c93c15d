//! From one version to the next: how many of each there should be at this moment.

/// How many workloads one ReplicaSet has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Those it should have.
    pub(crate) wanted: i32,
    /// Those it has, on their way out or not.
    pub(crate) there: i32,
    /// Those that run.
    pub(crate) ready: i32,
}

/// By how much a rollout may leave the number that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Margin {
    /// More than wanted.
    pub(crate) surge: i32,
    /// Fewer ready than wanted.
    pub(crate) unavailable: i32,
}

impl Margin {
    /// Kubernetes' own defaults: a quarter each; more are rounded up and fewer down.
    pub(crate) fn of(replicas: i32, surge: Option<&str>, unavailable: Option<&str>) -> Result<Self, String> {
        let read = |text: Option<&str>, what: &str, up: bool| {
            let text = text.unwrap_or("25%");
            let wrong = || format!("`{what}: {text}` is neither a number nor a percentage");
            let (number, percent) = match text.strip_suffix('%') {
                Some(number) => (number, true),
                None => (text, false),
            };
            let number = number.trim().parse::<i32>().ok().filter(|number| *number >= 0).ok_or_else(wrong)?;
            if !percent {
                return Ok(number);
            }
            let share = i64::from(replicas.max(0)) * i64::from(number);
            let rounded = if up { (share + 99) / 100 } else { share / 100 };
            i32::try_from(rounded).map_err(|_| wrong())
        };
        let surge = read(surge, "max-surge", true)?;
        let unavailable = read(unavailable, "max-unavailable", false)?.min(replicas.max(0));
        // With neither a rollout could not move.
        Ok(if surge == 0 && unavailable == 0 { Self { surge: 1, unavailable } } else { Self { surge, unavailable } })
    }
}

/// What each should have: the new one, and the old ones, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) new: i32,
    pub(crate) old: Vec<i32>,
}

/// A step from the old ones to the new one that never has more than `replicas` and the surge, and never lets fewer be ready
/// than `replicas` without those that may be unavailable.
pub(crate) fn rolling(replicas: i32, margin: Margin, new: Count, old: &[Count]) -> Plan {
    let replicas = replicas.max(0);
    let least = replicas - margin.unavailable;
    // Those beyond what is wanted are ready for a moment only.
    let stays = |count: &Count| count.ready.min(count.wanted);
    let ready = stays(&new) + old.iter().map(stays).sum::<i32>();
    let there = |count: &Count| count.there.max(count.wanted);
    let all_old: i32 = old.iter().map(there).sum();
    let mut plan = Plan { new: new.wanted, old: old.iter().map(|count| count.wanted).collect() };
    if old.iter().all(|count| count.wanted == 0 && count.there == 0) {
        plan.new = replicas;
        return plan;
    }
    // The new one grows into the room there is; those on their way out still take some. It shrinks at once.
    let room = (replicas + margin.surge - all_old - there(&new)).max(0);
    plan.new = new.wanted.min(replicas).max((new.wanted + room).min(replicas));
    // What is not ready serves nobody: it goes first, and costs nothing.
    let mut spare = (ready - least).max(0);
    for (wanted, count) in plan.old.iter_mut().zip(old) {
        let unready = *wanted - stays(count);
        *wanted -= unready;
        let fewer = spare.min(*wanted);
        *wanted -= fewer;
        spare -= fewer;
    }
    plan
}

/// First the old ones go, then the new one comes.
pub(crate) fn recreate(replicas: i32, new: Count, old: &[Count]) -> Plan {
    let gone = old.iter().all(|count| count.wanted == 0 && count.there == 0);
    Plan { new: if gone { replicas.max(0) } else { new.wanted.min(replicas.max(0)) }, old: vec![0; old.len()] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_are_read_as_kubernetes_reads_them() {
        let margin = |replicas, surge, unavailable| {
            Margin::of(replicas, surge, unavailable).map(|margin| (margin.surge, margin.unavailable))
        };
        assert_eq!(margin(10, None, None), Ok((3, 2)));
        assert_eq!(margin(1, None, None), Ok((1, 0)));
        assert_eq!(margin(100, Some("0"), Some("10%")), Ok((0, 10)));
        assert_eq!(margin(4, Some("0"), Some("0")), Ok((1, 0)));
        assert_eq!(margin(2, Some("1"), Some("7")), Ok((1, 2)));
        assert!(margin(2, Some("many"), None).unwrap_err().contains("max-surge: many"));
        assert!(margin(2, None, Some("-1")).is_err());
    }

    /// Plays a rollout: workloads come ready and go one at a time, in an order made from `seed`.
    fn play(replicas: i32, margin: Margin, broken: bool, mut seed: u64) -> (i32, i32, Count, Count) {
        let mut random = move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            seed >> 33
        };
        let mut old = Count { wanted: replicas, there: replicas, ready: replicas };
        let mut new = Count::default();
        let (mut least, mut most) = (replicas, replicas);
        for _ in 0..20_000 {
            if random() % 3 == 0 {
                let plan = rolling(replicas, margin, new, &[old]);
                new.wanted = plan.new;
                old.wanted = plan.old[0];
            }
            // What should be goes its way, one at a time; the ready ones go as likely as others, which is worse than real.
            match random() % 4 {
                0 if new.there < new.wanted => new.there += 1,
                1 if !broken && new.ready < new.there => new.ready += 1,
                2 if old.there > old.wanted => {
                    // It stops to serve at once, and is gone later.
                    if old.ready > old.wanted {
                        old.ready -= 1;
                    } else {
                        old.there -= 1;
                    }
                }
                _ => {}
            }
            least = least.min(new.ready + old.ready);
            most = most.max(new.there + old.there);
        }
        (least, most, new, old)
    }

    #[test]
    fn a_rollout_keeps_to_its_bounds_and_ends() {
        for replicas in [1, 2, 3, 7, 100] {
            for (surge, unavailable) in [("25%", "25%"), ("1", "0"), ("0", "1"), ("100%", "0"), ("0", "100%")] {
                let margin = Margin::of(replicas, Some(surge), Some(unavailable)).unwrap();
                for seed in 1..5 {
                    let (least, most, new, old) = play(replicas, margin, false, seed);
                    let case = format!("{replicas} +{surge} -{unavailable}: {least}..{most} {new:?} {old:?}");
                    assert!(least >= replicas - margin.unavailable, "{case}");
                    assert!(most <= replicas + margin.surge, "{case}");
                    assert_eq!((new.ready, old.there), (replicas, 0), "{case}");
                }
            }
        }
    }

    #[test]
    fn a_new_version_that_does_not_start_takes_no_more_than_its_margin() {
        let margin = Margin { surge: 3, unavailable: 2 };
        let (least, most, _, old) = play(10, margin, true, 3);
        assert!(least >= 8 && most <= 13 && old.ready >= 8, "{least} {most} {old:?}");
    }

    #[test]
    fn scaling_in_the_midst_of_a_rollout_counts_at_once() {
        let margin = Margin { surge: 1, unavailable: 0 };
        let new = Count { wanted: 5, there: 5, ready: 5 };
        let plan = rolling(2, margin, new, &[Count { wanted: 3, there: 3, ready: 3 }]);
        assert_eq!(plan, Plan { new: 2, old: vec![0] });
    }

    #[test]
    fn recreate_waits_for_the_last_of_the_old_ones() {
        let going = Count { wanted: 0, there: 1, ready: 0 };
        assert_eq!(recreate(3, Count::default(), &[going]), Plan { new: 0, old: vec![0] });
        assert_eq!(recreate(3, Count::default(), &[Count::default()]), Plan { new: 3, old: vec![0] });
    }
}
