//! Arena-N without sockets, stage by stage: what benches time and count. One [`Workload`] is a room's simulation and
//! replication with viewers who see everything and confirm every frame at once.
//!
//! ```text
//!   step ─► pack ─► frame (per viewer) ─► confirm          extract: the same step read by an extract of its own
//! ```
//!
//! Never here: clocks and counters of instructions (see the benches and examples of this crate).

use client_sim::replica::Replica;
use server::arena_n::components::schema;
use server::arena_n::{ArenaN, TABLES};
use server::counts::Counts;
use server::replicate::extract::Extract;
use server::replicate::facets::Facets;
use server::replicate::replicator::ReplicateOptions;
use server::replicate::rows::Rows;
use server::replicate::{Client, Lane, Published, Replicator};
use server::sim::{Join, RoomOptions, Sim, StepInput, ViewRadii};
use shared::codec::digest::fresh_hash;
use shared::codec::{Lanes, Tables};
use shared::ids::{PlayerId, Tick};
use shared::schema::{Layout, Section, Text};
use shared::slot_set::SlotSet;
use shared::wire::Digest;
use std::sync::Arc;

/// Bits of a slot: enough for 2,048 entities. For more, as many as it takes.
const SLOT_BITS: u32 = 12;
/// Ticks until everybody holds everything and predictors are warm.
const WARM_TICKS: u32 = 20;

/// A room of Arena-N.
pub struct Workload {
    sim: Sim,
    replicator: Replicator,
    viewers: Vec<Client>,
    lane: Lane,
    counts: Counts,
    tick: Tick,
    extract: Extract,
    facets: Facets,
    rows: Rows,
}

impl Workload {
    /// A room with so many entities, of whom the first are the viewers' players.
    ///
    /// # Panics
    /// If there are more viewers than entities, or more than a room holds.
    #[must_use]
    pub fn new(entities: usize, viewers: usize) -> Self {
        Self::with_replication(entities, viewers, ReplicateOptions::default())
    }

    /// The same where each viewer sees only what is within so many units, in the codes that the game ships: about 40 entities of
    /// 2,000 with 80.
    ///
    /// # Panics
    /// As [`Workload::new`], and if the game's tables do not fit it.
    #[must_use]
    pub fn seen_as_far_as(units: u32, entities: usize, viewers: usize) -> Self {
        let (schema, view) = (schema(), ViewRadii::new(units, 10));
        let layout = Layout::new(&schema, slot_bits(entities)).expect("a sound schema");
        let tables = Tables::from_file(TABLES, schema.fingerprint(), &layout).expect("they are the game's");
        let tables = Some(Arc::new(tables));
        Self::with_replication(entities, viewers, ReplicateOptions { tables, view, ..ReplicateOptions::default() })
    }

    /// How many entities a viewer sees, itself among them.
    #[must_use]
    pub fn seen_by(&self, viewer: usize) -> usize {
        self.viewers[viewer].view.visible(Section::Everyone, self.replicator.facets()).map_or(0, SlotSet::count)
    }

    /// The same with another replication: without the scrub, for one.
    ///
    /// # Panics
    /// As [`Workload::new`].
    #[must_use]
    pub fn with_replication(entities: usize, viewers: usize, replicate: ReplicateOptions) -> Self {
        let movers = entities.checked_sub(viewers).expect("viewers are entities, too");
        let slot_bits = slot_bits(entities);
        let settings = [("movers".to_owned(), movers.to_string())].into();
        let options = RoomOptions { slot_bits, settings, ..RoomOptions::default() };
        let sim = Sim::new(Arc::new(ArenaN), &options, 0x5EED).expect("a sound game");
        let replicator = Replicator::new(&sim, slot_bits, 1, replicate).expect("a sound schema");
        let layout = replicator.layout().clone();
        let players = 0..viewers as u32;
        let mut workload = Self {
            viewers: players.map(|player| replicator.client(PlayerId(player), Digest::Folded)).collect(),
            extract: Extract::new(&sim, layout.clone()),
            facets: Facets::new(layout.clone(), 1),
            rows: Rows::new(layout.slots(), layout.parts_max().max(1)),
            counts: Counts::default(),
            tick: Tick(0),
            lane: replicator.lane(),
            sim,
            replicator,
        };
        workload.warm_up();
        workload
    }

    fn warm_up(&mut self) {
        let join = |viewer: &Client| Join { player: viewer.player, name: Text::new("viewer"), secret: None };
        self.tick = Tick(1);
        let joins = self.viewers.iter().map(join).collect();
        self.sim.step(&StepInput { tick: self.tick, joins, ..StepInput::default() });
        for viewer in &mut self.viewers {
            viewer.entity = self.sim.entity_of(viewer.player);
        }
        self.extract();
        self.pack();
        for _ in 0..WARM_TICKS {
            for viewer in 0..self.viewers.len() {
                self.frame(viewer);
            }
            self.step();
            self.extract();
            self.pack();
        }
        for viewer in 0..self.viewers.len() {
            self.frame(viewer);
        }
    }

