//! What the host says of itself, every fifteen seconds and whenever it is asked.

use std::sync::Mutex;
use std::sync::PoisonError;

use chartwright_contract::control::{HostHeartbeat, Timestamp, WitInterface};

use crate::machine::{self, Processors};

/// What stays the same from one heartbeat to the next.
pub(crate) struct Heartbeats {
    base: HostHeartbeat,
    processors: Mutex<Processors>,
}

impl Heartbeats {
    /// `base` holds everything but times and counts.
    pub(crate) fn new(identity: Identity, imports: Vec<WitInterface>) -> Self {
        let mut processors = Processors::default();
        processors.usage();
        let base = HostHeartbeat {
            id: identity.id,
            friendly_name: friendly_name(&machine::name()),
            hostname: identity.host_name,
            version: env!("CARGO_PKG_VERSION").into(),
            labels: identity.labels.into_iter().collect(),
            started_at: Some(Timestamp::now()),
            os_arch: std::env::consts::ARCH.into(),
            os_name: std::env::consts::OS.into(),
            os_kernel: std::env::consts::FAMILY.into(),
            imports,
            http_port: identity.http_port.into(),
            environment: identity.environment,
            ..HostHeartbeat::default()
        };
        Self { base, processors: Mutex::new(processors) }
    }

    /// The heartbeat of this moment.
    pub(crate) fn now(&self, workloads: usize, components: usize) -> HostHeartbeat {
        let (total, free) = machine::memory();
        HostHeartbeat {
            system_cpu_usage: self.processors.lock().unwrap_or_else(PoisonError::into_inner).usage(),
            system_memory_total: total,
            system_memory_free: free,
            workload_count: workloads as u64,
            component_count: components as u64,
            ..self.base.clone()
        }
    }
}

/// Who the host is.
pub(crate) struct Identity {
    /// New at each start of the process.
    pub(crate) id: String,
    pub(crate) host_name: String,
    pub(crate) environment: String,
    pub(crate) labels: Vec<(String, String)>,
    pub(crate) http_port: u16,
}

/// A name of Kubernetes made of the machine's, which in a cluster is the pod's: it stays when the process starts anew.
fn friendly_name(machine: &str) -> String {
    let fine = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let name: String = machine.to_ascii_lowercase().chars().map(fine).take(63).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "host".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::friendly_name;

    #[test]
    fn any_machine_has_a_name_that_kubernetes_takes() {
        for (machine, name) in
            [("hosts-5d9f-abc", "hosts-5d9f-abc"), ("My_Laptop.local", "my-laptop-local"), ("--", "host")]
        {
            assert_eq!(friendly_name(machine), name);
        }
    }
}
