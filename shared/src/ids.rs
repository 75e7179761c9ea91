//! Names for things, as types: what orders, what wraps, what is never reused.
//!
//! A bare number says nothing about which of five numberings it belongs to. So every id has its own type; those that
//! order are `Ord`, and the wrapped form that travels is converted in one place ([`Tick::unwrap_near`]).
//!
//! Never here: how an id is written in bits (see `wire`), who hands ids out (see the server's `sim` and `replicate`).

use serde::{Deserialize, Serialize};
use std::fmt;

/// One step of the simulation; tick 0 is the state before the first step. At 30 Hz a `u32` lasts 4.5 years, so ticks
/// compare with `<` and never wrap. On the wire only the low 16 bits travel (PROTOCOL.md, "Ticks").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tick(pub u32);

impl Tick {
    /// The tick after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// The tick `ticks` later; saturates, which no room lives to see.
    #[must_use]
    pub const fn after(self, ticks: u32) -> Self {
        Self(self.0.saturating_add(ticks))
    }

    /// How many ticks lie between `earlier` and this one; 0 if `earlier` is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }

    /// Signed distance in ticks, positive if this tick is later than `other`.
    #[must_use]
    pub const fn minus(self, other: Self) -> i64 {
        self.0 as i64 - other.0 as i64
    }

    /// The 16 bits that travel.
    #[must_use]
    pub const fn low(self) -> u16 {
        (self.0 & 0xFFFF) as u16
    }

    /// The 5 bits that travel in a step, which covers at most 16 ticks.
    #[must_use]
    pub const fn step_low(self) -> u32 {
        self.0 & 0x1F
    }

    /// The tick from 15 before `self` to 16 after it whose low 5 bits are these: right for a step, which goes on from the newest
    /// frame or one before it and covers at most 16 ticks. Below tick 0 there is nothing, so it is clamped there. Inverse of
    /// [`Tick::step_low`].
    #[must_use]
    pub const fn unwrap_step(self, low: u32) -> Self {
        let ahead = low.wrapping_sub(self.0) & 0x1F;
        if ahead > 16 { Self(self.0.saturating_sub(32 - ahead)) } else { Self(self.0.saturating_add(ahead)) }
    }

    /// The tick nearest to `self` whose low 16 bits are `low`: right as long as both sides are less than 32,768 ticks
    /// apart (18 minutes at 30 Hz). Below tick 0 there is nothing, so it is clamped there. Inverse of [`Tick::low`].
    #[must_use]
    pub const fn unwrap_near(self, low: u16) -> Self {
        let ahead = low.wrapping_sub(self.low()) as i16 as i64;
        let tick = self.0 as i64 + ahead;
        if tick < 0 {
            Self(0)
        } else if tick > u32::MAX as i64 {
            Self(u32::MAX)
        } else {
            Self(tick as u32)
        }
    }
}

impl fmt::Display for Tick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An entity of one room's World. Handed out in order, never reused while the room lives, and it never travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EntityId(pub u32);

impl EntityId {
    /// "No entity": what a reference field holds when it points at nothing.
    pub const NONE: Self = Self(u32::MAX);
}

/// A player of one room, for as long as the seat lives. Never reused while the room lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PlayerId(pub u32);

/// What names a facet on the wire. Drawn at random from a pool at least twice as large as what is alive, kept for the
/// facet's life, reused later: so a slot alone does not name a facet for ever, and its number tells nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Slot(pub u16);

impl Slot {
    /// The slot as an index into per-slot arrays.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_survives_the_wire_anywhere_within_half_the_range() {
        for base in [0u32, 5, 40_000, 65_535, 65_536, 1_000_000, u32::MAX - 7] {
            for ahead in [-32_768i64, -300, -1, 0, 1, 300, 32_767] {
                let tick = i64::from(base) + ahead;
                if (0..=i64::from(u32::MAX)).contains(&tick) {
                    let tick = Tick(tick as u32);
                    assert_eq!(Tick(base).unwrap_near(tick.low()), tick);
                }
            }
        }
    }

    #[test]
    fn nothing_lies_before_tick_zero() {
        assert_eq!(Tick(3).unwrap_near(65_535), Tick(0));
    }
}
