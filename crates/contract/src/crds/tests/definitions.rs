//! The definitions as the API server gets them.

use serde_json::{Value, json};

use crate::crds::{GROUP, HOST_INTERFACE_RULES, VERSION, all, names, schema};

/// The definition of a kind as JSON.
fn definition(kind: &str) -> Value {
    let definition = all().into_iter().find(|definition| definition.spec.names.kind == kind).unwrap();
    serde_json::to_value(definition).unwrap()
}

/// Its only version.
fn version(kind: &str) -> Value {
    definition(kind)["spec"]["versions"][0].clone()
}

/// The schema of a workload's spec in each of the three kinds that have one.
fn workload_specs() -> [Value; 3] {
    let at = |kind, path| schema(kind).unwrap().pointer(path).unwrap().clone();
    let template = "/properties/spec/properties/template/properties/spec";
    [at("Workload", "/properties/spec"), at("WorkloadReplicaSet", template), at("WorkloadDeployment", template)]
}

/// Calls `visit` with every schema in `schema`: properties, items, values of maps, and itself.
fn walk(path: &str, schema: &Value, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(&format!("{path}.{name}"), property, visit);
    }
    for below in ["items", "additionalProperties"] {
        if schema[below].is_object() {
            walk(&format!("{path}[]"), &schema[below], visit);
        }
    }
}

#[test]
fn kinds_have_upstreams_names() {
    let kinds: Vec<_> = all().iter().map(|definition| definition.spec.names.kind.clone()).collect();
    assert_eq!(kinds, ["Artifact", "Host", "Workload", "WorkloadDeployment", "WorkloadReplicaSet"]);
    for kind in kinds {
        let definition = definition(&kind);
        let singular = kind.to_lowercase();
        assert_eq!(definition["metadata"], json!({"name": format!("{singular}s.{GROUP}")}));
        let mut expected = json!({
            "kind": kind, "listKind": format!("{kind}List"), "plural": format!("{singular}s"), "singular": singular,
        });
        if kind == "Workload" {
            expected["shortNames"] = json!(["ww"]);
        }
        assert_eq!(definition["spec"]["names"], expected);
        assert_eq!(definition["spec"]["scope"], "Namespaced");
        assert_eq!(definition["spec"]["versions"].as_array().unwrap().len(), 1);
        let version = version(&kind);
        assert_eq!(
            (&version["name"], &version["served"], &version["storage"]),
            (&json!(VERSION), &json!(true), &json!(true))
        );
    }
}

#[test]
fn every_kind_has_a_status_and_only_deployments_scale() {
    for kind in ["Artifact", "Host", "Workload", "WorkloadReplicaSet"] {
        assert_eq!(version(kind)["subresources"], json!({"status": {}}), "{kind}");
    }
    let scale = json!({
        "specReplicasPath": ".spec.replicas",
        "statusReplicasPath": ".status.currentReplicas",
        "labelSelectorPath": ".status.selector",
    });
    assert_eq!(version("WorkloadDeployment")["subresources"], json!({"status": {}, "scale": scale}));
}

#[test]
fn columns_are_upstreams() {
    let columns = |kind: &str| -> Vec<String> {
        let version = version(kind);
        let columns = version["additionalPrinterColumns"].as_array().cloned().unwrap_or_default();
        let text = |column: &Value, key: &str| column[key].as_str().unwrap().to_owned();
        columns.iter().map(|c| ["name", "type", "jsonPath"].map(|key| text(c, key)).join(" ")).collect()
    };
    let ready = r#"READY string .status.conditions[?(@.type=="Ready")].status"#;
    let age = "AGE date .metadata.creationTimestamp";
    assert_eq!(columns("Artifact"), Vec::<String>::new());
    assert_eq!(
        columns("Host"),
        [
            "HOSTID string .hostId",
            "HOSTGROUP string .metadata.labels.hostgroup",
            "ENVIRONMENT string .environment",
            ready,
            age
        ]
    );
    assert_eq!(
        columns("Workload"),
        ["HOSTID string .status.hostId", "ENVIRONMENT string .status.environment", ready, age]
    );
    for kind in ["WorkloadReplicaSet", "WorkloadDeployment"] {
        assert_eq!(columns(kind), ["REPLICAS integer .spec.replicas", ready], "{kind}");
    }
}

