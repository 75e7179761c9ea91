//! A real room and its clients on one thread, in virtual time: one tick after the other, checked after each.
//!
//! ```text
//!   step:  four quarters of a tick { links ─► sessions ─► links }  ─►  run_tick  ─►  links, closes  ─►  checks
//! ```
//!
//! A finding of a checker ends the story at once, unless the story said [`Arena::tolerate`] (it breaks things on purpose)
//! and looks at the findings itself.

use crate::arena_truth;
use crate::checks::{self, Fault, Finding};
use crate::link::{Link, LinkOptions};
use crate::moment::{Moment, Things};
use crate::peer::{Client, FrameSeen, Log, Stranger};
use crate::player::{fighters, zoo_players};
use crate::zoo::Zoo;
use crate::zoo_truth;
use bytes::Bytes;
use client_sim::behaviour::Behaviours;
use client_sim::dice::Dice;
use client_sim::session::{Session, SessionConfig, SessionEvent};
use server::game_api::{RoomGame, RoomOptions};
use server::replicate::replicator::ReplicateOptions;
use server::room::{ConnectionId, Counts, Incoming, Outgoing, Received, Room, RoomEntropy, run_tick};
use server::sim::{Players, Sim};
use shared::bits::BitReader;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::schema::{Kind, Replicated};
use shared::wire::{ClientMessage, CloseCode, Digest, FrameHeader, FrameKind, Hello};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many ticks' truths are kept: a client that is later than this must start anew anyway.
const MOMENTS: usize = 1_024;

/// What a story begins with.
pub struct ArenaBuilder {
    seed: u64,
    game: Arc<dyn RoomGame>,
    look: fn(&Sim) -> Box<dyn Things>,
    options: RoomOptions,
    replicate: ReplicateOptions,
    clients: usize,
    behaviours: Option<Arc<dyn Behaviours>>,
    link: LinkOptions,
    digest: Digest,
}

impl ArenaBuilder {
    /// A zoo as wild as this.
    #[must_use]
    pub fn zoo(mut self, zoo: Zoo) -> Self {
        self.game = Arc::new(zoo);
        self
    }

    /// The built-in game, played by its own fighters.
    #[must_use]
    pub fn built_in(self) -> Self {
        self.game(Arc::new(server::game::Arena), arena_truth::look).behaviours(Some(fighters()))
    }

    /// Another game, and how to read its World.
    #[must_use]
    pub fn game(mut self, game: Arc<dyn RoomGame>, look: fn(&Sim) -> Box<dyn Things>) -> Self {
        (self.game, self.look) = (game, look);
        self
    }

    /// This many clients from the beginning.
    #[must_use]
    pub const fn clients(mut self, clients: usize) -> Self {
        self.clients = clients;
        self
    }

    /// A pool of `1 << bits` slots.
    #[must_use]
    pub const fn slot_bits(mut self, bits: u32) -> Self {
        self.options.slot_bits = bits;
        self
    }

    /// At most this many players.
    #[must_use]
    pub const fn players_max(mut self, players: u16) -> Self {
        self.options.players_max = players;
        self
    }

    /// At most this many bytes of records in a frame.
    #[must_use]
    pub const fn record_bytes(mut self, bytes: usize) -> Self {
        self.replicate.record_bytes = bytes;
        self
    }

    /// How many entities the scrub looks at per tick; all of them unless a story says otherwise.
    #[must_use]
    pub const fn scrub_entities(mut self, entities: usize) -> Self {
        self.replicate.scrub_entities = entities;
        self
    }

    /// Who plays; `None`: all watch.
    #[must_use]
    pub fn behaviours(mut self, behaviours: Option<Arc<dyn Behaviours>>) -> Self {
        self.behaviours = behaviours;
        self
    }

    /// How every path behaves.
    #[must_use]
    pub const fn link(mut self, link: LinkOptions) -> Self {
        self.link = link;
        self
    }

    /// How much of the digest clients ask for.
    #[must_use]
    pub const fn digest(mut self, digest: Digest) -> Self {
        self.digest = digest;
        self
    }

