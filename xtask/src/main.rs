//! Chores of the repository: generated files, goldens, tests, benchmarks.
fn main() {}
