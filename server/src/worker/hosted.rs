//! One room on this worker: the Room, the visits it serves, and the deadlines it keeps.
//!
//! ```text
//!   read pass (lanes) ─► step_tick ─► write pass (lanes: frames, sends) ─► settle_tick ─► whoever ended is detached and let go
//! ```
//!
//! A panic in the room's code ends this room and nothing else: its World may be half-changed, so it is thrown away and
//! everyone is told `InternalError`.
//!
//! Never here: mail, other rooms, when to sleep (see `host`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shared::codec::Tables;
use shared::ids::{PlayerId, Tick};
use shared::wire::close_code::{CloseCode, Fault};
use shared::wire::{NoticeReason, SeatSecret, Secret, ServerMessage};

use super::allowance::PeerLimits;
use super::connection::Ending;
use super::lanes::{Desk, LaneCount};
use super::leaving::Leaving;
use super::panics::caught;
use super::read_pass::{self, Due};
use super::schedule::{self, Schedule, TickStart};
use super::tally::{self, Tally};
use super::visit::{Visit, Visits};
use super::write_pass;
use crate::config::{Lanes, Waits};
use crate::counts::Counts;
use crate::directory::{Place, RoomName};
use crate::exchange::{ConnectionId, Incoming, Outgoing};
use crate::mailbox::Admitted;
use crate::metrics::Metrics;
use crate::renewals::{Renewal, RenewalSender};
use crate::room::{Room, settle_tick, step_tick};
use crate::seats::Bearer;
use crate::sessions::Session;
use crate::trainer::StudySender;

/// Seconds between two hand-overs of what a room has counted.
const STUDY_SECONDS: u32 = 5;

/// The room's own code panicked; these are its words. The room is gone.
#[derive(Debug, thiserror::Error)]
#[error("the room panicked: {words}")]
pub(super) struct RoomPanicked {
    words: String,
}

impl RoomPanicked {
    const fn new(words: String) -> Self {
        Self { words }
    }
}

/// Where a visit goes when it ends, and where its numbers go.
pub(super) struct Exit<'a> {
    pub(super) leaving: &'a mut Leaving,
    pub(super) tally: &'a mut Tally,
}

/// A room and its connections.
pub(super) struct Hosted {
    name: RoomName,
    room: Room,
    visits: Visits,
    /// Those that had no seat when they were last looked at.
    unseated: Vec<ConnectionId>,
    schedule: Schedule,
    tick_rate_hz: u16,
    limits: PeerLimits,
    /// Who comes from this machine may be an auditor.
    allow_audit: bool,
    lanes: LaneCount,
    /// Where new tickets go that clients bring.
    renewals: Option<RenewalSender>,
    /// One for each lane, and for those that it once had.
    desks: Vec<Desk>,
    incoming: Incoming,
    outgoing: Outgoing,
    endings: Vec<(ConnectionId, Ending)>,
    /// Of players whose connection was cut, for as long as the room keeps their seats.
    kept: Vec<Kept>,
    /// As of when: see [`Seats::returned`](crate::seats::Seats::returned).
    returned: u64,
    /// Ticks in a row for which nobody was here.
    empty_ticks: u32,
    /// What the metrics know of the room.
    told: Counts,
}

/// What stays of a connection that was cut, while its player's seat is kept.
struct Kept {
    player: PlayerId,
    /// By which it can be told to go.
    session: Option<Session>,
    /// Held, so that nobody else gets it.
    _place: Place,
}

impl Hosted {
    /// A new room whose deadlines are `schedule`'s.
    pub(super) fn new(name: RoomName, room: Room, schedule: Schedule, tick_rate_hz: u16, allow_audit: bool) -> Self {
        Self {
            name,
            room,
            visits: Visits::default(),
            unseated: Vec::new(),
            schedule,
            tick_rate_hz,
            limits: PeerLimits::playing(Waits::default()),
            allow_audit,
            lanes: LaneCount::new(Lanes::Fixed(1)),
            renewals: None,
            desks: Vec::new(),
            incoming: Incoming::default(),
            outgoing: Outgoing::default(),
            endings: Vec::new(),
            kept: Vec::new(),
            returned: 0,
            empty_ticks: 0,
            told: Counts::default(),
        }
    }

    /// The same, its connections served in so many lanes.
    pub(super) fn in_lanes(self, lanes: Lanes) -> Self {
        Self { lanes: LaneCount::new(lanes), ..self }
    }

    /// The same, its connections silent for so long at the most.
    pub(super) fn waiting(self, waits: Waits) -> Self {
        Self { limits: PeerLimits::playing(waits), ..self }
    }

