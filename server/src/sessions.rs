//! Who is connected, as whom and where: asked and changed by the front; a worker only lets go of what it was handed.
//!
//! ```text
//!   upgrade ─► enter(connection, place, identity) ─► Session ─► mailbox ─► visit ─► told to go, or gone: dropped
//!                                                      │
//!   dismiss(connections, code, keep_seat) ─────────────┴─► marked here ─► Mail::Dismiss to its worker, which closes it within a turn
//! ```
//!
//! Whoever must go is marked first and then told: a connection that is on its way to its worker meanwhile is closed when it comes
//! there, because the worker looks at the mark ([`Session::dismissal`]). An order that a worker's mailbox does not take stays here and
//! is sent again ([`Sessions::deliver`]).
//!
//! Whose connection was cut and whose seat is kept stays on the list, away, for as long as that: who is banned meanwhile, or whose ticket
//! ends, loses the seat at once. It is no connection: it is not counted, keeps nobody out and is not replaced. A player has one such seat at
//! most, in all rooms: who is cut once more, or comes to another room, has left where it was before.
//!
//! The lock is held for a look-up and never across anything else. Never here: who may come in (see `front`), what a seat is (see `seats`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use shared::wire::close_code::CloseCode;

use crate::directory::{Place, RoomName};
use crate::identity::{EARLIER_TICKETS_MAX, Identity, PlayerKey, TicketId};
use crate::mailbox::{Mail, MailboxSender};

/// How often somebody is told before its time ends, if it does nothing about it.
const NOTICES: u32 = 4;

/// Who is told for the first time is so within a part of the notice, in so many steps.
const SPREAD: u64 = 16;

/// Between two times.
const NOTICE_PAUSE_MIN: Duration = Duration::from_secs(5);

/// What becomes of a player's older connection when it comes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// The newer one replaces it.
    Replaces,
    /// The newer one is refused as long as the older one is there.
    Refused,
}

/// The player is connected, and that is all that it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this player is connected already: leave there first")]
pub struct AlreadyIn;

/// That a connection must go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dismissal {
    /// What it is told.
    pub code: CloseCode,
    /// Whether its player may come back to its seat.
    pub keep_seat: bool,
}

/// One who is connected, for lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Its number in this process, as in logs.
    pub connection: u64,
    /// Who.
    pub identity: Arc<Identity>,
    /// Where.
    pub room: RoomName,
    /// Since when.
    pub since: SystemTime,
    /// Its connection was cut, and its seat is kept.
    pub is_away: bool,
}

#[derive(Debug)]
struct Entry {
    identity: Arc<Identity>,
    room: RoomName,
    worker: usize,
    since: SystemTime,
    /// Its connection is gone, and its seat is kept.
    away: bool,
    dismissal: Option<Dismissal>,
    /// Its worker was told.
    told: bool,
    /// When it was last told that its time ends.
    noticed: Option<SystemTime>,
}

impl Entry {
    /// It is connected, and may stay so.
    const fn is_here(&self) -> bool {
        !self.away && self.dismissal.is_none()
    }

    /// When it must go: a guest at once when its time is over, whoever has a ticket `grace` after that.
    fn ends(&self, grace: Duration) -> Option<SystemTime> {
        let grace = if self.identity.player.is_guest() { Duration::ZERO } else { grace };
        self.identity.expires.map(|expires| expires + grace)
    }
}

/// Whether an end is later than another; none is later than all.
fn ends_later(new: Option<SystemTime>, old: Option<SystemTime>) -> bool {
    match (new, old) {
        (Some(new), Some(old)) => new > old,
        (new, old) => new.is_none() && old.is_some(),
    }
}

/// Why a new ticket does not take the place of the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRenewed {
    /// It has gone, or was told to go.
    #[error("the connection has gone")]
    Gone,
    /// Somebody else's.
    #[error("the ticket is another player's")]
    Player,
    /// It would let somebody do what it may not, or the other way round.
    #[error("the ticket is for another role")]
    Role,
    /// It is for other rooms.
    #[error("the ticket is for other rooms")]
    Room,
    /// It would win no time.
    #[error("the ticket ends no later than the one that counts")]
    NotLater,
    /// So many are never needed: each would have to be remembered until its end.
    #[error("{EARLIER_TICKETS_MAX} tickets before it are still good")]
    TooMany,
}

