//! The worker's loop: sleep to the next deadline, take the mail, run one room, again.
//!
//! ```text
//!              ┌──────────────────────────────────────────────────────────────┐
//!              ▼                                                              │
//!   nothing to do? wait for mail · else sleep to the earliest deadline        │
//!              ▼                                                              │
//!   mail: admitted ─► its room, or wait for it · dismiss · close · stop       │
//!              ▼                                                              │
//!   those who linger ─► the room whose deadline is earliest: one tick         │
//!              ▼                                                              │
//!   a room that is waited for, if there is time (see `making`): one ──────────┘
//! ```
//!
//! Rooms run earliest deadline first, their phases are spread. Nothing wakes this thread for an input, and while no
//! mail comes nothing crosses it: no lock, no other thread (a server that trains code tables hands counts to the trainer, and a
//! room in lanes has threads of its own). Its mailbox is bounded (see `mailbox`), and each turn takes a
//! bounded number of letters, so that neither a rush of players nor a crowd of rooms keeps the other waiting.
//!
//! Never here: sockets (see `connection`), what a tick does (see `hosted`).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::{Duration, Instant};

use shared::ids::Tick;
use shared::wire::close_code::CloseCode;

use super::WorkerSetup;
use super::allowance::PeerLimits;
use super::connection::Ending;
use super::hosted::{Exit, Hosted, RoomPanicked};
use super::leaving::{LINGER, Leaving};
use super::making::Making;
use super::panics::caught;
use super::schedule::{self, Schedule, Sleeper};
use super::tally::{Tally, report_tick};
use super::visit::Visit;
use crate::directory::{RoomId, RoomName};
use crate::mailbox::{Admitted, Mail, MailboxReceiver};
use crate::room::{Room, RoomEntropy};
use crate::sim::RoomOptions;

/// Letters taken per turn.
const MAIL_PER_TURN: usize = 64;
/// A room that is made may make a tick late by one part in so many of its period. With a hundred rooms on a worker there
/// is hardly a gap between two ticks in which a room could be made without that.
const LATE_FOR_A_ROOM: u32 = 4;
/// The longest sleep: what mail waits at most in a worker whose rooms are slow.
const SLEEP_MAX: Duration = Duration::from_millis(50);
/// One warning about late ticks per this time; the metrics count them all.
const WARN_EVERY: Duration = Duration::from_secs(10);
/// How often the directory is asked again about rooms that ended while somebody was on the way to them.
const ASK_AGAIN_EVERY: Duration = Duration::from_millis(250);

/// One worker: its rooms, those who are leaving, and the mail.
pub(super) struct Host {
    worker: usize,
    sleeper: Sleeper,
    mail: MailboxReceiver,
    setup: WorkerSetup,
    rooms: BTreeMap<RoomId, Hosted>,
    /// Deadlines, earliest first; an entry whose room is gone is passed over.
    agenda: BinaryHeap<Reverse<(Instant, RoomId)>>,
    making: Making,
    leaving: Leaving,
    tally: Tally,
    /// Rooms that are gone here but still listed, because places in them are held.
    ended: BTreeSet<RoomId>,
    ask_again: Option<Instant>,
    /// Rooms ever made: the next one's phase.
    rooms_made: u64,
    /// When we last said that a tick was too late.
    warned: Option<Instant>,
    /// Told to stop: with which code, and when nobody is waited for any longer.
    stopping: Option<(CloseCode, Instant)>,
}

impl Host {
    /// A worker without rooms. Called on the thread that it will run on.
    pub(super) fn new(worker: usize, mail: MailboxReceiver, setup: WorkerSetup) -> Self {
        Self {
            worker,
            sleeper: Sleeper::for_this_thread(),
            mail,
            setup,
            rooms: BTreeMap::new(),
            agenda: BinaryHeap::new(),
            making: Making::new(),
            leaving: Leaving::default(),
            tally: Tally::default(),
            ended: BTreeSet::new(),
            ask_again: None,
            rooms_made: 0,
            warned: None,
            stopping: None,
        }
    }

    /// Runs until told to stop, or until nobody is left who could send mail and nothing is left to do.
    pub(super) fn run(mut self) {
        while self.turn() {}
        let now = schedule::now();
        self.leaving.end_all(now, &mut self.tally);
        self.tally.report(&self.setup.metrics);
        self.setup.metrics.pulse(self.worker).beat(now, 0);
        tracing::info!(worker = self.worker, "worker ended");
    }

