//! Hello, Welcome, Redirect and Audit: bincode behind a limit.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("control"), |bytes: &[u8]| fuzz::messages::control(bytes));
