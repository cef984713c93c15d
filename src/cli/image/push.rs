//! `chartwright image push`: images into a registry.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::bail;
use clap::{Args, ValueHint};

use super::source::{Given, SourceArgs, bring, read};
use crate::cli::registry::{Lines, RegistryArgs};
use crate::cli::settings::{ReleaseArgs, ValuesArgs};
use crate::cli::{Outcome, output};
use crate::image::{
    Platform,
    needs::User,
    push,
    wanted::{Wanted, below, renamed},
};
use crate::oci::{Session, registry_of};

/// Push images to a registry: our own, or all that values need
///
/// Each goes below `--to` under the name that values with `global.image.registry` set to it have. Blobs that are there
/// are not sent again; other images come from where they are published, each blob compared with its digest.
#[derive(Args, Debug)]
pub(super) struct PushArgs {
    /// Registry and perhaps a path, such as `registry.example/mirror`
    #[arg(long, value_name = "REGISTRY", value_hint = ValueHint::Url)]
    to: String,
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    registry: RegistryArgs,
}

impl PushArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let to = self.to.strip_prefix("oci://").unwrap_or(&self.to).trim_end_matches('/');
        let host = to.split('/').next().unwrap_or_default();
        // Without a dot, a port or this name, Docker's rule takes it for a folder at Docker Hub.
        let is_host = host.contains(['.', ':']) || host == "localhost";
        let probe = format!("{to}/name:tag");
        if to.is_empty() || to.contains("://") || !is_host || registry_of(&probe).is_err() {
            bail!(
                "`--to {}` is no place in a registry: write a host and perhaps a path, such as `registry.example/mirror`",
                self.to
            );
        }
        let given = if self.values.is_given() {
            let Some(given) = read(&self.values, &self.release)? else { return Ok(Outcome::No) };
            Some(given)
        } else {
            None
        };
        let wanted = given.as_ref().map(|given| given.wanted(&self.source)).transpose()?;
        let origins = wanted.iter().flatten().map(|wanted| wanted.origin.as_str());
        let access = self.registry.access(Some(&probe), origins)?;
        let session = Session::new(access, Lines::new())?;
        let mut gather = self.source.gather(&session, &Platform::ALL)?;
        let wanted = wanted.unwrap_or_else(|| gather.all());
        let images = bring(&mut gather, &wanted, &self.source.payload.platforms(&Platform::ALL))?;
        let targets = targets(given.as_ref(), &wanted, to)?;
        for ((image, wanted), target) in images.iter().zip(&wanted).zip(&targets) {
            output::say(&format!("{} to {}", wanted.name, target.name));
            match push::push(&session, image, &target.name) {
                Ok(pushed) => output::product(&format!("{}\n", line(&pushed)))?,
                Err(err) => return Ok(output::tried(&err.into())),
            }
        }
        say_values(given.as_ref(), &wanted, &targets, to);
        Ok(Outcome::Done)
    }
}

fn line(pushed: &push::Pushed) -> String {
    if pushed.reference.contains('@') {
        pushed.reference.clone()
    } else {
        format!("{}@{}", pushed.reference, pushed.digest)
    }
}

/// Where an image goes.
struct Target {
    name: String,
    /// Whether the values name it where no mirror reaches.
    literal: bool,
}

fn targets(given: Option<&Given>, wanted: &[Wanted], to: &str) -> anyhow::Result<Vec<Target>> {
    let renamed: BTreeMap<User, String> = match given {
        Some(given) => renamed(&given.values, &given.release, to)?,
        None => BTreeMap::new(),
    };
    let inside = |name: &str| name.strip_prefix(to).is_some_and(|rest| rest.starts_with('/'));
    Ok(wanted
        .iter()
        .map(|wanted| {
            let name = wanted.users.iter().find_map(|user| renamed.get(user)).filter(|name| inside(name));
            match name {
                Some(name) => Target { name: name.clone(), literal: false },
                None => Target { name: below(to, &wanted.name), literal: given.is_some() },
            }
        })
        .collect())
}

/// What to write into the values, so that nodes pull from there.
fn say_values(given: Option<&Given>, wanted: &[Wanted], targets: &[Target], to: &str) {
    let set =
        given.and_then(|given| given.values.get("global")).is_some_and(|global| global["image"]["registry"] == to);
    if !set {
        output::say(&format!("values for it: `global.image.registry: \"{to}\"`"));
    }
    for (wanted, target) in wanted.iter().zip(targets).filter(|(_, target)| target.literal) {
        let users: BTreeSet<String> =
            wanted.users.iter().map(|user| format!("{} {} ({})", user.kind, user.name, user.part)).collect();
        let users: Vec<String> = users.into_iter().collect();
        output::say(&format!(
            "note: {} is named in full by {}: no mirror reaches it, write `{}` there",
            wanted.name,
            users.join(", "),
            target.name
        ));
    }
}
