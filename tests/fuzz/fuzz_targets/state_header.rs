//! The header of a state frame.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("state_header"), |bytes: &[u8]| fuzz::messages::state_header(bytes));
