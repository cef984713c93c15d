//! Values of ours with the traps of upstream's.

use serde_json::{Value, json};

use crate::tool::{case, folder, judge, object, places, render, root, run, run_in};

fn host<'o>(objects: &'o [Value], group: &str) -> &'o Value {
    &object(objects, "Deployment", &format!("wasmcloud-hosts-{group}"))["spec"]["template"]
}

#[test]
fn r04_null_takes_a_default_away() {
    let values = fs_err::read_to_string(root().join("golden/openshift/values.yaml")).unwrap();
    let objects = render(&values, &[]);
    let context = &host(&objects, "default")["spec"]["securityContext"];
    assert_eq!(*context, json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}}));
    let objects = render("nats: { server: { resources: { limits: null } } }\n", &[]);
    let resources =
        &object(&objects, "StatefulSet", "wasmcloud-nats")["spec"]["template"]["spec"]["containers"][0]["resources"];
    assert!(resources.get("limits").is_none() && resources.get("requests").is_some(), "{resources}");
    assert_eq!(places("hostDefaults: { bogus: null }\n"), ["v.yaml:1:17 CW0204"]);
}

#[test]
fn r06_one_field_of_a_group_leaves_the_others() {
    let objects = render("{}\n", &["--set=hosts.default.replicas=3"]);
    assert_eq!(object(&objects, "Deployment", "wasmcloud-hosts-default")["spec"]["replicas"], 3);
    let names: Vec<&str> = objects.iter().filter_map(|object| object["metadata"]["name"].as_str()).collect();
    assert!(!names.iter().any(|name| name.ends_with("hosts-")), "{names:?}");
    let refused = run(&["render", "--set", "hosts[0].replicas=1"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""));
    let comma = run(&["render", "--set", "nats.control.urls=nats://a:4222,nats://b:4222"]);
    assert_eq!((comma.code, comma.stdout.as_str()), (1, ""));
    for text in
        ["CW0301", "this comma ends the value", "\\,nats://b:4222", "--set-literal", "nothing of it was applied"]
    {
        assert!(comma.stderr.contains(text), "{text}: {}", comma.stderr);
    }
    let objects = render("{}\n", &["--set-literal=commonAnnotations.a=gc,threads=x"]);
    assert_eq!(objects[0]["metadata"]["annotations"]["a"], "gc,threads=x");
}

#[test]
fn r08_labels_of_the_user_meet_labels_of_the_chart_once() {
    let values = "hostDefaults:\n  podLabels: { app.kubernetes.io/name: mine, team: a }\n";
    let labels = &host(&render(values, &[]), "default")["metadata"]["labels"].clone();
    assert_eq!((&labels["app.kubernetes.io/name"], &labels["team"]), (&json!("mine"), &json!("a")));
    let values = "hostDefaults:\n  podLabels:\n    wasmcloud.com/hostgroup: x\n    wasmcloud.com/name: z\n";
    assert_eq!(places(values), ["v.yaml:3:30 CW1103", "v.yaml:4:25 CW1103"]);
    assert_eq!(places("commonLabels: { wasmcloud.com/name: z }\n"), ["v.yaml:1:37 CW1901"]);
}

#[test]
fn r14_two_renders_are_identical() {
    for golden in ["default", "mtls-cert-manager", "upstream-both"] {
        let file = format!("golden/{golden}/values.yaml");
        let args = ["render", "-f", &file, "--with-hooks", "--include-crds"];
        let first = run(&args);
        assert_eq!(first.code, 0);
        assert_eq!(first.stdout, run(&args).stdout);
        assert!(!first.stdout.contains("PRIVATE KEY"));
    }
}

#[test]
fn v03_the_labels_other_policies_select_by_stay() {
    let values = "fullnameOverride: other\ncommonLabels: { team: a }\nhosts: { default: { enabled: false }, fn: { namespace: fn, podLabels: { x: \"1\" } } }\n";
    let objects = render(values, &[]);
    let labels = &object(&objects, "Deployment", "other-hosts-fn")["spec"]["template"]["metadata"]["labels"];
    assert_eq!(
        (&labels["wasmcloud.com/name"], &labels["wasmcloud.com/hostgroup"]),
        (&json!("hostgroup"), &json!("fn"))
    );
}

