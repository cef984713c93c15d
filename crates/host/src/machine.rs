//! What heartbeats say of the machine; Linux's own files, nothing where they are missing.

/// Memory in bytes: all of it, and what programs could get.
pub(crate) fn memory() -> (u64, u64) {
    let text = fs_err::read_to_string("/proc/meminfo").unwrap_or_default();
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    (of("MemTotal"), of("MemAvailable"))
}

/// The memory this process may use, in bytes: its container's limit, or the machine's memory.
pub(crate) fn memory_limit() -> u64 {
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limits = group.iter().filter_map(|path| fs_err::read_to_string(path).ok()?.trim().parse::<u64>().ok());
    limits.fold(memory().0, |all, limit| if all == 0 { limit } else { all.min(limit) })
}

/// Name of the machine; in a cluster that of the pod.
pub(crate) fn name() -> String {
    let name = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "host".into() } else { name.into() }
}

/// The share of processors in use since the last look.
#[derive(Debug, Default)]
pub(crate) struct Processors {
    last: Option<(u64, u64)>,
}

impl Processors {
    /// Percent of the machine, 0 to 100; 0 at the first look.
    pub(crate) fn usage(&mut self) -> f32 {
        let Some(now) = ticks() else { return 0.0 };
        let usage = match self.last {
            Some((busy, all)) if now.1 > all => ratio(now.0.saturating_sub(busy), now.1 - all) * 100.0,
            _ => 0.0,
        };
        self.last = Some(now);
        usage
    }
}

#[expect(clippy::cast_precision_loss, reason = "a percentage for people")]
fn ratio(part: u64, all: u64) -> f32 {
    part as f32 / all as f32
}

/// Ticks in use and in all since the machine started.
fn ticks() -> Option<(u64, u64)> {
    let text = fs_err::read_to_string("/proc/stat").ok()?;
    let line = text.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().take(8).filter_map(|number| number.parse().ok()).collect();
    let all = ticks.iter().sum::<u64>();
    let idle = ticks.get(3)? + ticks.get(4)?;
    Some((all - idle, all))
}

/// Descriptors this process may open.
pub(crate) fn descriptors() -> usize {
    limit("Max open files").and_then(|number| usize::try_from(number).ok()).unwrap_or(1024)
}

/// The address space this process may use, in bytes (`ulimit -v`); none without a limit.
pub(crate) fn address_space() -> Option<u64> {
    limit("Max address space")
}

/// A limit that holds now.
fn limit(name: &str) -> Option<u64> {
    let text = fs_err::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
