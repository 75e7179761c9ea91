//! Code tables, from a server or a file.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("tables"), |bytes: &[u8]| fuzz::declared::tables(bytes));
