//! Games drawn at random: any declarations, any kinds of entities, and numbers to choose by.

use proptest::prelude::*;
use shared::codec::predictor::{fraction_bits, has_speed, speed_max};
use shared::codec::{PartState, Tables};
use shared::quantise::Quantiser;
use shared::schema::registry::EntityKind;
use shared::schema::{Audience, Declaration, Field, FieldKind, Layout, Marks, Part, Positions, Predictor, Schema};
use shared::wire::values::{NO_REFERENCE, is_reference};

/// A game, laid out, with the tables that know nothing of it.
#[derive(Clone, Debug)]
pub(crate) struct Game {
    pub(crate) layout: Layout,
    pub(crate) tables: Tables,
}

pub(crate) fn quantiser() -> impl Strategy<Value = Quantiser> {
    (-100_000i32..100_000, 0i32..200_000, 1i32..300).prop_map(|(min, span, step)| Quantiser {
        min,
        max: min + span,
        step,
    })
}

pub(crate) fn kind() -> impl Strategy<Value = FieldKind> {
    prop_oneof![
        Just(FieldKind::Bool),
        (0u32..1 << 26).prop_map(|max| FieldKind::Unsigned { max }),
        Just(FieldKind::Unsigned { max: u32::MAX }),
        Just(FieldKind::Signed { min: i32::MIN, max: i32::MAX }),
        (-1_000i32..1_000, 0i32..1 << 25).prop_map(|(min, span)| FieldKind::Signed { min, max: min + span }),
        (quantiser(), 1u32..1_000).prop_map(|(quantiser, unit)| FieldKind::Fixed { quantiser, unit }),
        (1u32..=16).prop_map(|bits| FieldKind::Angle { bits }),
        prop::collection::vec("[a-z]{1,9}", 1..9).prop_map(|names| FieldKind::Choice { names }),
        (quantiser(), 1u32..1_000).prop_map(|(quantiser, unit)| FieldKind::Vector2 { quantiser, unit }),
        (quantiser(), 1u32..1_000).prop_map(|(quantiser, unit)| FieldKind::Vector3 { quantiser, unit }),
        (4u32..=12).prop_map(|bits| FieldKind::Rotation { bits }),
        Just(FieldKind::Reference),
        (1u32..=12).prop_map(|bytes| FieldKind::Text { bytes }),
    ]
}

pub(crate) fn field() -> impl Strategy<Value = (FieldKind, Audience, Predictor, Marks)> {
    let audience = prop_oneof![4 => Just(Audience::Everyone), 1 => Just(Audience::Team), 1 => Just(Audience::Owner)];
    let predictor = prop_oneof![
        Just(Predictor::Hold),
        Just(Predictor::Linear),
        (1u8..=4).prop_map(|calm| Predictor::AlphaBeta { calm }),
        (0u8..4, -32_768i32..=32_768, 0u8..=24).prop_map(|(field, times, shift)| Predictor::Follow {
            field,
            times,
            shift
        }),
        (-9i32..=9).prop_map(|step| Predictor::Tick { step }),
    ];
    let snap = prop_oneof![2 => Just(0), 1 => any::<u32>()];
    let marks = (any::<bool>(), any::<bool>(), 0u8..=15, prop::bool::weighted(0.2), 0u16..3, snap).prop_map(
        |(predicted, position, priority, constant, tolerance, snap)| {
            let press = false;
            Marks { predicted, position, priority, press, constant, tolerance: tolerance.saturating_sub(1), snap }
        },
    );
    (kind(), audience, predictor, marks)
}

pub(crate) fn declaration(fields_max: usize) -> impl Strategy<Value = Declaration> {
    prop::collection::vec(field(), 0..=fields_max).prop_map(|fields| {
        let named = |(at, (kind, audience, predictor, marks))| Field {
            name: format!("field_{at}"),
            kind,
            audience,
            predictor,
            marks,
        };
        let mut fields: Vec<Field> = fields.into_iter().enumerate().map(named).collect();
        for at in 0..fields.len() {
            if fields[at].kind == FieldKind::Reference {
                fields[at].audience = Audience::Everyone;
            }
            fields[at].predictor = fitting(&fields, at);
            if !fields[at].is_number() {
                fields[at].marks.tolerance = 0;
            }
            if !matches!(
                fields[at].kind,
                FieldKind::Fixed { .. } | FieldKind::Vector2 { .. } | FieldKind::Vector3 { .. }
            ) {
                fields[at].marks.snap = 0;
            }
        }
        Declaration { name: String::new(), fields }
    })
}

