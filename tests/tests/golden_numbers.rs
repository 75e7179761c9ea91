//! Golden numbers: what a twin in another language must come to, number by number.
//!
//! ```text
//!   cases ─► shared::interpolation ─► numbers ─ equal? ─ tests/golden/interpolation.json
//!   games ─► shared::codec         ─► pieces and a record ─ equal? ─ tests/golden/pieces.json
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests --test golden_numbers` writes the files anew. Each case of interpolation is a field as the schema says it (kind,
//! numbers, whether it holds), its codes in the older and in the newer frame, ticks between them and 1/16 ticks since the older, and what is
//! drawn.

use serde_json::{Value, json};
use shared::bits::{BitReader, BitWriter};
use shared::codec::piece::{advance, predict, read_piece, write_piece};
use shared::codec::predictor::PartState;
use shared::codec::record::{Record, write_record};
use shared::codec::{Packer, Tables};
use shared::ids::{Slot, Tick};
use shared::interpolation::{Between, interpolate};
use shared::quantise::Quantiser;
use shared::schema::facet::{FacetKind, FacetLayout};
use shared::schema::registry::EntityKind;
use shared::schema::{Audience, Declaration, Field, FieldKind, Layout, Marks, Predictor, Schema};
use shared::wire::client_message::ViewTick;
use std::path::PathBuf;

/// The fields of the cases: kind, numbers as in the schema, predictor, snap, codes.
fn fields() -> Vec<(&'static str, Vec<i32>, Field, u32)> {
    let field = |kind: FieldKind, predictor, snap| {
        let marks = Marks { snap, ..Marks::default() };
        Field { name: "field".to_owned(), kind, audience: Audience::Everyone, predictor, marks }
    };
    let ground = Quantiser { min: 0, max: 65_520, step: 16 };
    let depth = Quantiser { min: -2_000_000_000, max: 2_000_000_000, step: 64 };
    let (linear, hold) = (Predictor::Linear, Predictor::Hold);
    vec![
        (
            "vector2",
            vec![0, 65_520, 16, 256, 8_191],
            field(FieldKind::Vector2 { quantiser: ground, unit: 256 }, linear, 8_191),
            4_096,
        ),
        (
            "vector2",
            vec![0, 65_520, 16, 256],
            field(FieldKind::Vector2 { quantiser: ground, unit: 256 }, linear, 0),
            4_096,
        ),
        (
            "vector3",
            vec![-2_000_000_000, 2_000_000_000, 64, 1, 2_000_000_000],
            field(FieldKind::Vector3 { quantiser: depth, unit: 1 }, linear, 2_000_000_000),
            62_500_001,
        ),
        ("fixed", vec![0, 65_520, 16, 1], field(FieldKind::Fixed { quantiser: ground, unit: 1 }, hold, 0), 4_096),
        ("angle", vec![10], field(FieldKind::Angle { bits: 10 }, hold, 0), 1_024),
        ("angle", vec![16], field(FieldKind::Angle { bits: 16 }, hold, 0), 65_536),
        ("rotation", vec![10], field(FieldKind::Rotation { bits: 10 }, linear, 0), 1_023),
        ("unsigned", vec![100], field(FieldKind::Unsigned { max: 100 }, hold, 0), 101),
        ("signed", vec![-50, 50], field(FieldKind::Signed { min: -50, max: 50 }, linear, 0), 101),
        ("bool", vec![], field(FieldKind::Bool, hold, 0), 2),
    ]
}

/// Numbers that are the same for ever.
struct Draws(u32);

impl Draws {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(self.0) * u64::from(bound)) >> 32) as u32
    }

    /// Codes of a field in two frames: near each other, or anywhere.
    fn codes(&mut self, field: &Field, codes: u32) -> [Vec<i32>; 2] {
        let near = self.below(3) > 0;
        let parts = field.part_count();
        let turns = matches!(field.kind, FieldKind::Rotation { .. });
        let bound = |part: usize| if turns && part == 0 { 4 } else { codes };
        let older: Vec<i32> = (0..parts).map(|part| self.below(bound(part)) as i32).collect();
        let newer = (0..parts).map(|part| {
            let last = bound(part) as i32 - 1;
            if near {
                (older[part] + self.below(41) as i32 - 20).clamp(0, last)
            } else {
                self.below(bound(part)) as i32
            }
        });
        let newer = newer.collect();
        [older, newer]
    }
}

fn cases() -> Vec<Value> {
    let mut draws = Draws(0x5EED);
    let mut cases = Vec::new();
    for (kind, numbers, field, codes) in fields() {
        for place in 0..12 {
            let [older, newer] = draws.codes(&field, codes);
            let span = [1, 1, 1, 2, 3, 31][draws.below(6) as usize];
            // The ends, too.
            let sixteenths = match place {
                0 => 0,
                1 => 16 * u32::from(span),
                _ => draws.below(16 * u32::from(span) + 1),
            };
            let mut drawn = vec![0; field.part_count()];
            let view = ViewTick { older: Tick(0), span, sixteenths: sixteenths as u16 };
            interpolate(&field, &older, &newer, Between::of(view), &mut drawn);
            let holds = field.predictor == Predictor::Hold;
            cases.push(json!({
                "kind": kind, "numbers": numbers, "holds": holds, "older": older, "newer": newer,
                "span": span, "sixteenths": sixteenths, "drawn": drawn,
            }));
        }
    }
    cases
}

/// Compares with a golden file, or writes it.
fn hold_to(file: &str, cases: &[Value], changed: &str) {
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(file);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(golden == text, "{changed}; if it was meant: UPDATE_GOLDEN=1");
}

#[test]
fn what_is_between_two_frames_is_the_same_for_ever() {
    hold_to("interpolation.json", &cases(), "what is drawn between two frames changed");
}

/// Games of one kind of entity with one component, so that it has one facet: every predictor, what wraps, several groups, a tolerance.
fn games() -> Vec<Vec<Field>> {
    let field = |kind: FieldKind, predictor| Field {
        name: "field".to_owned(),
        kind,
        audience: Audience::Everyone,
        predictor,
        marks: Marks::default(),
    };
    let ground = Quantiser { min: 0, max: 65_520, step: 16 };
    let speeds = Quantiser { min: -2_000, max: 2_000, step: 1 };
    let place = FieldKind::Vector2 { quantiser: ground, unit: 256 };
    let velocity = FieldKind::Vector2 { quantiser: speeds, unit: 256 };
    let follow = Predictor::Follow { field: 1, times: 3, shift: 1 };
    let spin = FieldKind::Rotation { bits: 10 };
    let off = |field: Field| Field { marks: Marks { tolerance: 3, ..Marks::default() }, ..field };
    vec![
        vec![field(place.clone(), Predictor::AlphaBeta { calm: 3 }), field(FieldKind::Bool, Predictor::Hold)],
        vec![field(place.clone(), follow), field(velocity, Predictor::Linear)],
        vec![field(FieldKind::Angle { bits: 10 }, Predictor::Linear), field(spin.clone(), Predictor::Linear)],
        vec![field(spin, Predictor::AlphaBeta { calm: 2 })],
        vec![
            field(FieldKind::Unsigned { max: 300 }, Predictor::Tick { step: -2 }),
            field(FieldKind::Signed { min: -50, max: 50 }, Predictor::Hold),
            off(field(place.clone(), Predictor::Linear)),
            field(place, Predictor::AlphaBeta { calm: 1 }),
            field(FieldKind::Unsigned { max: 9 }, Predictor::Hold),
        ],
    ]
    .into_iter()
    .map(|fields| {
        let named = |(number, field): (usize, Field)| Field { name: format!("field {number}"), ..field };
        fields.into_iter().enumerate().map(named).collect()
    })
    .collect()
}

fn schema_of(fields: Vec<Field>) -> Schema {
    let nothing = Declaration { name: "nothing".to_owned(), fields: Vec::new() };
    Schema {
        game: "golden".to_owned(),
        components: vec![Declaration { name: "thing".to_owned(), fields }],
        kinds: vec![EntityKind { name: "thing".to_owned(), components: vec![0] }],
        input: nothing,
        events: Vec::new(),
        requests: Vec::new(),
    }
}

/// Moves codes as things move: on by a steady step, now and then by another, seldom anywhere.
struct Walk {
    steps: Vec<i32>,
    codes: Vec<i32>,
}

impl Walk {
    fn new(facet: &FacetLayout, draws: &mut Draws) -> Self {
        let codes = facet.parts.iter().map(|part| draws.below(part.last.saturating_add(1)) as i32).collect();
        Self { steps: vec![0; facet.parts.len()], codes }
    }

    fn step(&mut self, facet: &FacetLayout, draws: &mut Draws) {
        let turns_from = facet.following;
        let parts = facet.parts.iter().zip(&mut self.steps).zip(&mut self.codes).enumerate();
        for (at, ((part, step), code)) in parts {
            match draws.below(12) {
                0 => *step = draws.below(41) as i32 - 20,
                1 => *step = 0,
                2 if at < turns_from => *code = draws.below(part.last.saturating_add(1)) as i32,
                _ => {}
            }
            let last = part.last as i32;
            // Which part of a rotation is the largest seldom changes.
            let step = if at >= turns_from && (at - turns_from).is_multiple_of(4) {
                i32::from(draws.below(30) == 0)
            } else {
                *step
            };
            *code = if part.wrap { (*code + step).rem_euclid(last + 1) } else { (*code + step).clamp(0, last) };
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Thirty ticks of one entity in untrained codes: the piece of each tick, if it has one, and the codes that are held after it; and at the
/// end its record. What is written is read again here.
fn played(fields: Vec<Field>, draws: &mut Draws) -> Value {
    let schema = schema_of(fields);
    let layout = Layout::new(&schema, 6).unwrap();
    let tables = Tables::untrained(&layout);
    let facet = &layout.facets()[0];
    let mut walk = Walk::new(facet, draws);
    let mut states: Vec<PartState> =
        facet.parts.iter().zip(&walk.codes).map(|(part, &code)| PartState::new(part, code)).collect();
    let mut held = states.clone();
    let first = walk.codes.clone();
    let mut ticks = Vec::new();
    for _ in 0..30 {
        walk.step(facet, draws);
        let misses = predict(facet, &mut states, &walk.codes).misses;
        let mut writer = BitWriter::new();
        let piece = misses.any().then(|| {
            let packer = &mut Packer { writer: &mut writer, tables: &tables };
            write_piece(packer, &layout, facet, &mut states, &walk.codes, misses);
            writer.into_bytes()
        });
        match &piece {
            Some(bytes) => read_piece(&mut BitReader::new(bytes), &layout, &tables, facet, &mut held).unwrap(),
            None => {
                advance(facet, &mut held);
            }
        }
        assert_eq!(held, states);
        let codes: Vec<i32> = states.iter().map(|state| state.code).collect();
        ticks.push(json!({ "piece": piece.as_deref().map(hexadecimal), "codes": codes }));
    }
    let mut writer = BitWriter::new();
    let record = Record { slot: Slot(5), kind: FacetKind(0), anchor: Slot(5) };
    write_record(&mut Packer { writer: &mut writer, tables: &tables }, &layout, record, &states);
    let past: Vec<[i32; 4]> = states
        .iter()
        .map(|state| [state.speed, i32::from(state.fraction), i32::from(state.class), i32::from(state.mask)])
        .collect();
    json!({
        "schema": hexadecimal(&schema.to_bytes()), "tables": hexadecimal(&tables.to_bytes()), "slot_bits": 6, "first": first, "ticks": ticks,
        "record": hexadecimal(&writer.into_bytes()), "past": past,
    })
}

#[test]
fn pieces_and_what_they_make_of_a_world_are_the_same_for_ever() {
    let mut draws = Draws(0xC0DE);
    let cases: Vec<Value> = games().into_iter().map(|fields| played(fields, &mut draws)).collect();
    let pieces =
        |case: &Value| case["ticks"].as_array().unwrap().iter().filter(|tick| !tick["piece"].is_null()).count();
    assert!(cases.iter().all(|case| (10..=30).contains(&pieces(case))));
    hold_to("pieces.json", &cases, "what is written of changes, or what is made of it, changed");
}
