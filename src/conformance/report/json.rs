//! For programs.

use std::io;

use super::Report;

pub(super) fn render(report: &Report) -> io::Result<String> {
    let mut text = serde_json::to_string_pretty(report).map_err(io::Error::other)?;
    text.push('\n');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    #[test]
    fn its_fields_are_what_pipelines_read() {
        let value: Value = serde_json::from_str(&super::render(&super::super::sample()).unwrap()).unwrap();
        assert_eq!(value["checks"][1]["status"], "failed");
        let fields: Vec<&String> = value["checks"][0].as_object().unwrap().keys().collect();
        assert_eq!(json!(fields), json!(["claim", "hint", "id", "seconds", "seen", "status"]));
        assert_eq!(value["skipped"], 1);
    }
}
