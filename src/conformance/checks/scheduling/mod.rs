//! Do workloads run where and as often as they should, and does it say why not?

mod changes;
mod failures;
mod losses;
mod starts;

use crate::conformance::check::checks;

checks! {
    "scheduling.start" parallel(starts::start) [Guests] 60 s
        "A WorkloadDeployment becomes ready and answers"
        hint "the conditions of its Workload name the step that fails: kubectl describe workload"
    "scheduling.replicas" parallel(starts::replicas) [Guests] 60 s
        "As many Workloads run as there are replicas, each on a Host that exists"
        hint "hosts are full or do not match: the condition HostSelection of the Workloads says what kept each host out"
    "scheduling.spread" parallel(starts::spread) [Guests, TwoHosts, OurOperator] 60 s
        "Replicas are spread over hosts"
        hint "one host is over its thresholds, or does not match: compare the operator's thresholds with `systemMemoryFree` of the Hosts"
    "scheduling.owners" parallel(starts::owners) [Guests] 60 s
        "Deployment, ReplicaSet and Workloads own each other, so that all of it goes together"
        hint "the operator may not set owner references: look at `finalizers` in its Role"
    "scheduling.selector" parallel(starts::selector) [Guests] 60 s
        "A workload goes to the hosts that its hostSelector names"
        hint "labels of Hosts are those of their heartbeats: compare `--host-group` and `--label` of the host"
    "scheduling.scale" parallel(changes::scale) [Guests] 60 s
        "The scale subresource takes a deployment up and down"
        hint "the operator does not follow `spec.replicas`: look at the conditions of the WorkloadReplicaSet"
    "scheduling.scale.selector" parallel(changes::selector) [Guests, OurOperator] 60 s
        "The selector of the scale subresource selects exactly its Workloads"
        hint "an autoscaler counts by it: apply the definitions of this version and let the operator write `status.selector`"
    "scheduling.rollout" parallel(changes::rollout) [Guests] 120 s
        "A new version takes over without a failed request"
        hint "404 means that a request reached a host after its workload was stopped there: its endpoint must go first, and nodes need time to follow"
    "scheduling.recreate" parallel(changes::recreate) [Guests] 60 s
        "With the policy Recreate the new version comes after the old one"
        hint "the operator does not know `deployPolicy: Recreate`"
    "scheduling.stop" parallel(changes::stop) [Guests] 60 s
        "What is deleted is gone: its Workloads, and its name on every host"
        hint "a finalizer waits for a host that does not answer: look at `metadata.finalizers` of what is left"
    "scheduling.unknown-image" parallel(failures::unknown_image) [Guests] 60 s
        "A workload whose image does not exist says so by its name"
        hint "the host's own words must reach the condition Placement"
    "scheduling.unknown-image.event" parallel(failures::event) [Guests, OurOperator] 60 s
        "A failed start is an event of the Workload"
        hint "the operator may not create events: its Role needs `events` of the groups \"\" and `events.k8s.io`"
    "scheduling.no-host" parallel(failures::no_host) [Agent, OurOperator] 60 s
        "A workload that no host matches says so"
        hint "the condition HostSelection must say NoHost, and what kept each host out"
    "scheduling.no-component" parallel(failures::no_component) [Guests] 60 s
        "An image that is no component does not run, and says what it is"
        hint "the host must read an artifact before it runs it, and say what is wrong with it"
    "scheduling.invalid" parallel(failures::invalid) [Agent] 30 s
        "The API server refuses a workload with two entries of one interface"
        hint "the definitions lack their rules: apply those of this version, `chartwright crds apply`"
    "scheduling.operator-loss" disruptive(losses::operator) [Guests, Disruptive] 180 s
        "While the operator is away workloads answer, and the next one goes on"
        hint "the next operator does not come up, or does not take over: look at its log and its Lease"
    "scheduling.drain" disruptive(losses::drain) [Guests, TwoHosts, Disruptive] 240 s
        "A host that is told to go loses no request, and its workloads run elsewhere"
        hint "raise `hostDefaults.drainDelaySeconds` until endpoints have followed, and `terminationGracePeriodSeconds` above it"
    "scheduling.host-loss" disruptive(losses::host) [Guests, TwoHosts, Disruptive] 300 s
        "The workloads of a host that dies run elsewhere, and its Host object goes"
        hint "the operator must hear that nobody answers for that host; `--heartbeat-timeout` is how long silence lasts"
}
