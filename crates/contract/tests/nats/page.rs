//! The parts of `docs/nats.md` that are made of what the tests saw.

use std::path::PathBuf;
use std::sync::Mutex;

/// Set to write what would be compared.
const RENEW: &str = "CHARTWRIGHT_RENEW";

/// Compares a part of the page, between its two marks, with what it should be.
pub(crate) fn holds(part: &str, wanted: &str) {
    // Several tests renew one file.
    static PAGE: Mutex<()> = Mutex::new(());
    let _alone = PAGE.lock().unwrap();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/nats.md");
    let page = fs_err::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {part}: begin -->\n"), format!("<!-- {part}: end -->\n"));
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/nats.md has no `{}`", begin.trim()));
    let (present, after) = rest.split_once(&end).unwrap_or_else(|| panic!("docs/nats.md has no `{}`", end.trim()));
    let wanted = format!("\n{wanted}\n");
    if present == wanted {
        return;
    }
    assert!(
        std::env::var_os(RENEW).is_some(),
        "the part `{part}` of docs/nats.md is not what it should be; run this test with {RENEW}=1 to write it:\n{wanted}"
    );
    fs_err::write(&path, format!("{before}{begin}{wanted}{end}{after}")).unwrap();
}
