//! Every inverse pair of crate shared: what is written is what is read, for any game; and any bytes may come back.
//!
//! | writes | reads |
//! |---|---|
//! | `BitWriter::write`, `write_bool`, `write_bytes`, `align`, `append` | `BitReader::read`, `read_bool`, `read_bytes`, `align` |
//! | `varint::write_number`, `zigzag` | `varint::read_number`, `unzigzag` |
//! | `PrefixCode::write_symbol`, `write_number`, `lengths` | `read_symbol`, `read_number`, `from_lengths` |
//! | `Tables::to_bytes` | `Tables::from_bytes` |
//! | `write_mask`, `write_piece` | `read_mask`, `read_piece` |
//! | `write_record` | `read_record` |
//! | `write_positions`, `SlotSet::ranks` | `read_positions`, `SlotSet::at_ranks` |
//! | `write_values` | `read_values` |
//! | `write_hello`, `write_welcome`, `write_redirect` | `read_hello`, `read_welcome`, `read_redirect` |
//! | `ClientMessage::to_bytes`, `ServerMessage::to_bytes` | their `read` |
//! | `FrameHeader::write` | `FrameHeader::read` |
//! | `Schema::to_bytes` | `Schema::from_bytes` |
//! | `Quantiser::code`, `angle_code`, `Tick::low`, `CloseCode::number` | `value`, `angle_value`, `unwrap_near`, `from_number` |
//! | `Replicated::write_codes`, `Text::write_codes` | `read_codes` (and `shared/tests/derive.rs`) |
//!
//! Games are drawn at random, too: any declarations, any kinds of entities. The house rules know this file: an encoder that
//! it does not name is an error.

use proptest::prelude::*;
use shared::bits::varint::{read_number, unzigzag, write_number, zigzag};
use shared::bits::{BitReader, BitSpan, BitWriter};
use shared::codec::mask::{read_mask, write_mask};
use shared::codec::piece::{advance, read_piece, write_piece};
use shared::codec::positions::{read_positions, write_positions};
use shared::codec::prefix_code::NUMBER_SYMBOLS;
use shared::codec::record::{read_record, write_record};
use shared::codec::{Lanes, PartState, PrefixCode, Record, Tables};
use shared::ids::{Slot, Tick};
use shared::limits::{CLIENT_MESSAGE_BYTES_MAX, INPUT_PARTS_MAX, NAME_BYTES_MAX};
use shared::quantise::{Quantiser, angle_code, angle_value};
use shared::schema::facet::FacetLayout;
use shared::schema::registry::EntityKind;
use shared::schema::{
    Audience, Declaration, FacetKind, Field, FieldKind, Layout, Marks, Part, Predictor, Replicated, Schema, Section,
    Text,
};
use shared::slot_set::SlotSet;
use shared::wire::control::{
    Extension, WelcomeLimits, read_hello, read_redirect, read_welcome, write_hello, write_redirect, write_welcome,
};
use shared::wire::server_message::Outcome;
use shared::wire::state_frame::Proof;
use shared::wire::values::{NO_REFERENCE, is_reference, read_values, write_values};
use shared::wire::{
    ClientMessage, CloseCode, Digest, FrameHeader, FrameKind, Hello, Input, Redirect, ServerMessage, ViewTick, Welcome,
};

// Any game.

/// A game, laid out, with the tables that know nothing of it.
#[derive(Clone, Debug)]
struct Game {
    layout: Layout,
    tables: Tables,
}

fn quantiser() -> impl Strategy<Value = Quantiser> {
    (-100_000i32..100_000, 0i32..200_000, 1i32..300).prop_map(|(min, span, step)| Quantiser {
        min,
        max: min + span,
        step,
    })
}

fn kind() -> impl Strategy<Value = FieldKind> {
    prop_oneof![
        Just(FieldKind::Bool),
        (0u32..1 << 26).prop_map(|max| FieldKind::Unsigned { max }),
        (-1_000i32..1_000, 0i32..1 << 25).prop_map(|(min, span)| FieldKind::Signed { min, max: min + span }),
        (quantiser(), 1u32..1_000).prop_map(|(quantiser, unit)| FieldKind::Fixed { quantiser, unit }),
        (1u32..=16).prop_map(|bits| FieldKind::Angle { bits }),
        prop::collection::vec("[a-z]{1,9}", 1..9).prop_map(|names| FieldKind::Choice { names }),
        (quantiser(), 1u32..1_000).prop_map(|(quantiser, unit)| FieldKind::Vector2 { quantiser, unit }),
        (quantiser(), 1u32..1_000).prop_map(|(quantiser, unit)| FieldKind::Vector3 { quantiser, unit }),
        Just(FieldKind::Reference),
        (1u32..=12).prop_map(|bytes| FieldKind::Text { bytes }),
    ]
}

