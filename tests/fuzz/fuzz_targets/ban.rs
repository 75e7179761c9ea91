//! A line of a file of bans.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("ban"), |bytes: &[u8]| fuzz::bans::ban(bytes));
