//! What the game says in a step: events to players, and answers to their requests.
//!
//! ```text
//!   Requests ─► systems ─► Outbox { events, answers } ─► replicate
//! ```
//!
//! Events are bounded per step; what goes beyond that is dropped and counted. Both are emptied before each step, so they carry nothing from tick to tick and are no part of the world's hash.
//!
//! Never here: who may get it (see `replicate`), bits (see `wire`).

use crate::sim::step_input::PlayerRequest;
use bevy_ecs::prelude::Resource;
use shared::ids::{EntityId, PlayerId};
use shared::limits::EVENTS_PER_TICK_MAX;
use shared::schema::{Replicated, Schema};
use std::collections::BTreeSet;

/// To whom an event goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Everyone in the room.
    Everyone,
    /// The players of one team.
    Team(u8),
    /// One player.
    Player(PlayerId),
    /// The players who may see an entity after this step: nobody if it went in this step.
    Seeing(EntityId),
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was done.
    Done,
    /// It was not, and why: the game's own number, or [`Answer::UNHANDLED`].
    Refused(u8),
}

impl Answer {
    /// The engine's own reason: no rule answered the request in its tick.
    pub const UNHANDLED: u8 = u8::MAX;
}

/// An event on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// To whom.
    pub to: To,
    /// Position in the schema's events.
    pub kind: u8,
    /// Its codes; a reference is the `EntityId`'s number, `-1` for none.
    pub codes: Vec<i32>,
}

/// An answer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Who asked.
    pub player: PlayerId,
    /// The asker's number.
    pub number: u16,
    /// What became of it.
    pub answer: Answer,
}

/// What the game says in this step.
#[derive(Resource, Clone, Debug, Default)]
pub struct Outbox {
    names: Vec<String>,
    events: Vec<Sent>,
    dropped: u64,
    answers: Vec<Answered>,
    /// Which requests they answer: with many players asking at once, a search per answer would take the tick.
    answered: BTreeSet<(PlayerId, u16)>,
}

impl Outbox {
    pub(crate) fn new(schema: &Schema) -> Self {
        let names = schema.events.iter().map(|declaration| declaration.name.clone()).collect();
        Self { names, ..Self::default() }
    }

    /// Sends `event`. Reliable and in order for each who gets it; but beyond [`EVENTS_PER_TICK_MAX`] in one step it is dropped and
    /// counted.
    ///
    /// # Panics
    /// If the schema does not declare `T` as an event: the game's author must.
    pub fn send<T: Replicated>(&mut self, to: To, event: &T) {
        let kind = kind_of::<T>(&self.names).expect("the schema declares every event that a rule sends");
        if self.events.len() >= EVENTS_PER_TICK_MAX {
            self.dropped += 1;
            return;
        }
        let mut codes = vec![0; T::PART_COUNT];
        event.write_codes(&mut codes);
        self.events.push(Sent { to, kind, codes });
    }

    /// Answers request `number` of `player`; the first answer counts.
    pub fn answer(&mut self, player: PlayerId, number: u16, answer: Answer) {
        if self.answered.insert((player, number)) {
            self.answers.push(Answered { player, number, answer });
        }
    }

    /// This step's events, in the order in which they were sent.
    #[must_use]
    pub fn events(&self) -> &[Sent] {
        &self.events
    }

    /// How many more were sent in this step than may be.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// This step's answers.
    #[must_use]
    pub fn answers(&self) -> &[Answered] {
        &self.answers
    }

    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.dropped = 0;
        self.answers.clear();
        self.answered.clear();
    }
}

/// What players ask for in this step.
#[derive(Resource, Clone, Debug, Default)]
pub struct Requests {
    names: Vec<String>,
    waiting: Vec<PlayerRequest>,
}

impl Requests {
    pub(crate) fn new(schema: &Schema) -> Self {
        let names = schema.requests.iter().map(|declaration| declaration.name.clone()).collect();
        Self { names, waiting: Vec::new() }
    }

    pub(crate) fn put(&mut self, requests: &[PlayerRequest]) {
        self.waiting.clear();
        self.waiting.extend_from_slice(requests);
    }

    pub(crate) fn all(&self) -> &[PlayerRequest] {
        &self.waiting
    }

    /// This step's requests of one kind, by player: who asks, the number to answer, and the request.
    pub fn of<T: Replicated>(&self) -> impl Iterator<Item = (PlayerId, u16, T)> + '_ {
        let kind = kind_of::<T>(&self.names);
        let of_kind = move |request: &&PlayerRequest| Some(request.kind) == kind;
        self.waiting
            .iter()
            .filter(of_kind)
            .map(|request| (request.player, request.number, T::read_codes(&request.codes)))
    }
}

fn kind_of<T: Replicated>(names: &[String]) -> Option<u8> {
    names.iter().position(|name| name == T::NAME).and_then(|place| u8::try_from(place).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::game::components::Kill;

    #[test]
    fn what_a_game_tells_beyond_the_bound_of_a_step_is_dropped_newest_first_and_counted() {
        let mut outbox = Outbox::new(&shared::game::schema());
        let kill = Kill { killer: EntityId(1), victim: EntityId(2) };
        for number in 0..EVENTS_PER_TICK_MAX as u32 + 5 {
            outbox.send(To::Player(PlayerId(number)), &kill);
        }
        assert_eq!((outbox.events().len(), outbox.dropped()), (EVENTS_PER_TICK_MAX, 5));
        let last = outbox.events().last().map(|sent| sent.to);
        assert_eq!(last, Some(To::Player(PlayerId(EVENTS_PER_TICK_MAX as u32 - 1))));
        outbox.clear();
        assert_eq!((outbox.events().len(), outbox.dropped()), (0, 0));
    }
}
