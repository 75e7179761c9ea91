//! Which rooms there are and who has a place in one: asked by the front, told by the workers.
//!
//! ```text
//!   accept ─► arrive(address) ─► Presence ─┐           (connections, in total and per address)
//!   upgrade ─► approach(address) ─► Approach ─┐        (on the way to a seat, per address)
//!              admit(room) ─► Place ◄──────┴──┴ keeps both until it is seated, or gone  (rooms, players per room)
//!                               │
//!                               └ travels with the connection through the mailbox; dropped with its socket
//! ```
//!
//! The caps are exact under concurrency because counting and deciding happen under one lock, which is never held across
//! anything else. A place is given back by dropping it, so no path can forget to. A room is listed from its first place
//! until its worker ends it, and it can only be ended while no place is held: nobody is ever on the way to a room that
//! is gone. A room that its worker has not made yet goes with its last place, for no worker knows that it should end it.
//!
//! Never here: sockets, worlds, what a room does.

// A place in a room that somebody holds.
mod place;

// What a room is called.
mod room_name;

// Connections that are counted, in total and per address.
mod presence;

// Places for who comes back to a seat.
mod returning;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::standing::Standing;
pub use place::Place;
use presence::{Absence, count_in, network_of};
pub use presence::{Approach, Presence};
use returning::Returning;
pub use room_name::{BadRoomName, ROOM_NAME_BYTES_MAX, RoomName};

/// Rooms that may be listed and not made yet: workers make them one by one, beside their ticks. Over it: refused, `busy`.
pub const ROOMS_UNMADE_MAX: usize = 64;

/// Where the quick match puts players first.
const QUICK_MATCH_ROOM: &str = "main";

/// One life of a room. A name can be used again after its room has ended; an id never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// Why somebody was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The room has as many players as it may have.
    #[error("the room is full")]
    RoomFull,
    /// Nobody plays in a room of that name; a spectator makes none.
    #[error("there is no such room to look on at: come when somebody plays there")]
    NoRoom,
    /// There are as many rooms as there may be.
    #[error("there are as many rooms as this server may have")]
    RoomsFull,
    /// As many rooms are listed and not made yet as may be.
    #[error("the server is busy making rooms")]
    Busy,
    /// There are as many connections as there may be.
    #[error("there are as many connections as this server may have")]
    ConnectionsFull,
    /// This address has as many connections as it may have.
    #[error("this address has as many connections as it may have")]
    AddressFull,
    /// This address has as many connections on the way to a seat as it may have.
    #[error("this address has as many connections that have not said hello as it may have")]
    UnseatedFull,
    /// The server is going away.
    #[error("the server is shutting down")]
    Draining,
}

/// The caps.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Players per room.
    pub players_max: usize,
    /// Spectators per room, beside its players.
    pub spectators_max: usize,
    /// Rooms in this process.
    pub rooms_max: usize,
    /// Connections in this process, those that only look at a page included.
    pub connections_max: usize,
    /// Connections per address (an IPv6 address stands for its /64).
    pub connections_per_address_max: usize,
    /// Of these, those that have a place and no seat yet.
    pub unseated_per_address_max: usize,
    /// Seats that are kept for players of one address who are away.
    pub away_per_address_max: usize,
    /// Whether the loopback addresses are limited like others.
    pub limit_loopback: bool,
    /// Worker threads.
    pub workers: usize,
    /// Steps per second of every room; only told on.
    pub tick_rate_hz: u16,
}

impl Caps {
    /// How many of those may be in a room, as far as the directory counts them.
    const fn most(&self, standing: Standing) -> usize {
        match standing {
            Standing::Player => self.players_max,
            Standing::Spectator => self.spectators_max,
            Standing::Auditor => usize::MAX,
        }
    }

    /// Where nobody may look on, who asks to is counted as a player until the room tells it so.
    const fn granted(&self, standing: Standing) -> Standing {
        if self.spectators_max == 0 { Standing::Player } else { standing }
    }
}

