//! Tickets.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("ticket"), |bytes: &[u8]| fuzz::tickets::ticket(bytes));
