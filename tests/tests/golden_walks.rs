//! What a twin of the codec in another language must come to where the golden messages do not lead: every predictor over long walks, the
//! values of every kind of field, fingerprints of bytes of every length.
//!
//! ```text
//!   walks  ─► shared::codec  ─► pieces, digests ─ equal? ─ tests/golden/walks.json
//!   herds  ─► frames as a client hears them, which client_sim::replica holds to their digests ─► tests/golden/herd_frames.json
//!   values ─► shared::schema ─► codes, values   ─ equal? ─ tests/golden/values.json
//! ```
//!
//! `UPDATE_GOLDEN=1 cargo test -p tests --test golden_walks` writes the files anew. A walk has the schema, the tables, the codes that its facet is
//! born with, and per tick the piece, if there is one, and the lanes of the digest; at the end its record. A value has the field's place, the
//! value that was given, its codes, and the value that they stand for.

use client_sim::replica::Replica;
use glam::{IVec2, IVec3};
use serde_json::{Value, json};
use shared::bits::{BitReader, BitWriter};
use shared::codec::contexts::{Sink, Use, number};
use shared::codec::digest::fresh_hash;
use shared::codec::piece::{advance, predict, read_piece, write_piece};
use shared::codec::positions::{PositionsOf, write_positions};
use shared::codec::record::{Record, read_record, write_record};
use shared::codec::{Lanes, Packer, PartState, Tables};
use shared::ids::{EntityId, Slot, Tick};
use shared::quantise::Quantiser;
use shared::rotation::Rotation;
use shared::schema::component::FieldValue;
use shared::schema::facet::FacetLayout;
use shared::schema::registry::EntityKind;
use shared::schema::{
    Audience, Declaration, FacetKind, Field, FieldKind, Layout, Marks, Motion, Part, Predictor, Schema, Text,
};
use shared::wire::state_frame::Proof;
use shared::wire::{Digest, FrameHeader, FrameKind};
use std::sync::Arc;
use tests::golden::{hexadecimal, hold_to};

const TICKS: usize = 160;

fn field(kind: FieldKind, predictor: Predictor) -> Field {
    Field { name: String::new(), kind, audience: Audience::Everyone, predictor, marks: Marks::default() }
}

fn constant(kind: FieldKind) -> Field {
    Field { marks: Marks { constant: true, ..Marks::default() }, ..field(kind, Predictor::Hold) }
}

const fn whole() -> FieldKind {
    FieldKind::Signed { min: i32::MIN, max: i32::MAX }
}

const fn quantiser(min: i32, max: i32, step: i32) -> Quantiser {
    Quantiser { min, max, step }
}

