//! The one printer: the product goes to stdout, words go to stderr. A closed pipe is a reader that has seen enough.

use std::io::{self, IsTerminal, Write};

use super::Outcome;

/// Writes the product to stdout.
pub(super) fn product(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(err) if err.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Writes a line to stderr.
pub(super) fn say(line: &str) {
    // Nowhere is left to complain when stderr is closed.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Says why the job could not be done.
pub(super) fn unable(err: &anyhow::Error) -> Outcome {
    say(&format!("error: {err:#}"));
    Outcome::Unable
}

/// Whether colours are wanted there: on a terminal, unless `NO_COLOR` says otherwise.
pub(super) fn color(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Says why something that was begun did not come to its end.
pub(super) fn tried(err: &anyhow::Error) -> Outcome {
    say(&format!("error: {err:#}"));
    Outcome::No
}
