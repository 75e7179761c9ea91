//! Newcomers whose room is not there yet: whose is made next, and when?
//!
//! ```text
//!   admitted ─► its room is here? ─ yes ─► attached
//!                    └ no ─► waits ─┬─ there is time before the next deadline ─┬─► one room per turn, for all who wait for it
//!                                   └─ it has waited long enough ──────────────┘
//! ```
//!
//! Making a room takes its worker as long as many ticks, and anybody may ask for one by a new name. So those who play
//! come first: a room is made where it makes the next tick late by a small part of its period at most, and where there
//! is no such gap, now and then all the same. How many wait is bounded by the directory (`ROOMS_UNMADE_MAX` rooms, each
//! with its places); who waits and hangs up gets no room.
//!
//! Never here: how a room is made (see `host`), a clock.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::{Duration, Instant};

use crate::directory::{RoomId, RoomName};
use crate::mailbox::{Admitted, HandedOver};

/// What making a room is believed to take before one was made.
const TOOK_AT_FIRST: Duration = Duration::from_millis(5);
/// How long a room waits for a gap; then ticks may be late for it. Also the time between two such rooms, so that a
/// worker without gaps spends a small part of its time on them.
const WAIT_MAX: Duration = Duration::from_millis(250);

/// All who wait for their rooms, in the order in which they came.
#[derive(Debug)]
pub(super) struct Making {
    waiting: VecDeque<(Admitted, Instant)>,
    /// What the last room took.
    took: Duration,
    /// When the last room was made.
    last: Option<Instant>,
}

impl Making {
    /// Nobody waits.
    pub(super) fn new() -> Self {
        Self { waiting: VecDeque::new(), took: TOOK_AT_FIRST, last: None }
    }

    /// Somebody waits from `now` on.
    pub(super) fn add(&mut self, admitted: Admitted, now: Instant) {
        self.waiting.push_back((admitted, now));
    }

    /// Whether a room is to be made now, when the next tick is to begin by `latest`.
    pub(super) fn is_due(&self, latest: Option<Instant>, now: Instant) -> bool {
        let Some((_, since)) = self.waiting.front() else { return false };
        let fits = latest.is_none_or(|latest| now + self.took <= latest);
        fits || now >= *since.max(self.last.as_ref().unwrap_or(since)) + WAIT_MAX
    }

    /// The room to be made next. Those who have hung up while they waited are let go.
    pub(super) fn next(&mut self) -> Option<(RoomId, RoomName)> {
        while let Some((admitted, _)) = self.waiting.front() {
            if !has_hung_up(&admitted.socket) {
                return Some((admitted.place.room_id, admitted.place.room.clone()));
            }
            admitted.span.in_scope(|| tracing::info!("gone before its room was made"));
            self.waiting.pop_front();
        }
        None
    }

    /// A room was made, or not, and that is what it took.
    pub(super) fn finished(&mut self, began: Instant, now: Instant) {
        self.took = now.saturating_duration_since(began);
        self.last = Some(now);
    }

    /// Takes out who waits for that room, in order.
    pub(super) fn take(&mut self, id: RoomId) -> impl Iterator<Item = Admitted> + use<> {
        let (found, others) = self.waiting.drain(..).partition(|(admitted, _)| admitted.place.room_id == id);
        self.waiting = others;
        let found: VecDeque<(Admitted, Instant)> = found;
        found.into_iter().map(|(admitted, _)| admitted)
    }

    /// The life of the room of that name for which somebody waits.
    pub(super) fn called(&self, name: &RoomName) -> Option<RoomId> {
        let places = self.waiting.iter().map(|(admitted, _)| &admitted.place);
        places.into_iter().find(|place| place.room == *name).map(|place| place.room_id)
    }