    /// The room is made and the clients are at its door.
    ///
    /// # Panics
    /// If the room refuses the game.
    #[must_use]
    pub fn start(self) -> Arena {
        let entropy = RoomEntropy { seed: self.seed, incarnation: !self.seed, slots: self.seed.rotate_left(32) };
        let room = Room::with_replication(self.game, &self.options, entropy, self.replicate);
        let room = room.unwrap_or_else(|refused| panic!("the room can not be made: {refused}"));
        let mut arena = Arena {
            room,
            clients: Vec::new(),
            strangers: Vec::new(),
            moments: VecDeque::new(),
            findings: Vec::new(),
            tolerates: false,
            seed: self.seed,
            dice: Dice::new(self.seed, 1_000),
            now_us: 0,
            tick_us: 1_000_000 / u64::from(self.options.tick_rate_hz),
            look: self.look,
            behaviours: self.behaviours,
            link: self.link,
            digest: self.digest,
            record_bytes: self.replicate.record_bytes,
            expected_closes: Vec::new(),
        };
        for _ in 0..self.clients {
            arena.join();
        }
        arena
    }
}

/// A real room, its clients, and the truth of its last ticks.
pub struct Arena {
    /// The real room.
    pub room: Room,
    /// Clients that play by the real session; their places are never used again.
    pub clients: Vec<Client>,
    /// Peers whose every byte the story decides.
    pub strangers: Vec<Stranger>,
    /// Chance for the story.
    pub dice: Dice,
    moments: VecDeque<Moment>,
    findings: Vec<Finding>,
    tolerates: bool,
    seed: u64,
    now_us: u64,
    tick_us: u64,
    look: fn(&Sim) -> Box<dyn Things>,
    behaviours: Option<Arc<dyn Behaviours>>,
    link: LinkOptions,
    digest: Digest,
    record_bytes: usize,
    expected_closes: Vec<(usize, CloseCode)>,
}

impl Arena {
    /// A story with this seed: a zoo, nobody in it, default options.
    #[must_use]
    pub fn seeded(seed: u64) -> ArenaBuilder {
        ArenaBuilder {
            seed,
            game: Arc::new(Zoo::default()),
            look: zoo_truth::look,
            options: RoomOptions { slot_bits: 10, ..RoomOptions::default() },
            replicate: ReplicateOptions { scrub_entities: usize::MAX, ..ReplicateOptions::default() },
            clients: 0,
            behaviours: Some(zoo_players()),
            link: LinkOptions::default(),
            digest: Digest::Whole,
        }
    }

    /// The last finished tick.
    #[must_use]
    pub const fn tick(&self) -> Tick {
        self.room.tick()
    }

    /// How long `ticks` last.
    #[must_use]
    pub const fn ticks_us(&self, ticks: u32) -> u64 {
        self.tick_us * ticks as u64
    }

    /// A client comes to the door; its place.
    pub fn join(&mut self) -> usize {
        let place = self.clients.len();
        let config = SessionConfig {
            behaviours: self.behaviours.clone(),
            digest: self.digest,
            seed: self.seed ^ place as u64,
            ..SessionConfig::named(&format!("player {place}"))
        };
        self.join_as(config)
    }

    /// A client of the story's own making comes to the door; its place.
    pub fn join_as(&mut self, config: SessionConfig) -> usize {
        let place = self.clients.len();
        let connection = self.free_connection();
        self.room.attach(connection);
        let link = |stream| Link::new(self.link, Dice::new(self.seed, stream));
        self.clients.push(Client {
            session: Session::new(config),
            down: link(2 * place as u64),
            up: link(2 * place as u64 + 1),
            connection: Some(connection),
            player: None,
            log: Log::default(),
            told_until: None,
            closing: None,
            was_lost: false,
            handed: None,
        });
        place
    }

    /// Somebody comes to the door who will say what the story says; its place.
    pub fn stranger(&mut self) -> usize {
        let connection = self.free_connection();
        self.room.attach(connection);
        self.strangers.push(Stranger { connection: Some(connection), ..Stranger::default() });
        self.strangers.len() - 1
    }

    /// A stranger that was let in.
    ///
    /// # Panics
    /// If it was not.
    pub fn guest(&mut self, name: &str) -> usize {
        let stranger = self.stranger();
        let hello = Hello { protocol_min: 1, protocol_max: 1, name: name.to_owned(), ..Hello::default() };
        let hello = self.message(&ClientMessage::Hello(Box::new(hello)));
        self.strangers[stranger].say(hello);
        self.step();
        assert!(self.strangers[stranger].welcome().is_some(), "{name} was not let in");
        stranger
    }

    /// The smallest number that nobody has: numbers are used again at once, as a worker's slab does.
    fn free_connection(&self) -> ConnectionId {
        let peers = self.clients.iter().map(|client| client.connection);
        let used: Vec<ConnectionId> =
            peers.chain(self.strangers.iter().map(|stranger| stranger.connection)).flatten().collect();
        let free = (0..).map(ConnectionId).find(|connection| !used.contains(connection));
        free.unwrap_or(ConnectionId(u32::MAX))
    }

