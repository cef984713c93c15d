//! What our templates tell the programs is what these programs understand.

use chartwright_contract::flags::{Implementation, Program, knows, knows_variable, newest};
use semver::Version;
use serde_json::Value;

use super::{Golden, containers, goldens};

/// Flags for a host that is not ours, given by the user of a golden.
const FOREIGN: [(&str, &str); 3] =
    [("custom-host", "acme-feature"), ("custom-host", "acme-workers"), ("custom-host", "acme-verbose")];

/// Whose program a pod runs, and which version.
fn identity(golden: &Golden, template: &Value, program: Program) -> (Implementation, Version) {
    let own = match program {
        Program::Operator => &golden.values["operator"],
        Program::Host => {
            let group = template["metadata"]["labels"]["wasmcloud.com/hostgroup"].as_str().unwrap();
            &golden.values["hosts"][group]
        }
    };
    let inherited = &golden.values["hostDefaults"];
    let pick = |key: &str| {
        let own = own["implementation"][key].as_str();
        own.or_else(|| inherited["implementation"][key].as_str()).unwrap_or_default().to_owned()
    };
    let implementation = match pick("name").as_str() {
        "chartwright" => Implementation::Chartwright,
        "wasmcloud" => Implementation::Wasmcloud,
        other => panic!("{other}?"),
    };
    let version = Version::parse(&pick("version")).unwrap_or_else(|_| newest(implementation));
    (implementation, version)
}

/// The containers that run a program of the platform.
fn programs(golden: &Golden) -> Vec<(String, Program, Implementation, Version, &Value)> {
    let mut out = Vec::new();
    for (object, template) in golden.pods() {
        for container in containers(template) {
            let program = match (&template["metadata"]["labels"]["wasmcloud.com/name"], &container["name"]) {
                (component, name) if component == "runtime-operator" && name == "operator" => Program::Operator,
                (component, name) if component == "hostgroup" && name == "host" => Program::Host,
                _ => continue,
            };
            let (implementation, version) = identity(golden, template, program);
            let place = format!("{} {}/{}", golden.name, object.kind, object.name);
            out.push((place, program, implementation, version, container));
        }
    }
    out
}

#[test]
fn every_argument_is_a_flag_of_that_program_and_version() {
    let mut count = 0;
    for golden in goldens() {
        for (place, program, implementation, version, container) in programs(&golden) {
            for argument in container["args"].as_array().unwrap() {
                let argument = argument.as_str().unwrap();
                if !argument.starts_with('-') {
                    assert!(["host", "operator"].contains(&argument), "{place}: {argument}");
                    continue;
                }
                let name = argument.trim_start_matches('-').split('=').next().unwrap();
                let foreign = FOREIGN.contains(&(golden.name.as_str(), name));
                let known = knows(program, implementation, &version, name);
                assert!(foreign || known.is_some(), "{place}: {implementation:?} {version} knows no {argument}");
                count += 1;
            }
        }
    }
    assert!(count > 500, "only {count} arguments");
}

#[test]
fn every_variable_of_a_program_is_one_it_reads() {
    let mut count = 0;
    for golden in goldens() {
        for (place, program, implementation, version, container) in programs(&golden) {
            for variable in container["env"].as_array().into_iter().flatten() {
                let name = variable["name"].as_str().unwrap();
                if !["WASH_", "WASMTIME_", "CHARTWRIGHT_", "OPERATOR_"].iter().any(|prefix| name.starts_with(prefix)) {
                    continue;
                }
                let known = knows_variable(program, implementation, &version, name);
                assert!(known.is_some(), "{place}: {implementation:?} {version} reads no {name}");
                count += 1;
            }
        }
    }
    assert!(count > 20, "only {count} variables");
}
