//! The JSON Schema of the values, draft 7, made from the types.
//!
//! One schema, three texts: with every description for editors ([`schema_text`]), small enough for Helm to read at
//! every command ([`chart_schema`]), and bare for this program itself ([`compiled`]).

mod forms;
mod passes;

use std::sync::LazyLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json};

use super::{Values, defaults, monitoring::PodMonitor, pod::Pod};

/// Where the order of a section's keys is kept while the schema is made.
pub(super) const ORDER: &str = "x-order";

/// Definitions of Kubernetes' types begin with this.
pub const KUBERNETES: &str = "io.k8s.";

/// What a pattern wants, in words; our messages say it.
pub(super) const SAYS: &str = "x-pattern-says";

/// What each value of an `enum` means, in its order; editors show it.
pub(super) const MEANINGS: &str = "markdownEnumDescriptions";

/// The schema of this build, parsed once, without descriptions: making it from the types takes far longer.
pub fn compiled() -> &'static Json {
    static SCHEMA: LazyLock<Json> = LazyLock::new(|| {
        // A file that does not parse refuses everything; a test holds it to what the types say.
        serde_json::from_str(include_str!("../../../values-schemas/values.schema.min.json"))
            .unwrap_or(Json::Bool(false))
    });
    &SCHEMA
}

/// The schema: strict at every depth, null allowed wherever it may stand for "not set", defaults written in.
pub fn schema() -> Json {
    let mut schema = ordered();
    passes::drop_keywords(&mut schema, &[ORDER]);
    schema
}

/// [`schema`] as the text of `values-schemas/values.schema.json`.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// [`schema`] as the text of `values-schemas/values.schema.min.json`: what judges values, and nothing else.
pub fn minimal_text() -> String {
    let mut schema = schema();
    passes::drop_keywords(&mut schema, &["description", "default", "title", MEANINGS]);
    format!("{schema}\n")
}

/// The text of the exported chart's `values.schema.json`. Kubernetes' types have no descriptions in it, and `global`
/// takes any key, since a parent chart hands down its own.
pub fn chart_schema() -> String {
    let mut schema = schema();
    if let Some(definitions) = definitions(&mut schema) {
        for (name, definition) in definitions.iter_mut() {
            if name.starts_with(KUBERNETES) {
                passes::drop_keywords(definition, &["description"]);
            }
            if name == "Probe" {
                passes::drop_flattened_descriptions(definition);
            }
        }
        if let Some(Json::Object(global)) = definitions.get_mut("Global") {
            global.insert("additionalProperties".into(), Json::Bool(true));
        }
    }
    schema.to_string()
}

/// The schema in which each section still names the order of its keys.
pub(super) fn ordered() -> Json {
    let mut schema = root::<Values>();
    if let Some(definitions) = definitions(&mut schema) {
        for (name, definition) in definitions.iter_mut() {
            if name.starts_with(KUBERNETES) {
                passes::kubernetes(name, definition);
            } else {
                passes::own(definition);
                forms::apply(name, definition);
            }
        }
    }
    passes::own_root(&mut schema);
    forms::apply("Values", &mut schema);
    passes::order(&mut schema, &[root::<Pod>(), root::<PodMonitor>()]);
    passes::strict(&mut schema);
    forms::names(&mut schema);
    passes::prune(&mut schema);
    passes::defaults(&mut schema, &Json::Object(defaults()));
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".into(), "Values of chartwright".into());
    }
    schema
}

fn root<T: JsonSchema>() -> Json {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>().into()
}

fn definitions(schema: &mut Json) -> Option<&mut Map<String, Json>> {
    schema.get_mut("definitions").and_then(Json::as_object_mut)
}
