//! Who publishes and subscribes what: the permissions of a NATS account or user, as data.
//!
//! Start messages carry Secret values and registry passwords in clear, and any client that may subscribe `runtime.host.>` reads
//! them. So control and data plane belong in two accounts; the denials below are for those who put them into one after all.

use serde::Serialize;

use crate::flags::Implementation;

/// A connection to NATS, by what it does there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// The operator, on the control plane.
    Operator,
    /// A host, on the control plane.
    HostControl,
    /// A host, on the data plane, for all of its workloads.
    HostData,
}

/// What a connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Permissions {
    /// Where it may send to.
    pub publish: Subjects,
    /// What it may listen to.
    pub subscribe: Subjects,
}

/// Subjects, with the wildcards `*` (one token) and `>` (all the rest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Subjects {
    /// Allowed subjects. All others are denied.
    pub allow: &'static [&'static str],
    /// Subjects that are denied although a wildcard above allows them.
    pub deny: &'static [&'static str],
}

impl Subjects {
    const fn only(allow: &'static [&'static str]) -> Self {
        Self { allow, deny: &[] }
    }

    const fn all_but(deny: &'static [&'static str]) -> Self {
        Self { allow: &[">"], deny }
    }

    /// Whether a subject, which may not contain wildcards, is allowed.
    pub fn permit(&self, subject: &str) -> bool {
        let among = |patterns: &[&str]| patterns.iter().any(|pattern| matches(pattern, subject));
        among(self.allow) && !among(self.deny)
    }
}

impl Role {
    /// What the subjects of replies to this connection start with. Upstream's clients cannot be told one, so they share NATS'
    /// own, and each could listen to replies for the others.
    pub const fn inbox_prefix(self, implementation: Implementation) -> &'static str {
        match (implementation, self) {
            (Implementation::Wasmcloud, _) => "_INBOX",
            (Implementation::Chartwright, Self::Operator) => "_INBOX_operator",
            (Implementation::Chartwright, Self::HostControl) => "_INBOX_host",
            (Implementation::Chartwright, Self::HostData) => "_INBOX_data",
        }
    }
}

/// What the connection of a role needs if that role is played by this implementation. The other side may be either one: a host
/// may answer both operators.
pub const fn for_implementation(role: Role, implementation: Implementation) -> Permissions {
    match (role, implementation) {
        (Role::Operator, Implementation::Chartwright) => Permissions {
            publish: Subjects::only(&[
                "runtime.host.*.heartbeat",
                "runtime.host.*.workload.start",
                "runtime.host.*.workload.status",
                "runtime.host.*.workload.stop",
                "chartwright.host.*.>",
            ]),
            subscribe: Subjects::only(&["runtime.operator.heartbeat.>", "chartwright.operator.>", "_INBOX_operator.>"]),
        },
        (Role::Operator, Implementation::Wasmcloud) => Permissions {
            // Hosts' ids are made at start, so they cannot be listed.
            publish: Subjects::only(&[
                "runtime.host.*.heartbeat",
                "runtime.host.*.workload.start",
                "runtime.host.*.workload.status",
                "runtime.host.*.workload.stop",
            ]),
            subscribe: Subjects::only(&["runtime.operator.heartbeat.>", "_INBOX.>"]),
        },
        // A host asks nobody anything on the control plane, so it needs no inbox. It answers either operator.
        (Role::HostControl, Implementation::Chartwright) => Permissions {
            publish: Subjects::only(&[
                "runtime.operator.heartbeat.*",
                "chartwright.operator.*.>",
                "_INBOX.>",
                "_INBOX_operator.>",
            ]),
            subscribe: Subjects::only(&["runtime.host.*.>", "chartwright.host.*.>"]),
        },
        (Role::HostControl, Implementation::Wasmcloud) => Permissions {
            publish: Subjects::only(&["runtime.operator.heartbeat.*", "_INBOX.>", "_INBOX_operator.>"]),
            subscribe: Subjects::only(&["runtime.host.*.>"]),
        },
        (Role::HostData, Implementation::Chartwright) => Permissions {
            publish: Subjects::all_but(CONTROL_PLANE),
            // Replies to others are none of its business, now that it has an inbox of its own.
            subscribe: Subjects::all_but(&[
                "runtime.>",
                "chartwright.>",
                "_INBOX.>",
                "_INBOX_operator.>",
                "_INBOX_host.>",
            ]),
        },
        (Role::HostData, Implementation::Wasmcloud) => Permissions {
            publish: Subjects::all_but(CONTROL_PLANE),
            subscribe: Subjects::all_but(&[
                "runtime.>",
                "chartwright.>",
                "_INBOX_operator.>",
                "_INBOX_host.>",
                "_INBOX_data.>",
            ]),
        },
    }
}

