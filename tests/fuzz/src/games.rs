//! Games whose messages are read: the golden one, whose bytes are seeds, and the one in the box; both rooms' layouts differ in size.

use crate::seeds::golden;
use shared::ids::Tick;
use shared::schema::{Layout, Schema};
use std::sync::LazyLock;

/// A game, and what reading needs of it.
pub struct Game {
    /// What may be said.
    pub schema: Schema,
    /// The codec's view of it.
    pub layout: Layout,
    /// What an input said before.
    pub before: Vec<i32>,
}

/// The tick near which golden messages lie.
pub const NEAR: Tick = Tick(70_000);

/// All of them.
pub static GAMES: LazyLock<[Game; 2]> = LazyLock::new(|| {
    let schema = Schema::from_bytes(&golden("schema")).expect("the golden schema is one");
    [(schema, 6), (shared::game::schema(), 10)].map(|(schema, slot_bits)| Game {
        layout: Layout::new(&schema, slot_bits).expect("it can be laid out"),
        before: vec![0; schema.input.part_count()],
        schema,
    })
});

/// One of them.
#[must_use]
pub fn game(which: u8) -> &'static Game {
    &GAMES[usize::from(which) % GAMES.len()]
}
