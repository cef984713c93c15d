//! What the `OTEL_*` variables say: a signal is exported only if it has an endpoint.

use std::fmt;

use super::trust::Trust;

/// The settings of all signals.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Spans.
    pub traces: Option<Endpoint>,
    /// Metrics.
    pub metrics: Option<Endpoint>,
    /// The host's log.
    pub logs: Option<Endpoint>,
    /// Certificates for collectors with TLS.
    pub trust: Trust,
    /// `service.name`.
    pub service_name: Option<String>,
    /// More attributes of the host.
    pub attributes: Vec<(String, String)>,
    /// Variables that were read over, and why. Without their values: those may hold a password.
    pub warnings: Vec<String>,
}

/// Where a signal goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The whole URL.
    pub url: String,
    /// How it is spoken to.
    pub protocol: Protocol,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it may hold a password.
        f.debug_struct("Endpoint").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

/// A form of OTLP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the variable")]
pub enum Protocol {
    Grpc,
    HttpProtobuf,
}

impl Settings {
    /// Reads the variables.
    pub fn read(environment: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| environment(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let mut settings = Self::default();
        if get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return settings;
        }
        let mut warnings = Vec::new();
        settings.traces = signal("TRACES", &get, &mut warnings);
        settings.metrics = signal("METRICS", &get, &mut warnings);
        settings.logs = signal("LOGS", &get, &mut warnings);
        if settings.any() {
            settings.trust = Trust::read(&get, &mut warnings);
        }
        settings.service_name = get("OTEL_SERVICE_NAME");
        for entry in get("OTEL_RESOURCE_ATTRIBUTES").iter().flat_map(|list| list.split(',')) {
            match entry.split_once('=').map(|(key, value)| (key.trim(), decoded(value.trim()))) {
                Some((key, Some(value))) if !key.is_empty() => settings.attributes.push((key.to_owned(), value)),
                _ if entry.trim().is_empty() => {}
                _ => warnings.push("OTEL_RESOURCE_ATTRIBUTES: an entry is not `key=value` and is left out".into()),
            }
        }
        // One word on a variable that all signals share is enough.
        warnings.dedup();
        settings.warnings = warnings;
        settings
    }

    /// Whether anything is exported.
    pub fn any(&self) -> bool {
        self.traces.is_some() || self.metrics.is_some() || self.logs.is_some()
    }
}

fn signal(signal: &str, get: &impl Fn(&str) -> Option<String>, warnings: &mut Vec<String>) -> Option<Endpoint> {
    let exporter = format!("OTEL_{signal}_EXPORTER");
    match get(&exporter).as_deref() {
        Some("none") => return None,
        None | Some("otlp") => {}
        Some(_) => warnings.push(format!("{exporter}: this host has `otlp` and `none`; it takes `otlp`")),
    }
    let own = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
    let (name, mut url, whole) = match get(&own) {
        Some(url) => (own, url, true),
        None => ("OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(), get("OTEL_EXPORTER_OTLP_ENDPOINT")?, false),
    };
    let parsed: Option<http::Uri> = url.parse().ok();
    if !parsed.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()) {
        warnings
            .push(format!("{name}: is no URL with http:// or https://; {} are not exported", signal.to_lowercase()));
        return None;
    }
    let own = format!("OTEL_EXPORTER_OTLP_{signal}_PROTOCOL");
    let given = get(&own).map(|value| (own, value));
    let shared = "OTEL_EXPORTER_OTLP_PROTOCOL";
    let protocol = match given.or_else(|| get(shared).map(|value| (shared.to_owned(), value))) {
        None => Protocol::Grpc,
        Some((name, value)) => match value.as_str() {
            "grpc" => Protocol::Grpc,
            "http/protobuf" => Protocol::HttpProtobuf,
            _ => {
                warnings.push(format!("{name}: this host has `grpc` and `http/protobuf`; it takes `grpc`"));
                Protocol::Grpc
            }
        },
    };
    if protocol == Protocol::HttpProtobuf && !whole {
        url = format!("{}/v1/{}", url.trim_end_matches('/'), signal.to_lowercase());
    }
    Some(Endpoint { url, protocol })
}

/// A value of `OTEL_RESOURCE_ATTRIBUTES`, where `%2C` is a comma.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let (high, low) = (digit(rest.next())?, digit(rest.next())?);
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Settings {
        let found =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Settings::read(found)
    }

    #[test]
    fn without_an_endpoint_nothing_is_exported() {
        assert!(!read(&[("OTEL_SERVICE_NAME", "host"), ("OTEL_TRACES_EXPORTER", "otlp")]).any());
        let disabled = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4317"), ("OTEL_SDK_DISABLED", "true")];
        assert!(!read(&disabled).any());
    }

    #[test]
    fn each_signal_has_its_own_say() {
        let settings = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://logs:4317"),
            ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "grpc"),
            ("OTEL_METRICS_EXPORTER", "none"),
            ("OTEL_RESOURCE_ATTRIBUTES", "a=b, team=x%2Cy,,bad"),
        ]);
        let traces = settings.traces.clone().unwrap();
        assert_eq!((traces.url.as_str(), traces.protocol), ("http://collector:4318/v1/traces", Protocol::HttpProtobuf));
        let logs = settings.logs.clone().unwrap();
        assert_eq!((logs.url.as_str(), logs.protocol), ("https://logs:4317", Protocol::Grpc));
        assert_eq!(settings.metrics, None);
        assert_eq!(settings.attributes, [("a".into(), "b".into()), ("team".into(), "x,y".into())]);
        assert_eq!(settings.warnings.len(), 1, "{:?}", settings.warnings);
    }

    #[test]
    fn bad_values_are_named_and_not_shown() {
        let settings = read(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "user:secret@collector"),
            ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://user:secret@c:4317"),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_TRACES_EXPORTER", "zipkin"),
        ]);
        assert_eq!(settings.traces.as_ref().map(|traces| traces.protocol), Some(Protocol::Grpc));
        assert_eq!((&settings.metrics, &settings.logs), (&None, &None));
        let words = settings.warnings.join("\n");
        for part in ["OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_ENDPOINT: is no URL"] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert!(!words.contains("secret") && !format!("{settings:?}").contains("secret"));
    }
}
