//! Extra arguments: flags that have a key of their own become that key, the rest stays as it is.

use chartwright_contract::flags::{Flag, FlagKind, Implementation, Program, flags, knows};
use semver::Version;
use serde_json::Value as Json;

use super::context::{Context, look};
use super::{codes, copy, images, paths, version};
use crate::diagnostics::{Diagnostic, suggest};
use crate::source::{Node, Origin, Path, Value};

/// Flags of hosts that have a key of ours which renders exactly them.
const HOST_KEYS: [(&str, &str); 17] = [
    ("allow-host-loopback", "egress.allowHostLoopback"),
    ("deny-private-ranges", "egress.denyPrivateRanges"),
    ("drain-delay", "drainDelaySeconds"),
    ("http-client-trust-roots", "httpClient.trustRoots"),
    ("http-local-routing", "http.localRouting"),
    ("log-level", "log.level"),
    ("max-connections", "egress.maxConnections"),
    ("max-http-ingress-connections", "egress.maxHttpIngressConnections"),
    ("max-inbound-socket-connections-per-workload", "egress.maxInboundSocketConnectionsPerWorkload"),
    ("max-outbound-http-connections-per-workload", "egress.maxOutboundHttpConnectionsPerWorkload"),
    ("max-outbound-socket-connections-per-workload", "egress.maxOutboundSocketConnectionsPerWorkload"),
    ("meters", "metrics.meters"),
    ("nats-connect-timeout", "nats.control.connectTimeoutSeconds"),
    ("registry-pull-timeout", "oci.pullTimeoutSeconds"),
    ("socket-egress", "egress.sockets"),
    ("wasi-otel", "wasm.otel"),
    ("wasi-webgpu", "wasm.webgpu"),
];

/// The same of the operator.
const OPERATOR_KEYS: [(&str, &str); 3] = [
    ("disable-artifact-controller", "artifactController.enabled"),
    ("metrics-secure", "metrics.secure"),
    ("zap-log-level", "log.level"),
];

/// Flags that upstream's templates give a host already: it refuses them a second time.
const GIVEN: [&str; 15] = [
    "host-group",
    "host-name",
    "environment",
    "scheduler-nats-url",
    "scheduler-nats-tls-ca",
    "scheduler-nats-tls-cert",
    "scheduler-nats-tls-key",
    "data-nats-url",
    "data-nats-tls-ca",
    "data-nats-tls-cert",
    "data-nats-tls-key",
    "oci-cache-dir",
    "http-addr",
    "tls-cert-path",
    "tls-key-path",
];

/// Whose arguments they are.
struct Whose {
    program: Program,
    version: Version,
    /// Upstream's own image: what it does not know, it refuses.
    stock: bool,
}

/// The arguments of operator and hosts, and lists of files that only flags name.
pub(super) fn import(context: &mut Context<'_>) {
    let whose = whose(context, Program::Operator, context.at("operator.image"), &images::OPERATOR);
    if let Some(node) = context.at("operator.extraArgs") {
        arguments(context, &whose, node, &Path::keys(["operator", "extraArgs"]), &["operator"]);
    }
    let whose = self::whose(context, Program::Host, context.at("runtime.image"), &images::HOST);
    if let Some(node) = context.at("runtime.extraArgs") {
        arguments(context, &whose, node, &Path::keys(["runtime", "extraArgs"]), &["hostDefaults"]);
    }
    files(context);
    refresh(context, context.at("runtime"), &Path::keys(["runtime"]), &["hostDefaults"]);
    for group in context.groups.clone() {
        let Some(node) = group.node else { continue };
        let image = look(node, "image").or_else(|| context.at("runtime.image"));
        let whose = self::whose(context, Program::Host, image, &images::HOST);
        if let Some(list) = look(node, "extraArgs") {
            arguments(context, &whose, list, &group.path.key("extraArgs"), &["hosts", &group.name]);
        }
        refresh(context, group.node, &group.path, &["hosts", &group.name]);
    }
}

fn whose(context: &Context<'_>, program: Program, image: Option<&Node>, published: &images::Published) -> Whose {
    let stock = image
        .and_then(|image| look(image, "repository"))
        .and_then(|node| context.text(node))
        .is_none_or(|repository| repository == published.repository);
    let version = version::of_image(context, image, published.repository, &context.version);
    Whose { program, version, stock }
}

