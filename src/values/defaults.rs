//! What holds for a key that nobody set.
//!
//! Everything hard-coded in other charts is a default here; what depends on another value (an image's repository on
//! the implementation, a URL on the release) is worked out by the templates.

use serde_json::{Map, Value as Json, json};

/// The defaults of all values, without a single null: Helm 3 keeps those, Helm 4 drops them.
pub fn defaults() -> Map<String, Json> {
    let Json::Object(map) = json!({
        "naming": { "scheme": "release" },
        "global": { "image": { "registry": "" } },
        "commonLabels": {},
        "commonAnnotations": {},
        "clusterDomain": "cluster.local",
        "tls": {
            "enabled": true,
            "provider": "operator",
            "validityHours": 2160,
            "caValidityHours": 43800,
            "secrets": {},
            "certManager": { "issuerRef": { "kind": "Issuer", "group": "cert-manager.io" } },
            "schedule": "17 3 * * *",
        },
        "nats": nats(),
        "operator": operator(),
        "hostDefaults": host_defaults(),
        "hosts": { "default": {} },
        "routes": {},
        "workloadAutoscalers": {},
        "networkPolicy": { "enabled": true, "flavor": "kubernetes", "egress": false, "apiServerPorts": [443, 6443] },
        "rbac": { "create": true, "aggregateRoles": false },
        "crds": { "upgradeHook": true, "keep": true, "labels": {}, "annotations": {} },
        "hooks": {
            "preDelete": true,
            "test": true,
            "resources": { "requests": { "cpu": "10m", "memory": "32Mi" }, "limits": { "memory": "128Mi" } },
            "nodeSelector": {},
            "activeDeadlineSeconds": 300,
        },
        "monitoring": {
            "rules": { "enabled": false, "labels": {} },
            "dashboards": { "enabled": false, "labels": { "grafana_dashboard": "1" }, "annotations": {} },
        },
        "overrides": {},
        "policy": { "locked": [] },
    }) else {
        return Map::new();
    };
    map
}

fn connection() -> Json {
    json!({
        "provider": "generic",
        "urls": [],
        "tls": { "ca": {}, "client": {}, "handshakeFirst": false },
        "auth": {},
        "jetstream": {},
        "connectTimeoutSeconds": 60,
    })
}

fn nats() -> Json {
    json!({
        "control": connection(),
        "data": connection(),
        "server": with_pod(
            json!({
                "enabled": true,
                "replicas": 1,
                "port": 4222,
                "debug": false,
                "maxPayload": "1MB",
                "accounts": { "data": { "maxMemory": "-1", "maxFile": "-1" } },
                "jetstream": {
                    "enabled": true,
                    "maxMemory": "64MB",
                    "maxFile": "1GB",
                    "volume": { "enabled": false, "size": "2Gi", "accessModes": ["ReadWriteOnce"], "sizeLimit": "2Gi" },
                },
                "leaf": { "remotes": {} },
                "reloader": {
                    "enabled": true,
                    "resources": { "requests": { "cpu": "5m", "memory": "16Mi" }, "limits": { "memory": "32Mi" } },
                },
                "monitoring": {
                    "enabled": true,
                    "exporter": {
                        "enabled": false,
                        "resources": { "requests": { "cpu": "5m", "memory": "16Mi" }, "limits": { "memory": "64Mi" } },
                    },
                    "podMonitor": monitor(),
                },
                "service": { "enabled": true, "type": "ClusterIP", "labels": {}, "annotations": {} },
                "networkPolicy": {},
            }),
            json!({
                "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "256Mi" } },
                "terminationGracePeriodSeconds": 30,
                "probes": {
                    "startup": { "enabled": true, "periodSeconds": 1, "failureThreshold": 300 },
                    "liveness": { "enabled": true, "periodSeconds": 20, "timeoutSeconds": 5, "failureThreshold": 3 },
                    "readiness": { "enabled": true, "periodSeconds": 3, "timeoutSeconds": 5, "failureThreshold": 5 },
                },
                "antiAffinity": "soft",
            }),
        ),
    })
}

