//! What a client is told once: the schema, the code tables, and the codes themselves.

use crate::any_game::{Choices, any_bytes, choices, game, schema, spoil};
use proptest::prelude::*;
use shared::bits::{BitReader, BitWriter};
use shared::codec::contexts::families;
use shared::codec::prefix_code::NUMBER_SYMBOLS;
use shared::codec::{PrefixCode, Tables};
use shared::schema::{Layout, Schema};

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
            for (context, family) in families(&game.layout).into_iter().enumerate() {
                prop_assert_eq!(tables.code(context).lengths().len(), family.symbols());
            }
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

#[test]
fn names_where_nobody_reads_them_are_refused() {
    let bool_with_names = |names: &[u8]| {
        let mut bytes = vec![2, 1, b'g', 0, 0, 1, b'i', 1, 1, b'f', 4];
        bytes.extend_from_slice(b"bool\0");
        bytes.extend_from_slice(names);
        bytes.extend_from_slice(b"\x08everyone\x04hold\0\0\0\0\0\0");
        bytes
    };
    assert!(Schema::from_bytes(&bool_with_names(&[0])).is_ok());
    assert!(Schema::from_bytes(&bool_with_names(&[1, 1, b'n'])).is_err());
}

#[test]
fn a_reference_that_only_some_may_read_is_refused_also_by_who_did_not_derive_it() {
    let reference_for = |audience: &str| {
        let mut bytes = vec![2, 1, b'g', 1, 1, b'c', 1, 1, b'f', 9];
        bytes.extend_from_slice(b"reference\0\0");
        bytes.push(audience.len() as u8);
        bytes.extend_from_slice(audience.as_bytes());
        bytes.extend_from_slice(b"\x04hold\0\0\0\0\0\x01i\0\0\0");
        bytes
    };
    assert!(Schema::from_bytes(&reference_for("everyone")).is_ok());
    assert!(Schema::from_bytes(&reference_for("owner")).is_err());
    assert!(Schema::from_bytes(&reference_for("team")).is_err());
}
