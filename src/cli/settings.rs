//! What the verbs have in common: values from files, flags and profiles, and the release they are for.

use std::io::Read;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum, ValueHint};

use crate::diagnostics::Diagnostic;
use crate::oci::Epoch;
use crate::render::Release;
use crate::source::{
    self, Coalesced, Comment, Flag, FlagKind, Layers, Node, Origin, Parsed, Rename, SourceId, SourceKind, Sources,
    Value,
};
use crate::values::profiles::Profile;
use crate::values::renames;

/// Where values come from.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Values")]
pub(crate) struct ValuesArgs {
    /// A values file; `-` reads standard input. Later files win
    #[arg(short = 'f', long = "values", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<String>,
    /// Small values files of ours, under all of yours
    #[arg(long = "profile", value_name = "NAME", value_enum)]
    pub(crate) profiles: Vec<Profile>,
    /// Sets values, in Helm's grammar: `a.b=c,d[0]=e`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Sets values that are text whatever they look like
    #[arg(long = "set-string", value_name = "KEY=TEXT")]
    pub(crate) set_string: Vec<String>,
    /// Sets values written in JSON
    #[arg(long = "set-json", value_name = "KEY=JSON")]
    pub(crate) set_json: Vec<String>,
    /// Sets values to the contents of files
    #[arg(long = "set-file", value_name = "KEY=PATH")]
    pub(crate) set_file: Vec<String>,
    /// Sets one value to everything behind the first `=`
    #[arg(long = "set-literal", value_name = "KEY=TEXT")]
    pub(crate) set_literal: Vec<String>,
    /// Values of a release as it is, under all others.
    #[arg(skip)]
    pub(crate) stored: Option<Stored>,
}

/// Values that a release was made with.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// What findings call them.
    pub(crate) name: String,
    /// As YAML.
    pub(crate) text: String,
}

impl ValuesArgs {
    /// Whether anything was said of values.
    pub(crate) fn is_given(&self) -> bool {
        let Self { files, profiles, set, set_string, set_json, set_file, set_literal, stored: _ } = self;
        !profiles.is_empty()
            || [files, set, set_string, set_json, set_file, set_literal].iter().any(|given| !given.is_empty())
    }
}

/// Times in archives: `SOURCE_DATE_EPOCH`, or the beginning of time.
pub(crate) fn epoch() -> anyhow::Result<Epoch> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => Ok(Epoch(text.parse().with_context(|| format!("SOURCE_DATE_EPOCH is `{text}`, not seconds"))?)),
        Err(_) => Ok(Epoch(0)),
    }
}

/// The release that is rendered.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Release")]
pub(crate) struct ReleaseArgs {
    /// Name of the release
    #[arg(long = "release", value_name = "NAME", default_value = "wasmcloud", env = "CHARTWRIGHT_RELEASE")]
    pub(crate) name: String,
    /// Namespace of the release
    #[arg(short = 'n', long, value_name = "NAMESPACE", default_value = "default", env = "CHARTWRIGHT_NAMESPACE")]
    pub(crate) namespace: String,
}

impl ReleaseArgs {
    /// Checked as Helm does: a DNS name of at most 53 characters.
    pub(crate) fn release(&self) -> anyhow::Result<Release> {
        if !is_dns(&self.name) || self.name.len() > 53 {
            bail!(
                "`{}` cannot name a release: lower-case letters, digits, `-` and `.`, at most 53 characters",
                self.name
            );
        }
        if !is_dns(&self.namespace) || self.namespace.len() > 63 || self.namespace.contains('.') {
            bail!(
                "`{}` cannot name a namespace: lower-case letters, digits and `-`, at most 63 characters",
                self.namespace
            );
        }
        Ok(Release { name: self.name.clone(), namespace: self.namespace.clone() })
    }
}

fn is_dns(text: &str) -> bool {
    let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.chars().all(|c| inside(c) || c == '-' || c == '.') && text.starts_with(inside) && text.ends_with(inside)
}

/// How much is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Only what is refused
    Error,
    /// Also what probably does not work as meant
    Warning,
    /// Any finding at all
    Info,
    /// Nothing: findings are only shown
    Never,
}

/// Values as the layers make them, and what was wrong on the way.
pub(crate) struct Loaded {
    pub(crate) coalesced: Coalesced,
    pub(crate) comments: Vec<Comment>,
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) files: Vec<String>,
    /// Files in which nothing stands.
    pub(crate) empty: Vec<SourceId>,
}

impl Loaded {
    /// Places of texts that must never be shown: whatever stands under `auth` and in Secrets among `extraObjects`.
    pub(crate) fn secrets(&self) -> Vec<Origin> {
        secrets_of(&self.coalesced.user)
    }
}

/// Places of texts in a tree that must never be shown.
pub(crate) fn secrets_of(node: &Node) -> Vec<Origin> {
    let mut found = Vec::new();
    secret_places(node, false, &mut found);
    found
}

