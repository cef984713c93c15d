//! What the runner asks its agent inside the cluster to try, and what the agent saw: JSON both ways.

use serde::{Deserialize, Serialize};

/// The port of the agent: its registry, its collector and its probes.
pub(super) const PORT: u16 = 5000;

/// The version that every component of the agent's registry has.
pub(super) const TAG: &str = "1";

/// Something to try.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "probe", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum Probe {
    /// Requests over HTTP.
    Http(Http),
    /// Requests one after the other, each on a connection of its own, until [`Probe::Rest`] of the same name or the limit.
    Load { name: String, request: Http, pause_ms: u64, limit_ms: u64 },
    /// Ends a load.
    Rest { name: String },
    /// A handshake of TLS, and no request.
    Tls { address: String, name: String },
    /// Something on NATS.
    Nats(Nats),
    /// Whether anything listens there.
    Tcp { address: String },
    /// How many exports of a signal of OTLP came that have all of these texts in them.
    Exports { signal: String, texts: Vec<String> },
}

/// Requests over HTTP, all alike and on one connection.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Http {
    /// `host:port` to connect to.
    pub address: String,
    pub method: String,
    /// With its query.
    pub path: String,
    /// The header; none is sent without it.
    pub host: Option<String>,
    pub headers: Vec<(String, String)>,
    /// Parts of the body; more than one are sent without a length, a pause before each.
    pub parts: Vec<String>,
    /// So many bytes besides, all of them `x`.
    pub filler: usize,
    pub pause_ms: u64,
    pub trailers: Vec<(String, String)>,
    /// Tell all of the body, and not only its beginning.
    pub whole: bool,
    /// HTTP/2, without a word of HTTP/1.1 before it.
    pub h2: bool,
    /// Over TLS, whatever certificate is shown.
    pub tls: bool,
    /// How many requests, one after the other.
    pub times: usize,
    /// For all of it.
    pub timeout_ms: u64,
}

/// What came back.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// Its beginning, as text.
    pub body: String,
    /// All of it, in bytes.
    pub length: u64,
    pub trailers: Vec<(String, String)>,
    /// From the request's begin to the headers.
    pub headers_ms: u64,
    /// When each part of the body came.
    pub parts_ms: Vec<u64>,
    /// When the last part of the request's body was sent.
    pub sent_ms: u64,
    /// What broke off, if anything did.
    pub error: Option<String>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What was shown in a handshake of TLS.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Shown {
    /// Why it did not come to its end.
    pub error: Option<String>,
    /// `TLSv1_3`.
    pub version: String,
    /// What was agreed upon of HTTP/2 and HTTP/1.1, if that was talked about.
    pub protocol: Option<String>,
    /// The server's own certificate: DER, in Base64.
    pub certificate: String,
    /// Seconds until it is valid, by the clock of the agent; below zero once it is.
    pub begins_in: i64,
    /// Seconds until it has ended; below zero once it has.
    pub ends_in: i64,
}

/// Who we are on NATS: the identities of the release, as its Pods have them.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Identity {
    /// The operator's.
    Operator,
    /// A host's, towards the operator.
    Control,
    /// A host's, for what its workloads say.
    Data,
    /// Nobody: the operator's servers, without its credentials.
    Nobody,
}

impl Identity {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Control => "control",
            Self::Data => "data",
            Self::Nobody => "nobody",
        }
    }
}

/// Something on NATS.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Nats {
    pub identity: Identity,
    pub act: Act,
    pub timeout_ms: u64,
}

/// What to do once connected.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Act {
    /// Nothing more.
    Connect,
    /// A request, and its reply.
    Request { subject: String, payload: String },
    /// What comes in on a subject, until the time is over or so many have come.
    Listen { subject: String, enough: usize },
    /// A message to a subject from that identity, heard or not by this one.
    Hear { subject: String, from: Identity, payload: String },
    /// A request answered by this identity itself.
    RoundTrip { subject: String, payload: String },
}

/// What was seen of it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Heard {
    /// Whether the connection came to be.
    pub connected: bool,
    /// Why not.
    pub problem: Option<String>,
    /// Version of the server.
    pub server: String,
    pub jetstream: bool,
    pub max_payload: usize,
    /// Subject and payload of each message.
    pub messages: Vec<(String, String)>,
}

/// What was seen.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "seen", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum Seen {
    /// All answers that came, and why there are no more.
    Http { answers: Vec<Answer>, error: Option<String> },
    /// How the load went: answers below 400, and what the others were.
    Load { good: u64, bad: Vec<String> },
    /// A handshake.
    Tls(Shown),
    /// On NATS.
    Nats(Heard),
    /// Whether something listens.
    Tcp { error: Option<String> },
    /// A number.
    Count { count: u64 },
    /// It was done.
    Done,
    /// The agent cannot do that.
    Unable { why: String },
}
