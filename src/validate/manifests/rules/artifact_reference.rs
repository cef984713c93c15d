//! Artifacts that an image cannot reach.

use chartwright_contract::crds::names::ARTIFACT_SCHEME;

use super::super::object::Set;
use super::{error, listed};
use crate::diagnostics::{Diagnostic, Rule, suggest};

pub(super) const RULE: Rule = error(
    "CW2127",
    "artifact-reference",
    "\
An `artifact://` image that leads nowhere.

**Why.** Only a `WorkloadDeployment` has `artifacts`, and an image names one of its entries, not the Artifact itself. In the
other kinds the text reaches the host as it is, which cannot pull it.

**Example.**

```yaml
spec:
  artifacts: [{ name: api, artifactFrom: { name: orders-api } }]
  template: { spec: { components: [{ name: c, image: \"artifact://orders-api\" }] } }
```

**Write instead.** The name of the entry: `artifact://api`.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for workload in &set.workloads {
        let artifacts = workload.object.place.get("spec").map(|spec| spec.list("artifacts")).unwrap_or_default();
        let known: Vec<&str> = artifacts.iter().filter_map(|artifact| artifact.text_at(&["name"])).collect();
        for image in workload.parts().iter().filter_map(|part| part.get("image")) {
            let Some(name) = image.text().and_then(|text| text.strip_prefix(ARTIFACT_SCHEME)) else { continue };
            if !workload.is_deployment() {
                let message = format!("a {} has no artifacts", workload.object.kind);
                found.push(image.finding(&RULE, message).with_help("write the image, or use a `WorkloadDeployment`"));
            } else if !known.contains(&name) {
                let help = suggest::did_you_mean(name, known.iter().copied());
                let help = help.unwrap_or_else(|| match &known[..] {
                    [] => format!("add `artifacts: [{{name: {name}, artifactFrom: {{name: …}}}}]` to `spec`"),
                    known => format!("write the name of one: {}", listed(known, "or")),
                });
                found.push(image.finding(&RULE, format!("`spec.artifacts` has no entry `{name}`")).with_help(help));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, only};

    #[test]
    fn an_image_names_an_entry_of_its_deployment() {
        let text = |name| {
            format!(
                "{DEPLOYMENT}spec: {{artifacts: [{{name: api, artifactFrom: {{name: orders-api}}}}], template: {{spec: {{components: [{{image: 'artifact://{name}'}}]}}}}}}\n"
            )
        };
        assert!(only("CW2127", &text("api")).is_empty());
        assert_eq!(
            only("CW2127", &text("orders-api")),
            ["4:107 `spec.artifacts` has no entry `orders-api` | write the name of one: `api`"]
        );
        let workload = "apiVersion: runtime.wasmcloud.dev/v1alpha1\nkind: Workload\nmetadata: {name: a}\nspec: {components: [{image: 'artifact://api'}]}\n";
        assert_eq!(
            only("CW2127", workload),
            ["4:29 a Workload has no artifacts | write the image, or use a `WorkloadDeployment`"]
        );
    }
}
