//! A map of the Tiled editor.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("map"), |bytes: &[u8]| fuzz::maps::map(bytes));
