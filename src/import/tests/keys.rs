//! Single keys and how they hang together.

use super::*;

fn group(rest: &str) -> Run {
    one(&format!("gateway: {{ enabled: false }}\nruntime:\n  hostGroups:\n  - name: a\n{rest}"))
}

#[test]
fn nothing_at_all_is_upstreams_own_release() {
    let run = one("{}");
    assert!(run.found().is_empty());
    assert_eq!(run.ours("/naming/scheme"), "upstream");
    assert_eq!(run.ours("/operator/implementation"), json!({ "name": "wasmcloud", "version": "2.7.0" }));
    assert_eq!(run.ours("/hosts/default"), json!({ "service": { "port": 9191 } }));
    assert_eq!(run.ours("/tls"), json!({ "enabled": true, "provider": "job" }));
    assert_eq!(run.ours("/hostDefaults/resources/requests/memory"), "64Mi");
    assert_eq!(run.ours("/nats/server/resources"), json!({ "limits": { "memory": "128Mi" } }));
    assert_eq!(run.ours("/nats/server/image/tag"), "2.12.8-alpine");
}

#[test]
fn a_list_replaces_upstreams_own() {
    let run = group("");
    assert_eq!(run.ours("/hosts/default"), json!({ "enabled": false }));
    let a = run.ours("/hosts/a");
    assert_eq!(a["http"], json!({ "enabled": false }));
    assert_eq!(a["service"], json!({ "enabled": false }));
    assert!(run.has("/hosts/a/replicas") && a["replicas"].is_null());
}

#[test]
fn resources_of_a_group_replace_the_common_ones() {
    let run = group("    resources: { requests: { cpu: 1 } }\n");
    assert_eq!(run.ours("/hosts/a/resources"), json!({ "requests": { "cpu": "1", "memory": null }, "limits": null }));
}

#[test]
fn networking_counts_from_2_9_on() {
    let text = "    networking: { socketEgress: enforce, maxConnections: 10, denySpecialRanges: false }\n";
    let old = group(text);
    assert_eq!(old.found().len(), 3);
    assert!(old.found().iter().all(|line| line.starts_with("warning CW3002")));
    assert!(!old.has("/hosts/a/egress"));
    assert!(matches!(old.outcome("runtime.hostGroups[0].networking.socketEgress"), Outcome::Dead(_)));

    let yaml = format!("gateway: {{ enabled: false }}\nruntime:\n  hostGroups:\n  - name: a\n{text}");
    let options = Options { version: Some(Version::new(2, 9, 0)), ..Options::default() };
    let new = run(&[("values.yaml", &yaml)], &[], &options);
    assert!(new.found().is_empty(), "{:?}", new.found());
    assert_eq!(
        new.ours("/hosts/a/egress"),
        json!({ "sockets": "enforce", "maxConnections": 10, "denySpecialRanges": false })
    );
    assert!(!new.has("/hosts/a/flags/deny-special-ranges"), "the template renders it");

    let defaults = group("    networking: { socketEgress: count, maxConnections: \"\", publishPorts: false }\n");
    assert!(defaults.found().is_empty(), "{:?}", defaults.found());
}

#[test]
fn flags_find_their_keys() {
    let run = group(
        "    extraArgs: [--socket-egress=enforce, --max-connections, '7', --registry-pull-timeout=1m30s, --wasi-webgpu]\n",
    );
    assert!(run.found().is_empty(), "{:?}", run.found());
    let a = run.ours("/hosts/a");
    assert_eq!(a["egress"], json!({ "sockets": "enforce", "maxConnections": 7 }));
    assert_eq!(a["oci"], json!({ "pullTimeoutSeconds": 90 }));
    assert_eq!(a["wasm"], json!({ "webgpu": true }));
    assert!(a.get("extraArgs").is_none());
}

#[test]
fn flags_that_stop_the_host_are_told() {
    let run = group("    extraArgs: [--max-concurrent-workloads=5, --wasip3, --host-group=b]\n");
    assert_eq!(
        run.found(),
        ["warning CW3024 values.yaml:5:17", "warning CW3024 values.yaml:5:47", "error CW3024 values.yaml:5:57"]
    );
    let own = group("    image: { repository: acme/host }\n    extraArgs: [--acme]\n");
    assert!(own.found().is_empty(), "{:?}", own.found());
    assert_eq!(own.ours("/hosts/a/image"), json!({ "registry": "ghcr.io", "repository": "acme/host" }));
}

#[test]
fn the_operators_flags() {
    let run = one("gateway: { enabled: false }\noperator: { extraArgs: [-json-log, -cpu-backpressure-threshold=75] }");
    assert!(run.found().is_empty(), "{:?}", run.found());
    assert_eq!(run.ours("/operator/log/format"), "json");
    assert_eq!(run.ours("/operator/extraArgs"), json!(["-cpu-backpressure-threshold=75"]));
}