/// The predictor of a field, if it can have it among these.
fn fitting(fields: &[Field], at: usize) -> Predictor {
    let field = &fields[at];
    if matches!(field.kind, FieldKind::Rotation { .. }) {
        let turns = matches!(field.predictor, Predictor::Linear | Predictor::AlphaBeta { .. });
        return if turns { field.predictor } else { Predictor::Hold };
    }
    if !field.is_number() {
        return Predictor::Hold;
    }
    let Predictor::Follow { field: leader, times, shift } = field.predictor else { return field.predictor };
    let place = usize::from(leader) % fields.len();
    let leader = &fields[place];
    let leads = leader.is_number() && !matches!(leader.predictor, Predictor::Follow { .. });
    let together = leader.part_count() == field.part_count() && leader.audience == field.audience;
    if leads && together { Predictor::Follow { field: place as u8, times, shift } } else { Predictor::Hold }
}

pub(crate) fn declarations(count_max: usize, fields_max: usize) -> impl Strategy<Value = Vec<Declaration>> {
    prop::collection::vec(declaration(fields_max), 0..=count_max).prop_map(|list| {
        let named = |(at, declaration)| Declaration { name: format!("Thing{at}"), ..declaration };
        list.into_iter().enumerate().map(named).collect()
    })
}

pub(crate) fn schema() -> impl Strategy<Value = Schema> {
    let kinds = prop::collection::vec(any::<u8>(), 1..4);
    (declarations(4, 3), kinds, declaration(3), declarations(2, 3), declarations(3, 3)).prop_map(
        |(components, kinds, input, events, requests)| {
            let chosen = |mask: u8| (0..components.len() as u8).filter(move |at| mask & 1 << at != 0).collect();
            let kind = |(at, mask)| EntityKind { name: format!("kind_{at}"), components: chosen(mask) };
            let mut schema = Schema {
                game: "any".to_owned(),
                kinds: kinds.into_iter().enumerate().map(kind).collect(),
                components,
                input: Declaration { name: "Input".to_owned(), ..input },
                events,
                requests,
            };
            if Positions::of(&schema).is_err() {
                let fields = schema.components.iter_mut().flat_map(|component| &mut component.fields);
                fields.for_each(|field| field.marks.position = false);
            }
            schema
        },
    )
}

pub(crate) fn game() -> impl Strategy<Value = Game> {
    (schema(), 6u32..=16).prop_filter_map("an entity has too many facets", |(schema, slot_bits)| {
        let layout = Layout::new(&schema, slot_bits).ok()?;
        let tables = Tables::untrained(&layout);
        Some(Game { layout, tables })
    })
}

/// Endless numbers to choose by, out of a few.
pub(crate) fn choices() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 1..400)
}

pub(crate) struct Choices<'a>(std::iter::Cycle<std::slice::Iter<'a, u32>>);

impl<'a> Choices<'a> {
    pub(crate) fn new(choices: &'a [u32]) -> Self {
        Self(choices.iter().cycle())
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0.next().map_or(0, |choice| choice % end)
    }

    pub(crate) fn code(&mut self, part: &Part) -> i32 {
        let choice = self.0.next().map_or(0, |&choice| choice);
        (u64::from(choice) % (u64::from(part.last) + 1)) as i32
    }

    /// Mostly as it is or close to it, now and then anywhere.
    pub(crate) fn next_code(&mut self, part: &Part, code: i32) -> i32 {
        match self.below(8) {
            0..=3 => code,
            4..=6 => (i64::from(code as u32) + i64::from(self.below(9)) - 4).clamp(0, i64::from(part.last)) as i32,
            _ => self.code(part),
        }
    }

    pub(crate) fn state(&mut self, part: &Part, constant: bool) -> PartState {
        let mut state = PartState::new(part, self.code(part));
        if !constant && self.below(4) > 0 {
            state.class = self.below(6) as u8;
            if has_speed(part.motion) {
                let most = speed_max(part);
                state.speed = self.below(2 * most + 1) as i32 - most as i32;
            }
            state.fraction = self.below(1 << fraction_bits(part.motion)) as i16;
        }
        state
    }

    pub(crate) fn values(&mut self, declaration: &Declaration) -> Vec<i32> {
        let mut codes = Vec::new();
        for field in &declaration.fields {
            if is_reference(field) {
                codes.push(if self.below(3) == 0 { NO_REFERENCE } else { self.below(1 << 16) as i32 });
            } else {
                codes.extend(field.parts().iter().map(|part| self.code(part)));
            }
        }
        codes
    }
}

/// Some bytes that were right once: one bit turned, cut off, or something behind.
pub(crate) fn spoil(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
    match choices.below(4) {
        0 => bytes.truncate(choices.below(bytes.len() as u32 + 1) as usize),
        1 => bytes.push(choices.below(256) as u8),
        _ => {
            for _ in 0..=choices.below(4) {
                let at = choices.below(bytes.len().max(1) as u32) as usize;
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << choices.below(8);
                }
            }
        }
    }
}

pub(crate) fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![any::<u8>(), 0u8..10, Just(0), Just(255)], 0..400)
}