#[test]
fn schemas_are_structural_and_say_what_every_field_is_for() {
    for kind in ["Artifact", "Host", "Workload", "WorkloadDeployment", "WorkloadReplicaSet"] {
        walk(kind, &schema(kind).unwrap(), &mut |path, schema| {
            assert!(schema["type"].is_string(), "{path} has no type");
            for key in ["$ref", "nullable", "title", "anyOf", "oneOf", "allOf", "not", "definitions"] {
                assert!(schema.get(key).is_none(), "{path} has {key}");
            }
            let element = path.ends_with("[]") && schema["type"] == "string";
            let metadata = path.ends_with(".metadata");
            assert_eq!(schema["description"].is_string(), !element && !metadata, "{path}");
        });
    }
}

#[test]
fn defaults_are_upstreams() {
    for kind in ["WorkloadReplicaSet", "WorkloadDeployment"] {
        assert_eq!(schema(kind).unwrap().pointer("/properties/spec/properties/replicas/default"), Some(&json!(1)));
    }
    let deployment = schema("WorkloadDeployment").unwrap();
    assert_eq!(deployment.pointer("/properties/spec/properties/deployPolicy/default"), Some(&json!("RollingUpdate")));
    assert_eq!(deployment.pointer("/properties/spec/properties/deployPolicy/enum"), None);
    let secret = "/properties/spec/properties/imagePullSecret/properties/name/default";
    assert_eq!(schema("Artifact").unwrap().pointer(secret), Some(&json!("")));
}

#[test]
fn required_fields_are_upstreams_and_the_spec() {
    let mut required = Vec::new();
    let mut collect = |path: &str, schema: &Value| {
        for field in schema["required"].as_array().into_iter().flatten() {
            required.push(format!("{path}.{}", field.as_str().unwrap()));
        }
    };
    walk("Host", &schema("Host").unwrap(), &mut collect);
    walk("Artifact", &schema("Artifact").unwrap(), &mut collect);
    let deployment = schema("WorkloadDeployment").unwrap();
    walk("WorkloadDeployment", &deployment, &mut collect);
    required.retain(|path| !path.contains(".conditions"));
    required.sort();
    assert_eq!(
        required,
        [
            "Artifact.spec",
            "Artifact.spec.image",
            "Host.hostId",
            "Host.status.osArch",
            "Host.status.osKernel",
            "Host.status.osName",
            "Host.status.systemCPUUsage",
            "Host.status.systemMemoryFree",
            "Host.status.systemMemoryTotal",
            "Host.status.version",
            "WorkloadDeployment.spec",
            "WorkloadDeployment.spec.artifacts[].artifactFrom",
            "WorkloadDeployment.spec.artifacts[].name",
            "WorkloadDeployment.spec.kubernetes.service.name",
            "WorkloadDeployment.spec.template",
            "WorkloadDeployment.spec.template.spec",
            "WorkloadDeployment.spec.template.spec.components[].image",
            "WorkloadDeployment.spec.template.spec.components[].localResources.volumeMounts[].mountPath",
            "WorkloadDeployment.spec.template.spec.components[].localResources.volumeMounts[].name",
            "WorkloadDeployment.spec.template.spec.components[].name",
            "WorkloadDeployment.spec.template.spec.hostInterfaces[].interfaces",
            "WorkloadDeployment.spec.template.spec.hostInterfaces[].namespace",
            "WorkloadDeployment.spec.template.spec.hostInterfaces[].package",
            "WorkloadDeployment.spec.template.spec.kubernetes.service.name",
            "WorkloadDeployment.spec.template.spec.service.image",
            "WorkloadDeployment.spec.template.spec.service.localResources.volumeMounts[].mountPath",
            "WorkloadDeployment.spec.template.spec.service.localResources.volumeMounts[].name",
            "WorkloadDeployment.spec.template.spec.volumes[].hostPath.path",
            "WorkloadDeployment.spec.template.spec.volumes[].name",
        ]
    );
}