    /// The same, new tickets that clients bring handed on.
    pub(super) fn renewing(self, renewals: RenewalSender) -> Self {
        Self { renewals: Some(renewals), ..self }
    }

    /// What the room is called.
    pub(super) fn name(&self) -> &RoomName {
        &self.name
    }

    /// When its next tick is due.
    pub(super) fn deadline(&self) -> Instant {
        self.schedule.deadline()
    }

    /// For how long nobody has been here, by the room's ticks.
    pub(super) fn empty_for(&self) -> Duration {
        self.period() * self.empty_ticks
    }

    /// Whether anybody ever had a seat in it.
    pub(super) fn was_played(&self) -> bool {
        self.room.counts().joins > 0
    }

    /// The time between two ticks.
    pub(super) fn period(&self) -> Duration {
        self.schedule.period()
    }

    /// A tick took so long: more lanes, or fewer, may be the answer.
    pub(super) fn note_took(&mut self, took: Duration) {
        self.lanes.note(took, self.schedule.period());
    }

    /// Tells the metrics what has happened in the room since the last call.
    pub(super) fn report(&mut self, metrics: &Metrics) {
        let counts = *self.room.counts();
        tally::report_counts(metrics, &self.told, &counts);
        self.told = counts;
    }

    /// Tells the metrics that the room is gone.
    pub(super) fn report_gone(&self, metrics: &Metrics) {
        tally::report_room_gone(metrics, &self.told);
    }

    /// Better code tables are there.
    pub(super) fn replace_tables(&mut self, tables: &Arc<Tables>) {
        self.room.replace_tables(tables.clone());
    }

    /// From now on what is sent is counted.
    pub(super) fn begin_study(&mut self) {
        self.room.begin_study();
    }

    /// Hands over what was counted, every [`STUDY_SECONDS`].
    pub(super) fn hand_over_study(&mut self, studies: &StudySender, tick: Tick) {
        if tick.0.is_multiple_of(STUDY_SECONDS * u32::from(self.tick_rate_hz)) {
            self.hand_over_rest(studies);
        }
    }

    /// Hands over what was counted since the last time.
    pub(super) fn hand_over_rest(&mut self, studies: &StudySender) {
        if let Some(tally) = self.room.take_study() {
            studies.offer(tally);
        }
    }

    /// How many connections it serves.
    pub(super) fn connection_count(&self) -> usize {
        self.visits.count()
    }

    /// Takes a connection in; its first message is read at the next tick. One whose socket has died is dropped.
    pub(super) fn attach(&mut self, admitted: Admitted, now: Instant) -> Result<(), RoomPanicked> {
        let tick = self.room.tick();
        let identity = admitted.session.identity().clone();
        // Not the socket's other end: that may be a proxy.
        let may_audit = self.allow_audit && identity.address.to_canonical().is_loopback();
        let (player, only_returns) = (identity.player.clone(), admitted.place.only_returns());
        // Without chance there is no secret, and a seat without a secret is not kept.
        let bearer = seat_secret().map(|secret| Bearer { player, secret });
        let Ok(visit) = Visit::new(self.limits, admitted, self.tick_rate_hz, tick, now) else { return Ok(()) };
        let id = self.visits.insert(visit);
        if let Some(visit) = self.visits.one(id) {
            visit.tell_attached(id, tick);
        }
        self.unseated.push(id);
        self.with_room(|room| {
            room.attach(id);
            room.introduce(id, identity.name.as_deref(), identity.role.may_play());
            if let Some(bearer) = bearer {
                room.entrust(id, bearer, only_returns);
            }
            if may_audit {
                room.allow_audit(id);
            }
        })
    }

    /// Closes those of these numbers that are here, at once. A seat that is not kept for them is gone with them, also that of one who is away.
    pub(super) fn dismiss(
        &mut self,
        connections: &BTreeSet<u64>,
        code: CloseCode,
        keep_seat: bool,
        now: Instant,
        exit: &mut Exit<'_>,
    ) -> Result<(), RoomPanicked> {
        let found = self.numbered(|number| connections.contains(&number));
        for id in found {
            let Some(visit) = self.visits.remove(id) else { continue };
            self.part(id, visit, (Ending::Closed(code, "told to go"), keep_seat), now, exit)?;
        }
        if !keep_seat && !self.kept.is_empty() {
            let is_told =
                |kept: &Kept| kept.session.as_ref().is_some_and(|one| connections.contains(&one.connection()));
            let gone: Vec<PlayerId> = self.kept.iter().filter(|kept| is_told(kept)).map(|kept| kept.player).collect();
            for player in gone {
                self.with_room(|room| room.give_seat_up(player))?;
            }
            self.give_places_back();
        }
        Ok(())
    }

