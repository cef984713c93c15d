//! Where instances come from: a pool that is reserved at the start, or the system, one by one.

use wasmtime::{Config, Enabled, PoolingAllocationConfig};

use super::{EngineError, EngineOptions};
use crate::machine;

const MIB: u64 = 1 << 20;
/// Address space of each memory, and of the stack beside it: with so much, code need not check what it accesses.
const RESERVATION: u64 = 4 << 30;
const GUARD: u64 = 32 * MIB;
const STACK: usize = 2 << 20;
/// Of each slot that waits for its next instance; a hundred of them do.
const KEPT: usize = 512 << 10;

/// The pool. Nothing of it takes memory before an instance uses it, but all of it takes address space.
pub(super) fn pool(options: &EngineOptions) -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    let total = options.core_instances;
    pool.total_component_instances(total)
        .total_core_instances(total)
        .total_memories(total)
        .total_tables(total)
        .total_stacks(total)
        .max_memory_size(options.memory)
        // Guests made by toolchains with an adapter have a handful of core modules and tables each.
        .max_core_instances_per_component(200)
        .max_memories_per_component(20)
        .max_tables_per_component(40)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .table_elements(100_000)
        // What an instance used stays mapped up to this size, so that the next one does not fault it in again, and no
        // other processor is interrupted to forget it. Only where the kernel can say which pages those are: otherwise
        // the first ones would be cleared, and in most guests they are the unused end of the stack.
        .pagemap_scan(Enabled::Auto)
        .linear_memory_keep_resident(if PoolingAllocationConfig::is_pagemap_scan_available() { KEPT } else { 0 })
        .table_keep_resident(16 << 10)
        .max_unused_warm_slots(100);
    pool
}

/// The address space of each slot.
pub(super) fn reserve(config: &mut Config) {
    config.memory_reservation(RESERVATION);
    config.memory_guard_size(GUARD);
    config.async_stack_size(STACK);
}

/// Says, once, that there is no pool, and why.
pub(super) fn warn(options: &EngineOptions, error: &EngineError) {
    let each = RESERVATION.max(options.memory as u64) + GUARD + STACK as u64;
    let asked = each.saturating_mul(options.core_instances.into()) / MIB;
    let limit = machine::address_space().map_or_else(|| "none".to_owned(), |limit| format!("{} MiB", limit / MIB));
    tracing::warn!(
        slots = options.core_instances, asked = %format!("{asked} MiB"), limit, %error,
        "the instance pool cannot be reserved: it asks for more address space than this process may have (`ulimit -v`). \
         Instances are made one by one, which is slower. `--core-instances` with a smaller number makes a smaller pool, \
         with 0 none, without this warning"
    );
}

/// Memories that take what they need and move when they grow, instead of four gigabytes of address space each. Their
/// code checks each access.
pub(super) fn save_address_space(config: &mut Config) {
    config.memory_reservation(0);
    config.memory_reservation_for_growth(MIB);
    config.memory_guard_size(64 << 10);
    config.guard_before_linear_memory(false);
}
