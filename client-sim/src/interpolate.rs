//! What others look like now: between the two frames around the moment that is drawn, a little in the past.
//!
//! ```text
//!   frames    ──●────────●────────●────────●          the newest has just come
//!               t-3      t-2      t-1      t
//!   drawn                    ▲ at        ├─────────┤ delay: the longest that a frame lately let us wait, and a margin
//! ```
//!
//! *Delay.* A frame is needed when the moment drawn passes the frame before it; how long after the one before's tick it came is what
//! it let us *wait*. The delay is the third longest wait of the last [`WAITS`] frames and [`MARGIN_TICKS`] more, so jitter that grows makes
//! it longer within a second or two, and jitter that ends makes it shorter when the last [`WAITS`] frames are through. Of frames that come
//! together only the first counts: the others waited behind it. It is never more than [`JITTER_MS_MAX`] above the shortest wait: what came later than that
//! was a stall, which no delay hides. The moment drawn goes at the pace of time, up to [`PACE_MAX`] faster or slower until it is where it should be, and
//! jumps only over more than [`JUMP_TICKS`].
//!
//! *Beyond the newest frame* (an underrun: counted) places go on for at most [`EXTRAPOLATE_MS_MAX`] as they went, then stand; all else holds.
//! *Cut* is what jumped (see `shared::interpolation`), what is new in its slot, and what a full frame began anew.
//!
//! The [`ViewTick`] that an input carries is what was drawn when it was made. What was drawn beyond the newest frame counts as that frame.
//!
//! Never here: which input is due (see `clock`), our own entity (see `predict`), pictures.

use crate::replica::Replica;
use shared::ids::{Slot, Tick};
use shared::interpolation::{Between, interpolate};
use shared::schema::{Audience, FieldKind, Kind, Schema};
use shared::wire::client_message::{SPAN_MAX, ViewTick};
use std::collections::VecDeque;
use std::sync::Arc;

/// Waits that are remembered: four seconds at 30 Hz.
const WAITS: usize = 128;
/// How many of these may be longer than the delay.
const OUTLIERS: usize = 2;
/// Ticks that the delay is longer than the waits ask for: a machine that is a little late must not show.
const MARGIN_TICKS: f64 = 0.25;
/// The same, more, until so many frames have come that their jitter is known.
const MARGIN_UNKNOWN_TICKS: f64 = 0.75;
/// Frames after which it is.
const KNOWN_AFTER: usize = 16;
/// Milliseconds of jitter that the delay hides at the most. With a tick at 30 Hz this stays below what the game in the box rewinds.
pub const JITTER_MS_MAX: f64 = 150.0;
/// The pace at which the moment drawn moves stays within this much of real time.
pub const PACE_MAX: f64 = 0.1;
/// How much of an error is steered away per tick.
const PACE_PER_TICK: f64 = 0.1;
/// An error of more ticks than this is jumped over.
pub const JUMP_TICKS: f64 = 6.0;
/// Milliseconds beyond the newest frame for which places go on as they went.
pub const EXTRAPOLATE_MS_MAX: f64 = 100.0;
/// Frames that are remembered: more than the longest delay at 128 Hz.
const FRAMES: usize = 48;
/// Frames that come within this many milliseconds come together.
const TOGETHER_MS: f64 = 3.0;

/// What drawing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrawingCounts {
    /// Frames drawn.
    pub drawn: u64,
    /// Of these, drawn when the newer frame was missing.
    pub underruns: u64,
    /// Times that the moment drawn jumped.
    pub jumps: u64,
}

impl DrawingCounts {
    /// What was counted since `earlier`.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self {
            drawn: self.drawn - earlier.drawn,
            underruns: self.underruns - earlier.underruns,
            jumps: self.jumps - earlier.jumps,
        }
    }

    /// What was counted with what was counted before. Inverse of [`DrawingCounts::since`].
    #[must_use]
    pub const fn after(&self, before: &Self) -> Self {
        Self {
            drawn: self.drawn + before.drawn,
            underruns: self.underruns + before.underruns,
            jumps: self.jumps + before.jumps,
        }
    }
}

/// A component as it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    component: usize,
    /// Where its codes begin in a row.
    at: usize,
    count: usize,
}

/// One entity in one frame.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    slot: Slot,
    kind: Kind,
    /// The frame in which it came into this slot.
    since: Tick,
    /// Where its codes begin among the frame's.
    at: usize,
}

