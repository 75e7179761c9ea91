//! Tickets for stories, made as anybody makes them: by the server's own command line.

use clap::Parser;
use server::config::cli::{Command, CommandLine};
use server::ticket_command::obey;

/// What `tickwire-server ticket` says when it is asked so.
///
/// # Panics
/// If it refuses.
pub fn command(words: &[&str]) -> String {
    let line = CommandLine::try_parse_from(["tickwire-server", "ticket"].iter().chain(words)).expect("understood");
    let Some(Command::Ticket(asked)) = line.command else { panic!("not of tickets") };
    obey(&asked).expect("done")
}

/// The first block of code below a heading of a page.
///
/// # Panics
/// If there is no such heading, or no block below it.
#[must_use]
pub fn block_below(page: &str, heading: &str) -> String {
    let (_, below) = page.split_once(&format!("\n### {heading}\n")).expect("the heading is there");
    let code = below.split("```").nth(1).expect("a block is below it");
    let (_, code) = code.split_once('\n').expect("a language, and lines");
    code.to_owned()
}
