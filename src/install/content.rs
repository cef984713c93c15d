//! What a revision brings: objects, hooks, definitions, and the chart and values they were made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::export;
use crate::release::{HookRecord, HookRun, Info, Record};
use crate::render::{Object, Release, Rendered, to_yaml};

use super::{InstallError, manifest};

/// A hook: its record, and its object.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) record: HookRecord,
    pub(super) object: Object,
}

/// All of a revision that does not depend on the cluster.
#[derive(Clone, Debug)]
pub struct Content {
    pub(super) release: Release,
    pub(super) objects: Vec<Object>,
    pub(super) hooks: Vec<Hook>,
    pub(super) crds: Vec<Object>,
    chart: Value,
    config: Map<String, Value>,
    manifest: String,
    notes: String,
}

impl Content {
    /// Of values, freshly rendered. `config` is what the user supplied, `defaults` what it was laid over.
    pub fn rendered(
        release: &Release,
        rendered: Rendered,
        crds: Vec<Object>,
        config: Map<String, Value>,
        defaults: &Map<String, Value>,
        notes: String,
    ) -> Result<Self, InstallError> {
        let manifest = manifest::write(&rendered.objects);
        let mut hooks: Vec<Hook> = rendered.hooks.into_iter().map(hook).collect();
        hooks.sort_by(|a, b| (a.record.weight, &a.record.name).cmp(&(b.record.weight, &b.record.name)));
        Ok(Self {
            release: release.clone(),
            objects: rendered.objects,
            hooks,
            crds,
            chart: chart(defaults)?,
            config,
            manifest,
            notes,
        })
    }

    /// Of an old record, as a rollback brings it back. Definitions stay as they are.
    pub fn recorded(record: &Record) -> Result<Self, InstallError> {
        let whose = format!("revision {} of {}", record.version, record.name);
        let mut objects = manifest::read(&record.manifest, &whose)?;
        crate::render::sort_for_install(&mut objects);
        let mut hooks = Vec::new();
        for one in &record.hooks {
            let mut read = manifest::read(&one.manifest, &format!("the hook {} of {whose}", one.name))?;
            if let Some(object) = read.pop() {
                hooks.push(Hook { record: HookRecord { last_run: HookRun::default(), ..one.clone() }, object });
            }
        }
        Ok(Self {
            release: Release { name: record.name.clone(), namespace: record.namespace.clone() },
            objects,
            hooks,
            crds: Vec::new(),
            chart: record.chart.clone(),
            config: record.config.clone(),
            manifest: record.manifest.clone(),
            notes: record.info.notes.clone(),
        })
    }

    /// What is printed when it is in force.
    pub fn notes(&self) -> &str {
        &self.notes
    }

    /// Its record as that revision.
    pub(super) fn record(&self, version: u32, info: Info) -> Record {
        Record {
            name: self.release.name.clone(),
            namespace: self.release.namespace.clone(),
            version,
            info: Info { notes: self.notes.clone(), ..info },
            chart: self.chart.clone(),
            config: self.config.clone(),
            manifest: self.manifest.clone(),
            hooks: self.hooks.iter().map(|hook| hook.record.clone()).collect(),
            apply_method: Some("ssa".into()),
            rest: Map::new(),
        }
    }
}

fn hook(object: Object) -> Hook {
    let annotations = &object.value["metadata"]["annotations"];
    let read = |key: &str| annotations.get(key).and_then(Value::as_str).unwrap_or_default();
    let list =
        |key: &str| read(key).split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let record = HookRecord {
        name: object.name.clone(),
        kind: object.kind.clone(),
        path: manifest::path(&object),
        manifest: to_yaml(&object.value),
        events: list("helm.sh/hook"),
        weight: read("helm.sh/hook-weight").parse().unwrap_or_default(),
        delete_policies: list("helm.sh/hook-delete-policy"),
        ..HookRecord::default()
    };
    Hook { record, object }
}

/// The whole exported chart as a record holds it, so that `helm upgrade --reuse-values` and `helm rollback` render it again.
fn chart(defaults: &Map<String, Value>) -> Result<Value, InstallError> {
    let chart = export::bundle("").map_err(|err| InstallError::Chart(err.to_string()))?;
    let (mut templates, mut files, mut schema) = (Vec::new(), Vec::new(), Value::Null);
    for file in &chart.files {
        let data = Value::String(STANDARD.encode(&file.content));
        match file.path.as_str() {
            "Chart.yaml" | "values.yaml" | ".helmignore" => {}
            "values.schema.json" => schema = data,
            path if path.starts_with("templates/") => templates.push(json!({ "name": path, "data": data })),
            path => files.push(json!({ "name": path, "data": data })),
        }
    }
    Ok(json!({
        "metadata": chart.metadata, "lock": null, "templates": templates, "values": defaults, "schema": schema, "files": files,
    }))
}
