//! Whatever is fed to it: a clear answer, soon, and no crash.

use std::time::Duration;

use crate::tool::{Run, folder, timed};

/// Generous, because a build for tests on a busy machine is slow; without the guards these take minutes.
const SOON: Duration = Duration::from_secs(10);

/// Renders and validates a file of these bytes; both must refuse it.
fn refused(bytes: &[u8]) -> Run {
    let folder = folder(&[]);
    fs_err::write(folder.path().join("v.yaml"), bytes).unwrap();
    let (render, took) = timed(folder.path(), &["render", "-f", "v.yaml"]);
    assert!(took < SOON, "render took {took:?}");
    assert!(matches!(render.code, 1 | 2), "{render:?}");
    assert_eq!(render.stdout, "");
    let (validate, took) = timed(folder.path(), &["validate", "v.yaml"]);
    assert!(took < SOON, "validate took {took:?}");
    assert_eq!(validate.code, render.code);
    let said = format!("{}{}", validate.stdout, validate.stderr);
    assert!(!said.contains("panicked") && said.len() < 10_000, "{} bytes", said.len());
    Run { stdout: said, ..validate }
}

#[test]
fn bytes_that_are_no_text_are_refused_at_their_place() {
    let run = refused(&[b'a', b':', b' ', 0xff, 0xfe, 0x80]);
    assert_eq!(run.code, 2);
    assert_eq!(run.stdout, "error: v.yaml is no text: no UTF-8 text at byte 3 (line 1)\n");
    let noise: Vec<u8> = (0..1_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]).collect();
    assert_eq!(refused(&noise).code, 2);
    assert_eq!(refused(&[0_u8; 4096]).code, 2);
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let text = format!("commonLabels:\n{}", "  k: vvvvvvvvvvvvvvvvvvvvvvvvv\n".repeat(3_400_000));
    assert!(text.len() > 100 << 20);
    let run = refused(text.as_bytes());
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("the text has 100 MiB — the limit is 16 MiB"), "{}", run.stdout);
}

#[test]
fn deep_nesting_is_refused() {
    for (open, times) in [("[", 100_000), ("{a: ", 50_000), ("- ", 50_000)] {
        let run = refused(format!("commonLabels: {}", open.repeat(times)).as_bytes());
        assert_eq!(run.code, 1, "{open}");
        assert!(run.stdout.contains("CW01"), "{}", run.stdout);
    }
    let lines: String = (0..5000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    assert!(refused(lines.as_bytes()).stdout.contains("CW0106"));
}

#[test]
fn aliases_that_multiply_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", ")));
    }
    assert!(refused(text.as_bytes()).stdout.contains("aliases counted as what they stand for"));
}

#[test]
fn one_long_line_is_not_repeated() {
    let run = refused(format!("commonLabels: {{ a: \"{}\" }}\n", "x".repeat(1 << 20)).as_bytes());
    assert!(run.stdout.contains("v.yaml:1:20: error[CW0206]"), "{}", run.stdout);
    refused(format!("{}: 1\n", "x".repeat(1 << 20)).as_bytes());
    refused(format!("commonLabels: {}\n", "x".repeat(1 << 20)).as_bytes());
}

#[test]
fn what_is_no_file_is_named() {
    let folder = folder(&[]);
    for (name, why) in [("missing.yaml", "No such file"), (".", "Is a directory")] {
        for verb in [vec!["render", "-f", name], vec!["validate", name], vec!["validate", "-f", name]] {
            let (run, _) = timed(folder.path(), &verb);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{verb:?}");
            assert!(run.stderr.contains(&format!("`{name}`")) && run.stderr.contains(why), "{}", run.stderr);
        }
    }
    let (run, _) = timed(folder.path(), &["validate", "*.nothing"]);
    assert_eq!((run.code, run.stderr.as_str()), (2, "error: `*.nothing` matches no file\n"));
    let (run, _) = timed(folder.path(), &["render", "--set-file", "commonLabels.a=missing"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.stderr.contains("missing"), "{}", run.stderr);
}
