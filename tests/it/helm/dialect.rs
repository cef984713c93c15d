//! The dialect: the same templates, rendered by us and by both Helms from the exported chart, must give equal objects.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use chartwright::{
    export::{File, translate},
    render::{Engine, Release},
};
use serde_json::{Map, Value, json};

use crate::helm::{self, Helm, Objects};
use crate::random::Random;

/// The fixture's templates, sorted by path.
fn templates() -> Vec<(String, String)> {
    fn walk(root: &Path, folder: &Path, out: &mut Vec<(String, String)>) {
        for entry in fs_err::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, out);
            } else if path.extension().is_some_and(|extension| extension == "j2") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
                out.push((name, fs_err::read_to_string(&path).unwrap()));
            }
        }
    }
    let root = root();
    let mut out = Vec::new();
    walk(&root, &root, &mut out);
    out.sort();
    out
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/helm/dialect")
}

fn defaults() -> Map<String, Value> {
    helm::read_yaml(&fs_err::read_to_string(root().join("values.yaml")).unwrap())
}

fn release() -> Release {
    Release { name: "rel".into(), namespace: "ns1".into() }
}

fn chart() -> Vec<File> {
    let templates = templates();
    let templates: Vec<(&str, &str)> = templates.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let engine = Engine::compile(&templates).unwrap();
    let mut files = translate(&engine).unwrap();
    let version = env!("CARGO_PKG_VERSION");
    let meta = format!("apiVersion: v2\nname: chartwright\nversion: {version}\nappVersion: \"{version}\"\n");
    files.push(File::text("Chart.yaml", &meta));
    files.push(File::text("values.yaml", &fs_err::read_to_string(root().join("values.yaml")).unwrap()));
    files
}

/// What we make of the values: objects by kind and name, or the refusal.
fn native(engine: &Engine<'_>, values: &Map<String, Value>) -> Result<Objects, String> {
    let refusals = engine.refusals(values, &release(), &["v1".to_owned()]).map_err(|err| err.to_string())?;
    if let Some(refusal) = refusals.first() {
        return Err(format!("{} {}: {}", refusal.code, refusal.path, refusal.message));
    }
    let rendered = engine.render(values, &release(), &["v1".to_owned()]).map_err(|err| err.to_string())?;
    Ok(helm::objects(&rendered.objects.iter().map(|object| object.value.clone()).collect()))
}

/// Renders value sets on both sides and returns how many were refused; panics on the first difference.
fn compare(sets: &[Value]) -> usize {
    let templates = templates();
    let templates: Vec<(&str, &str)> = templates.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let engine = Engine::compile(&templates).unwrap();
    let defaults = defaults();
    let mut refused = 0;
    for version in helm::Version::ALL {
        let Some(helm) = Helm::new(version, &chart()) else { continue };
        for (set, theirs) in sets.iter().zip(helm.render("rel", "ns1", sets)) {
            let ours = native(&engine, &helm::coalesce(&defaults, set.as_object().unwrap()));
            match (&ours, &theirs.result) {
                (Ok(ours), Ok(theirs)) => {
                    let differences = helm::differences(ours, theirs);
                    assert!(differences.is_empty(), "{version:?} differs for {set}\n{differences}");
                }
                (Err(_), Err(_)) => refused += 1,
                (Err(ours), Ok(_)) => panic!("only we refuse ({version:?}): {ours}\n{set}"),
                (Ok(_), Err(theirs)) => panic!("only {version:?} refuses: {theirs}\n{set}"),
            }
        }
    }
    refused
}