#[derive(Debug, Default)]
struct State {
    entries: BTreeMap<u64, Entry>,
    /// Whose connections these are, in the order in which they came.
    players: BTreeMap<PlayerKey, Vec<u64>>,
    /// Some were dismissed and their workers not told yet.
    untold: bool,
}

impl State {
    /// The connections of its player that came before it and are as wanted.
    fn older_of(&self, session: &Session, is_wanted: impl Fn(&Entry) -> bool) -> Vec<u64> {
        let theirs = self.players.get(&session.identity.player).into_iter().flatten().copied();
        let older = theirs.take_while(|&other| other != session.connection);
        older.filter(|other| self.entries.get(other).is_some_and(&is_wanted)).collect()
    }

    /// The other connections of its player whose seats are kept.
    fn others_away(&self, session: &Session) -> Vec<u64> {
        let theirs = self.players.get(&session.identity.player).into_iter().flatten().copied();
        let others = theirs.filter(|&other| other != session.connection);
        others.filter(|other| self.entries.get(other).is_some_and(|entry| entry.away)).collect()
    }
}

/// All who are connected.
#[derive(Debug)]
pub struct Sessions {
    mailboxes: Vec<MailboxSender>,
    again: Again,
    state: Mutex<State>,
}

/// Somebody who is connected. Dropping it takes it off the list.
#[derive(Debug)]
pub struct Session {
    sessions: Arc<Sessions>,
    connection: u64,
    identity: Arc<Identity>,
    /// Whether those of its player that came before must go when it is handed over.
    replaces: bool,
}

impl Sessions {
    /// Nobody yet. The workers' mailboxes, in order.
    #[must_use]
    pub fn new(mailboxes: Vec<MailboxSender>, again: Again) -> Arc<Self> {
        Arc::new(Self { mailboxes, again, state: Mutex::default() })
    }

    /// A connection with a place is somebody's from now on. Those of the same player that came before stay until
    /// [`Session::replace_older`].
    ///
    /// # Errors
    /// The player is connected and a second connection is refused.
    pub fn enter(
        self: &Arc<Self>,
        connection: u64,
        place: &Place,
        identity: Arc<Identity>,
    ) -> Result<Session, AlreadyIn> {
        self.enter_beside(connection, place, identity, |_| self.again == Again::Replaces)
    }

    /// The same for one whose place is good for coming back and for nothing else: its player may still be believed to be in that room. Who
    /// that is stays; the room closes it when it gives the seat to this one.
    ///
    /// # Errors
    /// The player is connected elsewhere and a second connection is refused.
    pub fn enter_to_return(
        self: &Arc<Self>,
        connection: u64,
        place: &Place,
        identity: Arc<Identity>,
    ) -> Result<Session, AlreadyIn> {
        let mut session = self.enter_beside(connection, place, identity, |other| other.room == place.room)?;
        session.replaces = false;
        Ok(session)
    }

    /// The same beside those of the same player that are there and may be.
    fn enter_beside(
        self: &Arc<Self>,
        connection: u64,
        place: &Place,
        identity: Arc<Identity>,
        may_be: impl Fn(&Entry) -> bool,
    ) -> Result<Session, AlreadyIn> {
        let mut state = self.lock();
        let State { entries, players, .. } = &mut *state;
        let forbids = |other: &u64| entries.get(other).is_some_and(|entry| entry.is_here() && !may_be(entry));
        if players.get(&identity.player).into_iter().flatten().any(forbids) {
            return Err(AlreadyIn);
        }
        players.entry(identity.player.clone()).or_default().push(connection);
        let (room, worker) = (place.room.clone(), place.worker);
        let entry = Entry {
            identity: identity.clone(),
            room,
            worker,
            since: SystemTime::now(),
            away: false,
            dismissal: None,
            told: false,
            noticed: None,
        };
        entries.insert(connection, entry);
        drop(state);
        Ok(Session { sessions: self.clone(), connection, identity, replaces: true })
    }

    /// Closes these connections, those on the way to their workers included. How many of them there were; those that are told to go
    /// already are none of them, but they lose the seat that they might have kept.
    pub fn dismiss(&self, connections: &[u64], code: CloseCode, keep_seat: bool) -> usize {
        let mut state = self.lock();
        let mut count = 0;
        for connection in connections {
            let Some(entry) = state.entries.get_mut(connection) else { continue };
            let before = entry.dismissal.replace(Dismissal { code, keep_seat });
            if let Some(before) = before.filter(|before| keep_seat || !before.keep_seat) {
                entry.dismissal = Some(before);
                continue;
            }
            entry.told = false;
            state.untold = true;
            count += usize::from(before.is_none());
        }
        drop(state);
        self.deliver();
        count
    }

