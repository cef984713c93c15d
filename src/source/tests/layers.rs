use serde_json::{Value as Json, json};

use super::super::*;
use super::told;

pub(super) struct Run {
    sources: Sources,
    layers: Layers,
}

impl Run {
    pub(super) fn new(defaults: &str) -> Self {
        let mut sources = Sources::default();
        let id = sources.add(SourceKind::Default, "defaults", defaults);
        let layers = Layers::new(parse(&sources, id).node.unwrap());
        Self { sources, layers }
    }

    pub(super) fn renaming(mut self, renames: &'static [Rename]) -> Self {
        self.layers = self.layers.renaming(renames);
        self
    }

    pub(super) fn file(mut self, name: &str, text: &str) -> Self {
        let id = self.sources.add(SourceKind::File, name, text);
        self.layers.add(parse(&self.sources, id).node.unwrap());
        self
    }

    pub(super) fn set(mut self, text: &str) -> Self {
        let source = self.sources.add(SourceKind::Flag, "--set", text);
        let flag = Flag { kind: FlagKind::Typed, source };
        self.layers.set(&self.sources, &[flag], &|_| Ok(Vec::new()));
        self
    }

    pub(super) fn told(self) -> Vec<String> {
        told(&self.sources, &self.layers.finish().1)
    }

    pub(super) fn root(self) -> Json {
        self.layers.finish().0.root.to_json()
    }
}

#[test]
fn user_layers_merge_maps_and_replace_the_rest() {
    let run =
        Run::new("{}").file("a", "m: {x: 1, l: [1, 2], z: 3}\nn: 1\n").file("b", "m: {l: [3], z: null}\nn: {a: 1}\n");
    assert_eq!(run.root(), json!({"m": {"x": 1, "l": [3], "z": null}, "n": {"a": 1}}));
}

#[test]
fn defaults_come_under_the_user_as_in_helm() {
    let defaults =
        "top: 1\nmap: {a: 1, b: {c: 1, d: null}, e: null}\ngone: null\nlist: [1, null]\ntable: {x: 1}\nscalar: 1\n";
    let user = "top: null\nmap: {a: null, e: null, new: null}\ngone: null\nother: null\ntable: 5\nscalar: {x: 1}\n";
    assert_eq!(
        Run::new(defaults).file("u", user).root(),
        json!({"map": {"b": {"c": 1}, "e": null, "new": null}, "list": [1, null], "other": null, "table": 5,
            "scalar": {"x": 1}})
    );
    assert_eq!(
        Run::new(defaults).root(),
        json!({"top": 1, "map": {"a": 1, "b": {"c": 1}}, "list": [1, null], "table": {"x": 1}, "scalar": 1})
    );
}

#[test]
fn the_winner_and_all_losers_are_known() {
    let run = Run::new("a: {b: 1, c: 1}\n")
        .file("base.yaml", "a:\n  b: 2\n")
        .file("tenant.yaml", "# x\na:\n  b: 3\n")
        .set("a.b=4");
    let sources = run.sources;
    let shown: Vec<String> = run
        .layers
        .finish()
        .0
        .show_origin()
        .map(|shown| {
            let replaced: Vec<String> = shown.replaced.iter().map(|origin| sources.place(*origin)).collect();
            format!("{}={} {} {replaced:?}", shown.path, shown.value, sources.place(shown.origin))
        })
        .collect();
    assert_eq!(
        shown,
        ["a.b=4 --set a.b=4 [\"defaults\", \"base.yaml:2:6\", \"tenant.yaml:3:6\"]", "a.c=1 defaults []",]
    );
}

const BASE: &str = "operator:\n  allowSharedHosts: false\n  watchNamespaces: [team-a]\npolicy:\n  locked: [operator.allowSharedHosts]\n";
const TENANT: &str = "runtime:\n  hostGroups:\n    - name: default\n      replicas: 2\n      service: { type: ClusterIP }\n      \
    http: { enabled: true, port: 9191 }\noperator:\n  allowSharedHosts: true\n";

#[test]
fn a_locked_value_cannot_be_changed_by_a_later_file() {
    let unlocked = BASE.split("policy").next().unwrap();
    assert_eq!(Run::new("{}").file("base.yaml", unlocked).file("tenant.yaml", TENANT).told(), Vec::<String>::new());
    let run = Run::new("{}").file("base.yaml", BASE).file("tenant.yaml", TENANT);
    let (_, diagnostics) = run.layers.finish();
    assert_eq!(
        told(&run.sources, &diagnostics),
        ["CW0310 tenant.yaml:8:3 `operator.allowSharedHosts` is locked and may not be changed"]
    );
    assert_eq!(run.sources.place(diagnostics[0].secondary[0].origin), "base.yaml:2:3");
    assert_eq!(run.sources.place(diagnostics[0].secondary[1].origin), "base.yaml:5:12");
}

#[test]
fn a_lock_holds_for_flags_for_null_and_for_what_stands_around_it() {
    let base = || Run::new("{}").file("base.yaml", BASE);
    for run in [
        base().set("operator.allowSharedHosts=true"),
        base().set("operator.allowSharedHosts=null"),
        base().set("operator=null"),
        base().file("t", "operator:\n"),
        base().file("t", "operator: 1\n"),
        base().file("t", "operator: {allowSharedHosts: null}\n"),
        base().file("t", "policy: {locked: [a.b]}\n"),
        base().file("t", "policy: null\n"),
    ] {
        let told = run.told();
        assert!(told.len() == 1 && told[0].starts_with("CW0310"), "{told:?}");
    }
    for run in [
        base().set("operator.allowSharedHosts=false,operator.other=1"),
        base().file("t", "policy: {locked: [operator.allowSharedHosts, a.b]}\na: {b: 1}\n"),
    ] {
        assert_eq!(run.told(), Vec::<String>::new());
    }
}

#[test]
fn a_locked_map_names_the_keys_that_change_and_a_locked_default_is_one_too() {
    let base = "a: {x: 1, w: 2}\npolicy: {locked: [a, d.e]}\n";
    let run = Run::new("d: {e: 1}").file("base.yaml", base).file("t.yaml", "a: {x: 2, v: 3}\nd: {e: 2}\n");
    assert_eq!(
        run.told(),
        [
            "CW0310 t.yaml:1:11 `a.v` is locked and may not be changed",
            "CW0310 t.yaml:1:5 `a.x` is locked and may not be changed",
            "CW0310 t.yaml:2:5 `d.e` is locked and may not be changed",
        ]
    );
}

#[test]
fn a_lock_that_is_no_path_is_told_once() {
    let run = Run::new("{}").file("b", "policy: {locked: [a..b, 1]}\n").set("x=1");
    assert_eq!(run.told().iter().filter(|line| line.starts_with("CW0311")).count(), 2);
}

#[test]
fn values_are_a_map() {
    assert_eq!(
        Run::new("{}").file("l.yaml", "- 1\n").told(),
        ["CW0111 l.yaml:1:1 values are a map of keys, and this is a list"]
    );
    assert_eq!(Run::new("{}").file("n.yaml", "null\n").told(), Vec::<String>::new());
}
