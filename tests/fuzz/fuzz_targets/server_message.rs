//! What servers say, state frames aside.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("server_message"), |bytes: &[u8]| fuzz::messages::server_message(bytes));
