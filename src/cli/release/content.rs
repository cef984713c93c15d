//! What an install or upgrade brings: values judged and rendered for the cluster as it is.

use anyhow::Context as _;
use serde_json::{Map, Value};

use super::super::findings;
use super::super::settings::{Stored, ValuesArgs};
use crate::cluster::{Client, Served};
use crate::install::Content;
use crate::release::{Revision, Status};
use crate::render::{self, Release};

/// The content; none when the values have errors, which were shown.
pub(super) async fn content(
    client: &Client,
    values: &ValuesArgs,
    release: &Release,
) -> anyhow::Result<Option<Content>> {
    Ok(content_and_values(client, values, release).await?.map(|(content, _)| content))
}

/// The same, with all values that it was made of.
pub(super) async fn content_and_values(
    client: &Client,
    values: &ValuesArgs,
    release: &Release,
) -> anyhow::Result<Option<(Content, Map<String, Value>)>> {
    let served = Served::ask(client).await?;
    super::super::render::check_kube_version(&served.version)?;
    let Some((loaded, _)) = findings::accepted(values, release, &served.api_versions)? else { return Ok(None) };
    let root = loaded.coalesced.root.to_json();
    let root = root.as_object().context("values are a map")?;
    let user = loaded.coalesced.user.to_json().as_object().cloned().unwrap_or_default();
    let rendered = render::render(root, release, &served.api_versions)?;
    let notes = render::Engine::builtin()?.notes(root, release, &served.api_versions)?;
    let crds = crate::export::crds(root)?;
    let content = Content::rendered(release, rendered, crds, user, &crate::values::defaults(), notes)?;
    Ok(Some((content, root.clone())))
}

/// Lays the values of the release under those that are given: of the revision that is deployed, as Helm has it, and of the last one
/// where none is. What failed or was interrupted is nothing to go on from.
pub(super) fn lay_stored(values: &mut ValuesArgs, revisions: &[Revision]) {
    let deployed = revisions.iter().rev().find(|one| one.record.info.status == Status::Deployed);
    let Some(last) = deployed.or(revisions.last()) else { return };
    if !last.record.config.is_empty() {
        values.stored = Some(Stored {
            name: format!("values of revision {}", last.record.version),
            text: render::to_yaml(&last.record.config.clone().into()),
        });
    }
}
