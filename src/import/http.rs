//! HTTP of a host group: its port, its Service and its certificate.

use serde_json::{Value as Json, json};

use super::context::{Context, Group, is_on, look};
use super::{Outcome, codes, copy, gateway};
use crate::diagnostics::Diagnostic;
use crate::source::{Node, Path, Value};

/// HTTP and Service of a group.
pub(super) fn import(context: &mut Context<'_>, group: &Group<'_>) {
    let Some(node) = group.node else {
        // Upstream's own list: HTTP on 9191 behind a Service on the same port.
        context.set(&["hosts", &group.name, "service"], json!({ "port": 9191 }));
        return;
    };
    let path = group.path.key("http");
    let http = node.get("http").filter(|http| http.value != Value::Null);
    let enabled = http
        .and_then(|http| http.get("enabled"))
        .is_some_and(|own| context.switch(own, &path.key("enabled")).unwrap_or(false));
    context.set(&["hosts", &group.name, "http", "enabled"], enabled);
    let port = http.and_then(|http| http.get("port")).filter(|own| own.value != Value::Null);
    let port = port.and_then(|own| {
        let port = context.integer(own, &path.key("port"))?;
        if !(1..=65_535).contains(&port) {
            context.report(
                Diagnostic::error(codes::TYPE, format!("{port} is no port"))
                    .at(own.origin, "1 to 65535 are")
                    .with_path(path.key("port")),
            );
            return None;
        }
        Some(port)
    });
    if let Some(port) = port {
        context.set(&["hosts", &group.name, "http", "port"], port);
    } else if enabled && http.is_some_and(|http| http.get("port").is_none()) {
        let origin = node.entry("http").map_or(node.origin, |entry| entry.key);
        context.report(
            Diagnostic::error(codes::GROUP, "HTTP is on, but there is no port")
                .at(origin, "upstream renders `0.0.0.0:`, and the host stops")
                .with_help("add `port: 9191`")
                .with_path(path.clone()),
        );
    }
    service(context, group, node, http, port);
    if let (true, Some(http)) = (enabled, http) {
        https(context, group, http, &path.key("tls"));
    }
}

/// The Service has the port of HTTP, and is only there if its type is.
fn service(context: &mut Context<'_>, group: &Group<'_>, node: &Node, http: Option<&Node>, port: Option<i64>) {
    let kind = look(node, "service.type").filter(|own| own.value != Value::Null);
    let path = group.path.key("service").key("type");
    let kind = kind.and_then(|own| Some((context.kept_text(own, &path).filter(|kind| !kind.is_empty())?, own)));
    let Some((kind, own)) = kind else {
        context.set(&["hosts", &group.name, "service"], json!({ "enabled": false }));
        return;
    };
    if http.is_none() {
        context.report(
            Diagnostic::error(codes::GROUP, "a Service without `http`")
                .at(own.origin, "upstream's template stops here")
                .with_help("add `http: { enabled: true, port: 9191 }`, or take `service` out")
                .with_path(path),
        );
        return;
    }
    let mut service = json!({ "type": kind });
    if let Some(port) = port {
        service["port"] = port.into();
    }
    let node_path = group.path.key("http").key("nodePort");
    if let Some(own) = http.and_then(|http| http.get("nodePort")).filter(|own| own.value != Value::Null)
        && let Some(port) = context.integer(own, &node_path)
    {
        gateway::check_node_port(context, port, own.origin, &node_path);
        service["nodePort"] = port.into();
    }
    context.set(&["hosts", &group.name, "service"], service);
}

