//! The codes of this room and what `explain` says about them.

use crate::diagnostics::{Code, Rule, Severity};

/// A key that the upstream chart does not have.
pub const UNKNOWN: Code = Code("CW3001");
/// A key without effect upstream.
pub const DEAD: Code = Code("CW3002");
/// A key of a later chart.
pub const NEWER: Code = Code("CW3003");
/// A key without counterpart.
pub const UNSUPPORTED: Code = Code("CW3004");
/// A value of the wrong type.
pub const TYPE: Code = Code("CW3005");
/// A scalar whose text Helm would have changed.
pub const TEXT: Code = Code("CW3006");
/// The version that the values are read as.
pub const VERSION: Code = Code("CW3007");
/// Values of the v1 chart.
pub const V1: Code = Code("CW3008");
/// A host group that cannot be.
pub const GROUP: Code = Code("CW3010");
/// The gateway.
pub const GATEWAY: Code = Code("CW3011");
/// A node port outside the usual range.
pub const NODE_PORT: Code = Code("CW3012");
/// HTTPS without, or with an odd, certificate.
pub const HTTPS: Code = Code("CW3013");
/// Who makes certificates.
pub const CERTIFICATES: Code = Code("CW3014");
/// A URL of NATS that upstream's programs cannot use.
pub const NATS_URL: Code = Code("CW3015");
/// An image whose tag moves.
pub const IMAGE: Code = Code("CW3016");
/// A registry for all images that upstream does not use.
pub const REGISTRY: Code = Code("CW3017");
/// A pull Secret written as a plain name.
pub const PULL_SECRET: Code = Code("CW3018");
/// A label that the chart needs.
pub const LABEL: Code = Code("CW3019");
/// A variable that the chart needs.
pub const MANAGED_VARIABLE: Code = Code("CW3020");
/// A variable twice in one list.
pub const DUPLICATE_VARIABLE: Code = Code("CW3021");
/// A password in a literal value.
pub const CREDENTIALS: Code = Code("CW3022");
/// OTLP on the port of the other protocol.
pub const OTLP_PORT: Code = Code("CW3023");
/// A flag that the program does not know, or is given already.
pub const FLAG: Code = Code("CW3024");
/// Plain HTTP towards every registry.
pub const INSECURE: Code = Code("CW3025");

const fn rule(code: Code, severity: Severity, name: &'static str, docs: &'static str) -> Rule {
    Rule { code, severity, name, docs }
}

