//! Images that go into the nodes before the release that needs them.

use anyhow::anyhow;
use clap::Args;
use serde_json::{Map, Value};

use super::super::image::{To, into_nodes};
use crate::render::Release;

/// What goes ahead.
#[derive(Args, Clone, Debug)]
pub(super) struct AheadArgs {
    /// Load the images that are at hand into the nodes first, as `image load` does: ours is made here, others are pulled. Without a
    /// word, by the first of k3s, kind, minikube and ctr that is on PATH
    #[arg(long, value_name = "WHAT", value_enum, num_args = 0..=1, require_equals = true, help_heading = "Images")]
    #[expect(clippy::option_option, reason = "not given, without a word and with one are three things")]
    load_images: Option<Option<To>>,
    /// Name of the cluster, for kind and minikube
    #[arg(long, value_name = "NAME", requires = "load_images", help_heading = "Images")]
    load_into: Option<String>,
}

impl AheadArgs {
    /// Loads them, if that was asked for.
    pub(super) fn load(&self, values: &Map<String, Value>, release: &Release) -> anyhow::Result<()> {
        let Some(to) = self.load_images else { return Ok(()) };
        let cluster = self.load_into.as_deref();
        // Registries are asked by a runtime of their own, and a thread has but one.
        let loading = || into_nodes(to, cluster, values, release);
        std::thread::scope(|scope| scope.spawn(loading).join()).map_err(|_| anyhow!("the images were not loaded"))?
    }
}
