//! Making authorities and what they sign: ECDSA on P-256.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};

use super::config::{Usage, Wanted};
use super::material::{BACKDATE, Certificate, Pair, PrivateKey, after};

/// The longest common name that X.509 allows.
const LONGEST_NAME: usize = 64;

/// A new authority. Its name is its own: who sees a chain knows which one it is.
pub(super) fn authority(now: Timestamp, validity: Duration) -> Result<Pair, String> {
    let key = KeyPair::generate().map_err(|err| format!("no key can be made: {err}"))?;
    let mut params = params(now, after(now, validity));
    // Two of one second are still told apart.
    let mark = key.public_key_raw().iter().rev().take(3).map(|byte| format!("{byte:02x}")).collect::<String>();
    let day = now.strftime("%Y-%m-%d");
    params.distinguished_name.push(DnType::CommonName, format!("chartwright CA {day} {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let made = params.self_signed(&key).map_err(|err| format!("no authority can be made: {err}"))?;
    pair(&made.pem(), &key)
}

/// A certificate of this authority; it ends with the authority, if not before.
pub(super) fn leaf(by: &Pair, wanted: &Wanted, now: Timestamp, validity: Duration) -> Result<Pair, String> {
    let failed = |err: rcgen::Error| format!("no certificate can be made: {err}");
    let key = KeyPair::generate().map_err(failed)?;
    let mut params = params(now, after(now, validity).min(by.certificate.ends));
    for name in &wanted.dns_names {
        params.subject_alt_names.push(SanType::DnsName(name.as_str().try_into().map_err(failed)?));
    }
    params.subject_alt_names.extend(wanted.ip_addresses.iter().copied().map(SanType::IpAddress));
    // Accounts of NATS are entered by a name of the certificate, or else by its subject: both say the same.
    if let Some(name) = subject(wanted) {
        params.distinguished_name.push(DnType::CommonName, name);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = wanted
        .usages
        .iter()
        .map(|usage| match usage {
            Usage::Server => ExtendedKeyUsagePurpose::ServerAuth,
            Usage::Client => ExtendedKeyUsagePurpose::ClientAuth,
        })
        .collect();
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::from_ca_cert_pem(&by.certificate.pem(), by.key.pair()?).map_err(failed)?;
    let made = params.signed_by(&key, &issuer).map_err(failed)?;
    pair(&made.pem(), &key)
}

/// The common name that a certificate has: its first name that fits.
pub(super) fn subject(wanted: &Wanted) -> Option<String> {
    let first = wanted.dns_names.first().cloned();
    first.or_else(|| wanted.ip_addresses.first().map(ToString::to_string)).filter(|name| name.len() <= LONGEST_NAME)
}

fn params(now: Timestamp, ends: Timestamp) -> CertificateParams {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let moment = |at: Timestamp| {
        let seconds = u64::try_from(at.as_second()).unwrap_or_default();
        epoch + Duration::from_secs(seconds)
    };
    let begins = now.checked_sub(BACKDATE).unwrap_or(now);
    let mut params = CertificateParams::default();
    params.not_before = moment(begins);
    params.not_after = moment(ends);
    params.distinguished_name = DistinguishedName::new();
    params
}

fn pair(pem: &str, key: &KeyPair) -> Result<Pair, String> {
    let certificate = Certificate::bundle(pem.as_bytes())?.into_iter().next().ok_or("nothing was made")?;
    Ok(Pair { certificate, key: PrivateKey::new(key.serialize_pem()) })
}