fn arguments(context: &mut Context<'_>, whose: &Whose, node: &Node, path: &Path, ours: &[&str]) {
    let Some(list) = node.as_list() else {
        if node.value != Value::Null {
            copy::wrong(context, node, path, "a list of arguments");
        }
        return;
    };
    let mut index = 0;
    while let Some(item) = list.get(index) {
        let at = path.index(index);
        index += 1;
        let Some(text) = context.kept_text(item, &at) else { continue };
        let text = paths::moved(&text);
        let bare = text.trim_start_matches('-');
        if bare.len() == text.len() {
            keep(context, ours, text);
            continue;
        }
        let (name, inline) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value.to_owned())));
        let flag = judge(context, whose, name, item.origin, &at);
        let mut words = vec![text.clone()];
        let mut value = inline;
        if value.is_none()
            && flag.is_some_and(|flag| !matches!(flag.kind, FlagKind::Switch | FlagKind::Bool))
            && let Some(next) =
                list.get(index).and_then(|next| context.text(next)).filter(|next| !next.starts_with('-'))
        {
            index += 1;
            words.push(paths::moved(&next));
            value = words.last().cloned();
        }
        let typed = flag.is_some() && key(context, whose, name, value.as_deref(), ours);
        if !typed {
            for word in words {
                keep(context, ours, word);
            }
        }
    }
}

fn keep(context: &mut Context<'_>, ours: &[&str], text: String) {
    let target: Vec<&str> = ours.iter().copied().chain(["extraArgs"]).collect();
    context.append(&target, text);
}

/// What there is to say about a flag.
fn judge(context: &mut Context<'_>, whose: &Whose, name: &str, origin: Origin, path: &Path) -> Option<&'static Flag> {
    let known = knows(whose.program, Implementation::Wasmcloud, &whose.version, name);
    let said = |diagnostic: Diagnostic| diagnostic.with_path(path.clone());
    if name == "allow-insecure-registries" && known.is_some() {
        context.report(said(
            Diagnostic::warning(codes::INSECURE, "every registry is spoken to over plain HTTP")
                .at(origin, "credentials travel in the clear")
                .with_help(
                    "trust the registry's own authority instead: `hosts.<group>.oci.ca` (upstream: `ociCaPaths`)",
                ),
        ));
    }
    if whose.program == Program::Host && GIVEN.contains(&name) {
        context.report(said(
            Diagnostic::error(codes::FLAG, format!("the chart gives `--{name}` already"))
                .at(origin, "the host refuses it a second time")
                .with_help("use the key of the values, or `flags` here to change one"),
        ));
    }
    if known.is_none() {
        let all = flags(whose.program, Implementation::Wasmcloud);
        let other = all.iter().find(|flag| flag.is_called(name));
        let message = match other {
            Some(flag) if version::before(&whose.version, flag.since) => {
                format!("`--{name}` is known from {} on, not to {}", flag.since, whose.version)
            }
            Some(flag) => format!("`--{name}` is gone since {}", flag.until.unwrap_or(flag.since)),
            None => format!("no flag `--{name}` is known"),
        };
        let mut diagnostic = if whose.stock {
            Diagnostic::warning(codes::FLAG, message).at(origin, "upstream's image refuses it and restarts for ever")
        } else {
            Diagnostic::info(codes::FLAG, message).at(origin, "your own image may know it")
        };
        if let Some(help) = suggest::did_you_mean(name, all.iter().map(|flag| flag.name)) {
            diagnostic = diagnostic.with_help(help);
        }
        context.report(said(diagnostic));
    }
    known
}

/// Writes a flag to its own key, if it has one that takes this value.
fn key(context: &mut Context<'_>, whose: &Whose, name: &str, value: Option<&str>, ours: &[&str]) -> bool {
    let keys: &[(&str, &str)] = if whose.program == Program::Host { &HOST_KEYS } else { &OPERATOR_KEYS };
    let target = |key: &str| {
        ours.iter().map(|step| (*step).to_owned()).chain(key.split('.').map(Into::into)).collect::<Vec<_>>()
    };
    if whose.program == Program::Operator && name == "json-log" {
        context.set(&target("log.format"), if value == Some("false") { "text" } else { "json" });
        return true;
    }
    if whose.program == Program::Host && name == "wasm-proposal" {
        let path = target("wasm.proposals");
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        for proposal in value.unwrap_or_default().split(',').filter(|proposal| !proposal.is_empty()) {
            context.append(&path, proposal);
        }
        return value.is_some();
    }
    let Some((_, key)) = keys.iter().find(|(flag, _)| *flag == name) else { return false };
    let Some(flag) = knows(whose.program, Implementation::Wasmcloud, &whose.version, name) else { return false };
    let Some(read) = typed(flag, value) else { return false };
    let read = if name == "disable-artifact-controller" { Json::from(read != true) } else { read };
    context.set(&target(key), read);
    true
}

fn typed(flag: &Flag, value: Option<&str>) -> Option<Json> {
    match flag.kind {
        FlagKind::Switch => value.is_none().then(|| true.into()),
        FlagKind::Bool => match value {
            None | Some("true") => Some(true.into()),
            Some("false") => Some(false.into()),
            Some(_) => None,
        },
        FlagKind::Number => value?.parse::<i64>().ok().filter(|number| *number > 0).map(Into::into),
        FlagKind::Duration => seconds(value?).map(Into::into),
        FlagKind::Choice(choices) => value.filter(|value| choices.contains(value)).map(Into::into),
        _ => value.map(Into::into),
    }
}

/// Whole seconds of `90s`, `2m` or `1m30s`.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let mut total = 0_i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let number: i64 = rest[..digits].parse().ok()?;
        let unit_end = rest[digits..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |length| digits + length);
        let factor = match rest[digits..unit_end].trim() {
            "s" | "sec" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = &rest[unit_end..];
    }
    Some(total)
}

