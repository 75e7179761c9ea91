//! Golden numbers: what a twin in another language must come to, number by number.
//!
//! ```text
//!   cases ─► shared::interpolation ─► numbers ─ equal? ─ tests/golden/interpolation.json
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests --test golden_numbers` writes the file anew. Each case is a field as the schema says it (kind,
//! numbers, whether it holds), its codes in the older and in the newer frame, ticks between them and 1/16 ticks since the older, and what is
//! drawn.

use serde_json::{Value, json};
use shared::ids::Tick;
use shared::interpolation::{Between, interpolate};
use shared::quantise::Quantiser;
use shared::schema::{Audience, Field, FieldKind, Marks, Predictor};
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

#[test]
fn what_is_between_two_frames_is_the_same_for_ever() {
    let lines: Vec<String> = cases().iter().map(Value::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden/interpolation.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let file = std::fs::read_to_string(&path).unwrap();
    assert!(file == text, "what is drawn between two frames changed; if it was meant: UPDATE_GOLDEN=1");
}
