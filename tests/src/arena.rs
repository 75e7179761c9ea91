//! A real room and its clients on one thread, in virtual time: one tick after the other, checked after each.
//!
//! ```text
//!   step:  four quarters of a tick { links ─► sessions ─► links }  ─►  run_tick  ─►  links, closes  ─►  checks
//! ```
//!
//! A finding of a checker ends the story at once, unless the story said [`Arena::tolerate`] (it breaks things on purpose)
//! and looks at the findings itself.

use crate::builder::ArenaBuilder;
use crate::checks::Finding;
use crate::eyes::Eyes;
use crate::hostile::hello;
use crate::link::{Link, LinkOptions};
use crate::moment::{Moment, Things};
use crate::peer::{Client, Log, Stranger};
use crate::player::zoo_players;
use crate::zoo::Zoo;
use crate::zoo_truth;
use client_sim::audit::Ledger;
use client_sim::behaviour::Behaviours;
use client_sim::commons::Commons;
use client_sim::dice::Dice;
use client_sim::predict::Twins;
use client_sim::session::{Drawing, Session, SessionConfig};
use server::exchange::ConnectionId;
use server::identity::PlayerKey;
use server::replicate::feed::Feed;
use server::replicate::replicator::ReplicateOptions;
use server::room::Room;
use server::seats::Bearer;
use server::sim::{RoomOptions, Sim};
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::schema::{Kind, Replicated};
use shared::wire::control::FEATURE_AUDIT;
use shared::wire::version::PROTOCOL;
use shared::wire::{ClientMessage, CloseCode, Digest, Hello, Role, Secret};
use std::collections::VecDeque;
use std::sync::Arc;

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
    /// Lanes in which frames are made.
    pub lanes: usize,
    /// A hash of every message that the room ever sent, and to whom.
    pub sent: u64,
    pub(crate) moments: VecDeque<Moment>,
    /// The same as spectators were shown them.
    pub(crate) shown: VecDeque<Moment>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) tolerates: bool,
    pub(crate) seed: u64,
    pub(crate) now_us: u64,
    pub(crate) tick_us: u64,
    pub(crate) look: fn(&Sim) -> Box<dyn Things>,
    pub(crate) behaviours: Option<Arc<dyn Behaviours>>,
    pub(crate) link: LinkOptions,
    pub(crate) digest: Digest,
    pub(crate) allow_audit: bool,
    pub(crate) twins: Option<Arc<dyn Twins>>,
    pub(crate) drawing: Drawing,
    /// Where clients hold together what is equal: in every other story, so that it is under all checks, and so is its absence.
    pub(crate) commons: Option<Arc<Commons>>,
    pub(crate) eyes: Eyes,
    /// What an auditor told, if there is one: every other client is compared with it.
    pub(crate) ledger: Option<Ledger>,
    /// Connections that the room believed in and nobody else, and that were closed for newer ones.
    pub replaced: Vec<ConnectionId>,
    pub(crate) expected_closes: Vec<(usize, CloseCode)>,
    /// Secrets that were given out.
    pub(crate) secrets: u64,
    /// Connections that the room believes in and nobody else.
    pub(crate) half_open: Vec<ConnectionId>,
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
            allow_audit: true,
            twins: None,
            drawing: Drawing::Never,
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

    /// How many ticks `ms` milliseconds take, rounded up.
    #[must_use]
    pub const fn ticks_in(&self, ms: u64) -> u32 {
        (ms * 1_000).div_ceil(self.tick_us) as u32
    }

    /// A client comes to the door; its place.
    pub fn join(&mut self) -> usize {
        let place = self.clients.len();
        let config = SessionConfig {
            behaviours: self.behaviours.clone(),
            digest: self.digest,
            seed: self.seed ^ place as u64,
            twins: self.twins.clone(),
            drawing: self.drawing,
            ..SessionConfig::named(&format!("player {place}"))
        };
        self.join_as(config)
    }

    /// A client of the story's own making comes to the door; its place.
    pub fn join_as(&mut self, mut config: SessionConfig) -> usize {
        let place = self.clients.len();
        config.commons = config.commons.or_else(|| self.commons.clone());
        let connection = self.free_connection();
        self.attach(connection, false);
        let audits = config.audit;
        let spectates = config.role == Role::Spectator && !audits;
        if audits && self.allow_audit {
            self.room.allow_audit(connection);
        }
        let link = |stream| Link::new(self.link, Dice::new(self.seed, stream));
        self.clients.push(Client {
            session: Session::new(config),
            down: link(2 * place as u64),
            up: link(2 * place as u64 + 1),
            connection: Some(connection),
            audits,
            spectates,
            audit: None,
            witness: None,
            player: None,
            back: false,
            log: Log::default(),
            told_until: None,
            untold: VecDeque::new(),
            closing: None,
            handed: None,
            heard: None,
        });
        place
    }

    /// An auditor comes to the door; its place.
    pub fn join_auditor(&mut self) -> usize {
        let name = format!("auditor {}", self.clients.len());
        self.join_as(SessionConfig { audit: true, digest: self.digest, ..SessionConfig::named(&name) })
    }

    /// A spectator comes to the door; its place.
    pub fn join_spectator(&mut self) -> usize {
        let name = format!("spectator {}", self.clients.len());
        self.join_as(SessionConfig { role: Role::Spectator, digest: self.digest, ..SessionConfig::named(&name) })
    }

    /// Somebody comes to the door who will say what the story says; its place.
    pub fn stranger(&mut self) -> usize {
        let connection = self.free_connection();
        self.attach(connection, false);
        self.strangers.push(Stranger { connection: Some(connection), ..Stranger::default() });
        self.strangers.len() - 1
    }

    /// A stranger that asks to be an auditor, and may.
    pub fn strange_auditor(&mut self) -> usize {
        let stranger = self.stranger();
        self.strangers[stranger].connection.into_iter().for_each(|connection| self.room.allow_audit(connection));
        let hello = Hello { features: FEATURE_AUDIT, ..hello("auditor") };
        let hello = self.message(&ClientMessage::Hello(Box::new(hello)));
        self.strangers[stranger].say(hello);
        stranger
    }

    /// A stranger that was let in.
    ///
    /// # Panics
    /// If it was not.
    pub fn guest(&mut self, name: &str) -> usize {
        let stranger = self.stranger();
        let hello = Hello { protocol_min: PROTOCOL, protocol_max: PROTOCOL, name: name.to_owned(), ..Hello::default() };
        let hello = self.message(&ClientMessage::Hello(Box::new(hello)));
        self.strangers[stranger].say(hello);
        self.step();
        assert!(self.strangers[stranger].welcome().is_some(), "{name} was not let in");
        stranger
    }

    /// The smallest number that nobody has: numbers are used again at once, as a worker's slab does.
    fn free_connection(&self) -> ConnectionId {
        let peers = self.clients.iter().map(|client| client.connection);
        let strangers = self.strangers.iter().map(|stranger| stranger.connection);
        let half_open = self.half_open.iter().copied().map(Some);
        let used: Vec<ConnectionId> = peers.chain(strangers).chain(half_open).flatten().collect();
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
        client.session.handle_cut();
        if let Some(connection) = client.connection.take() {
            self.room.detach(connection);
        }
    }

    /// The connection is cut, and only the client has noticed: the room believes in the old one. Its number.
    pub fn cut_half(&mut self, client: usize) -> Option<ConnectionId> {
        let client = &mut self.clients[client];
        client.down.cut();
        client.up.cut();
        client.session.handle_cut();
        let connection = client.connection.take();
        self.half_open.extend(connection);
        connection
    }

    /// The connection of a stranger is cut.
    pub fn cut_stranger(&mut self, stranger: usize) {
        if let Some(connection) = self.strangers[stranger].connection.take() {
            self.room.detach(connection);
        }
    }

    /// The story itself has ended a connection that only the room believed in.
    pub fn forget_half(&mut self, connection: ConnectionId) {
        self.half_open.retain(|&other| other != connection);
    }

    /// A client that was cut is there again, and wants its seat back.
    ///
    /// # Panics
    /// If it has none to come back to.
    pub fn come_back(&mut self, client: usize) {
        let connection = self.free_connection();
        self.attach(connection, false);
        let stream = 2 * (self.clients.len() + connection.0 as usize) as u64;
        let link = |stream| Link::new(self.link, Dice::new(self.seed, stream));
        let (down, up) = (link(stream), link(stream + 1));
        let client = &mut self.clients[client];
        assert!(client.session.reconnect(), "a seat is kept for it");
        (client.down, client.up, client.connection) = (down, up, Some(connection));
        (client.handed, client.heard, client.closing) = (None, None, None);
    }

    /// A connection with a secret that nobody has had.
    fn attach(&mut self, connection: ConnectionId, only_returns: bool) {
        self.room.attach(connection);
        self.secrets += 1;
        let secret = Secret((u128::from(self.secrets) << 64 | u128::from(self.seed)).to_le_bytes());
        let bearer = Bearer { player: PlayerKey::guest(u128::from(self.secrets)), secret };
        self.room.entrust(connection, bearer, only_returns);
    }

    /// A client hears nothing for that many ticks; what it says still arrives.
    pub fn stall(&mut self, client: usize, ticks: u32) {
        // In the middle of a quarter, so that exactly that many frames wait.
        let until = self.now_us + self.ticks_us(ticks) + self.tick_us / 8;
        self.clients[client].down.stall_until(until);
    }

    /// From now on a client may have so many bytes per tick, and nothing is known of its path.
    ///
    /// # Panics
    /// If it has no seat.
    pub fn squeeze(&mut self, client: usize, bytes_per_tick: usize) {
        let seat = self.clients[client].player.and_then(|player| self.room.sabotage_client(player));
        seat.expect("the client has a seat").drain.squeeze(bytes_per_tick);
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

    /// The truth of a tick as spectators were shown it, while it is kept.
    #[must_use]
    pub fn shown(&self, tick: Tick) -> Option<&Moment> {
        self.shown.iter().rev().find(|shown| shown.tick == tick)
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
    /// If that takes more than 400 ticks, and at more than 30 per second more than as many seconds.
    pub fn run_until_quiet(&mut self) {
        for _ in 0..self.ticks_in(13_400).max(400) {
            self.step();
            if (0..self.clients.len()).all(|client| self.clients[client].connection.is_none() || self.is_whole(client))
            {
                return;
            }
        }
        let late = |&client: &usize| self.clients[client].connection.is_some() && !self.is_whole(client);
        let late: Vec<usize> = (0..self.clients.len()).filter(late).collect();
        self.fail(&format!("clients {late:?} do not become whole"));
    }

    /// Whether a client holds everything exactly as of a tick that is as new as its path allows.
    #[must_use]
    pub fn is_whole(&self, client: usize) -> bool {
        let path = (self.link.delay_us + self.link.jitter_us).div_ceil(self.tick_us) as u32 + 1;
        self.clients[client].session.replica().is_some_and(|replica| {
            let exact = replica.complete() && replica.fresh_count() == replica.held_count();
            let now =
                self.room.feed().filter(|_| self.clients[client].spectates).map_or_else(|| self.tick(), Feed::shown);
            exact && !replica.lost() && now.since(replica.tick()) <= path
        })
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
}
