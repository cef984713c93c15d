//! What Pods refer to, and cannot start without.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::PodSpec;

/// Names in the namespace of the Pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needed {
    /// Secrets; those that pull images are not among them, since an image may be there already.
    pub secrets: BTreeSet<String>,
    /// ConfigMaps.
    pub config_maps: BTreeSet<String>,
}

/// Secrets and ConfigMaps without which a Pod does not start.
pub fn needed(spec: &PodSpec) -> Needed {
    let mut needed = Needed::default();
    let Needed { secrets, config_maps } = &mut needed;
    // Name, and whether it may be missing.
    let mut secret = |name: Option<&String>, optional: Option<bool>| {
        secrets.extend(name.filter(|_| optional != Some(true)).cloned());
    };
    let mut map = |name: &String, optional: Option<bool>| {
        config_maps.extend((optional != Some(true)).then(|| name.clone()));
    };
    for volume in spec.volumes.iter().flatten() {
        volume.secret.iter().for_each(|one| secret(one.secret_name.as_ref(), one.optional));
        volume.config_map.iter().for_each(|one| map(&one.name, one.optional));
        for source in volume.projected.iter().flat_map(|projected| projected.sources.iter().flatten()) {
            source.secret.iter().for_each(|one| secret(Some(&one.name), one.optional));
            source.config_map.iter().for_each(|one| map(&one.name, one.optional));
        }
    }
    for container in spec.containers.iter().chain(spec.init_containers.iter().flatten()) {
        for from in container.env_from.iter().flatten() {
            from.secret_ref.iter().for_each(|one| secret(Some(&one.name), one.optional));
            from.config_map_ref.iter().for_each(|one| map(&one.name, one.optional));
        }
        for from in container.env.iter().flatten().filter_map(|variable| variable.value_from.as_ref()) {
            from.secret_key_ref.iter().for_each(|one| secret(Some(&one.name), one.optional));
            from.config_map_key_ref.iter().for_each(|one| map(&one.name, one.optional));
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_to_refer_counts_unless_it_may_be_missing() {
        let spec = serde_json::from_value(json!({
            "volumes": [
                {"name": "a", "secret": {"secretName": "volume"}},
                {"name": "b", "secret": {"secretName": "not-this", "optional": true}},
                {"name": "c", "configMap": {"name": "map"}},
                {"name": "d", "projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "part"}}]}},
            ],
            "initContainers": [{"name": "first", "envFrom": [{"secretRef": {"name": "all-of-it"}}, {"configMapRef": {"name": "settings"}}]}],
            "containers": [{"name": "main", "env": [
                {"name": "A", "valueFrom": {"secretKeyRef": {"name": "one-key", "key": "a"}}},
                {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "nor-this", "key": "b", "optional": true}}},
            ]}],
        }));
        let needed = needed(&spec.unwrap());
        assert_eq!(needed.secrets.into_iter().collect::<Vec<_>>(), ["all-of-it", "one-key", "projected", "volume"]);
        assert_eq!(needed.config_maps.into_iter().collect::<Vec<_>>(), ["map", "part", "settings"]);
    }
}
