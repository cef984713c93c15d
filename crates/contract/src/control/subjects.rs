//! The subjects of the control plane: upstream's, which are fixed, and our own.

use std::fmt;
use std::str::FromStr;

/// Where an operator listens for the heartbeats of all hosts.
pub const HEARTBEATS: &str = "runtime.operator.heartbeat.>";

/// What our own subjects start with. Upstream's programs neither send nor listen there.
pub const OWN_PREFIX: &str = "chartwright";

const HOST_PREFIX: &str = "runtime.host.";
const HEARTBEAT_PREFIX: &str = "runtime.operator.heartbeat.";

/// The id of a host: one token of a subject.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostId(String);

/// A text that cannot be the id of a host, because it is not one token of a subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no host id: it must not be empty nor contain dots, spaces, `*` or `>`")]
pub struct NoHostId(String);

impl HostId {
    /// Takes a text that is one token of a subject; the usual one is a UUID.
    pub fn new(text: impl Into<String>) -> Result<Self, NoHostId> {
        let text = text.into();
        if is_token(&text) { Ok(Self(text)) } else { Err(NoHostId(text)) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where the host says how it is: one bare [`super::HostHeartbeat`], no reply.
    pub fn heartbeat(&self) -> String {
        format!("{HEARTBEAT_PREFIX}{self}")
    }

    /// Where the host listens: all of its commands, known or not.
    pub fn commands(&self) -> String {
        format!("{HOST_PREFIX}{self}.>")
    }

    /// Where the host is asked for something.
    pub fn command(&self, command: Command) -> String {
        format!("{HOST_PREFIX}{self}.{command}")
    }

    /// Where our host listens for what only our operator says.
    pub fn own_commands(&self) -> String {
        format!("{OWN_PREFIX}.host.{self}.>")
    }

    /// Where our operator says something to our host. The topic is one or more tokens.
    pub fn own_command(&self, topic: &str) -> String {
        format!("{OWN_PREFIX}.host.{self}.{topic}")
    }

    /// Where our host says something to our operator. The topic is one or more tokens.
    pub fn own_report(&self, topic: &str) -> String {
        format!("{OWN_PREFIX}.operator.{self}.{topic}")
    }
}

/// Where our operator listens for what only our hosts say.
pub fn own_reports() -> String {
    format!("{OWN_PREFIX}.operator.>")
}

impl fmt::Display for HostId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for HostId {
    type Err = NoHostId;

    fn from_str(text: &str) -> Result<Self, NoHostId> {
        Self::new(text)
    }
}

/// What a host can be asked. All of it is request and reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Any payload → [`super::HostHeartbeat`].
    Heartbeat,
    /// [`super::WorkloadStartRequest`] → [`super::WorkloadStartResponse`].
    Start,
    /// [`super::WorkloadStatusRequest`] → [`super::WorkloadStatusResponse`].
    Status,
    /// [`super::WorkloadStopRequest`] → [`super::WorkloadStopResponse`].
    Stop,
}

impl Command {
    /// Every command.
    pub const ALL: [Self; 4] = [Self::Heartbeat, Self::Start, Self::Status, Self::Stop];

