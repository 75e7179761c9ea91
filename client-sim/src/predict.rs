//! Where our own entity will be: the inputs that nobody confirmed yet, replayed through the game's own step.
//!
//! ```text
//!   truth of frame c ─► step(input c+1) ─► step(input c+2) ─► … ─► step(input n)          n: the newest input sent
//!        ▲ every frame: was it what we thought? once                     ▲ shown, and what is left of a correction beside it
//! ```
//!
//! An input moves us in the tick in which it is sent, not a round trip later. Each frame then says where we really are: that is
//! compared with what we thought, exactly once, and the frame says for every tick that it covers whether our own input was used
//! or a stand-in. A difference has a cause: the server used *something else than our input* (a stand-in, or the presses of a late
//! one), *others touched us* (a hit, a death, a new life), or *neither*: then our step is not the server's, which is a bug.
//!
//! What was wrong is replayed from the truth, once per wake and not once per frame, over at most [`WINDOW`] ticks. On the screen
//! the difference fades; in the state it is gone at once.
//!
//! Never here: which game it is (see [`Twin`]), others (see `interpolate`).

// What it came to.
mod counts;

use crate::agreement::Agreement;
use crate::ghosts::{Ghosts, Launch};
use crate::replica::{Event, Replica};
pub use counts::PredictionCounts;
use shared::ids::{Slot, Tick};
use shared::limits::{INPUT_REPEAT_TICKS_MAX, PRESS_CARRY_TICKS_MAX};
use shared::schema::Declaration;

/// Ticks that may be predicted at once: twice what an input may be ahead of the newest frame. It bounds what a replay costs; who
/// hears nothing for longer stands still.
pub const WINDOW: usize = 128;
/// Milliseconds in which a correction on the screen fades to a third: short enough that nobody aims by it, long enough that
/// nobody sees a jump.
pub const FADE_MS: f64 = 80.0;
/// A correction by more than this many world units is no correction: a new life, a teleport. It is cut.
pub const CUT_UNITS: f64 = 64.0;

/// The game's own step on the client's side, and how to read the truth that it starts from. A state is a list of whole numbers, so
/// that this needs to know no game.
pub trait Twin: Send {
    /// The exact state of our entity; `None` if it is not held, or not all of it.
    fn truth(&self, replica: &Replica, me: Slot) -> Option<Vec<i32>>;

    /// One tick with an input's codes, and what it sends flying. The same as the server's, to the last bit.
    fn step(&self, state: &mut [i32], input: &[i32]) -> Option<Launch>;

    /// The entity that came of what we sent flying in a tick, if it is there.
    fn launched(&self, replica: &Replica, me: Slot, tick: Tick) -> Option<Slot>;

    /// Where a state stands, in world units.
    fn place(&self, state: &[i32]) -> [f64; 2];

    /// Whether the difference shows that others touched us: health that was taken or given, a death, a new life.
    fn is_touched(&self, expected: &[i32], truth: &[i32]) -> bool;

    /// Whether an event says so.
    fn is_told(&self, event: &Event, me: Slot) -> bool;
}

/// Finds the twin for a game once its schema, rate and map are known. `None`: it is played without prediction.
pub trait Twins: Send + Sync {
    /// The twin for what was agreed on.
    fn choose(&self, agreement: &Agreement) -> Option<Box<dyn Twin>>;

    /// Why a game that is known has none, in words; `None`: it has one, or is not known.
    fn refusal(&self, agreement: &Agreement) -> Option<String> {
        let _ = agreement;
        None
    }
}

impl<F> Twins for F
where
    F: Fn(&Agreement) -> Option<Box<dyn Twin>> + Send + Sync,
{
    fn choose(&self, agreement: &Agreement) -> Option<Box<dyn Twin>> {
        self(agreement)
    }
}

/// What a frame says of our own entity.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed<'a> {
    /// The frame's tick.
    pub tick: Tick,
    /// Of a step: the ticks that it covers, and a bit for each, oldest lowest: our own input was used. `None`: a full frame, which
    /// does not say.
    pub own: Option<(u32, u16)>,
    /// Our entity's anchor.
    pub me: Option<Slot>,
    /// What the frame told.
    pub events: &'a [Event],
}

