//! Other programs: found, run in the checkout, and reported by the line one would type.

use std::env;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::cache;

/// A command that will run in the checkout, without a terminal's input.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(cache::checkout()).stdin(Stdio::null());
    command
}

/// The same cargo that runs us.
///
/// Without what that tells us about ourselves: a build script that reads such a variable (*ring*'s does) would be run again whenever the
/// checkout or the caller is another one, and all that needs the library be compiled anew.
pub(crate) fn cargo() -> Command {
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(about_a_package) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Whether cargo sets this variable for a program that it runs, to say which package that is of.
fn about_a_package(variable: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"]
        .iter()
        .any(|prefix| variable.starts_with(prefix))
        || variable == "OUT_DIR"
}

/// Whether this is a run that must not skip for want of a tool.
pub(crate) fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| value == "true" || value == "1")
}

/// Where a program stands on `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    // The program's name is enough: whole paths hide the words that matter in the closing table.
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Runs a command whose output the reader sees; anything but success is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// What a finished command left.
#[derive(Debug)]
pub(crate) struct Finished {
    /// It ended with 0.
    pub success: bool,
    /// It was ended by us because its time was over.
    pub timed_out: bool,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs a command and keeps what it says; it is ended when `limit` is over.
pub(crate) fn capture(command: &mut Command, limit: Duration) -> Result<Finished> {
    let line = line(command);
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    let stdout = child.stdout.take().map(|pipe| thread::spawn(|| drain(pipe)));
    let stderr = child.stderr.take().map(|pipe| thread::spawn(|| drain(pipe)));
    let start = Instant::now();
    let mut timed_out = false;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > limit {
            timed_out = true;
            child.kill()?;
            break child.wait()?;
        }
        thread::sleep(Duration::from_millis(10));
    };
    let text = |reader: Option<thread::JoinHandle<String>>| reader.and_then(|it| it.join().ok()).unwrap_or_default();
    Ok(Finished { success: status.success() && !timed_out, timed_out, stdout: text(stdout), stderr: text(stderr) })
}

fn drain(mut pipe: impl std::io::Read) -> String {
    let mut bytes = Vec::new();
    // A pipe that breaks has said all that it will say.
    let _ = (&mut pipe).take(64 << 20).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The packages whose tests do without the WebAssembly engine. Whoever builds the tool's tests names all of them: with another
/// choice its libraries have other features, and are built once more.
pub(crate) const TOOL: [&str; 5] = ["--workspace", "--exclude", HOST, "--exclude", PLATFORM];

/// The packages that need the engine.
pub(crate) const HOST: &str = "chartwright-host";
pub(crate) const PLATFORM: &str = "chartwright-platform-tests";

/// Builds the program and says where it is: the place depends on `CARGO_TARGET_DIR` and the profile.
pub(crate) fn build_program(release: bool) -> Result<PathBuf> {
    let mut build = cargo();
    if release {
        // What is measured is built as it is shipped.
        build.args(["build", "--quiet", "--bin", "chartwright", "--package", "chartwright", "--release"]);
    } else {
        // What is tested is the one that the tests run.
        build.args(["test", "--no-run", "--quiet", "--test", "it"]).args(TOOL);
    }
    built(&mut build)
}

/// Runs a build of one program and says where it is.
pub(crate) fn built(build: &mut Command) -> Result<PathBuf> {
    build.arg("--message-format=json-render-diagnostics");
    let line = line(build);
    let output = build.stderr(Stdio::inherit()).output().with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|message| serde_json::from_str::<serde_json::Value>(message).ok())
        .filter(|message| message["target"]["kind"][0] == "bin")
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo built no program")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_is_told_of_no_package_and_of_the_rest() {
        for variable in ["CARGO_MANIFEST_DIR", "CARGO_PKG_NAME", "CARGO_BIN_NAME", "CARGO_CRATE_NAME", "OUT_DIR"] {
            assert!(about_a_package(variable), "{variable}");
        }
        for variable in
            ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_INCREMENTAL", "CARGO_PROFILE_DEV_DEBUG", "PATH"]
        {
            assert!(!about_a_package(variable), "{variable}");
        }
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let error = run(command("sh").args(["-c", "exit 3"])).unwrap_err().to_string();
        assert!(error.starts_with("`sh -c exit 3` ended with"), "{error}");
    }

    #[test]
    fn what_a_command_says_is_kept() {
        let said = capture(command("sh").args(["-c", "echo out; echo err >&2"]), Duration::from_secs(10)).unwrap();
        assert!(said.success);
        assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("out\n", "err\n"));
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let said = capture(command("sleep").arg("30"), Duration::from_millis(50)).unwrap();
        assert!(said.timed_out);
        assert!(!said.success);
    }
}
