//! Who shot since this was asked last, and with what: a count that grew, and rockets that were not there before.
//!
//! ```text
//!   what is drawn ─► first all rockets ─► who launched one
//!                └─► then all players  ─► whose count grew by more than that shot with the rifle
//! ```
//!
//! The game counts shots of both weapons in one number, and a rocket may stand before or after its shooter in what is drawn: hence two passes.
//!
//! Never here: our own shots (they are predicted), lines and rings (see `lately`).

use shared::ids::{EntityId, Slot};
use std::collections::BTreeMap;

/// Something drawn that has to do with shots.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Its slot.
    pub(super) slot: Slot,
    /// Where it is drawn.
    pub(super) at: [f64; 2],
    /// What it is.
    pub(super) what: What,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum What {
    /// Something that flies.
    Rocket {
        /// Who shot it; `None`: it is not known any more.
        shooter: Option<EntityId>,
    },
    /// Somebody else.
    Player {
        /// Where it looks, in 1/65,536 turn.
        aim: u16,
        /// Shots of its life with both weapons; `None`: not seen.
        shots: Option<u16>,
    },
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fired {
    /// Rifles: from where, and in which direction.
    pub(super) rifles: Vec<([f64; 2], u16)>,
    /// Where rockets burst: where they were drawn last.
    pub(super) bursts: Vec<[f64; 2]>,
}

/// What was drawn before.
#[derive(Clone, Debug, Default)]
pub(super) struct Shots {
    flying: BTreeMap<Slot, [f64; 2]>,
    counts: BTreeMap<Slot, u16>,
}

impl Shots {
    /// This is drawn now, in any order.
    pub(super) fn look(&mut self, seen: &[Seen]) -> Fired {
        let mut flying = BTreeMap::new();
        let mut launchers = Vec::new();
        for Seen { slot, at, what } in seen {
            if let What::Rocket { shooter } = what {
                if !self.flying.contains_key(slot) {
                    launchers.extend(*shooter);
                }
                flying.insert(*slot, *at);
            }
        }
        let mut counts = BTreeMap::new();
        let mut rifles = Vec::new();
        for &Seen { slot, at, what } in seen {
            let What::Player { aim, shots: Some(shots) } = what else { continue };
            let before = self.counts.get(&slot).copied().unwrap_or(shots);
            let launched = launchers.iter().filter(|&&shooter| shooter == EntityId(slot.0.into())).count();
            if usize::from(shots.saturating_sub(before)) > launched {
                rifles.push((at, aim));
            }
            counts.insert(slot, shots);
        }
        let gone = self.flying.iter().filter(|(slot, _)| !flying.contains_key(slot));
        let bursts = gone.map(|(_, &at)| at).collect();
        (self.flying, self.counts) = (flying, counts);
        Fired { rifles, bursts }
    }

    /// What flies, where it was drawn last.
    pub(super) const fn flying(&self) -> &BTreeMap<Slot, [f64; 2]> {
        &self.flying
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: [f64; 2] = [10.0, 20.0];
    const THERE: [f64; 2] = [14.0, 20.0];

    fn player(slot: u16, shots: u16) -> Seen {
        Seen { slot: Slot(slot), at: HERE, what: What::Player { aim: 7, shots: Some(shots) } }
    }

    fn rocket(slot: u16, shooter: u16) -> Seen {
        Seen { slot: Slot(slot), at: THERE, what: What::Rocket { shooter: Some(EntityId(shooter.into())) } }
    }

    #[test]
    fn a_rocket_is_no_rifle_shot_whether_it_is_drawn_before_or_after_who_shot_it() {
        for (rocket_at, player_at) in [(1, 5), (9, 5)] {
            let mut shots = Shots::default();
            shots.look(&[player(player_at, 3)]);
            let mut seen = [player(player_at, 4), rocket(rocket_at, player_at)];
            seen.sort_by_key(|seen| seen.slot);
            assert_eq!(shots.look(&seen), Fired::default(), "rocket in {rocket_at}, player in {player_at}");
            // It still flies: the next shot is the rifle's.
            seen.iter_mut().filter(|seen| seen.slot == Slot(player_at)).for_each(|seen| *seen = player(player_at, 5));
            assert_eq!(shots.look(&seen).rifles, [(HERE, 7)], "rocket in {rocket_at}, player in {player_at}");
        }
    }

    #[test]
    fn who_is_seen_for_the_first_time_or_shoots_no_more_draws_no_line() {
        let mut shots = Shots::default();
        assert_eq!(shots.look(&[player(5, 30)]), Fired::default());
        assert_eq!(shots.look(&[player(5, 30)]), Fired::default());
        assert_eq!(shots.look(&[player(5, 0)]), Fired::default(), "somebody else has its slot");
        assert_eq!(shots.look(&[player(5, 1), player(6, 9)]).rifles.len(), 1);
    }

    #[test]
    fn what_is_not_drawn_any_more_burst_where_it_was_drawn_last() {
        let mut shots = Shots::default();
        assert_eq!(shots.look(&[rocket(1, 5), rocket(2, 5)]).bursts, [] as [[f64; 2]; 0]);
        assert_eq!(shots.look(&[rocket(2, 5)]).bursts, [THERE]);
        assert_eq!(shots.flying().len(), 1);
    }
}
