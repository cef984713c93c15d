//! Why a check is not run, and whether that was asked for.

use crate::conformance::Need;

/// What is in the way of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::conformance) enum Lack {
    /// Whoever runs the checks leaves it out.
    LeftOut(String),
    /// The platform has not what it needs.
    Absent(String),
    /// Nor has it what `--features` claims, which is a failure.
    Claimed { need: Need, seen: String },
}

impl Lack {
    /// By what a check needs, what `--features` claims, and what is lacking here.
    pub(super) fn of(
        needs: &[Need],
        claimed: Option<&[Need]>,
        lacking: impl Fn(Need) -> Option<String>,
    ) -> Option<Self> {
        let unclaimed = needs.iter().find(|need| claimed.is_some_and(|claimed| !claimed.contains(need)));
        if let Some(need) = unclaimed {
            return Some(Self::LeftOut(format!("`{}` is not among --features", need.name())));
        }
        // That leave is given on the command line, and no platform has it.
        let disruptive = needs.iter().find(|need| **need == Need::Disruptive);
        if let Some(why) = disruptive.and_then(|need| lacking(*need)) {
            return Some(Self::LeftOut(why));
        }
        let (need, why) = needs.iter().find_map(|need| Some((*need, lacking(*need)?)))?;
        if claimed.is_none() {
            return Some(Self::Absent(why));
        }
        let seen = format!("`{}` is among --features, and is not here: {why}", need.name());
        Some(Self::Claimed { need, seen })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEEDS: &[Need] = &[Need::Guests, Need::Disruptive];

    fn lack(claimed: Option<&[Need]>, lacking: &[Need]) -> Option<Lack> {
        Lack::of(NEEDS, claimed, |need| lacking.contains(&need).then(|| format!("no {}", need.name())))
    }

    #[test]
    fn what_is_there_is_run_whether_it_is_claimed_or_not() {
        assert_eq!(lack(None, &[]), None);
        assert_eq!(lack(Some(NEEDS), &[]), None);
        assert_eq!(lack(Some(NEEDS), &[Need::TwoHosts]), None, "it needs no two hosts");
    }

    #[test]
    fn what_is_claimed_and_lacking_is_a_failure() {
        assert_eq!(lack(None, &[Need::Guests]), Some(Lack::Absent("no guests".into())));
        let Some(Lack::Claimed { need: Need::Guests, seen }) = lack(Some(NEEDS), &[Need::Guests]) else {
            panic!("it is claimed")
        };
        assert_eq!(seen, "`guests` is among --features, and is not here: no guests");
    }

    #[test]
    fn what_is_left_out_is_no_failure_whatever_else_is_lacking() {
        let unclaimed = Some(Lack::LeftOut("`guests` is not among --features".into()));
        assert_eq!(lack(Some(&[Need::Agent, Need::Disruptive]), &[Need::Guests]), unclaimed);
        let left = Some(Lack::LeftOut("no disruptive".into()));
        assert_eq!(lack(Some(NEEDS), &[Need::Guests, Need::Disruptive]), left);
        assert_eq!(lack(None, &[Need::Guests, Need::Disruptive]), left);
    }
}
