//! The chart as a list of files.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::{File, translate};
use crate::render::{CHART, Engine, TemplateError, to_yaml};

/// The oldest Kubernetes that the chart installs on.
pub const KUBE_VERSION: &str = ">=1.29.0-0";

const DESCRIPTION: &str = "wasmCloud on Kubernetes: operator, hosts and NATS";
const HELMIGNORE: &str = ".DS_Store\n.git/\n.gitignore\n*.bak\n*.orig\n*.swp\n*.tmp\n*~\n.idea/\n.vscode/\n";

/// What the chart holds besides its templates; the texts come from the rooms that own them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The commented defaults.
    pub values: String,
    /// The JSON Schema of the values.
    pub schema: String,
    /// Custom resource definitions: file name below `crds/` and text.
    pub crds: Vec<(String, String)>,
    /// What `helm show readme` shows.
    pub readme: String,
    /// The licence's text.
    pub license: String,
    /// More annotations for `Chart.yaml`.
    pub annotations: Vec<(String, String)>,
}

/// A whole chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartFiles {
    /// The name; its folder is called so.
    pub name: String,
    /// The version.
    pub version: String,
    /// `Chart.yaml` as JSON; the config of the OCI artifact.
    pub metadata: Map<String, Value>,
    /// All files, sorted by path.
    pub files: Vec<File>,
}

/// Builds the chart from the templates of this binary.
pub fn chart(contents: &Contents) -> Result<ChartFiles, TemplateError> {
    chart_of(Engine::builtin()?, contents)
}

/// Builds the chart from checked templates.
pub fn chart_of(engine: &Engine<'_>, contents: &Contents) -> Result<ChartFiles, TemplateError> {
    let metadata = metadata(&contents.annotations);
    let mut files = translate(engine)?;
    files.push(File::text("Chart.yaml", &chart_yaml(&metadata)));
    files.push(File::text("values.yaml", &contents.values));
    files.push(File::text("values.schema.json", &contents.schema));
    files.push(File::text(".helmignore", HELMIGNORE));
    files.push(File::text("README.md", &contents.readme));
    files.push(File::text("LICENSE", &contents.license));
    files.extend(contents.crds.iter().map(|(name, text)| File::text(format!("crds/{name}"), text)));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(ChartFiles { name: CHART.name.into(), version: CHART.version.into(), metadata, files })
}

fn metadata(annotations: &[(String, String)]) -> Map<String, Value> {
    let mut metadata = Map::new();
    for (key, value) in [
        ("apiVersion", "v2"),
        ("name", CHART.name),
        ("version", CHART.version),
        ("appVersion", CHART.app_version),
        ("kubeVersion", KUBE_VERSION),
        ("type", "application"),
        ("description", DESCRIPTION),
        ("home", env!("CARGO_PKG_REPOSITORY")),
    ] {
        metadata.insert(key.into(), value.into());
    }
    metadata.insert("keywords".into(), json!(["wasmcloud", "webassembly", "nats"]));
    let mut all: Map<String, Value> = Map::new();
    all.insert("artifacthub.io/license".into(), env!("CARGO_PKG_LICENSE").into());
    all.extend(annotations.iter().map(|(key, value)| (key.clone(), value.as_str().into())));
    metadata.insert("annotations".into(), all.into());
    metadata
}

/// The order people expect: what it is first.
fn chart_yaml(metadata: &Map<String, Value>) -> String {
    let first = ["apiVersion", "name", "version", "appVersion", "kubeVersion", "type", "description"];
    let rest = metadata.keys().map(String::as_str).filter(|key| !first.contains(key));
    let mut out = String::new();
    for key in first.into_iter().chain(rest) {
        if let Some(value) = metadata.get(key) {
            let one: Map<String, Value> = [(key.to_owned(), value.clone())].into_iter().collect();
            let _ = out.write_str(&to_yaml(&one.into()));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_says_what_it_is() {
        let engine = Engine::compile(&[]).unwrap();
        let chart = chart_of(&engine, &Contents::default()).unwrap();
        let text = chart.files.iter().find(|file| file.path == "Chart.yaml").unwrap();
        let text = String::from_utf8(text.content.clone()).unwrap();
        assert!(text.starts_with("apiVersion: v2\nname: chartwright\nversion: \"0.1.0\"\n"), "{text}");
        assert!(text.contains("kubeVersion: \">=1.29.0-0\"\n"), "{text}");
    }
}
