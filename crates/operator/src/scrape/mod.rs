//! `/metrics`: open to everybody who gets at the port, or over TLS to those whom the API server lets read it.

mod certificate;
mod guard;

use std::net::SocketAddr;
use std::sync::Arc;

use chartwright_program::pages::{self, Page, StatusCode};
use kube::Client;

pub use certificate::CertificateError;

use crate::metrics::Metrics;
use crate::options::MetricsAccess;
use crate::run::OperatorError;
use certificate::Certificate;
use guard::Guard;

const TEXT: &str = "text/plain";

/// Serves metrics until the runtime ends. Returns where.
pub(crate) async fn serve(
    address: SocketAddr,
    access: &MetricsAccess,
    client: Client,
    metrics: &Arc<Metrics>,
) -> Result<SocketAddr, OperatorError> {
    let metrics = Arc::clone(metrics);
    let served = match access {
        MetricsAccess::Open => pages::serve(address, move |path| page(path, &metrics)).await,
        MetricsAccess::Secure(files) => {
            let certificate = Certificate::new(files.clone())?;
            let guard = Arc::new(Guard::new(client));
            let answer = move |head: http::request::Parts| {
                let (guard, metrics) = (Arc::clone(&guard), Arc::clone(&metrics));
                async move {
                    match guard.admit(&head.headers).await {
                        Ok(()) => page(head.uri.path(), &metrics),
                        Err((status, why)) => (status, TEXT, why),
                    }
                }
            };
            pages::serve_secure(address, move || certificate.acceptor(), answer).await
        }
    };
    served.map_err(|why| OperatorError::Listen { flag: "metrics-bind-address", address, why })
}

fn page(path: &str, metrics: &Metrics) -> Page {
    if path != "/metrics" {
        return (StatusCode::NOT_FOUND, TEXT, "only /metrics is here\n".into());
    }
    (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", metrics.text())
}
