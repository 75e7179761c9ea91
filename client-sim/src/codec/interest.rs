//! Who sees what: a box around some of the entities, entered at its edge and left a little beyond.
//!
//! The box goes where its entity goes, and stays where that was last seen. What has no place (no fields `x` and `y`) is seen by all.

use super::header::TraceHeader;
use super::world::World;
use shared::ids::Slot;
use shared::slot_set::SlotSet;

/// How much farther than the edge something must be to be no longer seen.
const LEAVE_BEYOND: f64 = 1.1;

/// What `--interest` and `--viewers` ask for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interest {
    /// Length of a box's sides, in the trace's units.
    pub size: f64,
    /// How many viewers: the first entities of the first archetype.
    pub viewers: usize,
}

/// What cannot be viewed. The caller's fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterestError {
    /// The first archetype has no place.
    #[error("--interest: archetype {archetype:?} has no fields x and y, so nothing is near to it")]
    NoPlace {
        /// Which.
        archetype: String,
    },
    /// Fewer entities than viewers.
    #[error("--viewers {wanted}: tick {tick} has {there} entities of the first archetype")]
    TooFew {
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        there: usize,
        /// In which tick.
        tick: usize,
    },
}

/// The boxes of all viewers.
pub(super) struct Boxes {
    places: Vec<Option<Place>>,
    viewers: Vec<Slot>,
    centres: Vec<(f64, f64)>,
    half: f64,
    /// Where everything is in this tick, by slot; nowhere for what is seen by all.
    at: Vec<(Slot, Option<(f64, f64)>)>,
}

/// Where an archetype's place stands in its rows, and how much of a unit a code is.
#[derive(Clone, Copy)]
struct Place {
    x: (usize, i32, f64),
    y: (usize, i32, f64),
}

impl Boxes {
    /// The boxes at a tick.
    ///
    /// # Errors
    /// [`InterestError`] if there is nobody to look out of them.
    pub(super) fn new(world: &World, interest: Interest, tick: usize) -> Result<Self, InterestError> {
        let places = places(&world.header);
        if places.first().copied().flatten().is_none() {
            let archetype = world.header.archetypes.first().map_or_else(String::new, |first| first.name.clone());
            return Err(InterestError::NoPlace { archetype });
        }
        let firsts = world.rows(tick).iter().filter(|row| row.archetype == 0);
        let viewers: Vec<Slot> = firsts.map(|row| row.slot).take(interest.viewers).collect();
        if viewers.len() < interest.viewers {
            return Err(InterestError::TooFew { wanted: interest.viewers, there: viewers.len(), tick });
        }
        let centres = vec![(0.0, 0.0); viewers.len()];
        let mut boxes = Self { places, viewers, centres, half: interest.size / 2.0, at: Vec::new() };
        boxes.go(world, tick);
        Ok(boxes)
    }

    /// Moves all boxes to where their entities are in `tick`.
    pub(super) fn go(&mut self, world: &World, tick: usize) {
        self.at.clear();
        for row in world.rows(tick) {
            let codes = world.codes(row);
            let along = |(at, zero, unit): (usize, i32, f64)| f64::from(codes[at].wrapping_add(zero)) * unit;
            let place = self.places[usize::from(row.archetype)].map(|place| (along(place.x), along(place.y)));
            self.at.push((row.slot, place));
            if row.archetype == 0
                && let (Ok(viewer), Some(place)) = (self.viewers.binary_search(&row.slot), place)
            {
                self.centres[viewer] = place;
            }
        }
    }

    /// How many viewers there are.
    pub(super) const fn count(&self) -> usize {
        self.viewers.len()
    }

    /// The entity in the middle of a box.
    pub(super) fn own(&self, viewer: usize) -> Slot {
        self.viewers[viewer]
    }

    /// What one of them sees, if it saw `held` before.
    pub(super) fn visible(&self, viewer: usize, held: &SlotSet, visible: &mut SlotSet) {
        let (x, y) = self.centres[viewer];
        visible.clear();
        for &(slot, place) in &self.at {
            let seen = place.is_none_or(|(its_x, its_y)| {
                let distance = (its_x - x).abs().max((its_y - y).abs());
                distance <= self.half || (distance <= self.half * LEAVE_BEYOND && held.contains(slot))
            });
            if seen {
                visible.insert(slot);
            }
        }
    }
}

fn places(header: &TraceHeader) -> Vec<Option<Place>> {
    let place_of = |archetype: &super::header::Archetype| {
        let axis = |name: &str| {
            let at = archetype.fields.iter().position(|field| field.name == name)?;
            let field = &archetype.fields[at];
            Some((at, super::declare::zero_of(field), unit(field.unit.as_deref())))
        };
        Some(Place { x: axis("x")?, y: axis("y")? })
    };
    header.archetypes.iter().map(place_of).collect()
}

/// How much of a unit one is: `1/64`, perhaps with words behind it. What says nothing is a unit.
fn unit(said: Option<&str>) -> f64 {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let first = said.and_then(|said| said.split_whitespace().next()).unwrap_or("1");
    let value = match first.split_once('/') {
        Some((over, under)) => number(over).zip(number(under)).map(|(over, under)| over / under),
        None => number(first),
    };
    value.filter(|value| value.is_finite() && *value > 0.0).unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_read_as_people_write_it() {
        let read = [None, Some("1/64"), Some("1/16384 per tick"), Some("0.5"), Some("metres"), Some("1/0")].map(unit);
        assert_eq!(read, [1.0, 1.0 / 64.0, 1.0 / 16384.0, 0.5, 1.0, 1.0]);
    }
}
