//! A stream of WebSocket frames.

#![no_main]

libfuzzer_sys::fuzz_target!(init: fuzz::seeds::write_if_asked("websocket"), |bytes: &[u8]| fuzz::doors::websocket(bytes));
