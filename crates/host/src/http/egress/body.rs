//! A response's body with a limit on the time between its parts.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::Error;

use super::clients::InUse;
use super::faults;

pub(super) struct Paced {
    body: Incoming,
    between: Duration,
    /// Runs while a part is waited for.
    late: Pin<Box<Sleep>>,
    waiting: bool,
    _in_use: InUse,
}

impl Paced {
    pub(super) fn new(body: Incoming, between: Duration, in_use: InUse) -> Self {
        Self { body, between, late: Box::pin(tokio::time::sleep(between)), waiting: false, _in_use: in_use }
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.waiting = false;
            return Poll::Ready(frame.map(|frame| frame.map_err(|err| faults::in_body(&err))));
        }
        if !self.waiting {
            self.waiting = true;
            // A guest that names no end waits for ever rather than overflow the clock.
            let end = Instant::now().checked_add(self.between);
            let end = end.unwrap_or_else(|| Instant::now() + super::PATIENCE);
            self.late.as_mut().reset(end);
        }
        self.late.as_mut().poll(cx).map(|()| Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