/// What a frame showed, by slot.
#[derive(Clone, Debug, Default)]
struct Shown {
    tick: Tick,
    seen: Vec<Seen>,
    codes: Vec<i32>,
}

/// Draws what a replica holds, later.
#[derive(Clone, Debug)]
pub struct Interpolator {
    schema: Arc<Schema>,
    /// By kind: what is drawn of it.
    parts: Vec<Vec<Part>>,
    tick_ms: f64,
    frames: VecDeque<Shown>,
    /// Memory of frames that were forgotten.
    spare: Vec<Shown>,
    waits: VecDeque<f64>,
    heard: Option<(Tick, f64)>,
    /// Ticks by which the moment drawn should be behind time.
    delay: f64,
    /// The moment drawn, and when it was.
    at: Option<(f64, f64)>,
    counts: DrawingCounts,
}

impl Interpolator {
    /// Nothing to draw yet.
    #[must_use]
    pub fn new(schema: Arc<Schema>, tick_rate_hz: u16) -> Self {
        let parts = (0..schema.kinds.len()).map(|kind| drawn_parts(&schema, Kind(kind as u8))).collect();
        Self {
            schema,
            parts,
            tick_ms: 1_000.0 / f64::from(tick_rate_hz.max(1)),
            frames: VecDeque::new(),
            spare: Vec::new(),
            waits: VecDeque::new(),
            heard: None,
            delay: 0.0,
            at: None,
            counts: DrawingCounts::default(),
        }
    }

    /// What it counted.
    #[must_use]
    pub const fn counts(&self) -> &DrawingCounts {
        &self.counts
    }

    /// How far what is drawn is behind the newest frame when that comes without delay, in milliseconds; `None` before the first frame.
    #[must_use]
    pub fn delay_ms(&self) -> Option<f64> {
        let shortest = self.waits.iter().copied().reduce(f64::min)?;
        Some((self.delay - shortest + 1.0) * self.tick_ms)
    }

    /// A frame was applied: what the replica holds now is what it showed. `begins`: it was a full one.
    pub fn frame(&mut self, replica: &Replica, begins: bool, now_ms: f64) {
        let tick = replica.tick();
        if begins {
            self.spare.extend(self.frames.drain(..));
            self.heard = None;
        }
        if self.frames.back().is_some_and(|newest| newest.tick >= tick) {
            return;
        }
        self.listen(tick, now_ms);
        let mut shown = self.spare.pop().unwrap_or_default();
        shown.tick = tick;
        shown.seen.clear();
        shown.codes.clear();
        let before = self.frames.back();
        for (slot, kind) in replica.anchors() {
            let at = shown.codes.len();
            let parts = self.parts.get(usize::from(kind.0)).map_or(&[][..], Vec::as_slice);
            let whole = parts.iter().all(|part| replica.append_row(slot, part.component, &mut shown.codes));
            if !whole || parts.is_empty() {
                shown.codes.truncate(at);
                continue;
            }
            let stayed = before.and_then(|before| before.find(slot)).filter(|seen| seen.kind == kind);
            let since = stayed.filter(|_| !replica.left().contains(&slot)).map_or(tick, |seen| seen.since);
            shown.seen.push(Seen { slot, kind, since, at });
        }
        self.frames.push_back(shown);
        if self.frames.len() > FRAMES {
            self.spare.extend(self.frames.pop_front());
        }
        self.at.get_or_insert((now_ms / self.tick_ms - self.delay, now_ms));
    }

    /// Learns from when a frame came how long frames let us wait.
    fn listen(&mut self, tick: Tick, now_ms: f64) {
        let before = self.heard.replace((tick, now_ms));
        let together = before.is_some_and(|(_, before_ms)| now_ms - before_ms < TOGETHER_MS);
        let from = before.map_or_else(|| f64::from(tick.0) - 1.0, |(before, _)| f64::from(before.0));
        let wait = now_ms / self.tick_ms - from;
        let shortest = self.waits.iter().copied().fold(wait, f64::min);
        if !together {
            if self.waits.len() == WAITS {
                self.waits.pop_front();
            }
            self.waits.push_back(wait.min(shortest + JITTER_MS_MAX / self.tick_ms));
        }
        let known = self.waits.len() >= KNOWN_AFTER;
        // The longest ones, longest first.
        let mut longest = [f64::NEG_INFINITY; OUTLIERS + 1];
        for mut wait in self.waits.iter().copied() {
            for place in &mut longest {
                if wait > *place {
                    std::mem::swap(place, &mut wait);
                }
            }
        }
        let longest = if known { longest[OUTLIERS] } else { longest[0].max(wait) };
        self.delay = longest + if known { MARGIN_TICKS } else { MARGIN_UNKNOWN_TICKS };
    }