    /// One turn of the loop. False: it was the last.
    fn turn(&mut self) -> bool {
        self.setup.metrics.pulse(self.worker).beat(schedule::now(), self.rooms.len());
        match self.next_wake() {
            Some(wake) => self.sleeper.sleep_until(wake.min(schedule::now() + SLEEP_MAX)),
            None => match self.mail.recv() {
                Some(mail) => self.take(mail),
                None => return false,
            },
        }
        for _ in 0..MAIL_PER_TURN {
            let Some(mail) = self.mail.try_recv() else { break };
            self.take(mail);
        }
        let now = schedule::now();
        self.leaving.serve(now, &mut self.tally);
        self.ask_directory_again(now);
        self.run_earliest(now);
        self.make_a_room(schedule::now());
        self.tally.report(&self.setup.metrics);
        self.stopping.is_none_or(|(_, until)| now < until && !self.leaving.is_empty())
    }

    /// When something is to be done; none while only mail can change anything.
    fn next_wake(&mut self) -> Option<Instant> {
        let deadline = self.next_deadline();
        let now = schedule::now();
        let making = self.is_room_due(deadline, now).then_some(now);
        [deadline, making, self.leaving.due(), self.ask_again].into_iter().flatten().min()
    }

    /// When the next tick is due; none without rooms.
    fn next_deadline(&mut self) -> Option<Instant> {
        while let Some(Reverse((_, id))) = self.agenda.peek() {
            if self.rooms.contains_key(id) {
                break;
            }
            self.agenda.pop();
        }
        self.agenda.peek().map(|Reverse((deadline, _))| *deadline)
    }

    fn take(&mut self, mail: Mail) {
        let now = schedule::now();
        match mail {
            Mail::Admitted(admitted) => self.admit(*admitted, now),
            Mail::Tables(tables) => {
                self.rooms.values_mut().for_each(|hosted| hosted.replace_tables(&tables));
                self.setup.tables = tables;
            }
            Mail::Dismiss { connections, code, keep_seat } => {
                self.dismiss(&connections.into_iter().collect(), code, keep_seat, now);
            }
            Mail::TicketsEnd { connections } => {
                let connections = connections.into_iter().collect();
                self.rooms.values_mut().for_each(|hosted| hosted.tell_tickets_end(&connections));
            }
            Mail::BadRenewals { connections } => {
                let connections = connections.into_iter().collect();
                self.in_each_room(now, |hosted, exit| hosted.strike(&connections, now, exit));
            }
            Mail::Close { room, code } => {
                let cause = "the operator closed the room";
                let found = self.rooms.iter().find(|(_, hosted)| *hosted.name() == room).map(|(id, _)| *id);
                if let Some(id) = found {
                    self.end_room(id, code, cause, now);
                }
                if let Some(id) = self.making.called(&room) {
                    self.refuse_waiting(id, code, cause, now);
                }
            }
            Mail::Stop { code } => self.stop(code, now),
        }
    }

    fn admit(&mut self, admitted: Admitted, now: Instant) {
        if let Some((code, _)) = self.stopping {
            return self.refuse(admitted, code, "the worker stops", now);
        }
        // It was told to go while it was on its way, when nobody here knew of it yet.
        if let Some(dismissal) = admitted.session.dismissal() {
            return self.refuse(admitted, dismissal.code, "told to go", now);
        }
        let id = admitted.place.room_id;
        let Some(hosted) = self.rooms.get_mut(&id) else { return self.making.add(admitted, now) };
        if let Err(panicked) = hosted.attach(admitted, now) {
            self.fail_room(id, &panicked.to_string(), now);
        }
    }

    /// Closes those of these numbers that are here, whether they play, have no seat yet or wait for their room.
    fn dismiss(&mut self, connections: &BTreeSet<u64>, code: CloseCode, keep_seat: bool, now: Instant) {
        self.in_each_room(now, |hosted, exit| hosted.dismiss(connections, code, keep_seat, now, exit));
        for admitted in self.making.take_those(connections) {
            self.refuse(admitted, code, "told to go", now);
        }
    }

