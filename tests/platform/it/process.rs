//! Programs that end with this one, whatever becomes of it.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};

use tempfile::TempDir;

/// A program, ended when this is dropped.
pub(crate) struct Process(Child);

type Order = (Command, Sender<std::io::Result<Child>>);

impl Process {
    /// Starts a program that logs into a file.
    pub(crate) fn start(program: &Path, arguments: &[String], log: &Path) -> Self {
        Self::start_with(program, arguments, &[], log)
    }

    /// The same with environment variables.
    pub(crate) fn start_with(
        program: &Path,
        arguments: &[String],
        environment: &[(String, String)],
        log: &Path,
    ) -> Self {
        // The kernel ends it when the thread that started it ends: a thread of a test would be too short-lived.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).args(arguments);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        let file = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        command.stdin(Stdio::null()).stdout(file.try_clone().unwrap()).stderr(file);
        let (answer, answered) = channel();
        starter().lock().unwrap().send((command, answer)).unwrap();
        Self(answered.recv().unwrap().expect("`setpriv` of util-linux starts programs here"))
    }

    /// Ends it at once.
    pub(crate) fn kill(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        assert!(Command::new("kill").arg(self.0.id().to_string()).status().unwrap().success());
    }

    /// Whether it ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().is_ok_and(|status| status.is_some())
    }

    /// Its id.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A folder for their files, removed when this is dropped or this program ends: a static is never dropped.
pub(crate) struct Folder {
    folder: TempDir,
    /// Reads until whoever holds the other end is gone.
    _broom: Child,
}

impl Folder {
    /// A new one.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut broom = Command::new("sh");
        broom.args(["-c", "cat; sleep 1; rm -rf \"$0\""]).arg(folder.path());
        broom.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Whoever ends this program by its group does not end it.
        broom.process_group(0);
        Self { folder, _broom: broom.spawn().unwrap() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// The thread that starts programs, and lives as long as this one.
fn starter() -> &'static Mutex<Sender<Order>> {
    static STARTER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    STARTER.get_or_init(|| {
        let (orders, ordered): (_, Receiver<Order>) = channel();
        std::thread::spawn(move || {
            for (mut command, answer) in ordered {
                _ = answer.send(command.spawn());
            }
        });
        Mutex::new(orders)
    })
}

/// A port of loopback that nobody listens on right now.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
