//! The bot of the workload: any valid input, held for about a second.
//!
//! Each tick it draws a new input with the chance of one in a second's ticks, as Arena-N asks for. It looks at nothing, so
//! that a swarm of it costs little more than its sockets and replicas.

use crate::behaviour::{Behaviour, View, random_codes};
use crate::dice::Dice;

/// The name of the game that is played so, as its schema gives it.
pub const GAME: &str = "arena-n";

/// Holds its direction.
#[derive(Clone, Debug)]
pub struct Steady {
    dice: Dice,
    held: Vec<i32>,
}

impl Steady {
    /// One that draws from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed, 0), held: Vec::new() }
    }
}

impl Behaviour for Steady {
    fn input(&mut self, view: &View<'_>, codes: &mut [i32]) {
        if self.dice.once_in(u32::from(view.tick_rate_hz)) || self.held.is_empty() {
            self.held = random_codes(&mut self.dice, &view.replica.schema().input, view.replica);
        }
        for (code, held) in codes.iter_mut().zip(&self.held) {
            *code = *held;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replica::Replica;
    use shared::codec::Tables;
    use shared::ids::Tick;
    use shared::schema::Layout;
    use shared::wire::Digest;
    use std::sync::Arc;

    #[test]
    fn it_turns_about_once_per_second_and_stays_in_range() {
        let schema = Arc::new(shared::game::schema());
        let layout = Arc::new(Layout::new(&schema, 6).unwrap());
        let tables = Tables::untrained(&layout);
        let replica = Replica::new(schema.clone(), layout, tables, Tick(1), Digest::Folded);
        let view =
            View { replica: &replica, me: None, tick: Tick(1), tick_rate_hz: 30, maps: "", drawn: None, own: None };
        let (mut steady, mut turns) = (Steady::new(7), 0);
        let (mut before, mut codes) = (Vec::new(), vec![0; schema.input.part_count()]);
        for _ in 0..30_000 {
            steady.input(&view, &mut codes);
            assert!(schema.input.parts().iter().zip(&codes).all(|(part, code)| *code as u32 <= part.last));
            turns += u32::from(before != codes);
            before.clone_from(&codes);
        }
        assert!((900..1_100).contains(&turns), "{turns} in a thousand seconds");
    }
}
