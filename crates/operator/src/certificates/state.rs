//! What the Secrets hold, as plain data: the authority with its rotation, and the certificates.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use super::material::{Certificate, Pair};

/// When a Secret's `ca.crt` became what it is: peers need time to read it.
pub(super) const BUNDLE_SINCE: &str = "chartwright.dev/trust-since";
/// Since when nothing of an earlier authority was seen.
pub(super) const UNUSED_SINCE: &str = "chartwright.dev/previous-unused-since";
/// Whose certificate it is: namespace and Secret of the authority.
pub(super) const AUTHORITY: &str = "chartwright.dev/authority";
/// On the authority: where its certificates are.
pub(super) const NAMESPACES: &str = "chartwright.dev/namespaces";

pub(super) const CERTIFICATE: &str = "tls.crt";
pub(super) const KEY: &str = "tls.key";
pub(super) const TRUSTED: &str = "ca.crt";
const NEXT_CERTIFICATE: &str = "next.crt";
const NEXT_KEY: &str = "next.key";
/// Makes fingerprints of what pods read useless to who knows only the fingerprint.
const SALT: &str = "fingerprint.salt";

/// A Secret's content.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    pub(super) data: BTreeMap<String, Vec<u8>>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Content {
    fn get(&self, key: &str) -> &[u8] {
        self.data.get(key).map_or(&[], Vec::as_slice)
    }

    pub(super) fn time(&self, annotation: &str) -> Option<Timestamp> {
        self.annotations.get(annotation)?.parse().ok()
    }
}

/// What was found where a Secret should be.
#[derive(Clone)]
pub(super) enum Found {
    /// Nothing, or a Secret that holds nothing.
    Absent,
    /// One of ours.
    Ours(Content),
    /// Somebody else's; why it is taken for that.
    Foreign(String),
    /// Nobody knows: it could not be read.
    Unknown(String),
}

/// Where a Secret is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) namespace: String,
    pub(super) secret: String,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.namespace, self.secret)
    }
}

/// The authority, and the ones before and after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Authority {
    /// The one that signs.
    pub(super) active: Pair,
    /// The one that is to sign when everybody trusts it.
    pub(super) next: Option<Pair>,
    /// Those that signed, and are trusted still.
    pub(super) previous: Vec<Certificate>,
    /// Since when nothing of `previous` was seen.
    pub(super) unused_since: Option<Timestamp>,
    pub(super) salt: Vec<u8>,
}

impl Authority {
    /// Reads its Secret.
    pub(super) fn read(content: &Content) -> Result<Self, String> {
        let active = Pair::read(content.get(CERTIFICATE), content.get(KEY))?;
        if !active.certificate.authority {
            return Err("its certificate may not sign".to_owned());
        }
        // A next one that is damaged is no next one; a new one will be made when it is time.
        let next = Pair::read(content.get(NEXT_CERTIFICATE), content.get(NEXT_KEY)).ok();
        let next = next.filter(|next| next.certificate.authority && next.certificate != active.certificate);
        let mut previous = Certificate::bundle(content.get(TRUSTED)).unwrap_or_default();
        previous.retain(|one| {
            *one != active.certificate && next.as_ref().is_none_or(|next| next.certificate != *one) && one.authority
        });
        Ok(Self { active, next, previous, unused_since: content.time(UNUSED_SINCE), salt: content.get(SALT).to_vec() })
    }

    /// What its Secret holds.
    pub(super) fn content(&self, more: &BTreeMap<String, String>) -> Content {
        let mut data = BTreeMap::from([
            (CERTIFICATE.to_owned(), self.active.certificate.pem().into_bytes()),
            (KEY.to_owned(), self.active.key.pem().as_bytes().to_vec()),
            (TRUSTED.to_owned(), self.bundle().into_bytes()),
            (SALT.to_owned(), self.salt.clone()),
        ]);
        if let Some(next) = &self.next {
            data.insert(NEXT_CERTIFICATE.to_owned(), next.certificate.pem().into_bytes());
            data.insert(NEXT_KEY.to_owned(), next.key.pem().as_bytes().to_vec());
        }
        let mut annotations = more.clone();
        if let Some(since) = self.unused_since {
            annotations.insert(UNUSED_SINCE.to_owned(), since.to_string());
        }
        Content { data, annotations }
    }

    /// All that peers are to trust.
    pub(super) fn trusted(&self) -> impl Iterator<Item = &Certificate> {
        let next = self.next.iter().map(|next| &next.certificate);
        std::iter::once(&self.active.certificate).chain(next).chain(&self.previous)
    }

    /// The same as a text.
    pub(super) fn bundle(&self) -> String {
        self.trusted().map(Certificate::pem).collect()
    }
}

/// A certificate's Secret.
#[derive(Clone)]
pub(super) struct Leaf {
    pub(super) pair: Result<Pair, String>,
    pub(super) trusted: Vec<Certificate>,
    pub(super) bundle: Vec<u8>,
    pub(super) bundle_since: Option<Timestamp>,
}

impl Leaf {
    pub(super) fn read(content: &Content) -> Self {
        let bundle = content.get(TRUSTED).to_vec();
        Self {
            pair: Pair::read(content.get(CERTIFICATE), content.get(KEY)),
            trusted: Certificate::bundle(&bundle).unwrap_or_default(),
            bundle,
            bundle_since: content.time(BUNDLE_SINCE),
        }
    }

    /// The certificate, if it has not ended.
    pub(super) fn alive(&self, now: Timestamp) -> Option<&Certificate> {
        self.pair.as_ref().ok().map(|pair| &pair.certificate).filter(|certificate| now < certificate.ends)
    }
}