/// One line of the list of rooms.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RoomSummary {
    /// The room's name.
    pub name: String,
    /// Places held.
    pub players: usize,
    /// Places there are.
    pub cap: usize,
    /// Spectators.
    pub spectators: usize,
    /// Steps per second.
    pub tick_rate_hz: u16,
}

#[derive(Debug)]
struct Listed {
    name: RoomName,
    worker: usize,
    places: usize,
    /// Connections of spectators.
    spectators: usize,
    /// Connections that audit.
    auditors: usize,
    /// Connections without a place of their own that may come back to a seat.
    returning: usize,
    /// Whether its worker has it.
    made: bool,
}

impl Listed {
    /// Nobody is in it or on the way to it.
    const fn is_empty(&self) -> bool {
        self.places + self.spectators + self.auditors + self.returning == 0
    }

    /// Where a place is counted.
    const fn counted_mut(&mut self, standing: Standing, returning: bool) -> &mut usize {
        if returning { &mut self.returning } else { self.count_mut(standing) }
    }

    /// How many there are of those.
    const fn count_mut(&mut self, standing: Standing) -> &mut usize {
        match standing {
            Standing::Player => &mut self.places,
            Standing::Spectator => &mut self.spectators,
            Standing::Auditor => &mut self.auditors,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    rooms: BTreeMap<RoomId, Listed>,
    names: BTreeMap<RoomName, RoomId>,
    next_id: u64,
    connections: usize,
    addresses: BTreeMap<IpAddr, usize>,
    unseated: BTreeMap<IpAddr, usize>,
    /// Places of seats whose players are away, by the address that they came from.
    away: BTreeMap<IpAddr, usize>,
    /// The same, in all.
    away_count: usize,
    /// Connections without a place of their own that may come back to a seat, by address.
    returning: BTreeMap<IpAddr, usize>,
    draining: bool,
}

/// The list of rooms, and who holds a place in them.
#[derive(Debug)]
pub struct Directory {
    caps: Caps,
    state: Mutex<State>,
}

impl Directory {
    /// An empty directory.
    #[must_use]
    pub fn new(caps: Caps) -> Arc<Self> {
        Arc::new(Self { caps, state: Mutex::default() })
    }

    /// Counts a new connection from `address`.
    ///
    /// # Errors
    /// A cap on connections is reached: close it, it may come again.
    pub fn arrive(self: &Arc<Self>, address: IpAddr) -> Result<Presence, Refused> {
        let address = self.limited(address);
        let mut state = self.lock();
        if state.connections >= self.caps.connections_max {
            return Err(Refused::ConnectionsFull);
        }
        if !count_in(&mut state.addresses, address, self.caps.connections_per_address_max) {
            return Err(Refused::AddressFull);
        }
        state.connections += 1;
        Ok(Presence { directory: self.clone(), address })
    }

    /// Counts a new connection from a proxy of ours, or one that is only told to come again: in total and under no address.
    ///
    /// # Errors
    /// There are as many connections as there may be.
    pub fn arrive_in_passing(self: &Arc<Self>) -> Result<Presence, Refused> {
        let mut state = self.lock();
        if state.connections >= self.caps.connections_max {
            return Err(Refused::ConnectionsFull);
        }
        state.connections += 1;
        Ok(Presence { directory: self.clone(), address: None })
    }

    /// Counts a connection from `address` that is about to ask for a place, until it has a seat: whoever takes places
    /// without sitting down must not take many.
    ///
    /// # Errors
    /// So many of that address are on the way already: 503, come again.
    pub fn approach(self: &Arc<Self>, address: IpAddr) -> Result<Approach, Refused> {
        let address = self.limited(address);
        if !count_in(&mut self.lock().unseated, address, self.caps.unseated_per_address_max) {
            return Err(Refused::UnseatedFull);
        }
        Ok(Approach { directory: self.clone(), address })
    }

    /// Reserves a place in the room of that name, for a player or a spectator; makes the room if there is none, but not for a spectator.
    ///
    /// # Errors
    /// A cap is reached or the server drains: 503, come again.
    pub fn admit(self: &Arc<Self>, name: &RoomName, standing: Standing) -> Result<Place, Refused> {
        let mut state = self.lock();
        let standing = self.caps.granted(standing);
        let (room_id, worker) = state.reserve(name, standing, &self.caps)?;
        Ok(self.place(name.clone(), room_id, worker, standing))
    }

    /// The quick match: reserves a place in `main`, or in the first of `main-2`, `main-3`, … that has one; for a spectator, of those
    /// that are there.
    ///
    /// # Errors
    /// All of them are full and there may be no more rooms, or the server drains.
    pub fn admit_anywhere(self: &Arc<Self>, standing: Standing) -> Result<Place, Refused> {
        let mut state = self.lock();
        let standing = self.caps.granted(standing);
        let mut last = Refused::RoomsFull;
        // One more than there are rooms: among so many names one is free, or the cap on rooms decides.
        for number in 1..=self.caps.rooms_max + 1 {
            let name = RoomName::numbered(QUICK_MATCH_ROOM, number);
            match state.reserve(&name, standing, &self.caps) {
                Ok((room_id, worker)) => return Ok(self.place(name, room_id, worker, standing)),
                Err(refused @ Refused::RoomFull) => last = refused,
                Err(Refused::NoRoom) => {}
                Err(refused) => return Err(refused),
            }
        }
        Err(match (standing, last) {
            (Standing::Spectator, Refused::RoomsFull) => Refused::NoRoom,
            (Standing::Spectator, full) => full,
            (Standing::Player | Standing::Auditor, _) => Refused::RoomsFull,
        })
    }

    /// Its worker has made the room: from now on the list keeps it until it is ended.
    pub fn made(&self, room_id: RoomId) {
        if let Some(listed) = self.lock().rooms.get_mut(&room_id) {
            listed.made = true;
        }
    }

    /// Whether the room is on the list. An empty one makes way for a new one when there are as many as may be; its worker
    /// asks.
    #[must_use]
    pub fn lists(&self, room_id: RoomId) -> bool {
        self.lock().rooms.contains_key(&room_id)
    }

    /// Takes a room off the list, unless somebody holds a place in it. True: it is gone (or was already).
    pub fn try_end(&self, room_id: RoomId) -> bool {
        let mut state = self.lock();
        let held = state.rooms.get(&room_id).is_some_and(|listed| !listed.is_empty());
        if !held {
            state.strike_off(room_id);
        }
        !held
    }

    /// From now on nobody is admitted.
    pub fn drain(&self) {
        self.lock().draining = true;
    }

    /// Whether nobody is admitted any more.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.lock().draining
    }

    /// Whether a newcomer could find a place somewhere.
    #[must_use]
    pub fn has_space(&self) -> bool {
        let state = self.lock();
        let in_a_room = state.rooms.values().any(|listed| listed.places < self.caps.players_max);
        state.connections < self.caps.connections_max && (in_a_room || state.rooms.len() < self.caps.rooms_max)
    }

    /// The rooms, by name.
    #[must_use]
    pub fn rooms(&self) -> Vec<RoomSummary> {
        let state = self.lock();
        let listed = state.names.values().filter_map(|id| state.rooms.get(id));
        listed
            .map(|listed| RoomSummary {
                name: listed.name.to_string(),
                players: listed.places,
                cap: self.caps.players_max,
                spectators: listed.spectators,
                tick_rate_hz: self.caps.tick_rate_hz,
            })
            .collect()
    }

    /// How many places are held, in all rooms.
    #[must_use]
    pub fn place_count(&self) -> usize {
        self.lock().rooms.values().map(|listed| listed.places).sum()
    }

    /// How many of these are there, or on their way: those whose seats are kept while they are away are not.
    #[must_use]
    pub fn present_count(&self) -> usize {
        let state = self.lock();
        let held: usize = state.rooms.values().map(|listed| listed.places + listed.returning).sum();
        held.saturating_sub(state.away_count)
    }

    /// How many rooms are listed.
    #[must_use]
    pub fn room_count(&self) -> usize {
        self.lock().rooms.len()
    }

    /// How many connections are counted.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.lock().connections
    }

