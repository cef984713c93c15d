//! A way to the API server on which a test counts writes, and does something at one of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chartwright::cluster::Client;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What happens at a write, given its number from 1; `false` keeps it from the API server.
type AtWrite = dyn Fn(usize) -> Verdict + Send + Sync;

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    /// It never arrives.
    Drop,
    /// It arrives, and its answer does not.
    Swallow,
}

pub(super) struct Proxy {
    pub(super) url: String,
    pub(super) writes: Arc<AtomicUsize>,
    at_write: Arc<Mutex<Arc<AtWrite>>>,
}

impl Proxy {
    pub(super) async fn new(client: Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let at_write: Arc<Mutex<Arc<AtWrite>>> = Arc::new(Mutex::new(Arc::new(|_| Verdict::Pass)));
        let writes = Arc::new(AtomicUsize::new(0));
        let (rule, count) = (at_write.clone(), writes.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (client, rule, count) = (client.clone(), rule.clone(), count.clone());
                tokio::spawn(async move { _ = serve(stream, client, &rule, &count).await });
            }
        });
        Self { url, writes, at_write }
    }

    /// From now on, counted from 1.
    pub(super) fn at_write(&self, rule: impl Fn(usize) -> Verdict + Send + Sync + 'static) {
        self.writes.store(0, Ordering::SeqCst);
        *self.at_write.lock().unwrap() = Arc::new(rule);
    }
}

async fn serve(
    stream: TcpStream,
    client: Client,
    rule: &Mutex<Arc<AtWrite>>,
    count: &AtomicUsize,
) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let mut words = line.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let (mut length, mut kind) = (0, String::from("application/json"));
        loop {
            let mut header = String::new();
            stream.read_line(&mut header).await?;
            let Some((name, value)) = header.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "content-type" => value.clone_into(&mut kind),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let mut verdict = Verdict::Pass;
        // Reviews are posted, and write nothing; no more does a dry run.
        if method != "GET" && !path.contains("dryRun=") && !path.contains("accessreviews") {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            let rule = rule.lock().unwrap().clone();
            verdict = rule(number);
        }
        if verdict == Verdict::Drop {
            return Ok(());
        }
        let request = http::Request::builder().method(method.as_str()).uri(&path).header("content-type", &kind);
        let (code, text) = match client.request_text(request.body(body).unwrap()).await {
            Ok(text) => (200, text),
            Err(kube::Error::Api(status)) => (status.code, serde_json::to_string(&status).unwrap()),
            Err(_) => return Ok(()),
        };
        if verdict == Verdict::Swallow {
            return Ok(());
        }
        let head =
            format!("HTTP/1.1 {code} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", text.len());
        stream.get_mut().write_all(head.as_bytes()).await?;
        stream.get_mut().write_all(text.as_bytes()).await?;
    }
}
