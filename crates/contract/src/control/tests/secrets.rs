//! What is not shown.

use super::super::{Message, WorkloadStartRequest};
use super::start;

#[test]
fn debug_output_shows_no_value_that_may_be_secret() {
    let mut request = start();
    let component = &mut request.workload.as_mut().unwrap().wit_world.as_mut().unwrap().components[0];
    let resources = component.local_resources.as_mut().unwrap();
    resources.config.insert("key".to_owned(), "planted-config".to_owned());
    resources.environment.insert("DB".to_owned(), "planted-environment".to_owned());
    for shown in [format!("{request:?}"), format!("{request:#?}")] {
        assert!(!shown.contains("planted"), "{shown}");
        assert!(shown.contains("crane") && shown.contains("\"DB\""), "{shown}");
    }
}

#[test]
fn errors_quote_nothing_of_the_payload() {
    for payload in [
        r#"{"workload":{"service":{"imagePullSecret":"planted"}}}"#,
        r#"{"workload":{"service":{"imagePullSecret":{"password":["planted"]}}}}"#,
        r#"{"workload":"planted, expected at line 7"}"#,
        r#"{"workload":{"service":{"imagePullPolicy":"planted"}}}"#,
        r#"{"workload":{"service":{"maxRestarts":"planted"}}}"#,
        r#"{"workload":{"volumes":[{"name":{"planted":1}}]}}"#,
        r#"{"workload":{"service":{"localResources":{"environment":{"A":"planted","B":7}}}}}"#,
        r"planted",
    ] {
        let error = WorkloadStartRequest::from_json(payload.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("planted"), "{error}");
        assert!(error.line == 1 && error.column > 0, "{error}");
    }
}
