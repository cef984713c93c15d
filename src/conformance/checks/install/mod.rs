//! Is everything there, and does it fit together? Judged by the objects alone.

mod available;
mod definitions;
mod hosts;
mod references;
mod services;
#[cfg(test)]
mod tests;

use crate::conformance::check::checks;

checks! {
    "install.crds" objects(definitions::served) [] 10 s
        "All five kinds of runtime.wasmcloud.dev/v1alpha1 are served"
        hint "the definitions are missing or older than the operator: `chartwright crds apply`, or `--include-crds` with render"
    "install.crds.stored" objects(definitions::stored) [] 10 s
        "v1alpha1 is the only version that objects are stored in"
        hint "objects of another version are stored: read and write each of them once, then take the version out of `status.storedVersions`"
    "install.crds.scale" objects(definitions::scale) [] 10 s
        "WorkloadDeployments can be scaled, and say by which labels"
        hint "the definition lacks its scale subresource: apply the definitions of this version, `chartwright crds apply`"
    "install.available" objects(available::parts) [] 10 s
        "Operator and hosts have all their Pods available, of their present version"
        hint "look at the Pods that are not ready: kubectl describe pod, kubectl logs --previous"
    "install.nats.available" objects(available::nats) [BundledNats] 10 s
        "Every NATS server of the release is ready"
        hint "look at its Pod: a volume that cannot be bound, a certificate that is missing, a configuration it refuses"
    "install.restarts" objects(available::restarts) [] 10 s
        "No container of the release has restarted"
        hint "kubectl logs --previous says why it ended; a memory limit shows as OOMKilled"
    "install.images" objects(available::images) [] 10 s
        "All Pods of a part run the same image, and the runtime says which by digest"
        hint "a tag was moved, or a rollout is half way: name images by digest"
    "install.selectors" objects(services::selectors) [] 10 s
        "Every Service of the release selects a ready Pod"
        hint "labels of Pods were changed by values: the chart's own labels must stay"
    "install.ports" objects(services::ports) [] 10 s
        "Every port of a Service is a port of the containers behind it"
        hint "a port was renamed or moved by values: `targetPort` must name a port of the container"
    "install.service-accounts" objects(references::accounts) [] 10 s
        "The service account of every Pod exists"
        hint "with `serviceAccount.create: false` the account must be there before the release"
    "install.references" objects(references::objects) [] 10 s
        "Every Secret and ConfigMap that Pods refer to exists"
        hint "create what is missing, or take the reference out of the values; certificates come from `tls.provider`"
    "install.arguments" objects(references::all_arguments) [] 10 s
        "Operator and hosts are given only flags that they have"
        hint "image and chart are of different versions, or `extraArgs` has a flag that the program lacks"
    "install.probes" objects(references::probes) [] 10 s
        "Operator, hosts and NATS have readiness and liveness probes"
        hint "without a readiness probe Services lead to what cannot answer yet: take the probes from the chart's defaults"
    "install.hosts.registered" objects(hosts::registered) [] 10 s
        "Every ready host Pod has a Host object with its address"
        hint "its heartbeats do not arrive: compare the NATS addresses and accounts of host and operator"
    "install.hosts.ready" objects(hosts::ready) [] 10 s
        "Every Host is ready, and was heard of within a minute"
        hint "a Host without a Pod goes when its heartbeats time out; one with a Pod has lost NATS"
    "install.hosts.environment" objects(hosts::environment) [] 10 s
        "Every Host of the release names the namespace of its Pod as its environment"
        hint "workloads without `environment` only run on hosts of their own namespace: leave `--environment` as the chart has it"
}
