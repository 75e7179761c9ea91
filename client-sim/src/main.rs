//! The command line of the headless client.

fn main() {}