/// One tick that was predicted.
#[derive(Clone, Debug, Default)]
struct Ahead {
    tick: Option<Tick>,
    /// The input we sent, or what the server will take if we sent none.
    input: Vec<i32>,
    /// What it came to; empty before there was a truth to begin with.
    state: Vec<i32>,
    /// Where it was shown when it was first predicted.
    shown: Option<[f64; 2]>,
}

/// What the server used, as far as we know.
#[derive(Clone, Debug, Default)]
struct Used {
    /// The last input of our own, without its presses; `None` while we do not know.
    last: Option<Vec<i32>>,
    repeats: u32,
}

/// Predicts one entity.
pub struct Predictor {
    twin: Box<dyn Twin>,
    neutral: Vec<i32>,
    presses: Vec<bool>,
    /// By tick.
    ring: Vec<Ahead>,
    /// The newest truth: of whom, when, what.
    truth: Option<(Slot, Tick, Vec<i32>)>,
    /// What the server used from the tick after the truth on, as far as frames told, by tick.
    served: Vec<(Tick, Option<Vec<i32>>)>,
    used: Used,
    /// The newest tick that an input was sent for.
    newest: Option<Tick>,
    /// What is in the ring does not follow from the truth any more.
    stale: bool,
    /// An event of a frame that could not be compared said that others touched us.
    told: bool,
    /// A full frame came since the truth: what the server used in the ticks before it nobody knows.
    gap: bool,
    /// Presses of a late input may count until this tick.
    late_until: Tick,
    ghosts: Ghosts,
    /// What is left of corrections on the screen, in world units, and as of when.
    offset: [f64; 2],
    offset_ms: f64,
    counts: PredictionCounts,
}

impl Predictor {
    /// Predicts nothing before the first truth. `input` and its `neutral` codes are the game's.
    #[must_use]
    pub fn new(twin: Box<dyn Twin>, input: &Declaration, neutral: Vec<i32>) -> Self {
        let presses = input.fields.iter().flat_map(|field| vec![field.marks.press; field.part_count()]);
        Self {
            twin,
            neutral,
            presses: presses.collect(),
            ring: vec![Ahead::default(); WINDOW],
            truth: None,
            served: Vec::new(),
            used: Used::default(),
            newest: None,
            stale: false,
            told: false,
            gap: false,
            late_until: Tick(0),
            ghosts: Ghosts::default(),
            offset: [0.0; 2],
            offset_ms: 0.0,
            counts: PredictionCounts::default(),
        }
    }

    /// What it counted.
    #[must_use]
    pub const fn counts(&self) -> &PredictionCounts {
        &self.counts
    }

    /// The newest tick that it knows an input of.
    #[must_use]
    pub const fn newest(&self) -> Option<Tick> {
        self.newest
    }

    /// What we sent flying.
    #[must_use]
    pub const fn ghosts(&self) -> &Ghosts {
        &self.ghosts
    }

    /// Others are drawn as of this tick or later.
    pub fn drawn(&mut self, tick: Tick) {
        self.ghosts.forget(tick);
    }

    /// The input with these codes goes out for `tick`: it moves us now.
    pub fn act(&mut self, tick: Tick, codes: &[i32], now_ms: f64) {
        self.fill_until(tick);
        // Who was filled in for before it came speaks for itself now.
        self.stale |= self.newest.is_some_and(|newest| tick < newest);
        self.put(tick, codes.to_vec());
        if self.truth.as_ref().is_some_and(|(_, from, _)| tick <= *from) {
            self.note_late(tick, codes);
        }
        if self.stale {
            self.replay(now_ms);
        } else {
            self.predict(tick);
        }
    }

    /// Where we will be after the newest input, as whole numbers; `None` before the first truth, or beyond the window.
    #[must_use]
    pub fn state(&self) -> Option<&[i32]> {
        self.state_at(self.newest?)
    }

    /// Where we are shown when the clock stands at `ticks`, in world units: on the way to where the newest input takes us, and beside
    /// it by what is left of corrections.
    #[must_use]
    pub fn shown(&self, ticks: f64, now_ms: f64) -> Option<[f64; 2]> {
        let newest = self.newest?;
        let to = self.twin.place(self.state_at(newest)?);
        let from = self.state_at(Tick(newest.0.wrapping_sub(1))).map_or(to, |state| self.twin.place(state));
        let way = self.moment(ticks)? - f64::from(newest.0) + 1.0;
        let offset = self.offset_at(now_ms);
        Some([0, 1].map(|axis: usize| from[axis] + (to[axis] - from[axis]) * way + offset[axis]))
    }

