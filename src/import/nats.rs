//! The two planes and their certificates.

use serde_json::{Value as Json, json};

use super::context::{Context, Group, is_on, look};
use super::{codes, foreign};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Path, Value};

/// NATS and TLS.
pub(super) fn import(context: &mut Context<'_>) {
    let tls = context.on("global.tls.enabled", true);
    let bundled = context.on("nats.enabled", true);
    let generate = tls && context.on("global.certificates.generate", true);
    context.put("tls.enabled", tls);
    for (plane, key) in [("control", "schedulerUrl"), ("data", "dataUrl")] {
        let path = Path::keys(["global", "nats", key]);
        let given = context.filled(&format!("global.nats.{key}"));
        let connection = match given {
            Some((url, node)) => external(context, &url, node, &path, tls),
            None if bundled => continue,
            None => elsewhere(context, tls),
        };
        context.put(&format!("nats.{plane}"), connection);
    }
    provider(context, tls, bundled, generate);
    connect_timeout(context);
    for group in context.groups.clone() {
        group_urls(context, &group, tls);
    }
    // The sidecar is worth its place where certificates are renewed; upstream asked for no resources for it.
    let reloader = if generate && bundled { json!({ "resources": null }) } else { json!({ "enabled": false }) };
    if bundled {
        context.put("nats.server.reloader", reloader);
    }
}

/// Who makes certificates.
fn provider(context: &mut Context<'_>, tls: bool, bundled: bool, generate: bool) {
    let made_for_groups = context.groups.iter().any(|group| {
        group.node.and_then(|node| look(node, "http.tls.certificate.generate.enabled")).is_some_and(|node| is_on(node, false))
    });
    let job = generate && (bundled || made_for_groups);
    context.put("tls.provider", if job { "job" } else { "existing" });
    if job && context.at("global.certificates.generate").is_some_and(|node| node.value == Value::Bool(true)) {
        let origin = context.at("global.certificates.generate").map(|node| node.origin);
        let note = Diagnostic::info(codes::CERTIFICATES, "certificates are made and renewed by a Job of ours")
            .with_note("upstream's templates make them once, for a year, and anew in every render without a cluster")
            .with_help("with our operator (`operator.implementation.name: chartwright`) use `tls.provider: operator`");
        context.report(match origin {
            Some(origin) => note.at(origin, ""),
            None => note,
        });
    }
    if generate && !bundled && (context.on("operator.enabled", true) || !context.groups.is_empty()) {
        let place = context.at("nats.enabled").map(|node| node.origin);
        let mut diagnostic = Diagnostic::warning(
            codes::CERTIFICATES,
            "nothing makes certificates for a NATS that is not part of the release",
        )
        .with_note(
            "upstream made an authority of its own, which that NATS does not know unless you gave it the Secrets; \
             public certificates are not trusted either",
        )
        .with_help(
            "keep the Secrets of `tls.secrets`, or set `nats.control.tls` and `nats.data.tls` (`mode: system` for \
             public certificates)",
        );
        if let Some(origin) = place {
            diagnostic = diagnostic.at(origin, "");
        }
        context.report(diagnostic);
    }
    if tls && !generate {
        existing(context);
    }
}

/// Which Secrets have to be there, and where.
fn existing(context: &mut Context<'_>) {
    let Some(node) = context.at("global.certificates.generate") else { return };
    let mut names = Vec::new();
    let secret = |context: &Context<'_>, key: &str, default: &str| {
        context.filled(&format!("global.certificates.{key}")).map_or_else(|| default.to_owned(), |(name, _)| name)
    };
    if context.on("nats.enabled", true) {
        names.push((secret(context, "natsCertSecretName", "wasmcloud-nats-tls"), None));
    }
    if context.on("operator.enabled", true) {
        names.push((secret(context, "operatorCertSecretName", "wasmcloud-operator-tls"), None));
    }
    for group in &context.groups {
        for (key, default) in
            [("runtimeCertSecretName", "wasmcloud-runtime-tls"), ("dataCertSecretName", "wasmcloud-data-tls")]
        {
            let entry = (secret(context, key, default), group.namespace.clone());
            if !names.contains(&entry) {
                names.push(entry);
            }
        }
    }
    if names.is_empty() {
        return;
    }
    let own = context.options.release_namespace.clone();
    let listed: Vec<String> = names
        .into_iter()
        .map(|(name, namespace)| match namespace.or_else(|| own.clone()) {
            Some(namespace) => format!("`{namespace}/{name}`"),
            None => format!("`{name}`"),
        })
        .collect();
    context.report(
        Diagnostic::info(codes::CERTIFICATES, format!("these Secrets have to be there: {}", listed.join(", ")))
            .at(node.origin, "nothing makes them")
            .with_note("each with `tls.crt`, `tls.key` and `ca.crt`"),
    );
}

