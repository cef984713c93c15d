//! A host in this process.

use chartwright_contract::flags::Program;

use super::super::Outcome;
use super::super::program::{ended, flag_list};

/// Its flags, as `--help` lists them.
pub(super) fn flag_table() -> String {
    flag_list(Program::Host)
}

/// Runs until it is told to end.
pub(super) fn run(flags: &[String]) -> Outcome {
    match chartwright_host::serve(flags) {
        Ok(()) => Outcome::Done,
        Err(err) => ended(&err, err.is_usage()),
    }
}
