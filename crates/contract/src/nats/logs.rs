//! What the client library must not log.

use tracing::Level;

/// Whether an event of this target and level may be written. At the finest level the client library logs whole messages, and
/// those that start workloads hold Secret values in clear. Whoever sets up logging puts this into its filter, whatever level
/// the user asks for.
pub fn may_log(target: &str, level: Level) -> bool {
    level != Level::TRACE || !(target == "async_nats" || target.starts_with("async_nats::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_finest_level_of_the_client_library_is_kept_back() {
        assert!(!may_log("async_nats::connection", Level::TRACE));
        assert!(may_log("async_nats::connection", Level::DEBUG));
        assert!(may_log("async_nats_example", Level::TRACE));
        assert!(may_log("chartwright_host", Level::TRACE));
    }
}
