//! The list of certificates, as the chart writes it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use chartwright_program::units;
use serde::Deserialize;

use crate::options::Options;

/// The word for all namespaces of hosts.
const HOSTS: &str = "@hosts";

/// What a list without times means: those of the flags.
const VALIDITY: Duration = Duration::from_hours(2160);
const CA_VALIDITY: Duration = Duration::from_hours(43_800);

/// Less would be renewed all the time.
const SHORTEST: Duration = Duration::from_secs(10);

/// What is wrong with the list of certificates.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// How long a certificate is valid.
    pub validity: Duration,
    /// How long an authority is.
    pub ca_validity: Duration,
    /// The Secret of the authority, in the own namespace.
    pub ca: String,
    /// Each certificate.
    pub certificates: Vec<Wanted>,
}

/// One certificate; each namespace has one of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The Secret.
    pub secret: String,
    /// Where.
    pub namespaces: BTreeSet<String>,
    /// Names, the first of which is the subject's too.
    pub dns_names: Vec<String>,
    /// Addresses.
    pub ip_addresses: Vec<IpAddr>,
    /// What for.
    pub usages: BTreeSet<Usage>,
}

/// What a certificate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Usage {
    /// To be connected to.
    #[serde(rename = "server auth")]
    Server,
    /// To connect.
    #[serde(rename = "client auth")]
    Client,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    validity: Option<String>,
    ca_validity: Option<String>,
    ca: String,
    #[serde(default)]
    host_namespaces: String,
    /// Absent, or nothing after the colon, where nothing is wanted.
    certificates: Option<Vec<WrittenCertificate>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrittenCertificate {
    secret: String,
    namespaces: Vec<String>,
    #[serde(default)]
    dns_names: Vec<String>,
    #[serde(default)]
    ip_addresses: Vec<String>,
    usages: Vec<Usage>,
}

impl List {
    /// Reads a file; `own` is the namespace where the authority is.
    pub fn read(path: &Path, own: &str) -> Result<Self, ConfigError> {
        let text = fs_err::read_to_string(path).map_err(|err| ConfigError(err.to_string()))?;
        Self::parse(&text, own).map_err(|why| ConfigError(format!("{}: {}", path.display(), why.0)))
    }

    /// Reads the file of an operator, whose flags say what a list leaves out.
    pub(super) fn of(options: &Options, path: &Path) -> Result<Self, ConfigError> {
        let text = fs_err::read_to_string(path).map_err(|err| ConfigError(err.to_string()))?;
        let times = (options.certificate_validity.max(SHORTEST), options.ca_validity.max(SHORTEST));
        Self::parse_or(&text, &options.own_namespace, times)
            .map_err(|why| ConfigError(format!("{}: {}", path.display(), why.0)))
    }

    /// Reads a text.
    pub fn parse(text: &str, own: &str) -> Result<Self, ConfigError> {
        Self::parse_or(text, own, (VALIDITY, CA_VALIDITY))
    }

    fn parse_or(text: &str, own: &str, times: (Duration, Duration)) -> Result<Self, ConfigError> {
        let options = serde_saphyr::options! { with_snippet: false };
        let written: Written = serde_saphyr::from_str_with_options(text, options)
            .map_err(|err| ConfigError(err.to_string().trim_end().to_owned()))?;
        let mut faults = Vec::new();
        let list = check(written, own, times, &mut faults);
        if faults.is_empty() { Ok(list) } else { Err(ConfigError(faults.join("; "))) }
    }

    /// The namespaces of all certificates, and the own one.
    pub(super) fn namespaces(&self, own: &str) -> BTreeSet<String> {
        let mut all: BTreeSet<String> = self.certificates.iter().flat_map(|one| one.namespaces.clone()).collect();
        all.insert(own.to_owned());
        all
    }
}

fn check(written: Written, own: &str, times: (Duration, Duration), faults: &mut Vec<String>) -> List {
    let mut time = |field: &str, text: Option<String>, otherwise: Duration| {
        let Some(text) = text else { return otherwise };
        match units::duration(&text) {
            Some(time) if time >= SHORTEST => time,
            Some(_) => {
                faults.push(format!("{field}: {text} is too short: write `10s` at least"));
                otherwise
            }
            None => {
                faults.push(format!("{field}: `{text}` is no time: write `2160h`"));
                otherwise
            }
        }
    };
    let validity = time("validity", written.validity, times.0);
    let ca_validity = time("caValidity", written.ca_validity, times.1);
    if !is_name(&written.ca) {
        faults.push(format!("ca: `{}` is no name of a Secret", written.ca));
    }
    let hosts: Vec<&str> = written.host_namespaces.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    if let Some(name) = hosts.iter().find(|name| !is_name(name)) {
        faults.push(format!("hostNamespaces: `{name}` is no name of a namespace"));
    }
    let mut places = BTreeSet::from([(own.to_owned(), written.ca.clone())]);
    let mut certificates = Vec::new();
    for (number, one) in written.certificates.unwrap_or_default().into_iter().enumerate() {
        let at = format!("certificates[{number}]");
        let wanted = certificate(one, &hosts, &at, faults);
        for namespace in &wanted.namespaces {
            if !places.insert((namespace.clone(), wanted.secret.clone())) {
                faults.push(format!("{at}: the Secret {namespace}/{} is named twice", wanted.secret));
            }
        }
        certificates.push(wanted);
    }
    List { validity, ca_validity, ca: written.ca, certificates }
}

