//! What a story begins with: which game, how many clients, which paths between them.

use crate::arena::Arena;
use crate::arena_truth;
use crate::eyes::Eyes;
use crate::link::LinkOptions;
use crate::moment::Things;
use crate::player::fighters;
use crate::zoo::Zoo;
use client_sim::behaviour::Behaviours;
use client_sim::commons::Commons;
use client_sim::dice::Dice;
use client_sim::predict::Twins;
use client_sim::session::Drawing;
use server::replicate::replicator::ReplicateOptions;
use server::room::{Room, RoomEntropy};
use server::sim::{RoomGame, RoomOptions, Sim, Spectating, Unchanged, ViewRadii};
use shared::game::maps::Maps;
use shared::wire::Digest;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a story begins with.
pub struct ArenaBuilder {
    pub(crate) seed: u64,
    pub(crate) game: Arc<dyn RoomGame>,
    pub(crate) look: fn(&Sim) -> Box<dyn Things>,
    pub(crate) options: RoomOptions,
    pub(crate) replicate: ReplicateOptions,
    pub(crate) clients: usize,
    pub(crate) behaviours: Option<Arc<dyn Behaviours>>,
    pub(crate) link: LinkOptions,
    pub(crate) digest: Digest,
    pub(crate) allow_audit: bool,
    pub(crate) twins: Option<Arc<dyn Twins>>,
    pub(crate) drawing: Drawing,
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
        self.built_in_on(Maps::in_the_box())
    }

    /// The same on these maps.
    #[must_use]
    pub fn built_in_on(self, maps: Maps) -> Self {
        self.game(Arc::new(server::game::Arena { maps }), arena_truth::look).behaviours(Some(fighters()))
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

    /// So many ticks per second.
    #[must_use]
    pub const fn tick_rate(mut self, hz: u16) -> Self {
        self.options.tick_rate_hz = hz;
        self
    }

    /// At most this many bytes of state per client and tick.
    #[must_use]
    pub const fn budget(mut self, bytes_per_tick: usize) -> Self {
        self.replicate.bytes_per_tick = bytes_per_tick;
        self
    }

    /// Clients see what comes within so many units, and until it is a tenth farther away.
    #[must_use]
    pub const fn view(mut self, units: u32) -> Self {
        self.replicate.view = ViewRadii::new(units, 10);
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

    /// Clients predict by these steps, and draw 60 frames per second.
    #[must_use]
    pub fn predicting(mut self, twins: Arc<dyn Twins>) -> Self {
        (self.twins, self.drawing) = (Some(twins), Drawing::PerSecond(60.0));
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

    /// Whoever is cut keeps its seat for so many seconds; nobody unless a story says so.
    #[must_use]
    pub const fn keep_seats(mut self, seconds: u32) -> Self {
        self.options.keep_seats_s = seconds;
        self
    }

    /// Who changes nothing for so long is told and closed; nobody unless a story says so.
    #[must_use]
    pub const fn unchanged(mut self, limit: Unchanged) -> Self {
        self.options.unchanged = limit;
        self
    }

    /// So many may look on, so much later; nobody unless a story says so.
    #[must_use]
    pub const fn spectators(mut self, max: u16, delay_ms: u32) -> Self {
        self.options.spectators = Spectating { max, delay_ms };
        self
    }

    /// A setting of the game's own.
    #[must_use]
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        self.options.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Who asks to be an auditor may not.
    #[must_use]
    pub const fn forbid_audit(mut self) -> Self {
        self.allow_audit = false;
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
            lanes: 1,
            sent: 0,
            moments: VecDeque::new(),
            shown: VecDeque::new(),
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
            allow_audit: self.allow_audit,
            twins: self.twins,
            drawing: self.drawing,
            commons: (self.seed % 2 == 1).then(|| Arc::new(Commons::new())),
            ledger: None,
            eyes: Eyes::default(),
            expected_closes: Vec::new(),
            replaced: Vec::new(),
            secrets: 0,
            half_open: Vec::new(),
        };
        for _ in 0..self.clients {
            arena.join();
        }
        arena
    }
}
