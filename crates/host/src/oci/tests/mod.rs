//! The store against a registry on loopback.

mod artifacts;
mod cached;
mod cleaning;
mod failures;
mod logins;
mod registry;
mod sharing;
mod tls;

use std::{path::Path, time::Duration};

use super::{Component, FetchError, Login, Options, Policy, Secret, Store, reference::digest_of, transport::Transport};
use registry::Registry;

/// Eight bytes of preamble and a custom section.
fn component(content: &[u8]) -> Vec<u8> {
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    let name = b"test";
    bytes.push(0);
    number(&mut bytes, 1 + name.len() + content.len());
    number(&mut bytes, name.len());
    bytes.extend_from_slice(name);
    bytes.extend_from_slice(content);
    bytes
}

/// LEB128.
fn number(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    bytes.push(u8::try_from(value).unwrap());
}

fn options(folder: Option<&Path>) -> Options {
    Options {
        cache_dir: folder.map(Path::to_owned),
        cache_size: 1 << 20,
        ca_paths: Vec::new(),
        insecure: vec!["127.0.0.1".into()],
        allow_insecure_all: false,
        pull_timeout: Duration::from_secs(10),
        max_component_bytes: 1 << 20,
        docker_config: None,
    }
}

/// A store that follows no proxy of the machine and does not wait long between repetitions.
fn store_of(options: Options) -> Store {
    store_with_helpers(options, None)
}

fn store_with_helpers(options: Options, helpers: Option<&Path>) -> Store {
    let mut transport = Transport::new(&options, false).unwrap();
    transport.pause = Duration::from_millis(5);
    Store::with(options, transport, helpers.map(Path::to_owned)).unwrap()
}

fn store(folder: Option<&Path>) -> Store {
    store_of(options(folder))
}

fn login(username: &str, password: &str) -> Login {
    Login { username: username.into(), password: Secret::new(password) }
}

/// Writes a program. By another process: one that this one begins meanwhile would inherit the file open for writing,
/// and what somebody writes cannot be run.
pub(super) fn script(path: &Path, text: &str) {
    let mut shell = std::process::Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut shell.stdin.take().unwrap(), format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
}

async fn get(store: &Store, reference: &str) -> Result<Component, FetchError> {
    store.fetch(reference, Policy::IfNotPresent, None).await
}

async fn refused(store: &Store, reference: &str) -> String {
    get(store, reference).await.unwrap_err().to_string()
}
