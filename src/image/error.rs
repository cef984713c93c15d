//! Why an image could not be made, found, written, pushed or loaded.

use std::{io, path::PathBuf};

use super::{Machine, Platform};
use crate::oci;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// No binary for a platform.
    #[error(
        "there is no binary of this tool for {platform}: looked for {looked}. `--payload {platform}=PATH` names one, and \
         `--platform` leaves a platform out"
    )]
    NoPayload {
        /// For which platform.
        platform: Platform,
        /// Where.
        looked: String,
    },
    /// A binary that cannot be the content of the image.
    #[error("{path} cannot be the payload for {platform}: {problem}")]
    Payload {
        /// The file.
        path: PathBuf,
        /// For which platform.
        platform: Platform,
        /// Why not.
        problem: String,
    },
    /// A file that cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Something that was made cannot be written as JSON; never seen.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A registry.
    #[error(transparent)]
    Registry(#[from] oci::Error),
    /// An archive that is none, or a damaged one.
    #[error("{path}: {problem}")]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A manifest that says too little.
    #[error("{name}: {problem}")]
    Manifest {
        /// The image.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// An image for other platforms.
    #[error("{name} has no {wanted}; it has {present}")]
    Platform {
        /// The image.
        name: String,
        /// Which were asked for.
        wanted: String,
        /// Which there are.
        present: String,
    },
    /// Our name, but not this version of us.
    #[error(
        "`{name}` is an image of this tool, and of another build: here are version {version} and digest {digest}. Take \
         it out of the values (`tag`, `digest`, `implementation.version`), or use the tool of that build"
    )]
    OtherBuild {
        /// The image.
        name: String,
        /// Our version.
        version: &'static str,
        /// The digest that we build.
        digest: String,
    },
    /// An archive that lacks an image that is needed.
    #[error("{path} has no `{name}`; it has {present}")]
    NotInArchive {
        /// The archive.
        path: PathBuf,
        /// What is needed.
        name: String,
        /// What is there.
        present: String,
    },
    /// A program that loads images is missing.
    #[error("`{program}` is not on PATH: {help}")]
    NoProgram {
        /// Its name.
        program: String,
        /// What to do.
        help: String,
    },
    /// A program that loads images failed.
    #[error("`{line}` ended with {status}{said}")]
    Program {
        /// The command as one would type it.
        line: String,
        /// How it ended.
        status: String,
        /// What it said, each line indented.
        said: String,
    },
}

impl From<Machine> for Platform {
    fn from(machine: Machine) -> Self {
        match machine {
            Machine::X86_64 => Self::Amd64,
            Machine::Aarch64 => Self::Arm64,
        }
    }
}
