//! A field that the cluster does not know and would drop.

use super::super::object::Object;
use super::error;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = error(
    "CW2004",
    "pruned-field",
    "\
A field that the given `CustomResourceDefinition` lacks.

**Why.** The API server prunes it without a word. Where a field is a limit, its absence means \"no limit\". Helm never updates
the `crds/` of a chart, so an old definition stays under a new operator.

**Example.**

```yaml
components:
  - name: c
    image: registry.example/acme/c:1.0.0
    maxInvocations: 1000   # unknown to the definition of an older release
```

**Write instead.** Nothing: upgrade the definitions first (`chartwright upgrade` does), or leave the field out.",
);

/// What the schema walker said of a field that we know and the cluster does not.
pub(in super::super) fn finding(unknown: Diagnostic, object: &Object<'_>) -> Diagnostic {
    let path = unknown.path.as_ref().map(ToString::to_string).unwrap_or_default();
    Diagnostic {
        code: RULE.code,
        message: format!("`{path}` would be pruned by the cluster: its definition of {} lacks it", object.kind),
        help: Some("upgrade the definitions first, or leave the field out".to_owned()),
        ..unknown
    }
}
