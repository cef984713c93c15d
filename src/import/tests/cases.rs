//! The inputs of real users; ids are those of `tests/cases/`.

use super::*;

fn namespace(name: &str) -> Options {
    Options { release_namespace: Some(name.into()), ..Options::default() }
}

#[test]
fn v01_a_home_built_host_image() {
    let run = case("V01/values.yaml");
    assert_eq!(run.found(), ["warning CW3022 values.yaml:20:18", "warning CW3025 values.yaml:24:11"]);
    assert_eq!(
        run.ours("/hostDefaults/image"),
        json!({ "registry": "", "repository": "acme-host", "tag": "dev", "pullPolicy": "Never" })
    );
    let words = run.words(codes::CREDENTIALS);
    assert!(words.contains("valueFrom.secretKeyRef") && !words.contains("app-pw"), "{words}");
    assert!(run.words(codes::INSECURE).contains("oci.ca"));
    assert_eq!(run.ours("/hosts/default/extraEnv/0/name"), "ACME_PG_URL");
    assert_eq!(run.ours("/hosts/default/extraEnv/1/name"), "ACME_EVENT_NATS_URL");
    assert_eq!(run.ours("/hosts/default/extraArgs"), json!(["--allow-insecure-registries"]));
    assert_eq!(run.ours("/hosts/default/http/port"), 80);
    assert_eq!(run.imported.secrets.len(), 1);
}

#[test]
fn v02_an_operator_release() {
    let run = case_with("V02/operator.yaml", &namespace("acme-system"));
    assert!(run.found().is_empty(), "{:?}", run.found());
    assert_eq!(run.ours("/hosts"), json!({ "default": { "enabled": false } }));
    assert_eq!(run.ours("/operator/watchNamespaces"), json!(["acme-system"]));
    assert_eq!(run.ours("/operator/allowSharedHosts"), false);
}

#[test]
fn v02_a_host_release_of_a_later_chart() {
    let run = case_with("V02/host.yaml", &namespace("acme-system"));
    assert!(run.found().is_empty(), "{:?}", run.found());
    assert_eq!(run.imported.chart, "runtime-operator 2.9.0");
    assert_eq!(run.ours("/hostDefaults/terminationGracePeriodSeconds"), 70);
    assert_eq!(run.ours("/hostDefaults/drainDelaySeconds"), 5);
    assert_eq!(run.ours("/hostDefaults/nats/control/connectTimeoutSeconds"), 60);
    assert_eq!(run.ours("/hostDefaults/probeEndpoint"), json!({ "enabled": true, "port": 8081 }));
    assert_eq!(run.ours("/hostDefaults/probes/startup/failureThreshold"), 60);
    assert_eq!(
        run.ours("/hosts/default/limits"),
        json!({ "coreInstances": 512, "defaultHeapMemory": "256Mi", "guestMemoryMode": "count",
            "maxConcurrentStarts": 4, "maxGuestMemory": "4Gi" })
    );
    assert_eq!(
        run.ours("/hosts/default/resources"),
        json!({ "requests": { "cpu": "2", "memory": "256Mi" }, "limits": { "cpu": "6", "memory": "4Gi" } })
    );
    assert_eq!(run.ours("/tls"), json!({ "enabled": true, "provider": "existing" }));
    assert_eq!(
        run.ours("/nats/control"),
        json!({ "mode": "external", "urls": ["nats://nats.acme-system.svc.cluster.local:4222"],
            "tls": { "mode": "private", "client": { "secretName": "wasmcloud-operator-tls" } }, "auth": { "type": "mtls" } })
    );
    assert_eq!(run.ours("/hostDefaults/nats/control/tls/client/secretName"), "wasmcloud-runtime-tls");
    assert_eq!(run.ours("/nats/data/tls/client/secretName"), "wasmcloud-data-tls");
    assert_eq!(run.ours("/hosts/default/oci/ca/secretName"), "wasmcloud-runtime-tls");
    assert_eq!(run.ours("/crds/upgradeHook"), false);
    let words = run.words(codes::CERTIFICATES);
    assert!(words.contains("acme-system/wasmcloud-runtime-tls") && words.contains("acme-system/wasmcloud-data-tls"));

    let old = Options { version: Some(Version::new(2, 7, 0)), ..Options::default() };
    let found = case_with("V02/host.yaml", &old).found();
    for place in ["15:3", "16:3", "20:7", "64:9"] {
        assert!(found.contains(&format!("warning CW3003 host.yaml:{place}")), "{place} of {found:?}");
    }
}

