//! The stream of documents that a record holds.

use std::fmt::Write as _;

use serde_json::Value;

use crate::diagnostics::Severity;
use crate::render::{CHART, Object, to_yaml};
use crate::source::{self, Node, SourceKind, Sources};

use super::InstallError;

/// Objects as Helm stores them: each after `---` and a line that says which template it is of.
pub(super) fn write(objects: &[Object]) -> String {
    let mut text = String::new();
    for object in objects {
        let _ = write!(text, "---\n# Source: {}\n{}", path(object), to_yaml(&object.value));
    }
    text
}

/// The template of an object in the exported chart, `chartwright/templates/operator/deployment.yaml`.
pub(super) fn path(object: &Object) -> String {
    let template = object.template.strip_suffix(".j2").unwrap_or(&object.template);
    format!("{}/templates/{template}", CHART.name)
}

/// The objects of a stored stream, in its order. `whose` names the record in errors.
pub fn read(text: &str, whose: &str) -> Result<Vec<Object>, InstallError> {
    let mut sources = Sources::default();
    let id = sources.add(SourceKind::File, whose, text);
    let parsed = source::parse_documents(&sources, id);
    // Helm's own reading of a doubtful scalar was stored long ago; only text that is no YAML at all ends it.
    let fault =
        parsed.diagnostics.iter().find(|one| one.severity == Severity::Error && one.code == source::codes::SYNTAX);
    if let Some(fault) = fault {
        return Err(InstallError::Manifest(whose.to_owned(), fault.message.clone()));
    }
    parsed.documents.iter().map(Node::to_json).map(|value| object(value, whose)).collect()
}

fn object(value: Value, whose: &str) -> Result<Object, InstallError> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let (Some(api_version), Some(kind), Some(name)) = (text("/apiVersion"), text("/kind"), text("/metadata/name"))
    else {
        return Err(InstallError::Manifest(whose.to_owned(), "a document in it is no Kubernetes object".into()));
    };
    let hook = value.pointer("/metadata/annotations").is_some_and(|all| all.get("helm.sh/hook").is_some());
    Ok(Object { api_version, kind, namespace: text("/metadata/namespace"), name, template: String::new(), hook, value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let text = "---\n# Source: a/templates/b.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: d\ndata:\n  e: \"yes\"\n---\n# nothing\n";
        let objects = read(text, "revision 1").unwrap();
        assert_eq!(objects.len(), 1);
        assert_eq!((objects[0].kind.as_str(), objects[0].namespace.as_deref()), ("ConfigMap", Some("d")));
        assert_eq!(read(&write(&objects), "it").unwrap()[0].value, objects[0].value);
        assert!(read("---\na: [\n", "revision 2").unwrap_err().to_string().contains("revision 2"));
        assert!(read("---\na: b\n", "revision 2").unwrap_err().to_string().contains("no Kubernetes object"));
    }
}