    /// Where what we sent flying is shown at the same moment, in world units.
    pub fn ghosts_shown(&self, ticks: f64) -> impl Iterator<Item = [f64; 2]> + '_ {
        self.moment(ticks).into_iter().flat_map(|moment| self.ghosts.shown(moment))
    }

    /// The moment that we are shown at when the clock stands at `ticks`: on the way through the newest input's tick.
    fn moment(&self, ticks: f64) -> Option<f64> {
        let newest = f64::from(self.newest?.0);
        Some(newest - 1.0 + (ticks - newest).clamp(0.0, 1.0))
    }

    /// A frame says where we are. How far from it, in world units, we were first shown to be; `None` if there was nothing to compare.
    pub fn confirm(&mut self, replica: &Replica, confirmed: &Confirmed<'_>) -> Option<f64> {
        self.note_used(confirmed);
        self.gap |= confirmed.own.is_none();
        let Some(me) = confirmed.me else {
            self.truth = None;
            self.told = false;
            return None;
        };
        self.ghosts.confirm(confirmed.tick, |tick| self.twin.launched(replica, me, tick));
        self.told |= confirmed.events.iter().any(|event| self.twin.is_told(event, me));
        let Some(truth) = self.twin.truth(replica, me) else {
            // It is there, and not exact now: the next frame that is will be compared over all these ticks.
            if self.truth.as_ref().is_some_and(|(slot, ..)| *slot != me) {
                self.truth = None;
            }
            return None;
        };
        let tick = confirmed.tick;
        let before = self.truth.clone().filter(|(slot, ..)| *slot == me && !self.gap);
        let before = before.filter(|(_, from, _)| tick > *from && (tick.since(*from) as usize) < WINDOW);
        let error = match before {
            Some((_, from, state)) => self.compare((from, state), (tick, &truth)),
            None => {
                self.counts.begun += 1;
                self.stale = true;
                None
            }
        };
        self.truth = Some((me, tick, truth));
        self.served.clear();
        (self.told, self.gap) = (false, false);
        error
    }

    /// Brings what is shown up to the newest truth, if that was not what we thought. Once per wake, however many frames came.
    pub fn settle(&mut self, now_ms: f64) {
        if self.stale {
            self.replay(now_ms);
        }
    }

    /// Learns what the server used in the ticks of a frame.
    fn note_used(&mut self, confirmed: &Confirmed<'_>) {
        let Some((covered, own)) = confirmed.own else {
            self.used = Used::default();
            // Without which of our inputs the server did is not said: the presses of any may count in one of the next.
            for behind in 0..PRESS_CARRY_TICKS_MAX {
                let tick = Tick(confirmed.tick.0.saturating_sub(behind));
                let input = self.ahead(tick).map(|ahead| ahead.input.clone());
                input.iter().for_each(|codes| self.note_late(tick, codes));
            }
            return;
        };
        for place in 0..covered {
            let tick = Tick(confirmed.tick.0.wrapping_sub(covered - 1 - place));
            let input = self.ahead(tick).map(|ahead| ahead.input.clone());
            let served = if own >> place & 1 == 1 {
                self.used = Used { last: input.as_deref().map(|codes| self.without_presses(codes)), repeats: 0 };
                input
            } else {
                input.iter().for_each(|codes| self.note_late(tick, codes));
                self.used.repeats += 1;
                let repeats = self.used.repeats <= INPUT_REPEAT_TICKS_MAX;
                if repeats { self.used.last.clone() } else { Some(self.neutral.clone()) }
            };
            if self.served.len() < WINDOW {
                self.served.push((tick, served));
            }
        }
    }

    /// The server did without this input in its tick: its presses may count in one of the next.
    fn note_late(&mut self, tick: Tick, codes: &[i32]) {
        if self.without_presses(codes) != codes {
            self.late_until = self.late_until.max(tick.after(PRESS_CARRY_TICKS_MAX));
        }
    }

    /// Compares what we thought with the truth, and names the cause of a difference.
    fn compare(&mut self, (from, state): (Tick, Vec<i32>), (tick, truth): (Tick, &[i32])) -> Option<f64> {
        self.fill_until(tick.next());
        let thought = self.state_at(tick).filter(|_| !self.stale).map(<[i32]>::to_vec);
        let expected = thought.unwrap_or_else(|| {
            let mut state = state.clone();
            for tick in ticks_after(from, tick) {
                self.step(&mut state, tick);
            }
            state
        });
        self.counts.compared += 1;
        self.counts.ticks_compared += u64::from(tick.since(from));
        if expected != truth {
            let touched = self.told || self.twin.is_touched(&expected, truth);
            if self.is_substituted(from, state, (tick, truth)) {
                self.counts.input_substituted += 1;
            } else if touched {
                self.counts.touched_by_other += 1;
            } else if self.late_until >= from.next() {
                self.counts.input_substituted += 1;
            } else {
                self.counts.unexplained += 1;
            }
            self.stale = true;
        }
        let shown = self.ahead(tick).and_then(|ahead| ahead.shown);
        shown.map(|shown| distance(shown, self.twin.place(truth)))
    }

    /// Whether the difference is what the stand-ins come to that the server used. Where we do not know which they were, they are to blame.
    fn is_substituted(&self, from: Tick, mut state: Vec<i32>, (to, truth): (Tick, &[i32])) -> bool {
        let differs = |(tick, served): &(Tick, Option<Vec<i32>>)| {
            self.ahead(*tick).map(|ahead| &ahead.input) != served.as_ref() && *tick > from
        };
        if !self.served.iter().any(differs) {
            return false;
        }
        for tick in ticks_after(from, to) {
            let served = self.served.iter().find(|(other, _)| *other == tick).and_then(|(_, served)| served.as_deref());
            let Some(served) = served else { return true };
            self.twin.step(&mut state, served);
        }
        state == truth
    }

    /// Predicts everything anew from the truth, and lets what jumped by it fade on the screen.
    fn replay(&mut self, now_ms: f64) {
        self.stale = false;
        let before = self.state().map(|state| self.twin.place(state));
        let (Some((_, from, _)), Some(newest)) = (&self.truth, self.newest) else { return };
        let from = *from;
        let mut steps = 0;
        for tick in ticks_after(from, newest) {
            steps += u64::from(self.predict(tick));
        }
        self.counts.replays += 1;
        self.counts.steps_replayed += steps;
        self.counts.steps_replayed_max = self.counts.steps_replayed_max.max(steps);
        let after = self.state().map(|state| self.twin.place(state));
        if let (Some(before), Some(after)) = (before, after)
            && before != after
        {
            self.counts.corrections += 1;
            let left = self.offset_at(now_ms);
            let offset = [0, 1].map(|axis: usize| left[axis] + before[axis] - after[axis]);
            self.offset = if distance(offset, [0.0; 2]) > CUT_UNITS { [0.0; 2] } else { offset };
            self.offset_ms = now_ms;
        }
    }

    /// Predicts one tick from the one before; false if there is nothing to predict it from.
    fn predict(&mut self, tick: Tick) -> bool {
        let before = self.state_at(Tick(tick.0.wrapping_sub(1))).map(<[i32]>::to_vec);
        let Some(mut state) = before.filter(|_| self.within_window(tick)) else { return false };
        let launch = self.step(&mut state, tick);
        self.ghosts.predict(tick, launch);
        let place = self.twin.place(&state);
        if let Some(ahead) = self.ring.get_mut(tick.0 as usize % WINDOW) {
            ahead.state = state;
            ahead.shown.get_or_insert(place);
        }
        true
    }

    fn step(&self, state: &mut [i32], tick: Tick) -> Option<Launch> {
        self.twin.step(state, self.ahead(tick).map_or(&self.neutral, |ahead| &ahead.input))
    }

    /// Where we are thought to be after a tick.
    fn state_at(&self, tick: Tick) -> Option<&[i32]> {
        let (_, from, truth) = self.truth.as_ref()?;
        if tick == *from {
            return Some(truth);
        }
        let ahead = self.ahead(tick).filter(|_| tick > *from)?;
        (!ahead.state.is_empty()).then_some(ahead.state.as_slice())
    }

    fn within_window(&self, tick: Tick) -> bool {
        self.truth.as_ref().is_some_and(|(_, from, _)| tick > *from && (tick.since(*from) as usize) < WINDOW)
    }

    fn ahead(&self, tick: Tick) -> Option<&Ahead> {
        self.ring.get(tick.0 as usize % WINDOW).filter(|ahead| ahead.tick == Some(tick))
    }

    /// For ticks before `tick` that no input was sent for the server takes the last one again, without its presses.
    fn fill_until(&mut self, tick: Tick) {
        let from = self.truth.as_ref().map(|(_, from, _)| *from);
        let Some(mut next) = self.newest.max(from).map(Tick::next) else { return };
        next = next.max(Tick(tick.0.saturating_sub(WINDOW as u32 - 1)));
        while next < tick {
            let last = self.ahead(Tick(next.0 - 1)).map(|ahead| self.without_presses(&ahead.input));
            self.put(next, last.unwrap_or_else(|| self.neutral.clone()));
            if !self.stale {
                self.predict(next);
            }
            next = next.next();
        }
    }

    fn put(&mut self, tick: Tick, input: Vec<i32>) {
        if let Some(ahead) = self.ring.get_mut(tick.0 as usize % WINDOW) {
            *ahead = Ahead { tick: Some(tick), input, state: Vec::new(), shown: None };
        }
        self.newest = self.newest.max(Some(tick));
    }

    fn without_presses(&self, codes: &[i32]) -> Vec<i32> {
        let neutral = self.presses.iter().zip(&self.neutral);
        codes.iter().zip(neutral).map(|(&code, (&press, &neutral))| if press { neutral } else { code }).collect()
    }

    fn offset_at(&self, now_ms: f64) -> [f64; 2] {
        let left = (-(now_ms - self.offset_ms).max(0.0) / FADE_MS).exp();
        self.offset.map(|axis| axis * left)
    }
}