#[test]
fn v03_two_groups_in_two_namespaces() {
    let run = case_with("V03/values.yaml", &namespace("wc-system"));
    assert_eq!(
        run.found(),
        ["warning CW3002 values.yaml:19:7", "warning CW3002 values.yaml:29:7", "warning CW3023 values.yaml:33:18"]
    );
    assert!(run.words(codes::OTLP_PORT).contains("gRPC only"));
    assert_eq!(run.ours("/tls/enabled"), false);
    assert_eq!(run.ours("/operator/hostNamespaces"), json!(["wc-system", "fn"]));
    assert_eq!(run.ours("/global/image/pullSecrets"), json!([{ "name": "forge-registry" }]));
    assert_eq!(run.ours("/hosts/fn/wasm/otel"), true);
    assert_eq!(run.ours("/hosts/fn/extraArgs"), json!(["--enable-meters"]));
    assert_eq!(run.ours("/hosts/fn/namespace"), "fn");
}

#[test]
fn v04_unknown_keys_name_the_flag_and_our_key() {
    let file = fs_err::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/V04/values.yaml")).unwrap();
    let with = |flag: &str| run(&[("values.yaml", &file)], &[flag], &Options::default());
    assert!(with("gateway.enabled=false").found().is_empty());

    let toleration = with("runtime.tolerations[0].key=spot");
    assert_eq!(toleration.found(), ["error CW3001 --set runtime.tolerations[0].key=spot"]);
    let words = toleration.words(codes::UNKNOWN);
    assert!(words.contains("`runtime.tolerations`") && words.contains("`hostDefaults.tolerations`"), "{words}");

    let gateway = with("gatway.enabled=true");
    assert_eq!(gateway.found(), ["error CW3001 --set gatway.enabled=true"]);
    assert!(gateway.words(codes::UNKNOWN).contains("did you mean `gateway`?"));
}

#[test]
fn v04_requests_stay_what_they_were() {
    let run = case("V04/values.yaml");
    assert_eq!(run.ours("/hosts/default/resources/requests"), json!({ "cpu": "250m", "memory": "64Mi" }));
    assert_eq!(run.ours("/hosts/default/replicas"), 3);
    assert!(run.has("/nats/server/reloader/resources") && run.ours("/nats/server/reloader/resources").is_null());
}

#[test]
fn v06_a_node_port_outside_the_range() {
    let found = case("V06/values.yaml").found();
    assert!(found.contains(&"warning CW3012 values.yaml:5:15".to_owned()), "{found:?}");
}

#[test]
fn v07_values_of_the_v1_chart() {
    let refused = case("V07/values.yaml");
    assert_eq!(refused.found(), ["error CW3008 values.yaml:28:1"]);
    assert!(refused.words(codes::V1).contains("--from v1"));

    let run = case_with("V07/values.yaml", &Options { from: super::From::V1, ..Options::default() });
    assert_eq!(
        run.found(),
        ["warning CW3008 values.yaml:28:1", "warning CW3008 values.yaml:44:1", "warning CW3008 values.yaml:46:1"]
    );
    assert_eq!(run.imported.report.len(), 24);
    assert_eq!(run.ours("/nats/server/replicas"), 3);
    assert_eq!(
        run.ours("/nats/server/jetstream"),
        json!({ "enabled": true, "domain": "default", "volume": { "enabled": true, "size": "10Gi" } })
    );
    let selector = json!({ "node-role.example/app-platform": "true" });
    assert_eq!(run.ours("/nats/server/nodeSelector"), selector);
    assert_eq!(run.ours("/operator/nodeSelector"), selector);
    assert!(matches!(run.outcome("nats.config.websocket.port"), Outcome::Unsupported(_)));
    assert!(matches!(run.outcome("wadm.wadm.image.tag"), Outcome::Unsupported(_)));
}

#[test]
fn v08_https_needs_a_certificate() {
    assert_eq!(case("V08/values.yaml").found(), ["error CW3013 values.yaml:6:42"]);

    let own = case("V08/byoc.yaml");
    assert_eq!(own.found(), ["warning CW3013 byoc.yaml:15:15"]);
    assert_eq!(own.ours("/hosts/edge/http/tls"), json!({ "enabled": true, "secretName": "byoc-cert" }));

    let made = case("V08/gen.yaml");
    assert!(made.found().is_empty(), "{:?}", made.found());
    assert_eq!(
        made.ours("/hosts/edge/http/tls/certificate"),
        json!({ "domains": ["localhost", "*.example.com"], "ipAddresses": ["127.0.0.1"] })
    );
    assert_eq!(made.ours("/tls/provider"), "job");
}

