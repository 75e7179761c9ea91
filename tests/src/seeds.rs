//! Where seeds come from, and how a failure says how to see it again.
//!
//! `TICKWIRE_SEED=0x5EED` plays that seed alone; `TICKWIRE_SEEDS=500` plays that many. Without either a story plays as many
//! as it asks for, always the same ones.

use std::env;

/// Seeds between two words on how far a story is.
const PROGRESS_EVERY: u64 = 100;

/// Plays `story` with each seed, and says how many there were: `seeds: N`.
pub fn each(test: &str, name: &str, default_count: u64, mut story: impl FnMut(u64)) {
    if let Some(seed) = number("TICKWIRE_SEED") {
        println!("seeds: 1");
        story(seed);
        return;
    }
    let count = count_of(number("TICKWIRE_SEEDS"), default_count);
    println!("seeds: {count}");
    for round in 0..count {
        let seed = seed_of(name, round);
        let _replay = Replay { test, name, seed };
        story(seed);
        // Who plays many wants to see them go by.
        if (round + 1).is_multiple_of(PROGRESS_EVERY) {
            println!("{name}: {} of {count}", round + 1);
        }
    }
}

/// How many seeds are played.
///
/// # Panics
/// If none were asked for: a story that is not played must not be green.
#[must_use]
pub fn count_of(asked: Option<u64>, default_count: u64) -> u64 {
    let count = asked.unwrap_or(default_count);
    assert!(count > 0, "TICKWIRE_SEEDS=0 plays nothing: say at least 1");
    count
}

/// The seed of a round: spread out, and different for each story.
#[must_use]
pub fn seed_of(name: &str, round: u64) -> u64 {
    let name = name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3) // FNV-1a
    });
    (name ^ round).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 16
}

/// While a seed is played: if that panics, says how to play it again.
struct Replay<'a> {
    test: &'a str,
    name: &'a str,
    seed: u64,
}

impl Drop for Replay<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { test, name, seed } = self;
            println!("play it again: TICKWIRE_SEED={seed:#x} cargo test -p tests --test {test} {name}");
        }
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    let read = text.strip_prefix("0x").map_or_else(|| text.parse().ok(), |hex| u64::from_str_radix(hex, 16).ok());
    Some(read.unwrap_or_else(|| panic!("{name}={text:?} is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_seeds_are_played_as_were_asked_for() {
        assert_eq!((count_of(None, 3), count_of(Some(500), 3)), (3, 500));
    }

    #[test]
    #[should_panic(expected = "plays nothing")]
    fn no_seeds_at_all_are_refused() {
        let _ = count_of(Some(0), 3);
    }
}
