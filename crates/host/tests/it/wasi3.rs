//! Components of WASI 0.3.

use chartwright_contract::control::WorkloadState::Running;
use futures::future::join_all;
use serde_json::json;

use crate::guests::guest;
use crate::host::Scene;

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_of_wasi_0_3_answers_streams_and_asks() {
    let Some(Scene { host, registry, nats: _nats, .. }) = Scene::new(&["--request-timeout=10s"]).await else { return };
    let image = registry.put("streams", "1", &guest("streams"));
    let allowed = json!({ "localResources": { "allowedHosts": ["127.0.0.1"] } });
    let status = host.run("a", &image, "a.example", allowed).await;
    assert_eq!(status.workload_state, Running, "{}", status.message);
    assert_eq!(host.get("a.example", "/").await.body, "hello\n");
    let body = "0123456789abcdef".repeat(64 * 1024);
    let echo = host.send("a.example", "/echo", &body).await;
    assert!(echo.status == 200 && echo.body == body, "{} {}", echo.status, echo.body.len());
    assert_eq!(host.get("a.example", &format!("/fetch?{}", registry.address)).await.body, "status 404");
    assert!(host.get("a.example", "/fetch?elsewhere.example").await.body.contains("HttpRequestDenied"));
    let error = host.get("a.example", "/error").await;
    assert_eq!((error.status, error.reason.as_str()), (500, "guest-failed"));
    let trap = host.get("a.example", "/trap").await;
    assert_eq!((trap.status, trap.reason.as_str()), (500, "guest-failed"));
    let many = join_all((0..8).map(|_| host.get("a.example", "/sleep?100"))).await;
    assert!(many.iter().all(|answer| answer.status == 200));
    host.stop().await;
}
