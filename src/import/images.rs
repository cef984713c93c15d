//! Images: what upstream's templates would have run, whichever parts of its name the user gave.

use serde_json::json;

use super::context::{Context, look};
use super::{Outcome, codes, foreign};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Path};

/// Where a component's image comes from without the user.
pub(super) struct Published {
    /// Registry.
    pub(super) registry: &'static str,
    /// Repository.
    pub(super) repository: &'static str,
    /// Tag; empty for the chart's version.
    tag: &'static str,
}

/// The operator's.
pub(super) const OPERATOR: Published =
    Published { registry: "ghcr.io", repository: "wasmcloud/runtime-operator", tag: "" };
/// The hosts'.
pub(super) const HOST: Published = Published { registry: "ghcr.io", repository: "wasmcloud/wash", tag: "" };
/// The NATS server's, in every chart from 2.7.0 to 2.10.
const NATS: Published = Published { registry: "docker.io", repository: "nats", tag: "2.12.8-alpine" };

/// Images of all components and host groups.
pub(super) fn import(context: &mut Context<'_>) {
    for (component, ours, published) in [
        ("operator", vec!["operator"], OPERATOR),
        ("nats", vec!["nats", "server"], NATS),
        ("runtime", vec!["hostDefaults"], HOST),
    ] {
        let image = context.at(&format!("{component}.image"));
        write(context, &[image], &ours, &published, &Path::keys([component, "image"]));
        keep_always(context, image, &ours);
    }
    if context.get(&["nats", "server", "image", "repository"]).is_none() && context.on("nats.enabled", true) {
        foreign::default(context, &["nats", "server", "image", "registry"], NATS.registry);
        foreign::default(context, &["nats", "server", "image", "repository"], NATS.repository);
        foreign::default(context, &["nats", "server", "image", "tag"], NATS.tag);
    }
    let whole = context.at("runtime.image");
    for group in context.groups.clone() {
        let own = group.node.and_then(|node| look(node, "image"));
        if own.is_some() {
            write(context, &[own, whole], &["hosts", &group.name], &HOST, &group.path.key("image"));
        }
    }
    global_registry(context);
}

/// Writes the parts of the image that the user gave (first in `layers`: the innermost), and those that they entail:
/// with a repository of its own an image has no default registry here.
fn write(
    context: &mut Context<'_>,
    layers: &[Option<&Node>],
    ours: &[&str],
    published: &Published,
    path: &Path,
) {
    let text = |context: &Context<'_>, key: &str| {
        layers.iter().flatten().find_map(|layer| look(layer, key)).and_then(|node| context.text(node))
    };
    let own = |key: &str| layers[0].and_then(|layer| look(layer, key)).is_some();
    let target = |key: &'static str| ours.iter().copied().chain(["image", key]).collect::<Vec<_>>();
    if own("registry") || own("repository") {
        let registry = text(context, "registry").unwrap_or_else(|| published.registry.to_owned());
        let global = context.filled("global.image.registry").map(|(text, _)| text).unwrap_or_default();
        let registry = if registry.is_empty() { global } else { registry };
        let repository = text(context, "repository").filter(|text| !text.is_empty());
        context.set(&target("registry"), registry);
        context.set(&target("repository"), repository.unwrap_or_else(|| published.repository.to_owned()));
        if !published.tag.is_empty() && !own("tag") {
            context.set(&target("tag"), published.tag);
        }
    }
    if let Some(node) = layers[0].and_then(|layer| look(layer, "tag")) {
        if let Some(tag) = context.kept_text(node, &path.key("tag")).filter(|tag| !tag.is_empty()) {
            context.set(&target("tag"), tag);
        } else if !published.tag.is_empty() {
            context.set(&target("tag"), published.tag);
        }
    }
}

/// Upstream pulls always. That costs a start its registry and gains nothing for a tag that stays; for one that moves
/// it is what keeps nodes alike.
fn keep_always(context: &mut Context<'_>, image: Option<&Node>, ours: &[&str]) {
    let Some(image) = image else { return };
    let Some(node) = look(image, "tag") else { return };
    let Some(tag) = context.text(node).filter(|tag| moves(tag)) else { return };
    if look(image, "pull_policy").is_some() {
        return;
    }
    let target: Vec<&str> = ours.iter().copied().chain(["image", "pullPolicy"]).collect();
    context.set(&target, "Always");
    context.report(
        Diagnostic::info(codes::IMAGE, format!("the tag `{tag}` moves: pull policy `Always` is kept"))
            .at(node.origin, "")
            .with_help("a tag that is a version, or a digest, is the same on every node"),
    );
}

/// Whether a tag is no version: `canary`, `latest`, `v2-canary`.
fn moves(tag: &str) -> bool {
    let rest = tag.strip_prefix('v').unwrap_or(tag);
    !tag.is_empty() && !rest.split(['-', '+']).next().is_some_and(|number| {
        number.starts_with(|c: char| c.is_ascii_digit()) && (number.contains('.') || number.len() > 3)
    })
}

/// The registry of all images, which upstream hardly ever uses.
fn global_registry(context: &mut Context<'_>) {
    let Some((registry, node)) = context.filled("global.image.registry") else { return };
    let components = ["operator", "nats", "runtime"];
    let empty: Vec<&str> = components
        .into_iter()
        .filter(|component| {
            let own = context.at(&format!("{component}.image.registry"));
            own.is_some_and(|node| context.text(node).is_none_or(|text| text.is_empty()))
        })
        .collect();
    let path = Path::keys(["global", "image", "registry"]);
    if empty.len() < components.len() {
        context.report(
            Diagnostic::warning(codes::REGISTRY, "upstream's images were not pulled from this registry")
                .at(node.origin, "")
                .with_note("a component's own registry wins over it, and each has one by default")
                .with_help(format!(
                    "to mirror all images, set `global.image.registry: {}` in the imported values: here it wins",
                    json!(registry)
                ))
                .with_path(path.clone()),
        );
    }
    let outcome = if empty.is_empty() {
        Outcome::Dead("every component has a registry of its own, which wins".into())
    } else {
        Outcome::Mapped(format!("image.registry of {}", empty.join(", ")))
    };
    context.became(node, &path, &outcome);
}
