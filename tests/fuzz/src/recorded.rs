//! A match that was played, as one connection heard it: every message of a real room, in order.
//!
//! The match is always the same: what a fuzzer found once is found again.

use shared::codec::Tables;
use shared::ids::Tick;
use shared::schema::{Layout, Schema};
use shared::wire::control::FEATURE_FULL_DIGEST;
use shared::wire::version::PROTOCOL;
use shared::wire::{ClientMessage, Digest, FrameHeader, Hello};
use std::sync::Arc;
use tests::Arena;
use tests::zoo::Zoo;

/// What was heard, and what it takes to read it.
pub struct Recorded {
    /// The game.
    pub schema: Arc<Schema>,
    /// Laid out.
    pub layout: Arc<Layout>,
    /// Its codes.
    pub tables: Arc<Tables>,
    /// The Welcome's tick.
    pub tick: Tick,
    /// Everything, the Welcome first.
    pub messages: Vec<Vec<u8>>,
}

impl Recorded {
    /// A wild zoo for so many ticks, heard with the full digest, with pauses in the middle and a full frame at the end.
    #[must_use]
    pub fn zoo(ticks: u32) -> Self {
        let zoo = Zoo { crowd: 10, deaths: 30, whims: 30, ..Zoo::default() };
        let mut arena = Arena::seeded(0xF022).zoo(zoo).clients(1).budget(160).slot_bits(8).keep_seats(5).start();
        arena.run(12);
        let at = arena.stranger();
        let (protocol_min, protocol_max) = (PROTOCOL, PROTOCOL);
        let hello = Hello { protocol_min, protocol_max, features: FEATURE_FULL_DIGEST, ..Hello::default() };
        let hello = arena.message(&ClientMessage::Hello(Box::new(hello)));
        arena.strangers[at].say(hello);
        for tick in 0..ticks {
            arena.step();
            arena.strangers[at].busy = tick % 7 == 3;
            let newest = arena.message(&ClientMessage::Confirm { newest: arena.tick() });
            let sent = arena.strangers[at].heard.last().is_some_and(|bytes| FrameHeader::is_frame(bytes));
            if sent && !arena.strangers[at].busy && tick % 7 != 4 {
                arena.strangers[at].say(newest);
            }
        }
        let resync = arena.message(&ClientMessage::Resync { tick: arena.tick() });
        arena.strangers[at].say(resync);
        arena.strangers[at].busy = false;
        arena.step();
        let stranger = &arena.strangers[at];
        assert_eq!(stranger.closed, None, "it was heard to the end");
        let welcome = stranger.welcome().expect("it was let in");
        let schema = Schema::from_bytes(&welcome.schema.expect("it held none")).expect("a schema");
        let layout = Layout::new(&schema, u32::from(welcome.slot_bits)).expect("a layout");
        let tables = Tables::from_bytes(&welcome.tables.expect("it held none"), &layout).expect("tables");
        Self {
            schema: Arc::new(schema),
            layout: Arc::new(layout),
            tables: Arc::new(tables),
            tick: Tick(welcome.tick),
            messages: stranger.heard.clone(),
        }
    }

    /// The state frames alone.
    #[must_use]
    pub fn frames(&self) -> Vec<Vec<u8>> {
        self.messages.iter().filter(|bytes| FrameHeader::is_frame(bytes)).cloned().collect()
    }

    /// A replica that holds nothing yet.
    #[must_use]
    pub fn replica(&self) -> client_sim::replica::Replica {
        let (schema, layout, tables) = (self.schema.clone(), self.layout.clone(), self.tables.clone());
        client_sim::replica::Replica::new(schema, layout, tables, self.tick, Digest::Whole)
    }
}