/// What no workload may send: upstream's subjects of the control plane, and our own.
const CONTROL_PLANE: &[&str] = &["runtime.>", "chartwright.>"];

/// What a capability sends to on the data plane, for those who replace the wildcard of [`Role::HostData`] by a list. Replies
/// come to the inbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Capability {
    /// `wasmcloud:messaging`: besides these, the subjects of the applications, both ways.
    Messaging,
    /// `wasi:keyvalue` and `wasmcloud:keyvalue`.
    KeyValue,
    /// `wasi:blobstore` and `wasmcloud:blobstore`.
    BlobStore,
}

impl Capability {
    /// Where it sends to; `<bucket>` stands for the name of a bucket or store, because a wildcard of NATS is a whole token. Opening
    /// a bucket takes the right to create its stream, even if it exists. In a JetStream domain `$JS.API` is `$JS.<domain>.API`.
    pub const fn publishes(self) -> &'static [&'static str] {
        match self {
            // Replies to those who asked.
            Self::Messaging => &["_INBOX.>"],
            Self::KeyValue => &[
                "$JS.API.CONSUMER.*.KV_<bucket>",
                "$JS.API.CONSUMER.*.KV_<bucket>.>",
                "$JS.API.CONSUMER.MSG.NEXT.KV_<bucket>.>",
                "$JS.API.DIRECT.GET.KV_<bucket>",
                "$JS.API.DIRECT.GET.KV_<bucket>.>",
                "$JS.API.INFO",
                "$JS.API.STREAM.CREATE.KV_<bucket>",
                "$JS.API.STREAM.INFO.KV_<bucket>",
                "$JS.API.STREAM.MSG.GET.KV_<bucket>",
                "$JS.FC.KV_<bucket>.>",
                "$KV.<bucket>.>",
            ],
            Self::BlobStore => &[
                "$JS.API.CONSUMER.*.OBJ_<bucket>",
                "$JS.API.CONSUMER.*.OBJ_<bucket>.>",
                "$JS.API.CONSUMER.MSG.NEXT.OBJ_<bucket>.>",
                "$JS.API.DIRECT.GET.OBJ_<bucket>",
                "$JS.API.DIRECT.GET.OBJ_<bucket>.>",
                "$JS.API.STREAM.CREATE.OBJ_<bucket>",
                "$JS.API.STREAM.DELETE.OBJ_<bucket>",
                "$JS.API.STREAM.INFO.OBJ_<bucket>",
                "$JS.API.STREAM.PURGE.OBJ_<bucket>",
                "$JS.FC.OBJ_<bucket>.>",
                "$O.<bucket>.>",
            ],
        }
    }

    /// The same for a bucket or store.
    pub fn publishes_for(self, bucket: &str) -> Vec<String> {
        self.publishes().iter().map(|subject| subject.replace("<bucket>", bucket)).collect()
    }
}

