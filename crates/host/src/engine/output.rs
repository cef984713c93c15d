//! What a guest writes to its standard output and error: lines of the host's log, with the guest's names on them.
//!
//! Raw, it would stand between the lines of a log whose every line is promised to be JSON, and a guest could write lines in the
//! host's name.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

use crate::workload::Part;

/// A longer line is told in pieces.
const LONGEST: usize = 16 << 10;

/// One of both streams; all handles that a guest makes of it share it.
#[derive(Clone)]
pub(super) struct Output(Arc<Lines>);

struct Lines {
    part: Arc<Part>,
    stream: &'static str,
    /// A line that has not ended.
    rest: Mutex<Vec<u8>>,
}

impl Output {
    /// `stdout` or `stderr` of a part.
    pub(super) fn new(part: &Arc<Part>, stream: &'static str) -> Self {
        Self(Arc::new(Lines { part: Arc::clone(part), stream, rest: Mutex::default() }))
    }
}

impl Lines {
    fn write(&self, bytes: &[u8]) {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            rest.extend_from_slice(piece);
            while rest.len() > LONGEST {
                let more = rest.split_off(LONGEST);
                self.say(&std::mem::replace(&mut *rest, more));
            }
            if rest.ends_with(b"\n") {
                self.say(&rest);
                rest.clear();
            }
        }
    }

    fn say(&self, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        let (part, line) = (&self.part, line.trim_end_matches(['\n', '\r']));
        tracing::info!(
            target: "guest", namespace = part.namespace, workload = part.workload, component = part.component,
            stream = self.stream, "{line}"
        );
    }
}

impl Drop for Lines {
    /// The last words of a guest often end without a newline.
    fn drop(&mut self) {
        let rest = std::mem::take(self.rest.get_mut().unwrap_or_else(PoisonError::into_inner));
        if !rest.is_empty() {
            self.say(&rest);
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.0.write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(LONGEST)
    }
}

impl Pollable for Output {
    /// It never waits for anybody.
    fn ready<'a, 'f>(&'a mut self) -> Pin<Box<dyn Future<Output = ()> + Send + 'f>>
    where
        'a: 'f,
        Self: 'f,
    {
        Box::pin(std::future::ready(()))
    }
}
