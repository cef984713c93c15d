//! The chart of this binary, complete: templates, defaults, schema, definitions and texts.

use super::{ChartFiles, Contents, chart, crd_files};

/// Why the chart could not be made; both mean a fault of this very build.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A template is not of the dialect.
    #[error(transparent)]
    Template(#[from] crate::render::TemplateError),
    /// A definition is no JSON.
    #[error("a custom resource definition cannot be written")]
    Definition(#[from] serde_json::Error),
}

/// The whole chart. `values` are the defaults it ships: the commented ones, or changed by the exporter.
pub fn bundle(values: &str) -> Result<ChartFiles, BundleError> {
    Ok(chart(&Contents {
        values: values.into(),
        schema: crate::values::schema::chart_schema(),
        crds: crd_files()?,
        readme: readme(),
        license: include_str!("../../LICENSE").into(),
        annotations: vec![
            ("artifacthub.io/license".into(), env!("CARGO_PKG_LICENSE").into()),
            ("artifacthub.io/category".into(), "integration-delivery".into()),
        ],
    })?)
}

fn readme() -> String {
    format!(
        "# chartwright\n\nwasmCloud on Kubernetes: operator, hosts and NATS. Made by `chartwright chart export`; the \
         same values render with `chartwright render`.\n\n{}",
        crate::values::reference::markdown()
    )
}
