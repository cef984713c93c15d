//! Builds the guests, once.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The component `hello`.
pub(crate) fn hello() -> &'static [u8] {
    static HELLO: OnceLock<Vec<u8>> = OnceLock::new();
    HELLO.get_or_init(|| guest("hello"))
}

/// A component by the name of its folder in `tests/guests/`.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    std::fs::read(BUILT.get_or_init(built).join(format!("{name}.wasm"))).unwrap()
}

/// The same, but it answers `ahoy!`.
pub(crate) fn ahoy() -> Vec<u8> {
    let mut bytes = hello().to_vec();
    let place = bytes.windows(6).position(|part| part == b"hello\n").unwrap();
    bytes[place..place + 6].copy_from_slice(b"ahoy!\n");
    bytes
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