    /// Tells workers of those who must go and of whom they were not told yet. To be called now and then: a worker that is behind with
    /// its mail may not have taken it before.
    pub fn deliver(&self) {
        let mut state = self.lock();
        if !std::mem::replace(&mut state.untold, false) {
            return;
        }
        for (worker, mailbox) in self.mailboxes.iter().enumerate() {
            let mut orders: Vec<(Dismissal, Vec<u64>)> = Vec::new();
            for (&connection, entry) in &state.entries {
                let Some(dismissal) = entry.dismissal.filter(|_| !entry.told && entry.worker == worker) else {
                    continue;
                };
                match orders.iter_mut().find(|(other, _)| *other == dismissal) {
                    Some((_, connections)) => connections.push(connection),
                    None => orders.push((dismissal, vec![connection])),
                }
            }
            for (Dismissal { code, keep_seat }, connections) in orders {
                let told =
                    mailbox.try_send(Mail::Dismiss { connections: connections.clone(), code, keep_seat }).is_ok();
                state.untold |= !told;
                for connection in connections {
                    if let Some(entry) = state.entries.get_mut(&connection) {
                        entry.told = told;
                    }
                }
            }
        }
    }

    /// The connections of those whose identity is as wanted, who were not told to go, or may still keep their seat.
    pub fn find(&self, mut is_wanted: impl FnMut(&Identity) -> bool) -> Vec<u64> {
        let found = self.find_each(|identity| is_wanted(identity).then_some(()));
        found.into_iter().map(|(connection, ())| connection).collect()
    }

    /// The same, each with what there is to be said of it; none: it is not wanted.
    pub fn find_each<T>(&self, mut what: impl FnMut(&Identity) -> Option<T>) -> Vec<(u64, T)> {
        let state = self.lock();
        let may_stay = |entry: &Entry| entry.dismissal.is_none_or(|dismissal| dismissal.keep_seat);
        let staying = state.entries.iter().filter(|(_, entry)| may_stay(entry));
        staying.filter_map(|(&connection, entry)| Some((connection, what(&entry.identity)?))).collect()
    }

    /// How many are connected and were not told to go.
    #[must_use]
    pub fn count(&self) -> usize {
        self.lock().entries.values().filter(|entry| entry.is_here()).count()
    }

    /// Those whose time has come by `now`.
    #[must_use]
    pub fn over(&self, now: SystemTime, grace: Duration) -> Vec<u64> {
        let state = self.lock();
        let is_over = |entry: &Entry| entry.dismissal.is_none() && entry.ends(grace).is_some_and(|ends| now >= ends);
        state.entries.iter().filter(|(_, entry)| is_over(entry)).map(|(&connection, _)| connection).collect()
    }

    /// Tells those whose time ends within `notice` and who were not told of late. Who is not told because its worker is behind with its
    /// mail is told the next time.
    pub fn tell_ends(&self, now: SystemTime, notice: Duration, grace: Duration) {
        if notice.is_zero() {
            return;
        }
        let pause = (notice / NOTICES).max(NOTICE_PAUSE_MIN);
        // Tickets that were issued together end together, and all new ones would come at once.
        let later = |connection: u64, notice: Duration| notice / NOTICES * (connection % SPREAD) as u32 / SPREAD as u32;
        let mut told: BTreeMap<usize, Vec<(u64, u16)>> = BTreeMap::new();
        let mut state = self.lock();
        for (&connection, entry) in &mut state.entries {
            let is_late = entry.noticed.is_none_or(|last| now >= last + pause);
            let Some(expires) = entry.identity.expires.filter(|_| is_late && entry.is_here()) else {
                continue;
            };
            if now + notice >= expires + later(connection, notice) {
                let left = entry.ends(grace).and_then(|ends| ends.duration_since(now).ok()).unwrap_or_default();
                let seconds = u16::try_from(left.as_secs()).unwrap_or(u16::MAX);
                entry.noticed = Some(now);
                told.entry(entry.worker).or_default().push((connection, seconds));
            }
        }
        drop(state);
        for (worker, connections) in told {
            if let Some(mailbox) = self.mailboxes.get(worker) {
                let _ = mailbox.try_send(Mail::TicketsEnd { connections });
            }
        }
    }

