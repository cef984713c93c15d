//! What works, but probably not as meant: each warning at its place, and silent where it is as meant.

use std::collections::BTreeSet;

use chartwright::diagnostics::Severity;
use chartwright::validate::all_rules;

use crate::tool::places;

/// Values, and what is found in them.
const CASES: &[(&str, &[&str])] = &[
    ("hostDefaults: { image: { repository: acme, tag: canary } }\n", &["v.yaml:1:49 CW1003"]),
    ("hosts: { default: { args: [host], flags: { verbose: true } } }\n", &["v.yaml:1:42 CW1112"]),
    ("hosts: { default: { args: [host] } }\n", &[]),
    ("operator: { env: { DB: \"postgres://a:b@db/app\" } }\n", &["v.yaml:1:24 CW1113"]),
    ("operator: { env: { DB: \"postgres://db/app\" } }\n", &[]),
    (
        "hosts: { default: { replicas: 2, antiAffinity: none, tolerations: [{ key: spot }] } }\n",
        &["v.yaml:1:68 CW1114"],
    ),
    (
        "hosts: { old: { implementation: { name: wasmcloud, version: 2.7.0 }, otel: { endpoint: \"http://c:4318\" } } }\n",
        &["v.yaml:1:88 CW1150"],
    ),
    ("hosts: { new: { otel: { endpoint: \"http://c:4318\" } } }\n", &[]),
    ("operator: { otel: { endpoint: \"http://c:4317\" } }\n", &["v.yaml:1:31 CW1151"]),
    ("operator: { image: { repository: acme/op, tag: \"1.0\" }, otel: { endpoint: \"http://c:4317\" } }\n", &[]),
    ("nats: { control: { urls: [\"nats://nats.acme.example:4222\"] } }\n", &["v.yaml:1:27 CW1250"]),
    ("nats: { control: { urls: [\"nats://nats.infra.svc:4222\"] } }\n", &[]),
    ("nats: { data: { provider: synadia, auth: { secretName: s, secretKey: k } } }\n", &["v.yaml:1:27 CW1251"]),
    ("nats: { server: { replicas: 2 } }\n", &["v.yaml:1:29 CW1252"]),
    ("nats: { server: { replicas: 3 } }\n", &[]),
    ("hosts: { default: { service: { type: NodePort, nodePort: 80 } } }\n", &["v.yaml:1:58 CW1350"]),
    (
        "hosts: { default: { http: { tls: { secretName: s, certificate: { domains: [a.example] } } } } }\n",
        &["v.yaml:1:75 CW1550"],
    ),
    ("overrides: { Deployment: { wasmcloud-hosts-defalt: { spec: {} } } }\n", &["v.yaml:1:52 CW1950"]),
];

#[test]
fn each_is_said_where_it_is() {
    for (values, expected) in CASES {
        assert_eq!(places(values), *expected, "{values}");
    }
    let said: BTreeSet<&str> =
        CASES.iter().flat_map(|(_, found)| *found).filter_map(|at| at.split(' ').nth(1)).collect();
    // Those of manifests have tests of their own; CW1001 has no place.
    let all = all_rules().into_iter().filter(|rule| rule.severity == Severity::Warning);
    let forgotten: Vec<&str> =
        all.map(|rule| rule.code.0).filter(|code| code.starts_with("CW1") && !said.contains(code)).collect();
    assert_eq!(forgotten, Vec::<&str>::new());
}
