//! Tags that move under a running workload.

use chartwright_contract::crds::names::ARTIFACT_SCHEME;

use super::super::image::Reference;
use super::super::object::Set;
use super::warning;
use crate::diagnostics::{Diagnostic, Rule};

pub(super) const RULE: Rule = warning(
    "CW2123",
    "mutable-tag",
    "\
An image whose tag is pushed again and again, without `imagePullPolicy: Always`.

**Why.** Hosts keep what they pulled. After a new push one host runs the old content, another the new one, and a restart
changes nothing.

**Example.**

```yaml
components:
  - { name: c, image: registry.example/acme/web:dev }
```

**Write instead.** A version, `web:1.4.2`, or a digest; for a tag that shall move add `imagePullPolicy: Always`.",
);

pub(super) fn check(set: &Set<'_>, found: &mut Vec<Diagnostic>) {
    for part in set.parts() {
        let Some(image) = part.get("image") else { continue };
        let Some(text) = image.text().filter(|text| !text.is_empty() && !text.starts_with(ARTIFACT_SCHEME)) else {
            continue;
        };
        let reference = Reference::parse(text);
        if !reference.moves() || part.text_at(&["imagePullPolicy"]) == Some("Always") {
            continue;
        }
        let message = match reference.tag {
            Some(tag) => format!("the tag `{tag}` may get new content, and hosts keep the old one from their cache"),
            None => "an image without a tag is `latest`, and hosts keep the content they once pulled".to_owned(),
        };
        found.push(
            image.finding(&RULE, message).with_help("write a version or a digest, or add `imagePullPolicy: Always`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{DEPLOYMENT, case, only};

    #[test]
    fn a_tag_that_moves_is_pulled_always() {
        assert_eq!(
            case("H10", &["wd.yaml"]),
            ["CW2123 wd.yaml:12:18 the tag `dev` may get new content, and hosts keep the old one from their cache"]
        );
        let text = |image| {
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{components: [{{image: {image}}}], service: {{image: 'a:latest', imagePullPolicy: Always}}}}}}}}\n"
            )
        };
        assert_eq!(only("CW2123", &text("acme/web")).len(), 1);
        assert!(only("CW2123", &text("'artifact://web'")).is_empty());
    }
}
