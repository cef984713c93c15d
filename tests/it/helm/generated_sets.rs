//! Generated value sets: `CHARTWRIGHT_SETS` says how many, `CHARTWRIGHT_SEED` which.

use std::{io::Write as _, path::Path, time::Instant};

use serde_json::{Value, json};

use super::{compare, generate::Generator, named};
use crate::random::Random;

/// Sets that reach the programs at one time.
const AT_ONCE: usize = 500;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn bases() -> Vec<Value> {
    let mut files: Vec<_> = fs_err::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("values.yaml"))
        .filter(|file| file.is_file())
        .collect();
    files.sort();
    let mut bases: Vec<Value> =
        files.iter().map(|file| compare::read(&fs_err::read_to_string(file).unwrap())).collect();
    bases.push(json!({"hosts": {"edge": {"replicas": 2}, "b-1": {"kind": "DaemonSet"}, "c": {"enabled": false}}}));
    bases
}

#[test]
fn generated_sets_render_alike_or_are_refused_alike() {
    if named("CHARTWRIGHT_HELM_RENDER").is_none() {
        return;
    }
    let count = usize::try_from(number("CHARTWRIGHT_SETS", 500)).unwrap();
    let seed = number("CHARTWRIGHT_SEED", 1);
    let start = Instant::now();
    let mut random = Random::new(seed);
    let mut generator = Generator::new(bases());
    let (mut done, mut accepted, mut by_schema, mut by_rules) = (0, 0, 0, 0);
    let mut problems = Vec::new();
    while done < count {
        let sets: Vec<Value> = (0..AT_ONCE.min(count - done)).map(|_| generator.set(&mut random)).collect();
        let (tally, found) = compare::compare(&sets);
        accepted += tally.accepted;
        by_schema += tally.refused_by_schema;
        by_rules += tally.refused_by_rules;
        problems.extend(found);
        done += sets.len();
    }
    // Past the harness, which keeps the output of tests that pass.
    let _ = writeln!(
        std::io::stderr(),
        "{done} sets in {:.0} s: {accepted} accepted ({} %), {by_schema} refused by the schema, {by_rules} by rules",
        start.elapsed().as_secs_f64(),
        accepted * 100 / done.max(1),
    );
    compare::none(&problems, &format!("CHARTWRIGHT_SEED={seed} CHARTWRIGHT_SETS={count}"));
    assert!(accepted * 100 >= done * 60, "{accepted} of {done} were accepted: the comparison says too little");
}

#[test]
fn odd_shapes_are_refused_by_name() {
    let sets = [
        json!({"overrides": {"Deployment": {"wasmcloud-operator": {"spec": [1]}}}}),
        json!({"overrides": {"Deployment": {"wasmcloud-operator": {"spec": {"template": "x"}}}}}),
        json!({"overrides": {"Deployment": {"wasmcloud-operator": {"spec": {"template": {"metadata": {"labels": [1]}}}}}}}),
        json!({"overrides": {"Deployment": {"wasmcloud-operator": {"metadata": "x"}}}}),
        json!({"overrides": {"Deployment": {"wasmcloud-operator": {"metadata": {"labels": "x"}}}}}),
        json!({"overrides": {"Deployment": {"wasmcloud-operator": {"metadata": {"name": null}}}}}),
        json!({"overrides": {"Deployment": {"wasmcloud-operator": {"kind": 1}}}}),
        json!({"overrides": {"Deployment": {"wasmcloud-operator": [1]}}}),
        json!({"extraObjects": [{"apiVersion": "v1", "kind": "A", "metadata": [1]}]}),
        json!({"extraObjects": [{"apiVersion": "v1", "kind": "A", "metadata": {"name": [1]}}]}),
        json!({"extraObjects": [{"apiVersion": "v1", "kind": "A", "metadata": {"name": "a", "annotations": {"a": 1}}}]}),
        json!({"hostDefaults": {"args": [], "command": []}, "operator": {"args": []}, "nats": {"server": {"args": []}}}),
        json!({"workloadAutoscalers": {"a": {"kind": "keda", "keda": {"triggers": [{"type": 1}, {"type": [2]}]}}}}),
    ];
    let (_, problems) = compare::compare(&sets);
    compare::none(&problems, "odd shapes");
}
