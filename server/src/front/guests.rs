//! Guests: who comes without a ticket where that is allowed, and not too often from one address.
//!
//! ```text
//!   upgrade without a ticket ─┬─► allowed? ─► the address's bucket ─► Identity with a random key, until the longest time is over
//!   GET /api/guest ───────────┘     401, 403      429                └► the same as a ticket that the server signs for itself
//! ```
//!
//! With a guest's ticket somebody is the same player when it comes again; without, another each time.
//!
//! Never here: whether a guest's ticket is genuine (see `tickets`).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use hyper::StatusCode;
use hyper::header::{self, HeaderValue};

use super::answers::Refusal;
use crate::config::GuestsConfig;
use crate::identity::{Identity, PlayerKey};

/// Addresses that buckets are kept for. Beyond, those that are full are forgotten; if none is, newcomers wait.
const ADDRESSES_MAX: usize = 65_536;

/// Between two looks at all buckets for those that can be forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// How long a guest's ticket is good where guests may stay without end.
const TICKET_TIME: Duration = Duration::from_secs(86_400);

/// Who may come as a guest, and how often.
#[derive(Debug)]
pub(super) struct Guests {
    config: GuestsConfig,
    buckets: Mutex<Buckets>,
}

/// For each address, when its bucket is full again (the generic cell rate algorithm).
#[derive(Debug, Default)]
struct Buckets {
    full_at: BTreeMap<IpAddr, Instant>,
    looked: Option<Instant>,
}

impl Guests {
    pub(super) fn new(config: &GuestsConfig) -> Self {
        Self { config: config.clone(), buckets: Mutex::default() }
    }

    /// A new guest from `address`; `counted` is what it is counted under, none if it is not limited.
    ///
    /// # Errors
    /// The operator lets none in, or the address brings too many.
    pub(super) fn admit(
        &self,
        address: IpAddr,
        counted: Option<IpAddr>,
        now: (Instant, SystemTime),
    ) -> Result<Identity, Refusal> {
        if !self.config.allowed {
            return Err(Refusal::unauthorized("ticket_missing", "a ticket is needed here: guests are not let in"));
        }
        if let Some(counted) = counted {
            let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
            buckets.take(counted, now.0, self.config.every, self.config.burst).map_err(too_fast)?;
        }
        let mut number = [0; 16];
        getrandom::fill(&mut number).map_err(|_| Refusal::try_again("busy", "the system gives no randomness"))?;
        let expires = self.config.session_max.map(|most| now.1 + most);
        Ok(Identity::guest(PlayerKey::guest(u128::from_le_bytes(number)), expires, address))
    }

    /// Until when the ticket of a guest is good.
    pub(super) fn ticket_end(&self, guest: &Identity, now: SystemTime) -> SystemTime {
        guest.expires.unwrap_or(now + TICKET_TIME)
    }
}

fn too_fast(wait: Duration) -> Refusal {
    let seconds = wait.as_secs() + 1;
    let message = "this address brings too many guests; come again later, or with a ticket";
    Refusal::new(StatusCode::TOO_MANY_REQUESTS, "guests_too_fast", message)
        .with(header::RETRY_AFTER, HeaderValue::from(seconds))
}

impl Buckets {
    /// Takes one out of an address's bucket.
    ///
    /// # Errors
    /// It is empty for so long.
    fn take(&mut self, address: IpAddr, now: Instant, every: Duration, burst: u32) -> Result<(), Duration> {
        if self.full_at.len() >= ADDRESSES_MAX && !self.full_at.contains_key(&address) {
            self.forget(now)?;
        }
        let full_at = self.full_at.entry(address).or_insert(now);
        let lacking = full_at.saturating_duration_since(now);
        let most = every * (burst.max(1) - 1);
        if lacking > most {
            return Err(lacking - most);
        }
        *full_at = now + lacking + every;
        Ok(())
    }

    /// Forgets the full ones.
    ///
    /// # Errors
    /// There are none: look again after so long.
    fn forget(&mut self, now: Instant) -> Result<(), Duration> {
        if self.looked.is_none_or(|looked| now >= looked + FORGET_EVERY) {
            self.looked = Some(now);
            self.full_at.retain(|_, full_at| *full_at > now);
        }
        if self.full_at.len() < ADDRESSES_MAX { Ok(()) } else { Err(FORGET_EVERY) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn guests(allowed: bool) -> Guests {
        let every = Duration::from_secs(2);
        Guests::new(&GuestsConfig { allowed, every, burst: 3, session_max: Some(Duration::from_secs(60)) })
    }

    #[test]
    fn an_address_brings_a_burst_and_then_one_at_a_time_and_others_are_not_touched() {
        let (guests, address) = (guests(true), IpAddr::from([192, 0, 2, 1]));
        let (start, wall) = (Instant::now(), SystemTime::UNIX_EPOCH);
        let come = |counted, after_ms| {
            let now = (start + Duration::from_millis(after_ms), wall);
            guests.admit(address, counted, now).map_err(|refusal| (refusal.status.as_u16(), refusal.reason))
        };
        let refused = Err((429, "guests_too_fast"));
        let mut players: Vec<_> = (0..3).map(|_| come(Some(address), 0).expect("the burst").player).collect();
        assert_eq!(come(Some(address), 0), refused);
        assert_eq!(come(Some(address), 1_999), refused);
        players.push(come(Some(address), 2_000).expect("one more").player);
        assert_eq!(come(Some(address), 2_000), refused);
        players.push(come(Some([192, 0, 2, 2].into()), 2_000).expect("another address").player);
        players.push(come(None, 2_000).expect("not limited").player);
        players.sort();
        players.dedup();
        assert_eq!(players.len(), 6, "each guest is somebody else");
    }

    #[test]
    fn a_guest_has_its_time_and_where_none_are_let_in_a_ticket_is_asked_for() {
        let (address, wall) = (IpAddr::from([127, 0, 0, 1]), SystemTime::UNIX_EPOCH);
        let guest = guests(true).admit(address, None, (Instant::now(), wall)).expect("allowed");
        assert_eq!(guest.expires, Some(wall + Duration::from_secs(60)));
        assert!(guest.player.is_guest() && guest.address == address);
        let refusal = guests(false).admit(address, None, (Instant::now(), wall)).expect_err("not allowed");
        assert_eq!((refusal.status.as_u16(), refusal.reason), (401, "ticket_missing"));
    }

    #[test]
    fn so_many_buckets_are_kept_and_no_more() {
        let (mut buckets, start) = (Buckets::default(), Instant::now());
        let mut take = |number: usize, after_s| {
            let address = Ipv4Addr::from(number as u32).into();
            buckets.take(address, start + Duration::from_secs(after_s), Duration::from_secs(2), 1)
        };
        for number in 0..ADDRESSES_MAX {
            take(number, 0).expect("room");
        }
        assert!(take(ADDRESSES_MAX, 0).is_err() && take(0, 0).is_err());
        take(ADDRESSES_MAX, 3).expect("the others are full again and forgotten");
        assert!(buckets.full_at.len() < 10);
    }
}
