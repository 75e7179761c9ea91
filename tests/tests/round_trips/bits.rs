//! Numbers as bits.

use crate::any_game::any_bytes;
use proptest::prelude::*;
use shared::bits::varint::{read_number, unzigzag, write_number, zigzag};
use shared::bits::{BitReader, BitSpan, BitWriter};

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