#[test]
fn hand_made_values_render_alike() {
    let sets = [
        json!({}),
        json!({"hosts": {"edge": {"replicas": 5, "image": {"tag": "2.10"}}, "default": {"enabled": false}}}),
        json!({"hosts": {"default": {"resources": null, "replicas": null, "image": {"tag": null}, "podLabels": null}}}),
        json!({"hosts": {"b": {"extraEnv": [{"name": "MORE", "value": "<&>"}], "args": ["--a", "yes", "multi\nline\n"]}}}),
        json!({"hosts": {"a": {"maxMemory": 123_456_789_012_i64}, "c": {"maxMemory": 9_007_199_254_740_991_i64}}}),
        json!({"hosts": {"a": {"replicas": 101}}}),
        json!({"hosts": {"a": {"maxMemory": -1}}, "nats": {"port": 70000}}),
        json!({"hosts": null, "nats": null, "hostDefaults": {"image": null, "maxMemory": null}}),
        json!({"commonLabels": {"team": "x", "part": "lost"}, "commonAnnotations": {"a": "b"}}),
        json!({"things": ["${release.name}", "abc", "x", 1, null], "hook": true, "clusterDomain": "a\"b\\c"}),
        json!({"overrides": {"Deployment": {"rel-default": {"spec": {"replicas": null, "template": {"spec": {
            "containers": [{"name": "default", "tty": true, "image": null}, {"name": "new", "x": {"y": null}}]}}}}}}}),
        json!({"overrides": {"Thing": {"one": {"metadata": {"annotations": {"at": "${release.namespace}", "domain": null}}}}}}),
        json!({"v": {"any": {"a": 1_000_000, "b": null, "c": [1, null, {"d": null}]}, "number": 1_000_000}}),
        json!({"v": {"any": "0x1F", "word": "a-b/c-", "words": ["", 0, false, null, "x", 1.5], "map": {"on": 1, "abc": null}}}),
        json!({"v": {"any": 1, "other": 1.0, "words": [1, 2], "map": null, "map2": {"extraList": ["y"], "a": null}}}),
        json!({"v": {"any": [], "words": [], "map": {}, "flag": true, "word": " é\u{7}\u{2028}😀\"\\\t<>& "}}),
    ];
    let refused = compare(&sets);
    assert_eq!(refused % 2, 0, "both Helms refuse the same");
}

/// A key and what makes its value.
type Make<'m> = (&'m str, &'m dyn Fn(&mut Random) -> Value);

impl Random {
    fn string(&mut self) -> Value {
        self.pick(&[
            "x",
            "",
            "yes",
            "no",
            "on",
            "0755",
            "1e3",
            "1_000",
            "null",
            "~",
            "a: b",
            "#c",
            " s",
            "é",
            "1:30",
            "0x1F",
            "true",
            "12345678901",
            "multi\nline",
            "tab\t",
            "q\"q",
            "${release.namespace}",
            "{{ .Values }}",
            "%x",
            "\u{2028}",
            "2026-01-01",
            "- a",
            "&a",
            "*b",
            "!t",
            "|",
            ">",
            "a\\b",
            "a/b/",
            "-5",
            "5.0",
            "abc",
            "<b>&",
        ])
        .into()
    }

    fn int(&mut self) -> Value {
        self.pick(&[
            0_i64,
            1,
            2,
            99,
            100,
            101,
            1_000_000,
            1_234_567,
            16_777_216,
            123_456_789_012,
            9_007_199_254_740_991,
            -1,
        ])
        .into()
    }

    fn any(&mut self, depth: usize) -> Value {
        match self.below(if depth < 2 { 8 } else { 5 }) {
            0 => Value::Null,
            1 => self.string(),
            2 => self.int(),
            3 => self.chance(50).into(),
            4 => self.pick(&[0.5, 1.5, 1.0, 1e-7, 2.5e21, -0.25]).into(),
            5 => (0..self.below(4)).map(|_| self.any(9)).collect(),
            6 => (0..self.below(4)).map(|_| (self.key(), self.any(depth + 1))).collect::<Map<_, _>>().into(),
            _ => json!({}),
        }
    }

    fn key(&mut self) -> String {
        self.pick(&["a", "b", "yes", "10", "9", "Z", "on", "a.b/c", "extraList", "x", "abc"]).to_owned()
    }