/// The ticks behind `from`, up to and with `to`.
fn ticks_after(from: Tick, to: Tick) -> impl Iterator<Item = Tick> {
    (from.0.saturating_add(1)..=to.0).map(Tick)
}

fn distance(one: [f64; 2], other: [f64; 2]) -> f64 {
    (one[0] - other[0]).hypot(one[1] - other[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::codec::Tables;
    use shared::schema::{Audience, Field, FieldKind, Layout, Marks, Schema};
    use shared::wire::Digest;
    use std::sync::{Arc, Mutex};

    /// Walks by its input's first code; the second is a press that leaps. Health comes last.
    struct Walker {
        truth: Arc<Mutex<Option<Vec<i32>>>>,
        off_by: i32,
    }

    impl Twin for Walker {
        fn truth(&self, _: &Replica, _: Slot) -> Option<Vec<i32>> {
            self.truth.lock().unwrap().clone()
        }
        fn step(&self, state: &mut [i32], input: &[i32]) -> Option<Launch> {
            state[0] += input[0] + 10 * input[1] + self.off_by;
            None
        }
        fn launched(&self, _: &Replica, _: Slot, _: Tick) -> Option<Slot> {
            None
        }
        fn place(&self, state: &[i32]) -> [f64; 2] {
            [f64::from(state[0]), 0.0]
        }
        fn is_touched(&self, expected: &[i32], truth: &[i32]) -> bool {
            expected[1] != truth[1]
        }
        fn is_told(&self, event: &Event, _: Slot) -> bool {
            event.kind == 7
        }
    }

    fn schema() -> Schema {
        let field = |name: &str, press| Field {
            name: name.to_owned(),
            kind: FieldKind::Unsigned { max: 9 },
            audience: Audience::Everyone,
            predictor: shared::schema::Predictor::Hold,
            marks: Marks { press, ..Marks::default() },
        };
        let input = Declaration { name: "Go".to_owned(), fields: vec![field("go", false), field("leap", true)] };
        Schema { input, ..crate::session::no_schema() }
    }

    /// A walker, and the server that it plays on.
    struct Story {
        predictor: Predictor,
        replica: Replica,
        truth: Arc<Mutex<Option<Vec<i32>>>>,
        server: Vec<i32>,
        tick: u32,
    }

    impl Story {
        /// At tick 100, three ticks ahead of the server.
        fn new(off_by: i32) -> Self {
            let schema = Arc::new(schema());
            let layout = Arc::new(Layout::new(&schema, 6).unwrap());
            let tables = Tables::untrained(&layout);
            let replica = Replica::new(schema.clone(), layout, tables, Tick(1), Digest::Folded);
            let truth = Arc::new(Mutex::new(None));
            let twin = Box::new(Walker { truth: truth.clone(), off_by });
            let predictor = Predictor::new(twin, &schema.input, vec![0, 0]);
            let mut story = Self { predictor, replica, truth, server: vec![50, 9], tick: 100 };
            story.full();
            for tick in 101..=103 {
                story.predictor.act(Tick(tick), &[1, 0], 0.0);
            }
            story
        }

        fn full(&mut self) {
            *self.truth.lock().unwrap() = Some(self.server.clone());
            let confirmed = Confirmed { tick: Tick(self.tick), own: None, me: Some(Slot(0)), events: &[] };
            assert_eq!(self.predictor.confirm(&self.replica, &confirmed), None);
            self.predictor.settle(0.0);
        }

        /// The server steps with these inputs, and its frame says so; our own is used where `own` has a bit.
        fn frame(&mut self, inputs: &[[i32; 2]], own: u16) -> Option<f64> {
            for [go, leap] in inputs {
                self.server[0] += go + 10 * leap;
                self.tick += 1;
            }
            *self.truth.lock().unwrap() = Some(self.server.clone());
            let own = Some((inputs.len() as u32, own));
            let confirmed = Confirmed { tick: Tick(self.tick), own, me: Some(Slot(0)), events: &[] };
            self.predictor.confirm(&self.replica, &confirmed)
        }

        fn counts(&self) -> [u64; 3] {
            let counts = self.predictor.counts();
            [counts.input_substituted, counts.touched_by_other, counts.unexplained]
        }
    }

    #[test]
    fn an_input_moves_us_when_it_is_sent_and_the_truth_changes_nothing() {
        let mut story = Story::new(0);
        assert_eq!(story.predictor.state(), Some(&[53, 9][..]));
        for tick in 104..400 {
            story.predictor.act(Tick(tick), &[1, 0], 0.0);
            assert_eq!(story.predictor.state(), Some(&[tick as i32 - 50, 9][..]));
            assert_eq!(story.frame(&[[1, 0]], 1), Some(0.0));
        }
        let counts = story.predictor.counts();
        assert_eq!((counts.compared, counts.mispredictions(), counts.corrections), (296, 0, 0));
    }

    #[test]
    fn a_wrong_step_is_unexplained_once_per_frame() {
        let mut story = Story::new(1);
        for tick in 104..110 {
            story.frame(&[[1, 0]], 1);
            story.predictor.act(Tick(tick), &[1, 0], 0.0);
        }
        assert_eq!(story.counts(), [0, 0, 6]);
    }

    #[test]
    fn a_stand_in_is_to_blame_only_for_what_it_comes_to() {
        let mut story = Story::new(0);
        story.frame(&[[1, 0]], 1);
        story.predictor.act(Tick(104), &[5, 0], 0.0);
        story.frame(&[[1, 0], [1, 0]], 3);
        assert_eq!(story.counts(), [0; 3]);
        // For tick 104 the last one stood in.
        story.frame(&[[1, 0]], 0);
        assert_eq!(story.counts(), [1, 0, 0]);
        story.predictor.act(Tick(105), &[5, 0], 0.0);
        story.frame(&[[7, 0]], 0);
        assert_eq!(story.counts(), [1, 0, 1], "the last one was 1, not 7");
    }

    #[test]
    fn a_late_press_may_count_for_a_while() {
        let mut story = Story::new(0);
        story.frame(&[[1, 0], [1, 0], [1, 0]], 7);
        story.predictor.act(Tick(104), &[1, 1], 0.0);
        for tick in 105..120 {
            story.predictor.act(Tick(tick), &[1, 0], 0.0);
        }
        story.frame(&[[1, 0]], 0);
        story.frame(&[[1, 1]], 1);
        assert_eq!(story.counts(), [2, 0, 0]);
        for _ in 0..8 {
            story.frame(&[[1, 0]], 1);
        }
        story.frame(&[[1, 1]], 1);
        assert_eq!(story.counts(), [2, 0, 1]);
    }

    #[test]
    fn what_others_did_is_known_by_what_it_changed() {
        let mut story = Story::new(0);
        story.server = vec![999, 0];
        story.frame(&[[1, 0]], 1);
        assert_eq!(story.counts(), [0, 1, 0]);
    }

    #[test]
    fn what_a_full_frame_passed_over_is_nobodys_fault_also_where_we_are_exact_only_later() {
        let mut story = Story::new(0);
        story.server[0] += 5;
        story.tick += 1;
        *story.truth.lock().unwrap() = None;
        let confirmed = Confirmed { tick: Tick(story.tick), own: None, me: Some(Slot(0)), events: &[] };
        assert_eq!(story.predictor.confirm(&story.replica, &confirmed), None);
        assert_eq!(story.frame(&[[1, 0]], 1), None, "there is nothing to compare it with");
        assert_eq!((story.counts(), story.predictor.counts().begun), ([0; 3], 2));
        story.predictor.settle(0.0);
        assert!(story.frame(&[[1, 0]], 1).is_some(), "and then goes on");
        assert_eq!(story.counts(), [0; 3]);
    }

    #[test]
    fn a_press_that_a_full_frame_passed_over_may_count_for_a_while() {
        let mut story = Story::new(0);
        story.predictor.act(Tick(104), &[1, 1], 0.0);
        for tick in 105..120 {
            story.predictor.act(Tick(tick), &[1, 0], 0.0);
        }
        (story.tick, story.server[0]) = (105, 55);
        story.full();
        // It came late, and counts now.
        story.frame(&[[1, 1]], 1);
        assert_eq!(story.counts(), [1, 0, 0]);
        for _ in 0..7 {
            story.frame(&[[1, 0]], 1);
        }
        story.frame(&[[1, 1]], 1);
        assert_eq!(story.counts(), [1, 0, 1], "not for ever");
    }

    #[test]
    fn a_burst_of_frames_is_checked_frame_by_frame_and_replayed_once() {
        let mut story = Story::new(0);
        for tick in 104..150 {
            story.predictor.act(Tick(tick), &[1, 0], 0.0);
        }
        let before = *story.predictor.counts();
        story.server[1] = 3;
        for _ in 0..40 {
            story.frame(&[[1, 0]], 1);
        }
        story.predictor.settle(0.0);
        let counts = story.predictor.counts().since(&before);
        assert_eq!((counts.compared, counts.touched_by_other), (40, 1));
        assert_eq!((counts.replays, counts.steps_replayed), (1, 9));
    }

    #[test]
    fn beyond_the_window_we_stand_still_and_go_on_when_a_frame_comes() {
        let mut story = Story::new(0);
        for tick in 104..900 {
            story.predictor.act(Tick(tick), &[1, 0], 0.0);
        }
        assert_eq!(story.predictor.state(), None);
        (story.tick, story.server[0]) = (890, 840);
        story.full();
        assert_eq!(story.predictor.state(), Some(&[849, 9][..]));
        assert!(story.predictor.counts().steps_replayed_max < WINDOW as u64);
    }

    #[test]
    fn a_correction_fades_on_the_screen_and_a_new_life_is_cut() {
        let mut story = Story::new(0);
        story.server[0] -= 8;
        story.server[1] = 8;
        story.frame(&[[1, 0]], 1);
        story.predictor.settle(1_000.0);
        let x = |story: &Story, now_ms| story.predictor.shown(104.0, now_ms).unwrap()[0];
        assert_eq!(story.predictor.state(), Some(&[45, 8][..]));
        assert!((x(&story, 1_000.0) - 53.0).abs() < 1e-9, "where it was shown before");
        assert!((x(&story, 1_000.0 + FADE_MS) - 45.0 - 8.0 / std::f64::consts::E).abs() < 1e-9);
        story.server = vec![400, 9];
        story.frame(&[[1, 0]], 1);
        story.predictor.settle(1_100.0);
        assert!((x(&story, 1_100.0) - 402.0).abs() < 1e-9);
    }
}
