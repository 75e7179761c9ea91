//! A player's name.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("name"), |bytes: &[u8]| fuzz::doors::name(bytes));