    /// Takes out those of these numbers.
    pub(super) fn take_those(&mut self, connections: &BTreeSet<u64>) -> impl Iterator<Item = Admitted> + use<> {
        let those = |(admitted, _): &(Admitted, Instant)| connections.contains(&admitted.connection);
        let (found, others) = self.waiting.drain(..).partition(those);
        self.waiting = others;
        let found: VecDeque<(Admitted, Instant)> = found;
        found.into_iter().map(|(admitted, _)| admitted)
    }

    /// Takes out everybody.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Admitted> + use<> {
        std::mem::take(&mut self.waiting).into_iter().map(|(admitted, _)| admitted)
    }
}

/// Whether nobody is at the other end any more. Who said something before is found out when it is read.
fn has_hung_up(socket: &HandedOver) -> bool {
    match socket.tcp.peek(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted),
    }
}

#[cfg(test)]
mod tests {
    use super::super::test_peer::{Peer, plain_pair, until};
    use super::*;
    use crate::directory::{Caps, Directory};
    use crate::identity::Identity;
    use crate::sessions::{Again, Sessions};
    use crate::standing::Standing;
    use std::sync::Arc;

    fn directory() -> Arc<Directory> {
        Directory::new(Caps {
            players_max: 8,
            spectators_max: 0,
            rooms_max: 8,
            connections_max: 100,
            connections_per_address_max: 100,
            unseated_per_address_max: 100,
            away_per_address_max: 100,
            limit_loopback: false,
            workers: 1,
            tick_rate_hz: 30,
        })
    }

    fn newcomer(directory: &Arc<Directory>, room: &str) -> (Admitted, Peer) {
        let (socket, end) = plain_pair();
        let place = directory.admit(&RoomName::new(room).unwrap(), Standing::Player).unwrap();
        let peer = end.tcp().local_addr().unwrap();
        let session = Sessions::new(Vec::new(), Again::Replaces).enter(1, &place, Identity::of_test(1)).unwrap();
        (Admitted { socket, place, session, peer, connection: 1, span: tracing::Span::none() }, end)
    }

    #[test]
    fn a_room_is_made_where_it_fits_before_the_next_tick_or_when_it_has_waited_long_enough() {
        let (directory, mut making, start) = (directory(), Making::new(), Instant::now());
        assert!(!making.is_due(None, start), "nobody waits");
        let (admitted, _end) = newcomer(&directory, "a");
        making.add(admitted, start);
        assert!(making.is_due(None, start), "no room plays");
        making.finished(start, start + Duration::from_millis(3));
        let soon = |ms| Some(start + Duration::from_millis(ms));
        assert!(!making.is_due(soon(2), start) && making.is_due(soon(4), start));
        let late = start + Duration::from_millis(3) + WAIT_MAX;
        assert!(!making.is_due(soon(0), late - Duration::from_millis(1)) && making.is_due(soon(0), late));
    }

    #[test]
    fn rooms_are_made_in_the_order_in_which_they_were_asked_for_and_for_all_who_wait() {
        let (directory, mut making, start) = (directory(), Making::new(), Instant::now());
        let mut ends = Vec::new();
        for room in ["a", "b", "a"] {
            let (admitted, end) = newcomer(&directory, room);
            making.add(admitted, start);
            ends.push(end);
        }
        let (id, name) = making.next().unwrap();
        assert_eq!((name.as_str(), making.take(id).count()), ("a", 2));
        assert_eq!(making.called(&name), None);
        let (id, name) = making.next().unwrap();
        assert_eq!((name.as_str(), making.called(&name)), ("b", Some(id)));
        assert_eq!(making.take_all().count(), 1);
        assert!(making.next().is_none());
    }

    #[test]
    fn who_hangs_up_while_it_waits_gets_no_room() {
        let (directory, mut making) = (directory(), Making::new());
        let (admitted, end) = newcomer(&directory, "a");
        making.add(admitted, Instant::now());
        drop(end);
        until("it is seen to be gone", || making.next().is_none().then_some(()));
        assert_eq!(directory.room_count(), 0);
    }
}
