//! How often may an address begin? A bucket for each, in a table that cannot grow without end.
//!
//! ```text
//!   accept ─► take(address) ─► so many per second, a few at once ─► on with it
//!                │                         └ more: closed at once, before any work is done for it
//!                └ an address that the full table does not know shares one bucket with all the others like it
//! ```
//!
//! One moment is kept per address: when what it took will have been given back. Moments that have gone by are forgotten, so the table
//! holds only those who came lately; when it is full of them, strangers share, and whoever it knows goes on as before.
//!
//! Never here: a clock, what becomes of who is refused (see `listener`).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses that are kept apart; an entry takes some 60 bytes.
const ADDRESSES_MAX: usize = 16_384;
/// Between two looks through a full table.
const SWEEP_EVERY: Duration = Duration::from_millis(500);

/// Buckets of addresses.
#[derive(Debug)]
pub(super) struct AddressBuckets {
    /// What one turn costs.
    turn: Duration,
    /// What may be owed.
    burst: Duration,
    addresses_max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// When each has been given back what it took.
    even_at: HashMap<IpAddr, Instant>,
    /// The same of all that the full table does not know.
    others_even_at: Option<Instant>,
    swept: Option<Instant>,
}

impl AddressBuckets {
    /// `per_second` turns each, `burst` of them at once; both 1 or more.
    pub(super) fn new(per_second: u32, burst: u32) -> Self {
        Self::of_size(per_second, burst, ADDRESSES_MAX)
    }

    fn of_size(per_second: u32, burst: u32, addresses_max: usize) -> Self {
        let turn = Duration::from_secs(1) / per_second.max(1);
        Self { turn, burst: turn * burst.max(1), addresses_max, state: Mutex::default() }
    }

    /// Takes a turn. False: it comes too soon, and nothing was taken.
    pub(super) fn take(&self, address: IpAddr, now: Instant) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *state;
        if !state.even_at.contains_key(&address) && state.even_at.len() >= self.addresses_max {
            state.sweep(now);
            if state.even_at.len() >= self.addresses_max {
                return self.take_from(state.others_even_at.get_or_insert(now), now);
            }
        }
        self.take_from(state.even_at.entry(address).or_insert(now), now)
    }

    fn take_from(&self, even_at: &mut Instant, now: Instant) -> bool {
        let then = (*even_at).max(now) + self.turn;
        let taken = then <= now + self.burst;
        if taken {
            *even_at = then;
        }
        taken
    }
}

impl State {
    /// Forgets whom nothing is owed by.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now >= swept + SWEEP_EVERY) {
            self.swept = Some(now);
            self.even_at.retain(|_, even_at| *even_at > now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn a_burst_is_forgiven_and_the_rate_holds_after_it_for_each_address_by_itself() {
        let buckets = AddressBuckets::new(10, 5);
        let now = Instant::now();
        assert_eq!((0..20).filter(|_| buckets.take(address(1), now)).count(), 5);
        assert!(buckets.take(address(2), now));
        let later = now + Duration::from_millis(250);
        assert_eq!((0..20).filter(|_| buckets.take(address(1), later)).count(), 2);
        let much_later = now + Duration::from_secs(60);
        assert_eq!((0..20).filter(|_| buckets.take(address(1), much_later)).count(), 5);
    }

    #[test]
    fn a_full_table_keeps_whom_it_knows_apart_and_lets_strangers_share() {
        let buckets = AddressBuckets::of_size(1, 2, 3);
        let now = Instant::now();
        assert!((1..=3).all(|last| buckets.take(address(last), now)));
        assert_eq!((4..=200).filter(|&last| buckets.take(address(last), now)).count(), 2);
        assert!(buckets.take(address(1), now), "known, and has one left");
        assert_eq!(buckets.state.lock().unwrap().even_at.len(), 3);
        let later = now + Duration::from_secs(5);
        assert_eq!((4..=6).filter(|&last| buckets.take(address(last), later)).count(), 3, "those before are forgotten");
    }
}
