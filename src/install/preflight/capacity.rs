//! Whether the nodes have room for what Pods of the release ask for. That may come later, by a node more or a Pod less: it is a
//! warning.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Pod, PodSpec, ResourceRequirements, Taint};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use serde_json::Value;

use crate::cluster::ClusterError;
use crate::render::thousandths;

use super::super::{Plan, Step};
use super::Finding;
use super::pods::templates;

const CHECK: &str = "capacity";
const HINT: &str = "fewer replicas, smaller requests (`resources` of operator, hosts and NATS), or one more node";

/// CPU in thousandths, memory in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Amount {
    cpu: u128,
    memory: u128,
}

impl Amount {
    fn of(list: Option<&BTreeMap<String, Quantity>>) -> Self {
        let read = |name: &str| list.and_then(|list| thousandths(&list.get(name)?.0)).unwrap_or_default();
        Self { cpu: read("cpu"), memory: read("memory").div_ceil(1000) }
    }

    /// What a container asks for; where it only has a limit, that.
    fn requested(resources: Option<&ResourceRequirements>) -> Self {
        let mut asked = resources.and_then(|one| one.limits.clone()).unwrap_or_default();
        asked.extend(resources.and_then(|one| one.requests.clone()).unwrap_or_default());
        Self::of(Some(&asked))
    }

    /// What the scheduler sets aside for a Pod: its containers run together, those before them one after another.
    fn of_pod(spec: &PodSpec) -> Self {
        let together = spec.containers.iter().map(|one| Self::requested(one.resources.as_ref()));
        let (mut beside, mut most) = (Self::default(), Self::default());
        for first in spec.init_containers.iter().flatten() {
            let own = Self::requested(first.resources.as_ref());
            most = most.larger(beside.plus(own));
            if first.restart_policy.as_deref() == Some("Always") {
                beside = beside.plus(own);
            }
        }
        let whole = Self::requested(spec.resources.as_ref());
        together.fold(beside, Self::plus).larger(most).larger(whole).plus(Self::of(spec.overhead.as_ref()))
    }

    const fn plus(self, other: Self) -> Self {
        Self { cpu: self.cpu.saturating_add(other.cpu), memory: self.memory.saturating_add(other.memory) }
    }

    const fn minus(self, other: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(other.cpu), memory: self.memory.saturating_sub(other.memory) }
    }

    const fn times(self, count: u128) -> Self {
        Self { cpu: self.cpu.saturating_mul(count), memory: self.memory.saturating_mul(count) }
    }

    fn larger(self, other: Self) -> Self {
        Self { cpu: self.cpu.max(other.cpu), memory: self.memory.max(other.memory) }
    }

    const fn fits(self, room: Self) -> bool {
        self.cpu <= room.cpu && self.memory <= room.memory
    }

    fn shown(self) -> String {
        let memory = match self.memory {
            bytes if bytes >= 1 << 20 => format!("{}Mi", bytes >> 20),
            bytes => bytes.to_string(),
        };
        format!("cpu {}m and memory {memory}", self.cpu)
    }
}

/// Pods that the plan has.
struct Wanted {
    /// `Deployment shop/web`.
    title: String,
    namespace: String,
    /// Which Pods are its own: new labels of the template change nothing about that.
    selector: BTreeMap<String, String>,
    spec: PodSpec,
    /// None: one on every node.
    count: Option<u128>,
}

/// A node that takes Pods, and what is left on it.
struct Room {
    labels: BTreeMap<String, String>,
    taints: Vec<Taint>,
    left: Amount,
}

impl Room {
    /// Whether the scheduler would look at it for such a Pod.
    fn takes(&self, spec: &PodSpec) -> bool {
        let selected = spec.node_selector.iter().flatten().all(|(key, value)| self.labels.get(key) == Some(value));
        selected && self.taints.iter().all(|taint| taint.effect == "PreferNoSchedule" || tolerates(spec, taint))
    }
}

