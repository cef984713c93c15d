//! The one layer: the binary, and the little that programs expect around it.

use std::io;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::BINARY;
use crate::oci::{Epoch, digest};

/// Names for the numbers, for whoever looks into a container. `/tmp` is where pods mount what may be written.
const PASSWD: &str = "root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin\n";
const GROUP: &str = "root:x:0:\nnonroot:x:65532:\n";

/// A layer, and the digest of what it unpacks to.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) compressed: Vec<u8>,
    /// The config calls it `diff_id`.
    pub(super) unpacked: String,
}

/// Packs the layer; the same bytes on every machine.
pub(super) fn layer(binary: &[u8], epoch: Epoch) -> io::Result<Layer> {
    let mut tar = Builder::new(Vec::with_capacity(binary.len() + 8192));
    folder(&mut tar, "etc/", 0o755, epoch)?;
    file(&mut tar, "etc/group", 0o644, GROUP.as_bytes(), epoch)?;
    file(&mut tar, "etc/passwd", 0o644, PASSWD.as_bytes(), epoch)?;
    folder(&mut tar, "tmp/", 0o1777, epoch)?;
    file(&mut tar, BINARY.trim_start_matches('/'), 0o755, binary, epoch)?;
    let plain = tar.into_inner()?;
    // Nothing in the header depends on the machine; the compressor is part of this program.
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    io::Write::write_all(&mut gzip, &plain)?;
    Ok(Layer { compressed: gzip.finish()?, unpacked: digest(&plain) })
}

fn header(kind: EntryType, mode: u32, size: usize, epoch: Epoch) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(epoch.0);
    header.set_size(size as u64);
    header
}

fn folder(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, epoch: Epoch) -> io::Result<()> {
    tar.append_data(&mut header(EntryType::Directory, mode, 0, epoch), path, io::empty())
}

fn file(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, content: &[u8], epoch: Epoch) -> io::Result<()> {
    tar.append_data(&mut header(EntryType::Regular, mode, content.len(), epoch), path, content)
}
