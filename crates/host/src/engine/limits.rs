//! What a guest may grow to.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

/// Memory of all guests together, and whether going over the limit is refused.
#[derive(Debug)]
pub struct GuestMemory {
    used: AtomicU64,
    limit: u64,
    enforce: bool,
    /// How often a growth went over the limit.
    pub over: AtomicU64,
    /// Instances there are.
    pub instances: AtomicU64,
    /// Those of them that are kept warm and idle.
    pub warm: AtomicU64,
}

impl GuestMemory {
    /// `limit` in bytes.
    pub fn new(limit: u64, enforce: bool) -> Arc<Self> {
        let none = AtomicU64::default;
        Arc::new(Self { used: none(), limit, enforce, over: none(), instances: none(), warm: none() })
    }

    /// Bytes in use.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    /// Whether less than half of what may be used is.
    pub fn has_room(&self) -> bool {
        !self.enforce || self.used() < self.limit / 2
    }

    /// Takes more; whether that may be.
    fn take(&self, bytes: u64) -> bool {
        let used = self.used.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if used <= self.limit {
            return true;
        }
        self.over.fetch_add(1, Ordering::Relaxed);
        if self.enforce {
            self.used.fetch_sub(bytes, Ordering::Relaxed);
        }
        !self.enforce
    }
}

/// The limits of one store.
#[derive(Debug)]
pub struct GuestLimits {
    all: Arc<GuestMemory>,
    /// Largest linear memory, in bytes.
    memory: usize,
    taken: u64,
    /// Of the growth that may still fail.
    last: u64,
}

impl GuestLimits {
    /// Limits of one store; `memory` is the largest linear memory, in bytes.
    pub fn new(all: Arc<GuestMemory>, memory: usize) -> Self {
        all.instances.fetch_add(1, Ordering::Relaxed);
        Self { all, memory, taken: 0, last: 0 }
    }
}

impl Drop for GuestLimits {
    fn drop(&mut self) {
        self.all.used.fetch_sub(self.taken, Ordering::Relaxed);
        self.all.instances.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ResourceLimiter for GuestLimits {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        self.last = 0;
        // wasmtime looks at the memory's own maximum only after this.
        if desired > self.memory || maximum.is_some_and(|maximum| desired > maximum) || !self.all.take(more) {
            return Ok(false);
        }
        self.taken += more;
        self.last = more;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.all.used.fetch_sub(self.last, Ordering::Relaxed);
        self.taken -= std::mem::take(&mut self.last);
        Ok(())
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 100_000)
    }

    // A component brings a handful of core instances; far more is no program that anyone wrote.
    fn instances(&self) -> usize {
        1_000
    }

    fn tables(&self) -> usize {
        1_000
    }

    fn memories(&self) -> usize {
        1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_and_never_exceeds_an_enforced_limit() {
        let all = GuestMemory::new(1000, true);
        let mut one = GuestLimits::new(Arc::clone(&all), 800);
        assert!(one.memory_growing(0, 600, None).unwrap());
        assert!(!one.memory_growing(600, 900, None).unwrap(), "over its own");
        let mut two = GuestLimits::new(Arc::clone(&all), 800);
        assert!(!two.memory_growing(0, 500, None).unwrap(), "over all");
        assert_eq!((all.used(), all.over.load(Ordering::Relaxed)), (600, 1));
        drop(one);
        assert!(two.memory_growing(0, 500, None).unwrap());
        drop(two);
        assert_eq!(all.used(), 0);
    }

    #[test]
    fn a_growth_that_fails_costs_nothing() {
        let all = GuestMemory::new(1000, true);
        let mut one = GuestLimits::new(Arc::clone(&all), 1000);
        assert!(one.memory_growing(0, 100, Some(200)).unwrap());
        assert!(!one.memory_growing(100, 300, Some(200)).unwrap(), "over what the memory itself allows");
        one.memory_grow_failed(wasmtime::format_err!("no more")).unwrap();
        assert_eq!(all.used(), 100, "the first one stays");
        assert!(one.memory_growing(100, 200, Some(200)).unwrap());
        one.memory_grow_failed(wasmtime::format_err!("no more")).unwrap();
        assert_eq!(all.used(), 100);
        drop(one);
        assert_eq!(all.used(), 0);
    }

    #[test]
    fn there_is_room_until_half_is_used_of_a_limit_that_is_enforced() {
        let all = GuestMemory::new(1000, true);
        let mut one = GuestLimits::new(Arc::clone(&all), 1000);
        assert!(one.memory_growing(0, 499, None).unwrap() && all.has_room());
        assert!(one.memory_growing(499, 500, None).unwrap() && !all.has_room());
    }

    #[test]
    fn a_counted_limit_only_counts() {
        let all = GuestMemory::new(10, false);
        let mut one = GuestLimits::new(Arc::clone(&all), 1000);
        assert!(one.memory_growing(0, 100, None).unwrap() && all.has_room());
        assert_eq!((all.used(), all.over.load(Ordering::Relaxed)), (100, 1));
    }
}
