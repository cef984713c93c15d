//! One flag: its name, what it takes, and since when.

use serde::Serialize;

/// A flag of the operator or the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Flag {
    /// The name without dashes.
    pub name: &'static str,
    /// Other names that are accepted too.
    pub aliases: &'static [&'static str],
    /// What it takes.
    pub kind: FlagKind,
    /// The environment variable that sets it as well. The flag wins.
    pub env: Option<&'static str>,
    /// What holds without it. `None`: nothing, or something that the program finds out for itself (see `doc`).
    pub default: Option<&'static str>,
    /// The first version that knows it.
    pub since: &'static str,
    /// The first version that does not know it any more.
    pub until: Option<&'static str>,
    /// The first version that warns about it.
    pub deprecated: Option<&'static str>,
    /// Its value must not be seen by others. Arguments are, so such a flag belongs into its environment variable.
    pub secret: bool,
    /// It stands before the sub-command.
    pub global: bool,
    /// What it is for.
    pub doc: &'static str,
}

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum FlagKind {
    /// Nothing. Many programs refuse `--switch=true`.
    Switch,
    /// `=true` or `=false`. The bare name means true, in Go's programs and in ours.
    Bool,
    /// Any text.
    Value,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Number,
    /// A number from 0 to 100.
    Percent,
    /// Bytes as a Kubernetes quantity: `512Mi`.
    Size,
    /// A time with a unit: `30s`.
    Duration,
    /// Where to listen: `0.0.0.0:8080`; Go and we take `:8080` too.
    Address,
    /// A URL.
    Url,
    /// A file or folder.
    Path,
    /// Several values.
    List {
        /// What stands between the values in one argument.
        separator: char,
        /// Whether the flag may be given several times.
        repeatable: bool,
    },
}

impl FlagKind {
    /// Values separated by commas; the flag may be repeated.
    pub const LIST: Self = Self::List { separator: ',', repeatable: true };
}

/// How a program wants its arguments written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Style {
    /// `-name=value`.
    Go,
    /// `--name=value`, and `--name` for a switch.
    Gnu,
}

impl Flag {
    /// A flag with a name, a kind and a purpose, known since the first version of the table it stands in.
    pub(super) const fn new(since: &'static str, name: &'static str, kind: FlagKind, doc: &'static str) -> Self {
        Self {
            name,
            aliases: &[],
            kind,
            env: None,
            default: None,
            since,
            until: None,
            deprecated: None,
            secret: false,
            global: false,
            doc,
        }
    }

    pub(super) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(super) const fn env(mut self, env: &'static str) -> Self {
        self.env = Some(env);
        self
    }

    pub(super) const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    pub(super) const fn until(mut self, until: &'static str) -> Self {
        self.until = Some(until);
        self
    }

    pub(super) const fn deprecated(mut self, since: &'static str) -> Self {
        self.deprecated = Some(since);
        self
    }

    pub(super) const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    pub(super) const fn global(mut self) -> Self {
        self.global = true;
        self
    }

    /// Whether the flag has this name, or takes it as another one for itself.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }

    /// The argument that sets the flag. `None`: a switch that is to stay off needs no argument.
    pub fn argument(&self, style: Style, value: &str) -> Option<String> {
        let dashes = match style {
            Style::Go => "-",
            Style::Gnu => "--",
        };
        match self.kind {
            FlagKind::Switch => (value == "true").then(|| format!("{dashes}{}", self.name)),
            _ => Some(format!("{dashes}{}={value}", self.name)),
        }
    }
}
