//! Headers, bodies and trailers, both ways.

use crate::conformance::check::{Outcome, hold};
use crate::conformance::probe::Http;
use crate::conformance::scene::Stage;

/// A request of the shared workload.
async fn to(stage: &Stage, method: &str, path: &str) -> Result<Http, crate::conformance::check::Stop> {
    let shared = stage.shared().await?;
    Ok(Http {
        address: shared.address(),
        host: Some(shared.host()),
        method: method.into(),
        path: path.into(),
        ..Http::default()
    })
}

pub(super) async fn headers(stage: &Stage) -> Outcome {
    let mut request = to(stage, "GET", "/header?x-conformance").await?;
    request.headers = ["one", "two"].map(|value| ("x-conformance".to_owned(), value.to_owned())).to_vec();
    let answer = stage.ask(request).await?;
    hold!(answer.body.replace(", ", ",") == "one,two", "the workload sees {:?}", answer.body);
    Ok(answer.body)
}

pub(super) async fn status(stage: &Stage) -> Outcome {
    let answer = stage.ask(to(stage, "GET", "/write?nonsense").await?).await?;
    hold!(answer.status == 400 && answer.body.contains("FILE=TEXT"), "{} {:?}", answer.status, answer.body);
    Ok("400 with the workload's own body".to_owned())
}

pub(super) async fn echo(stage: &Stage) -> Outcome {
    const SIZE: usize = 8 << 20;
    let mut request = to(stage, "POST", "/echo").await?;
    (request.filler, request.timeout_ms) = (SIZE, 30_000);
    let answer = stage.ask(request).await?;
    hold!(answer.status == 200, "it answers {}", answer.status);
    hold!(answer.error.is_none(), "it broke off after {} bytes: {}", answer.length, answer.error.unwrap_or_default());
    hold!(answer.length == SIZE as u64, "{} bytes of {SIZE} came back", answer.length);
    hold!(answer.body.bytes().all(|byte| byte == b'x'), "what came back is something else");
    Ok(format!("{SIZE} bytes"))
}

pub(super) async fn streaming(stage: &Stage) -> Outcome {
    let mut request = to(stage, "POST", "/echo").await?;
    request.parts = ["one ", "two ", "three"].map(str::to_owned).to_vec();
    request.pause_ms = 400;
    let answer = stage.ask(request).await?;
    hold!(answer.body == "one two three", "it answers {} {:?}", answer.status, answer.body);
    let first = answer.parts_ms.first().copied().unwrap_or(u64::MAX);
    hold!(
        first < answer.sent_ms,
        "the first part came after {first} ms, and the last was sent after {} ms",
        answer.sent_ms
    );
    Ok(format!("the first part came after {first} ms, the last was sent after {} ms", answer.sent_ms))
}

pub(super) async fn trailers(stage: &Stage) -> Outcome {
    let mut request = to(stage, "POST", "/trailers").await?;
    // Over HTTP/1.1 servers leave them out unless their own headers announced them.
    request.h2 = true;
    request.parts = vec!["body".to_owned()];
    request.trailers = vec![("x-conformance".to_owned(), "end".to_owned())];
    request.headers = vec![("te".to_owned(), "trailers".to_owned())];
    let answer = stage.ask(request).await?;
    let trailer = answer.trailers.iter().find(|(name, _)| name == "x-conformance");
    hold!(trailer.is_some_and(|(_, value)| value == "end"), "status {}, trailers {:?}", answer.status, answer.trailers);
    Ok("x-conformance: end".to_owned())
}
