//! `chartwright image`: made twice, taken apart, archived, loaded, pushed and pulled back.

mod archive;
mod distribution;
mod errors;
mod list;
mod load;
mod made;
mod registry;

use std::path::Path;

use chartwright::image::{Image, Platform, make, own_name, payload::Payload};
use chartwright::oci::Epoch;
use serde_json::Value;

use crate::tool::{Run, run_in};

/// Code that leaves with 0, for each machine.
const AMD64_EXIT: &[u8] = &[0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05];
const ARM64_EXIT: &[u8] = &[0xa8, 0x0b, 0x80, 0xd2, 0, 0, 0x80, 0xd2, 0x01, 0, 0, 0xd4];

/// Where programs are loaded.
const BASE: u64 = 0x40_0000;

/// A whole static program: a header, one segment, a few instructions.
pub(crate) fn program(platform: Platform) -> Vec<u8> {
    let (machine, code): (u16, _) = match platform {
        Platform::Amd64 => (62, AMD64_EXIT),
        Platform::Arm64 => (183, ARM64_EXIT),
    };
    let start = 64 + 56_u64;
    let size = start + code.len() as u64;
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(16, 0);
    file.extend(2_u16.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes());
    file.extend((BASE + start).to_le_bytes());
    file.extend(64_u64.to_le_bytes());
    file.extend([0; 12]);
    for half in [64_u16, 56, 1, 0, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    // To load, readable and executable.
    file.extend(1_u32.to_le_bytes());
    file.extend(5_u32.to_le_bytes());
    for word in [0, BASE, BASE, size, size, 0x1000] {
        file.extend(word.to_le_bytes());
    }
    file.extend(code);
    file
}

/// Payloads in a folder, and the arguments that name them.
pub(crate) fn payload_arguments(folder: &Path) -> Vec<String> {
    Platform::ALL
        .into_iter()
        .flat_map(|platform| {
            let path = folder.join(format!("payload-{}", platform.architecture()));
            fs_err::write(&path, program(platform)).unwrap();
            ["--payload".to_owned(), format!("{platform}={}", path.display())]
        })
        .collect()
}

/// Runs `image` with payloads.
pub(crate) fn run_image(folder: &Path, args: &[&str]) -> Run {
    let payloads = payload_arguments(folder);
    let mut all = vec!["image"];
    all.extend(args);
    all.extend(payloads.iter().map(String::as_str));
    run_in(folder, &all)
}

/// The image of both programs.
pub(crate) fn made() -> Image {
    let payloads = Platform::ALL.map(|platform| Payload { platform, path: "p".into(), bytes: program(platform) });
    make(&own_name(), &payloads, Epoch::default()).unwrap()
}

/// The files of an archive.
pub(crate) fn entries(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut tar = tar::Archive::new(fs_err::File::open(path).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, fs_err::File>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        (entry.path().unwrap().display().to_string(), content)
    };
    tar.entries().unwrap().map(read).collect()
}

/// One file of an archive, as JSON.
pub(crate) fn json(entries: &[(String, Vec<u8>)], path: &str) -> Value {
    let (_, content) = entries.iter().find(|(name, _)| name == path).unwrap_or_else(|| panic!("no {path}"));
    serde_json::from_slice(content).unwrap()
}

/// The blob of a digest.
pub(crate) fn blob<'e>(entries: &'e [(String, Vec<u8>)], digest: &Value) -> &'e [u8] {
    let path = format!("blobs/{}", digest.as_str().unwrap().replace(':', "/"));
    &entries.iter().find(|(name, _)| *name == path).unwrap_or_else(|| panic!("no {path}")).1
}