    /// Moves the moment drawn to `now_ms`: everything is drawn now.
    pub fn draw(&mut self, now_ms: f64) {
        self.advance(now_ms);
        let (Some((at, _)), Some(newest)) = (self.at, self.frames.back()) else { return };
        self.counts.drawn += 1;
        self.counts.underruns += u64::from(at > f64::from(newest.tick.0));
    }

    fn advance(&mut self, now_ms: f64) {
        let (Some((at, at_ms)), Some(newest)) = (self.at, self.frames.back()) else { return };
        let passed = (now_ms - at_ms).max(0.0) / self.tick_ms;
        let wanted = now_ms / self.tick_ms - self.delay;
        let error = wanted - (at + passed);
        // Nothing is drawn of what lies farther beyond the newest frame than places go on.
        let end = f64::from(newest.tick.0) + EXTRAPOLATE_MS_MAX / self.tick_ms;
        let next = if error.abs() > JUMP_TICKS {
            self.counts.jumps += 1;
            wanted
        } else {
            at + passed * (1.0 + (error * PACE_PER_TICK).clamp(-PACE_MAX, PACE_MAX))
        };
        self.at = Some((next.min(end), now_ms));
    }

    /// Between which frames the moment drawn lies, and where between them; `None` before the first frame.
    #[must_use]
    pub fn view(&self) -> Option<ViewTick> {
        let (at, _) = self.at?;
        let (older, newer) = self.around(at)?;
        let span = newer.tick.since(older.tick);
        let sixteenths = ((at - f64::from(older.tick.0)) * 16.0).clamp(0.0, f64::from(16 * span));
        Some(ViewTick { older: older.tick, span: span as u8, sixteenths: sixteenths as u16 })
    }

    /// The frames before and after a moment; the same one twice where there is but one, or they lie too far apart to say where between.
    fn around(&self, at: f64) -> Option<(&Shown, &Shown)> {
        let newer = self.frames.partition_point(|frame| f64::from(frame.tick.0) <= at);
        let older = self.frames.get(newer.saturating_sub(1))?;
        let newer = self.frames.get(newer.max(1)).filter(|_| newer > 0);
        let newer = newer.filter(|newer| newer.tick.since(older.tick) <= u32::from(SPAN_MAX));
        Some((older, newer.unwrap_or(older)))
    }

    /// The entities that are drawn, ascending.
    pub fn drawn(&self) -> impl Iterator<Item = (Slot, Kind)> + '_ {
        let older = self.at.and_then(|(at, _)| self.around(at)).map(|(older, _)| older);
        older.into_iter().flat_map(|older| older.seen.iter().map(|seen| (seen.slot, seen.kind)))
    }

    /// A component (its position in the schema) as it is drawn: a value for each part, places in the simulation's integers. `None`: that
    /// entity is not drawn, or not that of it.
    #[must_use]
    pub fn values(&self, anchor: Slot, component: usize) -> Option<Vec<i32>> {
        let (at, _) = self.at?;
        let (older, newer) = self.around(at)?;
        let seen = older.find(anchor)?;
        let part = *self.parts.get(usize::from(seen.kind.0))?.iter().find(|part| part.component == component)?;
        let from = older.codes_of(seen, part)?;
        let stays = newer.find(anchor).filter(|then| (then.kind, then.since) == (seen.kind, seen.since));
        let view = self.view()?;
        // What leaves before the newer frame stays where it was until then.
        let to = stays.and_then(|then| newer.codes_of(then, part)).unwrap_or(from);
        let mut values = vec![0; part.count];
        let mut place = 0;
        for field in &self.schema.components.get(component)?.fields {
            let parts = place..place + field.part_count();
            let codes = (from.get(parts.clone())?, to.get(parts.clone())?);
            interpolate(field, codes.0, codes.1, Between::of(view), values.get_mut(parts.clone())?);
            place = parts.end;
        }
        self.go_on(at, (seen, part), &mut values);
        Some(values)
    }

    /// Beyond the newest frame places go on as they went between the last two.
    fn go_on(&self, at: f64, (seen, part): (&Seen, Part), values: &mut [i32]) -> Option<()> {
        let newest = self.frames.back()?;
        let before = self.frames.get(self.frames.len().checked_sub(2)?)?;
        let beyond = at - f64::from(newest.tick.0);
        let then = before.find(seen.slot).filter(|then| then.since == seen.since && beyond > 0.0)?;
        let (from, to) = (before.codes_of(then, part)?, newest.codes_of(newest.find(seen.slot)?, part)?);
        let span = newest.tick.since(before.tick);
        let mut place = 0;
        for field in &self.schema.components.get(part.component)?.fields {
            let parts = place..place + field.part_count();
            place = parts.end;
            let is_place = matches!(field.kind, FieldKind::Vector2 { .. } | FieldKind::Vector3 { .. });
            if !field.marks.position || !is_place || span == 0 || span > u32::from(SPAN_MAX) {
                continue;
            }
            let between = |halves: u16| {
                let sixteenths = 8 * span as u16 * halves;
                let view = ViewTick { older: before.tick, span: span as u8, sixteenths };
                let mut values = vec![0; parts.len()];
                let codes = (from.get(parts.clone()).unwrap_or_default(), to.get(parts.clone()).unwrap_or_default());
                interpolate(field, codes.0, codes.1, Between::of(view), &mut values);
                values
            };
            // What jumped stands half way where it began: it has no speed.
            let (begun, half) = (between(0), between(1));
            for ((value, half), begun) in values.get_mut(parts)?.iter_mut().zip(half).zip(begun) {
                *value += (f64::from(half - begun) * 2.0 / f64::from(span) * beyond) as i32;
            }
        }
        Some(())
    }
}

