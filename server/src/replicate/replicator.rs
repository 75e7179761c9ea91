//! All of it, in order: once per tick for the room, then per client.
//!
//! ```text
//!   extract ─► scrub ─► pack ─► for each client: view.next_tick ─► may it have a frame? ─► assemble
//! ```
//!
//! A client that may not have a frame now (its socket is busy, its window full) is skipped and counted; its view moves on all
//! the same, and its next frame covers what it missed.

// What spectators' replication does in another way.
mod spectated;

use super::assemble::{About, assemble};
use super::client::{Client, SkipCause};
use super::drain::Way;
use super::events::Told;
use super::extract::{Extract, read_owned, read_teams};
use super::facets::Facets;
use super::grid::Grid;
use super::history::History;
use super::interest::Around;
use super::lane::{Lane, Shared};
use super::pieces::Ring;
use super::rows::Rows;
use super::scrub::Scrub;
use super::shadow::Shadow;
use super::study::Study;
use super::view::View;
use super::weights::Weights;
use crate::counts::Counts;
use crate::sim::{Outbox, Sight, Sim, To, ViewRadii};
use shared::codec::{Tables, Tally};
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::limits::{BUDGET_BYTES_DEFAULT, SERVER_MESSAGE_BYTES_MAX};
use shared::schema::{Kind, Layout, Schema, SchemaError, Section};
use shared::wire::{Digest, FrameHeader, FrameKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How replication is run; see the server's configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplicateOptions {
    /// Ticks per second; a room's own count.
    pub tick_rate_hz: u16,
    /// Bytes of state that one client may get per tick.
    pub bytes_per_tick: usize,
    /// Entities that the scrub looks at per tick.
    pub scrub_entities: usize,
    /// Ticks between two keep-alives of a client that paused.
    pub keep_alive_ticks: u32,
    /// The code tables to begin with, which must be for the game's schema; `None`: untrained ones.
    pub tables: Option<Arc<Tables>>,
    /// How far clients see.
    pub view: ViewRadii,
}

impl Default for ReplicateOptions {
    fn default() -> Self {
        Self {
            tick_rate_hz: 30,
            bytes_per_tick: BUDGET_BYTES_DEFAULT,
            scrub_entities: 16,
            keep_alive_ticks: 30,
            tables: None,
            view: ViewRadii::NONE,
        }
    }
}

/// What a tick gave one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Published {
    /// A frame, to be sent: it is committed, and in [`Lane::frame`] until the next is made.
    Frame,
    /// Nothing.
    Skipped(SkipCause),
    /// It can not be told everything any more: close it.
    EventsOverflow,
}

/// One room's replication.
pub struct Replicator {
    schema: Arc<Schema>,
    layout: Arc<Layout>,
    weights: Weights,
    tables: Arc<Tables>,
    study: Option<Study>,
    options: ReplicateOptions,
    extract: Extract,
    scrub: Scrub,
    facets: Facets,
    rows: Rows,
    shadow: Shadow,
    ring: Ring,
    /// Where clients see less than everything: who is where.
    grid: Option<Grid>,
    told: Vec<(To, Arc<Told>)>,
    /// How far back the game looks, if it does, and at what.
    reach_ticks: Option<u32>,
    remembered: Vec<Kind>,
    /// The team of each player's entity, as of this tick.
    teams: BTreeMap<PlayerId, u8>,
    tick: Tick,
    /// It began late.
    late: bool,
    #[cfg(feature = "sabotage")]
    drop_piece: bool,
    #[cfg(feature = "sabotage")]
    leak: Option<Leak>,
}

/// A rule of who may see what that is broken on purpose.
#[cfg(feature = "sabotage")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leak {
    /// What is for a team goes to all.
    Teams,
    /// What is for an owner goes to all.
    Owners,
    /// What is told to somebody is told to all.
    Events,
    /// Everything is near.
    Distance,
    /// The game's own rule hides nothing.
    Sight,
    /// What a reference points at need not be in sight.
    References,
}

