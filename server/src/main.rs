//! Loads the configuration, starts logging, runs.

fn main() {}
