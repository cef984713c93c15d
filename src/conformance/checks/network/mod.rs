//! NetworkPolicies: do they fit the release, and does the cluster keep to them?

mod closed;
mod objects;
mod rules;
#[cfg(test)]
mod tests;

use crate::conformance::check::checks;

checks! {
    "network.policies" objects(objects::policies) [] 10 s
        "A NetworkPolicy closes what comes in to each Pod of the release"
        hint "the chart makes one for each part with `networkPolicy.enabled: true`: its labels of Pods must stay, and a policy that was deleted comes back with the next upgrade"
    "network.ports" objects(objects::ports) [] 10 s
        "Every port that Services lead to, probes ask or metrics are read from is let in by the NetworkPolicies of its Pod"
        hint "it is closed without a word where policies are enforced: add it to `extraPorts` of that part, or to its `networkPolicy.extraIngress`"
    "network.enforced" parallel(closed::enforced) [Agent] 150 s
        "A NetworkPolicy closes a Pod, and the Pod is open again once the policy is gone"
        hint "what makes the cluster's network does not follow its objects: look at its agents in kube-system; a policy with a finalizer does not go"
    "network.nats" parallel(closed::nats) [Agent, BundledNats] 180 s
        "Whom the NetworkPolicies of NATS do not let in does not reach its port for clients"
        hint "another way is open past `nats.server.networkPolicy.from`: a policy of another kind, a rule of the node, or a network that does not carry the Pods' own addresses"
    "network.egress" parallel(closed::egress) [Agent, Guests] 180 s
        "A component does not reach what the hosts' NetworkPolicies do not let out, even if `allowedHosts` names it"
        hint "another way is open past `networkPolicy.egress`: a policy of another kind, a rule of the node, or a proxy that the hosts use"
}