impl Replicator {
    /// Nothing replicated yet; `slot_seed` must not be known to players.
    ///
    /// # Errors
    /// [`SchemaError`] if the schema cannot be laid out.
    pub fn new(sim: &Sim, slot_bits: u32, slot_seed: u64, options: ReplicateOptions) -> Result<Self, SchemaError> {
        let schema = Arc::new(sim.schema().clone());
        let layout = Arc::new(Layout::new(&schema, slot_bits)?);
        let slots = layout.slots();
        let stride = layout.parts_max().max(1);
        let narrows = options.view.limits() || sim.sight().is_some();
        Ok(Self {
            grid: narrows.then(|| Grid::new(&schema, &layout, options.view)).transpose()?,
            weights: Weights::new(&schema, &layout),
            tables: options.tables.clone().unwrap_or_else(|| Arc::new(Tables::untrained(&layout))),
            study: None,
            extract: Extract::new(sim, Arc::clone(&layout)),
            scrub: Scrub::new(options.scrub_entities),
            options,
            facets: Facets::new(Arc::clone(&layout), slot_seed),
            rows: Rows::new(slots, stride),
            shadow: Shadow::new(slots, stride),
            ring: Ring::new(slots),
            told: Vec::new(),
            reach_ticks: sim.reach_ticks(),
            remembered: sim.remembered_kinds(),
            teams: BTreeMap::new(),
            tick: Tick(0),
            late: false,
            schema,
            layout,
            #[cfg(feature = "sabotage")]
            drop_piece: false,
            #[cfg(feature = "sabotage")]
            leak: None,
        })
    }

    /// What the game declares.
    #[must_use]
    pub const fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Its layout.
    #[must_use]
    pub const fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The codes in force.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// From the next tick on these codes are in force. They must be for this layout.
    pub fn replace_tables(&mut self, tables: Arc<Tables>) {
        self.tables = tables;
    }

    /// From now on what is sent is counted.
    pub fn begin_study(&mut self) {
        self.study.get_or_insert_with(|| Study::new(&self.layout));
    }

    /// Takes the counts away, if there are any, and begins anew.
    pub fn take_study(&mut self) -> Option<Tally> {
        self.study.as_mut().map(|study| study.take(&self.layout))
    }

    /// Which facets are alive.
    #[must_use]
    pub const fn facets(&self) -> &Facets {
        &self.facets
    }

    /// What every up-to-date client holds.
    #[must_use]
    pub const fn shadow(&self) -> &Shadow {
        &self.shadow
    }

    /// A client that may hold nothing yet.
    #[must_use]
    pub fn client(&self, player: PlayerId, digest: Digest) -> Client {
        let mut client = Client::new(self.layout.slots(), player, self.tick, digest, &self.options);
        if self.grid.is_some() {
            client.view = client.view.narrowed();
        }
        let history = |reach| Box::new(History::new(self.layout.slots(), reach, self.tick));
        client.history = self.reach_ticks.map(history);
        client
    }

    /// All entities of which the game remembers something, and their anchors' slots, by entity.
    #[must_use]
    pub fn remembered(&self) -> Vec<(EntityId, Slot)> {
        let tracked = self.facets.tracked().filter(|(_, tracked)| self.remembered.contains(&tracked.kind));
        tracked.filter_map(|(id, _)| Some((id, self.facets.anchor(id)?))).collect()
    }

    /// How it is run.
    #[must_use]
    pub const fn options(&self) -> &ReplicateOptions {
        &self.options
    }

    /// How far clients see.
    #[must_use]
    pub const fn view(&self) -> ViewRadii {
        self.options.view
    }

    /// An auditor that may hold nothing yet.
    #[must_use]
    pub fn auditor(&self, player: PlayerId, digest: Digest) -> Client {
        Client::auditor(self.layout.slots(), player, self.tick, digest, &self.options)
    }

    /// Whether the tick began late: then it is no evidence against anybody's path.
    pub const fn set_late(&mut self, late: bool) {
        self.late = late;
    }

    /// What a thread needs to make frames of this room.
    #[must_use]
    pub fn lane(&self) -> Lane {
        Lane::new(self.layout.slots())
    }

