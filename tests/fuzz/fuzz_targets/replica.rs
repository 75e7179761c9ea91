//! State frames against what a client holds.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("replica"), |bytes: &[u8]| fuzz::frames::replica(bytes));