/// Games of one component: what wraps, what has all 32-bit integers, leaders whose products do not fit 32 bits, rotations across groups,
/// leaders that are constant, references, texts.
fn games() -> Vec<Vec<Field>> {
    let (linear, hold) = (Predictor::Linear, Predictor::Hold);
    let calm = |calm| Predictor::AlphaBeta { calm };
    let follow = |field, times, shift| Predictor::Follow { field, times, shift };
    let angle = |bits| FieldKind::Angle { bits };
    let vector = |min, max, step| FieldKind::Vector2 { quantiser: quantiser(min, max, step), unit: 1 };
    let deep = quantiser(-(1 << 25), (1 << 25) - 1, 1);
    vec![
        vec![
            field(angle(10), calm(2)),
            field(angle(3), linear),
            field(angle(1), calm(4)),
            field(angle(16), linear),
            field(angle(8), Predictor::Tick { step: 3 }),
            field(angle(12), hold),
        ],
        vec![
            field(FieldKind::Unsigned { max: u32::MAX }, linear),
            field(whole(), calm(4)),
            field(FieldKind::Unsigned { max: u32::MAX }, Predictor::Tick { step: -70_000 }),
            field(whole(), linear),
        ],
        vec![
            field(whole(), linear),
            field(FieldKind::Unsigned { max: (1 << 26) - 1 }, follow(0, 32_767, 10)),
            field(whole(), follow(0, -32_768, 3)),
            field(angle(9), follow(0, 5, 24)),
            field(whole(), follow(0, 1, 8)),
            field(FieldKind::Unsigned { max: 70_000 }, follow(0, 1, 12)),
        ],
        vec![
            field(vector(-4_000, 4_000, 3), linear),
            field(vector(0, 60_000, 7), follow(0, -9, 2)),
            field(FieldKind::Fixed { quantiser: quantiser(0, 500, 4), unit: 10 }, Predictor::Tick { step: 9 }),
        ],
        vec![
            constant(vector(-900, 900, 1)),
            field(vector(0, 60_000, 16), follow(0, 3, 1)),
            constant(FieldKind::Choice { names: vec!["this".to_owned(), "that".to_owned(), "other".to_owned()] }),
        ],
        vec![
            field(FieldKind::Vector3 { quantiser: deep, unit: 1 }, calm(4)),
            field(FieldKind::Rotation { bits: 12 }, calm(1)),
            field(FieldKind::Rotation { bits: 4 }, linear),
            field(FieldKind::Rotation { bits: 9 }, hold),
        ],
        vec![
            field(FieldKind::Bool, hold),
            field(FieldKind::Choice { names: vec!["one".to_owned()] }, hold),
            field(FieldKind::Text { bytes: 10 }, hold),
            field(FieldKind::Signed { min: -50, max: -20 }, calm(3)),
            field(FieldKind::Unsigned { max: 0 }, linear),
        ],
    ]
}

fn schema_of(fields: Vec<Field>) -> Schema {
    let named = |(number, field): (usize, Field)| Field { name: format!("field {number}"), ..field };
    let nothing = Declaration { name: "nothing".to_owned(), fields: Vec::new() };
    let schema = Schema {
        game: "walks".to_owned(),
        components: vec![Declaration {
            name: "thing".to_owned(),
            fields: fields.into_iter().enumerate().map(named).collect(),
        }],
        kinds: vec![EntityKind { name: "thing".to_owned(), components: vec![0] }],
        input: nothing,
        events: Vec::new(),
        requests: Vec::new(),
    };
    schema.check().expect("the codec can carry it");
    schema
}

/// Numbers that are the same for ever.
struct Draws(u32);

impl Draws {
    fn below(&mut self, bound: u64) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((u64::from(self.0) * bound) >> 32) as u32
    }

    fn code(&mut self, part: &Part) -> i32 {
        self.below(u64::from(part.last) + 1) as i32
    }
}

/// Moves codes as things move: on by a steady step with a little noise, now and then by another, seldom anywhere.
fn walk(facet: &FacetLayout, steps: &mut [i32], codes: &mut [i32], draws: &mut Draws) {
    for (at, part) in facet.parts.iter().enumerate().take(facet.moving) {
        let which = matches!(part.motion, Motion::Turn { axis: 0, .. });
        let size = match draws.below(16) {
            0 => 3,
            1 => 60,
            2 => 4_000,
            _ => 0,
        };
        if size > 0 {
            steps[at] = draws.below(size) as i32 - size as i32 / 2;
        }
        if draws.below(40) == 0 && at < facet.following {
            codes[at] = draws.code(part);
            continue;
        }
        let noise = draws.below(12);
        let step =
            if which { i32::from(noise == 0) } else { steps[at] + i32::from(noise == 1) - i32::from(noise == 2) };
        codes[at] = match part.last {
            u32::MAX => codes[at].wrapping_add(step),
            last if part.wrap => (codes[at] + step).rem_euclid(last as i32 + 1),
            last => (codes[at] + step).clamp(0, last as i32),
        };
    }
}