    /// Does the same in each room. One whose code panics by it fails.
    fn in_each_room(&mut self, now: Instant, work: impl Fn(&mut Hosted, &mut Exit<'_>) -> Result<(), RoomPanicked>) {
        let mut failed = Vec::new();
        let mut exit = Exit { leaving: &mut self.leaving, tally: &mut self.tally };
        for (id, hosted) in &mut self.rooms {
            if let Err(panicked) = work(hosted, &mut exit) {
                failed.push((*id, panicked.to_string()));
            }
        }
        for (id, error) in failed {
            self.fail_room(id, &error, now);
        }
    }

    /// Whether a room is to be made before the tick that is due at `deadline`.
    fn is_room_due(&self, deadline: Option<Instant>, now: Instant) -> bool {
        let late = Duration::from_secs(1) / u32::from(self.setup.rooms.tick_rate_hz.max(1)) / LATE_FOR_A_ROOM;
        self.making.is_due(deadline.map(|deadline| deadline + late), now)
    }

    /// Makes at most one of the rooms that are waited for, and lets those who waited in.
    fn make_a_room(&mut self, began: Instant) {
        let deadline = self.next_deadline();
        if !self.is_room_due(deadline, began) {
            return;
        }
        let Some((id, name)) = self.making.next() else { return };
        let made = self.make_room(&name, began);
        let now = schedule::now();
        self.making.finished(began, now);
        self.setup.metrics.room_making_seconds.record(now.saturating_duration_since(began));
        let Some(hosted) = made else {
            self.setup.metrics.rooms_failed.increment(1);
            return self.refuse_waiting(id, CloseCode::InternalError, "its room could not be made", now);
        };
        self.setup.directory.made(id);
        self.agenda.push(Reverse((hosted.deadline(), id)));
        self.rooms.insert(id, hosted);
        self.ended.remove(&id);
        for admitted in self.making.take(id) {
            self.admit(admitted, now);
        }
    }

    /// Closes all who wait for a room that will not be.
    fn refuse_waiting(&mut self, id: RoomId, code: CloseCode, cause: &'static str, now: Instant) {
        for admitted in self.making.take(id) {
            self.refuse(admitted, code, cause, now);
        }
        self.ended.insert(id);
        self.ask_again = Some(now);
    }

    /// Closes a connection that no room takes.
    fn refuse(&mut self, admitted: Admitted, code: CloseCode, cause: &'static str, now: Instant) {
        let limits = PeerLimits::playing(self.setup.rooms.waits);
        if let Ok(visit) = Visit::new(limits, admitted, 1, Tick(0), now) {
            self.leaving.add(visit, Ending::Closed(code, cause), now, &mut self.tally);
        }
    }

    /// A new room, or none: then the log says why.
    fn make_room(&mut self, name: &RoomName, now: Instant) -> Option<Hosted> {
        let rooms = &self.setup.rooms;
        let options: RoomOptions = rooms.options(name);
        let entropy = match entropy() {
            Ok(entropy) => entropy,
            Err(error) => {
                tracing::error!(room = %name, %error, "no randomness for a room");
                return None;
            }
        };
        let tables = self.setup.tables.clone();
        let made = match caught(|| Room::new(self.setup.game.clone(), &options, entropy, Some(tables))) {
            Ok(made) => made.map_err(|refused| refused.to_string()),
            Err(words) => Err(words),
        };
        let room = match made {
            #[cfg(feature = "sabotage")]
            Ok(mut room) => {
                self.setup.leak.into_iter().for_each(|leak| room.sabotage_replicator().sabotage_leak(leak));
                room
            }
            #[cfg(not(feature = "sabotage"))]
            Ok(room) => room,
            Err(error) => {
                tracing::error!(room = %name, error, "the room could not be made");
                return None;
            }
        };
        let rate = options.tick_rate_hz;
        let period = Duration::from_secs(1) / u32::from(rate.max(1));
        let first = now + schedule::phase(self.rooms_made, period);
        self.rooms_made += 1;
        self.setup.metrics.rooms_made.increment(1);
        tracing::info!(room = %name, worker = self.worker, tick_rate_hz = rate, "room made");
        let schedule = Schedule::new(first, rate, u32::from(rooms.late_steps_max));
        let mut hosted = Hosted::new(name.clone(), room, schedule, rate, self.setup.allow_audit)
            .in_lanes(rooms.lanes)
            .waiting(rooms.waits);
        if let Some(renewals) = &self.setup.renewals {
            hosted = hosted.renewing(renewals.clone());
        }
        if self.setup.studies.is_some() {
            hosted.begin_study();
        }
        Some(hosted)
    }

    /// Runs the room whose deadline is earliest, if it has come.
    fn run_earliest(&mut self, now: Instant) {
        let Some(&Reverse((deadline, id))) = self.agenda.peek() else { return };
        if deadline > now {
            return;
        }
        self.agenda.pop();
        let Some(hosted) = self.rooms.get_mut(&id) else { return };
        let mut exit = Exit { leaving: &mut self.leaving, tally: &mut self.tally };
        let start = match hosted.tick(now, &mut exit) {
            Ok(start) => start,
            Err(panicked) => return self.fail_room(id, &panicked.to_string(), now),
        };
        self.agenda.push(Reverse((hosted.deadline(), id)));
        let took = schedule::now().saturating_duration_since(now);
        hosted.note_took(took);
        report_tick(&self.setup.metrics, &start, took, hosted.period());
        hosted.report(&self.setup.metrics);
        if let Some(studies) = &self.setup.studies {
            hosted.hand_over_study(studies, start.tick);
        }
        if start.forgiven > 0 && self.warned.is_none_or(|warned| now >= warned + WARN_EVERY) {
            self.warned = Some(now);
            let (room, late_ms) = (hosted.name(), start.late.as_millis() as u64);
            tracing::warn!(%room, tick = start.tick.0, periods = start.forgiven, late_ms, "too late: deadlines moved");
        }
        self.end_if_empty(id);
    }

    /// Ends a room in which nobody is: after a while, but at once if nobody ever played there or a new room needs its
    /// place.
    fn end_if_empty(&mut self, id: RoomId) {
        let Some(hosted) = self.rooms.get(&id).filter(|hosted| hosted.empty_for() > Duration::ZERO) else { return };
        let WorkerSetup { rooms, directory, metrics, .. } = &self.setup;
        let over = hosted.empty_for() >= rooms.empty_after || !hosted.was_played() || !directory.lists(id);
        if over && directory.try_end(id) {
            tracing::info!(room = %hosted.name(), "room ended: nobody was there");
            hosted.report_gone(metrics);
            metrics.rooms_ended.increment(1);
            self.let_go(id);
        }
    }

    fn end_room(&mut self, id: RoomId, code: CloseCode, cause: &'static str, now: Instant) {
        let Some(hosted) = self.let_go(id) else { return };
        tracing::info!(room = %hosted.name(), code = code.name(), cause, connections = hosted.connection_count(), "room ended");
        hosted.report_gone(&self.setup.metrics);
        self.setup.metrics.rooms_ended.increment(1);
        hosted.end(code, cause, now, &mut Exit { leaving: &mut self.leaving, tally: &mut self.tally });
        self.ended.insert(id);
        self.ask_again = Some(now);
    }

    /// A room ends in order: what it has counted is not lost.
    fn let_go(&mut self, id: RoomId) -> Option<Hosted> {
        let mut hosted = self.rooms.remove(&id)?;
        if let Some(studies) = &self.setup.studies {
            hosted.hand_over_rest(studies);
        }
        Some(hosted)
    }

    fn fail_room(&mut self, id: RoomId, error: &str, now: Instant) {
        let Some(hosted) = self.rooms.remove(&id) else { return };
        tracing::error!(room = %hosted.name(), error, connections = hosted.connection_count(), "room failed");
        hosted.report_gone(&self.setup.metrics);
        self.setup.metrics.rooms_failed.increment(1);
        let mut exit = Exit { leaving: &mut self.leaving, tally: &mut self.tally };
        hosted.abandon(CloseCode::InternalError, "the room failed", now, &mut exit);
        self.ended.insert(id);
        self.ask_again = Some(now);
    }

    /// Takes ended rooms off the directory as soon as no place in them is held. A place that is on its way here in the
    /// mail brings the room back to life instead.
    fn ask_directory_again(&mut self, now: Instant) {
        if self.ask_again.is_some_and(|again| again <= now) {
            self.ended.retain(|id| !self.setup.directory.try_end(*id));
            self.ask_again = (!self.ended.is_empty()).then_some(now + ASK_AGAIN_EVERY);
        }
    }

    fn stop(&mut self, code: CloseCode, now: Instant) {
        self.stopping.get_or_insert((code, now + LINGER));
        for admitted in self.making.take_all() {
            self.refuse(admitted, code, "the server stops", now);
        }
        while let Some((&id, _)) = self.rooms.first_key_value() {
            self.end_room(id, code, "the server stops", now);
        }
    }
}

/// Randomness for a new room, from the operating system.
fn entropy() -> Result<RoomEntropy, getrandom::Error> {
    Ok(RoomEntropy { seed: getrandom::u64()?, incarnation: getrandom::u64()?, slots: getrandom::u64()? })
}

#[cfg(test)]
mod tests {
    use super::super::test_game::{DOOMED, REFUSED, dots, schema};
    use super::super::test_peer::{PATIENCE, Peer, plain_pair, tls_pair, until};
    use super::*;
    use crate::config::RoomsConfig;
    use crate::directory::{Caps, Directory};
    use crate::identity::Identity;
    use crate::mailbox::{HandedOver, MailboxSender, mailbox};
    use crate::metrics::Metrics;
    use crate::sessions::{Again, Sessions};
    use crate::standing::Standing;
    use shared::bits::BitReader;
    use shared::codec::Tables;
    use shared::schema::Layout;
    use shared::wire::state_frame::{Digest, FrameHeader};
    use shared::wire::{ClientMessage, Hello, ServerMessage, version};
    use std::net::IpAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread::JoinHandle;
    use tokio_tungstenite::tungstenite::Message;

