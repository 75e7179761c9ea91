//! Schemas and code tables: what is accepted is written again as the same bytes, can be laid out or is refused by name, and is usable.

use crate::bounded::{per_byte, within};
use crate::games::game;
use shared::codec::Tables;
use shared::limits::{SLOT_BITS_MAX, SLOT_BITS_MIN};
use shared::schema::{Layout, Schema};

/// Memory that one set of tables may take: 512 codes with a look-up each.
const TABLES_BYTES_MAX: usize = 16 << 20;

/// A schema.
pub fn schema(bytes: &[u8]) {
    let Ok(schema) = within(per_byte(bytes.len()) + 64 * 1024, || Schema::from_bytes(bytes)) else { return };
    assert_eq!(schema.to_bytes(), bytes, "a schema has one form");
    assert_eq!(schema.check(), Ok(()));
    let slot_bits = SLOT_BITS_MIN + u32::from(bytes[bytes.len() / 2]) % (SLOT_BITS_MAX - SLOT_BITS_MIN + 1);
    let Ok(layout) = within(16 << 20, || Layout::new(&schema, slot_bits)) else { return };
    // Making tables takes a hundred times as long as reading a schema: one in sixteen is enough of them.
    if bytes.iter().fold(0, |sum: u8, byte| sum.wrapping_add(*byte)) % 16 != 0 {
        return;
    }
    let tables = Tables::untrained(&layout);
    assert_eq!(Tables::from_bytes(&tables.to_bytes(), &layout), Ok(tables), "its tables come back");
}

/// Code tables: the first byte chooses the game, and whether they lie in a file.
pub fn tables(bytes: &[u8]) {
    let Some((&first, bytes)) = bytes.split_first() else { return };
    let game = game(first);
    if first & 0x80 == 0 {
        let Ok(tables) = within(TABLES_BYTES_MAX, || Tables::from_bytes(bytes, &game.layout)) else { return };
        assert_eq!(tables.to_bytes(), bytes, "tables have one form");
    } else {
        let Some(name) = bytes.get(8..16).and_then(|name| name.try_into().ok()) else { return };
        let name = u64::from_le_bytes(name);
        let Ok(tables) = within(TABLES_BYTES_MAX, || Tables::from_file(bytes, name, &game.layout)) else { return };
        assert_eq!(tables.to_file(name), bytes, "a file of tables has one form");
        assert!(Tables::from_file(bytes, !name, &game.layout).is_err(), "they are for one schema only");
    }
}
