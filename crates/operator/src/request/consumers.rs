//! Who shares the messages of a subscription: all replicas of a deployment, whatever version they are.
//!
//! The group that a host makes up by itself contains the Workload's own name, which no two replicas share: each of them would
//! handle every message. So the request names one, unless the user does. It is one for each component, since two components
//! that subscribe to the same subject both want what comes. A Workload of its own has nobody to share with and is left alone.

use chartwright_contract::control::{self, LocalResources, WitInterface};

const GROUP: &str = "consumer_group";
const SUBSCRIPTIONS: &str = "subscriptions";
/// The longest name that upstream's host makes.
const LONGEST: usize = 128;

/// Names the groups of what subscribes; `owner` is the deployment, or the `ReplicaSet` of none.
pub(super) fn group(
    components: &mut [control::Component],
    service: Option<&mut control::Service>,
    interfaces: &[WitInterface],
    namespace: &str,
    owner: &str,
) {
    let Some(entry) = interfaces.iter().find(|entry| is_messaging(entry)) else { return };
    if entry.config.get(GROUP).is_some() {
        return;
    }
    let shared = subscribes(entry.config.get(SUBSCRIPTIONS));
    let name = |part: &str, resources: &mut Option<LocalResources>| {
        let config = &mut resources.get_or_insert_default().config;
        let subscribed = config.get(SUBSCRIPTIONS).map_or(shared, |own| subscribes(Some(own)));
        if subscribed && config.get(GROUP).is_none() {
            config.insert(GROUP.to_owned(), group_of(namespace, owner, part));
        }
    };
    for (place, component) in components.iter_mut().enumerate() {
        let part = if component.name.is_empty() { format!("component{place}") } else { component.name.clone() };
        name(&part, &mut component.local_resources);
    }
    if let Some(service) = service {
        name("service", &mut service.local_resources);
    }
}

/// Whether an entry is that of the plugin that reads subscriptions; other names are other backends.
fn is_messaging(entry: &WitInterface) -> bool {
    entry.namespace == "wasmcloud"
        && entry.package == "messaging"
        && (entry.name.is_empty() || entry.name == "wasmcloud-messaging")
}

fn subscribes(subscriptions: Option<&String>) -> bool {
    subscriptions.is_some_and(|text| text.split(',').any(|subject| !subject.trim().is_empty()))
}

/// The form that upstream's host gives to its own: readable, and told apart by what was not cut off or replaced.
fn group_of(namespace: &str, owner: &str, part: &str) -> String {
    let clean = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' }).collect()
    };
    let hash = fnv64(&[namespace, owner, part].join("\0"));
    let mut text = format!("wasmcloud.{}.{}.{}", clean(namespace), clean(owner), clean(part));
    // All of it is ASCII.
    text.truncate(LONGEST - 17);
    format!("{}.{hash:016x}", text.trim_end_matches('.'))
}

/// FNV-1a of 64 bits.
fn fnv64(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_told_apart_and_short() {
        assert_eq!(fnv64("a"), 0xaf63_dc4c_8601_ec8c);
        let group = group_of("shop", "jobs", "api");
        assert!(group.starts_with("wasmcloud.shop.jobs.api.") && group.len() == 24 + 16, "{group}");
        assert_ne!(group, group_of("shop", "jobs", "other"));
        assert_ne!(group_of("a", "b.c", "d"), group_of("a", "b_c", "d"));
        let long = group_of(&"n".repeat(63), &"o".repeat(253), "api");
        assert_eq!(long.len(), LONGEST);
        assert!(!long.contains(['*', '>', ' ']));
    }
}
