//! Each default taken away by null: rendered alike, or refused by name, and never a message of the template engine.

use chartwright::values::defaults;
use serde_json::{Map, Value};

use super::{Version, compare, named};

/// Every path of the defaults, maps included.
fn paths(values: &Map<String, Value>, above: &[String], out: &mut Vec<Vec<String>>) {
    for (key, value) in values {
        let path = [above, std::slice::from_ref(key)].concat();
        if let Value::Object(inner) = value {
            paths(inner, &path, out);
        }
        out.push(path);
    }
}

fn without(path: &[String]) -> Value {
    path.iter().rev().fold(Value::Null, |inner, key| Map::from_iter([(key.clone(), inner)]).into())
}

#[test]
fn each_default_may_be_taken_away() {
    let mut all = Vec::new();
    paths(&defaults(), &[], &mut all);
    let sets: Vec<Value> = all.iter().map(|path| without(path)).collect();
    let (tally, problems) = compare::compare(&sets);
    compare::none(&problems, "nulls");
    let wanted = if named("CHARTWRIGHT_HELM_RENDER").is_some() { sets.len() * Version::ALL.len() } else { 0 };
    assert_eq!(tally.compared, wanted);
    assert!(tally.refused_by_schema < 10, "{tally:?}");
}
