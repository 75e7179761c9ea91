//! Where entities are: the field that is marked `position`, for each kind that has one, and how distances are measured.
//!
//! Who may see whom is decided by distance, so distances are compared exactly: all positions of a game come down to whole
//! *steps* of one grid, the widest of which all of them are multiples. Where all positions are declared alike, a step is a
//! code.
//!
//! ```text
//!   codes of the anchor's row ─► × times + offset ─► steps [x, y, z]          z is 0 on a plane
//!   radius in units ─► × unit ÷ step ─► squared, rounded down                 two are near if squared ≤ squared
//! ```
//!
//! Never here: who sees what (the server's interest).

use super::field::{Audience, Field, FieldKind};
use super::registry::{Kind, Schema, SchemaError};
use crate::quantise::Quantiser;

/// The positions of a game's kinds of entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Positions {
    places: Vec<Option<Place>>,
    unit: u32,
    step: i64,
    extent: i32,
    axes: usize,
}

/// Where a kind's position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Position in [`Schema::components`].
    pub component: usize,
    /// First code in the component's row.
    pub source: usize,
    /// How many codes: 2 or 3.
    pub axes: usize,
    offset: i32,
    times: i32,
}

/// Steps that positions may span along an axis: squares of distances stay inside 64 bits.
const STEPS_MAX: i64 = 1 << 30;

impl Place {
    /// The position of some codes, in steps.
    #[inline]
    #[must_use]
    pub fn steps(&self, codes: &[i32]) -> [i32; 3] {
        let mut at = [0; 3];
        for (at, code) in at.iter_mut().zip(codes.iter().take(self.axes)) {
            *at = code.wrapping_mul(self.times).wrapping_add(self.offset);
        }
        at
    }
}

impl Positions {
    /// Finds them.
    ///
    /// # Errors
    /// [`SchemaError::Position`] if a mark stands where it cannot count, or two positions cannot be compared.
    pub fn of(schema: &Schema) -> Result<Self, SchemaError> {
        let mut found = Vec::with_capacity(schema.kinds.len());
        for kind in &schema.kinds {
            found.push(found_in(schema, &kind.name, &kind.components)?);
        }
        let Some(first) = found.iter().flatten().next().copied() else {
            return Ok(Self { places: vec![None; found.len()], unit: 1, step: 1, extent: 1, axes: 2 });
        };
        let lowest = found.iter().flatten().map(|found| found.quantiser.min).min().unwrap_or_default();
        let step = found.iter().flatten().fold(0, |step, found| {
            divisor(divisor(step, i64::from(found.quantiser.step)), i64::from(found.quantiser.min) - i64::from(lowest))
        });
        let mut extent = 1;
        let mut places = Vec::with_capacity(found.len());
        for (found, kind) in found.iter().zip(&schema.kinds) {
            let Some(found) = found else {
                places.push(None);
                continue;
            };
            let refused = |why| Err(SchemaError::Position { kind: kind.name.clone(), why });
            if (found.unit, found.axes) != (first.unit, first.axes) {
                return refused("all positions of a game have one `unit` and as many axes");
            }
            let offset = (i64::from(found.quantiser.min) - i64::from(lowest)) / step;
            let times = i64::from(found.quantiser.step) / step;
            let end = offset + times * found.quantiser.codes();
            if end > STEPS_MAX {
                return refused(
                    "its range is too wide beside what it is compared with: give positions steps that divide",
                );
            }
            extent = extent.max(end);
            let Found { component, source, axes, .. } = *found;
            places.push(Some(Place { component, source, axes, offset: offset as i32, times: times as i32 }));
        }
        Ok(Self { places, unit: first.unit, step, extent: extent as i32, axes: first.axes })
    }

    /// Where a kind's position is, if it has one.
    #[must_use]
    pub fn place(&self, kind: Kind) -> Option<&Place> {
        self.places.get(usize::from(kind.0))?.as_ref()
    }

    /// No kind has a position.
    #[must_use]
    pub fn are_none(&self) -> bool {
        self.places.iter().all(Option::is_none)
    }

    /// Steps are below this, along every axis.
    #[must_use]
    pub const fn extent(&self) -> i32 {
        self.extent
    }

    /// How many axes there are: 2 or 3.
    #[must_use]
    pub const fn axes(&self) -> usize {
        self.axes
    }

    /// A length in world units as steps, rounded up, and no more than there are.
    #[must_use]
    pub fn steps(&self, units: u32) -> i32 {
        let values = u64::from(units) * u64::from(self.unit);
        values.div_ceil(self.step.unsigned_abs()).min(self.extent.unsigned_abs().into()) as i32
    }

    /// The largest square of a distance, in steps, that is within a length in world units.
    #[must_use]
    pub fn squared(&self, units: u32) -> i64 {
        let values = u128::from(units) * u128::from(self.unit);
        let step = u128::from(self.step.unsigned_abs());
        i64::try_from(values * values / (step * step)).unwrap_or(i64::MAX)
    }
}

/// A marked field.
#[derive(Clone, Copy)]
struct Found {
    component: usize,
    source: usize,
    axes: usize,
    quantiser: Quantiser,
    unit: u32,
}

