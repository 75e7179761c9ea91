//! A room against clients that lie.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("room"), |bytes: &[u8]| fuzz::room::room(bytes));