fn certificate(one: WrittenCertificate, hosts: &[&str], at: &str, faults: &mut Vec<String>) -> Wanted {
    if !is_name(&one.secret) {
        faults.push(format!("{at}.secret: `{}` is no name of a Secret", one.secret));
    }
    let mut namespaces = BTreeSet::new();
    for name in &one.namespaces {
        match name.as_str() {
            HOSTS => namespaces.extend(hosts.iter().map(|name| (*name).to_owned())),
            name if is_name(name) => _ = namespaces.insert(name.to_owned()),
            name => faults.push(format!("{at}.namespaces: `{name}` is no name of a namespace, nor `{HOSTS}`")),
        }
    }
    for name in one.dns_names.iter().filter(|name| !is_dns(name)) {
        faults.push(format!("{at}.dnsNames: `{name}` is no name of DNS"));
    }
    let mut ip_addresses = Vec::new();
    for address in &one.ip_addresses {
        match address.parse() {
            Ok(address) => ip_addresses.push(address),
            Err(_) => faults.push(format!("{at}.ipAddresses: `{address}` is no address")),
        }
    }
    if one.dns_names.is_empty() && one.ip_addresses.is_empty() {
        faults.push(format!("{at}: a name in dnsNames, or an address in ipAddresses, is missing"));
    }
    if one.usages.is_empty() {
        faults.push(format!("{at}.usages: write `server auth`, `client auth` or both"));
    }
    Wanted {
        secret: one.secret,
        namespaces,
        dns_names: one.dns_names,
        ip_addresses,
        usages: one.usages.into_iter().collect(),
    }
}

/// Whether Kubernetes could have an object of this name.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (1..=253).contains(&name.len())
        && name.chars().all(plain)
        && !name.starts_with(['-', '.'])
        && !name.ends_with(['-', '.'])
}

/// A name that may stand in a certificate; its first label may be a star.
fn is_dns(name: &str) -> bool {
    let labels = name.strip_prefix("*.").unwrap_or(name);
    labels.len() <= 253
        && labels.split('.').all(|label| {
            (1..=63).contains(&label.len()) && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = r#"
validity: "2160h"
caValidity: "43800h"
ca: "wasmcloud-ca"
hostNamespaces: "default,edge"
certificates:
- secret: "wasmcloud-nats-tls"
  namespaces: ["default"]
  dnsNames: ["wasmcloud-nats","*.wasmcloud-nats-headless.default.svc.cluster.local"]
  ipAddresses: ["127.0.0.1"]
  usages: ["server auth","client auth"]

- secret: "wasmcloud-host-data-tls"
  namespaces: ["@hosts"]
  dnsNames: ["wasmcloud-data"]
  ipAddresses: []
  usages: ["client auth"]
"#;

    #[test]
    fn what_the_chart_writes_is_read() {
        let list = List::parse(LIST, "default").unwrap();
        assert_eq!((list.validity, list.ca_validity), (VALIDITY, CA_VALIDITY));
        assert_eq!(list.ca, "wasmcloud-ca");
        assert_eq!(list.certificates[0].usages, BTreeSet::from([Usage::Server, Usage::Client]));
        assert_eq!(list.certificates[0].ip_addresses, ["127.0.0.1".parse::<IpAddr>().unwrap()]);
        assert_eq!(list.certificates[1].namespaces, BTreeSet::from(["default".into(), "edge".into()]));
        assert_eq!(list.namespaces("own"), BTreeSet::from(["default".into(), "edge".into(), "own".into()]));
    }

    #[test]
    fn the_goldens_lists_are_read() {
        let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../golden");
        let mut read = 0;
        for golden in std::fs::read_dir(goldens).unwrap() {
            let Ok(text) = fs_err::read_to_string(golden.unwrap().path().join("manifests.yaml")) else { continue };
            let Some((_, rest)) = text.split_once("\n  certificates.yaml: |-\n") else { continue };
            let list: String = rest
                .lines()
                .take_while(|line| line.starts_with("    ") || line.is_empty())
                .map(|line| format!("{}\n", line.get(4..).unwrap_or_default()))
                .collect();
            List::parse(&list, "default").unwrap();
            read += 1;
        }
        assert!(read > 10, "{read}");
    }

    #[test]
    fn an_empty_list_is_one() {
        let list = List::parse("ca: ca\nhostNamespaces: \"\"\ncertificates:\n", "default").unwrap();
        assert!(list.certificates.is_empty());
    }

    #[test]
    fn faults_are_said_with_their_place() {
        let said = |text: &str| List::parse(text, "default").unwrap_err().to_string();
        let unknown = said(&LIST.replace("usages: [\"client auth\"]", "usage: [\"client auth\"]"));
        assert!(unknown.contains("usage") && unknown.contains("line 17"), "{unknown}");
        let word = said(&LIST.replace("\"client auth\"]\n\n", "\"code signing\"]\n\n"));
        assert!(word.contains("code signing") && word.contains("line 11"), "{word}");
        let all = said(
            &LIST
                .replace("2160h", "90 apples")
                .replace("127.0.0.1", "127.0.0")
                .replace("wasmcloud-host-data-tls", "wasmcloud-nats-tls"),
        );
        for part in ["validity: `90 apples`", "certificates[0].ipAddresses: `127.0.0`", "default/wasmcloud-nats-tls"] {
            assert!(all.contains(part), "{part}: {all}");
        }
        let bare = said("ca: ca\ncertificates:\n- secret: a\n  namespaces: [a]\n  usages: []\n");
        assert!(bare.contains("dnsNames") && bare.contains("usages"), "{bare}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let said = List::read(Path::new("/nowhere/certificates.yaml"), "default").unwrap_err().to_string();
        assert!(said.contains("/nowhere/certificates.yaml"), "{said}");
    }
}
