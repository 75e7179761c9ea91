//! A configuration file and the environment.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("config"), |bytes: &[u8]| fuzz::files::config(bytes));
