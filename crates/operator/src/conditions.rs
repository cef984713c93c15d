//! Conditions of a status: what holds, since when, and why not.

use chartwright_contract::crds::Condition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// How a condition is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    True,
    /// It holds, and what there is to say of it.
    TrueWith(String),
    /// It does not; a word for programs, and one for people.
    False(&'static str, String),
    /// Nobody knows, and why.
    Unknown(&'static str, String),
}

/// The reason of a condition that holds; upstream has the same.
const AVAILABLE: &str = "Available";

impl Outcome {
    fn parts(&self) -> (&'static str, &str, &str) {
        match self {
            Self::True => ("True", AVAILABLE, ""),
            Self::TrueWith(message) => ("True", AVAILABLE, message),
            Self::False(reason, message) => ("False", reason, message),
            Self::Unknown(reason, message) => ("Unknown", reason, message),
        }
    }

    /// Whether it holds.
    pub fn holds(&self) -> bool {
        matches!(self, Self::True | Self::TrueWith(_))
    }
}

/// Sets a condition. The time of its transition moves with status, reason or message, as upstream's does, because
/// others measure from it. Returns whether anything changed.
pub fn set(conditions: &mut Vec<Condition>, type_: &str, outcome: &Outcome, now: &Time) -> bool {
    let (status, reason, message) = outcome.parts();
    let known = conditions.iter_mut().find(|condition| condition.type_ == type_);
    let same = |condition: &Condition| {
        condition.status == status
            && condition.reason.as_deref() == Some(reason)
            && condition.message.as_deref().unwrap_or_default() == message
    };
    if known.as_deref().is_some_and(same) {
        return false;
    }
    let condition = Condition {
        type_: type_.to_owned(),
        status: status.to_owned(),
        reason: Some(reason.to_owned()),
        message: (!message.is_empty()).then(|| message.to_owned()),
        last_transition_time: Some(now.clone()),
        ..Condition::default()
    };
    match known {
        Some(known) => *known = condition,
        None => conditions.push(condition),
    }
    true
}

/// Whether a condition is there and holds.
pub fn holds(conditions: &[Condition], type_: &str) -> bool {
    conditions.iter().any(|condition| condition.type_ == type_ && condition.status == "True")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time(k8s_openapi::jiff::Timestamp::from_second(second).unwrap())
    }

    #[test]
    fn the_time_moves_only_with_a_change() {
        let mut conditions = Vec::new();
        let away = Outcome::False("NoHost", "no host is ready".into());
        assert!(set(&mut conditions, "Placement", &away, &at(1)));
        assert!(!set(&mut conditions, "Placement", &away, &at(2)));
        assert_eq!(conditions[0].last_transition_time, Some(at(1)));
        assert!(set(&mut conditions, "Placement", &Outcome::True, &at(3)));
        assert_eq!((conditions.len(), conditions[0].last_transition_time.clone()), (1, Some(at(3))));
        assert!(holds(&conditions, "Placement") && !holds(&conditions, "Sync"));
        let said = Outcome::TrueWith("images: api sha256:ab".into());
        assert!(set(&mut conditions, "Placement", &said, &at(4)) && !set(&mut conditions, "Placement", &said, &at(5)));
        assert_eq!(conditions[0].message.as_deref(), Some("images: api sha256:ab"));
        assert!(holds(&conditions, "Placement") && said.holds());
    }
}
