//! `chartwright image list`: every image that values need.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::source::{PayloadArgs, read};
use crate::cli::settings::{ReleaseArgs, ValuesArgs, epoch};
use crate::cli::{Outcome, output};
use crate::image::{
    ImageError, Platform, make,
    needs::User,
    own_name,
    wanted::{Wanted, is_own, wanted},
};
use crate::oci::Reference;

/// List every image that values need, NATS's and those of hooks and plugins too
///
/// Found in what is rendered, so that nothing is missed. Digests are shown where the values have them; that of our own
/// image with `--digest`, which makes the image to know it.
#[derive(Args, Debug)]
pub(super) struct ListArgs {
    #[command(flatten)]
    values: ValuesArgs,
    #[command(flatten)]
    release: ReleaseArgs,
    #[command(flatten)]
    payload: PayloadArgs,
    /// Which objects need each image, and what in them
    #[arg(long, help_heading = "Output")]
    why: bool,
    /// The digest of our own image, made of the payloads at hand
    #[arg(long, help_heading = "Output")]
    digest: bool,
    /// How to write it
    #[arg(long, value_enum, default_value = "text", help_heading = "Output")]
    format: ListFormat,
}

/// The forms of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ListFormat {
    /// A line an image
    Text,
    /// Everything there is to say
    Json,
}

impl ListArgs {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let Some(given) = read(&self.values, &self.release)? else { return Ok(Outcome::No) };
        let all = wanted(&given.values, &given.release)?;
        let own = if self.digest && all.iter().any(|wanted| is_own(&wanted.name)) { Some(self.own()?) } else { None };
        let namespace = given.release.namespace.as_str();
        let text = match self.format {
            ListFormat::Text => all.iter().map(|wanted| self.line(wanted, own.as_deref(), namespace)).collect(),
            ListFormat::Json => {
                let images: Vec<_> = all.iter().map(|wanted| entry(wanted, own.as_deref(), namespace)).collect();
                serde_json::to_string_pretty(&json!({"images": images}))? + "\n"
            }
        };
        output::product(&text)?;
        Ok(Outcome::Done)
    }

    /// The digest of our image.
    fn own(&self) -> anyhow::Result<String> {
        let search = self.payload.search();
        let platforms = self.payload.platforms(&Platform::ALL);
        let payloads: Result<Vec<_>, ImageError> =
            platforms.into_iter().map(|platform| search.find(platform)).collect();
        Ok(make(&own_name(), &payloads?, epoch()?)?.top.digest)
    }

    fn line(&self, wanted: &Wanted, own: Option<&str>, namespace: &str) -> String {
        let mut text = wanted.name.clone();
        if let Some(digest) = digest(wanted, own).filter(|digest| !wanted.name.ends_with(digest.as_str())) {
            let _ = write!(text, "@{digest}");
        }
        text.push('\n');
        if self.why {
            for User { kind, namespace: own, name, part, hook, .. } in &wanted.users {
                let place = own.as_deref().unwrap_or(namespace);
                let hook = if *hook { " (hook)" } else { "" };
                let _ = writeln!(text, "  {kind} {place}/{name}{hook}: {part}");
            }
        }
        text
    }
}

/// The digest that is known: the values', or ours.
fn digest(wanted: &Wanted, own: Option<&str>) -> Option<String> {
    let pinned = wanted.name.parse::<Reference>().ok().and_then(|name| name.digest().map(str::to_owned));
    pinned.or_else(|| own.filter(|_| wanted.is_own(own)).map(str::to_owned))
}

fn entry(wanted: &Wanted, own: Option<&str>, namespace: &str) -> serde_json::Value {
    let users: Vec<_> = wanted
        .users
        .iter()
        .map(|user| {
            json!({
                "kind": user.kind,
                "namespace": user.namespace.as_deref().unwrap_or(namespace),
                "name": user.name,
                "part": user.part,
                "hook": user.hook,
            })
        })
        .collect();
    json!({
        "image": wanted.name,
        "origin": wanted.origin,
        "digest": digest(wanted, own),
        "own": wanted.is_own(own),
        "usedBy": users,
    })
}
