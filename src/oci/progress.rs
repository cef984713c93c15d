//! How far a long copy is, told to whoever wants to know.

/// Hears of blobs on their way, one after the other.
pub trait Progress: Send + Sync {
    /// A blob begins.
    fn begin(&self, what: &str, size: u64);
    /// So many more bytes of it are done.
    fn advance(&self, bytes: u64);
    /// It ended: `pushed`, `pulled`, `there already`.
    fn end(&self, how: &str);
}

/// Wants to know nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self, _: &str) {}
}
