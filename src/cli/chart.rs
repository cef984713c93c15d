//! `chartwright chart`: the same templates as a genuine Helm chart.

use std::path::Path;

use anyhow::bail;
use clap::{Args, Subcommand, ValueHint};

use super::registry::{Lines, RegistryArgs};
use super::settings::epoch;
use super::{Outcome, output};
use crate::export::{self, ChartFiles};

/// Export, package or push the Helm chart
///
/// The chart holds the same templates, defaults, schema and rules: what `render` makes of values, `helm template`
/// makes too.
#[derive(Args, Debug)]
pub(super) struct ChartArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Export(ExportArgs),
    Package(PackageArgs),
    Push(PushArgs),
}

/// Which registry the chart's images come from: it becomes the default of `global.image.registry`.
#[derive(Args, Debug)]
struct ImageArgs {
    /// Registry that holds our image (and the mirrored others); without one, nodes must have the image already
    #[arg(long, value_name = "REGISTRY")]
    image_registry: Option<String>,
}

/// Write the chart as a folder
#[derive(Args, Debug)]
struct ExportArgs {
    /// The folder; made when missing, and `DIR` becomes the chart itself
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    folder: String,
    #[command(flatten)]
    image: ImageArgs,
    /// Replaces what is in the folder
    #[arg(long)]
    force: bool,
}

/// Write the chart as a package, the same bytes each time
#[derive(Args, Debug)]
struct PackageArgs {
    /// Folder for `chartwright-VERSION.tgz`
    #[arg(long, short = 'd', value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    destination: String,
    #[command(flatten)]
    image: ImageArgs,
    /// An OCI image layout in place of the package
    #[arg(long)]
    oci_layout: bool,
}

/// Push the chart to an OCI registry
#[derive(Args, Debug)]
struct PushArgs {
    /// Repository without the chart's name, such as `oci://registry.example/charts`
    #[arg(value_name = "OCI-URL", value_hint = ValueHint::Url)]
    target: String,
    #[command(flatten)]
    image: ImageArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

impl ChartArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        match self.verb {
            Verb::Export(args) => args.run(),
            Verb::Package(args) => args.run(),
            Verb::Push(args) => args.run(),
        }
    }
}

impl ImageArgs {
    fn chart(&self) -> anyhow::Result<ChartFiles> {
        let values = match &self.image_registry {
            Some(registry) => with_registry(crate::values::DEFAULTS, registry)?,
            None => {
                output::say(
                    "note: the chart's own image has no registry: its nodes must have it already, or set \
                     `global.image.registry`\n      (`--image-registry registry.example` makes one the default)",
                );
                crate::values::DEFAULTS.to_owned()
            }
        };
        Ok(export::bundle(&values)?)
    }
}

/// The defaults with another `global.image.registry`; comments stay.
fn with_registry(values: &str, registry: &str) -> anyhow::Result<String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '/' | '_' | '[' | ']');
    if registry.is_empty() || !registry.chars().all(fine) {
        bail!("`--image-registry {registry}`: write a host and perhaps a path, such as `registry.example:5000/mirror`");
    }
    let (mut inside, mut done) = (false, false);
    let lines: Vec<String> = values
        .lines()
        .map(|line| {
            if !line.starts_with([' ', '#']) && !line.is_empty() {
                inside = line.starts_with("global:");
            }
            let trimmed = line.trim_start();
            if inside && !done && trimmed.starts_with("registry:") {
                done = true;
                format!("{}registry: \"{registry}\"", &line[..line.len() - trimmed.len()])
            } else {
                line.to_owned()
            }
        })
        .collect();
    if !done {
        bail!("the defaults have no `global.image.registry`");
    }
    Ok(lines.join("\n") + "\n")
}

impl ExportArgs {
    fn run(self) -> anyhow::Result<Outcome> {
        let folder = Path::new(&self.folder);
        if !self.force && folder.is_dir() && fs_err::read_dir(folder)?.next().is_some() {
            bail!("{} is not empty; `--force` replaces what is there", self.folder);
        }
        let chart = self.image.chart()?;
        if self.force && folder.join("templates").is_dir() {
            fs_err::remove_dir_all(folder.join("templates"))?;
        }
        export::write_folder(&chart, folder)?;
        output::say(&format!("chart {} {} in {}", chart.name, chart.version, self.folder));
        Ok(Outcome::Done)
    }
}

impl PackageArgs {
    fn run(self) -> anyhow::Result<Outcome> {
        let chart = self.image.chart()?;
        let folder = Path::new(&self.destination);
        fs_err::create_dir_all(folder)?;
        let epoch = epoch()?;
        let path = if self.oci_layout {
            let path = folder.join(format!("{}-{}.oci", chart.name, chart.version));
            export::write_layout(&export::artifact(&chart, epoch)?, &path)?;
            path
        } else {
            let path = folder.join(export::package_name(&chart));
            fs_err::write(&path, export::package(&chart, epoch)?)?;
            path
        };
        output::product(&format!("{}\n", path.display()))?;
        Ok(Outcome::Done)
    }
}

impl PushArgs {
    fn run(self) -> anyhow::Result<Outcome> {
        let artifact = export::artifact(&self.image.chart()?, epoch()?)?;
        let tag = artifact.tag.as_str();
        let reference = export::chart_reference(&self.target, crate::render::CHART.name, tag)?;
        let access = self.registry.access(Some(&reference), [])?;
        output::say(&format!("pushing {reference}"));
        let pushed = match export::push(&artifact, &reference, access, Lines::new()) {
            Ok(pushed) => pushed,
            Err(err) => return Ok(output::tried(&err.into())),
        };
        output::product(&format!("{}@{}\n", pushed.reference, pushed.digest))?;
        Ok(Outcome::Done)
    }
}
