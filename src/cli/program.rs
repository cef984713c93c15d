//! What the verbs `operator` and `host` are alike in: how their flags are listed, and how a program that ended by itself is said.

use std::fmt::Write as _;

use chartwright_contract::flags::{FlagKind, Implementation, Program, flags};

use super::{Outcome, output};

/// The flag table as people read it.
pub(super) fn flag_list(program: Program) -> String {
    let mut text = String::from("Flags:\n");
    for flag in flags(program, Implementation::Chartwright) {
        let value = match flag.kind {
            FlagKind::Switch | FlagKind::Bool => "[=true|false]".to_owned(),
            FlagKind::Choice(words) => format!("={}", words.join("|")),
            FlagKind::List { .. } => "=A,B".to_owned(),
            FlagKind::Number | FlagKind::Percent => "=N".to_owned(),
            FlagKind::Size => "=512Mi".to_owned(),
            FlagKind::Duration => "=30s".to_owned(),
            FlagKind::Address => "=HOST:PORT".to_owned(),
            FlagKind::Path => "=PATH".to_owned(),
            FlagKind::Url | FlagKind::Value => "=TEXT".to_owned(),
        };
        let default = flag.default.map(|default| format!(" [default: {default}]")).unwrap_or_default();
        let variable = flag.env.map(|env| format!(" [env: {env}]")).unwrap_or_default();
        let _ = writeln!(text, "  --{}{value}\n          {}{default}{variable}", flag.name, flag.doc);
    }
    text
}

/// Says why a program ended; a wrong call changed nothing.
pub(super) fn ended(err: &impl std::error::Error, usage: bool) -> Outcome {
    for line in err.to_string().lines() {
        output::say(&format!("error: {line}"));
    }
    if usage { Outcome::Unable } else { Outcome::No }
}
