//! Values as codes, and codes raw.

use crate::any_game::{Choices, any_bytes, choices, declaration, quantiser};
use proptest::prelude::*;
use shared::bits::{BitReader, BitWriter};
use shared::ids::Tick;
use shared::quantise::{angle_code, angle_value};
use shared::schema::{Replicated, Text};
use shared::wire::CloseCode;
use shared::wire::values::{NO_REFERENCE, read_values, write_values};

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
                prop_assert!(code == NO_REFERENCE || code as u32 <= part.last);
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
        use shared::game::{chat, components, input, pickup, round};
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
        check::<pickup::Pickup>(&mut choices);
        check::<pickup::Taken>(&mut choices);
        check::<round::Side>(&mut choices);
        check::<round::Match>(&mut choices);
        check::<round::RoundOver>(&mut choices);
        check::<chat::Say>(&mut choices);
        check::<chat::Said>(&mut choices);
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
