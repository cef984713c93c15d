//! What the README's steps apply is what this version takes.

use crate::tool::{root, run};

const FILE: &str = "docs/quickstart.yaml";

#[test]
fn the_quickstart_is_valid_and_names_the_image_of_this_version() {
    let judged = run(&["validate", FILE, "--fail-on", "info"]);
    assert_eq!(judged.code, 0, "{}{}", judged.stdout, judged.stderr);
    let text = fs_err::read_to_string(root().join(FILE)).unwrap();
    let image = concat!("image: chartwright:", env!("CARGO_PKG_VERSION"), "\n");
    assert!(text.contains(image), "{FILE} has not `{image}`");
    // The registry that the README has in its `--set`.
    let readme = fs_err::read_to_string(root().join("README.md")).unwrap();
    let registry = "components.demo.svc.cluster.local:5000";
    assert!(text.contains(&format!("{registry}/hello:1")) && readme.contains(&format!("{{{registry}}}")));
}