    /// A client's message as bytes.
    #[must_use]
    pub fn message(&self, message: &ClientMessage) -> Vec<u8> {
        message.to_bytes(self.room.replicator().schema())
    }

    /// The player leaves politely.
    pub fn leave(&mut self, client: usize) {
        self.expect_close(client, CloseCode::Normal);
        self.clients[client].session.leave();
    }

    /// The connection is cut in the middle.
    pub fn cut(&mut self, client: usize) {
        let client = &mut self.clients[client];
        client.down.cut();
        client.up.cut();
        client.session.handle_close();
        if let Some(connection) = client.connection.take() {
            self.room.detach(connection);
        }
    }

    /// A client hears nothing for that many ticks; what it says still arrives.
    pub fn stall(&mut self, client: usize, ticks: u32) {
        // In the middle of a quarter, so that exactly that many frames wait.
        let until = self.now_us + self.ticks_us(ticks) + self.tick_us / 8;
        self.clients[client].down.stall_until(until);
    }

    /// Nothing gets through in either direction for that many ticks.
    pub fn freeze(&mut self, client: usize, ticks: u32) {
        self.stall(client, ticks);
        let until = self.now_us + self.ticks_us(ticks) + self.tick_us / 8;
        self.clients[client].up.stall_until(until);
    }

    /// This client's connection will be closed with this code.
    pub fn expect_close(&mut self, client: usize, code: CloseCode) {
        self.expected_closes.push((client, code));
    }

    /// Makes a request as this client.
    ///
    /// # Panics
    /// If the client may not make it.
    pub fn request<T: Replicated>(&mut self, client: usize, request: &T) -> u16 {
        self.try_request(client, request).expect("the game has this request, and the client may ask now")
    }

    /// Makes a request as this client, if it may now.
    pub fn try_request<T: Replicated>(&mut self, client: usize, request: &T) -> Option<u16> {
        let wish = crate::player::wish(self.room.replicator().schema(), request)?;
        self.clients[client].session.request(wish)
    }

    /// Findings are kept for the story to look at.
    pub const fn tolerate(&mut self) {
        self.tolerates = true;
    }

    /// What checkers found since this was last asked.
    pub fn take_findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// The truth of a tick, while it is kept.
    #[must_use]
    pub fn moment(&self, tick: Tick) -> Option<&Moment> {
        let first = self.moments.front()?.tick;
        self.moments.get(tick.0.checked_sub(first.0)? as usize)
    }

    /// The player of a client.
    ///
    /// # Panics
    /// If it was not welcomed yet.
    #[must_use]
    pub fn player(&self, client: usize) -> PlayerId {
        self.clients[client].player.expect("the client was welcomed")
    }

