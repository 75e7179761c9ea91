//! Bytes to messages: is this shaped like something that a client may say?
//!
//! The decoder checks every range that the schema declares, so what comes out is well-formed. It is not believed yet. What an input
//! said is kept per connection, for the next one may say "the same".

use crate::counts::Counts;
use crate::exchange::{ConnectionId, Incoming, Received};
use crate::seats::Seats;
use crate::sim::InputCodes;
use shared::ids::Tick;
use shared::schema::Schema;
use shared::wire::ClientMessage;

/// A message, or that there was none in the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded {
    /// From whom.
    pub connection: ConnectionId,
    /// What it says; `None` if the bytes were no message.
    pub message: Option<ClientMessage>,
    /// How long before this tick began it arrived, in 1/16 tick.
    pub early_sixteenths: i32,
}

/// Decodes what came from connections that are still listened to, in order.
pub fn decode(
    incoming: &mut Incoming,
    schema: &Schema,
    seats: &mut Seats,
    tick: Tick,
    counts: &mut Counts,
) -> Vec<Decoded> {
    let mut decoded = Vec::with_capacity(incoming.messages.len());
    let Incoming { messages, bytes, .. } = incoming;
    for received in messages.drain(..) {
        if !seats.listens_to(received.connection) {
            continue;
        }
        let bytes = bytes.get(received.at.clone()).unwrap_or_default();
        let said = seats.said(received.connection);
        let before = said.as_ref().map(InputCodes::as_slice);
        let message = ClientMessage::read_after(bytes, schema, tick, before, || seats.spare_codes()).ok();
        if let Some(ClientMessage::Input(input)) = &message {
            seats.note_said(received.connection, &input.codes);
        }
        counts.malformed += u64::from(message.is_none());
        let Received { connection, early_sixteenths, .. } = received;
        decoded.push(Decoded { connection, message, early_sixteenths });
    }
    bytes.clear();
    decoded
}