/// One entity over many ticks in untrained codes; what is written is read again here.
fn walked(fields: Vec<Field>, draws: &mut Draws) -> Value {
    let schema = schema_of(fields);
    let layout = Layout::new(&schema, 6).unwrap();
    let tables = Tables::untrained(&layout);
    let facet = &layout.facets()[0];
    let record = Record { slot: Slot(5), kind: FacetKind(0), anchor: Slot(5) };
    let mut codes: Vec<i32> = facet.parts.iter().map(|part| draws.code(part)).collect();
    let mut steps = vec![0; codes.len()];
    let mut states: Vec<PartState> =
        facet.parts.iter().zip(&codes).map(|(part, &code)| PartState::new(part, code)).collect();
    let (first, mut held) = (codes.clone(), states.clone());
    let mut ticks = Vec::with_capacity(TICKS);
    for _ in 0..TICKS {
        walk(facet, &mut steps, &mut codes, draws);
        let misses = predict(facet, &mut states, &codes).misses;
        let mut writer = BitWriter::new();
        let piece = misses.any().then(|| {
            let packer = &mut Packer { writer: &mut writer, tables: &tables };
            write_piece(packer, &layout, facet, &mut states, &codes, misses);
            writer.into_bytes()
        });
        match &piece {
            Some(bytes) => read_piece(&mut BitReader::new(bytes), &layout, &tables, facet, &mut held).unwrap(),
            None => _ = advance(facet, &mut held),
        }
        assert_eq!(held, states);
        assert!(codes.iter().zip(&states).all(|(&code, state)| code == state.code));
        let lanes = fresh_hash(record, &states);
        ticks.push(json!([piece.as_deref().map(hexadecimal), lanes.a, lanes.b]));
    }
    let mut writer = BitWriter::new();
    write_record(&mut Packer { writer: &mut writer, tables: &tables }, &layout, record, &states);
    let bytes = writer.into_bytes();
    let read = read_record(&mut BitReader::new(&bytes), &layout, &tables, &mut held).unwrap();
    assert_eq!((read, &held), (record, &states));
    json!({
        "schema": hexadecimal(&schema.to_bytes()), "tables": hexadecimal(&tables.to_bytes()), "slot_bits": 6,
        "first": first, "ticks": ticks, "codes": codes, "record": hexadecimal(&bytes),
    })
}

#[test]
fn long_walks_are_the_same_for_ever() {
    let mut draws = Draws(0x3A1C);
    let cases: Vec<Value> = games().into_iter().map(|fields| walked(fields, &mut draws)).collect();
    for case in &cases {
        let pieces = case["ticks"].as_array().unwrap().iter().filter(|tick| !tick[0].is_null()).count();
        assert!((TICKS / 8..=TICKS).contains(&pieces), "{pieces} pieces");
    }
    hold_to("walks.json", &cases, "what is written of changes, or what is made of it, changed");
}

/// A schema of several kinds, one for each game.
fn herd_of(games: impl Iterator<Item = (usize, Vec<Field>)>) -> Schema {
    let mut schema = schema_of(Vec::new());
    for (number, fields) in games {
        let component = schema_of(fields).components.remove(0);
        schema.components.push(Declaration { name: format!("thing {number}"), ..component });
        let components = vec![schema.components.len() as u8 - 1];
        schema.kinds.push(EntityKind { name: format!("kind {number}"), components });
    }
    schema
}

