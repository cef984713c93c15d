//! Compiled components in a folder, so that a host that starts anew does not compile again what it knew.
//!
//! What is read here runs as machine code in this process. So nothing is read from a folder or file that another user
//! owns or may write, and of what is read every byte is checked against a hash: a torn, altered or foreign file is
//! removed, and the component is compiled anew. Whoever can write as our own user needs no file to own this process.

use std::fs::Metadata;
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use fs_err::os::unix::fs::OpenOptionsExt as _;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Begins each file; another layout has another number.
const MAGIC: [u8; 16] = *b"chartwright/aot1";
const HASH: usize = 32;
/// [`MAGIC`], the key, the hash of the rest.
const HEADER: usize = MAGIC.len() + 2 * HASH;
/// Begins the name of what is not finished.
const UNFINISHED: &str = ".unfinished-";
/// Nobody writes one file that long.
const ABANDONED: Duration = Duration::from_hours(1);

/// A folder of compiled components.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    /// How many bytes are kept.
    limit: u64,
    /// Whether it was said that nothing can be kept here.
    said: AtomicBool,
}

impl Disk {
    /// A folder, which is made when there is something to keep, and how many bytes may be in it.
    pub fn new(folder: PathBuf, limit: u64) -> Self {
        Self { folder, limit, said: AtomicBool::new(false) }
    }

    /// The component of that digest, compiled earlier for an engine with the same settings.
    pub(super) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let key = key(engine, digest);
        let path = self.path(&key);
        let loaded = self.is_ours().and_then(|()| read(&path)).and_then(|file| {
            file.map_or(Ok(None), |file| {
                let body = body(&file, &key).ok_or("it was torn or altered").map_err(io::Error::other)?;
                trusted(engine, body).map(Some).map_err(io::Error::other)
            })
        });
        match loaded {
            Ok(component) => component,
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                self.say(&error, "a compiled component cannot be read and is compiled anew");
                if self.is_ours().is_ok() {
                    _ = fs_err::remove_file(&path);
                }
                None
            }
        }
    }

    /// Keeps a component. A full or read-only disk costs only time at the next start.
    pub(super) fn keep(&self, engine: &Engine, digest: &str, component: &Component) {
        let key = key(engine, digest);
        let kept = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|body| if body.len() as u64 > self.limit { Ok(()) } else { self.write(&key, &body) });
        match kept {
            Ok(()) => self.clean(),
            Err(error) => self.say(&error, "compiled components cannot be kept and are compiled at each start"),
        }
    }

    fn write(&self, key: &[u8; HASH], body: &[u8]) -> io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        self.is_ours()?;
        // Not the process's number: in containers that share a folder it is always 1.
        let unfinished = self.folder.join(format!("{UNFINISHED}{}", uuid::Uuid::new_v4().simple()));
        let written = (|| {
            let mut file = fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
            for part in [&MAGIC[..], key, &Sha256::digest(body), body] {
                file.write_all(part)?;
            }
            fs_err::rename(&unfinished, self.path(key))
        })();
        if written.is_err() {
            // Half a file would take the space that is missing.
            _ = fs_err::remove_file(&unfinished);
        }
        written
    }

    /// Removes what is longest unused while there is too much, and what crashes left.
    fn clean(&self) {
        let Ok(entries) = fs_err::read_dir(&self.folder) else { return };
        let mut files = Vec::new();
        for entry in entries.flatten() {
            let (Ok(found), Ok(name)) = (entry.metadata(), entry.file_name().into_string()) else { continue };
            let Ok(used) = found.modified() else { continue };
            if name.starts_with(UNFINISHED) {
                if SystemTime::now().duration_since(used).is_ok_and(|age| age > ABANDONED) {
                    _ = fs_err::remove_file(entry.path());
                }
            } else if name.len() == 2 * HASH {
                files.push((used, found.len(), entry.path()));
            }
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum();
        for (_, size, path) in files {
            if total <= self.limit {
                break;
            }
            if fs_err::remove_file(path).is_ok() {
                total -= size;
            }
        }
    }

    /// Whether the folder is there, ours, and closed to writers other than us.
    fn is_ours(&self) -> io::Result<()> {
        // Not what a link points to: a link can be exchanged by whoever owns the folder it lies in.
        let found = fs_err::symlink_metadata(&self.folder)?;
        if found.is_dir() && only_ours(&found) {
            return Ok(());
        }
        Err(io::Error::other(format!(
            "{} must be a folder of the host's own user that no other may write",
            self.folder.display()
        )))
    }

    fn path(&self, key: &[u8; HASH]) -> PathBuf {
        self.folder.join(key.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// Once aloud: what is wrong with a folder is wrong with it at each start of a workload.
    fn say(&self, error: &io::Error, what: &str) {
        if self.said.swap(true, Ordering::Relaxed) {
            tracing::debug!(%error, "{what}");
        } else {
            tracing::warn!(%error, "{what}");
        }
    }
}

/// A file that is ours, whole; its time becomes that of its last use.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let mut file = match fs_err::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let found = file.metadata()?;
    if !found.is_file() || !only_ours(&found) {
        return Err(io::Error::other(format!("{} belongs to somebody else, or others may write it", path.display())));
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content)?;
    // A folder that cannot be written is not cleaned either.
    _ = file.file().set_modified(SystemTime::now());
    Ok(Some(content))
}

fn only_ours(found: &Metadata) -> bool {
    found.uid() == rustix::process::geteuid().as_raw() && found.mode() & 0o022 == 0
}

/// What comes after the header, if all is as it was written.
fn body<'a>(file: &'a [u8], key: &[u8; HASH]) -> Option<&'a [u8]> {
    let (header, body) = file.split_at_checked(HEADER)?;
    let (magic, rest) = header.split_at(MAGIC.len());
    let (its_key, hash) = rest.split_at(HASH);
    (magic == MAGIC && its_key == key && hash == Sha256::digest(body).as_slice()).then_some(body)
}

