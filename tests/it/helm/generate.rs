//! Value sets from our own schema: mostly right, so that rendering is what gets compared, and some with a fault.

use std::collections::BTreeMap;

use chartwright::values::schema;
use regex_lite::Regex;
use serde_json::{Map, Value, json};

use crate::random::Random;

/// Below this only what is required is filled in: Kubernetes' types refer to each other.
const DEEPEST: usize = 7;

/// Texts that one side or the other may read in its own way, and some that fit our patterns.
const TEXTS: &[&str] = &[
    "",
    "a",
    "yes",
    "no",
    "on",
    "off",
    "y",
    "null",
    "~",
    "true",
    "0",
    "0755",
    "0o17",
    "1e3",
    "1_000",
    "0x1F",
    "1:30",
    "12345678901",
    "-5",
    "5.0",
    ".inf",
    "2026-01-01",
    "a: b",
    "#c",
    " s ",
    "- a",
    "&a",
    "*b",
    "!t",
    "|",
    ">",
    "<<",
    "=",
    "<b>&",
    "%x",
    "q\"q",
    "it's",
    "a\\b",
    "tab\t",
    "two\nlines\n",
    "é😀",
    "{{ .Values }}",
    "${release.name}",
    "x-${release.namespace}",
    "a-b.c",
    "a/b",
    "example.com/team",
    "acme/host",
    "registry.example:5000",
    "*.example.com",
    "10Mi",
    "64MB",
    "-1",
    "30s",
    "1m30s",
    "1.2.3",
    "2.10.3",
    "2.9.0",
    "/",
    "/a b",
    "/data",
    "10.0.0.1",
    "::1",
    "10.0.0.0/8",
    "http://collector:4317",
    "https://collector/x:4318",
    "tls://nats.example:4222",
    "nats://a:4222",
    "wss://b",
    "17 4 * * *",
    "@daily",
    "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
    "512KB",
    "25%",
    "IPv4",
    "IPv6",
    "Memory",
    "ReadWriteMany",
    "ConfigMap",
    "Deployment",
    "log-level",
    "ACME_MODE",
    "2026-01-01T00:00:00Z",
];

const INTEGERS: &[i64] = &[
    -1,
    0,
    1,
    2,
    3,
    5,
    30,
    60,
    80,
    443,
    999,
    8080,
    30_080,
    1_000_000,
    16_777_217,
    2_147_483_647,
    9_007_199_254_740_991,
];

/// Objects that the defaults render, for overrides.
const RENDERED: &[(&str, &str)] = &[
    ("Deployment", "wasmcloud-operator"),
    ("Deployment", "wasmcloud-hosts-default"),
    ("StatefulSet", "wasmcloud-nats"),
    ("Service", "wasmcloud-nats"),
    ("NetworkPolicy", "wasmcloud-nats"),
    ("ServiceAccount", "wasmcloud-operator"),
    ("Thing", "nobody"),
];

pub(crate) struct Generator {
    schema: &'static Value,
    texts: BTreeMap<(String, u64), Vec<&'static str>>,
    bases: Vec<Value>,
    extras: usize,
}

impl Generator {
    /// `bases` are whole sets that users may have, to change from.
    pub(crate) fn new(bases: Vec<Value>) -> Self {
        Self { schema: schema::compiled(), texts: BTreeMap::new(), bases, extras: 0 }
    }