fn field() -> impl Strategy<Value = (FieldKind, Audience, Predictor, Marks)> {
    let audience = prop_oneof![4 => Just(Audience::Everyone), 1 => Just(Audience::Team), 1 => Just(Audience::Owner)];
    let predictor = prop_oneof![Just(Predictor::Hold), Just(Predictor::Linear)];
    let marks = (any::<bool>(), any::<bool>(), 0u8..=15, prop::bool::weighted(0.2)).prop_map(
        |(predicted, position, priority, constant)| Marks { predicted, position, priority, press: false, constant },
    );
    (kind(), audience, predictor, marks)
}

fn declaration(fields_max: usize) -> impl Strategy<Value = Declaration> {
    prop::collection::vec(field(), 0..=fields_max).prop_map(|fields| {
        let named = |(at, (kind, audience, predictor, marks))| Field {
            name: format!("field_{at}"),
            kind,
            audience,
            predictor,
            marks,
        };
        Declaration { name: String::new(), fields: fields.into_iter().enumerate().map(named).collect() }
    })
}

fn declarations(count_max: usize, fields_max: usize) -> impl Strategy<Value = Vec<Declaration>> {
    prop::collection::vec(declaration(fields_max), 0..=count_max).prop_map(|list| {
        let named = |(at, declaration)| Declaration { name: format!("Thing{at}"), ..declaration };
        list.into_iter().enumerate().map(named).collect()
    })
}

fn schema() -> impl Strategy<Value = Schema> {
    let kinds = prop::collection::vec(any::<u8>(), 1..4);
    (declarations(4, 3), kinds, declaration(3), declarations(2, 3), declarations(3, 3)).prop_map(
        |(components, kinds, input, events, requests)| {
            let chosen = |mask: u8| (0..components.len() as u8).filter(move |at| mask & 1 << at != 0).collect();
            let kind = |(at, mask)| EntityKind { name: format!("kind_{at}"), components: chosen(mask) };
            Schema {
                game: "any".to_owned(),
                kinds: kinds.into_iter().enumerate().map(kind).collect(),
                components,
                input: Declaration { name: "Input".to_owned(), ..input },
                events,
                requests,
            }
        },
    )
}

fn game() -> impl Strategy<Value = Game> {
    (schema(), 6u32..=16).prop_filter_map("an entity has too many facets", |(schema, slot_bits)| {
        let layout = Layout::new(&schema, slot_bits).ok()?;
        let tables = Tables::untrained(&layout);
        Some(Game { layout, tables })
    })
}

/// Endless numbers to choose by, out of a few.
fn choices() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 1..400)
}

struct Choices<'a>(std::iter::Cycle<std::slice::Iter<'a, u32>>);

impl<'a> Choices<'a> {
    fn new(choices: &'a [u32]) -> Self {
        Self(choices.iter().cycle())
    }

    fn below(&mut self, end: u32) -> u32 {
        self.0.next().map_or(0, |choice| choice % end)
    }

    fn code(&mut self, part: &Part) -> i32 {
        self.below(part.codes) as i32
    }

    /// Mostly as it is or close to it, now and then anywhere.
    fn next_code(&mut self, part: &Part, code: i32) -> i32 {
        match self.below(8) {
            0..=3 => code,
            4..=6 => (code + self.below(9) as i32 - 4).clamp(0, part.codes as i32 - 1),
            _ => self.code(part),
        }
    }

    fn state(&mut self, part: &Part, constant: bool) -> PartState {
        let mut state = PartState::new(self.code(part));
        if !constant {
            state.class = self.below(6) as u8;
            if part.predictor == Predictor::Linear {
                state.delta = self.code(part) - self.code(part);
            }
        }
        state
    }

