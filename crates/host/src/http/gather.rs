//! Short answers leave in one piece.
//!
//! A guest says that its response begins before it writes the body. Sent as it comes, an answer of a few bytes would be
//! three packets: head, body, end. So the guest gets a few turns, and no time, to go on; what it wrote then goes along
//! with the head, with its length if that was all. Whoever streams waits for nothing.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::workload::Work;

/// Turns of the guest. It needs one for each piece and one for the end.
const TURNS: usize = 4;
/// Bytes that are held at most, but for the last piece.
const HELD: usize = 32 << 10;

/// A body, some of which has come already.
pub(super) struct Gathered {
    held: VecDeque<Result<Frame<Bytes>, Error>>,
    /// What is to come; nothing after the end.
    rest: Option<WasiBody>,
    /// Whether the head names a length. hyper believes a body that knows its own, and would not see that they differ:
    /// the client would wait for the missing bytes, and take them from the next answer.
    named: bool,
    /// Whether the guest ended in the middle: its body ends then as if it were complete.
    broken: Arc<AtomicBool>,
}

impl Gathered {
    /// A body that was not begun.
    pub(super) fn whole(body: WasiBody) -> Self {
        Self { held: VecDeque::new(), rest: Some(body), named: false, broken: Arc::default() }
    }

    /// Takes what comes at once. `named`: whether the head names a length. `work`: that of the guest, unless it is a task.
    /// None if the guest ended in the middle meanwhile: nothing was sent yet, so the answer may still be another.
    pub(super) async fn new(
        mut body: WasiBody,
        named: bool,
        broken: Arc<AtomicBool>,
        mut work: Option<&mut Work>,
    ) -> Option<Self> {
        let mut held = VecDeque::new();
        let (mut bytes, mut turns) = (0, TURNS);
        while bytes < HELD {
            // It is looked at, not waited for: nobody is to be woken.
            let frame = Pin::new(&mut body).poll_frame(&mut Context::from_waker(Waker::noop()));
            match frame {
                Poll::Ready(Some(frame)) => {
                    bytes += frame.as_ref().ok().and_then(Frame::data_ref).map_or(0, Bytes::len);
                    let failed = frame.is_err();
                    held.push_back(frame);
                    if failed {
                        break;
                    }
                }
                Poll::Ready(None) => {
                    let whole = !broken.load(Ordering::Relaxed);
                    return whole.then_some(Self { held, rest: None, named, broken });
                }
                Poll::Pending => {
                    if turns == 0 || !turn(work.as_deref_mut()).await {
                        break;
                    }
                    turns -= 1;
                }
            }
        }
        Some(Self { held, rest: Some(body), named, broken })
    }
}

/// A turn of the guest; whether it was worth one.
async fn turn(work: Option<&mut Work>) -> bool {
    match work {
        Some(work) => work.turn(),
        None => {
            tokio::task::yield_now().await;
            true
        }
    }
}

impl Body for Gathered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(frame) = self.held.pop_front() {
            return Poll::Ready(Some(frame));
        }
        match &mut self.rest {
            Some(body) => match Pin::new(body).poll_frame(cx) {
                Poll::Ready(None) if self.broken.load(Ordering::Relaxed) => {
                    self.rest = None;
                    Poll::Ready(Some(Err(Error::HttpProtocolError)))
                }
                poll => poll,
            },
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.named && self.held.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        if self.named {
            return SizeHint::default();
        }
        let mut size = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        for frame in &self.held {
            // Trailers have no place after a body of a known length, nor has an error.
            let Some(data) = frame.as_ref().ok().and_then(Frame::data_ref) else { return SizeHint::default() };
            let more = data.len() as u64;
            if let Some(upper) = size.upper() {
                size.set_upper(upper + more);
            }
            size.set_lower(size.lower() + more);
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use futures::stream::{self, StreamExt as _};
    use http_body_util::{BodyExt as _, StreamBody};

    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "what streams of frames are made of")]
    fn data(text: &'static str) -> Result<Frame<Bytes>, Error> {
        Ok(Frame::data(Bytes::from_static(text.as_bytes())))
    }

    #[tokio::test]
    async fn a_body_that_comes_at_once_has_a_length() {
        let body = Gathered::new(
            StreamBody::new(stream::iter([data("hel"), data("lo")])).boxed_unsync(),
            false,
            Arc::default(),
            None,
        )
        .await
        .unwrap();
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
        let empty =
            Gathered::new(StreamBody::new(stream::iter([])).boxed_unsync(), false, Arc::default(), None).await.unwrap();
        assert!(empty.is_end_stream());
    }

    #[tokio::test]
    async fn a_length_that_the_head_names_is_left_to_be_checked() {
        for frames in [vec![data("hel"), data("lo")], vec![]] {
            let body = Gathered::new(StreamBody::new(stream::iter(frames)).boxed_unsync(), true, Arc::default(), None)
                .await
                .unwrap();
            assert_eq!((body.size_hint().exact(), body.is_end_stream()), (None, false));
        }
    }

    #[tokio::test]
    async fn one_that_never_ends_is_not_waited_for() {
        let endless = stream::iter([data("first")]).chain(stream::pending());
        let mut body =
            Gathered::new(StreamBody::new(endless).boxed_unsync(), false, Arc::default(), None).await.unwrap();
        assert_eq!(body.size_hint().exact(), None);
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "first");
    }

    #[tokio::test]
    async fn a_large_one_is_not_held() {
        let large = stream::repeat_with(|| Ok(Frame::data(Bytes::from_static(&[0; 4096]))));
        let body = Gathered::new(StreamBody::new(large).boxed_unsync(), false, Arc::default(), None).await.unwrap();
        assert_eq!(body.held.len(), HELD / 4096);
    }

    #[tokio::test]
    async fn trailers_and_errors_come_in_their_place() {
        let trailers = http::HeaderMap::from_iter([(http::header::ETAG, http::HeaderValue::from_static("a"))]);
        let frames = [data("a"), Ok(Frame::trailers(trailers))];
        let body = Gathered::new(StreamBody::new(stream::iter(frames)).boxed_unsync(), false, Arc::default(), None)
            .await
            .unwrap();
        assert_eq!(body.size_hint().exact(), None);
        assert!(body.collect().await.unwrap().trailers().is_some());
        let frames = [data("a"), Err(Error::HttpProtocolError)];
        let mut body = Gathered::new(StreamBody::new(stream::iter(frames)).boxed_unsync(), false, Arc::default(), None)
            .await
            .unwrap();
        assert!(body.frame().await.unwrap().is_ok());
        assert!(body.frame().await.unwrap().is_err());
    }
}
