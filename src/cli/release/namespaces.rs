//! Namespaces that an install makes.

use std::collections::BTreeMap;

use clap::Args;

/// Namespaces
#[derive(Args, Debug)]
pub(super) struct NamespaceArgs {
    /// Make namespaces of the release that are missing
    #[arg(long, help_heading = "Release")]
    create_namespace: bool,
    /// A label of those that are made, such as `pod-security.kubernetes.io/enforce=restricted`
    #[arg(long, value_name = "KEY=VALUE", value_parser = label, requires = "create_namespace", help_heading = "Release")]
    namespace_label: Vec<(String, String)>,
}

impl NamespaceArgs {
    /// The labels of namespaces to be made; none: none is made.
    pub(super) fn labels(&self) -> Option<BTreeMap<String, String>> {
        self.create_namespace.then(|| self.namespace_label.iter().cloned().collect())
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}