    fn values(&mut self, declaration: &Declaration) -> Vec<i32> {
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
fn spoil(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) {
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

fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop_oneof![any::<u8>(), 0u8..10, Just(0), Just(255)], 0..400)
}

// Bits.

#[derive(Clone, Debug)]
enum Stroke {
    Bits(u32, u32),
    Flag(bool),
    Bytes(Vec<u8>),
    Align,
    Number(u32),
    Copied(Vec<u8>, usize),
}

fn stroke() -> impl Strategy<Value = Stroke> {
    prop_oneof![
        (any::<u32>(), 0u32..=32)
            .prop_map(|(value, bits)| Stroke::Bits((u64::from(value) & ((1 << bits) - 1)) as u32, bits)),
        any::<bool>().prop_map(Stroke::Flag),
        prop::collection::vec(any::<u8>(), 0..9).prop_map(Stroke::Bytes),
        Just(Stroke::Align),
        (any::<u32>(), 0u32..32).prop_map(|(value, shift)| Stroke::Number(value >> shift)),
        (prop::collection::vec(any::<u8>(), 1..9), any::<prop::sample::Index>()).prop_map(|(bytes, at)| {
            let bits = bytes.len() * 8;
            Stroke::Copied(bytes, at.index(bits))
        }),
    ]
}

proptest! {
    #[test]
    fn strokes_come_back_in_any_order(strokes in prop::collection::vec(stroke(), 0..60)) {
        let mut writer = BitWriter::new();
        for stroke in &strokes {
            match stroke {
                Stroke::Bits(value, bits) => writer.write(*value, *bits),
                Stroke::Flag(flag) => writer.write_bool(*flag),
                Stroke::Bytes(bytes) => writer.write_bytes(bytes),
                Stroke::Align => writer.align(),
                Stroke::Number(number) => write_number(&mut writer, *number),
                Stroke::Copied(bytes, start) => {
                    writer.append(bytes, BitSpan { start: *start, length: bytes.len() * 8 - start });
                }
            }
        }
        let bits = writer.bit_length();
        let bytes = writer.into_bytes();
        prop_assert_eq!(bytes.len(), bits.div_ceil(8));
        let mut reader = BitReader::new(&bytes);
        for stroke in &strokes {
            match stroke {
                Stroke::Bits(value, bits) => prop_assert_eq!(reader.read(*bits, "bits"), Ok(*value)),
                Stroke::Flag(flag) => prop_assert_eq!(reader.read_bool("flag"), Ok(*flag)),
                Stroke::Bytes(bytes) => prop_assert_eq!(reader.read_bytes(bytes.len(), "bytes"), Ok(bytes.as_slice())),
                Stroke::Align => prop_assert_eq!(reader.align(), Ok(())),
                Stroke::Number(number) => prop_assert_eq!(read_number(&mut reader, "number"), Ok(*number)),
                Stroke::Copied(bytes, start) => {
                    for at in *start..bytes.len() * 8 {
                        prop_assert_eq!(reader.read_bool("copied"), Ok(bytes[at / 8] >> (at % 8) & 1 == 1));
                    }
                }
            }
        }
        prop_assert_eq!(bytes.len() * 8 - reader.bits_left(), bits);
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn a_signed_number_survives_zigzag(value: i32) {
        prop_assert_eq!(unzigzag(zigzag(value)), value);
        prop_assert!(zigzag(value) / 2 <= value.unsigned_abs());
    }

    #[test]
    fn a_number_has_one_form(bytes in prop::collection::vec(any::<u8>(), 1..8)) {
        let mut reader = BitReader::new(&bytes);
        if let Ok(number) = read_number(&mut reader, "number") {
            let mut writer = BitWriter::new();
            write_number(&mut writer, number);
            prop_assert_eq!(writer.bit_length(), bytes.len() * 8 - reader.bits_left());
        }
    }

    #[test]
    fn reading_bits_never_goes_behind_the_end(bytes in any_bytes(), reads in prop::collection::vec((0u32..40, 0usize..99), 0..99)) {
        let mut reader = BitReader::new(&bytes);
        for (bits, count) in reads {
            let left = reader.bits_left();
            let read = if bits > 36 { reader.read_bytes(count, "bytes").is_ok() } else { reader.read(bits, "bits").is_ok() };
            prop_assert!(reader.bits_left() <= left);
            prop_assert!(read || reader.bits_left() + 8 > left, "what is refused takes no more than padding");
            let _ = reader.peek(bits);
        }
    }
}

// Values and codes.

proptest! {
    #[test]
    fn a_code_of_a_quantiser_comes_back(quantiser in quantiser(), value: i32) {
        let code = quantiser.code(value);
        prop_assert!((0..quantiser.codes()).contains(&i64::from(code.code)));
        let back = quantiser.value(code.code);
        prop_assert_eq!(quantiser.code(back).code, code.code);
        let inside = value.clamp(quantiser.min, quantiser.max);
        prop_assert!((i64::from(back) - i64::from(inside)).abs() <= i64::from(quantiser.step + 1) / 2);
    }

    #[test]
    fn a_code_of_an_angle_comes_back(angle: u16, bits in 1u32..=16) {
        let code = angle_code(angle, bits);
        prop_assert!((0..1 << bits).contains(&code));
        prop_assert_eq!(angle_code(angle_value(code, bits), bits), code);
    }

    #[test]
    fn a_tick_comes_back_from_its_low_bits(tick: u32, apart in -32_768i64..32_768) {
        let near = i64::from(tick) + apart;
        prop_assume!((0..=i64::from(u32::MAX)).contains(&near));
        prop_assert_eq!(Tick(tick).unwrap_near(Tick(near as u32).low()), Tick(near as u32));
    }

    #[test]
    fn a_text_comes_back_from_its_codes(text in ".{0,12}") {
        let text = Text::<16>::new(&text);
        let mut codes = [0; 7];
        text.write_codes(&mut codes);
        prop_assert_eq!(Text::<16>::read_codes(&codes), text);
    }

    #[test]
    fn values_come_back_raw(declaration in declaration(8), choices in choices()) {
        let codes = Choices::new(&choices).values(&declaration);
        let mut writer = BitWriter::new();
        write_values(&mut writer, &declaration, &codes);
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        let mut read = vec![7];
        prop_assert_eq!(read_values(&mut reader, &declaration, &mut read), Ok(()));
        prop_assert_eq!(read, codes);
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn any_bytes_make_values_in_range_or_none(declaration in declaration(8), bytes in any_bytes()) {
        let mut codes = Vec::new();
        if read_values(&mut BitReader::new(&bytes), &declaration, &mut codes).is_ok() {
            prop_assert_eq!(codes.len(), declaration.part_count());
            for (&code, part) in codes.iter().zip(declaration.parts()) {
                prop_assert!(code == NO_REFERENCE || (0..i64::from(part.codes)).contains(&i64::from(code)));
            }
        }
    }

    #[test]
    fn the_arenas_things_come_back_from_any_codes(choices in choices()) {
        fn check<T: Replicated + PartialEq + std::fmt::Debug>(choices: &mut Choices<'_>) {
            let mut codes: Vec<i32> = T::declaration().parts().iter().map(|part| choices.code(part)).collect();
            let value = T::read_codes(&codes);
            value.write_codes(&mut codes);
            assert_eq!(T::read_codes(&codes), value, "{}", T::NAME);
        }
        use shared::game::{components, input};
        let mut choices = Choices::new(&choices);
        check::<components::Position>(&mut choices);
        check::<components::Aim>(&mut choices);
        check::<components::Health>(&mut choices);
        check::<components::Score>(&mut choices);
        check::<components::Nameplate>(&mut choices);
        check::<components::Body>(&mut choices);
        check::<components::Projectile>(&mut choices);
        check::<components::Hit>(&mut choices);
        check::<components::Kill>(&mut choices);
        check::<components::GiveUp>(&mut choices);
        check::<input::ArenaInput>(&mut choices);
    }
}

#[test]
fn a_close_code_comes_back_from_its_number() {
    for number in 0..=u16::MAX {
        if let Some(code) = CloseCode::from_number(number) {
            assert_eq!(code.number(), number);
        }
    }
    assert!(CloseCode::ALL.iter().all(|&code| CloseCode::from_number(code.number()) == Some(code)));
}

// Schema and tables.

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_schema_comes_back_with_its_fingerprint(schema in schema()) {
        prop_assert_eq!(schema.check(), Ok(()));
        let bytes = schema.to_bytes();
        let read = Schema::from_bytes(&bytes);
        prop_assert_eq!(read.as_ref().map(Schema::fingerprint), Ok(schema.fingerprint()));
        prop_assert_eq!(read, Ok(schema));
    }

    #[test]
    fn a_spoilt_schema_is_refused_or_sound(schema in schema(), choices in choices()) {
        let mut bytes = schema.to_bytes();
        spoil(&mut bytes, &mut Choices::new(&choices));
        if let Ok(read) = Schema::from_bytes(&bytes) {
            prop_assert_eq!(read.check(), Ok(()));
            prop_assert_eq!(read.to_bytes(), bytes, "a schema has one form");
            let _ = Layout::new(&read, 12).map(|layout| Tables::untrained(&layout));
        }
    }

    #[test]
    fn any_bytes_are_refused_as_a_schema_or_sound(mut bytes in any_bytes()) {
        if let Some(form) = bytes.first_mut() {
            *form = 1;
        }
        if let Ok(read) = Schema::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes, "a schema has one form");
        }
    }

