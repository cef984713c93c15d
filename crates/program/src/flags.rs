//! The flag table, read: arguments over environment variables over defaults.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use chartwright_contract::flags::{self, Flag, FlagKind, Implementation, Program};

/// What is wrong with a call. All of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Usage(pub Vec<String>);

/// The value of each flag that has one.
#[derive(Debug, Default)]
pub struct Given {
    table: &'static [Flag],
    values: BTreeMap<&'static str, Vec<String>>,
    /// Flags somebody asked for.
    used: RefCell<BTreeSet<String>>,
    /// What is wrong, one a line.
    pub faults: Vec<String>,
}

impl Given {
    /// Reads arguments (without the program's name) and the environment.
    pub fn read(program: Program, arguments: &[String], environment: impl Fn(&str) -> Option<String>) -> Self {
        let table = flags::flags(program, Implementation::Chartwright);
        let mut given = Self { table, ..Self::default() };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let Some(text) = argument.strip_prefix("--") else {
                given.faults.push(format!("`{argument}` is no flag; all flags start with `--`"));
                continue;
            };
            let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
            let Some(flag) = table.iter().find(|flag| flag.is_called(name)) else {
                given.faults.push(format!("there is no flag `--{name}`{}", nearest(table, name)));
                continue;
            };
            let value = match (value, flag.kind) {
                (Some(value), _) => value.to_owned(),
                (None, FlagKind::Bool | FlagKind::Switch) => "true".to_owned(),
                (None, _) => match rest.next() {
                    Some(value) => value.clone(),
                    None => {
                        given.faults.push(format!("--{name} needs a value"));
                        continue;
                    }
                },
            };
            given.values.entry(flag.name).or_default().push(value);
        }
        for flag in table {
            if let Some(value) = flag.env.filter(|_| !given.values.contains_key(flag.name)).and_then(&environment)
                && !value.is_empty()
            {
                given.values.insert(flag.name, vec![value]);
            }
            given.check(flag);
        }
        given
    }

    /// Whether the values are of the flag's kind.
    fn check(&mut self, flag: &Flag) {
        let Some(values) = self.values.get(flag.name) else { return };
        let mut faults = Vec::new();
        if values.len() > 1 && !matches!(flag.kind, FlagKind::List { .. }) {
            faults.push(format!("--{} is given {} times", flag.name, values.len()));
        }
        for value in values {
            let wanted = match flag.kind {
                FlagKind::Bool | FlagKind::Switch if !matches!(value.as_str(), "true" | "false") => {
                    "`true` or `false`".into()
                }
                FlagKind::Choice(words) if !words.contains(&value.as_str()) => words.join(", "),
                FlagKind::Number if value.parse::<u64>().is_err() => "a whole number".into(),
                FlagKind::Percent if !value.parse::<u64>().is_ok_and(|number| number <= 100) => "0 to 100".into(),
                FlagKind::Size if crate::units::size(value).is_none() => "bytes such as `512Mi`".into(),
                FlagKind::Duration if crate::units::duration(value).is_none() => "a time such as `30s`".into(),
                // `0` listens nowhere, as upstream's operator has it.
                FlagKind::Address if value != "0" && crate::units::address(value).is_none() => {
                    "where to listen, such as `0.0.0.0:8080`".into()
                }
                _ => continue,
            };
            let shown = if flag.secret { "***" } else { value };
            faults.push(format!("--{}={shown}: write {wanted}", flag.name));
        }
        self.faults.extend(faults);
    }

    /// Flags that were given and that nobody asked for: they change nothing, and whoever gave them should know.
    pub fn unused(&self) -> Vec<String> {
        let used = self.used.borrow();
        self.values.keys().filter(|name| !used.contains(**name)).map(|name| (*name).to_owned()).collect()
    }

    fn fallback(&self, name: &str) -> Option<&'static str> {
        self.table.iter().find(|flag| flag.name == name).and_then(|flag| flag.default)
    }

    fn given(&self, name: &str) -> Option<&Vec<String>> {
        self.used.borrow_mut().insert(name.to_owned());
        self.values.get(name)
    }

    /// The text of a flag, its default included.
    pub fn text(&self, name: &str) -> Option<String> {
        self.given(name).and_then(|values| values.last().cloned()).or_else(|| self.fallback(name).map(str::to_owned))
    }

    /// The values of a list.
    pub fn list(&self, name: &str) -> Vec<String> {
        let all = self.given(name).cloned().or_else(|| self.fallback(name).map(|text| vec![text.to_owned()]));
        let all = all.unwrap_or_default();
        all.iter()
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The value, read; `None` if it is not given or not of that shape.
    pub fn parsed<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.text(name).and_then(|text| read(&text))
    }

    /// A switch.
    pub fn bool(&self, name: &str) -> bool {
        self.text(name).as_deref() == Some("true")
    }

    /// A whole number.
    pub fn number(&self, name: &str) -> Option<usize> {
        self.parsed(name, |text| text.parse().ok())
    }

    /// The place of a file.
    pub fn path(&self, name: &str) -> Option<std::path::PathBuf> {
        self.text(name).map(Into::into)
    }
}

/// A flag that begins or ends like what was written.
fn nearest(table: &[Flag], name: &str) -> String {
    let common = |flag: &&Flag| {
        let same = |mut pairs: std::iter::Zip<std::str::Bytes<'_>, std::str::Bytes<'_>>| {
            pairs.by_ref().take_while(|(a, b)| a == b).count()
        };
        same(flag.name.bytes().zip(name.bytes()))
    };
    let near = table.iter().max_by_key(|flag| common(flag)).filter(|flag| common(flag) >= 4);
    near.map(|flag| format!("; did you mean `--{}`?", flag.name)).unwrap_or_default()
}