    /// Some entity of this kind and its anchor, as a client would name it.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn any(&self, kind: Kind) -> (EntityId, Slot) {
        let facets = self.room.replicator().facets();
        let mut of_kind = facets.tracked().filter(|(_, tracked)| tracked.kind == kind && tracked.owner.is_none());
        of_kind.find_map(|(id, tracked)| Some((id, tracked.slots[0]?))).expect("there is one of this kind")
    }

    /// Runs that many ticks.
    pub fn run(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.step();
        }
    }

    /// Runs until every client that is connected holds the newest tick that its path allows, complete.
    ///
    /// # Panics
    /// If that takes more than 400 ticks.
    pub fn run_until_quiet(&mut self) {
        for _ in 0..400 {
            self.step();
            if (0..self.clients.len()).all(|client| self.clients[client].connection.is_none() || self.is_whole(client))
            {
                return;
            }
        }
        let late: Vec<usize> = (0..self.clients.len()).filter(|&client| !self.is_whole(client)).collect();
        self.fail(&format!("clients {late:?} do not become whole"));
    }

    /// Whether a client holds everything as of a tick that is as new as its path allows.
    #[must_use]
    pub fn is_whole(&self, client: usize) -> bool {
        let path = (self.link.delay_us + self.link.jitter_us).div_ceil(self.tick_us) as u32 + 1;
        self.clients[client]
            .session
            .replica()
            .is_some_and(|replica| replica.complete() && !replica.lost() && self.tick().since(replica.tick()) <= path)
    }

    /// Every client that is connected is whole.
    ///
    /// # Panics
    /// If one is not.
    pub fn assert_all_clients_agree_with_server(&self) {
        for place in (0..self.clients.len()).filter(|&place| self.clients[place].connection.is_some()) {
            if !self.is_whole(place) {
                self.fail(&format!("client {place} is not whole"));
            }
        }
    }

    /// One tick: a quarter at a time the clients, then the room, then the checks.
    pub fn step(&mut self) {
        let began_us = self.now_us;
        for quarter in 1..=4 {
            self.now_us = began_us + self.tick_us * quarter / 4;
            for client in 0..self.clients.len() {
                self.play(client);
            }
        }
        let before = *self.room.counts();
        let (mut incoming, mut out) = (self.collect(), Outgoing::default());
        let tick = self.room.tick().next();
        run_tick(&mut self.room, &mut incoming, tick, &mut out);
        let moment = Moment::of(&self.room, &before, self.look);
        let mut found = Vec::new();
        checks::server(&self.room, &moment, &before, &mut found);
        self.moments.push_back(moment);
        if self.moments.len() > MOMENTS {
            self.moments.pop_front();
        }
        self.check_seats(&mut found);
        self.deliver(out, &before, &mut found);
        self.note(None, found);
    }

    /// What happens at a client until now.
    fn play(&mut self, place: usize) {
        let now_ms = self.now_us as f64 / 1_000.0;
        while let Some((_, bytes)) = self.clients[place].down.take_due(self.now_us) {
            self.clients[place].session.handle_frame(&bytes, now_ms);
            let found = self.look_at(place, &bytes);
            self.note(Some(place), found);
        }
        let client = &mut self.clients[place];
        if client.down.is_empty()
            && let Some(code) = client.closing.take()
        {
            client.log.closed = Some(code);
            client.session.handle_close();
        }
        if client.session.next_wake_ms(now_ms) <= now_ms {
            client.session.handle_tick(now_ms);
        }
        while let Some(bytes) = client.session.poll_frame() {
            client.up.send(bytes, self.now_us);
        }
    }

    /// Checks what a message did to a client.
    fn look_at(&mut self, place: usize, bytes: &[u8]) -> Vec<Fault> {
        let mut found = Vec::new();
        let client = &mut self.clients[place];
        let mut applied = None;
        while let Some(event) = client.session.poll_event() {
            match event {
                SessionEvent::Welcomed => {
                    let agreement = client.session.agreement();
                    client.player = agreement.map(|agreement| agreement.player);
                    client.told_until = agreement.map(|agreement| agreement.tick);
                }
                SessionEvent::Frame(frame) => applied = Some(frame),
                SessionEvent::Lost(error) => {
                    client.log.lost += 1;
                    client.was_lost = true;
                    found.push(Fault::Lost(error));
                }
                SessionEvent::Reply { number, outcome } => client.log.replies.push((number, outcome)),
                SessionEvent::Failed(error) => self.fail(&format!("client {place} can not go on: {error}")),
                SessionEvent::Complete
                | SessionEvent::InputSeen { .. }
                | SessionEvent::RoundTrip { .. }
                | SessionEvent::Redirect(_) => {}
            }
        }
        let Some(applied) = applied else { return found };
        self.clients[place].log.events.extend(applied.events.iter().cloned());
        if applied.ignored || applied.kind == FrameKind::KeepAlive {
            return found;
        }
        let client = &self.clients[place];
        let (Some(replica), Some(player)) = (client.session.replica(), client.player) else { return found };
        let Some(moment) = self.moment(applied.tick) else {
            found.push(Fault::TooOld(applied.tick));
            return found;
        };
        checks::replica(replica, moment, player, &mut found);
        let from = client.told_until.unwrap_or_default();
        if !client.was_lost {
            let declarations = &self.room.replicator().schema().events;
            let moments = self.moments.iter().filter(|moment| moment.tick > from && moment.tick <= applied.tick);
            checks::events(&applied.events, moments, moment, (replica, player), declarations, &mut found);
        }
        if let FrameKind::Step { covered, .. } = applied.kind {
            let header = FrameHeader::read(&mut BitReader::new(bytes), applied.tick, self.digest);
            if let Ok(FrameHeader { kind: FrameKind::Step { applied: bits, .. }, .. }) = header {
                checks::applied(covered, bits, applied.tick, player, |tick| self.moment(tick), &mut found);
            }
        }
        if applied.tick <= from {
            found.push(Fault::TickWentBack(applied.tick));
        }
        self.clients[place].told_until = Some(applied.tick);
        found
    }

    /// What came since the last tick.
    fn collect(&mut self) -> Incoming {
        let mut incoming = Incoming::default();
        for client in &mut self.clients {
            while let Some((arrived_us, bytes)) = client.up.take_due(self.now_us) {
                let Some(connection) = client.connection else { continue };
                let early_sixteenths = ((self.now_us - arrived_us) * 16 / self.tick_us) as i32;
                incoming.messages.push(Received { connection, bytes: Bytes::from(bytes), early_sixteenths });
            }
            if client.down.is_busy(self.now_us) {
                incoming.busy.extend(client.connection);
            }
        }
        for stranger in &mut self.strangers {
            let Some(connection) = stranger.connection else { continue };
            for (bytes, early_sixteenths) in stranger.says.drain(..) {
                incoming.messages.push(Received { connection, bytes: Bytes::from(bytes), early_sixteenths });
            }
            if stranger.busy {
                incoming.busy.push(connection);
            }
        }
        incoming
    }

    /// Hands over what the room says, and closes whom it closes.
    fn deliver(&mut self, out: Outgoing, before: &Counts, found: &mut Vec<Fault>) {
        let now_us = self.now_us;
        let mut told_bytes: BTreeMap<ConnectionId, usize> = BTreeMap::new();
        for (connection, bytes) in out.messages {
            *told_bytes.entry(connection).or_default() += bytes.len();
            if let Some(stranger) = self.strangers.iter_mut().find(|stranger| stranger.connection == Some(connection)) {
                if let Some(seen) = FrameSeen::of(&bytes, self.room.tick(), Digest::Folded) {
                    stranger.newest = Some(seen.tick);
                }
                stranger.heard.push(bytes);
                continue;
            }
            let Some(client) = self.clients.iter_mut().find(|client| client.connection == Some(connection)) else {
                found.push(Fault::Bound(format!("a message for {connection:?}, which is gone")));
                continue;
            };
            if let Some(seen) = FrameSeen::of(&bytes, self.room.tick(), self.digest) {
                if client.handed.is_some_and(|handed| handed >= seen.tick) || seen.tick != self.room.tick() {
                    found.push(Fault::TickWentBack(seen.tick));
                }
                let most = checks::frame_bytes_max(&self.room, seen.kind, self.record_bytes);
                if seen.bytes > most {
                    found.push(Fault::Bound(format!("a frame of {} bytes, at most {most}", seen.bytes)));
                }
                client.handed = Some(seen.tick);
                client.log.frames.push(seen);
            }
            client.down.send(bytes, now_us);
        }
        let frames = self.room.counts().frames - before.frames;
        if frames as usize > self.room.seats().count() + out.closes.len() {
            found.push(Fault::Bound(format!("{frames} frames in a tick")));
        }
        for (connection, code) in out.closes {
            self.close(connection, code, found);
        }
    }

    fn close(&mut self, connection: ConnectionId, code: CloseCode, found: &mut Vec<Fault>) {
        if let Some(stranger) = self.strangers.iter_mut().find(|stranger| stranger.connection == Some(connection)) {
            stranger.closes += 1;
            stranger.closed = Some(code);
            stranger.connection = None;
        } else if let Some(place) = self.clients.iter().position(|client| client.connection == Some(connection)) {
            self.clients[place].closing = Some(code);
            self.clients[place].connection = None;
            if let Some(at) = self.expected_closes.iter().position(|&expected| expected == (place, code)) {
                self.expected_closes.swap_remove(at);
            } else {
                found.push(Fault::Closed(code));
            }
        } else {
            found.push(Fault::Bound(format!("{connection:?} was closed twice ({})", code.name())));
            return;
        }
        self.room.detach(connection);
    }

    /// Seats are exactly those of peers that are in; the World knows nobody else but those who leave with the next step.
    fn check_seats(&self, found: &mut Vec<Fault>) {
        let seats = self.room.seats();
        let connected = |connection: ConnectionId| {
            self.clients.iter().any(|client| client.connection == Some(connection))
                || self.strangers.iter().any(|stranger| stranger.connection == Some(connection))
        };
        for seat in seats.iter() {
            if !seat.connection.is_some_and(connected) {
                found.push(Fault::Bound(format!("the seat of {:?} belongs to nobody", seat.player)));
            }
        }
        let players = self.room.sim().world().resource::<Players>().count();
        let leaving = self.room.counts().joins - self.room.counts().leaves;
        if players as u64 != leaving || players < seats.count() {
            found.push(Fault::Bound(format!(
                "{players} players, {} seats, {leaving} came and did not leave",
                seats.count()
            )));
        }
    }

    fn note(&mut self, client: Option<usize>, found: Vec<Fault>) {
        let tick = self.room.tick();
        self.findings.extend(found.into_iter().map(|fault| Finding { tick, client, fault }));
        if !self.findings.is_empty() && !self.tolerates {
            let shown: Vec<String> = self.findings.iter().take(8).map(|finding| format!("    {finding:?}")).collect();
            self.fail(&shown.join("\n"));
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("seed {:#x}, tick {}:\n{what}", self.seed, self.room.tick());
    }
}
