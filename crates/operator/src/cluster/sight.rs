//! How much of a namespace is seen: nothing is decided by half of what it holds.

use std::time::Duration;

use tokio::sync::watch;

/// How far the watches of one namespace have come.
#[derive(Default)]
pub(crate) struct Sight(watch::Sender<Seen>);

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    watches: usize,
    /// Of them have listed all there is.
    listed: usize,
    /// Of them are refused now.
    refused: usize,
    /// Nothing of it is taken in.
    left_out: bool,
}

impl Seen {
    fn is_clear(self) -> bool {
        self.listed == self.watches && self.refused == 0
    }
}

impl Sight {
    /// There is one watch more.
    pub(crate) fn begins(&self) {
        self.0.send_modify(|seen| seen.watches += 1);
    }

    /// A watch has listed all there is, for the first time.
    pub(super) fn listed(&self) {
        self.0.send_modify(|seen| seen.listed += 1);
    }

    /// A watch is refused, or is not any more.
    pub(super) fn refused(&self, refused: bool) {
        self.0
            .send_modify(|seen| seen.refused = if refused { seen.refused + 1 } else { seen.refused.saturating_sub(1) });
    }

    /// From now on nothing of it is taken in.
    pub(crate) fn leave_out(&self) {
        self.0.send_modify(|seen| seen.left_out = true);
    }

    /// Whether nothing of it is taken in.
    pub(super) fn is_left_out(&self) -> bool {
        self.0.borrow().left_out
    }

    /// Waits until every watch has listed all there is, or some have been refused for so long: rights may come a moment after us.
    /// Returns whether the namespace is seen.
    pub(crate) async fn settled(&self, patience: Duration) -> bool {
        let mut seen = self.0.subscribe();
        let mut until = async |is: fn(Seen) -> bool| {
            // The sender lives as long as we do.
            _ = seen.wait_for(|seen| is(*seen)).await;
        };
        loop {
            until(|seen| seen.is_clear() || seen.refused > 0).await;
            if self.0.borrow().is_clear() {
                return true;
            }
            if tokio::time::timeout(patience, until(|seen| seen.refused == 0)).await.is_err() {
                return false;
            }
        }
    }

    /// Waits until all of a namespace is seen.
    pub(crate) async fn dawns(&self) {
        _ = self.0.subscribe().wait_for(|seen| seen.is_clear()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_namespace_is_seen_as_a_whole_or_not_at_all() {
        let patience = Duration::from_secs(30);
        let sight = Sight::default();
        sight.begins();
        sight.begins();
        let settled = async || tokio::time::timeout(Duration::from_mins(10), sight.settled(patience)).await.ok();
        assert_eq!(settled().await, None, "nothing was heard");
        sight.listed();
        assert_eq!(settled().await, None, "the other one takes its time");
        sight.refused(true);
        assert_eq!(settled().await, Some(false), "half of it is no basis");
        let dawns = async || tokio::time::timeout(Duration::from_mins(10), sight.dawns()).await.is_ok();
        sight.refused(false);
        assert!(!dawns().await, "it may be seen, and was not yet");
        sight.listed();
        assert!(dawns().await);
        assert_eq!(settled().await, Some(true));
    }

    #[tokio::test(start_paused = true)]
    async fn rights_may_come_a_moment_late() {
        let sight = Sight::default();
        sight.begins();
        sight.refused(true);
        let later = async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            sight.refused(false);
            sight.listed();
        };
        let (seen, ()) = tokio::join!(sight.settled(Duration::from_secs(30)), later);
        assert!(seen);
    }
}
