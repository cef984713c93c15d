//! What is told while it is done; where it goes is the caller's business.

use super::wait::State;

/// Listens.
pub trait Reporter {
    /// A step was done, `created Deployment shop/web`.
    fn step(&mut self, line: &str);
    /// What is waited for now. Told again and again while it changes; empty when all are ready.
    fn waiting(&mut self, states: &[State]);
}

/// Does not listen.
#[derive(Debug, Default)]
pub struct Quiet;

impl Reporter for Quiet {
    fn step(&mut self, _: &str) {}

    fn waiting(&mut self, _: &[State]) {}
}