    /// Tells those of these numbers that have a seat in how many seconds their tickets' end will close them.
    pub(super) fn tell_tickets_end(&mut self, connections: &BTreeMap<u64, u16>) {
        for id in self.numbered(|number| connections.contains_key(&number)) {
            let Some(visit) = self.visits.one(id).filter(|_| self.room.seats().has_seat(id)) else { continue };
            let seconds = connections.get(&visit.number()).copied().unwrap_or_default();
            let notice = ServerMessage::Notice { reason: NoticeReason::TicketEnds, seconds }.to_bytes();
            let queued = read_pass::guarded(&mut visit.connection, |connection| connection.queue(&notice));
            if let Err(ending) = queued {
                self.endings.push((id, ending));
            }
        }
    }

    /// Those of these numbers that are here brought a ticket that is no good. Who did so too often is closed.
    pub(super) fn strike(
        &mut self,
        connections: &BTreeSet<u64>,
        now: Instant,
        exit: &mut Exit<'_>,
    ) -> Result<(), RoomPanicked> {
        let mut out = BTreeSet::new();
        for id in self.numbered(|number| connections.contains(&number)) {
            if self.with_room(|room| room.strike(id))? {
                out.extend(self.visits.one(id).map(|visit| visit.number()));
            }
        }
        self.dismiss(&out, CloseCode::OutOfPlace, false, now, exit)
    }

    /// The connections whose numbers in this process are wanted.
    fn numbered(&mut self, is_wanted: impl Fn(u64) -> bool) -> Vec<ConnectionId> {
        let visits = (0..).map(ConnectionId).zip(self.visits.places());
        let wanted = visits.filter(|(_, visit)| visit.as_ref().is_some_and(|visit| is_wanted(visit.number())));
        wanted.map(|(id, _)| id).collect()
    }

    /// Hands on the tickets that clients brought in this tick; where nobody takes them they are let go.
    fn hand_on_renewals(&mut self, tally: &mut Tally) {
        let Self { outgoing, visits, renewals, .. } = self;
        for (id, ticket) in outgoing.renewals.drain(..) {
            let Some(connection) = visits.one(id).map(|visit| visit.number()) else { continue };
            let offered = renewals.as_ref().map(|renewals| renewals.offer(Renewal { connection, ticket }));
            tally.renewals_lost += u64::from(offered != Some(true));
        }
    }

    /// One tick of this room, from its sockets to its sockets. Called at or after its deadline.
    pub(super) fn tick(&mut self, now: Instant, exit: &mut Exit<'_>) -> Result<TickStart, RoomPanicked> {
        let start = self.schedule.begin(now);
        let since_deadline = now.saturating_duration_since(start.deadline);
        let due = Due { wall: schedule::wall_clock().saturating_sub(since_deadline), period: self.schedule.period() };

        let lanes = self.lanes.count();
        self.desks.resize_with(lanes.max(self.desks.len()), Desk::default);
        self.incoming.clear();
        let Self { visits, incoming, endings, desks, .. } = self;
        read_pass::read_all(visits, &mut desks[..lanes], &start, due, incoming, endings).map_err(RoomPanicked::new)?;
        exit.tally.messages_in += incoming.messages.len() as u64;

        let Self { room, incoming, outgoing, .. } = self;
        caught(|| step_tick(room, incoming, start.tick, outgoing)).map_err(RoomPanicked::new)?;
        // Not before the step: what came ahead of a goodbye, or of what broke a limit, is good.
        self.hand_on_renewals(exit.tally);
        self.let_go(now, exit)?;
        self.look_for_seats();

        let Self { room, visits, outgoing, endings, desks, .. } = self;
        write_pass::queue_all(visits, outgoing, endings, exit.tally);
        write_pass::publish_all(room, visits, &mut desks[..lanes], &start, outgoing).map_err(RoomPanicked::new)?;
        for desk in &mut desks[..lanes] {
            endings.append(&mut desk.endings);
            exit.tally.take_from(&mut desk.tally);
        }
        caught(|| settle_tick(room, start.tick, outgoing)).map_err(RoomPanicked::new)?;
        write_pass::finish(visits, &start, outgoing, endings, exit.tally);
        self.let_go(now, exit)?;

        let empty = self.visits.count() == 0 && self.with_room(|room| room.is_empty())?;
        self.empty_ticks = if empty { self.empty_ticks + 1 } else { 0 };
        Ok(start)
    }