    #[test]
    fn tables_come_back(game in game(), epoch: u8) {
        let mut tables = game.tables;
        tables.epoch = epoch;
        prop_assert_eq!(Tables::from_bytes(&tables.to_bytes(), &game.layout), Ok(tables));
    }

    #[test]
    fn spoilt_tables_are_refused_or_serve_every_context(game in game(), choices in choices()) {
        let mut bytes = game.tables.to_bytes();
        spoil(&mut bytes, &mut Choices::new(&choices));
        if let Ok(tables) = Tables::from_bytes(&bytes, &game.layout) {
            prop_assert_eq!(tables.to_bytes(), bytes, "tables have one form");
            for part in 0..game.layout.part_contexts() {
                for class in 0..6 {
                    prop_assert_eq!(tables.residual(part, class).lengths().len(), NUMBER_SYMBOLS);
                }
            }
            prop_assert_eq!(tables.gap().lengths().len(), NUMBER_SYMBOLS);
        }
    }

    #[test]
    fn any_bytes_are_refused_as_tables(game in game(), bytes in any_bytes()) {
        let _ = Tables::from_bytes(&bytes, &game.layout);
    }

    #[test]
    fn a_code_comes_back_from_its_lengths(frequencies in prop::collection::vec(0u64..1 << 40, 1..120), symbols in prop::collection::vec(any::<prop::sample::Index>(), 0..99)) {
        let code = PrefixCode::from_frequencies(&frequencies);
        let lengths: Vec<u8> = code.lengths().collect();
        prop_assert_eq!(PrefixCode::from_lengths(&lengths), Ok(code.clone()));
        let symbols: Vec<usize> = symbols.iter().map(|symbol| symbol.index(frequencies.len())).collect();
        let mut writer = BitWriter::new();
        for &symbol in &symbols {
            code.write_symbol(&mut writer, symbol);
        }
        let bits: usize = symbols.iter().map(|&symbol| code.length(symbol) as usize).sum();
        prop_assert_eq!(writer.bit_length(), bits);
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        for symbol in symbols {
            prop_assert_eq!(code.read_symbol(&mut reader, "symbol"), Ok(symbol));
        }
    }