/// Reads everything and lays it in order; `last` is a file read already, over those of `-f`.
pub(crate) fn load(args: &ValuesArgs, sources: &mut Sources, last: Option<SourceId>) -> anyhow::Result<Loaded> {
    let known = Known { defaults: crate::values::defaults(), renames: renames::ALL, parse: source::parse };
    lay(args, sources, last, known)
}

/// The same for values of another chart, whose defaults are none of ours and whose scalars keep their text.
pub(crate) fn load_foreign(args: &ValuesArgs, sources: &mut Sources) -> anyhow::Result<Loaded> {
    let known = Known { defaults: serde_json::Map::new(), renames: &[], parse: source::parse_lenient };
    lay(args, sources, None, known)
}

/// What is known of the chart that values are for.
struct Known {
    defaults: serde_json::Map<String, serde_json::Value>,
    renames: &'static [Rename],
    parse: fn(&Sources, SourceId) -> Parsed,
}

fn lay(args: &ValuesArgs, sources: &mut Sources, last: Option<SourceId>, known: Known) -> anyhow::Result<Loaded> {
    let Known { defaults, renames, parse } = known;
    let origin = Origin { source: sources.add(SourceKind::Default, "defaults", ""), start: 0, end: 0 };
    let mut layers = Layers::new(Node::from_json(&defaults.into(), origin)).renaming(renames);
    let (mut diagnostics, mut comments, mut files, mut empty) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if let Some(stored) = &args.stored {
        let id = sources.add(SourceKind::File, &stored.name, &stored.text);
        let parsed = source::parse(sources, id);
        diagnostics.extend(parsed.diagnostics);
        if let Some(node) = parsed.node {
            layers.add(node);
        }
    }
    for profile in &args.profiles {
        let id = sources.add(SourceKind::Profile, format!("profile {}", profile.name()), profile.text());
        let parsed = source::parse(sources, id);
        diagnostics.extend(parsed.diagnostics);
        if let Some(node) = parsed.node {
            layers.add(node);
        }
    }
    let mut ids = args.files.iter().map(|file| add_file(sources, file)).collect::<anyhow::Result<Vec<_>>>()?;
    ids.extend(last);
    for id in ids {
        let parsed = parse(sources, id);
        diagnostics.extend(parsed.diagnostics);
        comments.extend(parsed.comments);
        if parsed.empty {
            empty.push(id);
        }
        if let Some(node) = parsed.node {
            layers.add(node);
        }
        files.push(sources.get(id).name.clone());
    }
    let flags: Vec<Flag> = [
        (FlagKind::Json, &args.set_json),
        (FlagKind::Typed, &args.set),
        (FlagKind::Text, &args.set_string),
        (FlagKind::File, &args.set_file),
        (FlagKind::Literal, &args.set_literal),
    ]
    .into_iter()
    .flat_map(|(kind, arguments)| arguments.iter().map(move |argument| (kind, argument)))
    .map(|(kind, argument)| Flag { kind, source: sources.add(SourceKind::Flag, kind.name(), argument) })
    .collect();
    layers.set(sources, &flags, &|path| fs_err::read(path));
    let (coalesced, found) = layers.finish();
    diagnostics.extend(found);
    Ok(Loaded { coalesced, comments, diagnostics, files, empty })
}

/// Reads a file, or standard input for `-`.
pub(crate) fn add_file(sources: &mut Sources, file: &str) -> anyhow::Result<SourceId> {
    let (kind, name, bytes) = if file == "-" {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
        (SourceKind::Stdin, "<stdin>", bytes)
    } else {
        (SourceKind::File, file, fs_err::read(file)?)
    };
    let text = source::decode(&bytes).with_context(|| format!("{name} is no text"))?;
    Ok(sources.add(kind, name, text))
}

fn secret_places(node: &Node, inside: bool, found: &mut Vec<Origin>) {
    match &node.value {
        Value::String(_) | Value::Int(_) | Value::Float(_) if inside => found.push(node.origin),
        Value::List(items) => items.iter().for_each(|item| secret_places(item, inside, found)),
        Value::Map(map) => {
            let is_secret = node.get("kind").and_then(Node::as_str) == Some("Secret");
            for (key, entry) in map {
                let data = is_secret && (key == "data" || key == "stringData");
                // Names of Secrets and of their keys are no secrets, and findings speak of them.
                let named = matches!(
                    key.as_str(),
                    "type" | "secretName" | "secretKey" | "userKey" | "audience" | "credentialsSecretName"
                );
                secret_places(
                    &entry.node,
                    (inside || key == "auth" || data) && !(named && plain_name(&entry.node)),
                    found,
                );
            }
        }
        // A URL with user and password in it is refused, and must not be shown by that.
        Value::String(text) if text.contains("://") && text.contains('@') => found.push(node.origin),
        _ => {}
    }
}

/// Whether a text looks like a name, and not like something pasted in the wrong place.
fn plain_name(node: &Node) -> bool {
    node.as_str().is_some_and(|text| {
        text.len() <= 63 && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
    })
}