    /// Ends the room in order: what it still has to say is sent, then everyone is closed with `code`.
    pub(super) fn end(mut self, code: CloseCode, cause: &'static str, now: Instant, exit: &mut Exit<'_>) {
        let Self { room, outgoing, .. } = &mut self;
        if let Err(words) = caught(|| room.end(code, outgoing)) {
            tracing::error!(room = %self.name, words, "the room panicked while it was ended: this is a bug");
        }
        for (id, message) in self.outgoing.messages.drain(..) {
            if let Some(visit) = self.visits.one(id) {
                let _ = read_pass::guarded(&mut visit.connection, |connection| connection.queue(&message));
            }
        }
        for (id, code) in self.outgoing.closes.drain(..) {
            if let Some(visit) = self.visits.remove(id) {
                exit.leaving.add(visit, Ending::Closed(code, cause), now, exit.tally);
            }
        }
        self.abandon(code, cause, now, exit);
    }

    /// Ends the room as it is: its code is not asked again.
    pub(super) fn abandon(mut self, code: CloseCode, cause: &'static str, now: Instant, exit: &mut Exit<'_>) {
        for visit in self.visits.drain() {
            exit.leaving.add(visit, Ending::Closed(code, cause), now, exit.tally);
        }
        if let Err(words) = caught(move || drop(self.room)) {
            tracing::error!(room = %self.name, words, "the room panicked while it was dropped: this is a bug");
        }
    }

    /// Lets go of every connection that has ended, each once: the room forgets it, and it gets its close frame.
    fn let_go(&mut self, now: Instant, exit: &mut Exit<'_>) -> Result<(), RoomPanicked> {
        for index in 0..self.endings.len() {
            let (id, ending) = self.endings[index];
            if let Some(visit) = self.visits.remove(id) {
                self.part(id, visit, (ending, keeps_seat(ending)), now, exit)?;
            }
        }
        self.endings.clear();
        self.give_places_back();
        Ok(())
    }

    /// A visit ends, and its player leaves or has its seat kept: then with its place.
    fn part(
        &mut self,
        id: ConnectionId,
        mut visit: Visit,
        (ending, keep_seat): (Ending, bool),
        now: Instant,
        exit: &mut Exit<'_>,
    ) -> Result<(), RoomPanicked> {
        let parted = self.with_room(|room| {
            if keep_seat {
                return room.detach(id);
            }
            room.dismiss(id);
            None
        });
        let Ok(Some(player)) = parted else {
            exit.leaving.add(visit, ending, now, exit.tally);
            return parted.map(|_| ());
        };
        // It may have come back and gone in one tick: then what was kept since the cut before is not another seat.
        self.kept.retain(|kept| kept.player != player);
        let kept = visit.leave_to_seat();
        visit.tell_kept(kept.is_some());
        exit.leaving.add(visit, ending, now, exit.tally);
        if let Some((place, session)) = kept {
            self.kept.push(Kept { player, session, _place: place });
            return Ok(());
        }
        exit.tally.seats_not_kept += 1;
        self.with_room(|room| room.give_seat_up(player))
    }

    /// Whose players are back, or will not come, are places no more.
    fn give_places_back(&mut self) {
        let seats = self.room.seats();
        if std::mem::replace(&mut self.returned, seats.returned()) != seats.returned() {
            self.kept.retain(|kept| seats.is_away(kept.player));
        }
    }

    /// Who has a seat now does not count as being on the way to one any more.
    fn look_for_seats(&mut self) {
        let Self { room, visits, unseated, .. } = self;
        unseated.retain(|&id| match visits.one(id) {
            Some(visit) => match room.seats().standing(id) {
                Some(standing) => {
                    visit.seated(standing);
                    false
                }
                None => true,
            },
            None => false,
        });
    }

    fn with_room<R>(&mut self, work: impl FnOnce(&mut Room) -> R) -> Result<R, RoomPanicked> {
        caught(|| work(&mut self.room)).map_err(RoomPanicked::new)
    }
}

/// Whether a player may come back after such an end: it was cut, or the end was the path's fault or the server's. Who says goodbye, goes
/// to another page or breaks a rule has left.
fn keeps_seat(ending: Ending) -> bool {
    const LEFT: [Option<u16>; 2] = [Some(CloseCode::Normal.number()), Some(CloseCode::GoingAway.number())];
    match ending {
        Ending::Lost(_) => true,
        Ending::Left(number) => !LEFT.contains(&number),
        Ending::Closed(code, _) => matches!(code.fault(), Fault::Path | Fault::Server) || code == CloseCode::Replaced,
    }
}

/// 128 bits that nobody can guess; none: the system gives no randomness.
fn seat_secret() -> Option<SeatSecret> {
    let mut secret = [0; 16];
    match getrandom::fill(&mut secret) {
        Ok(()) => Some(Secret(secret)),
        Err(error) => {
            tracing::error!(%error, "no randomness for a seat's secret: the seat will not be kept");
            None
        }
    }
}
