//! A recorded world.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("trace"), |bytes: &[u8]| fuzz::files::trace(bytes));