    /// A worker as the front sees it.
    struct Worker {
        directory: Arc<Directory>,
        sessions: Arc<Sessions>,
        /// Connections that came.
        came: AtomicU64,
        metrics: Metrics,
        mail: MailboxSender,
        thread: Option<JoinHandle<()>>,
    }

    impl Worker {
        fn start() -> Self {
            Self::start_with(|_| {})
        }

        fn start_with(change: impl FnOnce(&mut RoomsConfig) + Send + 'static) -> Self {
            let (parts, host) = Self::without_thread();
            let host = move || {
                let mut host = host();
                change(&mut host.setup.rooms);
                host
            };
            let thread = std::thread::spawn(move || host().run());
            Self { thread: Some(thread), ..parts }
        }

        /// A worker whose turns are taken by the test, on the thread that calls the function.
        fn without_thread() -> (Self, impl FnOnce() -> Host + Send) {
            let rooms = rooms_config();
            let directory = Directory::new(Caps {
                players_max: 8,
                spectators_max: 0,
                rooms_max: 8,
                connections_max: 100,
                connections_per_address_max: 100,
                unseated_per_address_max: 100,
                away_per_address_max: 2,
                limit_loopback: false,
                workers: 1,
                tick_rate_hz: rooms.tick_rate_hz,
            });
            let (mail, receiver) = mailbox();
            let metrics = Metrics::new(1);
            let setup = WorkerSetup {
                game: dots(),
                rooms,
                directory: directory.clone(),
                metrics: metrics.clone(),
                allow_audit: true,
                tables: Arc::new(Tables::untrained(&Layout::new(&schema(), 12).unwrap())),
                studies: None,
                renewals: None,
                #[cfg(feature = "sabotage")]
                leak: None,
            };
            let sessions = Sessions::new(vec![mail.clone()], Again::Replaces);
            (Self { directory, sessions, came: AtomicU64::new(0), metrics, mail, thread: None }, move || {
                Host::new(0, receiver, setup)
            })
        }

