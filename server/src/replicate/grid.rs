//! Who is where: once per tick, the anchors that have a position, by cell.
//!
//! ```text
//!   rows of anchors ─► steps ─► cells of a quarter to a half of a leave radius, each cell's entries side by side
//!
//!      · · ┌─┐ · ·        the circle around an eye touches about six rows of cells; as far as it reaches, a row of cells is
//!      · ┌─┘ └─┐ ·        one run of entries, and each entry of it is measured
//!      · │  ●  │ ·
//!      · └─┐ ┌─┘ ·
//! ```
//!
//! Made anew in each tick: nearly everything moves, and what a tick of it costs is shared by all clients. What has no
//! position is near to everybody.
//!
//! Never here: who may see what (see `interest`), the World (see `extract`).

use super::facets::Facets;
use super::rows::Rows;
use crate::sim::ViewRadii;
use shared::ids::{EntityId, PlayerId, Slot};
use shared::schema::facet::Route;
use shared::schema::position::Place;
use shared::schema::{FacetKind, Layout, Positions, Schema, SchemaError};
use shared::slot_set::SlotSet;

/// A place, in steps of [`Positions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steps(pub [i32; 3]);

/// The radii in steps.
#[derive(Clone, Copy, Debug)]
pub struct Radii {
    /// The largest square of a distance at which something enters.
    pub enter: i64,
    /// The largest square of a distance at which something stays.
    pub leave: i64,
    /// No distance along an axis is larger where something stays.
    reach: i32,
}

/// An anchor with a position.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Steps,
    slot: Slot,
}

/// All anchors of a tick, by where they are.
#[derive(Debug)]
pub struct Grid {
    /// Per kind of facet, if it is an anchor with a position: from which part on, and how to read it.
    places: Vec<Option<(usize, Place)>>,
    radii: Option<Radii>,
    /// A cell's side is 2 to the power of this many steps.
    side_bits: u32,
    flat: bool,
    across: [usize; 3],
    /// Per distance along one axis, in runs of 2 to the power of `width_bits` steps: how far the leave radius reaches along
    /// another, at the most.
    widths: Vec<i32>,
    width_bits: u32,
    /// Per cell: where its entries begin; and where the last one's end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
    /// Scratch: entries as they come, with their cells.
    found: Vec<(usize, Entry)>,
    placed: SlotSet,
    unplaced: SlotSet,
    has_unplaced: bool,
    /// Anchors with a position that the game's own rule may hide from somebody.
    guarded: SlotSet,
    /// Anchors by the player that they belong to, ascending.
    owned: Vec<(PlayerId, Slot)>,
}

/// Cells along an axis on a plane, and in space.
const CELLS_MAX: [i32; 2] = [64, 16];

impl Grid {
    /// An empty grid, for radii if there are any.
    ///
    /// # Errors
    /// [`SchemaError`] if positions cannot be compared: the author's.
    pub fn new(schema: &Schema, layout: &Layout, view: ViewRadii) -> Result<Self, SchemaError> {
        let positions = Positions::of(schema)?;
        let radii = view.limits().then(|| Radii {
            enter: positions.squared(view.enter_units),
            leave: positions.squared(view.leave_units),
            reach: positions.steps(view.leave_units),
        });
        let flat = positions.axes() == 2;
        let cells_max = CELLS_MAX[usize::from(!flat)];
        let least = (positions.extent() + cells_max - 1) / cells_max;
        let most = radii.map_or(least, |radii| radii.reach / 2).max(1) as u32;
        // Never below what keeps the number of cells within bounds, else the largest power of two that is small enough.
        let side_bits = most.ilog2().max(least.max(1).cast_unsigned().next_power_of_two().ilog2());
        let across = (positions.extent() >> side_bits) as usize + 1;
        let (widths, width_bits) = radii.map_or_else(Default::default, widths_of);
        let across = [across, across, if flat { 1 } else { across }];
        Ok(Self {
            places: places_of(layout, &positions),
            radii,
            side_bits,
            flat,
            across,
            widths,
            width_bits,
            starts: vec![0; across.iter().product::<usize>() + 1],
            entries: Vec::new(),
            found: Vec::new(),
            placed: SlotSet::new(layout.slots()),
            unplaced: SlotSet::new(layout.slots()),
            has_unplaced: false,
            guarded: SlotSet::new(layout.slots()),
            owned: Vec::new(),
        })
    }

