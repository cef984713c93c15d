# What the scripts of the test bed share: where it is, who talks to it, and how a step is told. `program` and `namespace` are the
# caller's.
# shellcheck shell=bash disable=SC2154

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$HERE/versions.env"
CACHE=${TESTBED_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/chartwright-testbed}
testbed() { "$HERE/testbed" "$@"; }
KUBECONFIG=$(testbed kubeconfig); export KUBECONFIG
export KUBECACHEDIR=${KUBECONFIG%/*}/cache PATH=$CACHE/bin:$PATH
# Where `--load-images=ctr` finds the node.
export CONTAINERD_ADDRESS=${KUBECONFIG%/kubeconfig/*}/containerd.sock
work=$(mktemp -d)
# What is to be undone at the end, whatever comes; a command each.
undo=()
leave() {
  local one
  for one in "${undo[@]}"; do $one >/dev/null 2>&1 || true; done
  for one in $(jobs -pr); do kill "$one" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work" || true
}
trap leave EXIT

net() { ip netns exec cw-testbed "$@"; }
k() { net kubectl -n "$namespace" "$@"; }
cw() { net "$program" "$1" -n "$namespace" "${@:2}"; }
# Whether NetworkPolicies are enforced: `up --network-policy`.
enforces() { net iptables -w -S KUBE-ROUTER-FORWARD >/dev/null 2>&1; }
ok() { echo "ok ${SECONDS}s $*"; }
failed() { echo "FAILED: $*"; k get pods,hosts,workloads,endpointslices -o wide || true; k logs -l app.kubernetes.io/component=operator --tail=40 || true; exit 1; }
eventually() { # SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || failed "never: $what"; sleep 0.3; done
  ok "$what"
}

# must WHAT COMMAND...: it does, and what it says is kept
must() {
  local what=$1 began=$SECONDS; shift
  "$@" >"$work/out" 2>"$work/said" || { cat "$work/said" "$work/out"; failed "$what"; }
  ok "$what ($((SECONDS - began)) s)"
}

# Pods of the namespace, and how often each was restarted.
restarts() { k get pods -o 'jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[*].restartCount}{"\n"}{end}' | sort; }

# --- Requests meanwhile -----------------------------------------------------------------------------------------------------
# A request every 50 ms, each on a connection of its own, until `stop_asking`.
ask() { # NETWORK ARGUMENTS OF curl...
  local network=$1; shift
  : >"$work/errors"
  # shellcheck disable=SC2016
  ip netns exec "$network" bash -c 'while :; do curl -fsS -o /dev/null --max-time 5 "$@" 2>>"$0" && echo ok || echo no; sleep 0.05; done' \
    "$work/errors" "$@" >"$work/requests" &
  asking=$!
}
lost() { grep -c no "$work/requests" || true; }
none_lost() { # WHAT
  # One that began after it has come to its end.
  local before; before=$(wc -l <"$work/requests")
  more() { (($(wc -l <"$work/requests") > before + 1)); }
  local end=$((SECONDS + 15))
  until more; do ((SECONDS < end)) || failed "no more requests since: $1"; sleep 0.1; done
  [[ $(lost) == 0 ]] || { sort "$work/errors" | uniq -c; failed "$(lost) of $(wc -l <"$work/requests") requests were lost until: $1"; }
  ok "$1; none of $(wc -l <"$work/requests") requests lost so far"
}
stop_asking() { kill "$asking"; wait "$asking" 2>/dev/null || true; }
# The network `cw-outside`, with one address and a way to the node: what comes from the node itself follows other rules.
outside() {
  ip netns add cw-outside; undo+=('ip netns del cw-outside')
  ip -n cw-testbed link add cw-outside type veth peer name eth0 netns cw-outside
  ip -n cw-testbed addr add 172.31.0.1/30 dev cw-outside
  ip -n cw-outside addr add 172.31.0.2/30 dev eth0
  ip -n cw-testbed link set cw-outside up
  ip -n cw-outside link set eth0 up
  ip -n cw-outside route add default via 172.31.0.1
}

# --- Namespaces and a registry ------------------------------------------------------------------------------------------
# Pod security is enforced, so that nothing runs with more than it needs.
make_namespace() { # NAME
  net kubectl create namespace "$1" >/dev/null
  net kubectl label namespace "$1" pod-security.kubernetes.io/enforce=restricted >/dev/null
}
start_registry() { # in the namespace; `registry` is its address from then on
  local restricted='{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsNonRoot: true, runAsUser: 65532, seccompProfile: {type: RuntimeDefault}}'
  k apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Pod
metadata: {name: registry, labels: {app: registry}}
spec:
  containers:
  - name: registry
    image: cw.local/registry:${REGISTRY#v}
    imagePullPolicy: Never
    args: [serve, /config/config.yml]
    securityContext: $restricted
    volumeMounts: [{name: config, mountPath: /config}, {name: data, mountPath: /data}]
  securityContext: {fsGroup: 65532}
  volumes:
  - {name: config, configMap: {name: registry}}
  - {name: data, emptyDir: {}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: registry}
data:
  config.yml: |
    version: 0.1
    storage: {filesystem: {rootdirectory: /data}}
    http: {addr: ":5000"}
---
apiVersion: v1
kind: Service
metadata: {name: registry}
spec: {selector: {app: registry}, ports: [{port: 5000}]}
YAML
  k wait pod/registry --for=condition=Ready --timeout=60s >/dev/null || failed 'no registry'
  registry=registry.$namespace.svc.cluster.local:5000
  eventually 30 'the registry answers' net curl -fsS "http://$registry/v2/"
}
digest() { echo "sha256:$(sha256sum "$1" | cut -d' ' -f1)"; }
upload() { # FILE
  local place; place=$(net curl -fsS -X POST -D - -o /dev/null "http://$registry/v2/hello/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  [[ $place == http* ]] || place=http://$registry$place
  net curl -fsS -X PUT -H 'content-type: application/octet-stream' --data-binary "@$1" "$place&digest=$(digest "$1")"
}
publish() { # COMPONENT: as hello:1
  printf '{}' >"$work/config.json"
  upload "$work/config.json"; upload "$1"
  cat >"$work/manifest.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
 "config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"$(digest "$work/config.json")","size":2},
 "layers":[{"mediaType":"application/wasm","digest":"$(digest "$1")","size":$(stat -c %s "$1")}]}
JSON
  net curl -fsS -X PUT -H 'content-type: application/vnd.oci.image.manifest.v1+json' --data-binary "@$work/manifest.json" \
    "http://$registry/v2/hello/manifests/1"
  ok 'the component is in the registry'
}

# --- A workload behind a Service ------------------------------------------------------------------------------------------
deploy_hello() { # REPLICAS
  k apply -f - >/dev/null <<YAML
apiVersion: v1
kind: Service
metadata: {name: hello}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: runtime.wasmcloud.dev/v1alpha1
kind: WorkloadDeployment
metadata: {name: hello}
spec:
  replicas: $1
  kubernetes: {service: {name: hello}}
  template:
    spec:
      components: [{name: hello, image: "$registry/hello:1"}]
      hostInterfaces: [{namespace: wasi, package: http, interfaces: [incoming-handler], config: {host: hello.$namespace.example.test}}]
YAML
}
hello() { [[ $(net curl -fsS --max-time 2 "http://hello.$namespace.svc.cluster.local/") == hello ]]; }
running() { [[ $(k get workloaddeployment hello -o 'jsonpath={.status.replicas.ready}') == "$1" ]]; }