#[test]
fn v08_https_and_the_chart_without_tls() {
    let text = fs_err::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/V08/gen.yaml")).unwrap();
    let run = run(&[("gen.yaml", &text)], &["global.tls.enabled=false"], &Options::default());
    assert_eq!(run.found(), ["error CW3013 gen.yaml:9:9"]);
}

#[test]
fn v09_the_layout_of_the_old_nats_chart() {
    let run = case("V09/values.yaml");
    assert_eq!(run.found(), ["error CW3001 values.yaml:1:1"]);
    assert!(run.words(codes::UNKNOWN).contains("nats.server.leaf.remotes"));
}

#[test]
fn v10_variables_once_each() {
    let run = case("V10/values.yaml");
    assert!(run.found().is_empty(), "{:?}", run.found());
    assert_eq!(run.ours("/hostDefaults/env"), json!({ "HOME": "/var/wash", "RUST_LOG": "info" }));
    assert_eq!(run.ours("/hosts/default/env"), json!({ "RUST_LOG": "debug" }));
    assert!(!run.has("/hostDefaults/extraEnv") && !run.has("/hosts/default/extraEnv"));
    assert_eq!(case("V10/bad.yaml").found(), ["error CW3020 bad.yaml:3:13"]);
    let twice = one(
        "runtime:\n  env:\n    - { name: A, value: \"1\" }\n    - { name: B, value: \"2\" }\n    - { name: A, value: \"3\" }\n",
    );
    assert_eq!(twice.found(), ["error CW3021 values.yaml:5:15"]);
    assert!(twice.words(codes::DUPLICATE_VARIABLE).contains("`A` is here twice"));
    let kept = json!([{ "name": "A", "value": "1" }, { "name": "B", "value": "2" }]);
    assert_eq!(twice.ours("/hostDefaults/extraEnv"), kept);
}

#[test]
fn v11_pull_secrets_as_plain_names() {
    let run = case("V11/values.yaml");
    assert!(run.found().is_empty());
    assert!(run.said(Severity::Info).contains(&"info CW3018 values.yaml:3:19".to_owned()));
    assert_eq!(run.ours("/global/image/pullSecrets"), json!([{ "name": "regcred" }]));
    let both = one("global: { image: { pullSecrets: [regcred, { name: regcred }] } }");
    assert_eq!(both.ours("/global/image/pullSecrets"), json!([{ "name": "regcred" }]));
}

