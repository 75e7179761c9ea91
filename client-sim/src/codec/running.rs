//! The run that is measured: every frame packed, decoded by the client's own replica, and held against the trace.
//!
//! ```text
//!   ticks before          the shadow moves on, nothing is counted: predictors are warm
//!   tick before           each viewer gets a full frame of what it sees
//!   per measured tick     predict, pack ─► per viewer: turn, body, header ─► replica ─► compare            (clocks run here)
//! ```

use super::audience::Audience;
use super::declare::{Declared, places};
use super::error::CodecError;
use super::frames::{FramesWriter, replica};
use super::interest::Interest;
use super::packed::{Pieces, Records};
use super::progress::Progress;
use super::shadow::Shadow;
use super::viewer::{BodyBits, Shared};
use super::world::World;
use crate::replica::Replica;
use shared::bits::BitWriter;
use shared::codec::Tables;
use shared::codec::contexts::Nowhere;
use shared::ids::Tick;
use std::io::{self, Write};
use std::ops::Range;
use std::time::{Duration, Instant};

/// What one run measured, summed over the ticks that count.
#[derive(Clone, Debug, Default)]
pub(super) struct Measured {
    /// Ticks that count.
    pub(super) ticks: usize,
    /// Frames of them, of all viewers.
    pub(super) frames: usize,
    /// Bytes of bodies.
    pub(super) body_bytes: usize,
    /// Bytes of headers.
    pub(super) header_bytes: usize,
    /// What bodies are made of.
    pub(super) bits: BodyBits,
    /// Entities that changed, by the count of design, not of the codec.
    pub(super) changed: usize,
    /// Entities alive.
    pub(super) alive: usize,
    /// Entities held after the frames.
    pub(super) held: usize,
    /// The same without those that the viewers are.
    pub(super) others: usize,
    /// Bytes in which the recorded game sent it.
    pub(super) own_bytes: Option<u64>,
    /// Predicting and packing.
    pub(super) packing: Duration,
    /// Hashing.
    pub(super) hashing: Duration,
    /// Choosing and splicing bodies.
    pub(super) assembling: Duration,
    /// Decoding and checking digests.
    pub(super) decoding: Duration,
    /// Frames refused, and entities that were not as recorded after a frame.
    pub(super) mismatches: usize,
}

/// What is to be measured.
pub(super) struct Run<'a> {
    pub(super) world: &'a World,
    pub(super) declared: &'a Declared,
    pub(super) tables: &'a Tables,
    pub(super) ticks: Range<usize>,
    pub(super) interest: Option<Interest>,
}

/// A frame whose time to be decoded has not come.
struct Waiting {
    tick: usize,
    bytes: usize,
    held: usize,
}