/// Entities of several kinds beside each other: per tick the places of those that have a piece, and these one behind the other.
#[test]
fn a_herd_of_several_kinds_is_the_same_for_ever() {
    let mut draws = Draws(0x4E2D);
    let schema = herd_of(games().into_iter().enumerate().filter(|(number, _)| [0, 3, 4, 5].contains(number)));
    let layout = Layout::new(&schema, 6).unwrap();
    let tables = Tables::untrained(&layout);
    let mut herd: Vec<(&FacetLayout, Vec<i32>, Vec<i32>, Vec<PartState>)> = Vec::new();
    let mut born = Vec::new();
    for place in 0..11 {
        let number = place * 3 % layout.facets().len();
        let facet = &layout.facets()[number];
        let codes: Vec<i32> = facet.parts.iter().map(|part| draws.code(part)).collect();
        let states = facet.parts.iter().zip(&codes).map(|(part, &code)| PartState::new(part, code)).collect();
        born.push(json!([number, codes]));
        herd.push((facet, vec![0; codes.len()], codes, states));
    }
    let mut ticks = Vec::new();
    for _ in 0..40 {
        let (mut writer, mut named) = (BitWriter::new(), Vec::new());
        let mut lanes = Lanes::default();
        for (place, (facet, steps, codes, states)) in herd.iter_mut().enumerate() {
            walk(facet, steps, codes, &mut draws);
            let misses = predict(facet, states, codes).misses;
            if misses.any() {
                named.push(place);
                write_piece(
                    &mut Packer { writer: &mut writer, tables: &tables },
                    &layout,
                    facet,
                    states,
                    codes,
                    misses,
                );
            }
            let slot = Slot(place as u16);
            lanes += fresh_hash(Record { slot, kind: FacetKind(0), anchor: slot }, states);
        }
        ticks.push(json!([named, hexadecimal(&writer.into_bytes()), lanes.a, lanes.b]));
    }
    let case = json!({
        "schema": hexadecimal(&schema.to_bytes()), "tables": hexadecimal(&tables.to_bytes()), "slot_bits": 6,
        "born": born, "ticks": ticks,
    });
    hold_to("herd.json", &[case], "what is written of changes, or what is made of it, changed");
}

/// One of a herd that a client hears of.
struct Thing<'a> {
    facet: &'a FacetLayout,
    record: Record,
    steps: Vec<i32>,
    codes: Vec<i32>,
    states: Vec<PartState>,
}

/// Moves a herd on by a tick and writes its pieces. In one tick of three a thing goes on as it is guessed to. Says who has a piece.
fn write_tick(packer: &mut Packer<'_>, layout: &Layout, herd: &mut [Thing<'_>], draws: &mut Draws) -> Vec<u32> {
    let mut named = Vec::new();
    let mut missed = Vec::new();
    for (place, Thing { facet, steps, codes, states, .. }) in herd.iter_mut().enumerate() {
        if draws.below(3) == 0 {
            advance(facet, states);
            *codes = states.iter().map(|state| state.code).collect();
            continue;
        }
        walk(facet, steps, codes, draws);
        let misses = predict(facet, states, codes).misses;
        if misses.any() {
            named.push(place as u32);
            missed.push(misses);
        }
    }
    write_positions(packer, PositionsOf::Pieces, &named, herd.len() as u32);
    for (&place, misses) in named.iter().zip(missed) {
        let Thing { facet, codes, states, .. } = &mut herd[place as usize];
        write_piece(packer, layout, facet, states, codes, misses);
    }
    named
}

