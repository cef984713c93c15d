//! An operator with one account, and users of it: what `nsc` makes.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;

/// An operator, its account, and the account's key.
pub(crate) struct Operator {
    account: KeyPair,
    pub(crate) configuration: String,
}

impl Operator {
    pub(crate) fn new() -> Self {
        let operator = KeyPair::new_operator();
        let account = KeyPair::new_account();
        let operator_jwt = token(&operator, &operator.public_key(), r#""type":"operator","version":2"#, None);
        let limits = r#""limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1}"#;
        let account_jwt =
            token(&operator, &account.public_key(), &format!(r#""type":"account","version":2,{limits}"#), None);
        let configuration = format!(
            "operator: {operator_jwt}\nresolver: MEMORY\nresolver_preload: {{ {}: {account_jwt} }}",
            account.public_key()
        );
        Self { account, configuration }
    }

    /// A credentials file for a new user, valid for some seconds.
    pub(crate) fn credentials(&self, seconds: Option<u64>) -> String {
        let user = KeyPair::new_user();
        let jwt = token(
            &self.account,
            &user.public_key(),
            r#""type":"user","version":2,"subs":-1,"data":-1,"payload":-1"#,
            seconds,
        );
        let seed = user.seed().unwrap();
        format!(
            "-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }
}

fn token(issuer: &KeyPair, subject: &str, nats: &str, seconds: Option<u64>) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let expires = seconds.map_or_else(String::new, |seconds| format!(r#""exp":{},"#, now + seconds));
    let claims = format!(
        r#"{{"jti":"id","iat":{now},{expires}"iss":"{}","sub":"{subject}","name":"test","nats":{{{nats}}}}}"#,
        issuer.public_key()
    );
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let body = format!("{}.{}", encode(r#"{"typ":"JWT","alg":"ed25519-nkey"}"#), encode(&claims));
    let signature = URL_SAFE_NO_PAD.encode(issuer.sign(body.as_bytes()).unwrap());
    format!("{body}.{signature}")
}