    #[test]
    fn a_number_comes_back_through_any_code(frequencies in prop::collection::vec(0u64..1 << 40, NUMBER_SYMBOLS), numbers in prop::collection::vec((any::<u32>(), 0u32..32), 0..99)) {
        let code = PrefixCode::from_frequencies(&frequencies);
        let mut writer = BitWriter::new();
        for &(number, shift) in &numbers {
            code.write_number(&mut writer, number >> shift);
        }
        let bits: usize = numbers.iter().map(|&(number, shift)| code.number_bits(number >> shift) as usize).sum();
        prop_assert_eq!(writer.bit_length(), bits);
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        for (number, shift) in numbers {
            prop_assert_eq!(code.read_number(&mut reader, "number"), Ok(number >> shift));
        }
    }

    #[test]
    fn any_bits_are_symbols_of_a_code_and_each_takes_its_length(frequencies in prop::collection::vec(0u64..1_000, 2..80), bytes in any_bytes()) {
        let code = PrefixCode::from_frequencies(&frequencies);
        let mut reader = BitReader::new(&bytes);
        loop {
            let left = reader.bits_left();
            let Ok(symbol) = code.read_symbol(&mut reader, "symbol") else { break };
            prop_assert!(symbol < frequencies.len());
            prop_assert_eq!(left - reader.bits_left(), code.length(symbol) as usize);
            prop_assert!(reader.bits_left() < left, "every symbol costs something, or work is not bounded");
        }
    }
}

// State.

fn some_facet<'a>(layout: &'a Layout, choices: &mut Choices<'_>) -> (FacetKind, &'a FacetLayout) {
    let at = choices.below(layout.facets().len() as u32);
    (FacetKind(at as u16), &layout.facets()[at as usize])
}

fn states(facet: &FacetLayout, choices: &mut Choices<'_>) -> Vec<PartState> {
    facet.parts.iter().zip(&facet.constant).map(|(part, &constant)| choices.state(part, constant)).collect()
}

