//! How often a wrong token may be shown from one address: a bucket for each, and a bound on how many are remembered.
//!
//! Who has no attempt left is refused even with the right token: else guessing would go on unhindered, and only the answers would change.
//!
//! Never here: which tokens are right (see `tokens`).

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are remembered; over it the one that has been quiet longest is forgotten.
const ADDRESSES_MAX: usize = 1024;

/// Wrong tokens lately.
#[derive(Clone, Copy, Debug)]
struct Tally {
    wrong: u32,
    /// Since when `wrong` is counted.
    since: Instant,
}

/// Wrong tokens, by address (an IPv6 address stands for its /64).
#[derive(Debug)]
pub(crate) struct Attempts {
    most: u32,
    tallies: Mutex<BTreeMap<IpAddr, Tally>>,
}

/// What counts together.
const WINDOW: Duration = Duration::from_secs(60);

impl Attempts {
    /// So many wrong tokens per address and minute.
    pub(crate) const fn new(most: u32) -> Self {
        Self { most, tallies: Mutex::new(BTreeMap::new()) }
    }

    /// Whether it may show a token.
    ///
    /// # Errors
    /// It showed too many wrong ones: how long to wait.
    pub(super) fn check(&self, from: IpAddr, now: Instant) -> Result<(), Duration> {
        let tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        match tallies.get(&network_of(from)) {
            Some(tally) if tally.wrong >= self.most => {
                let left = WINDOW.saturating_sub(now.saturating_duration_since(tally.since));
                if left.is_zero() { Ok(()) } else { Err(left) }
            }
            _ => Ok(()),
        }
    }

    /// It showed a wrong one.
    pub(super) fn note_wrong(&self, from: IpAddr, now: Instant) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let from = network_of(from);
        if !tallies.contains_key(&from) && tallies.len() >= ADDRESSES_MAX {
            let quietest = tallies.iter().min_by_key(|(_, tally)| tally.since).map(|(address, _)| *address);
            quietest.map(|address| tallies.remove(&address));
        }
        let tally = tallies.entry(from).or_insert(Tally { wrong: 0, since: now });
        if now.saturating_duration_since(tally.since) >= WINDOW {
            *tally = Tally { wrong: 0, since: now };
        }
        tally.wrong = tally.wrong.saturating_add(1);
    }
}

fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn who_guesses_is_stopped_for_the_rest_of_the_minute_and_nobody_else_is() {
        let attempts = Attempts::new(3);
        let start = Instant::now();
        for _ in 0..3 {
            assert!(attempts.check(address("192.0.2.1"), start).is_ok());
            attempts.note_wrong(address("192.0.2.1"), start);
        }
        let wait = attempts.check(address("::ffff:192.0.2.1"), start + Duration::from_secs(20));
        assert_eq!(wait, Err(Duration::from_secs(40)));
        assert!(attempts.check(address("192.0.2.2"), start).is_ok());
        assert!(attempts.check(address("192.0.2.1"), start + WINDOW).is_ok());
        attempts.note_wrong(address("192.0.2.1"), start + WINDOW);
        assert!(attempts.check(address("192.0.2.1"), start + WINDOW).is_ok(), "counted anew");
    }

    #[test]
    fn a_network_counts_as_one_and_what_is_remembered_is_bounded() {
        let attempts = Attempts::new(1);
        let start = Instant::now();
        attempts.note_wrong(address("2001:db8::1"), start);
        assert!(attempts.check(address("2001:db8::ffff"), start).is_err());
        assert!(attempts.check(address("2001:db8:0:1::1"), start).is_ok());
        for number in 0..2 * ADDRESSES_MAX as u32 {
            let address = IpAddr::from((0x0a00_0000 + number).to_be_bytes());
            attempts.note_wrong(address, start + Duration::from_millis(1));
        }
        assert_eq!(attempts.tallies.lock().expect("not poisoned").len(), ADDRESSES_MAX);
        assert!(attempts.check(address("2001:db8::1"), start).is_ok(), "the quietest is forgotten first");
    }
}
