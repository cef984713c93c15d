use super::*;
#[test]
fn dump() {
    std::fs::write("/tmp/ours.json", serde_json::to_string(&all()).unwrap()).unwrap();
}
