//! Everything from outside that can change the World in one tick, as one value.
//!
//! ```text
//!   ingest ─► StepInput { joins, leaves, absences, resumes, inputs, requests } ─► sim.step ─► World
//! ```
//!
//! A match is its seed, map and options and one `StepInput` per tick; whatever else reached the World would make replays,
//! recovery and determinism tests lie. All lists are sorted by player, so that nothing depends on who was read first.
//!
//! Never here: what is still to be checked (see `ingest`), bytes.

use serde::{Deserialize, Serialize};
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::limits::INPUT_PARTS_MAX;
use shared::schema::Text;
use shared::wire::client_message::ViewTick;

/// One tick's worth of what players did. Sorted by player.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepInput {
    /// The tick that is about to be simulated.
    pub tick: Tick,
    /// Who enters, before anything else happens.
    pub joins: Vec<Join>,
    /// Who leaves, after the joins.
    pub leaves: Vec<PlayerId>,
    /// Whose connection was cut: they stay, and their inputs are neutral until they are back.
    pub absences: Vec<PlayerId>,
    /// Who of these is back, after the absences.
    pub resumes: Vec<Resume>,
    /// One input for each player that is in and not away; who is missing keeps the controls of the tick before.
    pub inputs: Vec<PlayerInput>,
    /// What players ask for, by player and then number.
    pub requests: Vec<PlayerRequest>,
    /// What those players saw whose inputs the game judges by it, by player; who is not in it is judged by what is now.
    pub looks: Vec<Look>,
}

/// A player enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Join {
    /// Who. Never used before in this room.
    pub player: PlayerId,
    /// The name that others may read; not unique.
    pub name: Text<32>,
    /// What gives its seat back after a cut. No rule reads it: it is here so that a match that is run again knows its players.
    pub secret: Option<SecretHash>,
}

/// A player is back in its seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Who.
    pub player: PlayerId,
    /// What gives its seat back the next time.
    pub secret: SecretHash,
}

/// The SHA-256 of a seat's secret: whoever reads it cannot come back as that player.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretHash(pub [u8; 32]);

/// What one player does in this tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayerInput {
    /// Who.
    pub player: PlayerId,
    /// The input's codes, each checked against its declared range.
    pub codes: InputCodes,
    /// Whether the player sent it for this tick.
    pub source: InputSource,
    /// What the player saw when it did so: of its input for this tick, else of the late one whose presses count now. `None`
    /// where nothing of its own counts, or it cannot have seen that. Never more than
    /// [`INPUT_LATE_TICKS_MAX`](shared::limits::INPUT_LATE_TICKS_MAX) back.
    pub view: Option<ViewTick>,
}

/// Where an input came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum InputSource {
    /// Nothing usable came: the neutral input stands in.
    #[default]
    Neutral,
    /// The player sent it for this tick.
    Own,
    /// It is missing: the last one stands in, its presses cleared.
    Repeated,
}

/// What one player saw when it did what it does in this tick.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Who.
    pub player: PlayerId,
    /// Between which two frames it drew others. It was sent both, and has confirmed them.
    pub view: ViewTick,
    /// Whom it held exactly in both.
    pub saw: Saw,
}

/// Some of all that is remembered, said in the shorter way. Lists ascend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saw {
    /// All but these.
    AllBut(Vec<EntityId>),
    /// These alone.
    Only(Vec<EntityId>),
}

impl Saw {
    /// Those of `all`, by entity, whose slot is seen.
    #[must_use]
    pub fn of(all: &[(EntityId, Slot)], is_seen: impl Fn(Slot) -> bool) -> Self {
        let (seen, others): (Vec<_>, Vec<_>) = all.iter().partition(|(_, slot)| is_seen(*slot));
        let ids = |some: Vec<(EntityId, Slot)>| some.into_iter().map(|(id, _)| id).collect();
        if others.len() <= seen.len() { Self::AllBut(ids(others)) } else { Self::Only(ids(seen)) }
    }

    /// Whether it is among them.
    #[must_use]
    pub fn contains(&self, id: EntityId) -> bool {
        match self {
            Self::AllBut(others) => others.binary_search(&id).is_err(),
            Self::Only(seen) => seen.binary_search(&id).is_ok(),
        }
    }
}

/// What one player asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayerRequest {
    /// Who.
    pub player: PlayerId,
    /// The player's own numbering; the answer carries it.
    pub number: u16,
    /// Position in the schema's requests.
    pub kind: u8,
    /// The request's codes, each checked against its declared range.
    pub codes: Vec<i32>,
}

/// The codes of one input, in place: at most [`INPUT_PARTS_MAX`] of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputCodes {
    codes: [i32; INPUT_PARTS_MAX],
    length: u8,
}

impl InputCodes {
    /// A copy of `codes`; what is beyond [`INPUT_PARTS_MAX`] is cut, which the schema's check rules out.
    #[must_use]
    pub fn new(codes: &[i32]) -> Self {
        let length = codes.len().min(INPUT_PARTS_MAX);
        let mut copy = [0; INPUT_PARTS_MAX];
        copy[..length].copy_from_slice(&codes[..length]);
        Self { codes: copy, length: length as u8 }
    }

    /// The codes.
    #[must_use]
    pub fn as_slice(&self) -> &[i32] {
        &self.codes[..usize::from(self.length)]
    }

    /// The codes, to be changed (a repeat clears its presses).
    pub fn as_mut_slice(&mut self) -> &mut [i32] {
        &mut self.codes[..usize::from(self.length)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_player_saw_is_said_in_the_shorter_way() {
        let all: Vec<_> = (0..5).map(|number| (EntityId(number), Slot(number as u16 * 3))).collect();
        assert_eq!(Saw::of(&all, |slot| slot != Slot(6)), Saw::AllBut(vec![EntityId(2)]));
        assert_eq!(Saw::of(&all, |slot| slot == Slot(6)), Saw::Only(vec![EntityId(2)]));
        for few in [Saw::of(&all, |slot| slot.0 < 6), Saw::of(&all, |slot| slot.0 < 9)] {
            assert!(few.contains(EntityId(1)) && !few.contains(EntityId(4)));
        }
    }

    #[test]
    fn codes_are_as_many_as_were_given() {
        assert_eq!(InputCodes::new(&[1, 2, 3]).as_slice(), [1, 2, 3]);
        assert_eq!(InputCodes::new(&[]).as_slice(), [] as [i32; 0]);
        assert_eq!(InputCodes::new(&[7; INPUT_PARTS_MAX + 1]).as_slice().len(), INPUT_PARTS_MAX);
    }
}