#[test]
fn a_tag_that_is_a_version_counts_for_its_program() {
    let run = one("runtime: { image: { tag: 2.10.1 } }");
    assert_eq!(run.ours("/hostDefaults/implementation/version"), "2.10.1");
    assert_eq!(run.ours("/operator/implementation/version"), "2.7.0");
    assert_eq!(one("operator: { image: { tag: canary } }").ours("/operator/image/pullPolicy"), "Always");
    assert_eq!(
        one("nats: { image: { registry: mirror } }").ours("/nats/server/image"),
        json!({ "registry": "mirror", "repository": "nats", "tag": "2.12.8-alpine" })
    );
}

#[test]
fn the_global_registry_is_not_applied_unseen() {
    let run = one("gateway: { enabled: false }\nglobal: { image: { registry: mirror.example } }");
    assert_eq!(run.found(), ["warning CW3017 values.yaml:2:30"]);
    assert!(!run.has("/global/image/registry"));
    let used = one("global: { image: { registry: m.example } }\nruntime: { image: { registry: '' } }");
    assert_eq!(used.ours("/hostDefaults/image/registry"), "m.example");
}

#[test]
fn an_external_nats() {
    let run = one(
        "gateway: { enabled: false }\nnats: { enabled: false }\nglobal: { tls: { enabled: false }, nats: { schedulerUrl: 'nats://a:4222', dataUrl: 'nats://b:4222' } }",
    );
    assert!(run.found().is_empty(), "{:?}", run.found());
    assert_eq!(run.ours("/nats/control"), json!({ "mode": "external", "urls": ["nats://a:4222"] }));
    assert_eq!(run.ours("/nats/data"), json!({ "mode": "external", "urls": ["nats://b:4222"] }));
    assert_eq!(run.ours("/nats/server"), json!({ "enabled": false }));

    let secret = one("global: { nats: { schedulerUrl: 'nats://u:hunter22@a:4222' } }");
    assert!(secret.found().iter().any(|line| line.starts_with("error CW3015")));
    assert!(!secret.words(codes::NATS_URL).contains("hunter22"));
    assert!(!secret.imported.values.to_string().contains("hunter22"));
}

#[test]
fn certificate_paths_are_rewritten() {
    let run = group("    ociCaPaths: [/runtime-cert/ca.crt, /etc/acme/ca.crt]\n");
    assert_eq!(run.ours("/hosts/a/flags/oci-ca-path"), "/etc/nats/control/ca.crt,/etc/acme/ca.crt");
}

#[test]
fn one_account_for_several_groups_is_made_once() {
    let run = one(
        "gateway: { enabled: false }\nruntime: { serviceAccount: { name: hosts }, hostGroups: [{ name: a }, { name: b }] }",
    );
    assert!(!run.has("/hosts/a/serviceAccount"));
    assert_eq!(run.ours("/hosts/b/serviceAccount"), json!({ "create": false }));
}

#[test]
fn every_leaf_is_in_the_report_and_the_file_says_what_is_left_out() {
    let text = "gateway: { enabled: false, service: { port: 80 } }\nglobal: { nameOverride: x }\noperator: { service: { port: 8443 }, env: [{ name: A, value: b }] }\nx-anchors: { a: 1 }\n";
    let run = one(text);
    let paths: Vec<String> = run.imported.report.iter().map(|line| line.path.to_string()).collect();
    assert_eq!(
        paths,
        [
            "gateway.enabled",
            "gateway.service.port",
            "global.nameOverride",
            "operator.service.port",
            "operator.env[0].name",
            "operator.env[0].value",
            "x-anchors.a",
        ]
    );
    assert_eq!(run.ours("/hostDefaults/drainDelaySeconds"), 0);
    let yaml = run.imported.to_yaml(&run.sources, &["values.yaml"]);
    assert!(yaml.starts_with("# Imported from values.yaml (values of runtime-operator 2.7.0).\n"), "{yaml}");
    assert!(yaml.contains("# - global.nameOverride (values.yaml:2:25): had no effect:"), "{yaml}");
}

#[test]
fn a_service_without_http_is_refused() {
    assert_eq!(group("    service: { type: ClusterIP }\n").found(), ["error CW3010 values.yaml:5:22"]);
}

#[test]
fn times_are_read_as_upstream_writes_them() {
    use super::super::arguments::seconds;
    assert_eq!(seconds("90s"), Some(90));
    assert_eq!(seconds("1m30s"), Some(90));
    assert_eq!(seconds("100ms"), None);
    assert_eq!(seconds(""), None);
}