fn operator() -> Json {
    with_pod(
        json!({
            "enabled": true,
            "replicas": 1,
            "implementation": { "name": "chartwright", "version": "" },
            "flags": {},
            "watchNamespaces": [],
            "hostNamespaces": [],
            "allowSharedHosts": true,
            "artifactController": { "enabled": true },
            "leaderElection": { "enabled": true },
            "backpressure": { "cpuPercent": 80, "memoryPercent": 80 },
            "starts": { "maxConcurrent": 64, "maxConcurrentPerHost": 8 },
            "heartbeatTimeoutSeconds": 60,
            "log": { "level": "info", "format": "json" },
            "health": { "enabled": true, "port": 8082 },
            "metrics": {
                "enabled": true,
                "port": 8081,
                "secure": false,
                "service": { "enabled": true, "type": "ClusterIP", "port": 8081, "labels": {}, "annotations": {} },
                "serviceMonitor": monitor(),
            },
            "otel": otel(),
            "networkPolicy": {},
        }),
        json!({
            "resources": { "requests": { "cpu": "100m", "memory": "64Mi" }, "limits": { "memory": "192Mi" } },
            "terminationGracePeriodSeconds": 45,
            "probes": {
                "startup": { "enabled": true, "periodSeconds": 1, "failureThreshold": 120 },
                "liveness": { "enabled": true, "periodSeconds": 20, "failureThreshold": 3 },
                "readiness": { "enabled": true, "periodSeconds": 3, "failureThreshold": 5 },
            },
            "antiAffinity": "soft",
            "serviceAccount": { "create": true, "automountToken": true, "labels": {}, "annotations": {} },
        }),
    )
}

fn host_defaults() -> Json {
    with_pod(
        json!({
            "enabled": true,
            "kind": "Deployment",
            "replicas": 1,
            "implementation": { "name": "chartwright", "version": "" },
            "flags": {},
            "hostLabels": {},
            "nats": { "control": {}, "data": {} },
            "http": { "enabled": true, "port": 9191, "tls": { "enabled": false, "certificate": {} }, "localRouting": false },
            "oci": {
                "cache": { "sizeLimit": "2Gi" },
                "insecureRegistries": [],
                "allowInsecure": false,
                "pullTimeoutSeconds": 30,
                "ca": {},
            },
            "limits": {},
            "egress": {
                "sockets": "count",
                "denySpecialRanges": true,
                "denyPrivateRanges": false,
                "allowHostLoopback": false,
            },
            "httpClient": { "ca": {}, "trustRoots": "webpki", "identity": {} },
            "wasm": { "proposals": [], "webgpu": false, "otel": false, "pooling": true },
            "postgres": {},
            "plugins": {},
            "log": { "level": "info", "format": "json" },
            "drainDelaySeconds": 5,
            "probeEndpoint": { "enabled": true, "port": 8081 },
            "metrics": { "enabled": true, "port": 9090, "meters": "duration", "podMonitor": monitor() },
            "otel": otel(),
            "service": { "enabled": true, "type": "ClusterIP", "port": 80, "labels": {}, "annotations": {} },
            "extraServices": {},
            "networkPolicy": {},
            "autoscaling": { "kind": "none", "minReplicas": 1, "maxReplicas": 10, "keda": {} },
        }),
        json!({
            "resources": { "requests": { "cpu": "250m", "memory": "256Mi" }, "limits": { "memory": "512Mi" } },
            "terminationGracePeriodSeconds": 45,
            "probes": {
                "startup": { "enabled": true, "periodSeconds": 1, "failureThreshold": 300 },
                "liveness": { "enabled": true, "periodSeconds": 30, "timeoutSeconds": 5, "failureThreshold": 5 },
                "readiness": { "enabled": true, "periodSeconds": 3, "timeoutSeconds": 1, "failureThreshold": 5 },
            },
            "antiAffinity": "soft",
        }),
    )
}

fn monitor() -> Json {
    json!({ "enabled": false, "labels": {}, "interval": "30s" })
}

fn otel() -> Json {
    json!({ "endpoint": "", "metrics": true, "traces": true, "logs": true, "resourceAttributes": {} })
}

/// A component's own defaults over what every pod has.
fn with_pod(own: Json, pod: Json) -> Json {
    let mut all = json!({
        "image": { "registry": "", "repository": "", "tag": "", "digest": "", "pullPolicy": "IfNotPresent" },
        "env": {},
        "nodeSelector": {},
        "podSecurityContext": {
            "runAsNonRoot": true,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "fsGroup": 65532,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] },
        },
        "labels": {},
        "annotations": {},
        "podLabels": {},
        "podAnnotations": {},
        "serviceAccount": { "create": true, "automountToken": false, "labels": {}, "annotations": {} },
        "pdb": { "enabled": false },
    });
    for part in [pod, own] {
        if let (Some(all), Json::Object(part)) = (all.as_object_mut(), part) {
            all.extend(part);
        }
    }
    all
}