    /// Puts all anchors that are alive to where they are now; `may_hide` is asked about each once, if the game has a rule.
    pub fn fill(&mut self, facets: &Facets, rows: &Rows, may_hide: impl Fn(EntityId) -> bool) {
        self.placed.clear();
        self.guarded.clear();
        self.unplaced.clear();
        self.has_unplaced = false;
        self.found.clear();
        self.starts.fill(0);
        for slot in facets.anchors().iter() {
            let Some(at) = self.place_of(facets, rows, slot) else {
                self.unplaced.insert(slot);
                self.has_unplaced = true;
                continue;
            };
            self.placed.insert(slot);
            if facets.alive(slot).is_some_and(|alive| may_hide(alive.entity)) {
                self.guarded.insert(slot);
            }
            if self.radii.is_some() {
                let cell = self.cell(at);
                self.starts[cell] += 1;
                self.found.push((cell, Entry { at, slot }));
            }
        }
        // How many are in each cell becomes where each ends; putting them in from the end leaves where each begins.
        let mut end = 0;
        for start in &mut self.starts {
            end += *start;
            *start = end;
        }
        self.entries.resize(self.found.len(), Entry { at: Steps([0; 3]), slot: Slot(0) });
        for &(cell, entry) in self.found.iter().rev() {
            self.starts[cell] -= 1;
            self.entries[self.starts[cell] as usize] = entry;
        }
    }

    /// Where the entity with this anchor is, if it has a position.
    #[inline]
    #[must_use]
    pub fn place_of(&self, facets: &Facets, rows: &Rows, anchor: Slot) -> Option<Steps> {
        let kind = facets.alive(anchor)?.record.kind;
        let (part, place) = self.places.get(usize::from(kind.0))?.as_ref()?;
        Some(Steps(place.steps(&rows.row(anchor)[*part..])))
    }

    /// The radii, unless everything is near.
    #[must_use]
    pub const fn radii(&self) -> Option<Radii> {
        self.radii
    }

    /// Anchors that have a position.
    #[must_use]
    pub const fn placed(&self) -> &SlotSet {
        &self.placed
    }

    /// Of these, those that the game's own rule may hide from somebody now.
    #[must_use]
    pub const fn guarded(&self) -> &SlotSet {
        &self.guarded
    }

    /// Anchors that have none.
    #[must_use]
    pub const fn unplaced(&self) -> &SlotSet {
        &self.unplaced
    }

    /// There are any.
    #[must_use]
    pub const fn has_unplaced(&self) -> bool {
        self.has_unplaced
    }

    /// Anchors by the player that they belong to, to be told by who reads the World.
    pub const fn owned_mut(&mut self) -> &mut Vec<(PlayerId, Slot)> {
        &mut self.owned
    }

