//! What became of a bot's own entity: did it move, and what does the game count for it?
//!
//! Any game: its place is the field with the position mark; shots, kills and respawns are fields of a component called
//! `Score`. What a game does not have is not counted.
//!
//! Never here: other entities.

use crate::replica::Replica;
use shared::schema::{Field, Schema};

/// The component in which a game counts what a player did.
pub(super) const SCORE: &str = "Score";

/// Its fields that are reported.
pub(super) const COUNTED: [&str; 3] = ["shots", "kills", "respawns"];

/// Codes of one field: which component, from which code on, how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    component: usize,
    from: usize,
    count: usize,
}

/// Watches the own entity over the measuring window.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    positions: Vec<Place>,
    counted: [Option<Place>; 3],
    origin: Option<Vec<i32>>,
    moved: bool,
    last: [Option<i32>; 3],
    sums: [u64; 3],
}

impl Own {
    /// What there is to watch in a game.
    pub(super) fn new(schema: &Schema) -> Self {
        let mut own = Self::default();
        for (component, declaration) in schema.components.iter().enumerate() {
            let mut from = 0;
            for field in &declaration.fields {
                let place = Place { component, from, count: field.part_count() };
                if field.marks.position {
                    own.positions.push(place);
                }
                if declaration.name == SCORE
                    && let Some(at) = COUNTED.iter().position(|&name| name == field.name)
                {
                    own.counted[at] = Some(place);
                }
                from += place.count;
            }
        }
        own
    }

    /// Whether the game has positions at all.
    pub(super) fn has_position(&self) -> bool {
        !self.positions.is_empty()
    }

    /// Looks at the own entity as it is now.
    pub(super) fn look(&mut self, replica: &Replica) {
        let Some(me) = replica.me() else { return };
        if !self.moved && self.has_position() {
            let place = self.positions.iter().find_map(|&place| codes(replica.row(me, place.component)?, place));
            if let Some(now) = place {
                self.moved = self.origin.as_ref().is_some_and(|origin| *origin != now);
                self.origin.get_or_insert(now);
            }
        }
        for ((place, last), sum) in self.counted.iter().zip(&mut self.last).zip(&mut self.sums) {
            let Some(place) = *place else { continue };
            let row = replica.row(me, place.component).and_then(|row| codes(row, place));
            let Some(now) = row.and_then(|codes| codes.first().copied()) else { continue };
            // A count that went down began anew, with a new match.
            let before = last.replace(now).unwrap_or(now);
            *sum += if now >= before { (now - before) as u64 } else { now.max(0) as u64 };
        }
    }

    /// Whether it was seen at two places.
    pub(super) const fn moved(&self) -> bool {
        self.moved
    }

    /// How far the counts of [`COUNTED`] rose.
    pub(super) const fn sums(&self) -> [u64; 3] {
        self.sums
    }
}

/// Where a field's first code stands in the row of a component.
pub(super) fn place(schema: &Schema, component: usize, field: &str) -> Option<usize> {
    let fields = &schema.components.get(component)?.fields;
    let at = fields.iter().position(|one| one.name == field)?;
    Some(fields.iter().take(at).map(Field::part_count).sum())
}

fn codes(row: Vec<i32>, place: Place) -> Option<Vec<i32>> {
    row.get(place.from..place.from + place.count).map(<[i32]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::schema::{Audience, Declaration, FieldKind, Marks, Predictor};

    fn field(name: &str, kind: FieldKind, position: bool) -> Field {
        let marks = Marks { position, ..Marks::default() };
        Field { name: name.to_owned(), kind, audience: Audience::Everyone, predictor: Predictor::Hold, marks }
    }

    fn schema(score: &str) -> Schema {
        let quantiser = shared::quantise::Quantiser { min: 0, max: 100, step: 1 };
        let number = || FieldKind::Unsigned { max: 9 };
        let place = vec![field("angle", number(), false), field("at", FieldKind::Vector2 { quantiser, unit: 1 }, true)];
        let counts = vec![field("deaths", number(), false), field("kills", number(), false)];
        Schema {
            game: "test".to_owned(),
            components: vec![
                Declaration { name: "Place".to_owned(), fields: place },
                Declaration { name: score.to_owned(), fields: counts },
            ],
            kinds: Vec::new(),
            input: Declaration { name: "Nothing".to_owned(), fields: Vec::new() },
            events: Vec::new(),
            requests: Vec::new(),
        }
    }

    #[test]
    fn what_is_watched_is_found_in_the_schema() {
        let own = Own::new(&schema(SCORE));
        assert_eq!(own.positions, vec![Place { component: 0, from: 1, count: 2 }]);
        assert_eq!(own.counted, [None, Some(Place { component: 1, from: 1, count: 1 }), None]);
        assert!(own.has_position());
    }

    #[test]
    fn a_game_that_counts_nothing_has_nothing_counted() {
        assert_eq!(Own::new(&schema("Tally")).counted, [None; 3]);
    }
}
