//! What is told on stderr while a release changes: a line a step, and a tree of what is not ready yet. On a terminal the tree
//! is drawn over itself; elsewhere a line is written when it changes.

use std::io::{self, IsTerminal as _, Write as _};

use crate::install::{Reporter, State};

use super::super::output;

/// Longer lines would break the drawing over.
const WIDTH: usize = 160;

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
        let lines: Vec<String> = states.iter().map(|state| state.line().chars().take(WIDTH).collect()).collect();
        if self.live {
            self.clear();
            for line in &lines {
                output::say(&format!("  … {line}"));
            }
            self.drawn = lines.len();
        } else {
            for line in lines.iter().filter(|line| !self.last.contains(line)) {
                output::say(&format!("waiting: {line}"));
            }
        }
        self.last = lines;
    }
}