    /// The anchors that belong to a player.
    pub fn owned_by(&self, player: PlayerId) -> impl Iterator<Item = Slot> + '_ {
        let first = self.owned.partition_point(|&(owner, _)| owner < player);
        self.owned[first..].iter().take_while(move |&&(owner, _)| owner == player).map(|&(_, slot)| slot)
    }

    /// Calls `each` with all anchors that are within the leave radius of an eye, and the square of their distance.
    #[inline]
    pub fn around(&self, eye: Steps, radii: Radii, each: impl FnMut(Slot, i64)) {
        match self.flat {
            true => self.around_in::<2>(eye, radii, each),
            false => self.around_in::<3>(eye, radii, each),
        }
    }

    /// The same on a plane, or in space.
    #[inline]
    fn around_in<const AXES: usize>(&self, eye: Steps, radii: Radii, mut each: impl FnMut(Slot, i64)) {
        let ((bottom, top), (back, front)) = (self.ends(eye, 1, radii.reach), self.ends(eye, 2, radii.reach));
        for layer in back..=front {
            for row in bottom..=top {
                let first = layer.wrapping_mul(self.across[1]).wrapping_add(row).wrapping_mul(self.across[0]);
                let (left, right) = self.ends(eye, 0, self.width(self.gap(eye, 1, row).max(self.gap(eye, 2, layer))));
                let ends = (first.wrapping_add(left), first.wrapping_add(right).wrapping_add(1));
                for entry in &self.entries[self.starts[ends.0] as usize..self.starts[ends.1] as usize] {
                    let squared = squared::<AXES>(entry.at, eye);
                    if squared <= radii.leave {
                        each(entry.slot, squared);
                    }
                }
            }
        }
    }

    /// Along an axis: the first and the last cell that are no farther than so many steps. Steps are below 2^30, so that nothing
    /// overflows here.
    #[inline]
    fn ends(&self, eye: Steps, axis: usize, steps: i32) -> (usize, usize) {
        let along = |offset: i32| (eye.0[axis].wrapping_add(offset).max(0) >> self.side_bits) as usize;
        let last = self.across[axis].wrapping_sub(1);
        (along(steps.wrapping_neg()).min(last), along(steps).min(last))
    }

    /// Along an axis: how far a cell is at the least.
    #[inline]
    fn gap(&self, eye: Steps, axis: usize, cell: usize) -> i32 {
        let (from, last) = ((cell as i32) << self.side_bits, (1i32 << self.side_bits).wrapping_sub(1));
        let before = from.wrapping_sub(eye.0[axis]);
        let behind = before.wrapping_add(last).wrapping_neg();
        before.max(behind).max(0)
    }

    /// How far the leave radius reaches along an axis at this distance along another, at the most.
    #[inline]
    fn width(&self, gap: i32) -> i32 {
        self.widths.get((gap >> self.width_bits) as usize).copied().unwrap_or(0)
    }

    fn cell(&self, at: Steps) -> usize {
        let [x, y, z] =
            [0, 1, 2].map(|axis| ((at.0[axis].max(0) >> self.side_bits) as usize).min(self.across[axis] - 1));
        (z * self.across[1] + y) * self.across[0] + x
    }
}

/// Distances along an axis that are told apart for how far the leave radius reaches along another.
const WIDTHS: i32 = 64;

/// See [`Grid::widths`].
fn widths_of(radii: Radii) -> (Vec<i32>, u32) {
    let width_bits = (radii.reach / WIDTHS + 1).cast_unsigned().next_power_of_two().ilog2();
    let width = |gap: i32| {
        let gap = i64::from(gap) << width_bits;
        let left = (radii.leave - gap * gap).max(0);
        (left.isqrt() + 1).min(i64::from(radii.reach)) as i32
    };
    ((0..=radii.reach >> width_bits).map(width).collect(), width_bits)
}

/// The square of a distance. Steps are below 2^30, so that nothing overflows.
#[inline]
fn squared<const AXES: usize>(one: Steps, other: Steps) -> i64 {
    let along = |axis: usize| i64::from(one.0[axis].wrapping_sub(other.0[axis]));
    let squared = |axis: usize| along(axis).wrapping_mul(along(axis));
    let flat = squared(0).wrapping_add(squared(1));
    if AXES == 2 { flat } else { flat.wrapping_add(squared(2)) }
}

