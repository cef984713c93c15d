//! Steps of a plan, for tests.

use kube::api::ApiResource;
use kube::core::GroupVersionKind;
use serde_json::Value;

use super::super::{Action, Step};
use crate::cluster::Kind;
use crate::render::Object;

/// A step that makes an object.
pub(super) fn step(kind: &str, name: &str, namespace: &str, value: Value) -> Step {
    let object = Object {
        api_version: "apps/v1".into(),
        kind: kind.into(),
        namespace: Some(namespace.into()),
        name: name.into(),
        value,
        template: String::new(),
        hook: false,
    };
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("apps", "v1", kind));
    let kind = Kind { resource, namespaced: true };
    Step { action: Action::Create, object, before: None, after: None, taken: None, kind }
}