#[test]
fn v04_requests_are_summed_and_misspelt_flags_refused() {
    let values = "hosts: { default: { replicas: 3 } }\n";
    let folder = folder(&[("v.yaml", values), ("empty.yaml", "")]);
    let run = run_in(folder.path(), &["render", "-f", "v.yaml", "--summary"]);
    // 3 hosts of 250m, operator 100m, NATS 100m and its reloader 5m.
    assert!(run.stdout.contains("\npods 5\nrequests cpu 955m, memory 912Mi\n"), "{}", run.stdout);
    // The overlay for upstream's chart asks for what it asked for there.
    let overlay = root().join("tests/cases/V04/values.yaml");
    let imported = run_in(folder.path(), &["import", overlay.to_str().unwrap(), "-o", "ours.yaml"]);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    let summed = run_in(folder.path(), &["render", "-f", "ours.yaml", "--summary"]);
    assert!(summed.stdout.contains("\npods 5\nrequests cpu 950m, memory 320Mi\n"), "{}", summed.stdout);
    let unknown = run_in(folder.path(), &["render", "--set", "oprator.enabled=false"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (1, ""));
    assert!(unknown.stderr.contains("--set:1:1") && unknown.stderr.contains("did you mean `operator`?"));
    let unknown = run_in(folder.path(), &["render", "--set", "runtime.tolerations[0].key=spot"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (1, ""));
    for text in ["runtime.tolerations[0].key=spot", "`runtime.tolerations` is known as ", "`hostDefaults.tolerations`"]
    {
        assert!(unknown.stderr.contains(text), "{text}: {}", unknown.stderr);
    }
    let empty = run_in(folder.path(), &["validate", "empty.yaml"]);
    assert_eq!(empty.code, 1);
    assert!(empty.stdout.contains("empty.yaml:1:1: error[CW0109]"), "{}", empty.stdout);
}

#[test]
fn v05_tolerations_come_with_a_spread() {
    let toleration = "tolerations: [{ key: pool.example/spot, operator: Equal, value: \"true\", effect: NoSchedule }]";
    let alone = format!("hosts:\n  default:\n    replicas: 2\n    antiAffinity: none\n    {toleration}\n");
    assert_eq!(places(&alone), ["v.yaml:5:19 CW1114"]);
    let spread = format!(
        "hosts:\n  default:\n    replicas: 2\n    {toleration}\n    topologySpreadConstraints:\n      - {{ maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule }}\n"
    );
    assert_eq!(places(&spread), Vec::<String>::new());
    let objects = render(&spread, &[]);
    let spec = &host(&objects, "default")["spec"];
    assert_eq!(spec["tolerations"][0]["key"], "pool.example/spot");
    let selector = &spec["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"];
    assert_eq!(selector["wasmcloud.com/hostgroup"], "default");
    // Without any setting, a hard rule would leave the second replica of a single node pending.
    let objects = render("{}\n", &[]);
    assert!(!objects.iter().any(|object| object.to_string().contains("requiredDuringScheduling")));
}

#[test]
fn v06_a_group_has_one_name_and_node_ports_a_range() {
    let values = "hosts: { default: { enabled: false }, eu: { image: { repository: acme, tag: \"1\", pullPolicy: Never }, flags: { allow-insecure-registries: true } } }\n";
    let objects = render(values, &[]);
    let template = host(&objects, "eu");
    let container = &template["spec"]["containers"][0];
    assert_eq!((&container["image"], &container["imagePullPolicy"]), (&json!("acme:1"), &json!("Never")));
    let args = container["args"].to_string();
    assert!(args.contains("--host-group=eu") && args.contains("--allow-insecure-registries"), "{args}");
    assert_eq!(template["metadata"]["labels"]["wasmcloud.com/hostgroup"], "eu");
    for (kind, pointer) in [
        ("Deployment", "/spec/selector/matchLabels"),
        ("Service", "/spec/selector"),
        ("NetworkPolicy", "/spec/podSelector/matchLabels"),
    ] {
        let object = object(&objects, kind, "wasmcloud-hosts-eu");
        assert_eq!(object.pointer(pointer).unwrap()["wasmcloud.com/hostgroup"], "eu", "{kind}");
    }
    let values = "hosts:\n  default:\n    service: { type: NodePort, nodePort: 8000 }\n";
    assert_eq!(places(values), ["v.yaml:3:42 CW1350"]);
}

#[test]
fn v08_https_needs_a_certificate() {
    assert_eq!(places("hosts:\n  edge:\n    http: { port: 8443, tls: { enabled: true } }\n"), ["v.yaml:3:41 CW1305"]);
    let own = "hosts:\n  edge:\n    http: { tls: { enabled: true, secretName: byoc, certificate: { domains: [a.example] } } }\n";
    let found = judge(own);
    assert_eq!(found.len(), 1);
    assert!(found[0].at.starts_with("v.yaml:3:") && found[0].at.ends_with("CW1550"), "{found:?}");
    let text = Value::from(render(own, &[])).to_string();
    assert!(text.contains("\"byoc\"") && !text.contains("edge-http-tls"));
    let made = "hosts: { edge: { http: { tls: { enabled: true, certificate: { domains: [localhost, \"*.example.com\"], ipAddresses: [127.0.0.1] } } } } }\n";
    let text = Value::from(render(made, &[])).to_string();
    for part in ["*.example.com", "wasmcloud-hosts-edge-http-tls"] {
        assert!(text.contains(part), "{part}");
    }
}

#[test]
fn v09_leaf_keys_of_the_old_chart_are_never_ignored() {
    assert_eq!(case("V09", &["values.yaml"])[0].at, "values.yaml:1:1 CW0204");
    assert_eq!(places("nats:\n  server:\n    leafnodes: { enabled: true }\n"), ["v.yaml:3:5 CW0204"]);
    let values = "nats:\n  data: { mode: leaf }\n  server:\n    leaf:\n      remotes:\n        ngs: { urls: [\"tls://connect.ngs.global:7422\"], account: AEXAMPLE, credentials: { secretName: ngs-creds, secretKey: NGS.creds } }\n";
    let objects = render(values, &[]);
    let conf = object(&objects, "ConfigMap", "wasmcloud-nats")["data"]["nats.conf"].as_str().unwrap();
    let remotes = &conf[conf.find("remotes").unwrap()..];
    for part in ["tls://connect.ngs.global:7422", "credentials", "account"] {
        assert!(remotes.contains(part), "{part}: {remotes}");
    }
}

#[test]
fn v10_an_overridden_variable_stands_once() {
    let objects = render(
        "hostDefaults: { env: { HOME: /var/wash, RUST_LOG: info } }\nhosts: { default: { env: { RUST_LOG: debug } } }\n",
        &[],
    );
    let env = host(&objects, "default")["spec"]["containers"][0]["env"].as_array().unwrap();
    let of =
        |name: &str| -> Vec<&Value> { env.iter().filter(|one| one["name"] == name).map(|one| &one["value"]).collect() };
    assert_eq!((of("HOME"), of("RUST_LOG")), (vec![&json!("/var/wash")], vec![&json!("debug")]));
    let values = "hostDefaults:\n  env: { WASMCLOUD_HOST_IP: 10.0.0.1 }\n  extraEnv: [{ name: A, value: b }, { name: A, value: c }]\n";
    assert_eq!(places(values), ["v.yaml:2:29 CW1101", "v.yaml:3:37 CW1102"]);
    // A group's list goes on where the inherited one ends; each finding stands at the entry itself.
    let values = "hostDefaults:\n  extraEnv:\n    - { name: A, value: \"1\" }\n    - { name: HOME, value: /x }\nhosts:\n  default:\n    env: { C: c }\n    extraEnv:\n      - { name: B, value: \"1\" }\n      - { name: A, value: \"2\" }\n      - { name: C, value: \"3\" }\n      - { name: D, value: \"nats://me:pw@nats\" }\n";
    assert_eq!(
        places(values),
        ["v.yaml:4:7 CW1102", "v.yaml:10:9 CW1102", "v.yaml:11:9 CW1102", "v.yaml:12:27 CW1113"]
    );
}

#[test]
fn v11_a_plain_pull_secret_is_corrected() {
    let found = judge("global:\n  image:\n    pullSecrets: [regcred]\n");
    assert_eq!((found[0].at.as_str(), found[0].help.as_str()), ("v.yaml:3:19 CW0201", "write `name: regcred`"));
}

#[test]
fn v13_floating_tags_are_told() {
    let values = "hostDefaults:\n  image: { registry: r.example, tag: canary, pullPolicy: Always }\noperator: { image: { registry: r.example, tag: latest } }\n";
    let found = judge(values);
    assert_eq!(
        found.iter().map(|finding| finding.at.as_str()).collect::<Vec<_>>(),
        ["v.yaml:2:38 CW1003", "v.yaml:3:48 CW1003"]
    );
    assert!(found[0].message.contains("each start of a pod") && found[1].message.contains("nodes keep"));
}

#[test]
fn v14_what_is_locked_stays() {
    let folder = folder(&[
        ("base.yaml", "operator:\n  allowSharedHosts: false\npolicy: { locked: [operator.allowSharedHosts] }\n"),
        ("open.yaml", "operator:\n  allowSharedHosts: false\n"),
        ("tenant.yaml", "operator:\n  allowSharedHosts: true\n"),
    ]);
    let shown = run_in(folder.path(), &["render", "-f", "open.yaml", "-f", "tenant.yaml", "--show-origin"]);
    let line = shown.stdout.lines().find(|line| line.starts_with("operator.allowSharedHosts ")).unwrap();
    assert_eq!(line, "operator.allowSharedHosts = true  # tenant.yaml:2:21, over open.yaml:2:21, defaults");
    for (args, place) in [
        (&["-f", "base.yaml", "-f", "tenant.yaml"][..], "tenant.yaml:2:3"),
        (&["-f", "base.yaml", "--set", "operator.allowSharedHosts=true"], "--set:1:10"),
        (&["-f", "base.yaml", "--set", "operator.allowSharedHosts=null"], "--set:1:10"),
        (&["-f", "base.yaml", "--set", "policy.locked=null,operator.allowSharedHosts=true"], "--set:1:"),
    ] {
        let refused = run_in(folder.path(), &[&["render"], args].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{args:?}");
        for text in ["CW0310", place, "base.yaml:"] {
            assert!(refused.stderr.contains(text), "{args:?} {text}: {}", refused.stderr);
        }
    }
}

#[test]
fn h13_the_operator_may_write_events() {
    let upstream = "implementation: { name: wasmcloud, version: \"2.10.3\" }";
    // Our operator writes the newer kind of events, upstream's both.
    let stock = format!("tls: {{ provider: job }}\nhostDefaults: {{ {upstream} }}\n");
    for (program, rest, groups) in [
        (String::new(), String::new(), &["events.k8s.io"][..]),
        (format!("{upstream}, "), stock, &["events.k8s.io", ""]),
    ] {
        for (watched, expected) in
            [("[]", &["default", "everywhere"][..]), ("[team-a, team-b]", &["default", "team-a", "team-b"])]
        {
            let values = format!("operator: {{ {program}watchNamespaces: {watched} }}\n{rest}");
            let objects = render(&values, &[]);
            for group in groups {
                assert_eq!(where_events_are_written(&objects, group), expected, "{group} of\n{values}");
            }
        }
    }
}

/// The namespaces in which the operator may create and patch events of a group.
fn where_events_are_written<'o>(objects: &'o [Value], group: &str) -> Vec<&'o str> {
    let allows = |rule: &Value| {
        let has = |field: &str, wanted: &str| {
            rule[field].as_array().is_some_and(|list| list.iter().any(|entry| entry == wanted))
        };
        has("apiGroups", group) && has("resources", "events") && has("verbs", "create") && has("verbs", "patch")
    };
    let account =
        &object(objects, "Deployment", "wasmcloud-operator")["spec"]["template"]["spec"]["serviceAccountName"];
    let is_bound = |binding: &&Value| {
        binding["subjects"].as_array().is_some_and(|all| all.iter().any(|subject| subject["name"] == *account))
    };
    let role_of = |binding: &Value| {
        objects.iter().find(|role| {
            role["kind"] == binding["roleRef"]["kind"]
                && role["metadata"]["name"] == binding["roleRef"]["name"]
                && role["metadata"]["namespace"] == binding["metadata"]["namespace"]
        })
    };
    let mut namespaces: Vec<&str> = objects
        .iter()
        .filter(is_bound)
        .filter(|binding| role_of(binding).unwrap()["rules"].as_array().unwrap().iter().any(allows))
        .map(|binding| binding["metadata"]["namespace"].as_str().unwrap_or("everywhere"))
        .collect();
    namespaces.sort_unstable();
    namespaces
}