/// Per kind of facet: where an anchor's row has its position.
fn places_of(layout: &Layout, positions: &Positions) -> Vec<Option<(usize, Place)>> {
    let place_in = |facet: usize| {
        let facet = layout.facet(FacetKind(facet as u16)).filter(|facet| facet.anchor)?;
        let place = positions.place(facet.kind)?;
        let is_it = |route: &&Route| (route.facet, route.component, route.source) == (0, place.component, place.source);
        Some((layout.routes(facet.kind).iter().find(is_it)?.part, *place))
    };
    (0..layout.facets().len()).map(place_in).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena_n::components::{PLAYER, Position, SIDE, schema};
    use crate::replicate::facets::Tracked;
    use glam::IVec2;
    use rand_core::Rng;
    use rand_pcg::Pcg32;
    use shared::ids::{EntityId, Tick};
    use shared::schema::Replicated;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    /// A grid with entities at these places, in parts of a unit, and the slots of their anchors in the same order.
    fn filled(places: &[(i32, i32)], view: ViewRadii) -> (Grid, Facets, Rows, Vec<Slot>) {
        let layout = Arc::new(Layout::new(&schema(), 10).expect("a sound schema"));
        let mut facets = Facets::new(layout.clone(), 1);
        let mut rows = Rows::new(layout.slots(), layout.parts_max());
        facets.next_tick(Tick(1));
        let mut slots = Vec::new();
        for (id, &(x, y)) in places.iter().enumerate() {
            let id = EntityId(id as u32);
            facets.track(id, Tracked::new(PLAYER, None, None));
            let slot = facets.anchor(id).expect("there are slots for it");
            let mut codes = [0; Position::PART_COUNT];
            Position { at: IVec2::new(x, y) }.write_codes(&mut codes);
            rows.put(slot, 0, &codes);
            slots.push(slot);
        }
        let mut grid = Grid::new(&schema(), &layout, view).expect("its positions are alike");
        grid.fill(&facets, &rows, |_| false);
        (grid, facets, rows, slots)
    }

    #[test]
    fn what_is_within_the_radius_is_found_and_measured_whatever_the_cells() {
        let mut chance = Pcg32::new(5, 0);
        let mut below = |end: u32| ((u64::from(chance.next_u32()) * u64::from(end)) >> 32) as i32;
        for round in 0..300 {
            let places: Vec<(i32, i32)> = (0..40).map(|_| (below(SIDE as u32 + 1), below(SIDE as u32 + 1))).collect();
            let units = 1 + below([40, 300, 2_000][round % 3]) as u32;
            let (grid, facets, rows, slots) = filled(&places, ViewRadii::new(units, 10));
            let radii = grid.radii().expect("there are radii");
            let eye = grid.place_of(&facets, &rows, slots[0]).expect("it has a position");
            let (mut entered, mut stayed) = (BTreeSet::new(), BTreeSet::new());
            grid.around(eye, radii, |slot, squared| {
                if squared <= radii.enter {
                    entered.insert(slot);
                }
                assert!(squared <= radii.leave);
                stayed.insert(slot);
            });
            assert_eq!(entered, within(&places, units, &slots), "{units} units");
            assert_eq!(stayed, within(&places, (units * 11).div_ceil(10), &slots), "{units} units and a tenth");
        }
    }

    /// Whose distance from the first is no more than some units, in codes, of which there are 16 to a unit.
    fn within(places: &[(i32, i32)], units: u32, slots: &[Slot]) -> BTreeSet<Slot> {
        let code = |along: i32| i64::from((along + 8) / 16);
        let squared = |(x, y): (i32, i32)| (code(x) - code(places[0].0)).pow(2) + (code(y) - code(places[0].1)).pow(2);
        let near = |place: &(i32, i32)| squared(*place) <= (i64::from(units) * 16).pow(2);
        places.iter().zip(slots).filter(|(place, _)| near(place)).map(|(_, &slot)| slot).collect()
    }

    #[test]
    fn without_a_radius_it_only_says_who_has_a_position() {
        let (grid, _, _, slots) = filled(&[(0, 0), (SIDE, SIDE)], ViewRadii::NONE);
        assert!(grid.radii().is_none() && grid.unplaced().is_empty());
        assert!(slots.iter().all(|&slot| grid.placed().contains(slot)));
    }

    #[test]
    fn a_player_s_own_are_found_among_those_of_others() {
        let (mut grid, ..) = filled(&[], ViewRadii::NONE);
        let owned = [(1, 9), (4, 3), (4, 7), (6, 1)].map(|(player, slot)| (PlayerId(player), Slot(slot)));
        grid.owned_mut().extend(owned);
        assert_eq!(grid.owned_by(PlayerId(4)).collect::<Vec<_>>(), [Slot(3), Slot(7)]);
        assert_eq!(grid.owned_by(PlayerId(5)).count(), 0);
        assert_eq!(grid.owned_by(PlayerId(7)).count(), 0);
    }
}
