//! Bytes by their digest, wherever they are.

use std::{
    io::{self, Read, Seek as _, SeekFrom, Write},
    path::PathBuf,
    sync::Arc,
};

use serde_json::{Value, json};

use super::{Reference, digest};

/// How much is read at a time.
const CHUNK: usize = 1 << 20;

/// What a manifest says of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Its media type.
    pub media_type: String,
    /// `sha256:…`.
    pub digest: String,
    /// How many bytes it has.
    pub size: u64,
}

impl Descriptor {
    /// Of bytes that are at hand.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self { media_type: media_type.to_owned(), digest: digest(bytes), size: bytes.len() as u64 }
    }

    /// Reads it; none when a part of it is missing.
    pub fn read(json: &Value) -> Option<Self> {
        Some(Self {
            media_type: json["mediaType"].as_str()?.to_owned(),
            digest: json["digest"].as_str().filter(|digest| is_digest(digest))?.to_owned(),
            size: json["size"].as_u64()?,
        })
    }

    /// As JSON, to be extended.
    pub fn json(&self) -> Value {
        json!({"mediaType": self.media_type, "digest": self.digest, "size": self.size})
    }
}

/// Only such a text becomes part of a path.
fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

/// Bytes that can be read, more than once.
#[derive(Clone, Debug)]
pub enum Content {
    /// In memory.
    Memory(Arc<Vec<u8>>),
    /// A part of a file.
    Part {
        /// The file.
        path: PathBuf,
        /// Where it begins.
        offset: u64,
        /// How long it is.
        size: u64,
    },
}

impl Content {
    /// Bytes in memory.
    pub fn memory(bytes: Vec<u8>) -> Self {
        Self::Memory(Arc::new(bytes))
    }

    /// A reader from the beginning.
    pub fn reader(&self) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Self::Memory(bytes) => Ok(Box::new(io::Cursor::new(Shared(Arc::clone(bytes))))),
            Self::Part { path, offset, size } => {
                let mut file = fs_err::File::open(path)?;
                file.seek(SeekFrom::Start(*offset))?;
                Ok(Box::new(file.take(*size)))
            }
        }
    }

    /// All of it.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader()?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// All of it, in pieces.
    pub(super) fn chunks(&self) -> io::Result<impl Iterator<Item = io::Result<Vec<u8>>> + Send + 'static> {
        let mut reader = self.reader()?;
        Ok(std::iter::from_fn(move || {
            let mut chunk = Vec::with_capacity(CHUNK);
            match (&mut reader).take(CHUNK as u64).read_to_end(&mut chunk) {
                Ok(0) => None,
                Ok(_) => Some(Ok(chunk)),
                Err(err) => Some(Err(err)),
            }
        }))
    }
}

/// What lets several readers share the same bytes.
struct Shared(Arc<Vec<u8>>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Where a blob comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// It is here.
    Here(Content),
    /// A repository has it.
    Registry(Reference),
}

/// A blob: what it is, for people and for registries, and where its bytes are.
#[derive(Clone, Debug)]
pub struct Blob {
    /// What it is, in a word or two: `layer`, `config linux/amd64`.
    pub what: String,
    /// How a manifest names it.
    pub descriptor: Descriptor,
    /// Where its bytes are.
    pub source: Source,
}

impl Blob {
    /// A blob of bytes that are at hand.
    pub fn new(what: impl Into<String>, media_type: &str, bytes: Vec<u8>) -> Self {
        let descriptor = Descriptor::of(media_type, &bytes);
        Self { what: what.into(), descriptor, source: Source::Here(Content::memory(bytes)) }
    }

    /// Its bytes, if they are here.
    pub fn bytes(&self) -> io::Result<Vec<u8>> {
        match &self.source {
            Source::Here(content) => content.bytes(),
            Source::Registry(from) => Err(io::Error::other(format!("{} is still at {from}", self.descriptor.digest))),
        }
    }
}

/// Copies all that a reader has, and says how far it is.
pub fn copy(from: &mut dyn Read, to: &mut dyn Write, mut said: impl FnMut(u64)) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match from.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                to.write_all(&chunk[..count])?;
                said(count as u64);
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            Err(err) => return Err(err),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_file_is_read_in_pieces_and_as_a_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let bytes: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        fs_err::write(&path, &bytes).unwrap();
        let part = Content::Part { path, offset: 10, size: 2_500_000 };
        let pieces: Vec<Vec<u8>> = part.chunks().unwrap().map(Result::unwrap).collect();
        assert_eq!(pieces.len(), 3);
        assert_eq!(pieces.concat(), bytes[10..2_500_010]);
        assert_eq!(part.bytes().unwrap(), bytes[10..2_500_010]);
    }

    #[test]
    fn what_is_no_digest_never_becomes_a_path() {
        let fine = Descriptor::of("a/b", b"x");
        assert_eq!(Descriptor::read(&fine.json()).unwrap(), fine);
        for wrong in ["sha256:../../etc", "sha256:AB", "md5:00"] {
            assert_eq!(Descriptor::read(&json!({"mediaType": "a/b", "digest": wrong, "size": 1})), None);
        }
    }
}