/// The marked field of a kind with these components.
fn found_in(schema: &Schema, kind: &str, components: &[u8]) -> Result<Option<Found>, SchemaError> {
    let refused = |why| Err(SchemaError::Position { kind: kind.to_owned(), why });
    let mut position = None;
    for component in components.iter().map(|&component| usize::from(component)) {
        let mut source = 0;
        for field in schema.components.get(component).map_or(&[][..], |declaration| &declaration.fields) {
            if field.marks.position {
                let Some((axes, quantiser, unit)) = vector(field) else {
                    return refused("`position` belongs to a vector of 2 or 3");
                };
                if field.audience != Audience::Everyone {
                    return refused("`position` belongs to a field for everyone: who may see it is decided by it");
                }
                if position.is_some() {
                    return refused("it has more than one `position`");
                }
                position = Some(Found { component, source, axes, quantiser, unit });
            }
            source += field.part_count();
        }
    }
    Ok(position)
}

const fn vector(field: &Field) -> Option<(usize, Quantiser, u32)> {
    match field.kind {
        FieldKind::Vector2 { quantiser, unit } => Some((2, quantiser, unit)),
        FieldKind::Vector3 { quantiser, unit } => Some((3, quantiser, unit)),
        _ => None,
    }
}

/// The largest number that divides both.
const fn divisor(mut one: i64, mut other: i64) -> i64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Declaration;
    use crate::schema::field::{Marks, Predictor};
    use crate::schema::registry::EntityKind;

    fn field(kind: FieldKind, audience: Audience) -> Field {
        let marks = Marks { position: true, ..Marks::default() };
        Field { name: "at".to_owned(), kind, audience, predictor: Predictor::Hold, marks }
    }

    fn plane(min: i32, max: i32, step: i32, unit: u32) -> FieldKind {
        FieldKind::Vector2 { quantiser: Quantiser { min, max, step }, unit }
    }

    /// A schema with a kind for each of these lists of fields, each field a component of its own.
    fn schema(kinds: &[&[FieldKind]]) -> Schema {
        let mut schema = Schema {
            game: "places".to_owned(),
            components: Vec::new(),
            kinds: Vec::new(),
            input: Declaration { name: "Input".to_owned(), fields: Vec::new() },
            events: Vec::new(),
            requests: Vec::new(),
        };
        for (at, fields) in kinds.iter().enumerate() {
            let mut components = Vec::new();
            for kind in *fields {
                components.push(schema.components.len() as u8);
                let name = format!("Component{}", schema.components.len());
                let fields = vec![field(kind.clone(), Audience::Everyone)];
                schema.components.push(Declaration { name, fields });
            }
            schema.kinds.push(EntityKind { name: format!("kind_{at}"), components });
        }
        schema
    }

    fn why(schema: &Schema) -> &'static str {
        match Positions::of(schema) {
            Err(SchemaError::Position { why, .. }) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn where_all_positions_are_declared_alike_a_step_is_a_code() {
        let positions = Positions::of(&schema(&[&[plane(-160, 1_600, 16, 256)], &[], &[plane(-160, 1_600, 16, 256)]]));
        let positions = positions.expect("they are alike");
        assert!(positions.place(Kind(1)).is_none() && !positions.are_none());
        assert_eq!(positions.place(Kind(2)).map(|place| place.steps(&[3, 7, 99])), Some([3, 7, 0]));
        assert_eq!((positions.extent(), positions.axes()), (111, 2));
        // Two units are 512 values, or 32 codes.
        assert_eq!((positions.steps(2), positions.squared(2)), (32, 1_024));
        assert_eq!(positions.steps(u32::MAX), 111);
        assert!(positions.squared(u32::MAX) > 2 * 111 * 111);
    }

    #[test]
    fn other_ranges_and_steps_come_down_to_one_grid() {
        let positions = Positions::of(&schema(&[&[plane(0, 1_000, 10, 1)], &[plane(-35, 1_000, 15, 1)]]));
        let positions = positions.expect("both are multiples of 5");
        let at = |kind, codes: [i32; 2]| positions.place(Kind(kind)).map(|place| place.steps(&codes));
        // 0 is the seventh step above -35; 100 is ten codes of 10 or nine codes of 15.
        assert_eq!(at(0, [0, 10]), Some([7, 27, 0]));
        assert_eq!(at(1, [0, 9]), Some([0, 27, 0]));
        assert_eq!((positions.steps(11), positions.squared(11)), (3, 4));
    }

    #[test]
    fn a_radius_is_rounded_down_only_where_no_distance_lies_between() {
        let positions = Positions::of(&schema(&[&[plane(0, 1_000, 3, 1)]])).expect("one position");
        // Ten units are 3 1/3 steps: (3, 1) is 3.16 away, (3, 2) is 3.6.
        assert_eq!(positions.squared(10), 11);
        let (near, far) = (3 * 3 + 1, 3 * 3 + 2 * 2);
        assert!((near..far).contains(&positions.squared(10)));
        assert_eq!(positions.steps(10), 4);
    }

    #[test]
    fn a_mark_that_cannot_count_is_refused() {
        let number = FieldKind::Unsigned { max: 9 };
        assert!(why(&schema(&[&[number]])).contains("vector"));
        assert!(why(&schema(&[&[plane(0, 9, 1, 1), plane(0, 9, 1, 1)]])).contains("more than one"));
        assert!(why(&schema(&[&[plane(0, 9, 1, 1)], &[plane(0, 9, 1, 2)]])).contains("unit"));
        let mut hidden = schema(&[&[plane(0, 9, 1, 1)]]);
        hidden.components[0].fields[0].audience = Audience::Team;
        assert!(why(&hidden).contains("everyone"));
        let wide = plane(i32::MIN, i32::MAX - 64, 64, 1);
        assert!(Positions::of(&schema(&[std::slice::from_ref(&wide)])).is_ok());
        assert!(why(&schema(&[&[wide], &[plane(0, 9, 1, 1)]])).contains("too wide"));
    }
}
