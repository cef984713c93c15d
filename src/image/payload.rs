//! The binary that goes into the image: where it is found, and whether it may.

use std::path::{Path, PathBuf};

use super::{ImageError, Platform, elf};

/// A binary for a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// For which.
    pub platform: Platform,
    /// The file it was read from.
    pub path: PathBuf,
    /// The program.
    pub bytes: Vec<u8>,
}

/// Where payloads may be.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Files that the user named.
    pub named: Vec<(Platform, PathBuf)>,
    /// Folders that may hold `chartwright-linux-amd64` and `chartwright-linux-arm64`.
    pub folders: Vec<PathBuf>,
    /// The program that runs: the payload itself when it is a static one for Linux.
    pub running: Option<PathBuf>,
}

/// What a release calls the binary for a platform.
pub fn file_name(platform: Platform) -> String {
    format!("chartwright-linux-{}", platform.architecture())
}

impl Search {
    /// The usual places: beside the running program, `dist/` below the working directory, the program itself.
    pub fn usual(named: Vec<(Platform, PathBuf)>) -> Self {
        let running = std::env::current_exe().ok();
        let beside = running.as_deref().and_then(Path::parent).map(Path::to_path_buf);
        Self { named, folders: beside.into_iter().chain([PathBuf::from("dist")]).collect(), running }
    }

    /// The payload for a platform. A file that was named must do; one that was found and does not is passed over.
    pub fn find(&self, platform: Platform) -> Result<Payload, ImageError> {
        if let Some((_, path)) = self.named.iter().find(|(named, _)| *named == platform) {
            return read(platform, path);
        }
        let mut looked = Vec::new();
        for folder in &self.folders {
            let path = folder.join(file_name(platform));
            if path.is_file() {
                return read(platform, &path);
            }
            looked.push(path.display().to_string());
        }
        if let Some(path) = &self.running {
            match read(platform, path) {
                Ok(payload) => return Ok(payload),
                Err(ImageError::Payload { problem, .. }) => looked.push(format!("this program itself ({problem})")),
                Err(err) => return Err(err),
            }
        }
        Err(ImageError::NoPayload { platform, looked: looked.join(", ") })
    }
}

fn read(platform: Platform, path: &Path) -> Result<Payload, ImageError> {
    let bytes = fs_err::read(path)?;
    let failed = |problem| ImageError::Payload { path: path.to_path_buf(), platform, problem };
    let found = Platform::from(elf::check(&bytes).map_err(failed)?);
    if found != platform {
        return Err(failed(format!("it is a program for {found}")));
    }
    Ok(Payload { platform, path: path.to_path_buf(), bytes })
}
