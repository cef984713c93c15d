//! Both planes of NATS, with the release's own identities.

mod connections;
mod outage;
mod planes;
mod streams;

use crate::conformance::check::checks;

checks! {
    "nats.operator.connect" parallel(connections::operator) [Identities] 30 s
        "The operator's identity connects to the control plane"
        hint "address, authority or credentials of `nats.control` are wrong: what was seen names which"
    "nats.host.connect" parallel(connections::control) [Identities] 30 s
        "A host's identity connects to the control plane"
        hint "address, authority or credentials of the hosts' `nats.control` are wrong: what was seen names which"
    "nats.data.connect" parallel(connections::data) [Identities] 30 s
        "A host's identity connects to the data plane"
        hint "address, authority or credentials of `nats.data` are wrong: what was seen names which"
    "nats.anonymous" parallel(connections::anonymous) [Identities] 30 s
        "Nobody connects without credentials"
        hint "the server has an open account: whoever reaches it commands the hosts; set `auth` under `nats`"
    "nats.control.request" parallel(planes::request) [Identities] 30 s
        "Every host answers the operator's identity with its heartbeat"
        hint "operator and hosts are in different accounts, or the operator may not publish to `runtime.host.*.heartbeat`"
    "nats.control.heartbeat" parallel(planes::heartbeats) [Identities] 45 s
        "The operator's identity hears the heartbeat of every host"
        hint "hosts may not publish to `runtime.operator.heartbeat.*`, or the operator may not subscribe to it"
    "nats.data.request" parallel(planes::round_trip) [Identities] 30 s
        "A request on the data plane is answered"
        hint "the data identity may not publish, subscribe or use its inbox: look at the permissions of its account"
    "nats.data.jetstream" parallel(streams::available) [Identities] 30 s
        "JetStream of the data plane answers to the data identity"
        hint "the account of the data plane has no JetStream: turn `jetstream` on for it, or name its `domain`"
    "nats.data.jetstream.limits" parallel(streams::limits) [Identities] 30 s
        "A stream of the data plane holds what its limits allow, refuses more, and goes"
        hint "the data identity may not use `$JS.API.STREAM.*`, or the account has no room left: look at its limits of JetStream"
    "nats.planes.apart" parallel(planes::apart) [Identities] 30 s
        "What goes on between operator and hosts is not heard on the data plane"
        hint "workloads reach the data plane: give the planes two accounts, or deny `runtime.>` and `chartwright.>` there"
    "nats.connected" parallel(connections::metrics) [Agent, OurHost, OurOperator] 30 s
        "Operator and hosts say that they are connected"
        hint "their `/readyz` says what is missing; `kubectl logs` has each attempt"
    "nats.reconnect" disruptive(outage::reconnect) [Agent, Guests, BundledNats, Disruptive] 180 s
        "After the NATS server was away all is connected again, nothing was restarted, and workloads answered all the time"
        hint "a program ends when NATS is away instead of trying again: look at its restarts and last log"
}
