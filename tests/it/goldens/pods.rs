//! Pods pass the `restricted` pod security standard.

use serde_json::{Value, json};

use super::{containers, goldens};

/// Volumes that the standard allows.
const VOLUMES: [&str; 8] =
    ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

/// Settings of the kernel that the standard allows, as far as we set any.
const SYSCTLS: [&str; 1] = ["net.ipv4.ip_unprivileged_port_start"];

/// What the standard has against a pod.
fn violations(template: &Value) -> Vec<String> {
    let spec = &template["spec"];
    let pod = &spec["securityContext"];
    let mut out = Vec::new();
    let mut refuse = |when: bool, what: &str| {
        if when {
            out.push(what.to_owned());
        }
    };
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        refuse(spec[key] == true, key);
    }
    for volume in spec["volumes"].as_array().into_iter().flatten() {
        let kind = volume.as_object().unwrap().keys().find(|key| *key != "name");
        refuse(!kind.is_some_and(|kind| VOLUMES.contains(&kind.as_str())), &volume.to_string());
    }
    for sysctl in pod["sysctls"].as_array().into_iter().flatten() {
        refuse(!SYSCTLS.iter().any(|name| sysctl["name"] == *name), &sysctl.to_string());
    }
    refuse(pod["runAsUser"] == 0, "runAsUser: 0");
    for container in containers(template) {
        let name = container["name"].as_str().unwrap();
        let own = &container["securityContext"];
        let mut refuse = |when: bool, what: &str| refuse(when, &format!("{name}: {what}"));
        let effective = |key: &str| own.get(key).or_else(|| pod.get(key)).cloned().unwrap_or_default();
        refuse(own["privileged"] == true, "privileged");
        refuse(own["allowPrivilegeEscalation"] != false, "allowPrivilegeEscalation");
        refuse(own["capabilities"]["drop"] != json!(["ALL"]), "capabilities");
        let added = own["capabilities"]["add"].as_array().cloned().unwrap_or_default();
        refuse(added.iter().any(|one| one != "NET_BIND_SERVICE"), "added capabilities");
        refuse(effective("runAsNonRoot") != true, "runAsNonRoot");
        refuse(own["runAsUser"] == 0, "runAsUser: 0");
        let seccomp = effective("seccompProfile")["type"].clone();
        refuse(seccomp != "RuntimeDefault" && seccomp != "Localhost", "seccompProfile");
        let host_port = container["ports"].as_array().into_iter().flatten().any(|port| port.get("hostPort").is_some());
        refuse(host_port, "hostPort");
    }
    out
}

#[test]
fn every_pod_of_ours_passes_the_restricted_standard() {
    let mut count = 0;
    for golden in goldens() {
        for (object, template) in golden.pods() {
            let mut found = violations(template);
            match golden.name.as_str() {
                // In the nodes' network on purpose.
                "daemonset-hosts" => found.retain(|what| what != "hostNetwork" && !what.ends_with("hostPort")),
                // The user's own container, as the user wrote it.
                "custom-host" => found.retain(|what| !what.starts_with("warm: ")),
                _ => {}
            }
            assert!(found.is_empty(), "{} {}/{}: {found:?}", golden.name, object.kind, object.name);
            count += 1;
        }
    }
    assert!(count > 60, "only {count} pods");
}

#[test]
fn the_check_sees_a_pod_that_does_not_pass() {
    let template = json!({"spec": {"hostNetwork": true, "volumes": [{"name": "a", "hostPath": {"path": "/"}}],
        "containers": [{"name": "c", "ports": [{"hostPort": 80}]}]}});
    assert_eq!(violations(&template).len(), 7, "{:?}", violations(&template));
}
