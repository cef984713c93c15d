//! JetStream of the data plane, spoken to over its API as any client does.

use serde_json::{Value, json};

use super::planes::connected;
use crate::conformance::check::{Outcome, Stop, hold};
use crate::conformance::probe::{Act, Identity};
use crate::conformance::scene::{Stage, arguments};

/// The stream of the checks. Its name stays: what an interrupted run left is taken away by the next one.
const STREAM: &str = "chartwright-conformance";
/// Messages that it has room for.
const ROOM: usize = 2;

/// What a subject of JetStream's replies.
async fn ask(stage: &Stage, subject: String, payload: String) -> Result<Value, Stop> {
    let heard = stage.nats(Identity::Data, Act::Request { subject: subject.clone(), payload }, 10).await?;
    connected(&heard)?;
    let Some((_, reply)) = heard.messages.first() else {
        return Err(Stop::failed(format!("{subject}: {}", heard.problem.unwrap_or_default())));
    };
    serde_json::from_str(reply).map_err(|err| Stop::failed(format!("{subject}: {err}: {reply}")))
}

/// The subjects of the API, as the hosts are told; skipped where there is no JetStream.
async fn api(stage: &Stage) -> Result<String, Stop> {
    let hosts = arguments(stage.snapshot().main("host"));
    if let Some(domain) = hosts.iter().find_map(|flag| flag.strip_prefix("--data-nats-jetstream-domain=")) {
        return Ok(format!("$JS.{domain}.API"));
    }
    let heard = stage.nats(Identity::Data, Act::Connect, 10).await?;
    connected(&heard)?;
    if heard.jetstream { Ok("$JS.API".to_owned()) } else { Err(Stop::skipped("the server has no JetStream")) }
}

/// What it says went wrong.
fn error(reply: &Value) -> Option<&str> {
    let error = reply.get("error")?;
    Some(error["description"].as_str().unwrap_or("an error without a description"))
}

pub(super) async fn available(stage: &Stage) -> Outcome {
    let api = api(stage).await?;
    let info = ask(stage, format!("{api}.INFO"), String::new()).await?;
    if let Some(error) = error(&info) {
        return Err(Stop::failed(error));
    }
    let storage = info["limits"]["max_storage"].as_i64().unwrap_or(-1);
    hold!(storage != 0, "the account may store nothing");
    Ok(format!("{} streams, storage limit {storage}", info["streams"].as_i64().unwrap_or_default()))
}

pub(super) async fn limits(stage: &Stage) -> Outcome {
    let api = api(stage).await?;
    let delete = async || ask(stage, format!("{api}.STREAM.DELETE.{STREAM}"), String::new()).await;
    delete().await?;
    let held = held(stage, &api).await;
    let gone = delete().await;
    let held = held?;
    hold!(gone?["success"] == json!(true), "the stream does not go");
    Ok(held)
}

/// Fills the stream, and one message more.
async fn held(stage: &Stage, api: &str) -> Outcome {
    // Some accounts demand a limit in bytes of each stream.
    let config = json!({
        "name": STREAM, "subjects": [STREAM], "retention": "limits", "storage": "file", "num_replicas": 1,
        "discard": "new", "max_msgs": ROOM, "max_bytes": 64 << 10,
    });
    let made = ask(stage, format!("{api}.STREAM.CREATE.{STREAM}"), config.to_string()).await?;
    if let Some(error) = error(&made) {
        return Err(Stop::failed(format!("no stream is made: {error}")));
    }
    for number in 1..=ROOM {
        let kept = ask(stage, STREAM.to_owned(), number.to_string()).await?;
        hold!(kept["seq"] == json!(number), "message {number} is not kept: {}", error(&kept).unwrap_or("no number"));
    }
    let more = ask(stage, STREAM.to_owned(), "one more".to_owned()).await?;
    let Some(refused) = error(&more) else {
        return Err(Stop::failed(format!("a stream with room for {ROOM} messages takes one more")));
    };
    Ok(format!("{ROOM} messages, then: {refused}"))
}