    fn version(&mut self) -> Value {
        self.pick(&[
            "2.9.0",
            "v2.10.1",
            "2.9",
            "2",
            "2.9.0-rc.1",
            "2.8.9",
            "2.9.0+build.5",
            "",
            "latest",
            "2.9.0-01",
            "1.2.3.4",
        ])
        .into()
    }

    fn strings(&mut self) -> Value {
        (0..self.below(4)).map(|_| self.string()).collect()
    }

    fn string_map(&mut self) -> Value {
        (0..self.below(4))
            .map(|_| (self.key(), if self.chance(12) { Value::Null } else { self.string() }))
            .collect::<Map<_, _>>()
            .into()
    }

    /// Some of these keys, a few of them null.
    fn some(&mut self, keys: &[Make<'_>]) -> Value {
        let mut map = Map::new();
        for (key, make) in keys {
            if self.chance(45) {
                let value = if self.chance(10) { Value::Null } else { make(self) };
                map.insert((*key).to_owned(), value);
            }
        }
        map.into()
    }

    fn host(&mut self) -> Value {
        self.some(&[
            ("kind", &|r| r.pick(&["deployment", "daemonset", "stateful", "x", ""]).into()),
            ("enabled", &|r| r.chance(70).into()),
            ("replicas", &|r| r.pick(&[0, 1, 2, 99, 100, 101]).into()),
            ("automount", &|r| r.chance(50).into()),
            ("image", &|r| r.some(&[("repository", &Self::string), ("tag", &Self::string)])),
            ("resources", &|r| r.some(&[("requests", &Self::string_map), ("limits", &Self::string_map)])),
            ("args", &Self::strings),
            ("podLabels", &Self::string_map),
            ("maxMemory", &Self::int),
            ("extra", &Self::string),
            ("extraEnv", &|r| (0..r.below(3)).map(|n| json!({"name": format!("E{n}"), "value": r.string()})).collect()),
            ("priorityClassName", &Self::string),
        ])
    }

    fn hosts(&mut self) -> Value {
        (0..self.below(4))
            .map(|_| (self.pick(&["default", "edge", "b", "yes", "10"]).to_owned(), self.host()))
            .collect::<Map<_, _>>()
            .into()
    }

    fn patch(&mut self) -> Value {
        self.some(&[
            ("spec", &|r| {
                r.some(&[
                    ("replicas", &Self::int),
                    ("x", &|r| r.any(0)),
                    ("template", &|r| {
                        let containers: Value = (0..r.below(3))
                            .map(|_| json!({"name": r.pick(&["default", "b", "new"]), "tty": r.any(0)}))
                            .collect();
                        json!({"spec": {"containers": containers, "hostname": r.any(1)}})
                    }),
                ])
            }),
            ("metadata", &|r| r.some(&[("labels", &Self::string_map)])),
        ])
    }

    fn values(&mut self) -> Value {
        self.some(&[
            ("labels", &Self::string_map),
            ("commonLabels", &Self::string_map),
            ("commonAnnotations", &Self::string_map),
            ("hosts", &Self::hosts),
            ("hostDefaults", &Self::host),
            ("nats", &|r| r.some(&[("port", &|r| r.pick(&[0, 4222, 65535, 65536]).into()), ("urls", &Self::strings)])),
            ("hook", &|r| r.chance(50).into()),
            ("things", &|r| (0..r.below(4)).map(|_| r.any(2)).collect()),
            ("clusterDomain", &Self::string),
            ("overrides", &|r| {
                let names: Map<_, _> =
                    (0..2).map(|_| (format!("rel-{}", r.pick(&["default", "b", "edge"])), r.patch())).collect();
                json!({"Deployment": names})
            }),
            ("v", &|r| {
                r.some(&[
                    ("any", &|r| r.any(0)),
                    ("other", &|r| r.any(0)),
                    ("words", &|r| (0..r.below(4)).map(|_| r.any(2)).collect()),
                    ("word", &Self::string),
                    ("suffix", &Self::string),
                    ("version", &Self::version),
                    ("number", &Self::int),
                    ("flag", &|r| r.chance(50).into()),
                    ("map", &|r| (0..r.below(4)).map(|_| (r.key(), r.any(1))).collect::<Map<_, _>>().into()),
                    ("map2", &|r| (0..r.below(4)).map(|_| (r.key(), r.any(1))).collect::<Map<_, _>>().into()),
                ])
            }),
        ])
    }
}

#[test]
fn random_values_render_alike() {
    let count = std::env::var("CHARTWRIGHT_DIALECT_SETS").ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let seed = std::env::var("CHARTWRIGHT_DIALECT_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let mut random = Random::new(seed);
    let sets: Vec<Value> = (0..count).map(|_| random.values()).collect();
    let refused = compare(&sets);
    assert!(refused < count, "most sets must render, {refused} of 2 × {count} were refused");
}

#[test]
fn the_notes_are_the_same_text() {
    let templates = templates();
    let templates: Vec<(&str, &str)> = templates.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let engine = Engine::compile(&templates).unwrap();
    let set = json!({"hosts": {"edge": {"replicas": 3}}});
    let values = helm::coalesce(&defaults(), set.as_object().unwrap());
    let ours = engine.notes(&values, &release(), &[]).unwrap();
    for version in helm::Version::ALL {
        let Some(helm) = Helm::new(version, &chart()) else { continue };
        let theirs = helm.render("rel", "ns1", std::slice::from_ref(&set)).remove(0);
        assert_eq!(ours, theirs.notes, "{version:?}");
    }
}

/// Everything the dialect refuses, at its place.
#[test]
fn what_has_no_twin_is_refused_where_it_stands() {
    let cases = [
        ("{{ values.a }}", "a bare value"),
        ("{{ values.a|toYaml|quote }}", "make YAML text"),
        ("{% set x = values.a|quote %}", "make YAML text"),
        ("{% for x in values.a %}{{ loop.index|int }}{% endfor %}", "`loop` has no twin"),
        ("{% for x in values.a %}{% set y = 1 %}{% endfor %}{{ y|int }}", "set it before the block"),
        ("{% set y = 1 %}{% for x in values.a %}{% set y = 2 %}{% endfor %}", "lost in Jinja"),
        ("{% if values.a %}{% set z = 1 %}{% endif %}{{ z|int }}", "set it before the block"),
        ("{% for k, v in values.a %}{% endfor %}", "this loop has no twin"),
        ("{% for x in values.a if x %}{% endfor %}", "filtered loop"),
        ("{% for x in values.a recursive %}{% endfor %}", "filtered loop"),
        ("{{ values.a|upper|quote }}", "the filter `upper`"),
        ("{{ values.a|items|toJson }}", "`items` stands in"),
        ("{{ (values.a is defined)|bool }}", "use `is set`"),
        ("{{ (values.a is odd)|bool }}", "the test `odd`"),
        ("{{ lookup(\"v1\")|quote }}", "neither a macro nor"),
        ("{{ values.a.get(\"x\")|quote }}", "a method call"),
        ("{{ values.a[1]|quote }}", "only `[0]`"),
        ("{{ values.a[1:2]|toJson }}", "a slice"),
        ("{{ (1 < values.a < 3)|bool }}", "a chain of comparisons"),
        ("{{ (values.a / 2)|int }}", "this operator"),
        ("{{ (\"a\" + \"b\")|quote }}", "joined with `~`"),
        ("{{ 1.5|quote }}", "this constant"),
        ("{{ (1 if values.a)|int }}", "needs an `else`"),
        ("{{ (fail(\"x\") if values.a else 1)|int }}", "stands alone"),
        ("{{ (values.a < \"x\")|bool }}", "order is for whole numbers"),
        ("{{ (values.a in \"abc\")|bool }}", "`in` looks into a list"),
        ("{{ (values.a is matching(\"\\\\d+\"))|bool }}", "differs between the two sides"),
        ("{{ (values.a is matching(values.b))|bool }}", "written out"),
        ("{{ values.a|find(values.b)|text }}", "written out"),
        ("{{ values.a|find(\"[0-9]+?\")|find(\"\\\\w\")|text }}", "differs between the two sides"),
        ("{{ merge(values.a)|toJson }}", "`set x = merge"),
        ("{% set x = none %}", "`none` can only be"),
        ("{% set values = 1 %}", "cannot be the name"),
        ("{% set a, b = values.a %}", "only a plain name"),
        ("{{ release|quote }}", "name one of its fields"),
        ("{{ release.revision|quote }}", "not known here"),
        ("{{ m()|quote }}", "needs `a`"),
        ("{{ m(1, 2, 3) }}", "takes 2 arguments"),
        ("{{ m(1, c=2) }}", "no parameter `c`"),
        ("{{ m(1)|lower|text }}", "only be printed, indented or made an object"),
        ("{{ m(*values.a) }}", "a splat"),
        ("{{ object(m(1)) }}", "object files only"),
        ("{{ refuse(\"CW1\", \"a\", \"b\") }}", "under `rules/` only"),
        ("{% with %}{% endwith %}", "`with` has no twin"),
        ("{% set x %}y{% endset %}", "a set block"),
        ("{% filter lower %}y{% endfilter %}", "a filter block"),
        ("{% do fail(\"x\") %}", "`do` has no twin"),
        ("{% autoescape true %}{% endautoescape %}", "autoescape"),
        ("{% call m(1) %}{% endcall %}", "a call block"),
        ("{% macro inner() %}{% endmacro %}", "a macro inside a block"),
        ("{{ values.a|nindent(values.b) }}", "one small number"),
        ("{{ [values.a, (1, 2)]|toJson }}", "a tuple"),
        ("{{ {values.a: 1}|toJson }}", "strings written out"),
        ("{{ me() }}", "ends up calling itself"),
    ];
    let mut wrong = String::new();
    for (text, message) in cases {
        let file = format!(
            "{{% macro m(a, b=1) %}}{{{{ a|quote }}}}{{% endmacro %}}\n{{% macro me() %}}\n  {text}\n{{% endmacro %}}\n"
        );
        match Engine::compile(&[("_lib.yaml.j2", &file)]) {
            Ok(_) => writeln!(wrong, "accepted: {text}").unwrap(),
            Err(err) if err.message.contains(message) && err.line == 3 && err.file == "_lib.yaml.j2" => {}
            Err(err) => writeln!(wrong, "{text}: {err}").unwrap(),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn objects_stand_in_macros_and_macro_files_hold_nothing_else() {
    for (path, text, place) in [
        ("a/b.yaml.j2", "\nkind: X\n", "a/b.yaml.j2:1:1: text outside"),
        ("a/b.yaml.j2", "---\n{{ values.a|quote }}", "a/b.yaml.j2:2:13: outside of macros only"),
        ("_m.yaml.j2", "{% set x = 1 %}", "_m.yaml.j2:1:4: a file whose name starts"),
        ("rules/x.j2", "{{ 1|int }}", "rules/x.j2:1:6: a rule prints nothing"),
        ("a/b.yaml.j2", "{% if %}", "a/b.yaml.j2:1:1: "),
    ] {
        let err = Engine::compile(&[(path, text)]).map(|_| ()).unwrap_err().to_string();
        assert!(err.starts_with(place), "{err}");
    }
}

#[test]
fn the_templates_of_the_binary_translate() {
    let engine = Engine::builtin().map_err(|err| err.to_string()).unwrap();
    let files = translate(engine).map_err(|err| err.to_string()).unwrap();
    assert!(files.iter().any(|file| file.path == "templates/_prelude.tpl"));
}
