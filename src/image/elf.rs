//! As much of ELF as says whether a file is a static program, and for which machine.

/// The machines that we know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Intel's and AMD's, 64 bits.
    X86_64,
    /// ARM's, 64 bits.
    Aarch64,
}

/// The program header that names a loader: a file that has one is no static program.
const INTERPRETER: u32 = 3;

/// The machine of a static program for Linux, or why it is none.
pub fn check(bytes: &[u8]) -> Result<Machine, String> {
    if !bytes.starts_with(b"\x7fELF") {
        return Err("it is no Linux program (no ELF file)".into());
    }
    if bytes.get(4..6) != Some(&[2, 1]) {
        return Err("it is no 64-bit little-endian program".into());
    }
    let short = || "it is cut off".to_owned();
    let kind = half(bytes, 16).ok_or_else(short)?;
    if !matches!(kind, 2 | 3) {
        return Err("it is an object file or a dump, no program".into());
    }
    let machine = match half(bytes, 18).ok_or_else(short)? {
        62 => Machine::X86_64,
        183 => Machine::Aarch64,
        other => return Err(format!("it is for a machine that we make no image for (ELF number {other})")),
    };
    let start = bytes.get(32..40).and_then(|part| part.try_into().ok()).map(u64::from_le_bytes).ok_or_else(short)?;
    let (size, count) = (half(bytes, 54).ok_or_else(short)?, half(bytes, 56).ok_or_else(short)?);
    if count == 0 {
        return Err("it has nothing to load (no program headers)".into());
    }
    for header in 0..u64::from(count) {
        let at =
            start.checked_add(header * u64::from(size)).and_then(|at| usize::try_from(at).ok()).ok_or_else(short)?;
        let part = at.checked_add(4).and_then(|end| bytes.get(at..end)).ok_or_else(short)?;
        if part == INTERPRETER.to_le_bytes() {
            return Err(
                "it is linked dynamically, and the image has no libraries: build it for musl (`cargo xtask dist`)"
                    .into(),
            );
        }
    }
    Ok(machine)
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2).and_then(|part| part.try_into().ok()).map(u16::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header and program headers of these types.
    fn program(machine: u16, kinds: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 64 + 56 * kinds.len()];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[16] = 2;
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = u8::try_from(kinds.len()).unwrap();
        for (number, kind) in kinds.iter().enumerate() {
            bytes[64 + 56 * number..][..4].copy_from_slice(&kind.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn static_programs_are_told_from_others() {
        assert_eq!(check(&program(62, &[1, 2])), Ok(Machine::X86_64));
        assert_eq!(check(&program(183, &[1])), Ok(Machine::Aarch64));
        for (bytes, words) in [
            (program(62, &[1, 3]), "dynamically"),
            (program(8, &[1]), "ELF number 8"),
            (program(62, &[]), "nothing to load"),
            (b"#!/bin/sh\n".to_vec(), "no ELF"),
            (b"\x7fELF\x01\x01".to_vec(), "64-bit"),
            (program(62, &[1, 1])[..100].to_vec(), "cut off"),
            (b"\x7fELF\x02\x01".to_vec(), "cut off"),
        ] {
            let said = check(&bytes).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn any_header_is_read_without_a_fall() {
        let mut bytes = program(62, &[1, 2]);
        for at in 0..bytes.len() {
            let was = bytes[at];
            for new in [0, 1, 0x7f, 0xff] {
                bytes[at] = new;
                let _ = check(&bytes);
            }
            bytes[at] = was;
        }
    }
}