/// A frame of everyone's section with these bits behind its header.
fn frame(kind: FrameKind, tick: u32, herd: &[Thing<'_>], section: BitWriter) -> Vec<u8> {
    let mut lanes = Lanes::default();
    herd.iter().for_each(|thing| lanes += fresh_hash(thing.record, &thing.states));
    let (proof, mut writer) = (Proof::of(lanes, Digest::Whole), BitWriter::new());
    let plain = FrameHeader { complete: true, sections: 1, proof, ..FrameHeader::keep_alive(Tick(tick)) };
    FrameHeader { kind, ..plain }.write(&mut writer);
    [writer.into_bytes(), section.into_bytes()].concat()
}

/// A herd as a client hears of it: a full frame, and steps that cover up to four ticks. What moves in each way has a piece in one tick and
/// none in the next, and the other way round.
#[test]
fn frames_of_a_herd_are_the_same_for_ever() {
    let mut draws = Draws(0x6E13);
    let circles = vec![field(FieldKind::Angle { bits: 1 }, Predictor::Linear)];
    let games = games().into_iter().enumerate().filter(|(number, _)| [0, 3, 5].contains(number));
    let schema = Arc::new(herd_of(games.chain([(9, circles)])));
    let layout = Arc::new(Layout::new(&schema, 6).unwrap());
    let tables = Tables::untrained(&layout);
    let mut herd = Vec::new();
    let mut section = BitWriter::new();
    let packer = &mut Packer { writer: &mut section, tables: &tables };
    packer.number(number(Use::RecordCount), 9);
    for place in 0..9_u16 {
        let (slot, kind) = (Slot(3 * place + 1), FacetKind(place % layout.facets().len() as u16));
        let facet = layout.facet(kind).unwrap();
        let codes: Vec<i32> = facet.parts.iter().map(|part| draws.code(part)).collect();
        let states = facet.parts.iter().zip(&codes).map(|(part, &code)| PartState::new(part, code)).collect();
        let thing =
            Thing { facet, record: Record { slot, kind, anchor: slot }, steps: vec![0; codes.len()], codes, states };
        packer.writer.write_bool(true);
        write_record(packer, &layout, thing.record, &thing.states);
        herd.push(thing);
    }
    let mut tick = 1_000;
    let mut frames = vec![frame(FrameKind::Full, tick, &herd, section)];
    let mut before = vec![false; herd.len()];
    let mut changes = vec![0; layout.facets().len()];
    for round in 0..24 {
        let covered = 1 + round % 4;
        let mut section = BitWriter::new();
        let packer = &mut Packer { writer: &mut section, tables: &tables };
        for _ in 0..covered {
            let named = write_tick(packer, &layout, &mut herd, &mut draws);
            for (place, before) in before.iter_mut().enumerate() {
                let has = named.contains(&(place as u32));
                changes[place % layout.facets().len()] += i32::from(has != std::mem::replace(before, has));
            }
        }
        write_positions(packer, PositionsOf::Demotions, &[], herd.len() as u32);
        packer.number(number(Use::RecordCount), 0);
        tick += covered;
        frames.push(frame(FrameKind::Step { covered, applied: 1 }, tick, &herd, section));
    }
    assert!(
        changes.iter().filter(|&&changes| changes > 20).count() >= 3,
        "all but what has no parts or one: {changes:?}"
    );
    let mut replica =
        Replica::new(Arc::clone(&schema), Arc::clone(&layout), tables.clone(), Tick(1_000), Digest::Whole);
    frames.iter().for_each(|frame| _ = replica.apply(frame).expect("a client holds what was written"));
    let things: Vec<Value> = herd.iter().map(|thing| json!([thing.record.slot.0, thing.codes])).collect();
    let mut lines = vec![json!({
        "schema": hexadecimal(&schema.to_bytes()), "tables": hexadecimal(&tables.to_bytes()), "slot_bits": 6, "things": things,
    })];
    lines.extend(frames.iter().map(|frame| json!(hexadecimal(frame))));
    hold_to("herd_frames.json", &lines, "what a client makes of a herd's frames changed");
}

/// A value of a field, as codes and back.
fn value<T: FieldValue>(kind: &FieldKind, parts: usize, given: T, said: impl Fn(&T) -> Value) -> Value {
    let mut codes = vec![0; parts];
    given.write(kind, &mut codes);
    let read = T::read(kind, &codes);
    json!([said(&given), codes, said(&read)])
}

/// The values of one field.
fn values_of(kind: &FieldKind, parts: usize) -> Vec<Value> {
    let number = |given: i32| value(kind, parts, given, |&value| json!(value));
    let numbers = [i32::MIN, -70_000, -4_097, -51, -20, -3, -1, 0, 1, 2, 3, 7, 49, 51, 999, 65_535, 1 << 20, i32::MAX];
    match kind {
        FieldKind::Bool => [false, true].map(|given| value(kind, parts, given, |&value| json!(value))).to_vec(),
        FieldKind::Unsigned { .. } => {
            let given = [0, 1, 299, 300, 70_000, u32::MAX - 1, u32::MAX];
            given.map(|given| value(kind, parts, given, |&value| json!(value))).to_vec()
        }
        FieldKind::Angle { .. } => {
            let given = [0, 1, 31, 32, 33, 0x4000, 0x7FFF, 0xFFE0, 0xFFFF];
            given.map(|given: u16| value(kind, parts, given, |&value| json!(value))).to_vec()
        }
        FieldKind::Vector2 { .. } => numbers
            .map(|x| value(kind, parts, IVec2::new(x, 5 - (x >> 3)), |at| json!({ "x": at.x, "y": at.y })))
            .to_vec(),
        FieldKind::Vector3 { .. } => {
            let given = |x: i32| IVec3::new(x, 5 - (x >> 3), x >> 9);
            let said = |at: &IVec3| json!({ "x": at.x, "y": at.y, "z": at.z });
            numbers.map(|x| value(kind, parts, given(x), said)).to_vec()
        }
        FieldKind::Rotation { .. } => {
            let mut turned = Rotation::IDENTITY;
            let turn = Rotation { x: 3_000, y: -9_000, z: 700, w: Rotation::ONE };
            let said = |at: &Rotation| json!({ "x": at.x, "y": at.y, "z": at.z, "w": at.w });
            let mut next = || {
                turned = turn.after(turned);
                value(kind, parts, turned, said)
            };
            (0..12).map(|_| next()).collect()
        }
        FieldKind::Reference => [EntityId(0), EntityId(17), EntityId(65_535)]
            .map(|given| value(kind, parts, given, |id| json!(id.0)))
            .to_vec(),
        FieldKind::Text { .. } => {
            let given = ["", "a", "Zoë", "длинное имя", "ab\u{1F600}cd", "0123456789ABCDEF"];
            given.map(|text| value(kind, parts, Text::<10>::new(text), |text| json!(text.as_str()))).to_vec()
        }
        FieldKind::Signed { .. } | FieldKind::Fixed { .. } | FieldKind::Choice { .. } => numbers.map(number).to_vec(),
    }
}

#[test]
fn values_and_their_codes_are_the_same_for_ever() {
    let hold = Predictor::Hold;
    let kinds = vec![
        FieldKind::Bool,
        FieldKind::Unsigned { max: 300 },
        FieldKind::Unsigned { max: u32::MAX },
        FieldKind::Signed { min: -50, max: -20 },
        FieldKind::Signed { min: -3, max: 50 },
        whole(),
        FieldKind::Fixed { quantiser: quantiser(0, 10, 4), unit: 1 },
        FieldKind::Fixed { quantiser: quantiser(-4_096, 4_096, 3), unit: 16 },
        FieldKind::Fixed { quantiser: quantiser(-2_000_000_000, 2_000_000_000, 64), unit: 1 },
        FieldKind::Angle { bits: 1 },
        FieldKind::Angle { bits: 10 },
        FieldKind::Angle { bits: 16 },
        FieldKind::Vector2 { quantiser: quantiser(0, 65_520, 16), unit: 256 },
        FieldKind::Vector3 { quantiser: quantiser(-300, 3_000, 7), unit: 16 },
        FieldKind::Rotation { bits: 4 },
        FieldKind::Rotation { bits: 10 },
        FieldKind::Rotation { bits: 12 },
        FieldKind::Reference,
        FieldKind::Text { bytes: 10 },
    ];
    let schema = schema_of(kinds.into_iter().map(|kind| field(kind, hold)).collect());
    let bytes = schema.to_bytes();
    let mut cases =
        vec![json!({ "schema": hexadecimal(&bytes), "fingerprint": format!("{:016x}", schema.fingerprint()) })];
    for field in &schema.components[0].fields {
        cases.push(json!({ "field": field.name, "values": values_of(&field.kind, field.part_count()) }));
    }
    hold_to("values.json", &cases, "what values are as codes, or codes as values, changed");
}

#[test]
fn fingerprints_are_the_same_for_ever() {
    let bytes: Vec<u8> = (0..2_500_u32).map(|at| (at * at * 31 + at * 7 + 3) as u8).collect();
    let lengths = (0..=20)
        .chain([31, 32, 33, 64, 65, 96, 97, 128, 129, 150, 240, 241, 255, 256, 1_023, 1_024, 1_025, 2_048, 2_500]);
    let cases: Vec<Value> = lengths
        .map(|length: usize| json!([length, format!("{:016x}", Tables::fingerprint(&bytes[..length]))]))
        .collect();
    hold_to("fingerprints.json", &cases, "what bytes are called changed");
}
