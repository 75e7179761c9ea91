//! Connections that are counted, in total and per address, for as long as something of them is left.
//!
//! Never here: the caps (see the directory).

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::{Directory, Refused};

/// A connection that is counted. Dropping it takes it off.
#[derive(Debug)]
pub struct Presence {
    pub(super) directory: Arc<Directory>,
    /// What it is counted under; none if its address is not limited.
    pub(super) address: Option<IpAddr>,
}

/// A connection on the way to a seat that is counted. Dropping it takes it off.
#[derive(Debug)]
pub struct Approach {
    pub(super) directory: Arc<Directory>,
    /// See [`Presence`].
    pub(super) address: Option<IpAddr>,
}

/// A place that is kept for a player who is away, and counted. Dropping it takes it off.
#[derive(Debug)]
pub(super) struct Absence {
    pub(super) directory: Arc<Directory>,
    /// See [`Presence`].
    pub(super) address: Option<IpAddr>,
}

impl Presence {
    /// What it is counted under.
    #[must_use]
    pub const fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Counts it under another address from now on: its proxy has said where it comes from.
    ///
    /// # Errors
    /// That address has as many connections as it may have: it stays counted as it was.
    pub fn move_to(&mut self, address: IpAddr) -> Result<(), Refused> {
        let address = self.directory.limited(address);
        let mut state = self.directory.lock();
        if address != self.address {
            if !count_in(&mut state.addresses, address, self.directory.caps.connections_per_address_max) {
                return Err(Refused::AddressFull);
            }
            count_out(&mut state.addresses, self.address);
            self.address = address;
        }
        Ok(())
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut state = self.directory.lock();
        state.connections -= 1;
        count_out(&mut state.addresses, self.address);
    }
}

impl Drop for Approach {
    fn drop(&mut self) {
        count_out(&mut self.directory.lock().unseated, self.address);
    }
}

impl Drop for Absence {
    fn drop(&mut self) {
        let mut state = self.directory.lock();
        state.away_count -= 1;
        count_out(&mut state.away, self.address);
    }
}

/// Counts one more of an address that is limited. False: it has `max` already.
pub(super) fn count_in(counts: &mut BTreeMap<IpAddr, usize>, address: Option<IpAddr>, max: usize) -> bool {
    let Some(address) = address else { return true };
    let count = counts.entry(address).or_default();
    let fits = *count < max;
    *count += usize::from(fits);
    fits
}

/// Takes one off again. Inverse of [`count_in`].
pub(super) fn count_out(counts: &mut BTreeMap<IpAddr, usize>, address: Option<IpAddr>) {
    if let Some(address) = address
        && let Some(count) = counts.get_mut(&address)
    {
        *count -= 1;
        if *count == 0 {
            counts.remove(&address);
        }
    }
}

/// What one customer of a provider usually has: an IPv4 address, or a /64 of IPv6.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6([a, b, c, d, 0, 0, 0, 0].into())
        }
    }
}