fn https(context: &mut Context<'_>, group: &Group<'_>, http: &Node, path: &Path) {
    let Some(tls) = http.get("tls") else { return };
    let on = tls.get("enabled").is_some_and(|own| context.switch(own, &path.key("enabled")).unwrap_or(false));
    if !on {
        return;
    }
    let key = http.entry("tls").map_or(tls.origin, |entry| entry.key);
    let refuse = |message: &str, label: &str, help: &str| {
        Diagnostic::error(codes::HTTPS, message).at(key, label).with_help(help).with_path(path.clone())
    };
    context.set(&["hosts", &group.name, "http", "tls", "enabled"], true);
    if !context.on("global.tls.enabled", true) {
        context.report(refuse(
            "HTTPS is on for this group and TLS is off for the chart",
            "upstream serves plain HTTP on this port without a word",
            "with TLS off for the chart take `tls` out here; ours does not tie the two: set it in the imported values",
        ));
    }
    let secret = look(tls, "certificate.secretName").and_then(|own| context.text(own)).filter(|name| !name.is_empty());
    let made = look(tls, "certificate.generate.enabled").is_some_and(|own| is_on(own, false));
    let generate = look(tls, "certificate.generate");
    let path = path.key("certificate").key("generate");
    match (secret, made && context.on("global.certificates.generate", true)) {
        (Some(secret), _) => {
            context.set(&["hosts", &group.name, "http", "tls", "secretName"], secret);
            unused(context, generate, &path);
        }
        (None, true) => certificate(context, group, generate, &path),
        (None, false) => context.report(refuse(
            "HTTPS without a certificate",
            "pods wait for a Secret that nobody makes",
            "name yours under `certificate.secretName`, or set `certificate.generate.enabled: true`",
        )),
    }
}

/// Names of a certificate that is not made.
fn unused(context: &mut Context<'_>, generate: Option<&Node>, path: &Path) {
    for key in ["domains", "ipAddresses"] {
        let Some(entry) = generate.and_then(|generate| generate.entry(key)) else { continue };
        if entry.node.as_list().is_none_or(<[Node]>::is_empty) {
            continue;
        }
        let path = path.key(key);
        context.became(&entry.node, &path, &Outcome::Dead("the certificate of `secretName` has its own names".into()));
        context.report(
            Diagnostic::warning(codes::HTTPS, format!("`{key}` is not used: the Secret's certificate has its own names"))
                .at(entry.key, "")
                .with_help("take it out, and see that the certificate has these names")
                .with_path(path),
        );
    }
}

/// A certificate made by `tls.provider`.
fn certificate(context: &mut Context<'_>, group: &Group<'_>, generate: Option<&Node>, path: &Path) {
    let mut domains = Vec::new();
    let mut addresses = Vec::new();
    for (key, of_addresses) in [("domains", false), ("ipAddresses", true)] {
        let Some(own) = generate.and_then(|generate| generate.get(key)) else { continue };
        let path = path.key(key);
        let Some(Json::Array(names)) = copy::read(context, own, &path, copy::Kind::Texts) else { continue };
        for (index, name) in names.iter().filter_map(Json::as_str).enumerate() {
            let is_address = name.parse::<std::net::IpAddr>().is_ok();
            if is_address && !of_addresses {
                let origin = own.as_list().and_then(|list| list.get(index)).map_or(own.origin, |item| item.origin);
                context.report(
                    Diagnostic::warning(codes::HTTPS, format!("the address {name} is moved to `ipAddresses`"))
                        .at(origin, "clients do not look for addresses among domains")
                        .with_path(path.index(index)),
                );
            }
            if is_address { &mut addresses } else { &mut domains }.push(name.to_owned());
        }
    }
    if domains.is_empty() {
        // What upstream's template takes when no domain is given.
        let service = format!("hostgroup-{}", group.name);
        let namespace = group.namespace.clone().or_else(|| context.options.release_namespace.clone());
        if let Some(namespace) = namespace {
            domains.push(format!("{service}.{namespace}.svc.cluster.local"));
        }
        domains.insert(0, service);
    }
    let mut certificate = json!({ "domains": domains });
    if !addresses.is_empty() {
        certificate["ipAddresses"] = addresses.into();
    }
    context.set(&["hosts", &group.name, "http", "tls", "certificate"], certificate);
}
