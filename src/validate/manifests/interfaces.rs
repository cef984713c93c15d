//! What stock hosts know of each WIT package: interfaces, versions, and the settings of an entry of `hostInterfaces`.

use super::workload::Interface;

/// A package that a plugin of the host serves.
pub(super) struct Package {
    namespace: &'static str,
    name: &'static str,
    /// What may be listed; empty when we do not know.
    pub(super) interfaces: &'static [&'static str],
    /// What an entry may name as its version; empty when the host does not look at it.
    pub(super) versions: &'static [&'static str],
    /// Settings of an entry without a name.
    plain: Settings,
    /// Settings of an entry with a name, for packages that can be there more than once.
    named: Option<Settings>,
}

/// The settings that an entry takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settings {
    /// Any: components read them.
    Any,
    /// These.
    Keys(&'static [&'static str]),
    /// `backend`, and what the chosen one takes.
    Backend(&'static [Backend]),
}

/// A store that an entry can choose, and its settings.
pub(super) type Backend = (&'static str, &'static [&'static str]);

/// The backend of an entry that chooses none.
pub(super) const DEFAULT_BACKEND: &str = "in-memory";

const KEYVALUE: &[Backend] =
    &[(DEFAULT_BACKEND, &[]), ("redis", &["url", "prefix"]), ("nats", &["url"]), ("filesystem", &["root"])];
const BLOBSTORE: &[Backend] = &[(DEFAULT_BACKEND, &[]), ("filesystem", &["root"]), ("nats", &["url"])];
const MESSAGING: &[Backend] = &[(DEFAULT_BACKEND, &[]), ("nats", &["url"])];

const NATS: &[&str] = &[
    "core-subscriptions",
    "jetstream-subscriptions",
    "kv-watches",
    "component",
    "ack-mode",
    "request-timeout-ms",
    "max-in-flight",
    "max-ack-pending",
    "max-deliver",
    "subscription-capacity",
    "subscription-capacity-bytes",
    "subject-allow",
    "stream-allow",
    "bucket-allow",
];

const PACKAGES: &[Package] = &[
    Package {
        interfaces: &["incoming-handler", "outgoing-handler", "handler"],
        plain: Settings::Keys(&["host", "host-aliases", "localRoute"]),
        ..package("wasi", "http")
    },
    Package {
        interfaces: &["store"],
        versions: &["0.2.0-rc.1"],
        plain: Settings::Any,
        named: Some(Settings::Any),
        ..package("wasi", "config")
    },
    Package { interfaces: &["logging"], ..package("wasi", "logging") },
    Package {
        interfaces: &["blobstore", "container", "types"],
        versions: &["0.2.0-draft"],
        plain: Settings::Keys(&["buckets", "read_only"]),
        named: Some(Settings::Backend(BLOBSTORE)),
        ..package("wasi", "blobstore")
    },
    Package {
        interfaces: &["store", "atomics", "batch"],
        named: Some(Settings::Backend(KEYVALUE)),
        ..package("wasi", "keyvalue")
    },
    Package {
        interfaces: &["types", "tracing", "metrics", "logs"],
        versions: &["0.2.0-rc.2"],
        ..package("wasi", "otel")
    },
    package("wasi", "webgpu"),
    Package {
        interfaces: &["consumer", "types", "handler"],
        versions: &["0.2.0", "0.3.0"],
        plain: Settings::Keys(&[
            "subscriptions",
            "consumer_group",
            "max_in_flight",
            "admission_wait",
            "admission_group",
        ]),
        named: Some(Settings::Backend(MESSAGING)),
        ..package("wasmcloud", "messaging")
    },
    Package {
        interfaces: &["types", "query", "prepared"],
        versions: &["0.1.1-draft", "0.2.0"],
        plain: Settings::Keys(&["database"]),
        named: Some(Settings::Keys(&["url"])),
        ..package("wasmcloud", "postgres")
    },
    Package {
        interfaces: &["store", "reveal", "secret"],
        versions: &["2.1.0"],
        plain: Settings::Any,
        named: Some(Settings::Any),
        ..package("wasmcloud", "secrets")
    },
    Package {
        interfaces: &["types", "store", "atomics", "cas", "batch"],
        versions: &["0.2.0"],
        plain: Settings::Backend(KEYVALUE),
        named: Some(Settings::Backend(KEYVALUE)),
        ..package("wasmcloud", "keyvalue")
    },
    Package {
        interfaces: &["types", "container", "blobstore"],
        versions: &["0.1.0"],
        plain: Settings::Backend(BLOBSTORE),
        named: Some(Settings::Backend(BLOBSTORE)),
        ..package("wasmcloud", "blobstore")
    },
    Package {
        interfaces: &["types", "core", "jetstream", "kv", "core-handler", "jetstream-handler", "kv-handler"],
        plain: Settings::Keys(NATS),
        named: Some(Settings::Keys(NATS)),
        ..package("wasmcloud", "nats")
    },
];

/// A package without settings.
const fn package(namespace: &'static str, name: &'static str) -> Package {
    Package { namespace, name, interfaces: &[], versions: &[], plain: Settings::Keys(&[]), named: None }
}

/// What is known of an entry's package; none for a package that only a plugin of the user's can serve.
pub(super) fn known(interface: &Interface<'_>) -> Option<&'static Package> {
    PACKAGES.iter().find(|package| interface.is(package.namespace, package.name))
}

/// The settings of an entry; none when we cannot say.
pub(super) fn settings(interface: &Interface<'_>) -> Option<Settings> {
    let package = known(interface)?;
    let id = format!("{}-{}", package.namespace, package.name);
    match interface.name {
        // The id of a plugin picks that plugin.
        Some(name) if name == id => Some(package.plain),
        // A plugin of the user's, or a label that no plugin takes.
        Some(_) => package.named,
        None => Some(package.plain),
    }
}

impl Package {
    /// The settings of an entry with a name, where they differ from those without.
    pub(super) fn only_named(&self) -> Option<Settings> {
        self.named.filter(|named| *named != self.plain)
    }
}

impl Settings {
    /// The keys for an entry that chose a backend or none; none when any key will do.
    pub(super) fn keys(self, backend: &str) -> Option<Vec<&'static str>> {
        match self {
            Self::Any => None,
            Self::Keys(keys) => Some(keys.to_vec()),
            Self::Backend(backends) => {
                // Of a backend that there is not, the name is wrong, not the keys.
                let known = backends.iter().any(|(name, _)| *name == backend);
                let chosen = backends.iter().filter(|(name, _)| !known || *name == backend);
                let mut keys = vec!["backend"];
                keys.extend(chosen.flat_map(|(_, keys)| keys.iter().copied()));
                Some(keys)
            }
        }
    }
}

/// The backend whose data each host has for itself, if the entry has one.
pub(super) fn local_backend<'a>(interface: &Interface<'a>) -> Option<&'a str> {
    let stores = matches!(interface.package, "keyvalue" | "blobstore");
    let chosen = interface.config("backend").and_then(|place| place.text());
    let default = matches!(settings(interface), Some(Settings::Backend(_))).then_some(DEFAULT_BACKEND);
    chosen.or(default).filter(|backend| stores && matches!(*backend, DEFAULT_BACKEND | "filesystem"))
}
