//! `chartwright render`: values to manifests.

use anyhow::{Context, bail};
use clap::{Args, ValueHint};

use super::settings::{ReleaseArgs, ValuesArgs};
use super::{Outcome, findings, output, show_origin, summary};
use crate::render::{self, Object};

/// Render manifests for `kubectl apply -f -`
///
/// stdout is a YAML stream of all objects in install order, and nothing else; findings go to stderr. Values with
/// errors render nothing.
#[derive(Args, Debug)]
pub(super) struct RenderArgs {
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
    /// Version of the cluster, such as `1.33`: refused when the chart is not made for it
    #[arg(long, value_name = "VERSION", help_heading = "Cluster")]
    kube_version: Option<String>,
    /// APIs the cluster has beside its own, such as `monitoring.coreos.com/v1`
    #[arg(long, value_name = "GROUP/VERSION", value_delimiter = ',', help_heading = "Cluster")]
    api_versions: Vec<String>,
    /// The custom resource definitions too, before all else
    #[arg(long, help_heading = "Output")]
    include_crds: bool,
    /// Hook objects too; piped into kubectl, a pre-delete hook would run
    #[arg(long, help_heading = "Output")]
    with_hooks: bool,
    /// Only these objects: `Kind` or `Kind/name`, `*` for any text
    #[arg(long, value_name = "KIND/NAME", value_delimiter = ',', help_heading = "Output")]
    only: Vec<String>,
    /// One file an object, in this folder
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    output_dir: Option<String>,
    /// Objects, sums of requests and limits, and images, in place of manifests
    #[arg(long, help_heading = "Output", conflicts_with = "output_dir")]
    summary: bool,
    /// Which file, flag, profile or default each value comes from, in place of manifests
    #[arg(long, help_heading = "Output", conflicts_with_all = ["output_dir", "summary"])]
    show_origin: bool,
}

impl RenderArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let release = self.release.release()?;
        if let Some(version) = &self.kube_version {
            check_kube_version(version)?;
        }
        let Some((loaded, sources)) = findings::accepted(&self.values, &release, &self.api_versions)? else {
            return Ok(Outcome::No);
        };
        if self.show_origin {
            output::product(&show_origin::table(&loaded.coalesced, &sources, &loaded.secrets()))?;
            return Ok(Outcome::Done);
        }
        let values = loaded.coalesced.root.to_json();
        let values = values.as_object().context("values are a map")?;
        let rendered = render::render(values, &release, &self.api_versions)?;
        let mut objects = rendered.objects;
        if self.with_hooks {
            objects.extend(rendered.hooks);
            render::sort_for_install(&mut objects);
        }
        if self.include_crds {
            objects.splice(0..0, crate::export::crds(values)?);
        }
        if !self.only.is_empty() {
            objects = select(objects, &self.only)?;
        }
        if self.summary {
            output::product(&summary::text(&objects, &release))?;
        } else if let Some(folder) = &self.output_dir {
            write_folder(&objects, folder)?;
        } else {
            output::product(&render::to_stream(&objects))?;
        }
        Ok(Outcome::Done)
    }
}

/// Oldest Kubernetes that the chart is made for, as `Chart.yaml` says it.
pub(super) fn check_kube_version(text: &str) -> anyhow::Result<()> {
    let plain = text.trim_start_matches('v');
    let padded = if plain.matches('.').count() == 1 { format!("{plain}.0") } else { plain.into() };
    let version = semver::Version::parse(&padded)
        .with_context(|| format!("`{text}` is no version of Kubernetes; write one such as `1.33` or `v1.33.2`"))?;
    if (version.major, version.minor) < crate::export::OLDEST_KUBERNETES {
        let (major, minor) = crate::export::OLDEST_KUBERNETES;
        bail!("the chart needs Kubernetes {major}.{minor} or newer, this is {version}");
    }
    Ok(())
}

fn select(objects: Vec<Object>, only: &[String]) -> anyhow::Result<Vec<Object>> {
    let mut patterns = Vec::new();
    for wanted in only {
        let (kind, name) = wanted.split_once('/').unwrap_or((wanted, "*"));
        let compile = |text: &str| {
            glob::Pattern::new(&text.to_lowercase()).with_context(|| format!("`{wanted}` is no `Kind/name`"))
        };
        patterns.push((compile(kind)?, compile(name)?, wanted));
    }
    for (kind, name, wanted) in &patterns {
        let matches = |object: &Object| kind.matches(&object.kind.to_lowercase()) && name.matches(&object.name);
        if !objects.iter().any(matches) {
            let mut known: Vec<String> =
                objects.iter().map(|object| format!("{}/{}", object.kind, object.name)).collect();
            known.sort();
            bail!("`--only {wanted}` matches no object; there are {}", known.join(", "));
        }
    }
    Ok(objects
        .into_iter()
        .filter(|object| {
            patterns
                .iter()
                .any(|(kind, name, _)| kind.matches(&object.kind.to_lowercase()) && name.matches(&object.name))
        })
        .collect())
}

fn write_folder(objects: &[Object], folder: &str) -> anyhow::Result<()> {
    fs_err::create_dir_all(folder)?;
    for object in objects {
        let namespace = object.namespace.as_deref().map(|namespace| format!("{namespace}.")).unwrap_or_default();
        let name = format!("{namespace}{}.{}.yaml", object.kind.to_lowercase(), object.name.replace(['/', ':'], "-"));
        fs_err::write(std::path::Path::new(folder).join(name), render::to_yaml(&object.value))?;
    }
    output::say(&format!("{} objects in {folder}", objects.len()));
    Ok(())
}
