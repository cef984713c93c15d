//! A kind under an `apiVersion` that does not have it.

use chartwright_contract::crds;

use super::super::object::{Object, Set, is_ours};
use super::super::schemas::{KINDS, defines};
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2001",
    "wrong-api-version",
    "\
A known kind under an `apiVersion` that does not have it.

**Why.** The API server answers `no matches for kind`, and this object is not applied. wasmCloud v1 kept applications under
`core.oam.dev`; Kubernetes has taken old versions of its own kinds away.

**Example.**

```yaml
apiVersion: core.oam.dev/v1beta1
kind: WorkloadDeployment
```

**Write instead.** The `apiVersion` that the message names. An `Application` of wasmCloud v1 becomes a `WorkloadDeployment`: its
components go to `spec.template.spec.components`, its links to `hostInterfaces`.",
);

/// The kinds of wasmCloud, and those of them whose name nobody else uses.
const OURS: [(&str, bool); 5] = [
    ("Artifact", false),
    ("Host", false),
    ("Workload", false),
    ("WorkloadDeployment", true),
    ("WorkloadReplicaSet", true),
];

/// Versions that Kubernetes serves beside those we have schemas of.
const ALSO_SERVED: [(&str, &str); 1] = [("autoscaling/v1", "HorizontalPodAutoscaler")];

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for object in &set.objects {
        let Some(place) = object.place.get("apiVersion") else { continue };
        let (api_version, kind) = (object.api_version, object.kind);
        if is_v1(object) {
            let message = format!("`{kind}` of `{api_version}` is of wasmCloud v1, which this platform does not run");
            let help = format!("write a `WorkloadDeployment` of `{}/{}`", crds::GROUP, crds::VERSION);
            found.push(place.finding(&RULE, message).with_help(help));
        } else if let Some(right) = right(object) {
            let message = format!("there is no `{kind}` in `{api_version}`");
            found.push(place.finding(&RULE, message).with_help(format!("write `apiVersion: {right}`")));
        } else if let Some(definition) = set.definitions.iter().find(|definition| defines(definition, object)) {
            let versions = definition.place.walk(&["spec", "versions"]).map(|place| place.items()).unwrap_or_default();
            let version = api_version.rsplit('/').next();
            if !versions.iter().any(|place| place.text_at(&["name"]) == version) {
                let message = format!("the given definition of `{kind}` has no version `{}`", version.unwrap_or("?"));
                found.push(place.finding(&RULE, message).and_at(definition.place.head(), "this definition"));
            }
        }
    }
}

/// An application of the operator before v2.
fn is_v1(object: &Object<'_>) -> bool {
    object.group() == "core.oam.dev" && object.kind == "Application"
        || object.group() == "k8s.wasmcloud.dev" && !OURS.iter().any(|(kind, _)| *kind == object.kind)
}

/// The `apiVersion` that has the kind, if this is another one.
fn right(object: &Object<'_>) -> Option<String> {
    let (group, kind) = (object.group(), object.kind);
    if let Some((_, unique)) = OURS.iter().find(|(ours, _)| *ours == kind) {
        let meant =
            *unique || group == crds::GROUP || group.ends_with("wasmcloud.dev") || group.ends_with("wasmcloud.com");
        return (meant && !is_ours(object.api_version)).then(|| format!("{}/{}", crds::GROUP, crds::VERSION));
    }
    // Other groups may well have a `Service` of their own, but they have a domain.
    let of_kubernetes = !group.contains('.') || group.ends_with(".k8s.io");
    let known = KINDS.iter().find(|known| known.kind == kind)?;
    let fine = known.api_version == object.api_version || ALSO_SERVED.contains(&(object.api_version, kind));
    (of_kubernetes && !fine).then(|| known.api_version.to_owned())
}

#[cfg(test)]
mod tests {

    use super::super::super::tests::only;

    #[test]
    fn known_kinds_have_one_home() {
        let found = only(
            "CW2001",
            "apiVersion: core.oam.dev/v1beta1\nkind: WorkloadDeployment\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Deployment\n---\napiVersion: core.oam.dev/v1beta1\nkind: Application\n---\napiVersion: extensions/v1beta1\nkind: Ingress\n",
        );
        assert_eq!(
            found,
            [
                "1:13 there is no `WorkloadDeployment` in `core.oam.dev/v1beta1` | write `apiVersion: runtime.wasmcloud.dev/v1alpha1`",
                "5:13 there is no `Deployment` in `v1` | write `apiVersion: apps/v1`",
                "8:13 `Application` of `core.oam.dev/v1beta1` is of wasmCloud v1, which this platform does not run | write a `WorkloadDeployment` of `runtime.wasmcloud.dev/v1alpha1`",
                "11:13 there is no `Ingress` in `extensions/v1beta1` | write `apiVersion: networking.k8s.io/v1`",
            ]
        );
    }

    #[test]
    fn others_may_use_our_words() {
        let text = "apiVersion: serving.knative.dev/v1\nkind: Service\n---\napiVersion: kueue.x-k8s.io/v1beta1\nkind: Workload\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application\n---\napiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n";
        assert!(only("CW2001", text).is_empty());
    }
}
