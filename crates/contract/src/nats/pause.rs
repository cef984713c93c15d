//! How long to wait before the next attempt.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// The longest pause between two rounds over all servers.
pub const LONGEST: Duration = Duration::from_secs(4);

/// The first pause; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(100);

/// The time before the next attempt, after this many in a row that failed. In the first round nobody waits long, so that the
/// next server takes over; the jitter keeps a thousand hosts from coming back at the same moment.
pub(super) fn before_next(failures: u32, servers: usize) -> Duration {
    between(failures, servers, random())
}

/// `part` from 0 to 1 says where in the range of the jitter to be.
fn between(failures: u32, servers: usize, part: f64) -> Duration {
    let servers = u32::try_from(servers).unwrap_or(u32::MAX).max(1);
    match failures / servers {
        0 => FIRST.mul_f64(part),
        round => FIRST.saturating_mul(2_u32.saturating_pow(round)).min(LONGEST).mul_f64(0.5 + part / 2.0),
    }
}

/// A number from 0 to 1. The keys of hash maps are random enough for this, and need no further library.
fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 40;
    #[expect(clippy::cast_precision_loss, reason = "24 bits")]
    let part = bits as f64 / f64::from(1 << 24);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit() {
        let longest = |failures| between(failures, 1, 1.0).as_millis();
        assert_eq!(
            [0, 1, 2, 3, 4, 5, 6, 50, u32::MAX].map(longest),
            [100, 200, 400, 800, 1600, 3200, 4000, 4000, 4000]
        );
        assert_eq!(between(9, 1, 0.0), LONGEST / 2);
    }

    #[test]
    fn each_server_gets_its_turn_before_anybody_waits() {
        assert_eq!(between(2, 3, 0.0), Duration::ZERO);
        assert!(between(3, 3, 0.0) > Duration::ZERO);
    }

    #[test]
    fn hosts_do_not_come_back_at_the_same_moment() {
        let pauses: std::collections::BTreeSet<_> = (0..100).map(|_| before_next(9, 1)).collect();
        assert!(pauses.len() > 90);
        assert!(pauses.iter().all(|pause| (LONGEST / 2..=LONGEST).contains(pause)));
    }
}
