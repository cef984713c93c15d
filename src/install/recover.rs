//! Revisions whose maker died: told from those under way, and closed.

use std::fmt;

use crate::release::{Moment, Revision, Status};

/// A revision that is not finished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interrupted {
    /// The release.
    pub release: String,
    /// Which revision.
    pub version: u32,
    /// What is, or was, done.
    pub status: Status,
    /// Since when.
    pub since: Moment,
    /// By whom, if that was us.
    pub holder: Option<String>,
    /// Whether that process runs on this machine; none if it is another machine, or nobody knows.
    pub alive: Option<bool>,
}

impl fmt::Display for Interrupted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { release, version, status, since, holder, alive } = self;
        let by = holder.as_deref().unwrap_or("Helm, or somebody else");
        write!(out, "revision {version} of {release} is {status} since {since}, made by {by}: ")?;
        match alive {
            Some(true) => write!(out, "that process still runs; wait for it"),
            Some(false) => write!(out, "that process is gone. Say --recover to go on from what it left"),
            None => {
                write!(out, "wait for it; or, when it is known to be dead, say --recover to go on from what it left")
            }
        }
    }
}

/// The last revision, if it is not finished.
pub fn interrupted(revisions: &[Revision]) -> Option<Interrupted> {
    let last = revisions.last()?;
    let status = last.record.info.status;
    status.is_pending().then(|| Interrupted {
        release: last.record.name.clone(),
        version: last.record.version,
        status,
        since: last.record.info.last_deployed,
        holder: last.holder.clone(),
        alive: last.holder.as_deref().and_then(is_alive),
    })
}

/// Who we are, as it stands on revisions that we make.
pub(super) fn holder() -> String {
    format!("process {} on {}", std::process::id(), machine())
}

fn machine() -> String {
    // Where there is no such file, machines are not told apart: then nobody is declared dead.
    fs_err::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}

fn is_alive(holder: &str) -> Option<bool> {
    let (process, on) = holder.strip_prefix("process ")?.split_once(" on ")?;
    let here = machine();
    if here.is_empty() || on != here {
        return None;
    }
    Some(std::path::Path::new("/proc").join(process).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_this_machine_is_looked_for() {
        assert_eq!(is_alive(&holder()), Some(true));
        assert_eq!(is_alive(&format!("process 4194305 on {}", machine())), Some(false));
        assert_eq!(is_alive("process 1 on another"), None);
        assert_eq!(is_alive("helm"), None);
    }
}
