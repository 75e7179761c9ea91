//! Whom a spectator looks at.
//!
//! Never here: what it sees (see `scene_builder`).

use crate::plain_text::Plain;
use shared::ids::Slot;

/// Units that one pans per second.
const PAN_PER_SECOND: f64 = 500.0;

/// Whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Whom {
    /// Whoever comes first.
    #[default]
    Anybody,
    /// This one, until it leaves.
    One(Slot),
    /// The one with this name, as soon as there is one.
    Named(String),
    /// Nobody.
    Nobody,
}

/// Somebody who can be followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its slot.
    pub slot: Slot,
    /// Its name.
    pub name: Plain,
    /// Where it is drawn.
    pub at: [f64; 2],
}

/// Turns from one player to the next, or pans.
#[derive(Clone, Debug, Default)]
pub struct Follow {
    whom: Whom,
    panned_ms: Option<f64>,
}

impl Follow {
    /// `free`: nobody; a name: that player, as soon as it is there.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let whom = if name == "free" { Whom::Nobody } else { Whom::Named(name.to_owned()) };
        Self { whom, panned_ms: None }
    }

    /// The one who is followed now.
    pub fn choose<'a>(&mut self, all: &'a [Candidate]) -> Option<&'a Candidate> {
        let found = match &self.whom {
            Whom::Nobody => None,
            Whom::Anybody => all.first(),
            Whom::One(slot) => all.iter().find(|one| one.slot == *slot).or_else(|| all.first()),
            Whom::Named(name) => all.iter().find(|one| one.name.as_str() == name),
        };
        if let Some(found) = found {
            self.whom = Whom::One(found.slot);
        }
        found
    }

    /// The next one, or the one before.
    pub fn turn(&mut self, forwards: bool, all: &[Candidate]) {
        let count = all.len();
        let now = match &self.whom {
            Whom::One(slot) => all.iter().position(|one| one.slot == *slot),
            _ => None,
        };
        let next = match (now, forwards) {
            (Some(now), true) => (now + 1) % count,
            (Some(now), false) => (now + count - 1) % count,
            (None, _) => 0,
        };
        if let Some(next) = all.get(next) {
            self.whom = Whom::One(next.slot);
        }
    }

    /// The name of who was asked for and was not there yet.
    #[must_use]
    pub fn awaited(&self) -> Option<&str> {
        if let Whom::Named(name) = &self.whom { Some(name) } else { None }
    }

    /// Nobody, from now on.
    pub fn free(&mut self) {
        self.whom = Whom::Nobody;
    }

    /// How far to pan now, in units; from the first step on it follows nobody.
    pub fn pan(&mut self, way: Option<[f64; 2]>, now_ms: f64) -> [f64; 2] {
        let since_ms = now_ms - self.panned_ms.unwrap_or(now_ms);
        self.panned_ms = way.map(|_| now_ms);
        let Some(way) = way else { return [0.0; 2] };
        self.free();
        way.map(|axis| axis * PAN_PER_SECOND * since_ms.clamp(0.0, 100.0) / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(names: &[&str]) -> Vec<Candidate> {
        let numbered = names.iter().zip(0..);
        numbered.map(|(name, slot)| Candidate { slot: Slot(slot), name: Plain::of(name), at: [0.0; 2] }).collect()
    }

    fn name(chosen: Option<&Candidate>) -> Option<&str> {
        chosen.map(|one| one.name.as_str())
    }

    #[test]
    fn who_is_named_is_followed_when_it_comes_and_somebody_else_when_it_goes() {
        let mut follow = Follow::named("eve");
        assert_eq!((name(follow.choose(&all(&["ann"]))), follow.awaited()), (None, Some("eve")));
        assert_eq!(name(follow.choose(&all(&["ann", "eve"]))), Some("eve"));
        assert_eq!((name(follow.choose(&all(&["ann"]))), follow.awaited()), (Some("ann"), None));
    }

    #[test]
    fn one_turns_through_all_both_ways_and_pans_away_from_them() {
        let (mut follow, all) = (Follow::default(), all(&["ann", "ben", "eve"]));
        assert_eq!(name(follow.choose(&all)), Some("ann"));
        follow.turn(false, &all);
        assert_eq!(name(follow.choose(&all)), Some("eve"));
        follow.turn(true, &all);
        assert_eq!(name(follow.choose(&all)), Some("ann"));
        follow.pan(Some([1.0, 0.0]), 0.0);
        assert_eq!((follow.pan(Some([1.0, 0.0]), 20.0), name(follow.choose(&all))), ([10.0, 0.0], None));
        follow.turn(true, &[]);
        assert_eq!(name(Follow::named("free").choose(&all)), None);
    }
}
