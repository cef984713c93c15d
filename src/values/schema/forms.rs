//! What texts look like: every plain string of ours has a form, so that what the cluster (or Helm) would refuse or
//! change later is refused here, with a sentence that says what was wanted.

use serde_json::{Map, Value as Json, json};

use super::{SAYS, passes};

/// The form of a text.
#[derive(Debug)]
struct Form {
    pattern: &'static str,
    says: &'static str,
    longest: Option<u32>,
}

/// Helm and we differ on how other control characters are written into YAML.
const TEXT: Form = form(r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$", "text without control characters");

/// A placeholder may stand in any text. Nothing at all means "not set".
const NAME: Form = Form {
    pattern: r"^(([a-z0-9]|\$\{[a-zA-Z.]+\})(([a-z0-9.-]|\$\{[a-zA-Z.]+\})*([a-z0-9]|\$\{[a-zA-Z.]+\}))?)?$",
    says: "a name of lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
    longest: Some(253),
};
const LABEL: Form = Form {
    pattern: r"^(([a-z0-9]|\$\{[a-zA-Z.]+\})(([a-z0-9-]|\$\{[a-zA-Z.]+\})*([a-z0-9]|\$\{[a-zA-Z.]+\}))?)?$",
    says: "a name of lower-case letters, digits and `-`, with a letter or digit at both ends",
    longest: Some(63),
};
const DOMAIN: Form = form(
    r"^(\*\.)?([a-zA-Z0-9]|\$\{[a-zA-Z.]+\})(([a-zA-Z0-9.-]|\$\{[a-zA-Z.]+\})*([a-zA-Z0-9]|\$\{[a-zA-Z.]+\}))?$",
    "a DNS name such as `www.example.com` or `*.example.com`",
);
const DATA_KEY: Form = form(r"^([-._a-zA-Z0-9]|\$\{[a-zA-Z.]+\})*$", "a key of letters, digits, `-`, `_` and `.`");
const LABEL_VALUE: Form = Form {
    pattern: r"^(([a-zA-Z0-9]|\$\{[a-zA-Z.]+\})(([a-zA-Z0-9._-]|\$\{[a-zA-Z.]+\})*([a-zA-Z0-9]|\$\{[a-zA-Z.]+\}))?)?$",
    says: "letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
    longest: Some(63),
};
const QUANTITY: Form =
    form(r"^([0-9]+(\.[0-9]+)?(m|[kMGTPE]|[KMGTPE]i)?)?$", "a number and perhaps a unit: `512Mi`, `10Gi`, `2G`");
const NATS_SIZE: Form =
    form(r"^(-1|[0-9]+([KMGT]i?B?|B)?)?$", "a size as NATS writes it: `64MB`, `1GB`, or `-1` for no limit");
const DURATION: Form = form(r"^([0-9]+(ms|[smhdwy]))*$", "a duration such as `30s` or `1m`");
const REGISTRY: Form = form(
    r"^(([a-zA-Z0-9][a-zA-Z0-9.-]*|\[[0-9a-fA-F:]+\])(:[0-9]+)?(/[a-z0-9._-]+)*)?$",
    "a registry such as `registry.example:5000`, without `https://`",
);
const REPOSITORY: Form = form(
    r"^(([a-zA-Z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._-]+[a-z0-9]+)*(/[a-z0-9]+([._-]+[a-z0-9]+)*)*)?$",
    "a repository such as `acme/host`, without tag and digest",
);
const TAG: Form = form(r"^([a-zA-Z0-9_][a-zA-Z0-9._-]{0,127})?$", "a tag such as `2.10.3`");
const NATS_URL: Form = form(
    r"^(nats|tls|ws|wss)://[^\s@,]+$",
    "a URL such as `tls://nats.example:4222`, without user and password; secrets belong in `auth`",
);
const HTTP_URL: Form = form(r"^(https?://\S+)?$", "a URL such as `http://collector:4317`");
const CRON: Form = form(r"^(@[a-z]+|\S+( +\S+){4})$", "a schedule of five fields such as `17 3 * * *`");
const ADDRESS: Form = form(r"^([0-9a-fA-F:.]+)?$", "an IP address");
const CLUSTER_ADDRESS: Form = form(r"^(None|[0-9a-fA-F:.]+)?$", "an IP address, or `None`");
const RANGE: Form = form(r"^[0-9a-fA-F:.]+/[0-9]{1,3}$", "an address range such as `10.0.0.0/8`");
const URL_PATH: Form = form(r"^/[^\s]*$", "a path that begins with `/`");
const WORD: Form = form(r"^[a-zA-Z0-9_-]*$", "letters, digits, `-` and `_`");
const ACCESS_MODE: Form = form(
    "^ReadWriteOnce$|^ReadOnlyMany$|^ReadWriteMany$|^ReadWriteOncePod$",
    "`ReadWriteOnce`, `ReadOnlyMany`, `ReadWriteMany` or `ReadWriteOncePod`",
);
const MEDIUM: Form = form(r"^(Memory|HugePages[a-zA-Z0-9-]*)?$", "`Memory` or nothing");
const IP_FAMILY: Form = form("^IPv[46]$", "`IPv4` or `IPv6`");

/// Names of things that are keys of a map.
const GROUP: &str = "^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$";
const GROUP_SAYS: &str = "a name of at most 40 lower-case letters, digits and `-`, with a letter or digit at both ends";

const fn form(pattern: &'static str, says: &'static str) -> Form {
    Form { pattern, says, longest: None }
}

/// Section (`*` for any), key, and the form of its text, of each item, or of each value of a map.
const FORMS: &[(&str, &str, &Form)] = &[
    ("Values", "nameOverride", &LABEL),
    ("Values", "fullnameOverride", &LABEL),
    ("Values", "namespaceOverride", &LABEL),
    ("Values", "clusterDomain", &NAME),
    ("*", "namespace", &LABEL),
    ("Operator", "watchNamespaces", &LABEL),
    ("Operator", "hostNamespaces", &LABEL),
    ("*", "commonLabels", &LABEL_VALUE),
    ("*", "labels", &LABEL_VALUE),
    ("*", "podLabels", &LABEL_VALUE),
    ("*", "nodeSelector", &LABEL_VALUE),
    ("*", "secretName", &NAME),
    ("*", "configMapName", &NAME),
    ("*", "credentialsSecretName", &NAME),
    ("*", "headersSecretName", &NAME),
    ("TlsSecrets", "ca", &NAME),
    ("TlsSecrets", "nats", &NAME),
    ("TlsSecrets", "operator", &NAME),
    ("TlsSecrets", "hostControl", &NAME),
    ("TlsSecrets", "hostData", &NAME),
    ("*", "secretKey", &DATA_KEY),
    ("*", "userKey", &DATA_KEY),
    ("*", "certKey", &DATA_KEY),
    ("*", "keyKey", &DATA_KEY),
    ("*", "key", &DATA_KEY),
    ("Authorities", "keys", &DATA_KEY),
    ("*", "name", &NAME),
    ("*", "priorityClassName", &NAME),
    ("*", "runtimeClassName", &NAME),
    ("*", "schedulerName", &NAME),
    ("*", "storageClassName", &NAME),
    ("*", "existingClaim", &NAME),
    ("Route", "ingressClassName", &NAME),
    ("Route", "hosts", &DOMAIN),
    ("Route", "paths", &URL_PATH),
    ("RouteService", "hostGroup", &LABEL),
    ("WorkloadAutoscaler", "workload", &NAME),
    ("LeaderElection", "id", &NAME),
    ("IssuerRef", "group", &NAME),
    ("Plugin", "configFrom", &NAME),
    ("Plugin", "secretFrom", &NAME),
    ("HttpCertificate", "domains", &DOMAIN),
    ("HttpCertificate", "ipAddresses", &ADDRESS),
    ("*", "registry", &REGISTRY),
    ("Oci", "insecureRegistries", &REGISTRY),
    ("Image", "repository", &REPOSITORY),
    ("Image", "tag", &TAG),
    ("*", "urls", &NATS_URL),
    ("LeafRemote", "account", &WORD),
    ("AccountLimits", "maxMemory", &NATS_SIZE),
    ("AccountLimits", "maxFile", &NATS_SIZE),
    ("Jetstream", "maxMemory", &NATS_SIZE),
    ("Jetstream", "maxFile", &NATS_SIZE),
    ("JetstreamVolume", "size", &QUANTITY),
    ("JetstreamVolume", "sizeLimit", &QUANTITY),
    ("JetstreamVolume", "accessModes", &ACCESS_MODE),
    ("Cache", "claimSize", &QUANTITY),
    ("Cache", "medium", &MEDIUM),
    ("Limits", "maxGuestMemory", &QUANTITY),
    ("Limits", "defaultHeapMemory", &QUANTITY),
    ("Limits", "maxBodyBytes", &QUANTITY),
    ("Limits", "maxComponentBytes", &QUANTITY),
    ("Wasm", "proposals", &WORD),
    ("*", "interval", &DURATION),
    ("*", "scrapeTimeout", &DURATION),
    ("Otel", "endpoint", &HTTP_URL),
    ("Tls", "schedule", &CRON),
    ("Service", "clusterIp", &CLUSTER_ADDRESS),
    ("Service", "loadBalancerIp", &ADDRESS),
    ("Service", "externalIps", &ADDRESS),
    ("Service", "loadBalancerSourceRanges", &RANGE),
    ("Service", "ipFamilies", &IP_FAMILY),
];

/// What the patterns that stand beside their fields want.
const SAID: &[(&str, &str)] = &[
    (r"^(sha256:[0-9a-f]{64})?$", "`sha256:` and 64 hexadecimal digits"),
    (r"^sha256:[0-9a-f]{64}$", "`sha256:` and 64 hexadecimal digits"),
    (r"^([0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?)?$", "a version of three numbers such as `2.10.3`, without `v`"),
    (r"^[A-Za-z0-9_.-]*$", "letters, digits, `-`, `_` and `.`"),
    (r"^[A-Za-z0-9_-]*$", "letters, digits, `-` and `_`"),
    (r"^([0-9]+(\.[0-9]+)?(Ki|Mi|Gi|Ti|k|M|G|T)?)?$", "a number and perhaps a unit: `512Mi`, `10Gi`, `2G`"),
    (r"^[0-9]+(B|KB|MB)?$", "a size as NATS writes it: `512KB`, `1MB`"),
    (r"^[0-9]+%$", "a percentage such as `25%`"),
];

/// Section, key: lists (or a single one) of objects whose shape another program knows.
const OBJECTS: &[(&str, &str)] = &[
    ("Values", "extraObjects"),
    ("Keda", "triggers"),
    ("Keda", "fallback"),
    ("PodMonitor", "relabelings"),
    ("PodMonitor", "metricRelabelings"),
    ("ServiceMonitor", "relabelings"),
    ("ServiceMonitor", "metricRelabelings"),
    ("PrometheusRules", "extraRules"),
    ("Route", "parentRefs"),
    ("Route", "filters"),
];

/// Section (`*` for any), key of a map by name: the form of the names, and what it wants in words.
const MAPS: &[(&str, &str, &str, &str)] = &[
    ("Values", "hosts", GROUP, GROUP_SAYS),
    ("Values", "routes", GROUP, GROUP_SAYS),
    ("Values", "workloadAutoscalers", GROUP, GROUP_SAYS),
    ("HostGroup", "extraServices", GROUP, GROUP_SAYS),
    ("Leaf", "remotes", GROUP, GROUP_SAYS),
    ("Values", "overrides", "^[A-Z][a-zA-Z0-9]*$", "a kind such as `Deployment`"),
    ("*", "labels", LABEL_KEY, LABEL_KEY_SAYS),
    ("*", "podLabels", LABEL_KEY, LABEL_KEY_SAYS),
    ("*", "commonLabels", LABEL_KEY, LABEL_KEY_SAYS),
    ("*", "nodeSelector", LABEL_KEY, LABEL_KEY_SAYS),
    ("*", "annotations", LABEL_KEY, LABEL_KEY_SAYS),
    ("*", "podAnnotations", LABEL_KEY, LABEL_KEY_SAYS),
    ("*", "commonAnnotations", LABEL_KEY, LABEL_KEY_SAYS),
    ("*", "env", "^[!-<>-~]+$", "a name of visible characters without `=`"),
    ("*", "flags", "^[a-z0-9][a-z0-9-]*$", "a flag's name without the dashes before it, such as `log-level`"),
];

const LABEL_KEY: &str = "^([a-z0-9]([a-z0-9.-]*[a-z0-9])?/)?[a-zA-Z0-9]([a-zA-Z0-9_.-]{0,61}[a-zA-Z0-9])?$";
const LABEL_KEY_SAYS: &str = "a name such as `team` or `example.com/team`";

/// Gives each text of a section its form.
pub(super) fn apply(section: &str, body: &mut Json) {
    if let Some(Json::Object(properties)) = body.get_mut("properties") {
        for (key, property) in properties.iter_mut() {
            if OBJECTS.contains(&(section, key.as_str())) {
                objects(section, property);
            }
            let of_section = |wanted: &str| FORMS.iter().find(|(at, of, _)| *at == wanted && of == key);
            let form = of_section(section).or_else(|| of_section("*")).map_or(&TEXT, |(_, _, form)| form);
            texts(property, form);
        }
    } else {
        // A union or a type of its own.
        texts(body, &TEXT);
    }
}

fn objects(section: &str, property: &mut Json) {
    let Json::Object(property) = property else {
        *property = json!({ "type": "object" });
        return;
    };
    if property.contains_key("items") {
        let item = if section == "Values" {
            json!({ "type": "object", "required": ["apiVersion", "kind"] })
        } else {
            json!({ "type": "object" })
        };
        property.insert("items".into(), item);
    } else {
        property.insert("type".into(), "object".into());
    }
}

/// Every string within a property that is described in place.
fn texts(schema: &mut Json, form: &Form) {
    match schema {
        Json::Object(map) => {
            if passes::is(map, "string") && !map.contains_key("enum") && !map.contains_key("const") {
                text(map, form);
            }
            for (keyword, value) in map.iter_mut() {
                if matches!(keyword.as_str(), "items" | "additionalProperties" | "anyOf" | "oneOf") {
                    texts(value, form);
                }
            }
        }
        Json::Array(list) => list.iter_mut().for_each(|schema| texts(schema, form)),
        _ => {}
    }
}

fn text(map: &mut Map<String, Json>, form: &Form) {
    let own = map.get("pattern").and_then(Json::as_str);
    let says =
        own.map_or(Some(form.says), |own| SAID.iter().find(|(pattern, _)| *pattern == own).map(|(_, says)| *says));
    if let Some(says) = says {
        map.insert(SAYS.into(), says.into());
    }
    if !map.contains_key("pattern") {
        map.insert("pattern".into(), form.pattern.into());
        if let Some(longest) = form.longest {
            map.insert("maxLength".into(), longest.into());
        }
    }
}

/// Names that are keys: they become part of object names, or the API server has its own mind about them. Null takes an
/// entry away, but a host group: whether Helm would keep or drop it depends on where it was set.
pub(super) fn names(schema: &mut Json) {
    name_keys("Values", schema);
    if let Some(definitions) = super::definitions(schema) {
        definitions
            .iter_mut()
            .filter(|(name, _)| !name.starts_with(super::KUBERNETES))
            .for_each(|(name, section)| name_keys(name, section));
    }
    if let Some(hosts) = schema.pointer_mut("/properties/hosts") {
        hosts["type"] = "object".into();
        hosts["additionalProperties"] = json!({ "$ref": "#/definitions/HostGroup" });
    }
}

fn name_keys(section: &str, body: &mut Json) {
    let Some(Json::Object(properties)) = body.get_mut("properties") else { return };
    for (key, property) in properties.iter_mut() {
        let row = MAPS.iter().find(|(at, of, _, _)| (*at == section || *at == "*") && of == key);
        if let (Some((_, _, pattern, says)), Json::Object(property)) = (row, property)
            && property.contains_key("additionalProperties")
        {
            property.insert("propertyNames".into(), json!({ "pattern": pattern, SAYS: says }));
        }
    }
}
