//! Inputs to the tick they are for: one per player and tick, whatever the network did.
//!
//! ```text
//!   in time    waits for its tick                                    Own
//!   missing    the last one stands in for a while, presses cleared   Repeated      then the neutral one: Neutral
//!   late       its presses (edges: "pressed now") count in the next tick, once, if they are recent
//!   twice      ignored
//! ```
//!
//! At most [`INPUT_AHEAD_TICKS_MAX`](shared::limits::INPUT_AHEAD_TICKS_MAX) inputs wait, because `ingest::validate` lets nothing further ahead in.

use crate::sim::{InputCodes, InputSource};
use shared::ids::Tick;
use shared::limits::{INPUT_REPEAT_TICKS_MAX, PRESS_CARRY_TICKS_MAX};
use shared::schema::Declaration;
use shared::wire::client_message::ViewTick;
use std::collections::VecDeque;

/// What an input looks like: which codes are presses, and what stands in for nothing.
#[derive(Clone, Debug)]
pub struct InputShape {
    presses: Vec<bool>,
    neutral: InputCodes,
}

impl InputShape {
    /// The shape of the schema's input.
    #[must_use]
    pub fn new(declaration: &Declaration, neutral: InputCodes) -> Self {
        let of_field = |field: &shared::schema::Field| vec![field.marks.press; field.part_count()];
        Self { presses: declaration.fields.iter().flat_map(of_field).collect(), neutral }
    }

    /// `codes` with its presses as in the neutral input.
    fn without_presses(&self, codes: &InputCodes) -> InputCodes {
        self.with_presses(codes, &self.neutral, |_, neutral, _| neutral)
    }

    /// `codes` with the presses of `late` where it has none itself.
    fn with_late(&self, codes: &InputCodes, late: &InputCodes) -> InputCodes {
        self.with_presses(codes, late, |own, late, neutral| if own == neutral { late } else { own })
    }

    fn with_presses(
        &self,
        codes: &InputCodes,
        other: &InputCodes,
        choose: impl Fn(i32, i32, i32) -> i32,
    ) -> InputCodes {
        let mut result = *codes;
        let others = other.as_slice().iter().zip(self.neutral.as_slice());
        let own = result.as_mut_slice().iter_mut().zip(&self.presses);
        for ((code, &press), (&other, &neutral)) in own.zip(others) {
            if press {
                *code = choose(*code, other, neutral);
            }
        }
        result
    }
}

/// An input, and what the player saw when it made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Its codes.
    pub codes: InputCodes,
    /// What was drawn.
    pub view: ViewTick,
}

/// The input for a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its codes.
    pub codes: InputCodes,
    /// Where it came from.
    pub source: InputSource,
    /// What the player saw: of its own input, else of the late one whose presses count now.
    pub view: Option<ViewTick>,
}

/// One player's inputs.
#[derive(Clone, Debug)]
pub struct InputBuffer {
    /// By tick, ascending.
    waiting: VecDeque<(Tick, Drawn)>,
    last: InputCodes,
    repeats: u32,
    /// Per tick before the next, newest lowest: its presses were used, in time or late.
    used: u64,
    late: Option<Drawn>,
}

/// What became of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits for its tick.
    InTime,
    /// It came after its tick.
    Late,
    /// There was one for its tick.
    Duplicate,
}

impl InputBuffer {
    /// Nothing came yet.
    #[must_use]
    pub const fn new(shape: &InputShape) -> Self {
        Self { waiting: VecDeque::new(), last: shape.neutral, repeats: INPUT_REPEAT_TICKS_MAX, used: 0, late: None }
    }

