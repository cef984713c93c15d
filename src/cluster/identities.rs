//! Who operator and hosts are on NATS: their flags, and the volumes with the files that those name, for another Pod.

use k8s_openapi::api::core::v1::{Container, EnvVar, PodSpec, Volume, VolumeMount};

use super::parts::main;

/// Where the files of an identity are in the agent.
const ROOT: &str = "/identities";

/// What the agent's Pod takes over from another Pod.
#[derive(Debug, Default)]
pub struct Taken {
    /// Arguments of the agent, `--identity=PART:--FLAG=VALUE`.
    pub arguments: Vec<String>,
    /// Volumes of its Pod.
    pub volumes: Vec<Volume>,
    /// Where they are in its container.
    pub mounts: Vec<VolumeMount>,
    /// Variables that the flags refer to.
    pub variables: Vec<EnvVar>,
    /// What cannot be taken over, and why.
    pub missing: Option<String>,
}

impl Taken {
    /// Adds what a part of the release is on NATS.
    pub fn add(&mut self, part: &str, spec: &PodSpec) {
        let Some(container) = main(spec) else { return };
        let mut volumes: Vec<&str> = Vec::new();
        for argument in container.args.iter().flatten() {
            let Some(flag) = nats_flag(argument) else { continue };
            let (name, value) = flag.split_once('=').unwrap_or((flag, "true"));
            for variable in container.env.iter().flatten().filter(|variable| refers(value, &variable.name)) {
                self.variables.retain(|other| other.name != variable.name);
                self.variables.push(variable.clone());
            }
            if !value.starts_with('/') {
                self.arguments.push(format!("--identity={part}:--{name}={value}"));
                continue;
            }
            match mounted(container, spec, value) {
                Some((volume, mount)) => {
                    self.arguments.push(format!("--identity={part}:--{name}={ROOT}/{part}{value}"));
                    if volumes.contains(&mount.name.as_str()) {
                        continue;
                    }
                    volumes.push(&mount.name);
                    let name = format!("{part}-{}", mount.name);
                    self.volumes.push(Volume { name: name.clone(), ..volume.clone() });
                    self.mounts.push(VolumeMount {
                        mount_path: format!("{ROOT}/{part}{}", mount.mount_path),
                        name,
                        read_only: Some(true),
                        ..mount.clone()
                    });
                }
                None => {
                    self.missing = Some(format!("--{name}={value} of the {part} is no file of a Secret or ConfigMap"));
                }
            }
        }
    }
}

/// A flag of a connection to NATS, without dashes.
fn nats_flag(argument: &str) -> Option<&str> {
    let flag = argument.trim_start_matches('-');
    let connection = ["nats-", "scheduler-nats-", "data-nats-"].iter().any(|prefix| flag.starts_with(prefix));
    // The time for the first connection is no matter of the connection itself.
    (connection && flag.len() < argument.len() && !flag.starts_with("nats-connect-timeout")).then_some(flag)
}

fn refers(value: &str, variable: &str) -> bool {
    value.contains(&format!("$({variable})"))
}

/// The volume that a path is in, if another Pod of the namespace can have it too.
pub fn mounted<'a>(container: &'a Container, spec: &'a PodSpec, path: &str) -> Option<(&'a Volume, &'a VolumeMount)> {
    let mounts = container.volume_mounts.iter().flatten();
    let mount =
        mounts.filter(|mount| path.starts_with(&mount.mount_path)).max_by_key(|mount| mount.mount_path.len())?;
    let volume = spec.volumes.iter().flatten().find(|volume| volume.name == mount.name)?;
    let shared =
        volume.secret.is_some() || volume.config_map.is_some() || volume.projected.is_some() || volume.csi.is_some();
    shared.then_some((volume, mount))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(volume: &serde_json::Value) -> PodSpec {
        serde_json::from_value(json!({
            "containers": [{
                "name": "operator",
                "args": ["operator", "--nats-url=nats://a:4222", "--nats-tls-ca=/etc/nats/ca.crt",
                         "--nats-tls-cert=/etc/nats/tls.crt", "--log-level=info", "--nats-connect-timeout=60s"],
                "volumeMounts": [{"name": "nats", "mountPath": "/etc/nats"}, {"name": "tmp", "mountPath": "/tmp"}],
            }],
            "volumes": [volume, {"name": "tmp", "emptyDir": {}}],
        }))
        .unwrap()
    }

    #[test]
    fn files_of_secrets_are_mounted_elsewhere_and_flags_follow() {
        let mut taken = Taken::default();
        taken.add("operator", &spec(&json!({"name": "nats", "secret": {"secretName": "tls"}})));
        assert_eq!(
            taken.arguments,
            [
                "--identity=operator:--nats-url=nats://a:4222",
                "--identity=operator:--nats-tls-ca=/identities/operator/etc/nats/ca.crt",
                "--identity=operator:--nats-tls-cert=/identities/operator/etc/nats/tls.crt",
            ]
        );
        assert_eq!(taken.mounts.len(), 1);
        assert_eq!(taken.mounts[0].mount_path, "/identities/operator/etc/nats");
        assert_eq!(taken.volumes[0].name, "operator-nats");
        assert_eq!(taken.missing, None);
    }

    #[test]
    fn what_only_that_pod_has_is_said() {
        let mut taken = Taken::default();
        taken.add("operator", &spec(&json!({"name": "nats", "emptyDir": {}})));
        assert!(taken.missing.unwrap().contains("--nats-tls-cert"));
    }
}
