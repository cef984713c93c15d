//! What requests see.

mod bodies;
mod connections;
mod routing;
mod service;
mod tls;

use std::time::Duration;

use crate::conformance::check::{Stop, checks, hold};
use crate::conformance::scene::Stage;

checks! {
    "http.routing.host" parallel(routing::host) [Guests] 90 s
        "A request goes to the workload that its Host header names"
        hint "`config.host` of the workload's `wasi:http` entry is the name it answers to"
    "http.routing.port" parallel(routing::port) [Guests] 90 s
        "A port in the Host header makes no difference"
        hint "clients add it on every port but 80: the host must leave it out when it compares"
    "http.routing.case" parallel(routing::case) [Guests, OurHost] 90 s
        "The case of the Host header makes no difference"
        hint "names of hosts have no case: the host must compare them so"
    "http.routing.unknown-host" parallel(routing::unknown) [Guests] 90 s
        "A name that no workload has gets 404"
        hint "a request of one tenant must never reach another's workload by default"
    "http.routing.reason" parallel(routing::reason) [Guests, OurHost] 90 s
        "A 404 of the host itself says so in the header x-chartwright-reason"
        hint "a proxy in between takes the header out, or it is not the host that answers"
    "http.routing.no-host" parallel(routing::none) [Guests] 90 s
        "A request without a Host header is refused"
        hint "HTTP/1.1 demands the header: 400 is the answer"
    "http.keep-alive" parallel(connections::keep_alive) [Guests] 90 s
        "Many requests are answered on one connection"
        hint "something between client and host closes connections after each answer"
    "http.h2c" parallel(connections::h2c) [Guests, OurHost] 90 s
        "HTTP/2 is spoken as well, over TLS where hosts serve that and in the clear where they do not"
        hint "gRPC needs it: a proxy in between speaks HTTP/1.1 only"
    "http.tls" parallel(tls::served) [Guests, OurHost] 180 s
        "Hosts answer over TLS alone, with the certificate that their Secret holds now and that has not ended"
        hint "something in front of the hosts ends TLS in their place, or they cannot use what the Secret holds: look at their logs and at `chartwright certs status`"
    "http.concurrent" parallel(connections::concurrent) [Guests] 90 s
        "Forty requests at a time are all answered"
        hint "limits of the host are too low: `hostDefaults.limits.maxInFlight` and `coreInstances`, or the memory of its Pod"
    "http.headers" parallel(bodies::headers) [Guests] 90 s
        "Headers of the request reach the workload, repeated ones too"
        hint "a proxy in between drops or joins headers"
    "http.status" parallel(bodies::status) [Guests] 90 s
        "The workload's own status reaches the client"
        hint "a proxy in between replaces answers with an error page of its own"
    "http.body.echo" parallel(bodies::echo) [Guests] 90 s
        "A body of 8 MiB comes back as it went"
        hint "a limit on bodies is in the way: `hostDefaults.limits.maxBodyBytes`, or one of a proxy in between"
    "http.body.streaming" parallel(bodies::streaming) [Guests] 90 s
        "An answer begins before the request's body has ended"
        hint "something between client and workload collects bodies before it passes them on"
    "http.trailers" parallel(bodies::trailers) [Guests, OurHost] 90 s
        "Trailers of the request come back as trailers of the answer"
        hint "a proxy in between drops trailers: gRPC does not work without them"
    "http.service" parallel(service::answers_behind) [Guests] 90 s
        "A workload answers behind its Service"
        hint "kube-proxy or the CNI does not follow EndpointSlices, or a NetworkPolicy keeps clients from the hosts"
    "http.service.names" parallel(service::names) [Guests, OurOperator] 90 s
        "A workload answers to all names of its Service: `web`, `web.NAMESPACE`, `web.NAMESPACE.svc` and the fully qualified one"
        hint "the operator must give the workload all of them as aliases; with another domain than cluster.local `clusterDomain` must name it. What is missing can stand in `config.host-aliases` of the `wasi:http` entry"
    "http.service.endpoints" parallel(service::endpoints) [Guests] 90 s
        "The EndpointSlice of a Service names exactly the hosts that run its workload"
        hint "the operator may not write EndpointSlices (`endpointslices`, `endpoints/restricted`), or has not seen the Service"
    "http.service.follows" parallel(service::follows) [Guests] 90 s
        "The EndpointSlice goes with the workload"
        hint "a slice that stays leads to hosts that answer 404: look at the operator's log"
    "http.service.ports" parallel(service::ports) [Guests, OurOperator] 90 s
        "The EndpointSlice of a Service has the names of the Service's own ports, also where a port has none"
        hint "upstream's operator calls the port `http` whatever its Service does: call it so there, too"
    "http.service.gone" parallel(service::gone) [Guests] 90 s
        "Ten seconds after its workload was deleted a Service leads nowhere, and no host answers 404 for it"
        hint "an endpoint that stays leads to a host that knows the workload no more: look at the operator's log; without endpoints it is a node that does not follow, or something else that takes the Service's address"
    "http.p3" parallel(connections::p3) [Guests, OurHost] 90 s
        "A component of WASI 0.3 serves requests"
        hint "the host is older than WASI 0.3, or has it turned off"
}

/// Waits until an address answers under a name: rules of a new Service take a moment to reach every node.
pub(super) async fn answers(stage: &Stage, address: &str, host: &str) -> Result<(), Stop> {
    let mut last = String::new();
    for _ in 0..60 {
        match stage.get(address, host, "/").await {
            Ok(answer) if answer.status == 200 => return Ok(()),
            Ok(answer) => last = format!("status {}", answer.status),
            Err(Stop::Failed { seen, .. }) => last = seen,
            Err(stop) => return Err(stop),
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    hold!(false, "{last}");
    Ok(())
}