impl Shown {
    fn find(&self, slot: Slot) -> Option<&Seen> {
        let at = self.seen.binary_search_by_key(&slot, |seen| seen.slot).ok()?;
        self.seen.get(at)
    }

    fn codes_of(&self, seen: &Seen, part: Part) -> Option<&[i32]> {
        self.codes.get(seen.at + part.at..seen.at + part.at + part.count)
    }
}

/// The components of a kind that are drawn: those that everyone sees whole, and that can change.
fn drawn_parts(schema: &Schema, kind: Kind) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut at = 0;
    let components = schema.kinds.get(usize::from(kind.0)).map_or(&[][..], |kind| kind.components.as_slice());
    for component in components.iter().map(|&component| usize::from(component)) {
        let Some(declaration) = schema.components.get(component) else { continue };
        let everyone = declaration.fields.iter().all(|field| field.audience == Audience::Everyone);
        if !everyone || declaration.fields.iter().all(|field| field.marks.constant) {
            continue;
        }
        let count = declaration.part_count();
        parts.push(Part { component, at, count });
        at += count;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use shared::quantise::Quantiser;
    use shared::schema::{Declaration, Field, Marks, Predictor};

    const TICK_MS: f64 = 1_000.0 / 30.0;

    fn schema() -> Schema {
        let quantiser = Quantiser { min: 0, max: 65_520, step: 16 };
        let field = |name: &str, kind, position| Field {
            name: name.to_owned(),
            kind,
            audience: Audience::Everyone,
            predictor: Predictor::Linear,
            marks: Marks { position, ..Marks::default() },
        };
        let place = field("at", FieldKind::Vector2 { quantiser, unit: 256 }, true);
        let looks = field("angle", FieldKind::Angle { bits: 8 }, false);
        let component = |name: &str, field| Declaration { name: name.to_owned(), fields: vec![field] };
        Schema {
            components: vec![component("Position", place), component("Aim", looks)],
            kinds: vec![shared::schema::registry::EntityKind { name: "thing".to_owned(), components: vec![0, 1] }],
            ..crate::session::no_schema()
        }
    }

    /// One thing that goes along x.
    struct Story(Interpolator);

    impl Story {
        fn new() -> Self {
            Self(Interpolator::new(Arc::new(schema()), 30))
        }

        /// A frame in which the thing that is there since `since` is at code `x`.
        fn frame(&mut self, tick: u32, since: u32, x: i32, now_ms: f64) {
            self.0.listen(Tick(tick), now_ms);
            let seen = vec![Seen { slot: Slot(4), kind: Kind(0), since: Tick(since), at: 0 }];
            self.0.frames.push_back(Shown { tick: Tick(tick), seen, codes: vec![x, 0, 9] });
            self.0.at.get_or_insert((now_ms / TICK_MS - self.0.delay, now_ms));
        }

        fn x(&self) -> i32 {
            self.0.values(Slot(4), 0).unwrap()[0]
        }
    }

    /// Frames with jitter, drawn at 60 Hz for so many seconds: the share of underruns of the last half, and the delay.
    fn play(jitter_ms: f64, seconds: u32) -> (f64, f64) {
        let mut story = Story::new();
        let mut dice = Dice::new(7, 0);
        let (mut tick, mut arrives_ms, mut draw_ms) = (1, 0.0_f64, 0.0);
        let mut half = DrawingCounts::default();
        while tick < seconds * 30 {
            while draw_ms < arrives_ms {
                story.0.draw(draw_ms);
                draw_ms += 1_000.0 / 60.0;
            }
            story.frame(tick, 1, tick as i32 * 4, arrives_ms);
            if tick == seconds * 15 {
                half = *story.0.counts();
            }
            tick += 1;
            arrives_ms = arrives_ms.max(f64::from(tick) * TICK_MS + dice.part() * jitter_ms);
        }
        let counts = story.0.counts().since(&half);
        (counts.underruns as f64 / counts.drawn as f64, story.0.delay_ms().unwrap())
    }

    #[test]
    fn the_delay_is_as_long_as_jitter_asks_for_and_no_longer() {
        for (jitter_ms, least, most) in [(0.0, 33.0, 45.0), (15.0, 45.0, 62.0), (60.0, 85.0, 110.0)] {
            let (underruns, delay_ms) = play(jitter_ms, 30);
            assert!(underruns < 0.01, "{jitter_ms} ms: {underruns}");
            assert!((least..most).contains(&delay_ms), "{jitter_ms} ms: {delay_ms}");
        }
        let (_, delay_ms) = play(900.0, 30);
        assert!(delay_ms <= JITTER_MS_MAX + (1.0 + MARGIN_TICKS) * TICK_MS + 1e-6, "{delay_ms}");
    }

    #[test]
    fn between_two_frames_it_is_on_the_way_and_the_view_says_where() {
        let mut story = Story::new();
        (10..14).for_each(|tick| story.frame(tick, 1, tick as i32 * 16, f64::from(tick) * TICK_MS));
        story.0.at = Some((11.5, 0.0));
        assert_eq!(story.0.view(), Some(ViewTick { older: Tick(11), span: 1, sixteenths: 8 }));
        assert_eq!(story.x(), 16 * 16 * 23 / 2);
        assert_eq!(story.0.drawn().collect::<Vec<_>>(), [(Slot(4), Kind(0))]);
    }

    #[test]
    fn beyond_the_newest_frame_it_goes_on_for_a_while_and_then_stands() {
        let mut story = Story::new();
        (10..14).for_each(|tick| story.frame(tick, 1, tick as i32 * 16, f64::from(tick) * TICK_MS));
        story.0.draw(13.0 * TICK_MS);
        let underruns = story.0.counts().underruns;
        story.0.draw(17.0 * TICK_MS);
        story.0.draw(60.0 * TICK_MS);
        assert_eq!(story.0.counts().underruns, underruns + 2);
        assert_eq!(story.x(), 13 * 256 + 3 * 256, "three ticks are 100 ms");
        assert_eq!(story.0.view(), Some(ViewTick { older: Tick(13), span: 0, sixteenths: 0 }));
    }

    #[test]
    fn a_leap_and_a_newcomer_in_the_slot_are_cut() {
        for (since, x) in [(1, 3_000), (12, 170)] {
            let mut story = Story::new();
            story.frame(11, 1, 160, 0.0);
            story.frame(12, since, x, TICK_MS);
            story.0.at = Some((11.9, 0.0));
            assert_eq!(story.x(), 160 * 16);
            story.0.at = Some((12.0, 0.0));
            assert_eq!(story.x(), x * 16);
            story.0.at = Some((14.0, 0.0));
            assert_eq!(story.x(), x * 16, "and what leapt has no speed");
        }
    }

    #[test]
    fn a_stall_is_no_jitter() {
        let mut story = Story::new();
        (1..200).for_each(|tick| story.frame(tick, 1, 0, f64::from(tick) * TICK_MS));
        let before = story.0.delay_ms().unwrap();
        (200..230).for_each(|tick| story.frame(tick, 1, 0, 230.0 * TICK_MS));
        (230..260).for_each(|tick| story.frame(tick, 1, 0, f64::from(tick) * TICK_MS));
        assert!((story.0.delay_ms().unwrap() - before).abs() < 1.0);
    }
}
