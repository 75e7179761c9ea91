//! What operators and recorders write: configurations, traces.

use crate::bounded::within;
use client_sim::codec::trace::Trace;
use server::config::check::check;
use server::config::load::{lay, to_toml};
use std::ffi::OsString;
use std::path::Path;

/// What every trace may take at once: the header that it declares.
const TRACE_MEMORY_MAX: usize = 16 << 20;
/// What begins a packed one: unpacking may take its window, and what comes out.
const PACKED: &[u8] = b"\xFD7zXZ\0";

/// A recorded world, perhaps packed.
pub fn trace(bytes: &[u8]) {
    let most = if bytes.starts_with(PACKED) { 1 << 30 } else { TRACE_MEMORY_MAX + 64 * bytes.len() };
    let Ok(trace) = within(most, || Trace::read(bytes)) else { return };
    let mut again = Vec::new();
    trace.write(&mut again).expect("memory takes all");
    assert_eq!(Trace::read(again.as_slice()).expect("what was written is read"), trace);
    assert_eq!(trace.cut(0..trace.tick_count()), trace, "all of it is it");
}

/// A configuration file, and behind a zero byte each a variable of the environment.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut parts = text.split('\0');
    let file = parts.next().map(|text| (Path::new("fuzz.toml"), text));
    let variables = parts.filter_map(|part| part.split_once('='));
    let variables = variables.map(|(name, value)| (OsString::from(format!("TICKWIRE_{name}")), OsString::from(value)));
    let Ok(raw) = lay(file, variables) else { return };
    let written = to_toml(&raw);
    let again = lay(Some((Path::new("again.toml"), &written)), []).expect("what was written is read");
    assert_eq!(again, raw, "what was written is what is read");
    if let Ok(checked) = check(raw) {
        assert!(checked.rooms.tick_rate_hz > 0 && checked.rooms.players_max > 0 && checked.workers > 0);
    }
}
