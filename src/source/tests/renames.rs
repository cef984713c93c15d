use serde_json::json;

use super::super::*;
use super::layers::Run;

const RENAMES: &[Rename] = &[
    Rename { from: "nats.sizeOfIt", to: "size", until: (0, 3) },
    Rename { from: "hosts.*.count", to: "replicas", until: (1, 0) },
];

fn run() -> Run {
    Run::new("nats: {size: 1Gi}\nhosts: {a: {replicas: 1}}\n").renaming(RENAMES)
}

#[test]
fn an_old_name_is_said_where_it_stands_and_its_value_holds() {
    let file = || run().file("v.yaml", "nats:\n  sizeOfIt: 2Gi\nhosts:\n  b: {count: 3}\n");
    assert_eq!(file().root(), json!({"nats": {"size": "2Gi"}, "hosts": {"a": {"replicas": 1}, "b": {"replicas": 3}}}));
    assert_eq!(
        file().told(),
        [
            "CW0305 v.yaml:2:3 `nats.sizeOfIt` is called `size` now",
            "CW0305 v.yaml:4:7 `hosts.b.count` is called `replicas` now"
        ]
    );
}

#[test]
fn the_layer_that_comes_later_wins_under_either_name() {
    let older = run().file("a", "nats: {size: 2Gi}").file("b", "nats: {sizeOfIt: 3Gi}");
    assert_eq!(older.root()["nats"], json!({"size": "3Gi"}));
    let newer = run().file("a", "nats: {sizeOfIt: 2Gi}").file("b", "nats: {size: 3Gi}");
    assert_eq!(newer.root()["nats"], json!({"size": "3Gi"}));
    let flag = run().file("a", "nats: {size: 2Gi}").set("nats.sizeOfIt=4Gi");
    assert_eq!(flag.root()["nats"], json!({"size": "4Gi"}));
    let null = run().file("a", "nats: {sizeOfIt: null}");
    assert_eq!(null.root()["nats"], json!({}));
    let both = run().file("a", "nats: {sizeOfIt: 5Gi, size: 6Gi}");
    assert_eq!(both.root()["nats"], json!({"size": "6Gi"}));
}

#[test]
fn a_lock_holds_under_both_names() {
    let base = |key: &str| run().file("base", &format!("nats: {{size: 2Gi}}\npolicy: {{locked: [nats.{key}]}}\n"));
    for (locked, changed) in [("size", "sizeOfIt"), ("sizeOfIt", "size"), ("sizeOfIt", "sizeOfIt")] {
        let told = base(locked).file("tenant", &format!("nats: {{{changed}: 3Gi}}")).told();
        assert!(told.iter().any(|line| line.contains("CW0310")), "{locked}, {changed}: {told:?}");
    }
}
