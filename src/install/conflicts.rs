//! Fields that somebody else manages: which, who, what they are and what they would become.

use kube::core::Status;
use kube::core::response::StatusCause;
use serde_json::Value;

/// A value that is longer is not shown.
const SHOWN: usize = 60;

/// An object as it is and as it is to be. Of a Secret nothing is shown.
#[derive(Clone, Copy, Default)]
pub(super) struct Sides<'o> {
    /// What is there.
    pub live: Option<&'o Value>,
    /// What is applied.
    pub wanted: Option<&'o Value>,
}

/// Whether somebody else manages fields that were to be applied.
pub(super) fn is_conflict(status: &Status) -> bool {
    status.code == 409 && status.details.as_ref().is_some_and(|details| !details.causes.is_empty())
}

/// Who does.
pub(super) fn managers(status: &Status) -> Vec<String> {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    causes.filter_map(|cause| manager(cause).map(str::to_owned)).collect()
}

/// `.spec.replicas is managed by "kubectl" (it is 4, and would be 2)`, for each with one of these managers.
pub(super) fn told(status: &Status, sides: Sides<'_>, with: impl Fn(&str) -> bool) -> String {
    let causes = status.details.iter().flat_map(|details| &details.causes);
    let one = |cause: &StatusCause| {
        let by = cause.message.strip_prefix("conflict with ").unwrap_or(&cause.message);
        format!("{} is managed by {by}{}", cause.field, values(&cause.field, sides))
    };
    causes.filter(|cause| with(manager(cause).unwrap_or_default())).map(one).collect::<Vec<_>>().join("; ")
}

/// The one that a conflict is with.
fn manager(cause: &StatusCause) -> Option<&str> {
    cause.message.split('"').nth(1)
}

fn values(field: &str, sides: Sides<'_>) -> String {
    let is_secret = |object: Option<&Value>| object.is_some_and(|object| object["kind"] == "Secret");
    if is_secret(sides.live) || is_secret(sides.wanted) {
        return String::new();
    }
    let shown = |object: Option<&Value>| {
        let text = at(object?, field)?.to_string();
        (text.len() <= SHOWN).then_some(text)
    };
    match (shown(sides.live), shown(sides.wanted)) {
        (Some(live), Some(wanted)) => format!(" (it is {live}, and would be {wanted})"),
        (None, Some(wanted)) => format!(" (it would be {wanted})"),
        (Some(live), None) => format!(" (it is {live})"),
        (None, None) => String::new(),
    }
}

/// What a field's path leads to: `.spec.template.spec.containers[name="host"].image`, as the API server writes it.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    if let Some(rest) = path.strip_prefix('.') {
        // Names may have dots in them: the longest that is there is meant.
        let ends =
            |key: &str| rest.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        let (key, value) = value.as_object()?.iter().filter(|(key, _)| ends(key)).max_by_key(|(key, _)| key.len())?;
        return at(value, &rest[key.len()..]);
    }
    let (which, rest) = path.strip_prefix('[')?.split_once(']')?;
    let entries = value.as_array()?;
    let entry = match which.parse::<usize>() {
        Ok(index) => entries.get(index),
        Err(_) => entries.iter().find(|entry| is(entry, which)),
    };
    at(entry?, rest)
}

/// Whether an entry of a list has those keys: `containerPort=80,protocol="TCP"`, or is that value: `="a"`.
fn is(entry: &Value, keys: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    keys.split(',').all(|key| match key.split_once('=') {
        Some(("", value)) => read(value).as_ref() == Some(entry),
        Some((name, value)) => read(value).as_ref() == entry.get(name),
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_of_the_api_server_lead_to_values() {
        let object = json!({
            "metadata": {"annotations": {"meta.helm.sh/release-name": "a", "meta": {"no": 1}}},
            "spec": {"replicas": 3, "args": ["x", "y"], "containers": [
                {"name": "host", "image": "a:1", "ports": [{"containerPort": 80, "protocol": "TCP", "name": "http"}]},
                {"name": "other", "image": "b:1"},
            ]},
        });
        for (path, wanted) in [
            (".spec.replicas", json!(3)),
            (".metadata.annotations.meta.helm.sh/release-name", json!("a")),
            (".spec.containers[name=\"other\"].image", json!("b:1")),
            (".spec.containers[name=\"host\"].ports[containerPort=80,protocol=\"TCP\"].name", json!("http")),
            (".spec.args[1]", json!("y")),
            (".spec.args[=\"x\"]", json!("x")),
        ] {
            assert_eq!(at(&object, path), Some(&wanted), "{path}");
        }
        for path in
            [".spec.none", ".spec.containers[name=\"none\"].image", ".spec.args[7]", "spec", ".spec.replicas.more"]
        {
            assert_eq!(at(&object, path), None, "{path}");
        }
    }

    #[test]
    fn values_are_told_and_those_of_secrets_are_not() {
        let (live, wanted) = (json!({"spec": {"replicas": 4}}), json!({"spec": {"replicas": 2}}));
        let sides = Sides { live: Some(&live), wanted: Some(&wanted) };
        assert_eq!(values(".spec.replicas", sides), " (it is 4, and would be 2)");
        assert_eq!(values(".spec.replicas", Sides { live: None, ..sides }), " (it would be 2)");
        let secret = json!({"kind": "Secret", "data": {"a": "b25l"}});
        let sides = Sides { live: Some(&secret), wanted: Some(&secret) };
        assert_eq!(values(".data.a", sides), "");
    }
}