fn tolerates(spec: &PodSpec, taint: &Taint) -> bool {
    spec.tolerations.iter().flatten().any(|one| {
        // What is not said, or said to be empty, is any.
        let is = |given: Option<&String>, wanted: &str| given.is_none_or(|given| given.is_empty() || given == wanted);
        let any = one.operator.as_deref() == Some("Exists");
        let value = one.value.as_deref().unwrap_or_default() == taint.value.as_deref().unwrap_or_default();
        is(one.effect.as_ref(), &taint.effect) && is(one.key.as_ref(), &taint.key) && (any || value)
    })
}

/// Compares what the Pods of the plan ask for with what is left on nodes that are ready.
pub async fn capacity(client: &Client, plan: &Plan) -> Result<Vec<Finding>, ClusterError> {
    let wanted = wanted(plan);
    let nodes: Api<Node> = Api::all(client.clone());
    let nodes = match nodes.list(&ListParams::default()).await {
        Ok(nodes) => nodes.items,
        Err(kube::Error::Api(status)) if status.code == 403 => {
            return Ok(vec![Finding::unknown(CHECK, "you may not list nodes", "ask whether there is room")]);
        }
        Err(err) => return Err(ClusterError::when("list nodes")(err)),
    };
    let pods: Api<Pod> = Api::all(client.clone());
    let running = ListParams::default().fields("spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed");
    let pods = match pods.list(&running).await {
        Ok(pods) => pods.items,
        Err(kube::Error::Api(status)) if status.code == 403 => {
            let seen = "you may not list Pods of all namespaces, so nobody knows what is left on the nodes";
            return Ok(vec![Finding::unknown(CHECK, seen, "ask whether there is room")]);
        }
        Err(err) => return Err(ClusterError::when("list the Pods of all namespaces")(err)),
    };
    Ok(judge(&wanted, &rooms(&nodes, &pods, &wanted)))
}

/// What runs on and on. Jobs end, and make room again.
fn wanted(plan: &Plan) -> Vec<Wanted> {
    let one = |(step, template): (&Step, &Value)| {
        let replicas = u128::from(step.object.value["spec"]["replicas"].as_u64().unwrap_or(1));
        let count = match step.object.kind.as_str() {
            "Deployment" | "StatefulSet" => Some(replicas),
            "DaemonSet" => None,
            _ => return None,
        };
        Some(Wanted {
            title: step.title(),
            namespace: step.object.namespace.clone().unwrap_or_default(),
            selector: serde_json::from_value(step.object.value["spec"]["selector"]["matchLabels"].clone())
                .unwrap_or_default(),
            spec: serde_json::from_value(template["spec"].clone()).ok()?,
            count,
        })
    };
    templates(plan).filter_map(one).collect()
}

/// The nodes that are ready and closed to nobody, without what runs on them. What the plan replaces makes room for it.
fn rooms(nodes: &[Node], pods: &[Pod], wanted: &[Wanted]) -> Vec<Room> {
    let is_replaced = |pod: &Pod| {
        wanted.iter().any(|one| {
            pod.metadata.namespace.as_ref() == Some(&one.namespace)
                && !one.selector.is_empty()
                && one.selector.iter().all(|(key, value)| pod.labels().get(key) == Some(value))
        })
    };
    let is_open = |node: &&Node| {
        let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let ready = conditions.into_iter().any(|one| one.type_ == "Ready" && one.status == "True");
        ready && node.spec.as_ref().is_none_or(|spec| spec.unschedulable != Some(true))
    };
    let one = |node: &Node| {
        let name = node.name_any();
        let here = pods.iter().filter(|pod| !is_replaced(pod)).filter_map(|pod| pod.spec.as_ref());
        let here = here.filter(|spec| spec.node_name.as_deref() == Some(name.as_str()));
        let used = here.map(Amount::of_pod).fold(Amount::default(), Amount::plus);
        let whole = Amount::of(node.status.as_ref().and_then(|status| status.allocatable.as_ref()));
        Room {
            labels: node.labels().clone(),
            taints: node.spec.as_ref().and_then(|spec| spec.taints.clone()).unwrap_or_default(),
            left: whole.minus(used),
        }
    };
    nodes.iter().filter(is_open).map(one).collect()
}

