//! The schema of the values: our walker and another validator agree on it.

use serde_json::{Value as Json, json};

use chartwright::source::{Path, SourceKind, Sources, parse};
use chartwright::validate::schema::check;
use chartwright::values::defaults;
use chartwright::values::schema::{chart_schema, compiled, minimal_text, schema};

/// What our own walker says of a values text, and what another validator does.
fn verdicts(schema: &Json, theirs: &jsonschema::Validator, text: &str) -> (Vec<String>, bool) {
    let mut sources = Sources::default();
    let source = sources.add(SourceKind::File, "values.yaml", text);
    let parsed = parse(&sources, source);
    assert_eq!(parsed.diagnostics, [], "{text}");
    let node = parsed.node.unwrap();
    let found = check(schema, &node, &Path::root(), &sources);
    (found.into_iter().map(|found| found.message).collect(), theirs.is_valid(&node.to_json()))
}

#[test]
fn it_is_a_draft_7_schema_that_the_defaults_satisfy() {
    for schema in
        [schema(), serde_json::from_str(&chart_schema()).unwrap(), serde_json::from_str(&minimal_text()).unwrap()]
    {
        assert!(jsonschema::draft7::meta::is_valid(&schema));
        let theirs = jsonschema::draft7::new(&schema).unwrap();
        let defaults = Json::Object(defaults());
        let wrong: Vec<String> =
            theirs.iter_errors(&defaults).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert_eq!(wrong, [""; 0]);
        assert_eq!(verdicts(&schema, &theirs, &defaults.to_string()).0, [""; 0]);
    }
}

#[test]
fn the_embedded_schema_is_current() {
    assert!(compiled().to_string() + "\n" == minimal_text(), "run `cargo xtask gen`");
}

#[test]
fn the_chart_s_schema_stays_small() {
    let size = chart_schema().len();
    // Compressed twice over, it is a tenth of what one release Secret may hold.
    assert!(size < 200_000, "{size}");
}

#[test]
fn both_validators_refuse_what_is_wrong() {
    let schema = schema();
    let theirs = jsonschema::draft7::new(&schema).unwrap();
    for bad in [
        "nope: 1",
        "global: {imageRegistry: a}",
        "nats: {contol: {}}",
        "nats: {control: {mode: remote}}",
        "nats: {control: {urls: tls://a}}",
        "nats: {control: {urls: ['tls://me:secret@a:4222']}}",
        "nats: {control: {auth: {type: creds}}}",
        "nats: {control: {tls: {ca: {secretName: Upper_Case}}}}",
        "nats: {control: {inboxPrefix: 'a b'}}",
        "nats: {server: {replicas: 0}}",
        "nats: {server: {jetstream: {maxFile: lots}}}",
        "nats: {server: {jetstream: {volume: {accessModes: [Everybody]}}}}",
        "operator: {replicas: -1}",
        "operator: {replicas: '1'}",
        "operator: {replicas: 3000000000}",
        "operator: {enabled: 'yes'}",
        "operator: {image: {digest: 'sha256:1'}}",
        "operator: {image: {registry: 'https://a.example'}}",
        "operator: {image: {repository: 'acme/host:1'}}",
        "operator: {image: {pullPolicy: always}}",
        "operator: {metrics: {serviceMonitor: {enabled: sometimes}}}",
        "operator: {metrics: {port: 65536}}",
        "operator: {watchNamespaces: [A]}",
        "operator: {watchNamespaces: [null]}",
        "operator: {extraEnv: [{value: a}]}",
        "operator: {resources: {limits: {cpu: lots}}}",
        "operator: {resources: {limits: {cpu: [1]}}}",
        "operator: {affinity: {nodeAffinty: {}}}",
        "operator: {podLabels: {team: 'a b'}}",
        "operator: {podLabels: {'a b': c}}",
        "operator: {flags: {--log-level: debug}}",
        "operator: {priorityClassName: High}",
        "operator: {probes: {liveness: {httpGet: {path: /}}}}",
        "operator: {strategy: {rollingUpdate: {maxSurge: most}}}",
        "operator: {env: {A: {valueFom: {}}}}",
        "hosts: {edge: null}",
        "hosts: null",
        "hosts: {Edge: {}}",
        "hosts: {edge: {kind: Deploy}}",
        "hosts: {edge: {http: {port: http}}}",
        "hosts: {edge: {extraServices: {a_b: {}}}}",
        "hostDefaults: {plugins: {a: {digest: abc}}}",
        "hostDefaults: {service: {ipFamilies: [ipv4]}}",
        "routes: {a: {hosts: ['https://a.example']}}",
        "routes: {a: {paths: [a]}}",
        "tls: {schedule: hourly}",
        "extraObjects: [text]",
        "extraObjects: [{kind: ConfigMap}]",
        "overrides: {deployment: {}}",
        "policy: {locked: operator}",
    ] {
        let (ours, accepted) = verdicts(&schema, &theirs, bad);
        assert!(!ours.is_empty(), "we accept `{bad}`");
        assert!(!accepted, "the other accepts `{bad}`, we say {ours:?}");
    }
}

