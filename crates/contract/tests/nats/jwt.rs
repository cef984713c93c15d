//! An operator with accounts, and users of them: what `nsc` makes.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chartwright_contract::nats::permissions::Permissions;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// An operator, and the keys of its accounts.
pub(crate) struct Operator {
    accounts: Vec<KeyPair>,
    pub(crate) configuration: String,
}

impl Operator {
    /// With one account that has no limits.
    pub(crate) fn new() -> Self {
        Self::of(&[json!({})])
    }

    /// With an account for each of these limits beyond the usual ones.
    pub(crate) fn of(limits: &[Value]) -> Self {
        let operator = KeyPair::new_operator();
        let operator_jwt =
            token(&operator, &operator.public_key(), "operator", json!({ "type": "operator", "version": 2 }), None);
        let mut accounts = Vec::new();
        let mut preload = String::new();
        let system = json!({});
        for (place, more) in limits.iter().chain([&system]).enumerate() {
            let account = KeyPair::new_account();
            let mut limits = json!({
                "subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": true, "conn": -1,
                "leaf": -1,
            });
            limits.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let nats = json!({ "type": "account", "version": 2, "limits": limits });
            let jwt = token(&operator, &account.public_key(), &format!("account-{place}"), nats, None);
            preload.push_str(&format!("{}: {jwt}\n", account.public_key()));
            accounts.push(account);
        }
        // JetStream wants one account for the server itself.
        let system = accounts.pop().unwrap().public_key();
        let configuration = format!(
            "operator: {operator_jwt}\nsystem_account: {system}\nresolver: MEMORY\nresolver_preload: {{\n{preload}}}"
        );
        Self { accounts, configuration }
    }

    /// A credentials file for a new user of the first account, valid for some seconds.
    pub(crate) fn credentials(&self, seconds: Option<u64>) -> String {
        self.user(0, None, seconds)
    }

    /// A credentials file for a new user of an account.
    pub(crate) fn user(&self, account: usize, permissions: Option<Permissions>, seconds: Option<u64>) -> String {
        let user = KeyPair::new_user();
        let mut nats = json!({ "type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1 });
        if let Some(permissions) = permissions {
            nats["pub"] = json!(permissions.publish);
            nats["sub"] = json!(permissions.subscribe);
        }
        let jwt = token(&self.accounts[account], &user.public_key(), "user", nats, seconds);
        let seed = user.seed().unwrap();
        format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for this call")]
fn token(issuer: &KeyPair, subject: &str, name: &str, nats: Value, seconds: Option<u64>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut claims =
        json!({ "jti": "id", "iat": now, "iss": issuer.public_key(), "sub": subject, "name": name, "nats": nats });
    if let Some(seconds) = seconds {
        claims["exp"] = json!(now + seconds);
    }
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let body = format!("{}.{}", encode(r#"{"typ":"JWT","alg":"ed25519-nkey"}"#), encode(&claims.to_string()));
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(body.as_bytes()).unwrap());
    format!("{body}.{signature}")
}