#[test]
fn numbers_of_components_cannot_be_negative() {
    for spec in workload_specs() {
        let component = &spec["properties"]["components"]["items"]["properties"];
        for field in ["poolSize", "maxInvocations", "maxConcurrency", "reclaimWindowSeconds", "reclaimMinInstances"] {
            assert_eq!(component[field]["minimum"], 0.0, "{field}");
            assert_eq!(component[field]["format"], "int32", "{field}");
        }
        assert!(component["imagePullPolicy"].get("enum").is_none());
    }
}

#[test]
fn host_interfaces_are_bounded_and_have_both_rules() {
    for spec in workload_specs() {
        let list = &spec["properties"]["hostInterfaces"];
        assert_eq!(list["maxItems"], 64);
        let rules = list["x-kubernetes-validations"].as_array().unwrap();
        assert_eq!(rules.len(), 2);
        for (rule, (expected, message)) in rules.iter().zip(HOST_INTERFACE_RULES) {
            assert_eq!((&rule["rule"], &rule["message"]), (&json!(expected), &json!(message)));
            // CEL has reserved the bare words; the API server would refuse the whole definition.
            assert!(expected.contains(".__namespace__") && expected.contains(".__package__"));
            assert!(!expected.contains(".namespace") && !expected.contains(".package"));
        }
        let entry = &list["items"]["properties"];
        assert_eq!((&entry["namespace"]["maxLength"], &entry["package"]["maxLength"]), (&json!(128), &json!(128)));
        assert_eq!((&entry["name"]["maxLength"], &entry["version"]["maxLength"]), (&json!(64), &json!(64)));
        assert_eq!(entry["name"]["pattern"], "^[a-z0-9][a-z0-9-]*$");
        assert_eq!(entry["interfaces"]["minItems"], 1);
    }
}

#[test]
fn components_and_service_have_the_same_patterns_for_where_they_may_connect_to() {
    for spec in workload_specs() {
        let component = &spec["properties"]["components"]["items"]["properties"]["localResources"]["properties"];
        let service = &spec["properties"]["service"]["properties"]["localResources"]["properties"];
        for (list, pattern) in [
            (
                "allowedHosts",
                r"^\*$|^([A-Za-z][A-Za-z0-9+.-]*://)(\*\.)?L(\.L)*(:[0-9]{1,5})?/?$|^(\*\.)?L(\.L)*(:[0-9]{1,5})?$",
            ),
            ("allowedIpNameLookups", r"^\*$|^(\*\.)?L(\.L)*$|^[0-9A-Fa-f:.]+$"),
            ("allowedHostLoopbackPorts", r"^[0-9]{1,5}(/(tcp|udp|TCP|UDP))?$"),
        ] {
            let pattern = pattern.replace('L', "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?");
            assert_eq!(component[list]["items"]["pattern"], pattern, "{list}");
            assert_eq!(service[list]["items"]["pattern"], pattern, "{list}");
        }
    }
}

#[test]
fn a_host_has_no_spec() {
    let host = schema("Host").unwrap();
    let fields: Vec<_> = host["properties"].as_object().unwrap().keys().cloned().collect();
    let expected = ["apiVersion", "environment", "hostId", "hostname", "httpPort", "kind", "metadata", "status"]
        .map(str::to_owned);
    assert_eq!(fields, expected);
    assert!(host.get("x-kubernetes-preserve-unknown-fields").is_none());
}

#[test]
fn kinds_that_do_not_exist_have_no_schema_and_no_conditions() {
    assert_eq!(schema("HostGroup"), None);
    assert!(names::conditions("HostGroup").is_empty());
    for definition in all() {
        assert_eq!(names::conditions(&definition.spec.names.kind).last(), Some(&"Ready"));
    }
}
