//! Certificates and keys as Secrets hold them: PEM.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::jiff::Timestamp;
use rcgen::{KeyPair, PublicKeyData as _};
use x509_parser::extensions::GeneralName;
use x509_parser::parse_x509_certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::X509Certificate;

use super::config::Usage;

/// Clocks differ: what is made now is valid since a little earlier.
pub(super) const BACKDATE: Duration = Duration::from_mins(5);

/// A private key in PEM. Nothing shows it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PrivateKey(String);

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl PrivateKey {
    pub(super) fn new(pem: String) -> Self {
        Self(pem)
    }

    pub(super) fn pem(&self) -> &str {
        &self.0
    }

    /// For signing. What is wrong with a key is not said in more words: they might quote it.
    pub(super) fn pair(&self) -> Result<KeyPair, String> {
        KeyPair::from_pem(&self.0).map_err(|_| "the key cannot be read".to_owned())
    }
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) certificate: Certificate,
    pub(super) key: PrivateKey,
}

impl Pair {
    /// Reads both, and checks that they belong together.
    pub(super) fn read(certificate: &[u8], key: &[u8]) -> Result<Self, String> {
        let certificate =
            Certificate::bundle(certificate)?.into_iter().next().ok_or("there is no certificate in it")?;
        let key = String::from_utf8(key.to_vec()).map_err(|_| "the key cannot be read".to_owned())?;
        let key = PrivateKey::new(key);
        let public = key.pair()?.subject_public_key_info();
        if public != certificate.public {
            return Err("the key is another certificate's".to_owned());
        }
        Ok(Self { certificate, key })
    }
}

/// A certificate, and what is in it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    der: Vec<u8>,
    public: Vec<u8>,
    pub(super) subject: String,
    pub(super) issuer: String,
    pub(super) begins: Timestamp,
    pub(super) ends: Timestamp,
    pub(super) dns: BTreeSet<String>,
    pub(super) ips: BTreeSet<IpAddr>,
    pub(super) usages: BTreeSet<Usage>,
    pub(super) authority: bool,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} {}..{}", self.subject, self.issuer, self.begins, self.ends)
    }
}

impl Certificate {
    /// All certificates of a PEM text, in their order.
    pub(super) fn bundle(text: &[u8]) -> Result<Vec<Self>, String> {
        Pem::iter_from_buffer(text)
            .map(|pem| pem.map_err(|err| format!("it is no PEM: {err}")))
            .filter(|pem| pem.as_ref().map_or(true, |pem| pem.label == "CERTIFICATE"))
            .map(|pem| Self::parse(&pem?.contents))
            .collect()
    }

    fn parse(der: &[u8]) -> Result<Self, String> {
        let (rest, parsed) = parse_x509_certificate(der).map_err(|err| format!("it is no certificate: {err}"))?;
        if !rest.is_empty() {
            return Err("it is no certificate: something follows it".to_owned());
        }
        let time = |at: x509_parser::time::ASN1Time| {
            Timestamp::from_second(at.timestamp()).map_err(|_| "its times are out of range".to_owned())
        };
        let mut certificate = Self {
            der: der.to_vec(),
            public: parsed.tbs_certificate.subject_pki.raw.to_vec(),
            subject: String::new(),
            issuer: common_name(parsed.issuer()),
            begins: time(parsed.validity().not_before)?,
            ends: time(parsed.validity().not_after)?,
            dns: BTreeSet::new(),
            ips: BTreeSet::new(),
            usages: BTreeSet::new(),
            authority: parsed.is_ca(),
        };
        certificate.subject = common_name(parsed.subject());
        certificate.extensions(&parsed)?;
        Ok(certificate)
    }

    fn extensions(&mut self, parsed: &X509Certificate<'_>) -> Result<(), String> {
        let unreadable = |_| "its extensions cannot be read".to_owned();
        let names = parsed.subject_alternative_name().map_err(unreadable)?;
        for name in names.iter().flat_map(|names| &names.value.general_names) {
            match name {
                GeneralName::DNSName(name) => _ = self.dns.insert((*name).to_owned()),
                GeneralName::IPAddress(bytes) => {
                    if let Ok(bytes) = <[u8; 4]>::try_from(*bytes) {
                        self.ips.insert(bytes.into());
                    } else if let Ok(bytes) = <[u8; 16]>::try_from(*bytes) {
                        self.ips.insert(bytes.into());
                    }
                }
                _ => {}
            }
        }
        if let Some(usages) = parsed.extended_key_usage().map_err(unreadable)? {
            self.usages.extend(usages.value.server_auth.then_some(Usage::Server));
            self.usages.extend(usages.value.client_auth.then_some(Usage::Client));
        }
        Ok(())
    }

    pub(super) fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(64));
            pem.push_str(line);
            pem.push('\n');
            rest = more;
        }
        pem + "-----END CERTIFICATE-----\n"
    }

    /// Whether that authority signed this.
    pub(super) fn signed_by(&self, authority: &Self) -> bool {
        let (Ok((_, this)), Ok((_, by))) = (parse_x509_certificate(&self.der), parse_x509_certificate(&authority.der))
        else {
            return false;
        };
        authority.authority
            && this.issuer().as_raw() == by.subject().as_raw()
            && this.verify_signature(Some(by.public_key())).is_ok()
    }

    /// When it is to be replaced: five eighths of its life, counted from when it was made.
    pub(super) fn due(&self) -> Timestamp {
        let made = self.made();
        after(made, self.life() * 5 / 8)
    }

    /// When it was made.
    pub(super) fn made(&self) -> Timestamp {
        after(self.begins, BACKDATE).min(self.ends)
    }

    /// From when it was made to its end.
    pub(super) fn life(&self) -> Duration {
        between(self.made(), self.ends)
    }
}

/// The common name, or all of the name where there is none.
fn common_name(name: &x509_parser::x509::X509Name<'_>) -> String {
    let found = name.iter_common_name().next().and_then(|name| name.as_str().ok());
    found.map_or_else(|| name.to_string(), str::to_owned)
}

/// The time from one moment to a later one.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).try_into().unwrap_or_default()
}

/// A moment so much later.
pub(super) fn after(moment: Timestamp, time: Duration) -> Timestamp {
    moment.checked_add(time).unwrap_or(Timestamp::MAX)
}
