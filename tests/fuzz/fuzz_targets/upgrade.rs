//! A request to upgrade.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("upgrade"), |bytes: &[u8]| fuzz::doors::upgrade(bytes));
