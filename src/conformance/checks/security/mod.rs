//! Does it keep to what a locked-down cluster demands?

mod admission;
mod pods;
mod registries;
mod rights;
mod roles;
#[cfg(test)]
mod tests;

use crate::conformance::check::checks;

checks! {
    "security.non-root" objects(pods::non_root) [] 10 s
        "No container runs as root, and each says so"
        hint "set `runAsNonRoot: true` in the pod or container security context, and a numeric `runAsUser` other than 0"
    "security.read-only-root" objects(pods::read_only_root) [] 10 s
        "The root file system of every container is read-only"
        hint "set `readOnlyRootFilesystem: true`, and mount an emptyDir where something is written"
    "security.no-escalation" objects(pods::no_escalation) [] 10 s
        "No container may gain privileges, and all capabilities are dropped"
        hint "set `allowPrivilegeEscalation: false` and `capabilities.drop: [ALL]`"
    "security.seccomp" objects(pods::seccomp) [] 10 s
        "Every container runs under a seccomp profile"
        hint "set `seccompProfile.type: RuntimeDefault` in the pod security context"
    "security.host-access" objects(pods::host_access) [] 10 s
        "No Pod shares the node's network, processes or files"
        hint "take `hostNetwork`, `hostPID`, `hostIPC` and hostPath volumes out of the values"
    "security.tokens" objects(pods::tokens) [] 10 s
        "Only the operator has a token of the API server"
        hint "guests run in the hosts: set `automountServiceAccountToken: false` there"
    "security.literal-secrets" objects(pods::literal_secrets) [] 10 s
        "No password or token stands in arguments or variables of a Pod"
        hint "whoever may see the Pod can read it: put it in a Secret, and name that in the values"
    "security.registries" objects(registries::mirrored) [] 10 s
        "A release that is installed from a mirror pulls no image from a public registry"
        hint "`global.image.registry` names the mirror for all images; an image of `extraContainers` is as its value says"
    "security.wildcards" parallel(roles::wildcards) [] 20 s
        "No Role of the release grants all verbs, all resources or all groups"
        hint "a Role was widened: the chart's own name what the operator needs, one by one"
    "security.operator-rights" parallel(rights::operator) [OurOperator] 60 s
        "The operator may do all that it does, in its namespace and in those that it looks after"
        hint "a rule of its Role or ClusterRole is gone, or `rbac.create` is off and its own Roles lack one: take them from `chartwright render`"
    "security.restricted" alone(admission::restricted) [] 60 s
        "A namespace with Pod security `restricted` admits every Pod of the release"
        hint "the API server says which field is the matter"
}