fn judge(wanted: &[Wanted], rooms: &[Room]) -> Vec<Finding> {
    if rooms.is_empty() {
        return vec![Finding::unknown(CHECK, "no node is ready", "does anything make nodes when Pods wait for them?")];
    }
    let mut found = Vec::new();
    let (mut sum, mut pods) = (Amount::default(), 0);
    for one in wanted {
        let each = Amount::of_pod(&one.spec);
        let open: Vec<&Room> = rooms.iter().filter(|room| room.takes(&one.spec)).collect();
        let count = one.count.unwrap_or(open.len() as u128);
        (sum, pods) = (sum.plus(each.times(count)), pods + count);
        if count == 0 {
            continue;
        }
        if open.is_empty() {
            let seen = format!("no node that is ready takes a Pod of the {}", one.title);
            found.push(Finding::warning(CHECK, seen, "compare its `nodeSelector` and `tolerations` with the nodes"));
        } else if !open.iter().any(|room| each.fits(room.left)) {
            let most = open.iter().map(|room| room.left).fold(Amount::default(), Amount::larger);
            let seen = format!(
                "a Pod of the {} requests {}, and no node has that left; the most there is on any is {}",
                one.title,
                each.shown(),
                most.shown()
            );
            found.push(Finding::warning(CHECK, seen, HINT));
        }
    }
    let open = rooms.iter().filter(|room| wanted.iter().any(|one| room.takes(&one.spec)));
    let left = open.map(|room| room.left).fold(Amount::default(), Amount::plus);
    let seen = format!("{pods} Pods request {}, and the nodes have {} left", sum.shown(), left.shown());
    if !sum.fits(left) {
        found.push(Finding::warning(CHECK, seen, HINT));
    } else if found.is_empty() {
        found.push(Finding::good(CHECK, seen));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Verdict, sample};
    use super::*;

    fn spec(cpu: &str, memory: &str) -> PodSpec {
        let resources = json!({ "requests": { "cpu": cpu, "memory": memory } });
        serde_json::from_value(json!({ "containers": [{ "name": "a", "resources": resources }] })).unwrap()
    }

    fn pods(title: &str, count: u128, spec: PodSpec) -> Wanted {
        let selector = [("app".to_owned(), title.to_owned())].into();
        Wanted { title: title.into(), namespace: "shop".into(), selector, spec, count: Some(count) }
    }

    fn node(name: &str, cpu: &str, more: &Value) -> Node {
        let mut node = json!({
            "metadata": { "name": name },
            "spec": {},
            "status": { "allocatable": { "cpu": cpu, "memory": "4Gi" }, "conditions": [{ "type": "Ready", "status": "True" }] },
        });
        node["spec"] = more.clone();
        serde_json::from_value(node).unwrap()
    }

    fn on(node: &str, app: &str, cpu: &str) -> Pod {
        let mut pod: Pod = serde_json::from_value(
            json!({ "metadata": { "name": "p", "namespace": "shop", "labels": { "app": app } } }),
        )
        .unwrap();
        pod.spec = Some(PodSpec { node_name: Some(node.into()), ..spec(cpu, "1Mi") });
        pod
    }

    #[test]
    fn a_pod_takes_what_its_containers_ask_for_at_any_moment() {
        let pod: PodSpec = serde_json::from_value(json!({
            "initContainers": [
                { "name": "sidecar", "restartPolicy": "Always", "resources": { "requests": { "cpu": "100m" } } },
                { "name": "first", "resources": { "requests": { "cpu": "1", "memory": "10Mi" } } },
            ],
            "containers": [
                { "name": "a", "resources": { "requests": { "cpu": "200m", "memory": "64Mi" } } },
                { "name": "b", "resources": { "limits": { "cpu": "300m", "memory": "64Mi" } } },
            ],
            "overhead": { "memory": "1Mi" },
        }))
        .unwrap();
        let amount = Amount::of_pod(&pod);
        assert_eq!(amount, Amount { cpu: 1100, memory: 129 << 20 });
        assert_eq!(amount.shown(), "cpu 1100m and memory 129Mi");
    }

    #[test]
    fn too_little_on_all_nodes_together_is_said_with_both_numbers() {
        let wanted = [pods("operator", 1, spec("100m", "64Mi")), pods("hosts", 3, spec("250m", "64Mi"))];
        let full = [node("a", "1900m", &json!({}))];
        let seen = |busy: &[Pod]| judge(&wanted, &rooms(&full, busy, &wanted));
        assert_eq!(seen(&[])[0].verdict, Verdict::Good);
        let found = seen(&[on("a", "other", "1200m")]);
        assert_eq!((found.len(), found[0].verdict), (1, Verdict::Warning));
        assert!(found[0].seen.starts_with("4 Pods request cpu 850m and memory 256Mi, and the nodes have cpu 700m"));
        // Pods that are replaced make room.
        assert_eq!(seen(&[on("a", "hosts", "1200m")])[0].verdict, Verdict::Good);
    }

    #[test]
    fn pods_are_replaced_although_the_plan_labels_them_anew() {
        let template =
            json!({ "metadata": { "labels": { "app": "hosts", "team": "new" } }, "spec": spec("1", "64Mi") });
        let value = json!({ "spec": { "selector": { "matchLabels": { "app": "hosts" } }, "template": template } });
        let plan = Plan { steps: vec![sample::step("Deployment", "hosts", "shop", value)], ..Plan::default() };
        let wanted = wanted(&plan);
        let rooms = rooms(&[node("a", "1", &json!({}))], &[on("a", "hosts", "1")], &wanted);
        assert_eq!(judge(&wanted, &rooms)[0].verdict, Verdict::Good);
    }

    #[test]
    fn a_pod_that_fits_no_node_is_named_although_the_sum_would_do() {
        let wanted = [pods("hosts", 1, spec("3", "64Mi"))];
        let nodes = [node("a", "2", &json!({})), node("b", "2", &json!({}))];
        let found = judge(&wanted, &rooms(&nodes, &[], &wanted));
        assert_eq!((found.len(), found[0].verdict), (1, Verdict::Warning));
        assert!(found[0].seen.contains("the most there is on any is cpu 2000m"), "{}", found[0].seen);
    }

    #[test]
    fn nodes_that_take_no_pod_of_ours_do_not_count() {
        let tainted = json!({ "taints": [{ "key": "spot", "value": "yes", "effect": "NoSchedule" }] });
        let mut gone = node("gone", "8", &json!({}));
        gone.status.as_mut().unwrap().conditions = None;
        let nodes = [node("closed", "8", &json!({ "unschedulable": true })), gone, node("spot", "8", &tainted)];
        let mut wanted = [pods("hosts", 1, spec("1", "64Mi"))];
        let found = judge(&wanted, &rooms(&nodes, &[], &wanted));
        assert!(found[0].seen.contains("no node that is ready takes a Pod of the hosts"), "{}", found[0].seen);
        let toleration = json!([{ "key": "spot", "operator": "Exists" }]);
        wanted[0].spec.tolerations = serde_json::from_value(toleration).unwrap();
        assert_eq!(judge(&wanted, &rooms(&nodes, &[], &wanted))[0].verdict, Verdict::Good);
        let any = json!([{ "key": "", "effect": "", "operator": "Exists" }]);
        wanted[0].spec.tolerations = serde_json::from_value(any).unwrap();
        assert_eq!(judge(&wanted, &rooms(&nodes, &[], &wanted))[0].verdict, Verdict::Good);
        wanted[0].spec.node_selector = Some([("disk".to_owned(), "fast".to_owned())].into());
        assert_eq!(judge(&wanted, &rooms(&nodes, &[], &wanted))[0].verdict, Verdict::Warning);
        assert_eq!(judge(&wanted, &[])[0].verdict, Verdict::Unknown);
    }
}
