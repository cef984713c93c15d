//! Steps carried out: what Secrets are to hold.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use super::authority;
use super::config::{List, Wanted};
use super::material::Pair;
use super::plan::{CaStep, LeafStep, State, Terms};
use super::state::{AUTHORITY, Authority, BUNDLE_SINCE, CERTIFICATE, Content, KEY, NAMESPACES, Place, TRUSTED};

/// The authority after a step, and a word about what was done if its Secret is to be written.
pub(super) fn authority_after(
    step: CaStep,
    now: Timestamp,
    terms: &Terms,
) -> Result<(Authority, Option<String>), String> {
    match step {
        CaStep::Keep(ca) => Ok((ca, None)),
        CaStep::Write(ca, why) => Ok((ca, Some(why.to_owned()))),
        CaStep::Begin(mut ca) => {
            ca.next = Some(authority::authority(now, terms.ca_validity)?);
            Ok((ca, Some("a new authority is made, to be trusted everywhere before it signs".into())))
        }
        CaStep::Make { trusted, why } => {
            let active = authority::authority(now, terms.ca_validity)?;
            let note = match trusted.len() {
                0 => format!("a new authority is made: {why}"),
                _ => format!(
                    "a new authority is made: {why}; what the lost one signed is trusted until all of it is replaced"
                ),
            };
            let ca = Authority { active, next: None, previous: trusted, unused_since: None, salt: salt()? };
            Ok((ca, Some(note)))
        }
        CaStep::Stop(why) => Err(why),
    }
}

/// Thirty-two bytes that nobody knows: a fresh private key has them.
fn salt() -> Result<Vec<u8>, String> {
    let key = rcgen::KeyPair::generate().map_err(|err| format!("no random bytes: {err}"))?;
    Ok(sha2::Digest::finalize(sha2::Digest::chain_update(<sha2::Sha256 as sha2::Digest>::new(), key.serialized_der()))
        .to_vec())
}

/// What the authority's Secret is to hold.
pub(super) fn authority_content(ca: &Authority, list: &List, own: &str) -> Content {
    let namespaces: Vec<String> = list.namespaces(own).into_iter().collect();
    ca.content(&BTreeMap::from([(NAMESPACES.to_owned(), namespaces.join(","))]))
}

/// What a certificate's Secret is to hold after a step; none if it stays as it is.
pub(super) fn certificate_content(
    step: &LeafStep,
    wanted: &Wanted,
    before: Option<&State>,
    ca: &Authority,
    ca_place: &Place,
    now: Timestamp,
    terms: &Terms,
) -> Result<Option<(Content, Pair)>, String> {
    let before = match before {
        Some(State::Ours(leaf)) => Some(leaf),
        _ => None,
    };
    let pair = match (step, before.map(|leaf| &leaf.pair)) {
        (LeafStep::Keep | LeafStep::Leave(_), _) => return Ok(None),
        (LeafStep::Spread, Some(Ok(pair))) => pair.clone(),
        _ => authority::leaf(&ca.active, wanted, now, terms.validity)?,
    };
    let bundle = ca.bundle().into_bytes();
    // Who trusts the same as before has had it for as long as before.
    let known = before.filter(|leaf| leaf.bundle == bundle).and_then(|leaf| leaf.bundle_since);
    let since = known.filter(|since| *since <= now).unwrap_or(now);
    let data = BTreeMap::from([
        (CERTIFICATE.to_owned(), pair.certificate.pem().into_bytes()),
        (KEY.to_owned(), pair.key.pem().as_bytes().to_vec()),
        (TRUSTED.to_owned(), bundle),
    ]);
    let annotations =
        BTreeMap::from([(BUNDLE_SINCE.to_owned(), since.to_string()), (AUTHORITY.to_owned(), ca_place.to_string())]);
    Ok(Some((Content { data, annotations }, pair)))
}