    fn place(self: &Arc<Self>, room: RoomName, room_id: RoomId, worker: usize, standing: Standing) -> Place {
        let (presence, approach, absence) = (None, None, None);
        Place {
            room,
            room_id,
            worker,
            directory: self.clone(),
            standing,
            returning: None,
            given_away: false,
            presence,
            approach,
            absence,
        }
    }

    /// What an address is counted under; none if it is not limited.
    #[must_use]
    pub fn limited(&self, address: IpAddr) -> Option<IpAddr> {
        let address = address.to_canonical();
        (self.caps.limit_loopback || !address.is_loopback()).then(|| network_of(address))
    }

    /// A panic under the lock cannot leave it half-changed: nothing in here panics between two changes.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn reserve(&mut self, name: &RoomName, standing: Standing, caps: &Caps) -> Result<(RoomId, usize), Refused> {
        if self.draining {
            return Err(Refused::Draining);
        }
        if let Some(&id) = self.names.get(name)
            && let Some(listed) = self.rooms.get_mut(&id)
        {
            if *listed.count_mut(standing) >= caps.most(standing) {
                return Err(Refused::RoomFull);
            }
            *listed.count_mut(standing) += 1;
            return Ok((id, listed.worker));
        }
        if standing == Standing::Spectator {
            return Err(Refused::NoRoom);
        }
        if self.rooms.len() >= caps.rooms_max {
            let empty = self.rooms.iter().find(|(_, listed)| listed.is_empty()).map(|(&id, _)| id);
            self.strike_off(empty.ok_or(Refused::RoomsFull)?);
        }
        if self.rooms.values().filter(|listed| !listed.made).count() >= ROOMS_UNMADE_MAX {
            return Err(Refused::Busy);
        }
        let id = RoomId(self.next_id);
        self.next_id += 1;
        let worker = self.idlest_worker(caps.workers);
        let mut listed =
            Listed { name: name.clone(), worker, places: 0, spectators: 0, auditors: 0, returning: 0, made: false };
        *listed.count_mut(standing) += 1;
        self.rooms.insert(id, listed);
        self.names.insert(name.clone(), id);
        Ok((id, worker))
    }

    fn strike_off(&mut self, room_id: RoomId) {
        if let Some(listed) = self.rooms.remove(&room_id) {
            self.names.remove(&listed.name);
        }
    }

    /// The worker with the fewest places, then the fewest rooms, then the lowest number.
    fn idlest_worker(&self, workers: usize) -> usize {
        let mut load = vec![(0, 0); workers.max(1)];
        for listed in self.rooms.values() {
            load[listed.worker].0 += listed.places;
            load[listed.worker].1 += 1;
        }
        (0..load.len()).min_by_key(|&worker| load[worker]).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::returning::RETURNING_PER_ADDRESS;
    use super::*;

    const CAPS: Caps = Caps {
        players_max: 3,
        spectators_max: 2,
        rooms_max: 2,
        connections_max: 5,
        connections_per_address_max: 2,
        unseated_per_address_max: 2,
        away_per_address_max: 2,
        limit_loopback: false,
        workers: 2,
        tick_rate_hz: 30,
    };

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn name(text: &str) -> RoomName {
        RoomName::new(text).expect("a good name")
    }

    #[test]
    fn a_room_is_made_once_and_joined_by_name_up_to_its_cap() {
        let directory = Directory::new(CAPS);
        let mut places: Vec<Place> =
            (0..3).map(|_| directory.admit(&name("a"), Standing::Player).expect("there is space")).collect();
        assert!(places.iter().all(|place| place.room_id == places[0].room_id && place.worker == places[0].worker));
        assert_eq!(directory.admit(&name("a"), Standing::Player).err(), Some(Refused::RoomFull));
        places.pop();
        directory.admit(&name("a"), Standing::Player).expect("a place was given back");
    }

    #[test]
    fn there_are_no_more_rooms_than_allowed_and_the_idlest_worker_gets_the_next() {
        let directory = Directory::new(CAPS);
        let first = directory.admit(&name("a"), Standing::Player).expect("there is space");
        let second = directory.admit(&name("b"), Standing::Player).expect("there is space");
        assert_ne!(first.worker, second.worker);
        assert_eq!(directory.admit(&name("c"), Standing::Player).err(), Some(Refused::RoomsFull));
        let listed: Vec<String> = directory.rooms().into_iter().map(|room| room.name).collect();
        assert_eq!(listed, ["a", "b"]);
    }

    #[test]
    fn a_room_ends_only_when_nobody_holds_a_place_and_its_name_starts_a_new_life() {
        let directory = Directory::new(CAPS);
        let place = directory.admit(&name("a"), Standing::Player).expect("there is space");
        let id = place.room_id;
        directory.made(id);
        assert!(!directory.try_end(id));
        drop(place);
        assert_eq!(directory.room_count(), 1);
        assert!(directory.try_end(id) && directory.try_end(id));
        assert_eq!(directory.room_count(), 0);
        let again = directory.admit(&name("a"), Standing::Player).expect("there is space");
        assert_ne!(again.room_id, id);
        assert!(directory.try_end(id), "the old life stays ended");
        assert_eq!(directory.room_count(), 1);
    }

    #[test]
    fn an_empty_room_makes_way_for_a_new_one_when_there_may_be_no_more() {
        let directory = Directory::new(CAPS);
        let left = directory.admit(&name("left"), Standing::Player).expect("there is space");
        let _played = directory.admit(&name("played"), Standing::Player).expect("there is space");
        let id = left.room_id;
        directory.made(id);
        drop(left);
        assert!(directory.lists(id) && directory.has_space());
        let _new = directory.admit(&name("new"), Standing::Player).expect("nobody is in the oldest");
        assert!(!directory.lists(id) && directory.try_end(id));
        assert_eq!(directory.room_count(), 2);
        assert_eq!(directory.admit(&name("left"), Standing::Player).err(), Some(Refused::RoomsFull));
    }

    #[test]
    fn a_room_that_nobody_has_made_goes_with_its_last_place() {
        let directory = Directory::new(CAPS);
        let places = [0; 2].map(|_| directory.admit(&name("a"), Standing::Player).expect("there is space"));
        let [first, last] = places;
        drop(first);
        assert_eq!(directory.room_count(), 1);
        drop(last);
        assert_eq!(directory.room_count(), 0, "its upgrade was never finished, so no worker would end it");
    }

    #[test]
    fn there_are_only_so_many_rooms_that_are_not_made_yet() {
        let directory = Directory::new(Caps { rooms_max: 1000, ..CAPS });
        let numbered = |number: usize| directory.admit(&name(&format!("r{number}")), Standing::Player);
        let places: Vec<Place> = (0..ROOMS_UNMADE_MAX).map(|number| numbered(number).expect("space")).collect();
        assert_eq!(numbered(1000).err(), Some(Refused::Busy));
        numbered(0).expect("one that is listed can be joined");
        directory.made(places[5].room_id);
        numbered(1000).expect("one was made");
    }

    #[test]
    fn a_place_is_kept_with_its_seat_and_its_player_comes_back_to_a_full_room() {
        let directory = Directory::new(CAPS);
        let room = name("a");
        let mut places: Vec<Place> = (0..3).map(|_| directory.admit(&room, Standing::Player).expect("space")).collect();
        let mut cut = places.pop().expect("there are three");
        cut.keep(directory.arrive([192, 0, 2, 1].into()).expect("space"));
        let kept = cut.leave_to_seat().expect("it is the first of its address");
        assert_eq!((directory.place_count(), directory.connection_count()), (3, 1));
        drop(cut);
        assert_eq!((directory.place_count(), directory.connection_count()), (3, 0));
        assert_eq!(directory.present_count(), 2, "one is away");
        assert_eq!(directory.admit(&room, Standing::Player).err(), Some(Refused::RoomFull));
        let mut back = directory.admit_again(&room, ADDRESS).expect("a seat is kept");
        assert!(back.only_returns());
        assert_eq!(directory.place_count(), 3, "it has none of its own");
        back.seated(Standing::Player);
        drop(kept);
        assert_eq!(directory.place_count(), 3);
        drop((back, places));
        assert_eq!(directory.place_count(), 0);
        assert!(!directory.admit_again(&room, ADDRESS).expect("there is space").only_returns());
    }

    #[test]
    fn an_address_has_only_so_many_kept_places_and_one_that_is_not_kept_is_free_with_its_connection() {
        let directory = Directory::new(Caps { rooms_max: 8, connections_max: 100, ..CAPS });
        let cut = |room: &str, address: &str| {
            let mut place = directory.admit(&name(room), Standing::Player).expect("there is space");
            place.keep(directory.arrive(address.parse().expect("an address")).expect("there is space"));
            place.leave_to_seat()
        };
        let first = cut("a", "2001:db8::1").expect("the first");
        let second = cut("b", "2001:db8::2").expect("the second of its network");
        assert!(cut("c", "2001:db8::3").is_none(), "in whatever room");
        assert_eq!(directory.place_count(), 2);
        let other = cut("c", "2001:db8:0:1::3").expect("another network");
        let local: Vec<_> = (0..2).filter_map(|_| cut("d", "127.0.0.1")).collect();
        assert_eq!(local.len(), 2);
        drop(first);
        let third = cut("a", "2001:db8::3").expect("one came back, or its time was over");
        drop((second, third, other, local));
        assert_eq!((directory.place_count(), directory.connection_count()), (0, 0));
        assert!(directory.lock().away.is_empty());
    }

    #[test]
    fn whoever_only_says_that_it_has_a_seat_does_not_hold_the_way_back_shut_for_who_has() {
        let caps = Caps { connections_max: 100, connections_per_address_max: 100, away_per_address_max: 3, ..CAPS };
        let directory = Directory::new(caps);
        let room = name("a");
        let mut places: Vec<Place> = (0..3).map(|_| directory.admit(&room, Standing::Player).expect("space")).collect();
        let again = |address: &str| directory.admit_again(&room, address.parse().expect("an address"));
        let liars: Vec<Place> = (0..9).filter_map(|_| again("192.0.2.66").ok()).collect();
        assert_eq!(liars.len(), RETURNING_PER_ADDRESS);
        let keep = |place: &mut Place| {
            place.keep(directory.arrive([192, 0, 2, 1].into()).expect("space"));
            place.leave_to_seat().expect("kept")
        };
        let kept: Vec<Place> = places.iter_mut().map(keep).collect();
        places.clear();
        let mut back: Vec<Place> = (0..9).filter_map(|_| again("192.0.2.1").ok()).collect();
        assert_eq!(back.len(), 3, "as many as seats are kept of that address");
        assert_eq!(again("192.0.2.1").err(), Some(Refused::RoomFull));
        back.iter_mut().for_each(|place| place.seated(Standing::Player));
        drop(kept);
        assert_eq!((directory.place_count(), directory.present_count()), (3, 3 + liars.len()));
        drop((back, liars));
        let state = directory.lock();
        assert!(state.returning.is_empty() && state.away.is_empty() && state.away_count == 0);
    }

    #[test]
    fn only_so_many_come_back_at_once_also_while_the_server_drains() {
        let directory = Directory::new(CAPS);
        let room = name("a");
        let place = directory.admit(&room, Standing::Player).expect("space");
        directory.drain();
        let back: Vec<Place> = (0..12).map(|_| directory.admit_again(&room, ADDRESS).expect("it plays on")).collect();
        assert_eq!(directory.admit_again(&room, ADDRESS).err(), Some(Refused::Draining));
        assert_eq!(directory.admit_again(&name("b"), ADDRESS).err(), Some(Refused::Draining));
        directory.made(place.room_id);
        let id = place.room_id;
        drop(place);
        assert!(!directory.try_end(id), "somebody is on the way");
        drop(back);
        assert!(directory.try_end(id));
    }

    #[test]
    fn the_quick_match_fills_one_room_after_the_other() {
        let directory = Directory::new(CAPS);
        let places: Vec<Place> =
            (0..6).map(|_| directory.admit_anywhere(Standing::Player).expect("there is space")).collect();
        let rooms: Vec<&str> = places.iter().map(|place| place.room.as_str()).collect();
        assert_eq!(rooms, ["main", "main", "main", "main-2", "main-2", "main-2"]);
        assert!(!directory.has_space());
        assert_eq!(directory.admit_anywhere(Standing::Player).err(), Some(Refused::RoomsFull));
    }

    #[test]
    fn who_drains_admits_nobody() {
        let directory = Directory::new(CAPS);
        directory.drain();
        assert_eq!(directory.admit(&name("a"), Standing::Player).err(), Some(Refused::Draining));
        assert_eq!(directory.admit_anywhere(Standing::Player).err(), Some(Refused::Draining));
    }

    #[test]
    fn connections_are_limited_per_address_and_in_total_and_loopback_only_in_total() {
        let directory = Directory::new(CAPS);
        let arrive = |address: &str| directory.arrive(address.parse().expect("an address"));
        let mut here = vec![arrive("192.0.2.1").expect("space"), arrive("::ffff:192.0.2.1").expect("space")];
        assert_eq!(arrive("192.0.2.1").err(), Some(Refused::AddressFull));
        here.extend([arrive("2001:db8::1"), arrive("2001:db8::2")].map(|presence| presence.expect("space")));
        assert_eq!(arrive("2001:db8::3").err(), Some(Refused::AddressFull), "one /64 is one address");
        here.push(arrive("127.0.0.1").expect("space"));
        assert_eq!(arrive("127.0.0.1").err(), Some(Refused::ConnectionsFull));
        drop(here);
        assert_eq!(directory.connection_count(), 0);
        let local: Vec<Presence> = (0..5).map(|_| arrive("127.0.0.1").expect("loopback is not limited")).collect();
        assert_eq!(local.len(), directory.connection_count());
    }

    #[test]
    fn a_connection_of_a_proxy_counts_for_the_client_that_it_names() {
        let directory = Directory::new(CAPS);
        let mut passing: Vec<Presence> = (0..4).map(|_| directory.arrive_in_passing().expect("space")).collect();
        let client: IpAddr = [192, 0, 2, 1].into();
        let moved: Vec<bool> = passing.iter_mut().map(|presence| presence.move_to(client).is_ok()).collect();
        assert_eq!(moved, [true, true, false, false], "as many as an address may have");
        assert_eq!((passing[0].address(), passing[3].address()), (Some(client), None));
        passing[0].move_to([192, 0, 2, 2].into()).expect("space");
        assert!(passing[2].move_to(client).is_ok(), "one has become another's");
        drop(passing);
        assert_eq!(directory.connection_count(), 0);
        assert!(directory.lock().addresses.is_empty());
    }

    #[test]
    fn an_address_has_only_so_many_places_without_a_seat() {
        let directory = Directory::new(CAPS);
        let approach = |address: &str| directory.approach(address.parse().expect("an address"));
        let mut place = directory.admit(&name("a"), Standing::Player).expect("there is space");
        place.await_seat(approach("192.0.2.1").expect("space"));
        let _other = approach("192.0.2.1").expect("space");
        assert_eq!(approach("192.0.2.1").err(), Some(Refused::UnseatedFull));
        assert!(approach("192.0.2.2").is_ok() && approach("127.0.0.1").is_ok());
        place.seated(Standing::Player);
        let again = approach("192.0.2.1").expect("one has sat down");
        place.await_seat(again);
        drop(place);
        approach("192.0.2.1").expect("one has gone");
    }

    #[test]
    fn a_connection_is_counted_for_as_long_as_it_has_its_place() {
        let directory = Directory::new(CAPS);
        let presence = directory.arrive([192, 0, 2, 1].into()).expect("space");
        let mut place = directory.admit(&name("a"), Standing::Player).expect("space");
        place.keep(presence);
        assert_eq!(directory.connection_count(), 1);
        drop(place);
        assert_eq!((directory.connection_count(), directory.place_count()), (0, 0));
    }

    #[test]
    fn an_auditor_takes_no_players_place_and_keeps_the_room() {
        let directory = Directory::new(CAPS);
        let mut auditor = directory.admit(&name("a"), Standing::Player).expect("there is space");
        directory.made(auditor.room_id);
        auditor.seated(Standing::Auditor);
        assert_eq!(directory.place_count(), 0);
        let players: Vec<Place> =
            (0..3).map(|_| directory.admit(&name("a"), Standing::Player).expect("there is space")).collect();
        assert_eq!(directory.admit(&name("a"), Standing::Player).err(), Some(Refused::RoomFull));
        drop(players);
        assert!(!directory.try_end(auditor.room_id));
        let id = auditor.room_id;
        drop(auditor);
        assert!(directory.try_end(id));
    }

    #[test]
    fn spectators_have_places_of_their_own_also_where_all_players_places_are_taken() {
        let directory = Directory::new(CAPS);
        let room = name("a");
        let _players: Vec<Place> = (0..3).map(|_| directory.admit(&room, Standing::Player).expect("space")).collect();
        let _first = directory.admit(&room, Standing::Spectator).expect("space");
        let mut second = directory.admit(&room, Standing::Spectator).expect("space");
        assert_eq!(directory.admit(&room, Standing::Spectator).err(), Some(Refused::RoomFull));
        let told = |directory: &Directory| directory.rooms().first().map(|room| (room.players, room.spectators));
        assert_eq!(told(&directory), Some((3, 2)));
        second.seated(Standing::Spectator);
        drop(second);
        assert_eq!(told(&directory), Some((3, 1)));
    }

    #[test]
    fn a_spectator_makes_no_room_and_is_sent_to_none_where_nobody_plays() {
        let directory = Directory::new(CAPS);
        assert_eq!(directory.admit(&name("a"), Standing::Spectator).err(), Some(Refused::NoRoom));
        assert_eq!(directory.admit_anywhere(Standing::Spectator).err(), Some(Refused::NoRoom));
        assert_eq!(directory.room_count(), 0);
        let player = directory.admit_anywhere(Standing::Player).expect("space");
        let gallery: Vec<Place> =
            (0..2).map(|_| directory.admit_anywhere(Standing::Spectator).expect("space")).collect();
        assert!(gallery.iter().all(|place| place.room_id == player.room_id));
        assert_eq!(directory.admit_anywhere(Standing::Spectator).err(), Some(Refused::RoomFull));
        assert_eq!(directory.room_count(), 1);
    }

    #[test]
    fn where_nobody_may_look_on_who_asks_to_counts_as_a_player() {
        let directory = Directory::new(Caps { players_max: 1, spectators_max: 0, ..CAPS });
        let _spectator = directory.admit(&name("a"), Standing::Spectator).expect("space");
        assert_eq!(directory.place_count(), 1);
        assert_eq!(directory.admit(&name("a"), Standing::Spectator).err(), Some(Refused::RoomFull));
    }

    #[test]
    fn the_caps_are_exact_when_many_threads_push() {
        let caps = Caps { players_max: 7, rooms_max: 3, connections_max: 1000, ..CAPS };
        let directory = Directory::new(caps);
        for _ in 0..20 {
            let got: usize = std::thread::scope(|scope| {
                let threads: Vec<_> = (0..8)
                    .map(|thread| {
                        let directory = &directory;
                        scope.spawn(move || {
                            let rooms = ["a", "b", "c", "d"].map(name);
                            let mine = (0..16)
                                .filter_map(|n| directory.admit(&rooms[(n + thread) % 4], Standing::Player).ok());
                            mine.collect::<Vec<Place>>()
                        })
                    })
                    .collect();
                let places: Vec<Place> =
                    threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect();
                assert!(directory.rooms().iter().all(|room| room.players <= 7));
                assert_eq!(directory.place_count(), places.len());
                places.len()
            });
            assert_eq!(got, 21, "three rooms of seven, all taken and not one more");
            assert_eq!(directory.place_count(), 0);
        }
    }
}
