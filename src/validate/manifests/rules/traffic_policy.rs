//! Node-local traffic to endpoints that name no node.

use super::super::object::Set;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2103",
    "local-traffic-policy",
    "\
A Service that the operator fills keeps traffic on its node.

**Why.** Upstream's operator writes endpoints without the name of their node. With the policy `Local` no endpoint counts as
local, and every node drops the packets. Our operator writes the names; then only nodes that run a host answer.

**Example.**

```yaml
kind: Service
spec:
  externalTrafficPolicy: Local
```

**Write instead.** `externalTrafficPolicy: Cluster`, unless our operator runs.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for service in set.of("", "Service") {
        let Some(spec) = service.place.get("spec") else { continue };
        let selects = spec.get("selector").is_some_and(|selector| !selector.entries().is_empty());
        let by_hand = set.objects.iter().any(|object| {
            let named = match object.kind {
                "Endpoints" => object.name,
                "EndpointSlice" => object.place.text_at(&["metadata", "labels", "kubernetes.io/service-name"]),
                _ => None,
            };
            named.is_some() && named == service.name && object.beside(service)
        });
        if selects || by_hand || spec.text_at(&["type"]) == Some("ExternalName") {
            continue;
        }
        for key in ["externalTrafficPolicy", "internalTrafficPolicy"] {
            if let Some(policy) = spec.get(key).filter(|policy| policy.text() == Some("Local")) {
                let message =
                    format!("`{key}: Local` drops every packet: endpoints of upstream's operator name no node");
                found.push(policy.key_finding(&RULE, message).with_help(format!("write `{key}: Cluster`")));
            }
        }
    }
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::{case, only};

    #[test]
    fn endpoints_without_a_node_are_never_local() {
        assert_eq!(
            case("H03", &["svc.yaml"]),
            [
                "CW2103 svc.yaml:8:3 `externalTrafficPolicy: Local` drops every packet: endpoints of upstream's operator name no node"
            ]
        );
        let pods = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {selector: {a: b}, externalTrafficPolicy: Local}\n";
        assert!(only("CW2103", pods).is_empty());
    }
}