/// Names one component under one engine: another version of wasmtime, other flags or another processor make another.
fn key(engine: &Engine, digest: &str) -> [u8; HASH] {
    let mut hash = Sha256Hasher(Sha256::new());
    (env!("CARGO_PKG_VERSION"), digest).hash(&mut hash);
    engine.precompile_compatibility_hash().hash(&mut hash);
    hash.0.finalize().into()
}

/// The same in every process, unlike the standard library's promise for its own.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let hash = self.0.clone().finalize();
        hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[expect(unsafe_code, reason = "machine code is loaded by no safe call; this is the only place that does it")]
fn trusted(engine: &Engine, body: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must be what `Component::serialize` once returned. They come from a file that only our own user
    // could write, in a folder for which the same holds, and their hash, key and layout are those that this host wrote.
    // A processor or a version that does not fit is found by wasmtime itself.
    unsafe { Component::deserialize(engine, body) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::process::Command;
    use std::sync::Arc;

    use bytes::Bytes;

    use super::super::{Compiler, EngineOptions};
    use super::*;
    use crate::metrics::Metrics;

    /// A component with nothing in it.
    const EMPTY: &[u8] = b"\0asm\x0d\0\x01\0";

    /// Compiles a component with a fresh engine, and says where it came from.
    async fn compiled(folder: &Path, limit: u64, digest: &str) -> String {
        compiled_with(folder, limit, digest, &[]).await
    }

    async fn compiled_with(folder: &Path, limit: u64, digest: &str, proposals: &[&str]) -> String {
        let options = EngineOptions {
            core_instances: 0,
            memory: 1 << 20,
            proposals: proposals.iter().map(|name| (*name).to_owned()).collect(),
        };
        let engine = super::super::Engine::new(&options, &[]).unwrap();
        let metrics = Arc::new(Metrics::default());
        let disk = Disk::new(folder.to_owned(), limit);
        let compiler = Compiler::new(engine, 1, Duration::from_mins(1), Some(disk), Arc::clone(&metrics));
        let first = compiler.compile(digest, "c", 1, || Ok(Bytes::from_static(EMPTY))).await.unwrap();
        let again = compiler.compile(digest, "c", 1, || Ok(Bytes::from_static(EMPTY))).await.unwrap();
        assert!(Arc::ptr_eq(&first, &again));
        let text = metrics.text();
        assert!(text.contains(r#"chartwright_host_compiled_total{origin="memory"} 1"#), "{text}");
        let origins = ["compiler", "disk"].into_iter();
        let from = |origin: &str| text.contains(&format!(r#"chartwright_host_compiled_total{{origin="{origin}"}} 1"#));
        origins.filter(|origin| from(origin)).collect()
    }

    fn files(folder: &Path) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs_err::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }

    #[tokio::test]
    async fn a_second_engine_finds_what_the_first_compiled() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("cache/compiled");
        assert_eq!(compiled(&folder, 1 << 30, "a").await, "compiler");
        assert_eq!(compiled(&folder, 1 << 30, "a").await, "disk");
        assert_eq!(compiled_with(&folder, 1 << 30, "a", &["wide-arithmetic"]).await, "compiler", "another engine");
        assert_eq!(files(&folder).len(), 2);
        let mode = |path: &Path| fs_err::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&files(&folder)[0])), (0o700, 0o600));
    }

    #[tokio::test]
    async fn what_is_torn_altered_or_foreign_is_compiled_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("compiled");
        assert_eq!(compiled(&folder, 1 << 30, "a").await, "compiler");
        let file = files(&folder).remove(0);
        let whole = fs_err::read(&file).unwrap();
        let altered = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let last = whole.len() - 1;
        let cases = [vec![], whole[..40].to_vec(), whole[..last].to_vec(), altered(0), altered(20), altered(60)];
        for bytes in cases.into_iter().chain([altered(HEADER), altered(last)]) {
            fs_err::write(&file, bytes).unwrap();
            assert_eq!(compiled(&folder, 1 << 30, "a").await, "compiler");
            assert_eq!(fs_err::read(&file).unwrap().len(), whole.len(), "and written again");
        }
        for mode in [0o620, 0o602] {
            fs_err::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(compiled(&folder, 1 << 30, "a").await, "compiler", "{mode:o}");
        }
        assert_eq!(compiled(&folder, 1 << 30, "a").await, "disk");
        // What a crash leaves has another name, and is in nobody's way.
        fs_err::write(folder.join(".unfinished-1"), &whole[..40]).unwrap();
        assert_eq!(compiled(&folder, 1 << 30, "a").await, "disk");
        fs_err::set_permissions(&folder, std::fs::Permissions::from_mode(0o770)).unwrap();
        assert_eq!(compiled(&folder, 1 << 30, "a").await, "compiler", "a folder that others may write");
        assert!(file.exists(), "where others write, nothing is removed either");
    }

    #[tokio::test]
    async fn what_is_longest_unused_goes_first() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!(compiled(scratch.path(), 1 << 30, "a").await, "compiler");
        let size = fs_err::metadata(&files(scratch.path())[0]).unwrap().len();
        assert_eq!(compiled(scratch.path(), 2 * size + size / 2, "b").await, "compiler");
        assert_eq!(compiled(scratch.path(), 2 * size + size / 2, "a").await, "disk");
        assert_eq!(compiled(scratch.path(), 2 * size + size / 2, "c").await, "compiler");
        assert_eq!(files(scratch.path()).len(), 2);
        assert_eq!(compiled(scratch.path(), 1 << 30, "a").await, "disk", "used after the one that went");
        assert_eq!(compiled(scratch.path(), size / 2, "d").await, "compiler", "too large for all of it");
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_is_done_without() {
        let scratch = tempfile::tempdir().unwrap();
        fs_err::write(scratch.path().join("file"), "").unwrap();
        for _ in 0..2 {
            assert_eq!(compiled(&scratch.path().join("file/compiled"), 1 << 30, "a").await, "compiler");
        }
    }

    /// A small disk of its own, taken away with the test.
    struct Mounted(tempfile::TempDir);

    impl Mounted {
        fn new(size: &str) -> Option<Self> {
            let folder = tempfile::tempdir().unwrap();
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"]).arg(folder.path());
            if mount.output().is_ok_and(|output| output.status.success()) {
                return Some(Self(folder));
            }
            #[expect(clippy::print_stderr, reason = "a test that skips says why")]
            {
                eprintln!("skipped: only root may mount a small disk");
            }
            None
        }
    }

    impl Drop for Mounted {
        fn drop(&mut self) {
            _ = Command::new("umount").arg(self.0.path()).status();
        }
    }

    #[tokio::test]
    async fn a_full_disk_and_a_read_only_one_are_done_without() {
        let Some(full) = Mounted::new("4k") else { return };
        for _ in 0..2 {
            assert_eq!(compiled(full.0.path(), 1 << 30, "a").await, "compiler");
            assert_eq!(files(full.0.path()).len(), 0, "no half file takes the space");
        }
        let Some(disk) = Mounted::new("4m") else { return };
        assert_eq!(compiled(disk.0.path(), 1 << 30, "a").await, "compiler");
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(disk.0.path()).status().unwrap();
        assert!(status.success());
        assert_eq!(compiled(disk.0.path(), 1 << 30, "a").await, "disk", "what is there is used");
        assert_eq!(compiled(disk.0.path(), 1 << 30, "d").await, "compiler");
    }
}
