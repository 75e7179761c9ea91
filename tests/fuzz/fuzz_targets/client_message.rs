//! What clients say.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("client_message"), |bytes: &[u8]| fuzz::messages::client_message(bytes));