    /// Who a connection is, if it was not told to go.
    #[must_use]
    pub fn identity(&self, connection: u64) -> Option<Arc<Identity>> {
        let state = self.lock();
        state.entries.get(&connection).filter(|entry| entry.dismissal.is_none()).map(|entry| entry.identity.clone())
    }

    /// A connection has a new ticket: from `now` on that one counts. Who revokes the old one still means this connection.
    ///
    /// # Errors
    /// It is not for the same player, role and room, or ends no later; the old one stays.
    pub fn renew(&self, connection: u64, mut identity: Identity, now: SystemTime) -> Result<(), NotRenewed> {
        let mut state = self.lock();
        let entry = state.entries.get_mut(&connection).filter(|entry| entry.dismissal.is_none());
        let entry = entry.ok_or(NotRenewed::Gone)?;
        if identity.player != entry.identity.player {
            return Err(NotRenewed::Player);
        }
        if identity.role != entry.identity.role {
            return Err(NotRenewed::Role);
        }
        if !identity.rooms.has(&entry.room) {
            return Err(NotRenewed::Room);
        }
        if !ends_later(identity.expires, entry.identity.expires) {
            return Err(NotRenewed::NotLater);
        }
        let before = entry.identity.tickets().filter_map(|(ticket, ends)| Some((ticket.clone(), ends?)));
        let is_needed =
            |(ticket, ends): &(TicketId, SystemTime)| *ends > now && identity.ticket.as_ref() != Some(ticket);
        identity.earlier = before.filter(is_needed).collect();
        if identity.earlier.len() > EARLIER_TICKETS_MAX {
            return Err(NotRenewed::TooMany);
        }
        entry.identity = Arc::new(identity);
        entry.noticed = None;
        Ok(())
    }

    /// Their workers note a strike against these. Where one is behind with its mail, none is noted.
    pub fn strike(&self, connections: &[u64]) {
        let state = self.lock();
        let mut struck: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        for connection in connections {
            if let Some(entry) = state.entries.get(connection) {
                struck.entry(entry.worker).or_default().push(*connection);
            }
        }
        drop(state);
        for (worker, connections) in struck {
            if let Some(mailbox) = self.mailboxes.get(worker) {
                let _ = mailbox.try_send(Mail::BadRenewals { connections });
            }
        }
    }

    /// Everybody, by connection: also who is away, but nobody who was told to go.
    #[must_use]
    pub fn list(&self) -> Vec<Connected> {
        let state = self.lock();
        let staying = state.entries.iter().filter(|(_, entry)| entry.dismissal.is_none());
        staying
            .map(|(&connection, entry)| Connected {
                connection,
                identity: entry.identity.clone(),
                room: entry.room.clone(),
                since: entry.since,
                is_away: entry.away,
            })
            .collect()
    }

    /// A panic under the lock cannot leave it half-changed: nothing in here panics between two changes.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Who it is.
    #[must_use]
    pub const fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// What was decided of it while it was on its way.
    #[must_use]
    pub fn dismissal(&self) -> Option<Dismissal> {
        self.sessions.lock().entries.get(&self.connection).and_then(|entry| entry.dismissal)
    }

    /// The connection is gone, and its seat is kept: for as long as this is held. Who was told to go for a newer connection may be told
    /// again; who must leave for good must still. Another seat that is kept for the same player is given up.
    pub fn stay_away(&self) {
        let mut state = self.sessions.lock();
        let Some(entry) = state.entries.get_mut(&self.connection) else { return };
        entry.away = true;
        if entry.dismissal.is_some_and(|dismissal| dismissal.keep_seat) {
            (entry.dismissal, entry.told) = (None, false);
        }
        let others = state.others_away(self);
        drop(state);
        self.sessions.dismiss(&others, CloseCode::Replaced, false);
    }

    /// Its number in this process.
    #[must_use]
    pub const fn connection(&self) -> u64 {
        self.connection
    }