        fn admit(&self, room: &str, pair: (HandedOver, Peer)) -> Peer {
            self.admit_as(self.came.load(Ordering::Relaxed), None, room, pair)
        }

        /// The same for that somebody of a test, from that address.
        fn admit_as(&self, who: u64, from: Option<IpAddr>, room: &str, (socket, peer): (HandedOver, Peer)) -> Peer {
            let mut place = self.directory.admit(&RoomName::new(room).unwrap(), Standing::Player).unwrap();
            if let Some(from) = from {
                place.keep(self.directory.arrive(from).unwrap());
            }
            let address = peer.tcp().local_addr().unwrap();
            let span = tracing::Span::none();
            let connection = self.came.fetch_add(1, Ordering::Relaxed);
            let session = self.sessions.enter(connection, &place, Identity::of_test(who)).unwrap();
            session.replace_older();
            let admitted = Admitted { socket, place, session, peer: address, connection, span };
            self.mail.try_send(Mail::Admitted(Box::new(admitted))).unwrap();
            peer
        }

        /// A client that is in: welcomed, and its first frame has come.
        fn player(&self, room: &str, pair: (HandedOver, Peer)) -> Peer {
            Self::sit_down(self.admit(room, pair))
        }

        fn sit_down(mut peer: Peer) -> Peer {
            let (protocol_min, protocol_max) = (version::PROTOCOL, version::PROTOCOL);
            let hello = Hello { protocol_min, protocol_max, name: "tester".to_owned(), ..Hello::default() };
            peer.send(&ClientMessage::Hello(Box::new(hello)).to_bytes(&schema()));
            for _ in 0..2 {
                let first = peer.receive();
                assert!(matches!(first, Message::Binary(_)), "{first:?}");
            }
            peer
        }

        /// A counter as it is now.
        fn counted(&self, name: &str) -> u64 {
            let text = self.metrics.render();
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name} in:\n{text}")).parse().unwrap()
        }

        fn stop(self) {
            self.mail.try_send(Mail::Stop { code: CloseCode::GoingAway }).unwrap();
            self.thread.unwrap().join().unwrap();
        }
    }

    #[test]
    fn players_get_a_frame_per_tick_in_every_room_and_a_stop_tells_them_all() {
        let worker = Worker::start();
        let mut players: Vec<_> = (0..6u32)
            .map(|number| {
                let pair = if number % 2 == 0 { tls_pair() } else { plain_pair() };
                worker.player(&format!("room-{}", number % 3), pair)
            })
            .collect();
        assert_eq!(worker.directory.room_count(), 3);
        for player in &mut players {
            for _ in 0..5 {
                assert!(matches!(player.receive(), Message::Binary(_)));
            }
        }
        let started = Instant::now();
        let hear: Vec<_> = players
            .into_iter()
            .map(|mut player| std::thread::spawn(move || (player.receive_close(), player.stream_ends_in_order())))
            .collect();
        let directory = worker.directory.clone();
        worker.stop();
        assert!(started.elapsed() < PATIENCE / 2, "{:?}", started.elapsed());
        for heard in hear {
            let ((number, reason), in_order) = heard.join().unwrap();
            assert_eq!((number, reason.as_str()), (1001, CloseCode::GoingAway.reason()));
            assert!(in_order);
        }
        assert_eq!(directory.place_count(), 0);
    }

