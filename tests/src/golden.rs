//! Golden numbers: files of `tests/golden` in JSON, a case to a line, that twins in other languages are held to.
//!
//! Never here: golden bytes of messages (see `tests/wire_golden.rs`), which belong to a version of the protocol.

use serde_json::Value;
use std::path::PathBuf;

/// Compares cases with a golden file, or writes it where `UPDATE_GOLDEN` is set. `changed` says what it means if they differ.
///
/// # Panics
/// If they do.
pub fn hold_to(file: &str, cases: &[Value], changed: &str) {
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).expect("the folder of golden files can be written to");
    }
    let golden = std::fs::read_to_string(&path).expect("the golden file is there");
    assert!(golden == text, "{changed}; if it was meant: UPDATE_GOLDEN=1");
}

/// Bytes as they stand in such a file.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
