//! All checks, a module a family.

mod config;
mod egress;
mod http;
mod install;
mod limits;
mod nats;
mod network;
mod observability;
mod scheduling;
mod security;
mod tenancy;

use super::Check;

/// Every family, in the order in which a broken platform is best understood.
static FAMILIES: &[&[Check]] = &[
    install::CHECKS,
    security::CHECKS,
    nats::CHECKS,
    scheduling::CHECKS,
    http::CHECKS,
    config::CHECKS,
    egress::CHECKS,
    limits::CHECKS,
    tenancy::CHECKS,
    network::CHECKS,
    observability::CHECKS,
];

/// All of them.
pub(super) fn all() -> Vec<&'static Check> {
    FAMILIES.iter().flat_map(|family| family.iter()).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_of_one_shape() {
        let ids: Vec<&str> = all().into_iter().map(|check| check.id).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
        for id in ids {
            let word = |word: &str| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || b"-0123456789".contains(&byte))
            };
            assert!(id.split('.').count() >= 2 && id.split('.').all(word), "{id}");
        }
    }

    #[test]
    fn families_stand_together() {
        let mut families: Vec<&str> = all().into_iter().map(Check::family).collect();
        families.dedup();
        assert_eq!(families.len(), families.iter().collect::<BTreeSet<_>>().len(), "{families:?}");
    }

    #[test]
    fn claims_and_hints_are_sentences_for_people() {
        for check in all() {
            for text in [check.claim, check.hint] {
                assert!(!text.ends_with('.') && text.len() > 15, "{}: {text}", check.id);
            }
            // They stand in tables.
            assert!(!format!("{}{}", check.claim, check.hint).contains(['|', '\n']), "{}", check.id);
        }
    }
}