    #[test]
    fn who_is_dismissed_is_closed_at_once_wherever_it_is_and_nobody_else_notices() {
        let worker = Worker::start();
        let mut plays = worker.player("main", tls_pair());
        let mut stays = worker.player("main", plain_pair());
        let mut silent = worker.admit("main", plain_pair());
        assert_eq!(worker.sessions.dismiss(&[0, 2, 77], CloseCode::Kicked, false), 2);
        for gone in [&mut plays, &mut silent] {
            assert_eq!(gone.receive_close(), (4011, CloseCode::Kicked.reason().to_owned()));
        }
        assert_eq!(worker.sessions.find(|_| true), [1], "those who were told are off the list");
        for _ in 0..5 {
            assert!(matches!(stays.receive(), Message::Binary(_)));
        }
        worker.stop();
    }

    #[test]
    fn whose_socket_is_cut_keeps_its_place_until_it_is_back_or_its_time_is_over() {
        let worker = Worker::start_with(|rooms| rooms.keep_seats_s = 1);
        let welcome = |peer: &mut Peer| loop {
            let Message::Binary(bytes) = peer.receive() else { continue };
            if let Ok(ServerMessage::Welcome(welcome)) = ServerMessage::read(&bytes) {
                return *welcome;
            }
        };
        let come = |resume| {
            let mut peer = worker.admit("main", plain_pair());
            let (protocol_min, protocol_max) = (version::PROTOCOL, version::PROTOCOL);
            let hello = Hello { protocol_min, protocol_max, resume, ..Hello::default() };
            peer.send(&ClientMessage::Hello(Box::new(hello)).to_bytes(&schema()));
            peer
        };
        let mut peer = come(None);
        let first = welcome(&mut peer);
        assert!(first.resume.is_some());
        drop(peer);
        until("the connection is gone", || (worker.sessions.count() == 0).then_some(()));
        assert_eq!(worker.directory.place_count(), 1, "the place is the seat's");
        let mut peer = come(first.resume);
        let second = welcome(&mut peer);
        assert_eq!((first.player, first.incarnation), (second.player, second.incarnation));
        assert_ne!(first.resume, second.resume);
        until("one place", || (worker.directory.place_count() == 1).then_some(()));
        drop(peer);
        until("its time is over", || (worker.directory.place_count() == 0).then_some(()));
        worker.stop();
    }

    #[test]
    fn who_comes_back_and_is_cut_at_once_has_the_same_seat_and_one_place() {
        let worker = Worker::start_with(|rooms| rooms.keep_seats_s = 600);
        let come = |resume| {
            let mut peer = worker.admit_as(77, None, "main", plain_pair());
            let (protocol_min, protocol_max) = (version::PROTOCOL, version::PROTOCOL);
            let hello = Hello { protocol_min, protocol_max, resume, ..Hello::default() };
            peer.send(&ClientMessage::Hello(Box::new(hello)).to_bytes(&schema()));
            peer
        };
        let welcome = |mut peer: Peer| loop {
            let Message::Binary(bytes) = peer.receive() else { continue };
            if let Ok(ServerMessage::Welcome(welcome)) = ServerMessage::read(&bytes) {
                return *welcome;
            }
        };
        let first = welcome(come(None));
        until("it was cut", || (worker.counted("tickwire_absences_total") == 1).then_some(()));
        for times in 1..=4 {
            drop(come(first.resume));
            until("it was back", || (worker.counted("tickwire_absences_total") == times + 1).then_some(()));
            until("one place", || (worker.directory.place_count() == 1).then_some(()));
        }
        let again = welcome(come(first.resume));
        assert_eq!((again.player, again.incarnation), (first.player, first.incarnation));
        worker.stop();
    }

    #[test]
    fn who_is_away_and_told_to_leave_for_good_loses_its_seat_and_its_place_at_once() {
        let worker = Worker::start_with(|rooms| rooms.keep_seats_s = 600);
        let mut stays = worker.player("main", plain_pair());
        drop(worker.player("main", tls_pair()));
        drop(worker.player("main", plain_pair()));
        until("both are away", || (worker.sessions.count() == 1).then_some(()));
        assert_eq!(worker.sessions.find(|_| true), [0, 1, 2], "who is away can be found");
        assert_eq!(worker.directory.place_count(), 3);
        assert_eq!(worker.sessions.dismiss(&[1], CloseCode::Kicked, false), 1);
        until("its place is free", || (worker.directory.place_count() == 2).then_some(()));
        assert_eq!(worker.sessions.find(|_| true), [0, 2], "the other seat is kept");
        for _ in 0..5 {
            assert!(matches!(stays.receive(), Message::Binary(_)));
        }
        worker.stop();
    }