fn in_range(facet: &FacetLayout, states: &[PartState]) -> bool {
    facet.parts.iter().zip(states).all(|(part, state)| (0..part.codes as i32).contains(&state.code) && state.class < 6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_mask_comes_back(game in game(), choices in choices()) {
        let mut choices = Choices::new(&choices);
        let (_, facet) = some_facet(&game.layout, &mut choices);
        for group in &facet.groups {
            let lowest = u32::from(facet.groups.len() == 1);
            let mask = lowest + choices.below((1 << group.parts.len()) - lowest);
            let mut writer = BitWriter::new();
            write_mask(&mut writer, &game.tables, facet, group, mask);
            let bytes = writer.into_bytes();
            prop_assert_eq!(read_mask(&mut BitReader::new(&bytes), &game.tables, facet, group), Ok(mask));
        }
    }

    #[test]
    fn sender_and_receiver_of_pieces_stay_together(game in game(), choices in choices(), ticks in 1usize..20) {
        let mut choices = Choices::new(&choices);
        let (_, facet) = some_facet(&game.layout, &mut choices);
        let mut sender = states(facet, &mut choices);
        let mut receiver = sender.clone();
        for _ in 0..ticks {
            advance(facet, &mut sender);
            advance(facet, &mut receiver);
            let row: Vec<i32> = facet.parts.iter().zip(&sender).zip(&facet.constant)
                .map(|((part, state), &constant)| if constant { state.code } else { choices.next_code(part, state.code) })
                .collect();
            let wrong = sender.iter().zip(&row).any(|(state, &code)| state.code != code);
            let mut writer = BitWriter::new();
            prop_assert_eq!(write_piece(&mut writer, &game.tables, facet, &mut sender, &row), wrong);
            let bits = writer.bit_length();
            prop_assert_eq!(bits > 0, wrong);
            if wrong {
                let bytes = writer.into_bytes();
                let mut reader = BitReader::new(&bytes);
                prop_assert_eq!(read_piece(&mut reader, &game.tables, facet, &mut receiver), Ok(()));
                prop_assert_eq!(bytes.len() * 8 - reader.bits_left(), bits);
            }
            prop_assert_eq!(&sender, &receiver);
            prop_assert_eq!(receiver.iter().map(|state| state.code).collect::<Vec<_>>(), row);
        }
    }

    #[test]
    fn any_bits_as_pieces_leave_every_code_in_range(game in game(), choices in choices(), bytes in any_bytes()) {
        let mut choices = Choices::new(&choices);
        let (_, facet) = some_facet(&game.layout, &mut choices);
        let mut states = states(facet, &mut choices);
        let mut reader = BitReader::new(&bytes);
        for _ in 0..64 {
            advance(facet, &mut states);
            prop_assert!(in_range(facet, &states));
            let left = reader.bits_left();
            let read = read_piece(&mut reader, &game.tables, facet, &mut states);
            prop_assert!(in_range(facet, &states));
            prop_assert!(read.is_err() || facet.groups.is_empty() || reader.bits_left() < left, "a piece costs something");
        }
    }

    #[test]
    fn a_record_comes_back(game in game(), choices in choices()) {
        let mut choices = Choices::new(&choices);
        let (kind, facet) = some_facet(&game.layout, &mut choices);
        let slots = game.layout.slots() as u32;
        let slot = Slot(choices.below(slots) as u16);
        let anchor = if facet.anchor { slot } else { Slot(choices.below(slots) as u16) };
        let record = Record { slot, kind, anchor };
        let states = states(facet, &mut choices);
        let mut writer = BitWriter::new();
        write_record(&mut writer, &game.layout, record, &states);
        let bits = writer.bit_length();
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        let mut read = vec![PartState::new(1)];
        prop_assert_eq!(read_record(&mut reader, &game.layout, &mut read), Ok(record));
        prop_assert_eq!(read, states);
        prop_assert_eq!(bytes.len() * 8 - reader.bits_left(), bits);
    }

    #[test]
    fn any_bits_as_a_record_are_refused_or_in_range(game in game(), bytes in any_bytes()) {
        let mut reader = BitReader::new(&bytes);
        let mut states = Vec::new();
        while let Ok(record) = read_record(&mut reader, &game.layout, &mut states) {
            let facet = game.layout.facet(record.kind).unwrap();
            prop_assert_eq!(states.len(), facet.parts.len());
            prop_assert!(in_range(facet, &states));
            for _ in 0..3 {
                advance(facet, &mut states);
                prop_assert!(in_range(facet, &states));
            }
        }
    }

    #[test]
    fn positions_come_back(game in game(), chosen in prop::collection::btree_set(0u32..600, 0..120), more in 0u32..3_000) {
        let positions: Vec<u32> = chosen.into_iter().collect();
        let among = positions.last().map_or(0, |last| last + 1) + more;
        let mut writer = BitWriter::new();
        write_positions(&mut writer, &game.tables, &positions, among);
        let bits = writer.bit_length();
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        let mut read = vec![7];
        prop_assert_eq!(read_positions(&mut reader, &game.tables, among, &mut read), Ok(()));
        prop_assert_eq!(read, positions);
        prop_assert_eq!(bytes.len() * 8 - reader.bits_left(), bits);
    }

    #[test]
    fn any_bits_as_positions_ascend_below_the_end_or_are_refused(game in game(), bytes in any_bytes(), among in 0u32..5_000) {
        let mut positions = Vec::new();
        let read = read_positions(&mut BitReader::new(&bytes), &game.tables, among, &mut positions);
        prop_assert!(positions.len() <= (among as usize).min(bytes.len() * 8));
        if read.is_ok() {
            prop_assert!(positions.is_sorted_by(|earlier, later| earlier < later));
            prop_assert!(positions.last().is_none_or(|&last| last < among));
        }
    }

    #[test]
    fn slots_come_back_from_their_ranks(held in prop::collection::btree_set(0u16..1_000, 0..200), wanted in prop::collection::btree_set(0u16..1_000, 0..200)) {
        let [mut set, mut wish] = [SlotSet::new(1_000), SlotSet::new(1_000)];
        held.iter().for_each(|&slot| { set.insert(Slot(slot)); });
        wanted.iter().for_each(|&slot| { wish.insert(Slot(slot)); });
        let (mut positions, mut slots) = (Vec::new(), Vec::new());
        set.ranks(&wish, &mut positions);
        set.at_ranks(&positions, &mut slots);
        prop_assert_eq!(slots, held.intersection(&wanted).map(|&slot| Slot(slot)).collect::<Vec<_>>());
    }
}

// Messages.

fn extensions() -> impl Strategy<Value = Vec<Extension>> {
    let extension =
        (any::<u16>(), prop::collection::vec(any::<u8>(), 0..40)).prop_map(|(id, bytes)| Extension { id, bytes });
    prop::collection::vec(extension, 0..4)
}

prop_compose! {
    fn hello()(
        (protocol_min, protocol_max, features) in any::<(u16, u16, u32)>(),
        (schema, tables, resume) in any::<(Option<u64>, Option<u64>, Option<[u8; 16]>)>(),
        name in ".{0,16}",
        extensions in extensions(),
    ) -> Hello {
        Hello { protocol_min, protocol_max, schema, tables, features, name, resume, extensions }
    }
}

prop_compose! {
    fn welcome()(
        (protocol, incarnation, player, tick_rate_hz, tick, slot_bits) in any::<(u16, u64, u32, u16, u32, u8)>(),
        (schema_fingerprint, schema, tables_fingerprint, tables) in any::<(u64, Option<Vec<u8>>, u64, Option<Vec<u8>>)>(),
        (map_hash, features, resume) in any::<(u64, u32, Option<[u8; 16]>)>(),
        (message_bytes, messages_per_second, input_ahead_ticks, catch_up_ticks) in any::<(u32, u32, u32, u32)>(),
        map in ".{0,40}",
        extensions in extensions(),
    ) -> Welcome {
        let limits = WelcomeLimits { message_bytes, messages_per_second, input_ahead_ticks, catch_up_ticks };
        Welcome {
            protocol, incarnation, player, tick_rate_hz, tick, slot_bits, schema_fingerprint, schema, tables_fingerprint,
            tables, map_hash, map, features, limits, resume, extensions,
        }
    }
}

prop_compose! {
    fn redirect()(url in ".{0,60}", ticket in ".{0,200}", extensions in extensions()) -> Redirect {
        Redirect { url, ticket, extensions }
    }
}

const NOW: Tick = Tick(1_000_000);

fn near_now() -> impl Strategy<Value = Tick> {
    (0u32..65_536).prop_map(|ahead| Tick(NOW.0 - 32_768 + ahead))
}

fn client_message(schema: &Schema, hello: Hello, ticks: [Tick; 3], choices: &mut Choices<'_>) -> ClientMessage {
    let [tick, newest, older] = ticks;
    match choices.below(8) {
        0 => ClientMessage::Hello(Box::new(hello)),
        1 => {
            let span = choices.below(32) as u8;
            let sixteenths = choices.below(16 * u32::from(span) + 1) as u16;
            let view = ViewTick { older, span, sixteenths };
            ClientMessage::Input(Input { tick, newest, view, codes: choices.values(&schema.input) })
        }
        2 => ClientMessage::Confirm { newest },
        3 => ClientMessage::Pause { on: choices.below(2) == 1 },
        4 => ClientMessage::Resync { tick },
        5 if !schema.requests.is_empty() => {
            let kind = choices.below(schema.requests.len() as u32) as u8;
            let codes = choices.values(&schema.requests[usize::from(kind)]);
            ClientMessage::Request { number: choices.below(1 << 16) as u16, kind, codes }
        }
        6 => ClientMessage::Bye,
        _ => ClientMessage::Ping { stamp: choices.below(u32::MAX) },
    }
}

fn header() -> impl Strategy<Value = FrameHeader> {
    let kind = prop_oneof![
        Just(FrameKind::Full),
        Just(FrameKind::KeepAlive),
        (1u32..=16, any::<u16>()).prop_map(|(covered, applied)| {
            FrameKind::Step { covered, applied: (u32::from(applied) & ((1 << covered) - 1)) as u16 }
        }),
    ];
    let proof = prop_oneof![
        any::<u16>().prop_map(Proof::Folded),
        any::<(u32, u32)>().prop_map(|(a, b)| Proof::Whole(Lanes { a, b })),
    ];
    let rest =
        (any::<u8>(), any::<Option<i8>>(), any::<Option<u16>>(), any::<bool>(), (0u8..16, 0u8..16), any::<bool>());
    (kind, near_now(), rest, proof).prop_map(
        |(kind, tick, (epoch, early, me, complete, (leaves, sections), events), proof)| {
            if kind == FrameKind::KeepAlive {
                return FrameHeader::keep_alive(tick);
            }
            // A full frame drops everything: nothing of it leaves.
            let leaves = if kind == FrameKind::Full { 0 } else { leaves };
            FrameHeader { kind, tick, epoch, early, me: me.map(Slot), complete, leaves, sections, events, proof }
        },
    )
}

const fn digest_of(proof: Proof) -> Digest {
    match proof {
        Proof::Folded(_) => Digest::Folded,
        Proof::Whole(_) => Digest::Whole,
    }
}

proptest! {
    #[test]
    fn control_messages_come_back(hello in hello(), welcome in welcome(), redirect in redirect()) {
        let mut bytes = Vec::new();
        write_hello(&mut bytes, &hello);
        prop_assert_eq!(read_hello(&bytes), Ok(hello));
        bytes.clear();
        write_welcome(&mut bytes, &welcome);
        prop_assert_eq!(read_welcome(&bytes), Ok(welcome));
        bytes.clear();
        write_redirect(&mut bytes, &redirect);
        prop_assert_eq!(read_redirect(&bytes), Ok(redirect));
    }

    #[test]
    fn any_bytes_as_control_messages_take_no_more_memory_than_the_limit(bytes in any_bytes(), hello in hello(), choices in choices()) {
        let mut spoilt = Vec::new();
        write_hello(&mut spoilt, &hello);
        spoil(&mut spoilt, &mut Choices::new(&choices));
        for bytes in [&bytes, &spoilt] {
            if let Ok(hello) = read_hello(bytes) {
                prop_assert!(hello.name.len() <= NAME_BYTES_MAX);
                prop_assert!(hello.extensions.iter().map(|extension| extension.bytes.capacity()).sum::<usize>() <= CLIENT_MESSAGE_BYTES_MAX);
            }
            let _ = read_welcome(bytes);
            let _ = read_redirect(bytes);
        }
    }

    #[test]
    fn a_server_message_comes_back(welcome in welcome(), redirect in redirect(), stamp: u32, number: u16, reason: u8, state in any_bytes()) {
        let state = [&[2], state.as_slice()].concat();
        for message in [
            ServerMessage::Welcome(Box::new(welcome)),
            ServerMessage::State(&state),
            ServerMessage::Pong { stamp },
            ServerMessage::Reply { number, outcome: Outcome::Done },
            ServerMessage::Reply { number, outcome: Outcome::Refused(reason) },
            ServerMessage::Redirect(Box::new(redirect)),
        ] {
            let bytes = message.to_bytes();
            prop_assert_eq!(ServerMessage::read(&bytes), Ok(message));
        }
    }

    #[test]
    fn any_bytes_are_refused_as_a_server_message_or_the_only_form_of_one(mut bytes in any_bytes(), kind in 0u8..7) {
        bytes.insert(0, kind);
        bytes.truncate(if kind == 3 || kind == 4 { 6 } else { 400 });
        match ServerMessage::read(&bytes) {
            Ok(ServerMessage::Welcome(_) | ServerMessage::Redirect(_)) | Err(_) => {}
            Ok(message) => prop_assert_eq!(message.to_bytes(), bytes),
        }
    }

    #[test]
    fn a_frame_header_comes_back(header in header()) {
        let mut writer = BitWriter::new();
        header.write(&mut writer);
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        prop_assert_eq!(FrameHeader::read(&mut reader, NOW, digest_of(header.proof)), Ok(header));
        prop_assert_eq!(reader.finish(), Ok(()));
    }

    #[test]
    fn any_bytes_are_refused_as_a_frame_header_or_the_only_form_of_one(mut bytes in any_bytes(), whole: bool) {
        bytes.insert(0, 2);
        let digest = if whole { Digest::Whole } else { Digest::Folded };
        let mut reader = BitReader::new(&bytes);
        if let Ok(header) = FrameHeader::read(&mut reader, NOW, digest) {
            let mut writer = BitWriter::new();
            header.write(&mut writer);
            let written = writer.into_bytes();
            prop_assert_eq!(Some(written.as_slice()), bytes.get(..bytes.len() - reader.bits_left() / 8));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_client_message_comes_back(schema in schema(), hello in hello(), ticks in [near_now(), near_now(), near_now()], choices in choices()) {
        let message = client_message(&schema, hello, ticks, &mut Choices::new(&choices));
        let bytes = message.to_bytes(&schema);
        prop_assert!(bytes.len() <= CLIENT_MESSAGE_BYTES_MAX);
        prop_assert_eq!(ClientMessage::read(&bytes, &schema, NOW), Ok(message));
    }

    #[test]
    fn a_spoilt_client_message_is_refused_or_the_only_form_of_another(schema in schema(), hello in hello(), ticks in [near_now(), near_now(), near_now()], choices in choices()) {
        let mut choices = Choices::new(&choices);
        let message = client_message(&schema, hello, ticks, &mut choices);
        let mut bytes = message.to_bytes(&schema);
        spoil(&mut bytes, &mut choices);
        match ClientMessage::read(&bytes, &schema, NOW) {
            Ok(ClientMessage::Hello(_)) | Err(_) => {}
            Ok(message) => prop_assert_eq!(message.to_bytes(&schema), bytes),
        }
    }

    #[test]
    fn any_bytes_are_refused_as_a_client_message_or_the_only_form_of_one(schema in schema(), kind in 0u8..10, bytes in any_bytes()) {
        let bytes = [&[kind], bytes.as_slice()].concat();
        for length in [bytes.len(), 1, 2, 3, 5, 9, 12, 20].map(|length| length.min(bytes.len())) {
            match ClientMessage::read(&bytes[..length], &schema, NOW) {
                Ok(ClientMessage::Hello(_)) | Err(_) => {}
                Ok(message) => {
                    prop_assert_eq!(message.to_bytes(&schema), &bytes[..length]);
                    if let ClientMessage::Input(Input { codes, .. }) | ClientMessage::Request { codes, .. } = message {
                        prop_assert!(codes.len() <= INPUT_PARTS_MAX);
                    }
                }
            }
        }
    }
}

#[test]
fn a_section_has_a_bit_of_its_own() {
    let header = FrameHeader { leaves: 0b1010, sections: 0b0101, ..FrameHeader::keep_alive(Tick(1)) };
    assert_eq!(Section::ALL.map(|section| header.has(section)), [true, false, true, false]);
    assert_eq!(Section::ALL.map(|section| header.has_leaves(section)), [false, true, false, true]);
}