impl Run<'_> {
    /// Measures. `frames` makes the writer for the first viewer's frames once the full frame and the shadow are there.
    pub(super) fn measure<W: Write>(
        &self,
        open: impl FnOnce(&[u8]) -> io::Result<Option<FramesWriter<W>>>,
        progress: &Progress,
    ) -> Result<Measured, CodecError> {
        let layout = &self.declared.layout;
        let mut shadow = Shadow::new(self.world, layout);
        let (mut pieces, mut records) = (Pieces::new(layout.slots()), Records::new(layout.slots()));
        for tick in 0..self.ticks.start {
            shadow.begin(tick);
            shadow.predict(|_, missed| missed.write(&mut Nowhere));
        }
        shadow.hash();
        let mut audience = Audience::new(self.world, &shadow, self.interest, self.ticks.start.checked_sub(1))?;
        let mut shared =
            Shared { layout, tables: self.tables, shadow: &shadow, pieces: &pieces, records: &mut records };
        let full: Vec<Vec<u8>> = audience.viewers.iter().map(|viewer| viewer.full(&mut shared, Tick(0))).collect();
        let mut writer = open(full.first().map_or(&[], Vec::as_slice))?;
        let mut sent: Vec<(Vec<u8>, Vec<Waiting>)> = full.iter().map(|_| (Vec::new(), Vec::new())).collect();
        let mut measured = Measured::default();
        let (mut body, mut header) = (BitWriter::new(), BitWriter::new());
        progress.begin("packing", self.ticks.len());
        for tick in self.ticks.clone() {
            let mut turn = Measured { ticks: 1, changed: self.world.changed(tick), ..Measured::default() };
            shadow.begin(tick);
            records.clear();
            turn.packing = timed(|| pieces.pack(&mut shadow, self.tables));
            turn.hashing = timed(|| shadow.hash());
            turn.alive = shadow.alive().count();
            turn.own_bytes = self.world.header.own_bytes.get(tick).map(|&bytes| u64::from(bytes));
            audience.look(self.world, &shadow, tick);
            let shared =
                &mut Shared { layout, tables: self.tables, shadow: &shadow, pieces: &pieces, records: &mut records };
            for ((viewer, visible), (bytes, waiting)) in audience.each().zip(&mut sent) {
                body.clear();
                turn.assembling += timed(|| {
                    viewer.turn(visible, shared.shadow.gone(), shared.pieces.changed());
                    turn.bits += viewer.write_body(&mut body, shared);
                });
                header.clear();
                viewer.header(shared, Tick((tick - self.ticks.start) as u32 + 1)).write(&mut header);
                let (header, body) = (header.bytes(), body.bytes());
                if let Some(writer) = &mut writer {
                    writer.frame(header, body)?;
                }
                turn.frames += 1;
                turn.header_bytes += header.len();
                turn.body_bytes += body.len();
                turn.held += viewer.held().count();
                waiting.push(Waiting { tick, bytes: header.len() + body.len(), held: viewer.held().count() });
                bytes.extend_from_slice(header);
                bytes.extend_from_slice(body);
            }
            turn.others = audience.others();
            if self.world.header.counts(tick) {
                measured += turn;
            }
            progress.step();
        }
        writer.map_or(Ok(()), FramesWriter::finish)?;
        progress.begin("decoding", sent.len());
        for (full, (bytes, waiting)) in full.iter().zip(&sent) {
            self.decode(full, bytes, waiting, &mut measured);
            progress.step();
        }
        Ok(measured)
    }

    /// Decodes all frames of one viewer and holds what comes of it against the trace.
    fn decode(&self, full: &[u8], mut bytes: &[u8], waiting: &[Waiting], measured: &mut Measured) {
        let mut replica = replica(self.declared, self.tables.clone());
        if replica.apply(full).is_err() {
            measured.mismatches += 1;
        }
        for &Waiting { tick, bytes: length, held } in waiting {
            let (frame, rest) = bytes.split_at(length);
            bytes = rest;
            let mut refused = false;
            let decoding = timed(|| refused = !replica.apply(frame).is_ok_and(|applied| applied.checked));
            if self.world.header.counts(tick) {
                measured.decoding += decoding;
            }
            measured.mismatches += usize::from(refused) + self.mismatches(&replica, tick, held);
        }
    }

    /// How many entities are not held as recorded, or are missing from those that should be held, or are too many.
    fn mismatches(&self, replica: &Replica, tick: usize, held: usize) -> usize {
        let mut rows = self.world.rows(tick).iter().peekable();
        let wrong = replica.facets().filter(|(record, states, _)| {
            while rows.next_if(|row| row.slot < record.slot).is_some() {}
            let Some(row) = rows.next_if(|row| row.slot == record.slot) else { return true };
            let codes = self.world.codes(row);
            let mut places = places(&self.declared.layout, usize::from(row.archetype));
            usize::from(record.kind.0) != usize::from(row.archetype)
                || !places.all(|(field, part)| states[part].code == codes[field])
        });
        wrong.count() + replica.held_count().abs_diff(held)
    }
}

impl std::ops::AddAssign for Measured {
    fn add_assign(&mut self, other: Self) {
        self.ticks += other.ticks;
        self.frames += other.frames;
        self.body_bytes += other.body_bytes;
        self.header_bytes += other.header_bytes;
        self.bits += other.bits;
        self.changed += other.changed;
        self.alive += other.alive;
        self.held += other.held;
        self.others += other.others;
        self.own_bytes = match (self.own_bytes, other.own_bytes) {
            (Some(one), Some(two)) => Some(one + two),
            (one, two) => one.or(two),
        };
        self.packing += other.packing;
        self.hashing += other.hashing;
        self.assembling += other.assembling;
        self.decoding += other.decoding;
        self.mismatches += other.mismatches;
    }
}

fn timed(work: impl FnOnce()) -> Duration {
    let from = Instant::now();
    work();
    from.elapsed()
}
