//! A client against a server that lies.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("session"), |bytes: &[u8]| fuzz::client::session(bytes));