    #[test]
    fn one_player_has_one_kept_seat_in_all_rooms_and_one_address_so_many() {
        let worker = Worker::start_with(|rooms| rooms.keep_seats_s = 600);
        let cut = |who, from: &str, room| {
            let from = from.parse().unwrap();
            drop(Worker::sit_down(worker.admit_as(who, Some(from), room, plain_pair())));
            until("the connection is gone", || (worker.directory.connection_count() == 0).then_some(()));
        };
        for room in ["a", "a", "b", "c", "b"] {
            cut(77, "192.0.2.1", room);
            until("it has left where it was", || (worker.directory.place_count() == 1).then_some(()));
        }
        assert_eq!(worker.sessions.list().iter().map(|one| one.room.to_string()).collect::<Vec<_>>(), ["b"]);
        for (who, from, kept) in [(1, "192.0.2.1", 2), (2, "192.0.2.1", 2), (3, "192.0.2.2", 3), (4, "192.0.2.1", 3)] {
            cut(who, from, "a");
            until("what is kept is kept", || (worker.directory.place_count() == kept).then_some(()));
        }
        until("it is counted", || (worker.counted("tickwire_seats_not_kept_total") == 2).then_some(()));
        worker.stop();
    }

    #[test]
    fn who_waits_for_a_room_or_is_on_its_way_is_dismissed_too() {
        let (worker, host) = Worker::without_thread();
        let mut host = host();
        let mut waits = worker.admit("later", plain_pair());
        let Some(Mail::Admitted(admitted)) = host.mail.try_recv() else { panic!("a newcomer") };
        let now = schedule::now();
        host.making.add(*admitted, now);
        worker.sessions.dismiss(&[0], CloseCode::TicketEnded, false);
        let Some(mail) = host.mail.try_recv() else { panic!("an order") };
        host.take(mail);
        assert!(host.making.next().is_none(), "nobody waits any more");
        assert_eq!(waits.receive_close().0, 4012);

        let mut comes = worker.admit("later", plain_pair());
        let Some(Mail::Admitted(admitted)) = host.mail.try_recv() else { panic!("a newcomer") };
        worker.sessions.dismiss(&[1], CloseCode::Replaced, true);
        host.admit(*admitted, now);
        assert!(host.making.next().is_none(), "it is not let in");
        assert_eq!(comes.receive_close().0, 4010);
    }

    #[test]
    fn a_playing_socket_costs_one_receive_and_one_send_per_tick() {
        const PLAYERS: u64 = 5;
        let worker = Worker::start();
        let mut players: Vec<_> = (0..PLAYERS).map(|_| worker.player("main", tls_pair())).collect();
        let counts = || {
            ["ticks", "socket_receive_calls", "socket_send_calls"]
                .map(|name| worker.counted(&format!("tickwire_{name}_total")))
        };
        let before = counts();
        let mut newest = [Tick(0); PLAYERS as usize];
        for _ in 0..60 {
            for (player, newest) in players.iter_mut().zip(&mut newest) {
                let Message::Binary(frame) = player.receive() else { panic!("closed") };
                let header = FrameHeader::read(&mut BitReader::new(&frame), *newest, Digest::Folded).unwrap();
                *newest = header.tick;
                player.send(&ClientMessage::Confirm { newest: *newest }.to_bytes(&schema()));
            }
        }
        let after = counts();
        let [ticks, recvs, sends] = [0, 1, 2].map(|index| after[index] - before[index]);
        // Both readings may fall into the middle of a tick.
        let wanted = ticks * PLAYERS;
        assert!(ticks >= 10, "{ticks}");
        assert!(recvs.abs_diff(wanted) <= 2 * PLAYERS, "{recvs} receives in {ticks} ticks");
        assert!(sends.abs_diff(wanted) <= 2 * PLAYERS, "{sends} sends in {ticks} ticks");
        worker.stop();
    }

    #[test]
    fn a_stop_does_not_wait_for_those_who_never_answer() {
        let worker = Worker::start();
        let silent: Vec<_> = (0..4).map(|_| worker.player("main", tls_pair())).collect();
        let started = Instant::now();
        worker.stop();
        assert!(started.elapsed() < LINGER * 3, "{:?}", started.elapsed());
        drop(silent);
    }

    #[test]
    fn a_room_that_panics_ends_alone() {
        let worker = Worker::start();
        let mut honest = worker.player("main", tls_pair());
        let mut doomed = worker.admit(DOOMED, tls_pair());
        assert_eq!(doomed.receive_close().0, CloseCode::InternalError.number());
        assert!(matches!(honest.receive(), Message::Binary(_)));
        drop(doomed);
        until("the failed room is off the list", || (worker.directory.room_count() == 1).then_some(()));
        assert!(matches!(honest.receive(), Message::Binary(_)));
        worker.stop();
    }