    /// Once per tick, after the step: what changed is found, quantised, compared and packed.
    pub fn pack(&mut self, tick: Tick, sim: &Sim, counts: &mut Counts) {
        self.tick = tick;
        self.facets.next_tick(tick);
        self.extract.run(sim, &mut self.facets, &mut self.rows, counts);
        let Self { scrub, extract, facets, rows, .. } = self;
        scrub.run(sim, extract, facets, rows, counts);
        counts.pieces += self.pack_rows(tick);
        read_teams(sim.world(), &mut self.teams);
        let Self { grid, study, layout, facets, rows, shadow, ring, .. } = self;
        let study = study.as_mut().filter(|_| Study::looks_at(tick));
        if let Some(grid) = grid {
            read_owned(sim.world(), facets, grid.owned_mut());
            let sight = sim.sight();
            grid.fill(facets, rows, |target| sight.is_some_and(|sight| sight.may_hide(target)));
            let around = Around { grid, facets, rows, sight, tick };
            if let Some((study, pieces)) = study.zip(ring.of(tick)) {
                study.look_around(layout, around, shadow, pieces);
            }
        }
        let outbox = sim.world().resource::<Outbox>();
        counts.events_dropped += outbox.dropped();
        self.told.clear();
        self.told.extend(outbox.events().iter().map(|sent| {
            let told = Told { kind: sent.kind, codes: sent.codes.clone() };
            (sent.to, Arc::new(told))
        }));
        counts.facets = self.facets.alive_count() as u64;
        counts.unplaced = self.facets.waiting_count() as u64;
    }

    /// Rows are what the tick is: what was not as guessed is packed. How many pieces that are.
    fn pack_rows(&mut self, tick: Tick) -> u64 {
        let mut study = self.study.as_mut().filter(|_| Study::looks_at(tick));
        let pieces = self.ring.begin(tick);
        let tally = study.as_mut().map(|study| study.tally_mut());
        self.shadow.pack(&self.layout, &self.tables, (&self.facets, &self.rows), pieces, tally);
        let count = pieces.count() as u64;
        if let Some(study) = study {
            // Where clients see less, what they see of everyone's is counted by itself.
            let narrows = self.grid.is_some();
            let sections = Section::ALL.into_iter().filter(|&section| !narrows || section != Section::Everyone);
            study.look(&self.layout, &self.facets, &self.shadow, pieces, sections);
        }
        self.ring.finish(tick);
        #[cfg(feature = "sabotage")]
        if self.drop_piece && self.ring.sabotage_drop_piece(tick) {
            self.drop_piece = false;
        }
        count
    }

    /// Once per tick and client, after [`Replicator::pack`]: its frame, or why it gets none. Lanes may do this side by side,
    /// each for clients of its own. `sight` is the game's own rule of who sees whom,
    /// if it has one.
    ///
    /// # Panics
    /// If the frame is larger than a message may be: our own bug.
    pub fn publish(&self, sight: Option<Sight<'_>>, client: &mut Client, lane: &mut Lane) -> Published {
        lane.follow(self.tick);
        lane.writer.clear();
        let team = self.teams.get(&client.player).copied();
        client.view.set_team(team);
        if let Some(grid) = &self.grid {
            let Self { facets, rows, tick, .. } = self;
            #[cfg(feature = "sabotage")]
            let sight = sight.filter(|_| self.leak != Some(Leak::Sight));
            client.view.look(Around { grid, facets, rows, sight, tick: *tick }, client.entity, &mut lane.near);
        }
        #[cfg(feature = "sabotage")]
        self.sabotage(client);
        client.view.next_tick(&self.facets);
        client.window.next_tick();
        for (to, told) in &self.told {
            if client.audit.is_none() && (self.is_for(*to, &client.view, team) || self.tells_all()) {
                client.events.push(told);
            }
        }
        if client.paused {
            client.events.pause();
        }
        let skipped = client.skip_cause(self.tick, self.options.keep_alive_ticks);
        let way = if self.late { Way::Late } else { client.way(skipped) };
        client.drain.next_tick(client.window.take_confirmed_bytes(), way);
        match skipped {
            Some(_) => {}
            None if client.paused => FrameHeader::keep_alive(self.tick).write(&mut lane.writer),
            None => self.write_frame(client, lane),
        }
        let bytes = lane.frame().len();
        assert!(bytes <= SERVER_MESSAGE_BYTES_MAX, "a frame of {bytes} bytes was built");
        // Only now: what a frame has just told does not wait.
        if client.events.settle().is_err() {
            return Published::EventsOverflow;
        }
        if let Some(cause) = skipped {
            cause.count(&mut lane.counts);
            return Published::Skipped(cause);
        }
        client.sent(self.tick, bytes);
        lane.counts.frames_narrowed += u64::from(client.drain.is_narrow());
        lane.counts.frames += 1;
        lane.counts.state_bytes += bytes as u64;
        Published::Frame
    }

