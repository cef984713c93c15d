//! Replicas that each get every message.

use super::super::object::Set;
use super::super::place::Place;
use super::super::workload::{Interface, Setting, Workload};
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2119",
    "no-consumer-group",
    "\
Several replicas subscribe to messages without a `consumer_group`.

**Why.** The default group of upstream's host contains the name of the replica itself: no two replicas share it, and each of
them handles every message. Our operator gives the replicas of a deployment one group.

**Example.**

```yaml
spec:
  replicas: 4
  template:
    spec:
      hostInterfaces:
        - namespace: wasmcloud
          package: messaging
          interfaces: [handler]
          config: { subscriptions: acme.jobs.> }
```

**Write instead.** `consumer_group: jobs` beside `subscriptions`: each message is handled once. `consumer_group: broadcast` asks for every
message in every replica.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let Some((replicas, count)) = workload.several() else { continue };
        let Some(subscriptions) = ungrouped(workload, set) else { continue };
        let message = format!("each message is handled {count} times: a subscription without `consumer_group`");
        found.push(
            replicas
                .finding(&RULE, message)
                .and_at(subscriptions.head(), "subscribes")
                .with_help("add `consumer_group: <name>` beside `subscriptions`; `broadcast` if every replica shall get every message")
                .with_note("the default group of upstream's host contains the replica's own name, so no two replicas share one"),
        );
    }
}

/// The subscriptions of a component that has no group: what the component says goes before what the entry says.
fn ungrouped<'a>(workload: &Workload<'a>, set: &Set<'a>) -> Option<Place<'a>> {
    let interfaces = workload.interfaces();
    let entry = interfaces.iter().find(|interface| is_messaging(interface));
    let of_entry = |key| entry.map(|entry| entry.setting(key, &workload.object, set));
    let grouped = matches!(of_entry("consumer_group"), Some(Setting::Here(_) | Setting::Elsewhere));
    let shared = match of_entry("subscriptions") {
        Some(Setting::Here(place)) => Some(place),
        _ => None,
    };
    workload.parts().iter().find_map(|part| {
        let own = |key| part.walk(&["localResources", "config", key]);
        let place = own("subscriptions").or_else(|| shared.clone())?;
        let subscribes = place.text().is_some_and(|text| !text.trim().is_empty());
        (subscribes && !grouped && own("consumer_group").is_none()).then_some(place)
    })
}

/// Whether an entry is that of the plugin that reads subscriptions.
pub(super) fn is_messaging(interface: &Interface<'_>) -> bool {
    interface.is("wasmcloud", "messaging") && interface.name.is_none_or(|name| name == "wasmcloud-messaging")
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, case, only};

    #[test]
    fn replicas_without_a_group_all_get_everything() {
        assert_eq!(
            case("H05", &["wd.yaml"]),
            ["CW2119 wd.yaml:7:13 each message is handled 4 times: a subscription without `consumer_group`"]
        );
    }

    fn several(config: &str, component: &str) -> Vec<String> {
        only(
            "CW2119",
            &format!(
                "{DEPLOYMENT}spec: {{replicas: 2, template: {{spec: {{components: [{{localResources: {{config: {{{component}}}}}}}], hostInterfaces: [{{namespace: wasmcloud, package: messaging, interfaces: [handler], config: {{{config}}}}}]}}}}}}\n"
            ),
        )
    }

    #[test]
    fn a_group_may_stand_in_either_place() {
        assert!(several("subscriptions: a, consumer_group: broadcast", "").is_empty());
        assert!(several("subscriptions: a", "consumer_group: jobs").is_empty());
        assert!(several("consumer_group: jobs", "subscriptions: a").is_empty());
        assert_eq!(several("", "subscriptions: a").len(), 1);
        assert!(several("", "").is_empty());
    }
}
