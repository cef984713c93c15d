//! Builds `tests/guests`: another target, and a workspace of its own, so that the platform's flags and versions are not theirs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of `tests/guests` that are components.
const GUESTS: [&str; 6] = ["hello", "plain", "prices", "shop", "streams", "ticker"];

const TARGET: &str = "wasm32-wasip2";

fn main() -> Result<(), String> {
    let variable = |name: &str| env::var_os(name).ok_or_else(|| format!("cargo sets no {name}"));
    let checkout = Path::new(&variable("CARGO_MANIFEST_DIR")?).join("../..");
    let folder = checkout.join("tests/guests");
    let out = PathBuf::from(variable("OUT_DIR")?);
    for name in GUESTS.iter().copied().chain(["wit", "Cargo.toml", "Cargo.lock"]) {
        println!("cargo::rerun-if-changed={}", folder.join(name).display());
    }
    // Beside whatever else this profile builds, so that the several builds of this script share it.
    let target = out
        .ancestors()
        .find(|place| place.ends_with("build"))
        .and_then(Path::parent)
        .map_or_else(|| out.join("target"), |profile| profile.join("guests"));
    // Where this machine keeps its sources is nobody's business, and would make each machine's components other ones.
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let mut flags = vec![format!("--remap-path-prefix={}=/chartwright", checkout.display())];
    flags.extend(home.map(|home| format!("--remap-path-prefix={}=/cargo", home.display())));
    let status = Command::new(variable("CARGO")?)
        .args(["build", "--release", "--locked", "--quiet", "--target", TARGET, "--target-dir"])
        .arg(&target)
        .current_dir(&folder)
        // Flags of the platform's own build mean nothing for another target.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_BUILD_TARGET")
        // Nor is a lint of the platform one of theirs: clippy hands itself on by these.
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env_remove("CLIPPY_ARGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        .status()
        .map_err(|err| format!("cargo does not start: {err}"))?;
    if !status.success() {
        return Err(format!(
            "the components in {} do not build; if their target is what is missing: rustup target add {TARGET}",
            folder.display()
        ));
    }
    for name in GUESTS {
        let built = target.join(TARGET).join("release").join(name).with_extension("wasm");
        let file = out.join(name).with_extension("wasm");
        std::fs::copy(&built, &file).map_err(|err| format!("copy {}: {err}", built.display()))?;
    }
    Ok(())
}