    /// Takes in an input for `tick`, when `now` is about to be stepped.
    pub fn put(&mut self, shape: &InputShape, tick: Tick, drawn: Drawn, now: Tick) -> Fate {
        if tick >= now {
            // Inputs come in the order of their ticks unless a client does not keep to it: nearly always this is the last.
            let at = self.waiting.iter().rposition(|(other, _)| *other <= tick).map_or(0, |at| at + 1);
            if at.checked_sub(1).and_then(|before| self.waiting.get(before)).is_some_and(|(other, _)| *other == tick) {
                return Fate::Duplicate;
            }
            self.waiting.insert(at, (tick, drawn));
            return Fate::InTime;
        }
        let age = now.since(tick) - 1;
        if age < u64::BITS {
            if self.used & 1 << age != 0 {
                return Fate::Duplicate;
            }
            self.used |= 1 << age;
        }
        if age < PRESS_CARRY_TICKS_MAX {
            let before = self.late.map_or(shape.neutral, |late| late.codes);
            self.late = Some(Drawn { codes: shape.with_late(&before, &drawn.codes), view: drawn.view });
        }
        Fate::Late
    }

    /// Nobody steers any more: what waits is forgotten, and nothing stands in.
    pub fn rest(&mut self, shape: &InputShape) {
        *self = Self { used: self.used, ..Self::new(shape) };
    }

    /// So many ticks went by without it.
    pub fn pass(&mut self, ticks: u32) {
        self.used = self.used.checked_shl(ticks).unwrap_or(0);
    }

    /// The input for `now`: exactly one, where it came from, and what the player saw.
    pub fn take(&mut self, shape: &InputShape, now: Tick) -> Taken {
        // What was for earlier ticks would have been late; nothing waits for them.
        let own = self.waiting.pop_front_if(|(tick, _)| *tick == now).map(|(_, drawn)| drawn);
        self.used = self.used << 1 | u64::from(own.is_some());
        let (codes, source) = match own {
            Some(Drawn { codes, .. }) => {
                self.last = shape.without_presses(&codes);
                self.repeats = 0;
                (codes, InputSource::Own)
            }
            None if self.repeats < INPUT_REPEAT_TICKS_MAX => {
                self.repeats += 1;
                (self.last, InputSource::Repeated)
            }
            None => (shape.neutral, InputSource::Neutral),
        };
        let late = self.late.take();
        let codes = late.map_or(codes, |late| shape.with_late(&codes, &late.codes));
        Taken { codes, source, view: own.or(late).map(|drawn| drawn.view) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)] // a test may
mod tests {
    use super::*;

    /// One code that is held and one that is pressed.
    fn shape() -> InputShape {
        InputShape { presses: vec![false, true], neutral: InputCodes::new(&[0, 0]) }
    }

    fn codes(held: i32, pressed: i32) -> InputCodes {
        InputCodes::new(&[held, pressed])
    }

    /// An input that was made when `older` was drawn.
    fn seen(held: i32, pressed: i32, older: u32) -> Drawn {
        let view = ViewTick { older: Tick(older), ..ViewTick::default() };
        Drawn { codes: codes(held, pressed), view }
    }

    fn drawn(held: i32, pressed: i32) -> Drawn {
        seen(held, pressed, 0)
    }

    #[test]
    fn an_input_in_time_is_used_at_its_tick_and_nowhere_else() {
        let (shape, mut buffer) = (shape(), InputBuffer::new(&shape()));
        assert_eq!(buffer.put(&shape, Tick(5), drawn(1, 1), Tick(4)), Fate::InTime);
        assert_eq!(buffer.take(&shape, Tick(4)).source, InputSource::Neutral);
        let view = Some(ViewTick::default());
        assert_eq!(buffer.take(&shape, Tick(5)), Taken { codes: codes(1, 1), source: InputSource::Own, view });
        let stand_in = Taken { codes: codes(1, 0), source: InputSource::Repeated, view: None };
        assert_eq!(buffer.take(&shape, Tick(6)), stand_in);
    }

