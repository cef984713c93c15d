//! Builds the guests, once.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The component `hello`.
pub(crate) fn hello() -> Vec<u8> {
    guest("hello")
}

/// A component by the name of its folder in `tests/guests/`.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    std::fs::read(BUILT.get_or_init(built).join(format!("{name}.wasm"))).unwrap()
}

fn built() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/guests");
    // Beside whatever else is built, found from the place of this program: `target/debug/deps/it-…`.
    let program = std::env::current_exe().unwrap();
    let target = program.ancestors().find(|folder| folder.ends_with("deps") || folder.ends_with("examples"));
    let target = target.unwrap().parent().unwrap().join("guests");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(["build", "--release", "--quiet", "--target", "wasm32-wasip2", "--target-dir"])
        .arg(&target)
        .current_dir(folder)
        // Flags of the tests' own build mean nothing for another target.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .status()
        .unwrap();
    assert!(status.success(), "the guests do not build");
    target.join("wasm32-wasip2/release")
}