    /// It is about to be handed over: those of the same player that came before are told to go. In the same room the seat is kept for it,
    /// elsewhere the player has left. One that may only return replaces nobody before the room has seen its secret.
    pub fn replace_older(&self) {
        if !self.replaces {
            return;
        }
        let state = self.sessions.lock();
        let Some(room) = state.entries.get(&self.connection).map(|entry| &entry.room) else { return };
        let here = state.older_of(self, |entry| entry.room == *room && !entry.away);
        let elsewhere = state.older_of(self, |entry| entry.room != *room);
        drop(state);
        self.sessions.dismiss(&here, CloseCode::Replaced, true);
        self.sessions.dismiss(&elsewhere, CloseCode::Replaced, false);
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut state = self.sessions.lock();
        state.entries.remove(&self.connection);
        if let Some(theirs) = state.players.get_mut(&self.identity.player) {
            theirs.retain(|&other| other != self.connection);
            if theirs.is_empty() {
                state.players.remove(&self.identity.player);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{Caps, Directory};
    use crate::identity::{Role, RoomsAllowed, TicketId};
    use crate::mailbox::{MailboxReceiver, mailbox};
    use crate::standing::Standing;

    struct Hall {
        directory: Arc<Directory>,
        sessions: Arc<Sessions>,
        mail: Vec<MailboxReceiver>,
        places: Vec<Place>,
    }

    impl Hall {
        /// Two workers; the rooms `a` and `b` are on one each.
        fn new(again: Again) -> Self {
            let caps = Caps {
                players_max: 100,
                spectators_max: 0,
                rooms_max: 8,
                connections_max: 100,
                connections_per_address_max: 100,
                unseated_per_address_max: 100,
                away_per_address_max: 100,
                limit_loopback: false,
                workers: 2,
                tick_rate_hz: 30,
            };
            let (senders, mail) = (0..2).map(|_| mailbox()).unzip();
            let (directory, sessions) = (Directory::new(caps), Sessions::new(senders, again));
            Self { directory, sessions, mail, places: Vec::new() }
        }

        fn enter(&mut self, connection: u64, room: &str, player: &str) -> Result<Session, AlreadyIn> {
            self.enter_until(connection, room, player, None)
        }

        fn enter_until(
            &mut self,
            connection: u64,
            room: &str,
            player: &str,
            expires: Option<SystemTime>,
        ) -> Result<Session, AlreadyIn> {
            let place = self.directory.admit(&RoomName::new(room).unwrap(), Standing::Player).unwrap();
            let identity = Identity {
                player: PlayerKey::new(player).unwrap(),
                name: None,
                ticket: TicketId::new(&format!("ticket-of-{player}")),
                earlier: Vec::new(),
                key: None,
                role: Role::Player,
                rooms: RoomsAllowed::All,
                expires,
                address: [127, 0, 0, 1].into(),
            };
            let session = self.sessions.enter(connection, &place, Arc::new(identity));
            self.places.push(place);
            session
        }

        /// What a worker is told: connections, code, whether the seat is kept.
        fn told(&self, worker: usize) -> Vec<(Vec<u64>, CloseCode, bool)> {
            let mut told = Vec::new();
            while let Some(mail) = self.mail[worker].try_recv() {
                match mail {
                    Mail::Dismiss { connections, code, keep_seat } => told.push((connections, code, keep_seat)),
                    other => panic!("not expected: {other:?}"),
                }
            }
            told
        }
    }

    #[test]
    fn each_worker_is_told_once_of_those_of_its_own_who_must_go() {
        let mut hall = Hall::new(Again::Replaces);
        let _sessions: Vec<_> =
            [(1, "a"), (2, "b"), (3, "a"), (4, "b")].map(|(n, room)| hall.enter(n, room, &n.to_string())).into();
        assert_eq!(hall.sessions.dismiss(&[1, 3, 4, 99], CloseCode::Kicked, false), 3);
        assert_eq!(hall.told(0), [(vec![1, 3], CloseCode::Kicked, false)]);
        assert_eq!(hall.told(1), [(vec![4], CloseCode::Kicked, false)]);
        assert_eq!(hall.sessions.dismiss(&[1, 3, 4], CloseCode::Kicked, false), 0, "once is enough");
        assert!(hall.told(0).is_empty() && hall.told(1).is_empty());
        assert_eq!(hall.sessions.list().iter().map(|one| one.connection).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn somebody_is_found_by_player_and_by_ticket_until_it_has_gone() {
        let mut hall = Hall::new(Again::Replaces);
        let anna = hall.enter(1, "a", "anna").unwrap();
        let _berta = hall.enter(2, "a", "berta").unwrap();
        let of_anna = |hall: &Hall| {
            let (player, ticket) = (PlayerKey::new("anna").unwrap(), TicketId::new("ticket-of-anna"));
            [
                hall.sessions.find(|identity| identity.player == player),
                hall.sessions.find(|identity| identity.ticket == ticket),
            ]
        };
        assert_eq!(of_anna(&hall), [[1], [1]]);
        drop(anna);
        assert!(of_anna(&hall).iter().all(Vec::is_empty));
        assert_eq!(hall.sessions.find(|_| true), [2]);
    }

    #[test]
    fn a_newer_connection_replaces_the_older_ones_of_its_player_and_nobody_elses() {
        let mut hall = Hall::new(Again::Replaces);
        let first = hall.enter(7, "a", "anna").unwrap();
        let _other = hall.enter(8, "a", "berta").unwrap();
        let second = hall.enter(5, "a", "anna").unwrap();
        assert_eq!(first.dismissal(), None, "not before the newer one is there");
        second.replace_older();
        assert_eq!(hall.told(0), [(vec![7], CloseCode::Replaced, true)]);
        assert_eq!(first.dismissal(), Some(Dismissal { code: CloseCode::Replaced, keep_seat: true }));
        first.replace_older();
        assert_eq!(second.dismissal(), None, "the older one replaces nobody");
        assert!(hall.told(0).is_empty());
    }

    #[test]
    fn a_player_has_one_kept_seat_at_most_and_none_where_it_is_not_any_more() {
        let mut hall = Hall::new(Again::Replaces);
        let away = hall.enter(1, "a", "anna").unwrap();
        away.stay_away();
        let _other = hall.enter(2, "a", "berta").unwrap();
        let second = hall.enter(3, "b", "anna").unwrap();
        assert!(hall.told(0).is_empty(), "on its way it has left nowhere");
        second.replace_older();
        assert_eq!(hall.told(0), [(vec![1], CloseCode::Replaced, false)]);
        second.stay_away();
        let third = hall.enter(4, "b", "anna").unwrap();
        third.replace_older();
        assert!(hall.told(1).is_empty(), "it may come back to that seat");
        third.stay_away();
        assert_eq!(hall.told(1), [(vec![3], CloseCode::Replaced, false)], "it sat down anew, and was cut again");
        assert_eq!(hall.sessions.find(|_| true), [2, 4]);
    }

    #[test]
    fn who_was_replaced_in_its_room_and_then_from_another_room_keeps_no_seat() {
        let mut hall = Hall::new(Again::Replaces);
        let first = hall.enter(1, "a", "anna").unwrap();
        hall.enter(2, "a", "anna").unwrap().replace_older();
        let third = hall.enter(3, "b", "anna").unwrap();
        third.replace_older();
        first.stay_away();
        let told = hall.told(0);
        assert_eq!(told, [(vec![1], CloseCode::Replaced, true), (vec![1], CloseCode::Replaced, false)]);
        assert_eq!(hall.sessions.find(|_| true), [3]);
    }

    #[test]
    fn a_ban_finds_also_who_is_being_replaced_and_would_keep_its_seat() {
        let mut hall = Hall::new(Again::Replaces);
        let first = hall.enter(1, "a", "anna").unwrap();
        hall.enter(2, "a", "anna").unwrap().replace_older();
        let banned = hall.sessions.find(|_| true);
        assert_eq!(hall.sessions.dismiss(&banned, CloseCode::Kicked, false), 0, "it was told to go before");
        first.stay_away();
        assert_eq!(hall.told(0), [(vec![1], CloseCode::Replaced, true), (vec![1], CloseCode::Kicked, false)]);
        assert!(hall.sessions.list().is_empty());
    }

    #[test]
    fn who_is_away_is_found_and_dismissed_and_is_no_connection() {
        let mut hall = Hall::new(Again::Refused);
        let away = hall.enter(1, "a", "anna").unwrap();
        away.stay_away();
        assert_eq!(hall.sessions.count(), 0);
        assert_eq!(hall.sessions.list().iter().map(|one| one.is_away).collect::<Vec<_>>(), [true]);
        let newer = hall.enter(2, "a", "anna").expect("it keeps nobody out");
        newer.replace_older();
        assert!(hall.told(0).is_empty(), "the seat is kept for whoever comes");
        let anna = PlayerKey::new("anna").unwrap();
        assert_eq!(hall.sessions.find(|identity| identity.player == anna), [1, 2]);
        assert_eq!(hall.sessions.dismiss(&[1, 2], CloseCode::Kicked, false), 2);
        assert_eq!(hall.told(0), [(vec![1, 2], CloseCode::Kicked, false)]);
    }

    #[test]
    fn who_was_replaced_and_is_away_can_still_be_told_to_leave_for_good_and_who_was_told_so_must() {
        let mut hall = Hall::new(Again::Replaces);
        let [first, second] = [1, 2].map(|n| hall.enter(n, "a", &n.to_string()).unwrap());
        hall.sessions.dismiss(&[1], CloseCode::Replaced, true);
        hall.sessions.dismiss(&[2], CloseCode::Kicked, false);
        hall.told(0);
        first.stay_away();
        second.stay_away();
        assert_eq!(hall.sessions.find(|_| true), [1]);
        assert_eq!(second.dismissal(), Some(Dismissal { code: CloseCode::Kicked, keep_seat: false }));
        hall.sessions.dismiss(&[1], CloseCode::TicketEnded, false);
        assert_eq!(hall.told(0), [(vec![1], CloseCode::TicketEnded, false)]);
    }

    #[test]
    fn where_a_second_connection_is_refused_it_may_come_when_the_first_is_gone_or_told_to_go() {
        let mut hall = Hall::new(Again::Refused);
        let first = hall.enter(1, "a", "anna").unwrap();
        assert_eq!(hall.enter(2, "b", "anna").err(), Some(AlreadyIn));
        assert!(hall.enter(3, "b", "berta").is_ok());
        drop(first);
        let second = hall.enter(4, "a", "anna").unwrap();
        let place = |room: &str| hall.directory.admit(&RoomName::new(room).unwrap(), Standing::Player).unwrap();
        let returns = hall.sessions.enter_to_return(6, &place("a"), second.identity().clone()).expect("to that room");
        returns.replace_older();
        assert_eq!(second.dismissal(), None, "it has shown no secret yet");
        let elsewhere = hall.sessions.enter_to_return(7, &place("b"), second.identity().clone());
        assert_eq!(elsewhere.err(), Some(AlreadyIn));
        drop(returns);
        hall.sessions.dismiss(&[4], CloseCode::Kicked, false);
        assert!(hall.enter(5, "a", "anna").is_ok(), "{second:?}");
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    const GRACE: Duration = Duration::from_secs(10);

    /// A session that ends at the hundredth second.
    fn ending(hall: &mut Hall, connection: u64, player: &str) -> Session {
        hall.enter_until(connection, "a", player, Some(at(100))).unwrap()
    }

    #[test]
    fn a_ticket_ends_after_its_grace_a_guest_without_one_and_who_has_no_end_never() {
        let mut hall = Hall::new(Again::Replaces);
        let guest = PlayerKey::guest(7).to_string();
        let _sessions =
            [ending(&mut hall, 1, "anna"), ending(&mut hall, 2, &guest), hall.enter(3, "a", "berta").unwrap()];
        for (now, over) in [(99, vec![]), (100, vec![2]), (109, vec![2]), (110, vec![1, 2]), (1_000_000, vec![1, 2])] {
            assert_eq!(hall.sessions.over(at(now), GRACE), over, "{now}");
        }
        hall.sessions.dismiss(&[1, 2], CloseCode::TicketEnded, false);
        assert!(hall.sessions.over(at(200), GRACE).is_empty());
    }

    #[test]
    fn a_ticket_ends_also_while_its_player_is_away_and_nobody_is_there_to_be_told() {
        let mut hall = Hall::new(Again::Replaces);
        let session = ending(&mut hall, 1, "anna");
        session.stay_away();
        hall.sessions.tell_ends(at(90), Duration::from_secs(40), GRACE);
        assert!(hall.mail[0].try_recv().is_none());
        assert_eq!(hall.sessions.over(at(110), GRACE), [1]);
    }

    #[test]
    fn who_will_end_is_told_so_some_times_until_it_has_a_new_ticket() {
        let mut hall = Hall::new(Again::Replaces);
        let (session, _other) = (ending(&mut hall, 16, "anna"), ending(&mut hall, 24, "berta"));
        let told = |now| {
            hall.sessions.tell_ends(at(now), Duration::from_secs(40), GRACE);
            let Some(mail) = hall.mail[0].try_recv() else { return vec![] };
            let Mail::TicketsEnd { connections } = mail else { panic!("{mail:?}") };
            connections
        };
        // Connection 24 is told half of a quarter later.
        assert_eq!(
            [told(59), told(60), told(61), told(64), told(70)],
            [vec![], vec![(16, 50)], vec![], vec![], vec![(16, 40), (24, 40)]]
        );
        let newer = Identity { expires: Some(at(500)), ..(**session.identity()).clone() };
        hall.sessions.renew(16, newer, at(71)).unwrap();
        hall.sessions.dismiss(&[24], CloseCode::Kicked, false);
        hall.told(0);
        assert!(told(90).is_empty());
        assert_eq!((told(460), hall.sessions.over(at(499), GRACE)), (vec![(16, 50)], vec![]));
    }

    #[test]
    fn a_new_ticket_is_for_the_same_player_role_and_room_and_its_number_counts_from_now_on() {
        let mut hall = Hall::new(Again::Replaces);
        let session = ending(&mut hall, 1, "anna");
        let old = (**session.identity()).clone();
        let renew = |change: &dyn Fn(&mut Identity)| {
            let mut newer = Identity { expires: Some(at(200)), ..old.clone() };
            change(&mut newer);
            hall.sessions.renew(1, newer, at(90))
        };
        assert_eq!(renew(&|newer| newer.player = PlayerKey::new("berta").unwrap()), Err(NotRenewed::Player));
        assert_eq!(renew(&|newer| newer.role = Role::Admin), Err(NotRenewed::Role));
        assert_eq!(renew(&|newer| newer.rooms = RoomsAllowed::Of(vec![])), Err(NotRenewed::Room));
        assert_eq!(renew(&|newer| newer.expires = Some(at(100))), Err(NotRenewed::NotLater));
        let second = TicketId::new("second").unwrap();
        assert_eq!(renew(&|newer| newer.ticket = Some(second.clone())), Ok(()));
        let tickets = |identity: &Identity| identity.ticket.clone();
        assert_eq!(hall.sessions.find_each(tickets), [(1, second)], "the one before counts no more");
        assert_eq!(earlier(&hall), ["ticket-of-anna"], "and is not forgotten while it would be good");
        hall.sessions.dismiss(&[1], CloseCode::Kicked, false);
        assert_eq!(renew(&|_| {}), Err(NotRenewed::Gone));
    }

    fn earlier(hall: &Hall) -> Vec<String> {
        let all = hall.sessions.find_each(|identity| Some(identity.earlier.clone()));
        all.into_iter().flat_map(|(_, earlier)| earlier).map(|(ticket, _)| ticket.to_string()).collect()
    }

    #[test]
    fn tickets_that_have_run_out_are_forgotten_and_too_many_good_ones_are_not_taken() {
        let mut hall = Hall::new(Again::Replaces);
        let old = (**ending(&mut hall, 1, "anna").identity()).clone();
        let _stays = hall.enter_until(2, "a", "anna", Some(at(100))).unwrap();
        let renew = |number: u64, now| {
            let ticket = TicketId::new(&format!("t{number}"));
            hall.sessions.renew(2, Identity { ticket, expires: Some(at(1_000 + number)), ..old.clone() }, at(now))
        };
        assert!((0..EARLIER_TICKETS_MAX as u64).all(|number| renew(number, 90) == Ok(())));
        assert_eq!(earlier(&hall).len(), EARLIER_TICKETS_MAX);
        assert_eq!(renew(40, 90), Err(NotRenewed::TooMany));
        assert_eq!(renew(40, 1_030), Ok(()));
        assert_eq!(earlier(&hall), ["t31"], "the others have ended");
    }

    #[test]
    fn an_order_that_a_full_mailbox_does_not_take_is_sent_again() {
        let mut hall = Hall::new(Again::Replaces);
        let session = hall.enter(1, "a", "anna").unwrap();
        let mailbox = hall.sessions.mailboxes[0].clone();
        while mailbox.try_send(Mail::Stop { code: CloseCode::GoingAway }).is_ok() {}
        assert_eq!(hall.sessions.dismiss(&[1], CloseCode::Kicked, false), 1);
        assert!(session.dismissal().is_some(), "marked all the same");
        while hall.mail[0].try_recv().is_some() {}
        hall.sessions.deliver();
        assert_eq!(hall.told(0), [(vec![1], CloseCode::Kicked, false)]);
        hall.sessions.deliver();
        assert!(hall.told(0).is_empty());
    }
}
