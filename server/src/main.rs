//! The server with its built-in game. Everything else is in the library: a server for another game is this file with
//! another offer.

use std::process::ExitCode;
use std::sync::Arc;

use server::app::{self, Offer};
use server::game::Arena;

fn main() -> ExitCode {
    app::main(&[Offer { name: "arena", make: || Arc::new(Arena) }])
}
