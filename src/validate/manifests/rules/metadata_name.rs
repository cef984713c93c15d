//! Names of objects that the API server refuses.

use super::super::names::{is_label, is_subdomain};
use super::super::object::{Object, Set, is_ours};
use super::super::schemas::KINDS;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2002",
    "object-name",
    "\
A name of an object that the API server refuses, or none at all.

**Why.** Names become host names and values of labels. The name of a `WorkloadDeployment` is written into a label of its
replica sets, and a label holds 63 characters.

**Example.**

```yaml
metadata:
  name: Web_Shop
```

**Write instead.** Lower-case letters, digits and `-`, beginning and ending with a letter or digit: `web-shop`.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for object in &set.objects {
        let ours = is_ours(object.api_version);
        if !ours && !KINDS.iter().any(|known| known.kind == object.kind && known.api_version == object.api_version) {
            continue;
        }
        let Some(metadata) = object.place.get("metadata") else { continue };
        let Some(name) = metadata.get("name") else {
            if metadata.get("generateName").is_none() {
                found.push(
                    metadata.key_finding(&RULE, format!("this {} has no name", object.kind)).with_help("add `name`"),
                );
            }
            continue;
        };
        if let Some(fault) = name.text().and_then(|name| fault(object, name)) {
            found.push(name.finding(&RULE, fault));
        }
        if let Some(namespace) = metadata.get("namespace")
            && let Some(text) = namespace.text().filter(|text| !text.is_empty() && !is_label(text))
        {
            found.push(namespace.finding(&RULE, format!("`{text}` is no name of a namespace")));
        }
    }
}

fn fault(object: &Object<'_>, name: &str) -> Option<String> {
    match object.kind {
        // Any text that fits in a path: `system:node`.
        "Role" | "RoleBinding" | "ClusterRole" | "ClusterRoleBinding" => {
            let bad = name.is_empty() || name == "." || name == ".." || name.contains(['/', '%']);
            bad.then(|| format!("`{name}` cannot stand in a path"))
        }
        "Service" if !is_label(name) || name.starts_with(|c: char| c.is_ascii_digit()) => Some(format!(
            "`{name}` is no name of a Service: lower-case letters, digits and `-`, a letter first, at most 63 characters"
        )),
        "WorkloadDeployment" if is_subdomain(name) && name.len() > 63 => Some(format!(
            "a name of {} characters does not fit into the label of its replica sets, which holds 63",
            name.len()
        )),
        "Namespace" if !is_label(name) => Some(format!("`{name}` is no name of a namespace")),
        _ if !is_subdomain(name) => {
            Some(format!("`{name}` is no name of an object: lower-case letters, digits, `-` and `.` between them"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::only;

    #[test]
    fn names_are_those_of_dns() {
        let long = "a".repeat(64);
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata: {{name: 1web}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: Web}}\n---\napiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: WorkloadDeployment\nmetadata: {{name: {long}}}\n---\napiVersion: v1\nkind: Pod\nmetadata:\n  namespace: A\n"
        );
        assert_eq!(
            only("CW2002", &text),
            [
                "3:18 `1web` is no name of a Service: lower-case letters, digits and `-`, a letter first, at most 63 characters",
                "7:18 `Web` is no name of an object: lower-case letters, digits, `-` and `.` between them",
                "11:18 a name of 64 characters does not fit into the label of its replica sets, which holds 63",
                "15:1 this Pod has no name | add `name`",
            ]
        );
    }

    #[test]
    fn roles_may_have_colons() {
        assert!(
            only(
                "CW2002",
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:a'}\n"
            )
            .is_empty()
        );
    }
}
