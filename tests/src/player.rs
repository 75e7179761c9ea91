//! Who plays in the stories: seeded, valid, and everything the zoo has to offer.

use crate::zoo::{Switch, Tell, Whom};
use client_sim::behaviour::{AtRandom, Behaviour, Behaviours, Idle, View, Wish};
use client_sim::dice::Dice;
use client_sim::game::bots::Fight;
use shared::game::maps::Maps;
use shared::schema::{Replicated, Schema};
use shared::wire::values::NO_REFERENCE;
use std::sync::Arc;

/// Plays inputs at random and asks for other teams and for notes.
#[derive(Clone, Debug)]
pub struct ZooPlayer {
    inputs: AtRandom,
    dice: Dice,
}

impl ZooPlayer {
    /// A player with the chance of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { inputs: AtRandom::new(seed), dice: Dice::new(seed, 7) }
    }
}

impl Behaviour for ZooPlayer {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        self.inputs.input(view, codes);
    }

    fn request(&mut self, view: &View<'_>) -> Option<Wish> {
        let schema = view.replica.schema();
        if self.dice.once_in(30) {
            return wish(schema, &Switch { team: self.dice.below(4) as u8 });
        }
        if self.dice.once_in(20) {
            let whom = [Whom::All, Whom::Team, Whom::Me, Whom::Witnesses][self.dice.below(4) as usize];
            let about = self.dice.below(view.replica.anchors().count() as u32 + 1) as usize;
            let mut wish = wish(schema, &Tell { whom, count: self.dice.below(4) as u8, about: Default::default() })?;
            let about = view.replica.anchors().nth(about).map_or(NO_REFERENCE, |(slot, _)| i32::from(slot.0));
            *wish.codes.last_mut()? = about;
            return Some(wish);
        }
        None
    }
}

/// A request as codes, if the game has it.
#[must_use]
pub fn wish<T: Replicated>(schema: &Schema, request: &T) -> Option<Wish> {
    let kind = schema.request_index(T::NAME)? as u8;
    let mut codes = vec![0; T::PART_COUNT];
    request.write_codes(&mut codes);
    Some(Wish { kind, codes })
}

/// Everyone plays the zoo.
#[must_use]
pub fn zoo_players() -> Arc<dyn Behaviours> {
    Arc::new(|_: &Schema, seed: u64| -> Box<dyn Behaviour> { Box::new(ZooPlayer::new(seed)) })
}

/// Everyone plays whatever it is at random.
#[must_use]
pub fn random_players() -> Arc<dyn Behaviours> {
    Arc::new(|_: &Schema, seed: u64| -> Box<dyn Behaviour> { Box::new(AtRandom::new(seed)) })
}

/// Everyone stands still.
#[must_use]
pub fn idle_players() -> Arc<dyn Behaviours> {
    Arc::new(|_: &Schema, _: u64| -> Box<dyn Behaviour> { Box::new(Idle) })
}

/// Everyone plays the built-in game to win.
#[must_use]
pub fn fighters() -> Arc<dyn Behaviours> {
    let maps = Maps::in_the_box();
    Arc::new(move |_: &Schema, seed: u64| -> Box<dyn Behaviour> { Box::new(Fight::new(seed, maps.clone())) })
}
