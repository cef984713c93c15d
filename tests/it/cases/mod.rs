//! Cases from real users: what the tool says to each, with exact positions.
//!
//! `docs/cases.md` lists which test covers which case. Upstream's values files are the business of the tests of `import`; here the
//! same traps are set in values of ours.

mod list;
mod manifests;
mod text;
mod values;