#[test]
fn both_validators_accept_what_is_right() {
    let schema = schema();
    let theirs = jsonschema::draft7::new(&schema).unwrap();
    for good in [
        "{}",
        "global: {image: {registry: 'mirror.example:5000/wasm'}}",
        "nameOverride: null",
        "nats: {control: {mode: external, urls: ['tls://a:4222', 'wss://b'], auth: {type: credentials, secretName: a}}}",
        "nats: {control: null}",
        "nats: {server: {jetstream: {maxFile: 8GB, volume: {enabled: true, size: 10Gi}}}}",
        "nats: {server: {leaf: {remotes: {ngs: {urls: ['tls://connect.ngs.global:7422'], account: data}}}}}",
        "operator: {implementation: {name: wasmcloud, version: 2.10.3}}",
        "operator: {metrics: {serviceMonitor: {enabled: auto}}}",
        "operator: {metrics: {serviceMonitor: {enabled: true}}}",
        "operator: {resources: {limits: {cpu: 1, memory: 64Mi}}}",
        "operator: {podSecurityContext: {runAsUser: null}}",
        "operator: {strategy: {rollingUpdate: {maxSurge: 25%}}}",
        "operator: {strategy: {rollingUpdate: {maxSurge: 1}}}",
        "operator: {flags: {log-level: debug, a: null, b: 3, c: true}}",
        "operator: {env: {A: a, B: null, C: {valueFrom: {secretKeyRef: {name: a, key: b}}}}}",
        "operator: {image: {tag: '2.10', digest: ''}}",
        "operator: {probes: {liveness: {enabled: false, httpGet: {path: /, port: http}}}}",
        "operator: {probes: {liveness: {httpGet: {path: /, port: 8080}}}}",
        "operator: {serviceAccount: {annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/a'}}}",
        "operator: {priorityClassName: ''}",
        "operator: {affinity: {nodeAffinity: null}}",
        "hosts: {}",
        "hosts: {edge: {enabled: false}, big-1: {kind: DaemonSet, replicas: null}}",
        "hosts: {edge: {namespace: '${release.namespace}', http: {tls: {secretName: '${release.name}-tls'}}}}",
        "hosts: {edge: {extraServices: {internal: null}}}",
        "hostDefaults: {oci: {ca: {secretName: 'a.b', keys: [ca.crt]}}}",
        "routes: {web: {kind: HTTPRoute, hosts: ['*.example.com'], parentRefs: [{name: gw}]}, gone: null}",
        "extraObjects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]",
        "overrides: {Deployment: {a: {spec: {replicas: null}}}}",
    ] {
        let (ours, accepted) = verdicts(&schema, &theirs, good);
        assert_eq!(ours, [""; 0], "we refuse `{good}`");
        assert!(accepted, "the other refuses `{good}`");
    }
}

/// Calls `see` with every schema of our own sections and what it is called there.
fn each_own(schema: &Json, see: &mut impl FnMut(&str, &Json)) {
    fn walk(name: &str, schema: &Json, see: &mut impl FnMut(&str, &Json)) {
        see(name, schema);
        match schema {
            Json::Object(map) => map.iter().for_each(|(key, inner)| walk(&format!("{name}/{key}"), inner, see)),
            Json::Array(list) => list.iter().for_each(|inner| walk(name, inner, see)),
            _ => {}
        }
    }
    walk("", &schema["properties"], see);
    for (name, definition) in schema["definitions"].as_object().unwrap() {
        // A probe's other fields are Kubernetes'.
        if !name.starts_with("io.k8s.") && name != "Probe" {
            walk(name, definition, see);
        }
    }
}

#[test]
fn ours_has_no_floats_every_text_has_a_form_and_every_form_says_what_it_wants() {
    each_own(&schema(), &mut |name, schema| {
        let is = |kind: &str| {
            schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
        };
        assert!(!is("number"), "{name}");
        if is("string") && schema.get("enum").is_none() && schema.get("const").is_none() {
            assert!(schema["pattern"].is_string(), "{name} has no form");
        }
        if schema["pattern"].is_string() {
            assert!(schema["x-pattern-says"].is_string(), "{name} does not say what `{}` wants", schema["pattern"]);
        }
        if is("integer") {
            assert!(schema["minimum"].is_i64() && schema["maximum"].is_i64(), "{name} has no bounds");
        }
    });
}

#[test]
fn each_key_of_ours_has_a_description() {
    let schema = schema();
    each_own(&schema, &mut |name, schema| {
        if let Some(properties) = schema.get("properties").and_then(Json::as_object).filter(|_| !name.contains('/')) {
            for (key, property) in properties {
                assert!(property["description"].is_string(), "{name}.{key}");
            }
        }
    });
}

#[test]
fn patterns_mean_the_same_in_go_javascript_and_rust() {
    // What RE2 and ECMAScript both have: no look-around, no back references, no named or inline groups, no \p, \u.
    each_own(&schema(), &mut |name, schema| {
        if let Some(pattern) = schema["pattern"].as_str() {
            assert!(
                !["(?", "\\p", "\\u", "\\A", "\\z", "\\1"].iter().any(|odd| pattern.contains(odd)),
                "{name}: {pattern}"
            );
            regex_lite::Regex::new(pattern).unwrap();
        }
    });
}
