//! Who the agent is on NATS: the flags of the release's own Pods, whose files are mounted here too.

use std::collections::BTreeMap;

use chartwright_contract::flags::Program;
use chartwright_contract::nats::NatsOptions;
use chartwright_program::{Given, nats};

use super::AgentError;
use crate::conformance::probe::Identity;

/// What the agent calls itself to a server.
const NAME: &str = "chartwright-conformance";

/// The options of each identity that the release has.
pub(super) fn read(texts: &[String]) -> Result<BTreeMap<Identity, NatsOptions>, AgentError> {
    let mut flags: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for text in texts {
        match text.split_once(':') {
            Some((name @ ("operator" | "host"), flag)) => flags.entry(name).or_default().push(flag.to_owned()),
            _ => return Err(AgentError::Identity(text.clone())),
        }
    }
    let mut found = BTreeMap::new();
    if let Some(flags) = flags.get("operator") {
        let given = Given::read(Program::Operator, flags, |_| None);
        let options = nats::options(&given, "nats", NAME);
        let nobody = NatsOptions {
            url: options.url.clone(),
            tls_ca: options.tls_ca.clone(),
            tls_required: options.tls_required,
            tls_first: options.tls_first,
            tls_server_name: options.tls_server_name.clone(),
            connect_timeout: options.connect_timeout,
            ping_interval: options.ping_interval,
            name: NAME.to_owned(),
            ..NatsOptions::new("nats")
        };
        found.insert(Identity::Operator, options);
        found.insert(Identity::Nobody, nobody);
    }
    if let Some(flags) = flags.get("host") {
        let given = Given::read(Program::Host, flags, |_| None);
        found.insert(Identity::Control, nats::options(&given, "scheduler-nats", NAME));
        found.insert(Identity::Data, nats::options(&given, "data-nats", NAME));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_release_become_identities() {
        let texts = [
            "operator:--nats-url=nats://a:4222",
            "operator:--nats-tls-ca=/operator/ca",
            "operator:--nats-creds=/operator/creds",
            "host:--data-nats-url=nats://b:4222",
            "host:--data-nats-inbox-prefix=_INBOX_data",
        ];
        let found = read(&texts.map(str::to_owned)).unwrap();
        assert_eq!(found.len(), 4);
        assert_eq!(found[&Identity::Data].inbox_prefix, "_INBOX_data");
        let nobody = &found[&Identity::Nobody];
        assert_eq!(nobody.url, ["nats://a:4222"]);
        assert!(nobody.creds.is_none() && nobody.tls_ca.is_some(), "{nobody:?}");
    }

    #[test]
    fn other_words_are_refused() {
        assert!(read(&["nats://a".to_owned()]).is_err());
    }
}