    #[test]
    fn a_room_that_cannot_be_made_tells_its_first_player_and_is_off_the_list() {
        let worker = Worker::start();
        let mut peer = worker.admit(REFUSED, tls_pair());
        assert_eq!(peer.receive_close().0, CloseCode::InternalError.number());
        drop(peer);
        until("it is off the list", || (worker.directory.room_count() == 0).then_some(()));
        worker.stop();
    }

    #[test]
    fn many_new_rooms_are_made_one_per_turn_and_neither_a_stop_nor_its_news_wait_for_them() {
        let (worker, host) = Worker::without_thread();
        let mut host = host();
        let mut waiting: Vec<_> = (0..8).map(|number| worker.admit(&format!("new-{number}"), plain_pair())).collect();
        for turns in 1..=3 {
            assert!(host.turn());
            assert!(host.rooms.len() <= turns, "{} rooms in {turns} turns", host.rooms.len());
        }
        worker.mail.try_send(Mail::Stop { code: CloseCode::GoingAway }).unwrap();
        host.turn();
        assert!(host.rooms.is_empty());
        assert!(worker.counted("tickwire_rooms_made_total") <= 3);
        while host.turn() {}
        for peer in &mut waiting {
            assert_eq!(peer.receive_close().0, CloseCode::GoingAway.number());
        }
    }

    #[test]
    fn a_closed_room_says_so_and_its_name_can_be_used_again() {
        let worker = Worker::start();
        let mut player = worker.player("main", tls_pair());
        let room = RoomName::new("main").unwrap();
        worker.mail.try_send(Mail::Close { room, code: CloseCode::RoomEnded }).unwrap();
        assert_eq!(player.receive_close().0, CloseCode::RoomEnded.number());
        let mut again = worker.player("main", tls_pair());
        assert!(matches!(again.receive(), Message::Binary(_)));
        worker.stop();
    }

    #[test]
    fn an_empty_room_ends_after_a_while_and_a_new_one_takes_its_name() {
        let worker = Worker::start();
        drop(worker.player("main", plain_pair()));
        until("the empty room is gone", || (worker.directory.room_count() == 0).then_some(()));
        let mut player = worker.player("main", plain_pair());
        assert!(matches!(player.receive(), Message::Binary(_)));
        worker.stop();
    }

    #[test]
    fn a_room_in_which_nobody_ever_sat_ends_as_soon_as_it_is_empty() {
        let (worker, host) = Worker::without_thread();
        let mut host = host();
        host.setup.rooms.empty_after = Duration::from_secs(3600);
        let silent = worker.admit("main", plain_pair());
        until("the room", || (host.turn() && host.rooms.len() == 1).then_some(()));
        drop(silent);
        until("its end", || (host.turn() && host.rooms.is_empty()).then_some(()));
        assert_eq!(worker.directory.room_count(), 0);
    }

    #[test]
    fn an_empty_room_ends_when_a_new_one_needs_its_place() {
        let worker = Worker::start_with(|rooms| rooms.empty_after = Duration::from_secs(3600));
        drop(worker.player("left", plain_pair()));
        until("everybody has left", || (worker.directory.place_count() == 0).then_some(()));
        let _others: Vec<_> = (0..8).map(|number| worker.player(&format!("new-{number}"), plain_pair())).collect();
        until("the empty room is gone", || (worker.counted("tickwire_rooms_ended_total") == 1).then_some(()));
        worker.stop();
    }

    #[test]
    fn who_breaks_a_limit_is_closed_and_the_others_play_on() {
        let worker = Worker::start();
        let mut honest = worker.player("main", tls_pair());
        let mut rude = worker.player("main", tls_pair());
        rude.ws.send(Message::Text("let me in".into())).unwrap();
        assert_eq!(rude.receive_close().0, CloseCode::NotBinary.number());
        assert!(rude.stream_ends_in_order());
        until("its place is free", || (worker.directory.place_count() == 1).then_some(()));
        assert!(matches!(honest.receive(), Message::Binary(_)));
        worker.stop();
    }

    #[test]
    fn what_was_said_right_before_goodbye_counts() {
        let worker = Worker::start();
        for heard in 1..=5 {
            let mut player = worker.player("main", plain_pair());
            // Both in one send, so both are there in the same pass.
            player.ws.write(Message::Binary(vec![255].into())).unwrap();
            player.ws.close(None).unwrap();
            let name = "tickwire_messages_refused_total{reason=\"malformed\"}";
            until("its last message was read", || (worker.counted(name) == heard).then_some(()));
        }
        worker.stop();
    }

    fn rooms_config() -> RoomsConfig {
        let empty_after = Duration::from_millis(300);
        RoomsConfig { tick_rate_hz: 60, empty_after, keep_seats_s: 0, ..RoomsConfig::default() }
    }
}