/// Whether a pattern covers a subject.
fn matches(pattern: &str, subject: &str) -> bool {
    let mut tokens = subject.split('.');
    for expected in pattern.split('.') {
        match (expected, tokens.next()) {
            (">", Some(_)) => return true,
            ("*", Some(_)) => {}
            (expected, Some(token)) if expected == token => {}
            _ => return false,
        }
    }
    tokens.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPLEMENTATIONS: [Implementation; 2] = [Implementation::Chartwright, Implementation::Wasmcloud];

    #[test]
    fn a_wildcard_covers_one_token_or_all_the_rest_but_never_none() {
        assert!(matches("runtime.host.*.heartbeat", "runtime.host.h1.heartbeat"));
        assert!(!matches("runtime.host.*.heartbeat", "runtime.host.h1.workload.start"));
        assert!(matches("runtime.>", "runtime.host.h1"));
        assert!(!matches("runtime.>", "runtime"));
        assert!(!matches("a.b", "a.b.c"));
        assert!(!matches("a.b.c", "a.b"));
    }

    #[test]
    fn no_wildcard_is_part_of_a_token() {
        let roles = [Role::Operator, Role::HostControl, Role::HostData];
        let all = roles.iter().flat_map(|role| IMPLEMENTATIONS.map(|one| for_implementation(*role, one)));
        let lists = all.flat_map(|one| [one.publish.allow, one.publish.deny, one.subscribe.allow, one.subscribe.deny]);
        let capabilities = [Capability::Messaging, Capability::KeyValue, Capability::BlobStore];
        for subject in lists.chain(capabilities.map(Capability::publishes)).flatten() {
            let whole = |token: &str| token.len() == 1 || !token.contains(['*', '>']) || token.contains("<bucket>");
            assert!(subject.split('.').all(whole), "a server takes this literally: {subject}");
        }
    }

    #[test]
    fn any_operator_and_any_host_can_talk_on_the_control_plane() {
        for operator in IMPLEMENTATIONS {
            for host in IMPLEMENTATIONS {
                let (o, h) =
                    (for_implementation(Role::Operator, operator), for_implementation(Role::HostControl, host));
                for command in ["heartbeat", "workload.start", "workload.status", "workload.stop"] {
                    let subject = format!("runtime.host.0d9f.{command}");
                    assert!(o.publish.permit(&subject) && h.subscribe.permit(&subject), "{subject}");
                }
                assert!(h.publish.permit("runtime.operator.heartbeat.0d9f"));
                assert!(o.subscribe.permit("runtime.operator.heartbeat.0d9f"));
                let reply = format!("{}.Xy.1", Role::Operator.inbox_prefix(operator));
                assert!(h.publish.permit(&reply) && o.subscribe.permit(&reply), "{reply}");
            }
        }
    }

    #[test]
    fn hosts_cannot_give_each_other_commands_nor_read_each_others_replies() {
        for implementation in IMPLEMENTATIONS {
            let host = for_implementation(Role::HostControl, implementation);
            assert!(!host.publish.permit("runtime.host.other.workload.start"));
            assert!(!host.publish.permit("chartwright.host.other.drain"));
            assert!(!host.subscribe.permit("runtime.operator.heartbeat.other"));
            assert!(!host.subscribe.permit("_INBOX.Xy.1") && !host.subscribe.permit("_INBOX_operator.Xy.1"));
        }
    }

    #[test]
    fn workloads_reach_every_subject_but_the_control_planes() {
        for implementation in IMPLEMENTATIONS {
            let data = for_implementation(Role::HostData, implementation);
            let inbox = format!("{}.Xy.1", Role::HostData.inbox_prefix(implementation));
            for subject in ["orders.created", "$JS.API.INFO", "$KV.carts.k1", inbox.as_str()] {
                assert!(data.publish.permit(subject), "{subject}");
                assert!(data.subscribe.permit(subject), "{subject}");
            }
            for subject in [
                "runtime.host.h1.workload.start",
                "runtime.operator.heartbeat.h1",
                "chartwright.host.h1.drain",
                "chartwright.operator.h1.drained",
            ] {
                assert!(!data.publish.permit(subject), "{subject}");
                assert!(!data.subscribe.permit(subject), "{subject}");
            }
            assert!(!data.subscribe.permit("_INBOX_operator.Xy.1"));
            for capability in [Capability::Messaging, Capability::KeyValue, Capability::BlobStore] {
                for subject in capability.publishes_for("carts") {
                    assert!(data.publish.permit(&subject.replace(['*', '>'], "x")), "{subject}");
                }
            }
        }
    }

    #[test]
    fn every_inbox_of_ours_is_its_own() {
        let ours = |role: Role| role.inbox_prefix(Implementation::Chartwright);
        let data = for_implementation(Role::HostData, Implementation::Chartwright);
        for other in ["_INBOX", ours(Role::Operator), ours(Role::HostControl)] {
            assert!(!data.subscribe.permit(&format!("{other}.Xy.1")), "{other}");
        }
    }
}
