//! Processes of the run, ended with it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

/// A process that ends when this is dropped.
pub(crate) struct Process(Child);

impl Process {
    /// Starts a part of this program.
    pub(crate) fn part(part: &str, arguments: &[String]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(part).args(arguments);
        Self::start(command.stdout(Stdio::null()))
    }

    /// Starts a command.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap_or_else(|err| panic!("cannot start {command:?}: {err}")))
    }

    /// The first line of its standard output, which must be piped.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        BufReader::new(self.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Seconds of processor time that it took, without its children.
    pub(crate) fn processor(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id())).unwrap();
        // The name, in brackets, may hold anything; user and system time are the 12th and 13th after it, in 1/100 s.
        let times: Vec<f64> =
            stat.rsplit(')').next().unwrap().split_whitespace().map(|n| n.parse().unwrap_or(0.0)).collect();
        (times[11] + times[12]) / 100.0
    }

    /// Its resident memory in bytes.
    pub(crate) fn resident(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<f64>().unwrap() * 1024.0
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// A port that is free at this moment.
pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