    /// One value set.
    pub(crate) fn set(&mut self, random: &mut Random) -> Value {
        let mut set = if random.chance(50) { random.pick(&self.bases) } else { json!({}) };
        let knobs = 1 + random.below(5);
        for _ in 0..knobs {
            let knob = self.knob(random, self.schema, 0);
            lay(&mut set, knob);
        }
        if random.chance(30) {
            let (kind, name) = random.pick(RENDERED);
            let patch = Self::patch(random);
            lay(&mut set, json!({"overrides": {kind: {name: patch}}}));
        }
        if random.chance(20) {
            self.extras += 1;
            let name = format!("{}-{}", random.pick(&["extra", "${release.name}"]), self.extras);
            let data = Self::anything(random, 0);
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data});
            lay(&mut set, json!({"extraObjects": [object]}));
        }
        if let Some(map) = set.as_object_mut().filter(|map| !map.is_empty() && random.chance(6)) {
            let keys: Vec<String> = map.keys().cloned().collect();
            let key = random.pick(&keys);
            spoil(random, &mut map[&key]);
        }
        set
    }

    /// One key of ours, somewhere: the maps above it and a value.
    fn knob(&mut self, random: &mut Random, schema: &'static Value, depth: usize) -> Value {
        let schema = self.open(random, schema);
        if depth > 0 && random.chance(12) {
            return self.value(random, schema, depth);
        }
        if let Some(properties) = schema["properties"].as_object().filter(|_| schema.get("required").is_none()) {
            let keys: Vec<&String> = properties
                .keys()
                .filter(|key| !["policy", "overrides", "extraObjects"].contains(&key.as_str()))
                .collect();
            // Host groups are the larger half of all keys.
            let key = if depth == 0 && random.chance(35) {
                random.pick(&["hosts", "hostDefaults"]).to_owned()
            } else {
                random.pick(&keys).clone()
            };
            let inner = self.knob(random, &properties[&key], depth + 1);
            return json!({ key: inner });
        }
        if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
            let Some(key) = self.key(random, schema) else { return json!({}) };
            let inner = self.knob(random, values, depth + 1);
            return json!({ key: inner });
        }
        self.value(random, schema, depth)
    }

    /// Follows references and takes one of several forms.
    fn open(&self, random: &mut Random, mut schema: &'static Value) -> &'static Value {
        loop {
            if let Some(name) = schema["$ref"].as_str() {
                schema = self.schema.pointer(name.trim_start_matches('#')).unwrap();
            } else if let Some(branches) = schema["anyOf"].as_array() {
                let real: Vec<&Value> = branches.iter().filter(|branch| branch["type"] != "null").collect();
                schema = real[random.below(real.len())];
            } else if let Some([only, ..]) = schema["allOf"].as_array().map(Vec::as_slice) {
                schema = only;
            } else {
                return schema;
            }
        }
    }

    fn value(&mut self, random: &mut Random, schema: &'static Value, depth: usize) -> Value {
        let nullable = allows(schema, "null")
            || schema["anyOf"].as_array().is_some_and(|all| all.iter().any(|one| allows(one, "null")));
        if nullable && random.chance(6) {
            return Value::Null;
        }
        let schema = self.open(random, schema);
        if let Some(choices) = schema["enum"].as_array() {
            let choices: Vec<Value> = choices.iter().filter(|choice| !choice.is_null()).cloned().collect();
            return random.pick(&choices);
        }
        let kinds: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).filter(|kind| *kind != "null").collect(),
            _ => return Self::anything(random, depth),
        };
        match random.pick(&kinds) {
            "boolean" => random.chance(50).into(),
            "integer" => {
                let (least, most) = (
                    schema["minimum"].as_i64().unwrap_or(0),
                    schema["maximum"].as_i64().unwrap_or(i64::from(i32::MAX)),
                );
                let fitting: Vec<i64> =
                    INTEGERS.iter().copied().filter(|number| (least..=most).contains(number)).collect();
                random.pick(&fitting).into()
            }
            "number" => random.pick(&[json!(0), json!(1.5)]),
            "string" => self.text(random, schema).into(),
            "array" => {
                let count = if depth > DEEPEST { 0 } else { random.below(3) };
                let items = &schema["items"];
                let mut list: Vec<Value> =
                    (0..count).map(|_| self.value(random, items, depth + 1)).filter(|item| !item.is_null()).collect();
                list.dedup();
                list.into()
            }
            _ => self.map(random, schema, depth),
        }
    }

    fn map(&mut self, random: &mut Random, schema: &'static Value, depth: usize) -> Value {
        let mut map = Map::new();
        if let Some(properties) = schema["properties"].as_object() {
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            for (key, property) in properties {
                let wanted = required.contains(&key.as_str());
                if wanted || depth < DEEPEST && random.below(properties.len() + 1) < 3 {
                    map.insert(key.clone(), self.value(random, property, depth + 1));
                }
            }
        } else if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
            for _ in 0..random.below(3) {
                if let Some(key) = self.key(random, schema) {
                    map.insert(key, self.value(random, values, depth + 1));
                }
            }
        } else if depth < DEEPEST {
            for key in ["a", "yes", "apiVersion", "kind"] {
                if random.chance(50) {
                    map.insert(key.into(), Self::anything(random, depth + 1));
                }
            }
            for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                map.insert(key.into(), "v1".into());
            }
        }
        map.into()
    }

    fn key(&mut self, random: &mut Random, schema: &'static Value) -> Option<String> {
        let names = schema.get("propertyNames").unwrap_or(schema);
        let text = if names["pattern"].is_string() {
            self.text(random, names)
        } else {
            random.pick(&["a", "b-c", "yes", "10"])
        };
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn text(&mut self, random: &mut Random, schema: &Value) -> &'static str {
        let pattern = schema["pattern"].as_str().unwrap_or(r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$");
        let longest = schema["maxLength"].as_u64().unwrap_or(500);
        let fitting = self.texts.entry((pattern.to_owned(), longest)).or_insert_with(|| {
            let pattern = Regex::new(pattern).unwrap();
            TEXTS.iter().copied().filter(|text| pattern.is_match(text) && text.len() as u64 <= longest).collect()
        });
        assert!(!fitting.is_empty(), "no text for `{pattern}`");
        random.pick(fitting)
    }

    /// Whatever JSON may hold, but for numbers that are not whole: no key of ours has those.
    fn anything(random: &mut Random, depth: usize) -> Value {
        match random.below(if depth < 4 { 8 } else { 5 }) {
            0 => Value::Null,
            1 | 2 => random.pick(TEXTS).into(),
            3 => random.pick(INTEGERS).into(),
            4 => random.chance(50).into(),
            5 => (0..random.below(3)).map(|_| Self::anything(random, depth + 1)).collect(),
            6 => json!({}),
            _ => (0..random.below(3))
                .map(|_| (random.pick(&["a", "b", "yes", "10", "a.b/c"]).to_owned(), Self::anything(random, depth + 1)))
                .collect::<Map<_, _>>()
                .into(),
        }
    }

    fn patch(random: &mut Random) -> Value {
        let value = Self::anything(random, 2);
        match random.below(6) {
            0 => json!({"spec": {"replicas": null}}),
            1 => json!({"metadata": {"annotations": {"note": random.pick(TEXTS)}, "labels": null}}),
            2 => {
                json!({"spec": {"template": {"spec": {"containers": [{"name": "operator", "tty": value, "env": null}]}}}})
            }
            3 => json!({"spec": {"template": {"spec": {"containers": [{"name": "new", "x": value}], "volumes": []}}}}),
            4 => json!({"spec": {"extra": value}}),
            _ => Value::Null,
        }
    }
}

fn allows(schema: &Value, kind: &str) -> bool {
    match &schema["type"] {
        Value::String(one) => one == kind,
        Value::Array(all) => all.iter().any(|one| one == kind),
        _ => false,
    }
}

/// Maps merge, everything else replaces; null is a value here.
fn lay(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                match under.get_mut(&key) {
                    Some(inner) => lay(inner, value),
                    None => drop(under.insert(key, value)),
                }
            }
        }
        (under, over) => *under = over,
    }
}

/// One value somewhere becomes something else.
fn spoil(random: &mut Random, value: &mut Value) {
    match value {
        Value::Object(map) if !map.is_empty() && random.chance(90) => {
            let keys: Vec<String> = map.keys().cloned().collect();
            if let Some(inner) = map.get_mut(&random.pick(&keys)) {
                spoil(random, inner);
            }
        }
        Value::Array(list) if !list.is_empty() && random.chance(80) => {
            let at = random.below(list.len());
            spoil(random, &mut list[at]);
        }
        other => {
            *other = random.pick(&[
                json!(-1),
                json!("Ä b"),
                json!([]),
                json!({"odd": 1}),
                json!(true),
                json!(1.5),
                json!(""),
                json!([1]),
            ]);
        }
    }
}
