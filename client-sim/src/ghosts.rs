//! What we shot and the server has not shown yet: it flies on our screen in the tick of the key press, ahead of the server as we are.
//!
//! ```text
//!   a predicted step launches ─► ghost ─► a frame has the server's own ─► in its place ─► gone with it
//!                                  └────► some frames later still none: refused, gone
//! ```
//!
//! A ghost stands in for what came of it until that is gone: the server's own is drawn a round trip later, and would jump back. What is
//! drawn of others is behind by a delay: for so long a ghost that is gone still hides what came of it.
//!
//! Never here: which step launches what (see [`Twin`](crate::predict::Twin)), pictures.

use shared::ids::{Slot, Tick};

/// Ghosts at a time; a game that launches more sees the newest.
pub const GHOSTS_MAX: usize = 32;
/// Ticks that the server's own may come late, as records do where bytes are scarce. Whose did not come by then was refused.
pub const GRACE_TICKS: u32 = 8;

/// Something that flies by itself once it is shot: straight, at constant speed. In world units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Launch {
    /// Where it is at the end of the tick in which it was shot.
    pub at: [f64; 2],
    /// How far it gets in a tick.
    pub per_tick: [f64; 2],
    /// Ticks and fractions of them that it flies at the most: until a wall, or its fuse's end.
    pub ticks: f64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nobody knows yet.
    Open,
    /// The server's own is there.
    Confirmed(Slot),
    /// It was, until this tick.
    Gone(Slot, Tick),
}

/// One ghost.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ghost {
    /// The tick in which it was shot.
    tick: Tick,
    launch: Launch,
    fate: Fate,
}

/// What was counted of ghosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GhostCounts {
    /// Shots that were predicted, and so shown.
    pub launched: u64,
    /// Of these, those of which nothing came: shown, and taken back.
    pub refused: u64,
}

impl GhostCounts {
    /// What was counted since `earlier`.
    #[must_use]
    pub const fn since(&self, earlier: &Self) -> Self {
        Self { launched: self.launched - earlier.launched, refused: self.refused - earlier.refused }
    }

    /// What was counted with what was counted before. Inverse of [`GhostCounts::since`].
    #[must_use]
    pub const fn after(&self, before: &Self) -> Self {
        Self { launched: self.launched + before.launched, refused: self.refused + before.refused }
    }
}

/// All ghosts of one client, by tick.
#[derive(Clone, Debug, Default)]
pub struct Ghosts {
    ghosts: Vec<Ghost>,
    counts: GhostCounts,
}

impl Ghosts {
    /// Shots that were predicted.
    #[must_use]
    pub const fn launched(&self) -> u64 {
        self.counts.launched
    }

    /// Of these, those of which nothing came.
    #[must_use]
    pub const fn refused(&self) -> u64 {
        self.counts.refused
    }

    /// Both.
    #[must_use]
    pub const fn counts(&self) -> &GhostCounts {
        &self.counts
    }

    /// What `tick` was predicted to launch, perhaps not for the first time.
    pub fn predict(&mut self, tick: Tick, launch: Option<Launch>) {
        let known = self.ghosts.iter().position(|ghost| ghost.tick == tick);
        match (known, launch) {
            (Some(place), Some(launch)) => {
                if let Some(ghost) = self.ghosts.get_mut(place) {
                    ghost.launch = launch;
                }
            }
            (Some(place), None) => {
                self.ghosts.remove(place);
                self.counts.refused += 1;
            }
            (None, Some(launch)) => {
                if self.ghosts.len() == GHOSTS_MAX {
                    self.ghosts.remove(0);
                }
                self.ghosts.push(Ghost { tick, launch, fate: Fate::Open });
                self.counts.launched += 1;
            }
            (None, None) => {}
        }
    }

    /// The frame of tick `newest` is there; `find` gives what came of a shot in some tick, if it is there.
    pub fn confirm(&mut self, newest: Tick, find: impl Fn(Tick) -> Option<Slot>) {
        let refused = &mut self.counts.refused;
        self.ghosts.retain_mut(|ghost| {
            if newest < ghost.tick {
                return true;
            }
            match (ghost.fate, find(ghost.tick)) {
                (Fate::Open | Fate::Confirmed(_), Some(slot)) => ghost.fate = Fate::Confirmed(slot),
                (Fate::Confirmed(slot), None) => ghost.fate = Fate::Gone(slot, newest),
                (Fate::Open, None) if newest.since(ghost.tick) >= GRACE_TICKS => {
                    *refused += 1;
                    return false;
                }
                (Fate::Open, None) | (Fate::Gone(..), _) => {}
            }
            true
        });
    }