/// A connection to a NATS of the user's, with TLS as upstream's templates have it.
fn external(context: &mut Context<'_>, url: &str, node: &Node, path: &Path, tls: bool) -> Json {
    let urls: Vec<String> = url.split(',').map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()).collect();
    if urls.len() > 1 && !context.groups.is_empty() {
        context.report(
            Diagnostic::error(codes::NATS_URL, "upstream's host takes one URL, and this is a list")
                .at(node.origin, "the host reads it as one address and stops")
                .with_help("name one server: others are learnt from it; or run our hosts")
                .with_path(path.clone()),
        );
    }
    if urls.iter().any(|url| has_user(url)) {
        context.hide(node.origin);
        context.report(
            Diagnostic::error(codes::NATS_URL, "a NATS URL with credentials in it")
                .at(node.origin, "hosts do not send them")
                .with_help("keep them in a Secret that `nats.control.auth` and `nats.data.auth` name (our hosts and operator)")
                .with_path(path.clone()),
        );
        return json!({ "mode": "external" });
    }
    connection(&urls, tls)
}

fn connection(urls: &[String], tls: bool) -> Json {
    let mut connection = json!({ "mode": "external", "urls": urls });
    if tls && let Some(map) = connection.as_object_mut() {
        map.insert("tls".into(), json!({ "mode": "private" }));
        map.insert("auth".into(), json!({ "type": "mtls" }));
    }
    connection
}

/// Whether user or password stand in a URL.
pub(super) fn has_user(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

/// No bundled server and no URL: upstream's templates point at a Service `nats` beside the release.
fn elsewhere(context: &mut Context<'_>, tls: bool) -> Json {
    let url = match &context.options.release_namespace {
        Some(namespace) => format!("nats://nats.{namespace}.svc.cluster.local:4222"),
        None => "nats://nats:4222".to_owned(),
    };
    let mut diagnostic =
        Diagnostic::warning(codes::NATS_URL, format!("no URL of NATS: upstream's templates take `{url}`"))
            .with_help("set `global.nats.schedulerUrl` and `global.nats.dataUrl`, or see that it is there");
    if let Some(node) = context.at("nats.enabled") {
        diagnostic = diagnostic.at(node.origin, "no server of the release's own");
    }
    context.report(diagnostic);
    connection(&[url], tls)
}

/// Only hosts have it; 0 renders nothing upstream, and here neither.
fn connect_timeout(context: &mut Context<'_>) {
    let Some(node) = context.at("runtime.natsConnectTimeoutSeconds") else { return };
    let path = Path::keys(["runtime", "natsConnectTimeoutSeconds"]);
    let seconds = if node.value == Value::Null { Some(0) } else { context.integer(node, &path) };
    if let Some(seconds) = seconds {
        let value = if seconds > 0 { Json::from(seconds) } else { Json::Null };
        context.put("hostDefaults.nats.control.connectTimeoutSeconds", value);
    }
}

fn group_urls(context: &mut Context<'_>, group: &Group<'_>, tls: bool) {
    let Some(node) = group.node else { return };
    for (key, plane) in [("schedulerNatsUrl", "control"), ("dataNatsUrl", "data")] {
        let Some(own) = node.get(key) else { continue };
        let path = group.path.key(key);
        if let Some(url) = context.kept_text(own, &path).filter(|url| !url.is_empty()) {
            let connection = external(context, &url, own, &path, tls);
            context.set(&["hosts", &group.name, "nats", plane], connection);
        }
    }
    if let Some(own) = node.get("wasmcloudNatsUrl")
        && let Some(url) = context.kept_text(own, &group.path.key("wasmcloudNatsUrl")).filter(|url| !url.is_empty())
    {
        foreign::default(context, &["hosts", &group.name, "flags", "wasmcloud-nats-url"], url);
    }
}
