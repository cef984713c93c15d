//! Reading and writing a whole message.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

/// A payload of the control plane.
pub trait Message: Serialize + DeserializeOwned {
    /// What upstream calls it.
    const NAME: &'static str;

    /// Reads a payload: one JSON object. Fields that nobody knows are read over, so a newer peer is understood.
    fn from_json(payload: &[u8]) -> Result<Self, Malformed> {
        serde_json::from_slice(payload).map_err(|error| Malformed::new(Self::NAME, payload, &error))
    }

    /// Writes a compact payload that upstream's strict readers take: no field beyond those they know.
    fn to_json(&self) -> Vec<u8> {
        // A message is made of objects with texts as keys, which serde_json always can write.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A payload that is not the expected message. The text quotes nothing of the payload, which may hold passwords.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {message}: {what} at line {line}, column {column}")]
pub struct Malformed {
    /// The message that was expected.
    pub message: &'static str,
    /// What is wrong.
    pub what: String,
    /// Line of the payload, from 1; 0 if unknown.
    pub line: usize,
    /// Column of the payload, from 1; 0 if unknown.
    pub column: usize,
}

impl Malformed {
    fn new(message: &'static str, payload: &[u8], error: &serde_json::Error) -> Self {
        let what = if payload.iter().all(u8::is_ascii_whitespace) {
            "the payload is empty".to_owned()
        } else if error.classify() == Category::Data {
            unquoted(&error.to_string())
        } else {
            "the payload is not JSON".to_owned()
        };
        Self { message, what, line: error.line(), column: error.column() }
    }
}

/// Serde's words about wrong data, without the value that it quotes and without the place.
fn unquoted(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(text, _)| text);
    for kind in ["invalid type: ", "invalid value: "] {
        if let Some(rest) = text.strip_prefix(kind) {
            let expected = rest.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
            let found: String = rest.chars().take_while(char::is_ascii_alphabetic).collect();
            return format!("{kind}{found}, expected {expected}");
        }
    }
    text.to_owned()
}