/// All rules of this room.
pub const RULES: &[Rule] = &[
    rule(
        UNKNOWN,
        Severity::Error,
        "import-unknown-key",
        "\
The upstream chart has no such key.

**Why.** Helm takes any key without a word; a toleration under `runtime.tolerations` does nothing at all.

**Write instead.** The key that was meant, or ours that does it (`hostDefaults.tolerations`), in the imported values.
Keys that start with `x-`, `_` or `.` at the top are left alone: they hold YAML anchors.
",
    ),
    rule(
        DEAD,
        Severity::Warning,
        "import-dead-key",
        "\
The key is in upstream's values file, and no template of that version reads it.

**Why.** Carrying it over would change what the release does, unseen: `networking.socketEgress: enforce` did nothing
before 2.9.

**Write instead.** Take it out. If you want its effect, set our key in the imported values; `explain` and the page
\"coming from the upstream chart\" name it.
",
    ),
    rule(
        NEWER,
        Severity::Warning,
        "import-newer-key",
        "\
The key came with a later chart than the one the values are for.

**Why.** That chart ignored it, or passed it on to the API server as it stood.

**Write instead.** Give the right version with `--chart-version`, or take the key out.
",
    ),
    rule(
        UNSUPPORTED,
        Severity::Warning,
        "import-unsupported-key",
        "\
The key has an effect upstream and no counterpart here; the note says why.

**Write instead.** `overrides` and `extraObjects` reach whatever has no key.
",
    ),
    rule(
        TYPE,
        Severity::Error,
        "import-wrong-type",
        "\
A value of another type than the key holds.

**Why.** Helm takes every text that is not empty for true: `enabled: \"false\"` installs the gateway.

**Write instead.** `enabled: false`. A text that is an integer (`port: \"9191\"`) is taken as one, with a remark.
",
    ),
    rule(
        TEXT,
        Severity::Warning,
        "import-text-kept",
        "\
A number, date or word stands where a text is wanted; its text is kept as written.

**Why.** Helm reads YAML 1.1 and carries numbers as floats: `tag: 2.10` becomes `2.1`, `20161216` becomes
`2.0161216e+07`, `0755` becomes 493, `off` becomes false. So the imported release may run another image than before.

**Write instead.** Quotes: `tag: \"2.10\"`.
",
    ),
    rule(
        VERSION,
        Severity::Info,
        "import-version",
        "\
Without `--chart-version` the values are read as those of 2.7.0, or of the chart that brought their newest key.

**Why.** Which flags a program knows, and which keys had an effect, depends on it.
",
    ),
    rule(
        V1,
        Severity::Error,
        "import-v1",
        "\
The keys `wadm`, `host` and `hostConfig` at the top are those of the v1 chart `wasmcloud-platform`.

**Why.** v1 and v2 values look alike, and Helm installs either with the other's file.

**Write instead.** `chartwright import --from v1`: NATS and the operator's placement are taken over, the report has a
line for each key.
",
    ),
    rule(
        GROUP,
        Severity::Error,
        "import-host-group",
        "\
A host group without a name, with a name that is taken, or with a Service but no HTTP.

**Why.** A list replaces the chart's own list: `--set runtime.hostGroups[0].replicas=1` without a file renders
`hostgroup-`, without labels and without a port.

**Write instead.** The whole group: `name`, `replicas`, `service`, `http`.
",
    ),
    rule(
        GATEWAY,
        Severity::Warning,
        "import-gateway",
        "\
`runtime-gateway` is deprecated since 2.0.3, on by default, and not part of this chart.

**Write instead.** Name a Service in the WorkloadDeployment (`kubernetes.service.name`): the operator keeps its
endpoints. `routes.<name>` makes an Ingress or HTTPRoute. `gateway.enabled: false` ends the remark.
",
    ),
    rule(
        NODE_PORT,
        Severity::Warning,
        "import-node-port",
        "\
A node port outside 30000-32767. An API server with its default range refuses it when the release is installed.
",
    ),
    rule(
        HTTPS,
        Severity::Error,
        "import-https",
        "\
HTTPS is on for a host group, and nobody provides its certificate; or TLS is off for the chart.

**Why.** Upstream mounts a Secret that nobody makes, and pods wait for ever; with `global.tls.enabled: false` it serves
plain HTTP on that port.

**Write instead.** `certificate.secretName`, or `certificate.generate.enabled: true`. Addresses belong under
`ipAddresses`; names beside a given Secret are not used.
",
    ),
    rule(
        CERTIFICATES,
        Severity::Warning,
        "import-certificates",
        "\
Who makes the certificates. Upstream's templates make them once, in the template; here a Job makes and renews them, or
Secrets exist already. For a NATS of your own nobody does.
",
    ),
    rule(
        NATS_URL,
        Severity::Error,
        "import-nats-url",
        "\
A URL of NATS that upstream's programs cannot use as it stands.

**Why.** The upstream host reads one URL, so that a comma list stops it; user and password in a URL never reach the
server from a host.

**Write instead.** One URL; others are learnt from it. Credentials go into a Secret that `nats.*.auth` names.
",
    ),
    rule(
        IMAGE,
        Severity::Info,
        "import-moving-tag",
        "\
The tag is no version, so pull policy `Always` of upstream is kept: nodes would run different images else.

**Write instead.** A version, or a digest.
",
    ),
    rule(
        REGISTRY,
        Severity::Warning,
        "import-global-registry",
        "\
`global.image.registry` upstream is used only where a component's own registry is empty, which none is by default.

**Why.** Here it wins over all images. Carried over, it would move images that came from elsewhere so far.

**Write instead.** If a mirror was meant, set `global.image.registry` in the imported values.
",
    ),
    rule(
        PULL_SECRET,
        Severity::Info,
        "import-pull-secret",
        "\
`pullSecrets: [regcred]` stops upstream's template; it is written as `- name: regcred`.
",
    ),
    rule(
        LABEL,
        Severity::Error,
        "import-label",
        "\
A pod label that selectors, the operator and network policies know pods by.

**Write instead.** Another name. `wasmcloud.com/hostgroup` follows the name of the group.
",
    ),
    rule(
        MANAGED_VARIABLE,
        Severity::Error,
        "import-managed-variable",
        "\
`WASMCLOUD_HOST_IP`, `WASMCLOUD_HOST_ENVIRONMENT` or `OPERATOR_NAMESPACE` among the user's variables.

**Why.** Hosts are reached at the address they announce; another value breaks routing and finalizers.
",
    ),
    rule(
        DUPLICATE_VARIABLE,
        Severity::Error,
        "import-duplicate-variable",
        "\
The same variable twice in one list: server-side apply refuses the object.

A variable of `runtime.env` that a group gives too is no fault: the group's value is used.
",
    ),
    rule(
        CREDENTIALS,
        Severity::Warning,
        "import-credentials",
        "\
A literal value with a password in its URL. Whoever may read pods, or the release's record, reads it.

**Write instead.**

```yaml
- name: DATABASE_URL
  valueFrom:
    secretKeyRef: { name: database, key: url }
```
",
    ),
    rule(
        OTLP_PORT,
        Severity::Warning,
        "import-otlp-port",
        "\
The endpoint has port 4318, where collectors expect OTLP over HTTP. Upstream hosts before 2.10 export gRPC only, and
nothing says that no signal arrives.

**Write instead.** Port 4317; from 2.10 on also `OTEL_EXPORTER_OTLP_PROTOCOL: http/protobuf`.
",
    ),
    rule(
        FLAG,
        Severity::Warning,
        "import-flag",
        "\
A flag that this version of the program does not know: it stops at once and restarts for ever. A flag that the chart
gives already is refused a second time.
",
    ),
    rule(
        INSECURE,
        Severity::Warning,
        "import-insecure-registries",
        "\
`--allow-insecure-registries` does not trust more certificates, it turns **every** registry to plain HTTP.

**Write instead.** `hosts.<group>.oci.ca` (upstream: `ociCaPaths`) for a private authority.
",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique() {
        let mut codes: Vec<_> = RULES.iter().map(|rule| rule.code).collect();
        let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
        codes.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((codes.len(), names.len()), (RULES.len(), RULES.len()));
        assert!(codes.is_sorted());
    }
}
