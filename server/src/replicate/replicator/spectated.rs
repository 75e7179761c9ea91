//! What spectators' replication does in another way: it reads no World but what was recorded of one.
//!
//! ```text
//!   players' replicator ─► take_recorded ─► (see `feed`) ─► pack_changes ─► spectators' replicator
//! ```

use super::{ReplicateOptions, Replicator};
use crate::replicate::Client;
use crate::replicate::changes::Changes;
use crate::replicate::delayed::Delayed;
use crate::sim::{Sim, ViewRadii};
use shared::ids::{PlayerId, Tick};
use shared::schema::SchemaError;
use shared::wire::Digest;

impl Replicator {
    /// Nothing replicated yet, for spectators: they see everything that is not for an owner alone, from wherever.
    ///
    /// # Errors
    /// As [`Replicator::new`].
    pub(in crate::replicate) fn for_spectators(
        sim: &Sim,
        slot_bits: u32,
        slot_seed: u64,
        options: ReplicateOptions,
    ) -> Result<Self, SchemaError> {
        let options = ReplicateOptions { view: ViewRadii::NONE, ..options };
        Ok(Self { grid: None, reach_ticks: None, ..Self::new(sim, slot_bits, slot_seed, options)? })
    }

    /// A spectator that may hold nothing yet and sees the room so many ticks later; `tick` is its Welcome's.
    pub(in crate::replicate) fn spectator(&self, player: PlayerId, tick: Tick, digest: Digest, behind: u32) -> Client {
        Client::spectator(self.layout.slots(), player, tick, digest, (&self.options, behind))
    }

    /// What [`Replicator::pack`] is for players, from what was recorded of a tick long ago.
    pub(in crate::replicate) fn pack_changes(&mut self, tick: Tick, past: &mut Delayed, changes: &Changes) {
        self.tick = tick;
        self.facets.next_tick(tick);
        past.run(changes, &mut self.facets, &mut self.rows);
        self.pack_rows(tick);
        self.told.clear();
        self.told.extend(changes.told.iter().cloned());
    }

    /// From the next tick on what changes is recorded, for spectators: with the first, everything that is there.
    pub fn begin_recording(&mut self) {
        self.extract.begin_recording();
    }

    /// No more.
    pub fn end_recording(&mut self) {
        self.extract.end_recording();
    }

    /// What this tick changed, if that is recorded.
    pub(in crate::replicate) fn take_recorded(&mut self, sim: &Sim) -> Option<Changes> {
        let mut changes = self.extract.take_recorded(sim.world(), &self.facets)?;
        changes.tell(&self.told);
        Some(changes)
    }
}
