//! The Service whose port upstream's operator does not fill.

use super::super::object::Set;
use super::super::place::Place;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2101",
    "service-port-name",
    "\
A Service that workloads route through has no port named `http`.

**Why.** The EndpointSlices that upstream's operator writes have one port, named `http`, and kube-proxy joins Service and
slice by that name. With another name, or none, the Service has endpoints, looks healthy, and no packet goes anywhere. Our
operator writes the ports of the Service.

**Example.**

```yaml
kind: Service
spec:
  ports:
    - { name: web, port: 80 }
```

**Write instead.** `name: http`, unless our operator runs. The number of the port is free.",
);

const NAME: &str = "http";

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for service in set.of("", "Service") {
        let Some(workload) = set.routing_to(service).next() else { continue };
        let ports = service.place.get("spec").map(|spec| spec.list("ports")).unwrap_or_default();
        if ports.iter().any(|port| port.text_at(&["name"]) == Some(NAME)) {
            continue;
        }
        let Some(port) = ports.first() else { continue };
        let finding = match port.get("name") {
            Some(name) => {
                let message = format!(
                    "port `{}` gets no endpoints: slices of upstream's operator have the port name `http`",
                    name.text().unwrap_or("?")
                );
                name.finding(&RULE, message)
            }
            None => port.key_finding(
                &RULE,
                "a port without a name gets no endpoints: slices of upstream's operator have the port name `http`",
            ),
        };
        let finding = finding.with_help("write `name: http`");
        let route = workload.service_name().as_ref().map(Place::head);
        found.push(match route {
            Some(route) => finding.and_at(route, format!("{} routes through it", workload.object.title())),
            None => finding,
        });
    }
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::{case, only};

    #[test]
    fn a_port_of_another_name_gets_nothing() {
        assert_eq!(
            case("H02", &["svc.yaml", "wd.yaml"]),
            [
                "CW2101 svc.yaml:8:15 port `web` gets no endpoints: slices of upstream's operator have the port name `http`"
            ]
        );
        assert!(case("H02", &["svc.yaml"]).is_empty());
    }

    #[test]
    fn a_port_without_a_name_is_not_called_http_either() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports: [{port: 80}]\n---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {name: a}\nspec:\n  template: {spec: {kubernetes: {service: {name: a}}}}\n";
        assert_eq!(
            only("CW2101", text),
            [
                "5:11 a port without a name gets no endpoints: slices of upstream's operator have the port name `http` | write `name: http`"
            ]
        );
        assert!(only("CW2101", &text.replace("port: 80", "port: 80, name: http")).is_empty());
    }
}
