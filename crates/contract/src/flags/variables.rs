//! Environment variables that set no flag.

use serde::Serialize;

use super::{Implementation, Program, flags, within};

/// An environment variable that a program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// Its name. A `*` at the end stands for any rest.
    pub name: &'static str,
    /// The first version that reads it.
    pub since: &'static str,
    /// The first version that does not read it any more.
    pub until: Option<&'static str>,
    /// What it is for.
    pub doc: &'static str,
}

impl Variable {
    /// Whether this is the variable of that name.
    fn is_called(&self, name: &str) -> bool {
        self.name.strip_suffix('*').map_or(self.name == name, |prefix| name.starts_with(prefix))
    }
}

/// The environment variables of a program that set no flag, in any version.
pub fn variables(program: Program, implementation: Implementation) -> &'static [Variable] {
    match (program, implementation) {
        (Program::Operator, _) => OPERATOR,
        (Program::Host, Implementation::Chartwright) => CHARTWRIGHT_HOST,
        (Program::Host, Implementation::Wasmcloud) => WASMCLOUD_HOST,
    }
}

/// The variable as a program of this version reads it, whether it sets a flag or stands for itself. `None`: setting it does
/// nothing. Versions are compared as [`knows`](super::knows) does.
pub fn knows_variable(
    program: Program,
    implementation: Implementation,
    version: &semver::Version,
    name: &str,
) -> Option<Variable> {
    let of_flags = flags(program, implementation)
        .iter()
        .filter(|flag| flag.env == Some(name))
        .filter_map(|flag| Some(Variable { name: flag.env?, since: flag.since, until: flag.until, doc: flag.doc }));
    let of_their_own = variables(program, implementation).iter().filter(|variable| variable.is_called(name)).copied();
    of_flags.chain(of_their_own).find(|variable| within(version, variable.since, variable.until))
}

const fn variable(since: &'static str, name: &'static str, doc: &'static str) -> Variable {
    Variable { name, since, until: None, doc }
}

/// The variable both operators need, at whatever version they are.
const OPERATOR: &[Variable] = &[variable(
    "0.0.0",
    "OPERATOR_NAMESPACE",
    "Namespace of the operator and of all Hosts. Upstream's exits without it.",
)];

const CHARTWRIGHT_HOST: &[Variable] = &[variable(
    super::versions::FIRST,
    "OTEL_*",
    "OpenTelemetry's own variables. A signal is exported if an endpoint is set for it.",
)];

const WASMCLOUD_HOST: &[Variable] = &[
    variable("2.0.0", "OTEL_*", "OpenTelemetry's own variables. Since 2.10.0 a signal needs an endpoint variable."),
    variable("2.6.0", "WASH_EPHEMERAL_CALL_TIMEOUT_SECS", "Time for a call of an instance of its own: 600."),
    variable("2.6.0", "WASH_HTTP_RESPONSE_TIMEOUT_SECS", "Time until a WASI 0.3 response starts: 600."),
    variable("2.8.0", "WASH_MESSAGING_DELIVER_TIMEOUT_SECS", "Time for the delivery of a message: 600."),
    variable("2.8.0", "WASH_PLUGIN_CAPABILITY_CALL_TIMEOUT_SECS", "Time for a call of a component plugin: 600."),
    variable("2.6.0", "WASH_PLUGIN_HEALTHY_UPTIME_SECS", "Time after which a plugin's restarts are forgotten: 60."),
    variable("2.6.0", "WASH_PLUGIN_LIFECYCLE_CALL_TIMEOUT_SECS", "Time for a plugin's bind and unbind: 30."),
    variable("2.6.0", "WASH_PLUGIN_RESTART_BACKOFF_MAX_SECS", "Longest wait before a plugin's restart: 5."),
    variable("2.6.0", "WASH_PLUGIN_STOP_TIMEOUT_SECS", "Time for a plugin's stop, each: 5."),
    variable("2.6.0", "WASH_SHARED_STORE_CALL_TIMEOUT_SECS", "Time for a call between linked components: 30."),
    variable("2.6.0", "WASH_STREAM_DRAIN_TIMEOUT_SECS", "Time for a stream to end after its call: 600."),
    variable("2.10.0", "WASMTIME_NATIVE_UNWIND_INFO", "`false` leaves unwind tables out of compiled code."),
    variable("2.9.0", "WASMTIME_PARALLEL_COMPILATION", "`false` compiles with one thread."),
    variable("2.0.0", "WASMTIME_POOLING", "Switches the pooling allocator."),
    variable("2.0.0", "WASMTIME_POOLING_ASYNC_STACK_KEEP_RESIDENT", "Bytes of a stack kept in memory."),
    variable("2.0.0", "WASMTIME_POOLING_DECOMMIT_BATCH_SIZE", "Slots given back to the system at once."),
    variable("2.0.0", "WASMTIME_POOLING_LINEAR_MEMORY_KEEP_RESIDENT", "Bytes of a linear memory kept in memory."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_COMPONENT_INSTANCE_SIZE", "Bytes of a component instance's bookkeeping."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_CORE_INSTANCES_PER_COMPONENT", "Core instances of a component."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_CORE_INSTANCE_SIZE", "Bytes of a core instance's bookkeeping."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_MEMORIES_PER_COMPONENT", "Linear memories of a component."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_MEMORIES_PER_MODULE", "Linear memories of a module."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_MEMORY_SIZE", "Bytes of a linear memory."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_TABLES_PER_COMPONENT", "Tables of a component."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_TABLES_PER_MODULE", "Tables of a module."),
    variable("2.0.0", "WASMTIME_POOLING_MAX_UNUSED_WASM_SLOTS", "Unused slots kept warm."),
    variable("2.0.0", "WASMTIME_POOLING_TABLE_ELEMENTS", "Elements of a table."),
    variable("2.0.0", "WASMTIME_POOLING_TABLE_KEEP_RESIDENT", "Bytes of a table kept in memory."),
    variable("2.0.0", "WASMTIME_POOLING_TOTAL_COMPONENT_INSTANCES", "Component instances of the host: 1000."),
    variable("2.0.0", "WASMTIME_POOLING_TOTAL_CORE_INSTANCES", "Core instances of the host: 1000."),
    variable("2.0.0", "WASMTIME_POOLING_TOTAL_GC_HEAPS", "Garbage-collected heaps of the host: 1000."),
    variable("2.0.0", "WASMTIME_POOLING_TOTAL_MEMORIES", "Linear memories of the host: 1000."),
    variable("2.0.0", "WASMTIME_POOLING_TOTAL_STACKS", "Stacks of the host: 1000."),
    variable("2.0.0", "WASMTIME_POOLING_TOTAL_TABLES", "Tables of the host: 1000."),
];
