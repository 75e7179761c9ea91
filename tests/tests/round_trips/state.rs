//! What travels every tick: masks, pieces, records, positions.

use crate::any_game::{Choices, any_bytes, choices, game};
use proptest::prelude::*;
use shared::bits::{BitReader, BitWriter};
use shared::codec::piece::{advance, predict, read_piece, write_piece};
use shared::codec::positions::{PositionsOf, read_positions, write_positions};
use shared::codec::record::{read_record, write_record};
use shared::codec::{Packer, PartState, Record};
use shared::ids::Slot;
use shared::limits::GROUP_PARTS_MAX;
use shared::schema::facet::FacetLayout;
use shared::schema::{FacetKind, Layout, Part};
use shared::slot_set::SlotSet;

fn some_facet<'a>(layout: &'a Layout, choices: &mut Choices<'_>) -> (FacetKind, &'a FacetLayout) {
    let at = choices.below(layout.facets().len() as u32);
    (FacetKind(at as u16), &layout.facets()[at as usize])
}

fn states(facet: &FacetLayout, choices: &mut Choices<'_>) -> Vec<PartState> {
    let state = |(at, part)| choices.state(part, facet.is_constant(at));
    let mut states: Vec<PartState> = facet.parts.iter().enumerate().map(state).collect();
    for (group, first) in facet.groups.iter().zip(states.iter_mut().step_by(GROUP_PARTS_MAX)) {
        first.mask = choices.below(group.masks() as u32) as u8;
    }
    states
}

fn in_range(facet: &FacetLayout, states: &[PartState]) -> bool {
    facet.parts.iter().zip(states).all(|(part, state)| state.code as u32 <= part.last && state.class < 6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn sender_and_receiver_of_pieces_stay_together(game in game(), choices in choices(), ticks in 1usize..20) {
        let mut choices = Choices::new(&choices);
        let (_, facet) = some_facet(&game.layout, &mut choices);
        let mut sender = states(facet, &mut choices);
        let mut receiver = sender.clone();
        for _ in 0..ticks {
            let row: Vec<i32> = facet.parts.iter().zip(&sender).enumerate()
                .map(|(at, (part, state))| if facet.is_constant(at) { state.code } else { choices.next_code(part, state.code) })
                .collect();
            let mut guess = sender.clone();
            advance(facet, &mut guess);
            let off = |part: &Part, state: &PartState, code: i32| state.residual_to(part, code).unsigned_abs();
            let wrong = facet.parts.iter().zip(&guess).zip(&row)
                .any(|((part, state), &code)| off(part, state, code) > u32::from(part.tolerance));
            let before = sender.clone();
            let predicted = predict(facet, &mut sender, &row);
            prop_assert!(predicted.misses.any() || !wrong, "what is wrong is missed");
            prop_assert!(predicted.moved || before == sender, "what does not move stays");
            if predicted.misses.any() {
                let mut writer = BitWriter::new();
                let mut packer = Packer { writer: &mut writer, tables: &game.tables };
                write_piece(&mut packer, &game.layout, facet, &mut sender, &row, predicted.misses);
                let bits = writer.bit_length();
                let bytes = writer.into_bytes();
                let mut reader = BitReader::new(&bytes);
                prop_assert_eq!(read_piece(&mut reader, &game.layout, &game.tables, facet, &mut receiver), Ok(()));
                prop_assert_eq!(bytes.len() * 8 - reader.bits_left(), bits);
            } else {
                advance(facet, &mut receiver);
            }
            prop_assert_eq!(&sender, &receiver);
            for ((part, state), &code) in facet.parts.iter().zip(&receiver).zip(&row) {
                prop_assert!(off(part, state, code) <= u32::from(part.tolerance));
            }
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
            let read = read_piece(&mut reader, &game.layout, &game.tables, facet, &mut states);
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
        write_record(&mut Packer { writer: &mut writer, tables: &game.tables }, &game.layout, record, &states);
        let bits = writer.bit_length();
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        let mut read = vec![PartState::default()];
        prop_assert_eq!(read_record(&mut reader, &game.layout, &game.tables, &mut read), Ok(record));
        prop_assert_eq!(read, states);
        prop_assert_eq!(bytes.len() * 8 - reader.bits_left(), bits);
    }

    #[test]
    fn any_bits_as_a_record_are_refused_or_in_range(game in game(), bytes in any_bytes()) {
        let mut reader = BitReader::new(&bytes);
        let mut states = Vec::new();
        while let Ok(record) = read_record(&mut reader, &game.layout, &game.tables, &mut states) {
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
        write_positions(&mut Packer { writer: &mut writer, tables: &game.tables }, PositionsOf::Pieces, &positions, among);
        let bits = writer.bit_length();
        let bytes = writer.into_bytes();
        let mut reader = BitReader::new(&bytes);
        let mut read = vec![7];
        prop_assert_eq!(read_positions(&mut reader, &game.tables, PositionsOf::Pieces, among, &mut read), Ok(()));
        prop_assert_eq!(read, positions);
        prop_assert_eq!(bytes.len() * 8 - reader.bits_left(), bits);
    }

    #[test]
    fn any_bits_as_positions_ascend_below_the_end_or_are_refused(game in game(), bytes in any_bytes(), among in 0u32..5_000) {
        let mut positions = Vec::new();
        let read = read_positions(&mut BitReader::new(&bytes), &game.tables, PositionsOf::Pieces, among, &mut positions);
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