    /// Whether events are told to whom they are not for: never.
    #[cfg(not(feature = "sabotage"))]
    #[allow(clippy::unused_self, reason = "its twin below asks the replicator")]
    const fn tells_all(&self) -> bool {
        false
    }

    fn is_for(&self, to: To, view: &View, team: Option<u8>) -> bool {
        match to {
            To::Everyone => true,
            To::Team(own) => team == Some(own),
            To::Player(own) => own == view.player(),
            To::Seeing(entity) => {
                let visible = view.visible(Section::Everyone, &self.facets);
                self.facets.anchor(entity).zip(visible).is_some_and(|(anchor, visible)| visible.contains(anchor))
            }
        }
    }

    fn write_frame(&self, client: &mut Client, lane: &mut Lane) {
        let about = About {
            applied: client.applied,
            early: client.early.take(),
            entity: client.entity,
            digest: client.digest,
            bytes_per_tick: client.drain.bytes_per_tick(),
        };
        let before = lane.records.count();
        let shared = Shared {
            tick: self.tick,
            schema: &self.schema,
            layout: &self.layout,
            tables: &self.tables,
            facets: &self.facets,
            shadow: &self.shadow,
            ring: &self.ring,
            weights: &self.weights,
            far: self.grid.as_ref().is_none_or(|grid| grid.radii().is_none()),
        };
        let Client { view, scarcity, events, .. } = client;
        let kind = assemble(shared, lane, view, scarcity, events, about);
        lane.counts.records_made += (lane.records.count() - before) as u64;
        match kind {
            FrameKind::Full => lane.counts.full_frames += 1,
            FrameKind::Step { covered, .. } => lane.counts.caught_up_ticks += u64::from(covered - 1),
            FrameKind::KeepAlive => {}
        }
    }
}

/// Faults done on purpose, to show that the proof can fail.
#[cfg(feature = "sabotage")]
impl Replicator {
    /// The next piece that is made is dropped.
    pub const fn sabotage_drop_piece(&mut self) {
        self.drop_piece = true;
    }

    /// From now on this rule does not hold.
    pub const fn sabotage_leak(&mut self, leak: Leak) {
        self.leak = Some(leak);
    }

    fn sabotage(&self, client: &mut Client) {
        match self.leak {
            Some(Leak::Teams) => client.view.sabotage_leak(Section::Team),
            Some(Leak::Owners) => client.view.sabotage_leak(Section::Owner),
            Some(Leak::Distance) => client.view.sabotage_leak(Section::Everyone),
            Some(Leak::References) => client.view.sabotage_leak(Section::References),
            Some(Leak::Events | Leak::Sight) | None => {}
        }
    }

    fn tells_all(&self) -> bool {
        self.leak == Some(Leak::Events)
    }

    /// The next change that extract sees is forgotten.
    pub const fn sabotage_skip_change(&mut self) {
        self.extract.sabotage_skip_change();
    }

    /// The next facet that is born takes this slot, if it is free.
    pub fn sabotage_reuse_slot(&mut self, slot: Slot) -> bool {
        self.facets.sabotage_reuse(slot)
    }
}

/// What tests look at.
#[cfg(feature = "sabotage")]
impl Replicator {
    /// Facets whose codes are not what the World says, looked at by a path of its own.
    #[must_use]
    pub fn strays(&self, sim: &Sim) -> Vec<Slot> {
        super::strays::strays(sim, &self.layout, &self.extract, &self.facets, &self.shadow)
    }
}