/// Lists of files with certificate authorities; a group's come after the common ones.
fn files(context: &mut Context<'_>) {
    for (list, flag) in [("ociCaPaths", "oci-ca-path"), ("httpClientCaPaths", "http-client-ca-path")] {
        let common = context
            .at(&format!("runtime.{list}"))
            .map(|node| read_files(context, node, &Path::keys(["runtime", list])))
            .unwrap_or_default();
        write_files(context, &["hostDefaults"], flag, &common);
        for group in context.groups.clone() {
            let Some(node) = group.node.and_then(|node| look(node, list)) else { continue };
            let own = read_files(context, node, &group.path.key(list));
            if !own.is_empty() {
                let all: Vec<String> = common.iter().cloned().chain(own).collect();
                write_files(context, &["hosts", &group.name], flag, &all);
            }
        }
    }
}

fn read_files(context: &mut Context<'_>, node: &Node, path: &Path) -> Vec<String> {
    match copy::read(context, node, path, copy::Kind::Texts) {
        Some(Json::Array(list)) => list.iter().filter_map(Json::as_str).map(Into::into).collect(),
        _ => Vec::new(),
    }
}

fn write_files(context: &mut Context<'_>, ours: &[&str], flag: &str, files: &[String]) {
    let target = |steps: &[&'static str]| ours.iter().copied().chain(steps.iter().copied()).collect::<Vec<&str>>();
    if files.is_empty() {
        return;
    }
    if flag == "oci-ca-path" && files == ["/runtime-cert/ca.crt"] && context.on("global.tls.enabled", true) {
        // The platform's own authority: its Secret can be named.
        let secret = context
            .filled("global.certificates.runtimeCertSecretName")
            .map_or_else(|| "wasmcloud-runtime-tls".to_owned(), |(name, _)| name);
        context.set(&target(&["oci", "ca", "secretName"]), secret);
        return;
    }
    let joined: Vec<String> = files.iter().map(|file| paths::moved(file)).collect();
    let mut path = target(&["flags"]);
    path.push(flag);
    context.set(&path, joined.join(","));
}

/// How often a client certificate is read again.
fn refresh(context: &mut Context<'_>, node: Option<&Node>, path: &Path, ours: &[&str]) {
    let Some(node) = node.and_then(|node| look(node, "clientIdentity.refreshInterval")) else { return };
    let path = path.key("clientIdentity").key("refreshInterval");
    let Some(text) = context.text(node) else { return };
    let seconds = if text.is_empty() { Some(0) } else { seconds(&text) };
    if let Some(seconds) = seconds {
        let target: Vec<&str> = ours.iter().copied().chain(["httpClient", "identity", "refreshSeconds"]).collect();
        context.set(&target, seconds);
    } else {
        copy::wrong(context, node, &path, "a time such as `30s`");
    }
}
