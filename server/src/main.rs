//! The server with its built-in game, and with the workload that its figures are measured on. Everything else is in the
//! library: a server for another game is this file with another offer.

use std::process::ExitCode;
use std::sync::Arc;

use server::app::{self, Offer};
use server::arena_n::{self, ArenaN};
use server::game::{self, Arena};

fn main() -> ExitCode {
    app::main(&[
        Offer {
            maps: Some(game::on_maps),
            tables: game::TABLES,
            page: "/",
            ..Offer::new("arena", || Arc::new(Arena::default()))
        },
        Offer { tables: arena_n::TABLES, ..Offer::new("arena-n", || Arc::new(ArenaN)) },
    ])
}