    #[test]
    fn a_missing_input_is_repeated_for_a_while_and_then_neutral() {
        let (shape, mut buffer) = (shape(), InputBuffer::new(&shape()));
        buffer.put(&shape, Tick(1), drawn(1, 0), Tick(1));
        buffer.take(&shape, Tick(1));
        for tick in 2..2 + INPUT_REPEAT_TICKS_MAX {
            assert_eq!(buffer.take(&shape, Tick(tick)).source, InputSource::Repeated);
        }
        assert_eq!(buffer.take(&shape, Tick(100)).source, InputSource::Neutral);
    }

    #[test]
    fn a_late_press_counts_once_and_only_if_recent() {
        let (shape, mut buffer) = (shape(), InputBuffer::new(&shape()));
        for tick in 1..=20 {
            buffer.take(&shape, Tick(tick));
        }
        assert_eq!(buffer.put(&shape, Tick(18), drawn(1, 1), Tick(21)), Fate::Late);
        assert_eq!(buffer.put(&shape, Tick(18), drawn(1, 1), Tick(21)), Fate::Duplicate);
        assert_eq!(buffer.take(&shape, Tick(21)).codes, codes(0, 1));
        assert_eq!(buffer.put(&shape, Tick(18), drawn(1, 1), Tick(22)), Fate::Duplicate);
        assert_eq!(buffer.take(&shape, Tick(22)).codes, codes(0, 0));
        assert_eq!(buffer.put(&shape, Tick(5), drawn(1, 1), Tick(23)), Fate::Late);
        assert_eq!(buffer.take(&shape, Tick(23)).codes, codes(0, 0));
    }

    #[test]
    fn a_replayed_input_does_nothing() {
        let (shape, mut buffer) = (shape(), InputBuffer::new(&shape()));
        buffer.put(&shape, Tick(1), drawn(1, 1), Tick(1));
        assert_eq!(buffer.put(&shape, Tick(1), drawn(0, 0), Tick(1)), Fate::Duplicate);
        buffer.take(&shape, Tick(1));
        assert_eq!(buffer.put(&shape, Tick(1), drawn(1, 1), Tick(2)), Fate::Duplicate);
        assert_eq!(buffer.take(&shape, Tick(2)).codes, codes(1, 0));
    }

    #[test]
    fn who_was_away_begins_with_neutral_inputs_and_no_input_counts_twice() {
        let (shape, mut buffer) = (shape(), InputBuffer::new(&shape()));
        buffer.put(&shape, Tick(1), drawn(1, 1), Tick(1));
        buffer.put(&shape, Tick(2), drawn(1, 1), Tick(1));
        buffer.take(&shape, Tick(1));
        buffer.rest(&shape);
        buffer.pass(3);
        assert_eq!(buffer.put(&shape, Tick(1), drawn(1, 1), Tick(5)), Fate::Duplicate);
        assert_eq!(buffer.put(&shape, Tick(2), drawn(0, 1), Tick(5)), Fate::Late, "it was for a tick without anybody");
        let taken = buffer.take(&shape, Tick(5));
        assert_eq!((taken.codes, taken.source), (codes(0, 1), InputSource::Neutral));
        buffer.pass(64);
        assert_eq!(buffer.used, 0);
    }

    #[test]
    fn what_the_player_saw_stays_with_its_input_also_with_a_late_press() {
        let (shape, mut buffer) = (shape(), InputBuffer::new(&shape()));
        let older = |taken: Taken| taken.view.map(|view| view.older);
        buffer.put(&shape, Tick(5), seen(1, 0, 3), Tick(5));
        assert_eq!(older(buffer.take(&shape, Tick(5))), Some(Tick(3)));
        assert_eq!(older(buffer.take(&shape, Tick(6))), None);
        buffer.put(&shape, Tick(6), seen(1, 1, 4), Tick(7));
        assert_eq!(older(buffer.take(&shape, Tick(7))), Some(Tick(4)));
        buffer.put(&shape, Tick(7), seen(1, 1, 5), Tick(8));
        buffer.put(&shape, Tick(8), seen(1, 0, 6), Tick(8));
        assert_eq!(older(buffer.take(&shape, Tick(8))), Some(Tick(6)));
    }
}