    /// Others are drawn as of `drawn` or later: what was gone by then needs no hiding.
    pub fn forget(&mut self, drawn: Tick) {
        self.ghosts.retain(|ghost| !matches!(ghost.fate, Fate::Gone(_, gone) if gone <= drawn));
    }

    /// Whether a ghost stands in for this entity: it is not to be drawn.
    #[must_use]
    pub fn hides(&self, slot: Slot) -> bool {
        self.ghosts.iter().any(|ghost| match ghost.fate {
            Fate::Open => false,
            Fate::Confirmed(hidden) | Fate::Gone(hidden, _) => hidden == slot,
        })
    }

    /// Where ghosts are at a moment, in ticks and fractions of them.
    pub fn shown(&self, moment: f64) -> impl Iterator<Item = [f64; 2]> + '_ {
        let flying = self.ghosts.iter().filter(|ghost| !matches!(ghost.fate, Fate::Gone(..)));
        flying.filter_map(move |ghost| {
            let Ghost { tick, launch: Launch { at, per_tick, ticks }, .. } = *ghost;
            let flown = moment - f64::from(tick.0);
            let flies = flown > -1.0 && flown <= ticks;
            flies.then(|| [0, 1].map(|axis: usize| at[axis] + per_tick[axis] * flown.max(0.0)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAUNCH: Launch = Launch { at: [10.0, 20.0], per_tick: [2.0, -1.0], ticks: 50.0 };

    fn one_shot() -> Ghosts {
        let mut ghosts = Ghosts::default();
        ghosts.predict(Tick(100), Some(LAUNCH));
        ghosts
    }

    fn at(ghosts: &Ghosts, moment: f64) -> Vec<[f64; 2]> {
        ghosts.shown(moment).collect()
    }

    #[test]
    fn a_ghost_flies_from_its_tick_on_until_its_flight_is_over() {
        let ghosts = one_shot();
        assert_eq!(at(&ghosts, 98.9), [] as [[f64; 2]; 0]);
        assert_eq!(at(&ghosts, 99.5), [[10.0, 20.0]]);
        assert_eq!(at(&ghosts, 110.5), [[31.0, 9.5]]);
        assert_eq!(at(&ghosts, 150.1), [] as [[f64; 2]; 0]);
    }

    #[test]
    fn it_stands_in_for_what_came_of_it_and_hides_that_until_nobody_draws_it_any_more() {
        let mut ghosts = one_shot();
        let there = |tick| (tick == Tick(100)).then_some(Slot(7));
        ghosts.confirm(Tick(99), there);
        assert!(!ghosts.hides(Slot(7)));
        ghosts.confirm(Tick(101), there);
        assert!(ghosts.hides(Slot(7)) && !ghosts.hides(Slot(8)) && at(&ghosts, 105.0).len() == 1);
        ghosts.confirm(Tick(120), |_| None);
        assert!(ghosts.hides(Slot(7)) && at(&ghosts, 125.0).is_empty());
        ghosts.forget(Tick(119));
        assert!(ghosts.hides(Slot(7)));
        ghosts.forget(Tick(120));
        assert!(!ghosts.hides(Slot(7)) && ghosts.refused() == 0);
    }

    #[test]
    fn what_the_server_did_not_shoot_is_gone_after_a_while() {
        let mut ghosts = one_shot();
        ghosts.confirm(Tick(99 + GRACE_TICKS), |_| None);
        assert_eq!(at(&ghosts, 110.0).len(), 1);
        ghosts.confirm(Tick(100 + GRACE_TICKS), |_| None);
        assert_eq!((at(&ghosts, 110.0).len(), ghosts.refused()), (0, 1));
    }

    #[test]
    fn a_replay_moves_a_ghost_or_takes_it_back() {
        let mut ghosts = one_shot();
        ghosts.predict(Tick(100), Some(Launch { at: [0.0, 0.0], ..LAUNCH }));
        assert_eq!((at(&ghosts, 100.0), ghosts.launched()), (vec![[0.0, 0.0]], 1));
        ghosts.predict(Tick(100), None);
        assert_eq!((at(&ghosts, 100.0).len(), ghosts.refused()), (0, 1));
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let mut ghosts = Ghosts::default();
        (0..200).for_each(|tick| ghosts.predict(Tick(tick), Some(LAUNCH)));
        assert_eq!(at(&ghosts, 200.0).len(), GHOSTS_MAX);
    }
}
