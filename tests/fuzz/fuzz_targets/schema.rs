//! The schema that a Welcome brings.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("schema"), |bytes: &[u8]| fuzz::declared::schema(bytes));