    /// The next tick of the World; nobody turns but by chance.
    pub fn step(&mut self) {
        self.tick = Tick(self.tick.0 + 1);
        self.sim.step(&StepInput { tick: self.tick, ..StepInput::default() });
    }

    /// Reads what changed, into rows of its own: what [`Workload::pack`] begins with, by itself.
    pub fn extract(&mut self) {
        self.facets.next_tick(self.tick);
        self.extract.run(&self.sim, &mut self.facets, &mut self.rows, &mut self.counts);
    }

    /// Extracts, scrubs, predicts and packs.
    pub fn pack(&mut self) {
        self.replicator.pack(self.tick, &self.sim, &mut self.counts);
    }

    /// Hashes every facet that a viewer holds once more, as [`Workload::pack`] does with those that moved.
    #[must_use]
    pub fn hash(&self, viewer: usize) -> Lanes {
        let (facets, layout) = (self.replicator.facets(), self.replicator.layout());
        let mut sum = Lanes::default();
        for slot in self.viewers[viewer].view.holding(Section::Everyone).fresh.iter() {
            let Some(record) = facets.alive(slot).map(|alive| alive.record) else { continue };
            let parts = layout.facet(record.kind).map_or(0, |facet| facet.parts.len());
            sum += fresh_hash(record, &self.replicator.shadow().states(slot)[..parts]);
        }
        sum
    }

    /// The digest of what a viewer holds, as in [`Workload::frame`].
    #[must_use]
    pub fn digest(&self, viewer: usize) -> Lanes {
        let view = &self.viewers[viewer].view;
        let (holding, shadow, facets) =
            (view.holding(Section::Everyone), self.replicator.shadow(), self.replicator.facets());
        match view.audience(Section::Everyone, facets) {
            Some(all) if holding.level().is_some() => shadow.sum_of(facets, all),
            _ => shadow.sum(facets, &holding.held, &holding.fresh),
        }
    }

    /// The frame of a viewer whose own input was used in every tick, and came 18/16 ticks early.
    ///
    /// # Panics
    /// As [`Workload::frame`].
    pub fn frame_of_player(&mut self, viewer: usize) -> &[u8] {
        let client = &mut self.viewers[viewer];
        (client.applied, client.early) = (u32::MAX, Some(18));
        self.frame(viewer)
    }

    /// The frame of a viewer, who confirms it at once. It lies where the next one will.
    ///
    /// # Panics
    /// If there is none: nobody here is slow.
    pub fn frame(&mut self, viewer: usize) -> &[u8] {
        let client = &mut self.viewers[viewer];
        let Published::Frame = self.replicator.publish(self.sim.sight(), client, &mut self.lane) else {
            panic!("every viewer gets every frame");
        };
        client.window.confirm(self.tick, self.tick).expect("it was sent");
        self.lane.frame()
    }

    /// The tick passes a viewer by, whose socket is busy.
    ///
    /// # Panics
    /// If there is a frame all the same.
    pub fn skip(&mut self, viewer: usize) {
        let client = &mut self.viewers[viewer];
        client.busy = true;
        assert!(
            matches!(self.replicator.publish(self.sim.sight(), client, &mut self.lane), Published::Skipped(_)),
            "a busy one is skipped"
        );
        client.busy = false;
    }

    /// A replica that holds nothing yet, for all frames of a viewer who [`watch`](Workload::watch)es from now on.
    #[must_use]
    pub fn replica(&self) -> Replica {
        let Self { replicator, tick, .. } = self;
        let (schema, layout) = (replicator.schema().clone(), replicator.layout().clone());
        Replica::new(schema, layout, replicator.tables().clone(), *tick, Digest::Folded)
    }

    /// One more viewer, who holds nothing yet and drives nothing; its number.
    pub fn watch(&mut self) -> usize {
        let player = PlayerId(u32::MAX - self.viewers.len() as u32);
        self.viewers.push(self.replicator.client(player, Digest::Folded));
        self.viewers.len() - 1
    }

    /// Entities that are alive.
    #[must_use]
    pub fn entities(&self) -> usize {
        self.replicator.facets().alive_count()
    }
}

fn slot_bits(entities: usize) -> u32 {
    SLOT_BITS.max((2 * entities).next_power_of_two().ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_viewer_of_the_workload_gets_frames_that_apply_and_are_proven() {
        let mut workload = Workload::new(50, 2);
        assert_eq!(workload.entities(), 50);
        let viewer = workload.watch();
        let mut replica = workload.replica();
        for _ in 0..30 {
            workload.step();
            workload.extract();
            workload.pack();
            assert!(replica.apply(workload.frame(viewer)).expect("it applies").checked);
            assert_eq!(workload.frame(0).is_empty(), workload.frame(1).is_empty());
        }
        assert_eq!(replica.anchors().count(), 50);
        assert_eq!(workload.hash(viewer), workload.digest(viewer), "everything is held exactly");
    }
}
