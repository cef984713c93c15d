//! The bundled NATS server lets everybody do what the contract says, and no more.

use std::collections::BTreeSet;

use chartwright_contract::{
    flags::Implementation,
    nats::permissions::{Permissions, Role, for_implementation},
};
use serde_json::Value;

use super::{Golden, goldens};

/// Allowed and denied subjects.
type Lists = (BTreeSet<String>, BTreeSet<String>);

/// The lists behind `publish:` or `subscribe:` of a user in a server's configuration.
fn lists(conf: &str, user: &str, verb: &str) -> Lists {
    let behind = conf.split(&format!("user: \"{user}\"")).nth(1).unwrap_or_else(|| panic!("no user {user}"));
    let line = behind.lines().find_map(|line| line.trim().strip_prefix(&format!("{verb}:"))).unwrap();
    let list = |text: &str| -> BTreeSet<String> {
        let text = &text[..=text.find(']').unwrap()];
        serde_json::from_str::<Vec<String>>(text.trim()).unwrap().into_iter().collect()
    };
    match line.split_once("allow:") {
        None => (list(line), BTreeSet::new()),
        Some((_, rest)) => (list(rest), rest.split_once("deny:").map(|(_, rest)| list(rest)).unwrap_or_default()),
    }
}

/// The implementations of a golden's hosts.
fn of_hosts(golden: &Golden) -> BTreeSet<&str> {
    let name = |host: &'_ Value| host["implementation"]["name"].as_str().map(str::to_owned);
    let inherited = name(&golden.values["hostDefaults"]).unwrap();
    let hosts = golden.values["hosts"].as_object().unwrap();
    hosts
        .values()
        .filter(|host| host["enabled"] != false)
        .map(|host| if name(host).unwrap_or_else(|| inherited.clone()) == "wasmcloud" { "wasmcloud" } else { "ours" })
        .collect()
}

/// What one user needs that stands for several implementations: what any needs, and no denial that any lacks.
fn expected(all: &[Permissions], verb: &str) -> Lists {
    let subjects = all.iter().map(|one| if verb == "publish" { one.publish } else { one.subscribe });
    let set = |list: &[&str]| -> BTreeSet<String> { list.iter().map(|text| (*text).to_owned()).collect() };
    subjects
        .map(|one| (set(one.allow), set(one.deny)))
        .reduce(|(allow, deny), (more, other)| (&allow | &more, &deny & &other))
        .unwrap()
}

#[test]
fn users_of_the_bundled_server_have_the_contracts_permissions() {
    let mut count = 0;
    for golden in goldens() {
        let Some(conf) = golden.objects.iter().find_map(|object| object.value["data"]["nats.conf"].as_str()) else {
            continue;
        };
        if !conf.contains("accounts {") {
            continue;
        }
        let operator = match golden.values["operator"]["implementation"]["name"].as_str() {
            Some("wasmcloud") => Implementation::Wasmcloud,
            _ => Implementation::Chartwright,
        };
        let hosts: Vec<Implementation> = match of_hosts(&golden) {
            names if names.is_empty() => vec![Implementation::Chartwright],
            names => names
                .into_iter()
                .map(|name| if name == "wasmcloud" { Implementation::Wasmcloud } else { Implementation::Chartwright })
                .collect(),
        };
        for (user, role, implementations) in [
            ("wasmcloud-operator", Role::Operator, vec![operator]),
            ("wasmcloud-runtime", Role::HostControl, hosts.clone()),
            ("wasmcloud-data", Role::HostData, hosts),
        ] {
            let all: Vec<_> = implementations.into_iter().map(|one| for_implementation(role, one)).collect();
            for verb in ["publish", "subscribe"] {
                assert_eq!(lists(conf, user, verb), expected(&all, verb), "{} {user} {verb}", golden.name);
                count += 1;
            }
        }
    }
    assert!(count >= 60, "only {count} lists");
}
