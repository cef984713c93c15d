//! The verbs on a release: what installs, changes, shows and takes it away. One file a verb.

mod adopt;
mod ahead;
mod change;
mod content;
mod diff;
mod get;
mod history;
mod install;
mod list;
mod namespaces;
mod preflight;
mod progress;
mod rollback;
mod status;
mod sysdump;
mod uninstall;
mod upgrade;

pub(super) use adopt::AdoptArgs;
pub(super) use change::duration;
pub(super) use diff::DiffArgs;
pub(super) use get::GetArgs;
pub(super) use history::HistoryArgs;
pub(super) use install::InstallArgs;
pub(super) use list::ListArgs;
pub(super) use preflight::PreflightArgs;
pub(super) use rollback::RollbackArgs;
pub(super) use status::StatusArgs;
pub(super) use sysdump::SysdumpArgs;
pub(super) use uninstall::UninstallArgs;
pub(super) use upgrade::UpgradeArgs;

use clap::ValueEnum;

/// How an answer is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
}
