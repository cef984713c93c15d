//! SIGTERM and SIGINT: the first ends in order, the second at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// The signals that end a program.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on. Inside a runtime.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Runs what is to be stopped by the first signal, until it ends; `None` if a second signal came before that.
    pub async fn run<T, F: Future<Output = T>>(
        mut self,
        program: impl FnOnce(oneshot::Receiver<()>) -> F,
    ) -> Option<T> {
        let (first, stopped) = oneshot::channel();
        let second = async move {
            self.next().await;
            _ = first.send(());
            self.next().await;
        };
        // In a place of its own: a whole program is more than a stack wants to carry around.
        let program = Box::pin(program(stopped));
        tokio::select! {
            result = program => Some(result),
            () = second => None,
        }
    }
}