#[test]
fn v14_the_later_file_wins() {
    let read =
        |name: &str| fs_err::read_to_string(format!("{}/tests/cases/V14/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (base, tenant) = (read("base.yaml"), read("tenant.yaml"));
    let run = run(&[("base.yaml", &base), ("tenant.yaml", &tenant)], &[], &Options::default());
    assert!(run.found().is_empty(), "{:?}", run.found());
    assert_eq!(run.ours("/operator/allowSharedHosts"), true);
    assert_eq!(run.ours("/operator/watchNamespaces"), json!(["team-a"]));
}

#[test]
fn r01_numbers_keep_their_text() {
    let run = case("R01/values.yaml");
    assert_eq!(
        run.said(Severity::Info).iter().filter(|line| line.contains("CW3006")).collect::<Vec<_>>(),
        [
            "warning CW3006 values.yaml:3:10",
            "warning CW3006 values.yaml:6:10",
            "warning CW3006 values.yaml:9:14",
            "warning CW3006 values.yaml:11:14",
        ]
    );
    assert_eq!(run.ours("/operator/image/tag"), "2.10");
    assert_eq!(run.ours("/hostDefaults/image/tag"), "20161216");
    assert_eq!(run.ours("/hostDefaults/extraEnv/0/value"), "1048576");
    assert_eq!(run.ours("/hostDefaults/extraEnv/1/value"), "0755");
    let words = run.words(codes::TEXT);
    assert!(words.contains("2.0161216e+07") && words.contains("`2.1`") && words.contains("`493`"), "{words}");
    let set = super::run(&[], &["runtime.image.tag=20161216"], &Options::default());
    assert_eq!(set.ours("/hostDefaults/image/tag"), "20161216");
}

#[test]
fn r02_words_keep_their_text() {
    let run = case("R02/values.yaml");
    assert_eq!(
        run.found(),
        ["warning CW3006 values.yaml:6:14", "warning CW3006 values.yaml:8:14", "warning CW3006 values.yaml:10:14"]
    );
    let values: Vec<Json> =
        run.ours("/hostDefaults/extraEnv").as_array().unwrap().iter().map(|item| item["value"].clone()).collect();
    assert_eq!(values, ["off", "no", "y", "off"]);
    assert!(run.said(Severity::Info).contains(&"info CW3006 values.yaml:2:12".to_owned()));
    let yaml = run.imported.to_yaml(&run.sources, &["values.yaml"]);
    assert!(yaml.contains("value: \"off\""), "{yaml}");
}

#[test]
fn r03_a_key_twice_is_not_mended() {
    assert_eq!(case("R03/values.yaml").found()[0], "error CW0103 values.yaml:7:1");
}

#[test]
fn r04_null_takes_a_default_away() {
    let run = case("R04/values.yaml");
    assert!(run.found().is_empty(), "{:?}", run.found());
    assert_eq!(
        run.ours("/hostDefaults/podSecurityContext"),
        json!({ "fsGroup": null, "runAsUser": null, "runAsGroup": null })
    );
    assert_eq!(run.ours("/nats/server/resources"), json!({ "limits": null }));
    assert_eq!(one("runtime: { nothing: null }").found(), ["error CW3001 values.yaml:1:12"]);
    let unnamed = one("runtime: { hostGroups: [{ name: null }] }");
    assert_eq!(unnamed.found(), ["error CW3010 values.yaml:1:33"]);
}

#[test]
fn r05_a_second_document_is_refused() {
    assert!(case("R05/values.yaml").found().contains(&"error CW0102 values.yaml:3:1".to_owned()));
}

#[test]
fn r06_set_on_a_list() {
    let alone = run(&[], &["runtime.hostGroups[0].replicas=1"], &Options::default());
    assert_eq!(alone.found(), ["error CW3010 --set runtime.hostGroups[0].replicas=1"]);
    assert!(alone.words(codes::GROUP).contains("9191"));

    let file = fs_err::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cases/R06/local.yaml")).unwrap();
    let kept = run(&[("local.yaml", &file)], &["runtime.hostGroups[0].replicas=1"], &Options::default());
    assert!(kept.found().is_empty(), "{:?}", kept.found());
    assert_eq!(
        kept.ours("/hosts/default"),
        json!({ "replicas": 1, "http": { "enabled": true, "port": 9191 }, "service": { "type": "ClusterIP", "port": 9191 } })
    );

    let urls = run(&[], &["global.nats.schedulerUrl=nats://a:4222\\,nats://b:4222"], &Options::default());
    assert_eq!(urls.ours("/nats/control/urls"), json!(["nats://a:4222", "nats://b:4222"]));
    assert!(urls.found()[0].starts_with("error CW3015"), "{:?}", urls.found());

    let proposals = run(&[], &["runtime.extraArgs={--wasm-proposal=gc\\,threads}"], &Options::default());
    assert_eq!(proposals.ours("/hostDefaults/wasm/proposals"), json!(["gc", "threads"]));
}

#[test]
fn r07_texts_for_booleans_and_numbers() {
    let run = case("R07/values.yaml");
    assert_eq!(run.found(), ["error CW3005 values.yaml:2:12"]);
    assert_eq!(run.ours("/hosts/default/replicas"), 2);
    assert_eq!(run.ours("/hosts/default/http/port"), 9191);
    let group = |rest: &str| one(&format!("runtime: {{ hostGroups: [{{ name: a, {rest} }}] }}")).found();
    assert_eq!(group("http: { enabled: true, port: http }"), ["error CW3005 values.yaml:1:65"]);
    assert_eq!(group("replicas: 1.5"), ["error CW3005 values.yaml:1:46"]);
}

#[test]
fn r08_labels_that_selectors_need() {
    let run = case("R08/values.yaml");
    assert_eq!(run.found(), ["error CW3019 values.yaml:5:5"]);
    assert_eq!(run.ours("/hostDefaults/podLabels/team"), "blue");
}

#[test]
fn r18_an_old_file() {
    let run = case("R18/old.yaml");
    assert!(run.found().is_empty(), "{:?}", run.found());
}