    /// Its tokens behind the host's id.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Start => "workload.start",
            Self::Status => "workload.status",
            Self::Stop => "workload.stop",
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a message is about, by its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A host says how it is. Trust the id in the payload, as upstream's operator does.
    Heartbeat(HostId),
    /// A host is asked for something.
    Command(HostId, Command),
    /// A host is asked for something nobody knows: the tokens behind its id.
    UnknownCommand(HostId, String),
    /// Our operator says something to our host: the topic.
    OwnCommand(HostId, String),
    /// Our host says something to our operator: the topic.
    OwnReport(HostId, String),
}

impl Subject {
    /// Reads a subject without wildcards. `None`: it is none of the control plane's.
    pub fn parse(subject: &str) -> Option<Self> {
        let known = |id: &str| HostId::new(id).ok();
        if let Some(id) = subject.strip_prefix(HEARTBEAT_PREFIX) {
            return known(id).map(Self::Heartbeat);
        }
        if let Some(rest) = subject.strip_prefix(HOST_PREFIX) {
            let (id, name) = rest.split_once('.')?;
            let id = known(id)?;
            return Some(match Command::ALL.into_iter().find(|command| command.name() == name) {
                Some(command) => Self::Command(id, command),
                None => Self::UnknownCommand(id, name.to_owned()),
            });
        }
        let (side, rest) = subject.strip_prefix(OWN_PREFIX)?.strip_prefix('.')?.split_once('.')?;
        let (id, topic) = rest.split_once('.')?;
        match side {
            "host" => Some(Self::OwnCommand(known(id)?, topic.to_owned())),
            "operator" => Some(Self::OwnReport(known(id)?, topic.to_owned())),
            _ => None,
        }
    }
}

/// Whether a text is one token of a subject.
fn is_token(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| matches!(c, '.' | '*' | '>') || c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::Implementation;
    use crate::nats::permissions::{Role, for_implementation};

    fn host() -> HostId {
        HostId::new("0d9f-41").unwrap()
    }

    #[test]
    fn what_is_written_is_read_again() {
        assert_eq!(Subject::parse(&host().heartbeat()), Some(Subject::Heartbeat(host())));
        for command in Command::ALL {
            assert_eq!(Subject::parse(&host().command(command)), Some(Subject::Command(host(), command)));
        }
        assert_eq!(
            Subject::parse(&host().own_command("workload.list")),
            Some(Subject::OwnCommand(host(), "workload.list".to_owned()))
        );
        assert_eq!(Subject::parse(&host().own_report("drain")), Some(Subject::OwnReport(host(), "drain".to_owned())));
    }

    #[test]
    fn the_subjects_are_upstreams() {
        assert_eq!(host().heartbeat(), "runtime.operator.heartbeat.0d9f-41");
        assert_eq!(host().commands(), "runtime.host.0d9f-41.>");
        assert_eq!(host().command(Command::Heartbeat), "runtime.host.0d9f-41.heartbeat");
        assert_eq!(host().command(Command::Start), "runtime.host.0d9f-41.workload.start");
        assert_eq!(host().command(Command::Status), "runtime.host.0d9f-41.workload.status");
        assert_eq!(host().command(Command::Stop), "runtime.host.0d9f-41.workload.stop");
    }

    #[test]
    fn a_host_id_is_one_token() {
        for bad in ["", "a.b", "a b", "*", "a>", "a\n"] {
            assert!(HostId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_unknown_command_is_named_and_other_subjects_are_left_alone() {
        assert_eq!(
            Subject::parse("runtime.host.h1.workload.pause.now"),
            Some(Subject::UnknownCommand(HostId::new("h1").unwrap(), "workload.pause.now".to_owned()))
        );
        for other in ["runtime.host.h1", "runtime.operator.heartbeat.a.b", "orders.created", "chartwright.host.h1", ""]
        {
            assert_eq!(Subject::parse(other), None, "{other}");
        }
    }

    #[test]
    fn the_permissions_of_our_two_cover_our_own_subjects_and_nobody_elses_do() {
        let of = |role, implementation| for_implementation(role, implementation);
        let (operator, hosts) =
            (of(Role::Operator, Implementation::Chartwright), of(Role::HostControl, Implementation::Chartwright));
        let (command, report) = (host().own_command("drain"), host().own_report("workload.ended"));
        assert!(operator.publish.permit(&command) && hosts.subscribe.permit(&command));
        assert!(hosts.publish.permit(&report) && operator.subscribe.permit(&report));
        assert!(!operator.publish.permit(&report) && !hosts.publish.permit(&command));
        for role in [Role::Operator, Role::HostControl, Role::HostData] {
            let upstreams = of(role, Implementation::Wasmcloud);
            for subject in [&command, &report] {
                assert!(!upstreams.publish.permit(subject) && !upstreams.subscribe.permit(subject), "{role:?}");
            }
        }
    }

    #[test]
    fn the_permissions_cover_upstreams_subjects() {
        let operator = for_implementation(Role::Operator, Implementation::Chartwright);
        let hosts = for_implementation(Role::HostControl, Implementation::Chartwright);
        for command in Command::ALL {
            assert!(operator.publish.permit(&host().command(command)));
            assert!(hosts.subscribe.permit(&host().command(command)));
        }
        assert!(hosts.publish.permit(&host().heartbeat()) && operator.subscribe.permit(&host().heartbeat()));
    }
}
