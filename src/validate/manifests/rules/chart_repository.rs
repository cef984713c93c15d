//! Where Argo CD and Flux look for the operator chart.

use super::super::object::{Object, Set};
use super::super::place::Place;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2201",
    "chart-repository",
    "\
An Argo CD or Flux source of the chart `runtime-operator` that does not lead to it.

**Why.** The chart is an OCI artifact, `ghcr.io/wasmcloud/charts/runtime-operator`. Argo CD joins `repoURL` and `chart`, and wants
no `oci://` beside `chart`; Flux wants `oci://` and, in an `OCIRepository`, the whole name.

**Example.**

```yaml
kind: Application
spec:
  source: { chart: runtime-operator, repoURL: ghcr.io/wasmcloud }
```

**Write instead.** `repoURL: ghcr.io/wasmcloud/charts`; with Flux `url: oci://ghcr.io/wasmcloud/charts/runtime-operator` in an
`OCIRepository` and `oci://ghcr.io/wasmcloud/charts` in a `HelmRepository`.",
);

pub(super) const CHART: &str = "runtime-operator";

/// Where upstream keeps its artifacts, and its charts among them.
const OWNER: &str = "ghcr.io/wasmcloud";
const REPOSITORY: &str = "ghcr.io/wasmcloud/charts";

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for object in &set.objects {
        for source in argo_sources(object) {
            found.extend(source.get("repoURL").and_then(|place| judge(&place, REPOSITORY, object)));
        }
        if object.group() == "source.toolkit.fluxcd.io" {
            let Some(place) = object.place.walk(&["spec", "url"]) else { continue };
            let whole = format!("oci://{REPOSITORY}/{CHART}");
            found.extend(match object.kind {
                "OCIRepository" => judge(&place, &whole, object),
                "HelmRepository" => judge(&place, &format!("oci://{REPOSITORY}"), object),
                _ => None,
            });
        }
    }
}

/// The sources of an Argo CD Application that name the operator chart.
pub(super) fn argo_sources<'a>(object: &Object<'a>) -> Vec<Place<'a>> {
    if !object.is("argoproj.io", "Application") {
        return Vec::new();
    }
    let Some(spec) = object.place.get("spec") else { return Vec::new() };
    let mut sources = spec.list("sources");
    sources.extend(spec.get("source"));
    sources.retain(|source| source.text_at(&["chart"]) == Some(CHART));
    sources
}

/// Judges an address; of a registry that is not upstream's only how Argo CD wants it written.
fn judge(place: &Place<'_>, right: &str, object: &Object<'_>) -> Option<Diagnostic> {
    let url = place.text()?.trim_end_matches('/');
    let plain = url.trim_start_matches("oci://");
    let chart = format!("{REPOSITORY}/{CHART}");
    // Other artifacts of theirs lie beside it; a mirror may call its folders as it likes.
    let theirs = [OWNER, REPOSITORY, &format!("{OWNER}/{CHART}"), &chart].contains(&plain);
    if theirs {
        let finding = place.finding(&RULE, format!("the chart `{CHART}` is not at `{url}`"));
        return (url != right).then(|| finding.with_help(format!("write `{right}`")));
    }
    let message = "beside `chart` the address of an OCI repository is written without `oci://`";
    let finding = place.finding(&RULE, message).with_help(format!("write `{plain}`"));
    (object.kind == "Application" && url != plain).then_some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{case, only};

    #[test]
    fn repository_and_chart_make_the_reference() {
        assert_eq!(
            case("V12", &["app.yaml"]),
            [
                "CW2201 app.yaml:10:14 the chart `runtime-operator` is not at `ghcr.io/wasmcloud`",
                "CW2202 app.yaml:16:5 each automated sync makes new certificates",
            ]
        );
    }

    fn argo(url: &str) -> Vec<String> {
        only(
            "CW2201",
            &format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec:\n  source:\n    chart: runtime-operator\n    repoURL: {url}\n"
            ),
        )
    }

    #[test]
    fn argo_writes_no_scheme() {
        assert!(argo("ghcr.io/wasmcloud/charts").is_empty() && argo("mirror.example/charts").is_empty());
        assert_eq!(argo("oci://ghcr.io/wasmcloud/charts").len(), 1);
        assert_eq!(
            argo("oci://mirror.example/charts"),
            [
                "6:14 beside `chart` the address of an OCI repository is written without `oci://` | write `mirror.example/charts`"
            ]
        );
        assert_eq!(argo("ghcr.io/wasmcloud/charts/runtime-operator").len(), 1);
        assert!(argo("https://charts.example").is_empty());
    }

    fn flux(kind: &str, url: &str) -> Vec<String> {
        only("CW2201", &format!("apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nspec: {{url: '{url}'}}\n"))
    }

    #[test]
    fn flux_writes_a_scheme() {
        assert!(flux("OCIRepository", "oci://ghcr.io/wasmcloud/charts/runtime-operator").is_empty());
        assert!(flux("OCIRepository", "oci://ghcr.io/wasmcloud/components/x").is_empty());
        assert!(flux("HelmRepository", "oci://ghcr.io/wasmcloud/charts").is_empty());
        assert_eq!(flux("OCIRepository", "oci://ghcr.io/wasmcloud/runtime-operator").len(), 1);
        assert_eq!(flux("HelmRepository", "oci://ghcr.io/wasmcloud").len(), 1);
    }
}
