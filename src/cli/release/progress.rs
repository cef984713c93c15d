//! What is told on stderr while a release changes: a line a step, and a tree of what is not ready yet. On a terminal the tree
//! is drawn over itself; elsewhere a line is written when it changes.

use std::io::{self, IsTerminal as _, Write as _};

use crate::install::{Reporter, State};

use super::super::output;

/// Turn the wrapping of long lines off and on: the tree is drawn over by its count of lines, so each must be one row.
const ONE_ROW_EACH: &str = "\x1b[?7l";
const AS_BEFORE: &str = "\x1b[?7h";

/// Tells it.
pub(super) struct Progress {
    live: bool,
    drawn: usize,
    last: Vec<String>,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { live: io::stderr().is_terminal(), drawn: 0, last: Vec::new() }
    }

    /// Takes the tree away.
    fn clear(&mut self) {
        if self.drawn > 0 {
            let _ = write!(io::stderr().lock(), "\x1b[{}A\x1b[J", self.drawn);
            self.drawn = 0;
        }
    }
}

impl Reporter for Progress {
    fn step(&mut self, line: &str) {
        self.clear();
        output::say(line);
    }

    fn waiting(&mut self, states: &[State]) {
        let lines: Vec<String> = states.iter().map(State::line).collect();
        if self.live {
            self.clear();
            let tree: String = lines.iter().map(|line| format!("  … {line}\n")).collect();
            let _ = write!(io::stderr().lock(), "{ONE_ROW_EACH}{tree}{AS_BEFORE}");
            self.drawn = lines.len();
        } else {
            for line in lines.iter().filter(|line| !self.last.contains(line)) {
                output::say(&format!("waiting: {line}"));
            }
        }
        self.last = lines;
    }
}
