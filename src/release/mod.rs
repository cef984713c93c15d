//! Helm's record of a release: what it is, how it is written into Secrets, and the history that these make.
//!
//! Helm 3 and 4 read what this room writes, and it reads theirs; fields that only one of them knows are kept as they are.

mod codec;
mod history;
mod moment;
mod record;
mod status;

pub use codec::{CodecError, decode, encode};
pub use history::{History, HistoryError, Revision, list, standing};
pub use moment::{Moment, now};
pub use record::{HookRecord, HookRun, Info, Record};
pub use status::Status;
