//! Messages to what may be believed: does this make sense, from this client, now?
//!
//! ```text
//!   not decoded           strike; the third closes             Malformed
//!   not a Hello, unseated closes                               OutOfPlace
//!   input too far ahead   closes                               OutOfPlace      (too far back for no reason: strike)
//!   an auditor plays      closes                               OutOfPlace      (so does a spectator, who may pause)
//!   confirms what was never sent, draws what it never got      closes          OutOfPlace
//!   pings over the limit  not answered                                         (far too many: TooFast)
//!   a new ticket too soon strike; the third closes             TooFast         (one per second)
//!   requests over the limit                                    closes          TooFast
//! ```
//!
//! [`Validated`] can only be made here: whoever holds one need not ask again.

use super::decode::Decoded;
use crate::counts::Counts;
use crate::exchange::{ConnectionId, Outgoing};
use crate::seats::{PingFate, Seats};
use crate::sim::PlayerRequest;
use crate::standing::Standing;
use shared::ids::{EntityId, PlayerId, Slot, Tick};
use shared::limits::{
    INPUT_AHEAD_TICKS_MAX, INPUT_LATE_TICKS_MAX, RENEW_SECONDS, REQUESTS_WAITING_MAX, RESYNC_SECONDS,
};
use shared::schema::{Declaration, Schema, Section};
use shared::wire::client_message::ViewTick;
use shared::wire::values::{NO_REFERENCE, is_reference};
use shared::wire::{ClientMessage, CloseCode, Hello, Input, ServerMessage};

/// Something that passed [`validate`]. If you hold one, it was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validated<T>(T);

impl<T> Validated<T> {
    /// What was checked.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// What a tick's messages come to.
#[derive(Debug, Default)]
pub struct Accepted {
    /// Connections that want a seat; the room decides.
    pub hellos: Vec<(ConnectionId, Validated<Box<Hello>>)>,
    /// Inputs, each player's in order, with how early each came in 1/16 tick before *this* tick.
    pub inputs: Vec<(PlayerId, Validated<Input>, i32)>,
    /// Requests, each player's in order.
    pub requests: Vec<Validated<PlayerRequest>>,
}

/// What messages are weighed by, and where answers and closes go.
pub struct Scales<'a> {
    /// Who is in.
    pub seats: &'a mut Seats,
    /// What there is to say.
    pub schema: &'a Schema,
    /// The entity whose anchor has a slot since that tick or longer.
    pub entity_at: &'a dyn Fn(Slot, Tick) -> Option<EntityId>,
    /// The tick that is about to be stepped.
    pub tick: Tick,
    /// Ticks per second.
    pub tick_rate_hz: u32,
    /// What happened.
    pub counts: &'a mut Counts,
    /// Where answers and closes go.
    pub out: &'a mut Outgoing,
}

/// Why a message was not accepted.
enum Refusal {
    /// Noted; too many of these close.
    Strike(CloseCode),
    /// The connection is closed.
    Close(CloseCode),
}

/// Weighs all messages of a tick. Answers what can be answered at once.
pub fn validate(messages: Vec<Decoded>, scales: &mut Scales<'_>) -> Accepted {
    let mut accepted = Accepted { inputs: Vec::with_capacity(messages.len()), ..Accepted::default() };
    for decoded in messages {
        let connection = decoded.connection;
        // An earlier message of this tick may have closed it.
        if !scales.seats.listens_to(connection) {
            continue;
        }
        let code = match scales.weigh(decoded, &mut accepted) {
            Ok(()) => continue,
            Err(Refusal::Strike(code)) if scales.seats.strike(connection) => code,
            Err(Refusal::Strike(_)) => continue,
            Err(Refusal::Close(code)) => code,
        };
        scales.out.closes.push((connection, code));
        scales.seats.close(connection);
    }
    scales.answer_resyncs();
    accepted
}

impl Scales<'_> {
    fn weigh(&mut self, decoded: Decoded, accepted: &mut Accepted) -> Result<(), Refusal> {
        let Decoded { connection, message, early_sixteenths } = decoded;
        let message = message.ok_or(Refusal::Strike(CloseCode::Malformed))?;
        let Some(seat) = self.seats.of(connection) else {
            let waits = accepted.hellos.iter().any(|(other, _)| *other == connection);
            let ClientMessage::Hello(hello) = message else { return Err(self.out_of_place()) };
            if waits {
                return Err(self.out_of_place());
            }
            accepted.hellos.push((connection, Validated(hello)));
            return Ok(());
        };
        let player = seat.player;
        let acts = matches!(message, ClientMessage::Input(_) | ClientMessage::Request { .. });
        let pauses = matches!(message, ClientMessage::Pause { .. });
        let out_of_place = match seat.standing() {
            Standing::Player => false,
            Standing::Spectator => acts,
            Standing::Auditor => acts || pauses,
        };
        if out_of_place {
            return Err(self.out_of_place());
        }
        match message {
            ClientMessage::Hello(_) => return Err(self.out_of_place()),
            ClientMessage::Input(input) => {
                self.check_input(&input, connection)?;
                let codes = self.resolve(input.codes, &self.schema.input, connection);
                let view = within_reach(input.view, self.tick);
                accepted.inputs.push((player, Validated(Input { codes, view, ..input }), early_sixteenths));
            }
            ClientMessage::Confirm { newest } => {
                let now = seat.client.shown_at(self.tick);
                if seat.client.window.confirm(newest, now).is_err() {
                    return Err(self.out_of_place());
                }
                seat.show_welcomed(newest);
            }
            // Its next frame covers what it missed: a full one only if that is too much, so that toggling buys nothing.
            ClientMessage::Pause { on } => seat.client.paused = on,
            // Until it is answered the client applies nothing: one that comes too soon is remembered.
            ClientMessage::Resync { .. } => self.seats.ask_resync(player),
            ClientMessage::Ping { stamp } => match seat.pings.take(self.tick, self.tick_rate_hz) {
                PingFate::Answer => self.out.send(connection, &ServerMessage::Pong { stamp }),
                PingFate::Silence => self.counts.pings_unanswered += 1,
                PingFate::Flood => return Err(Refusal::Close(CloseCode::TooFast)),
            },
            ClientMessage::Request { number, kind, codes } => {
                let codes = self.check_request(kind, codes, connection)?;
                accepted.requests.push(Validated(PlayerRequest { player, number, kind, codes }));
            }
            ClientMessage::Bye => return Err(Refusal::Close(CloseCode::Normal)),
            ClientMessage::Renew(renew) => {
                if !self.seats.may_renew(connection, self.tick, RENEW_SECONDS * self.tick_rate_hz) {
                    return Err(Refusal::Strike(CloseCode::TooFast));
                }
                self.counts.tickets_renewed += 1;
                self.out.renewals.push((connection, renew.ticket));
            }
        }
        Ok(())
    }

    /// A full frame for who asked for one, at most one per [`RESYNC_SECONDS`].
    fn answer_resyncs(&mut self) {
        let pause = RESYNC_SECONDS * self.tick_rate_hz;
        let mut waiting = self.seats.take_resyncs();
        waiting.retain(|&player| {
            let Some(seat) = self.seats.get_mut(player) else { return false };
            if seat.resynced.is_some_and(|last| self.tick.since(last) < pause) {
                return true;
            }
            seat.resync = false;
            seat.resynced = Some(self.tick);
            seat.client.view.start_anew();
            self.counts.resyncs += 1;
            false
        });
        self.seats.put_resyncs(waiting);
    }

    fn out_of_place(&mut self) -> Refusal {
        self.counts.out_of_place += 1;
        Refusal::Close(CloseCode::OutOfPlace)
    }

    /// An input must be for a tick that is near, confirm a frame that was sent, and have been drawn from frames that were.
    fn check_input(&mut self, input: &Input, connection: ConnectionId) -> Result<(), Refusal> {
        let Some(seat) = self.seats.of(connection) else { return Ok(()) };
        let confirmed = seat.client.window.confirm(input.newest, self.tick).is_ok();
        let drawn = input.view.older.after(u32::from(input.view.span));
        if !confirmed || drawn > input.newest || input.tick > self.tick.after(INPUT_AHEAD_TICKS_MAX) {
            return Err(self.out_of_place());
        }
        seat.show_welcomed(input.newest);
        // Whose path stood still sends on where it was, however late; who names the past without need does not.
        let goes_on = seat.newest_input.is_some_and(|newest| input.tick > newest);
        seat.newest_input = seat.newest_input.max(Some(input.tick));
        if self.tick.since(input.tick) > INPUT_LATE_TICKS_MAX && !goes_on {
            self.counts.out_of_place += 1;
            return Err(Refusal::Strike(CloseCode::OutOfPlace));
        }
        Ok(())
    }

    /// A request must be one that the game has, and not one too many in a tick.
    fn check_request(&mut self, kind: u8, codes: Vec<i32>, connection: ConnectionId) -> Result<Vec<i32>, Refusal> {
        let Some(seat) = self.seats.of(connection) else { return Err(Refusal::Close(CloseCode::TooFast)) };
        let in_this_tick = if seat.requests.0 == self.tick { seat.requests.1 } else { 0 };
        if in_this_tick >= REQUESTS_WAITING_MAX {
            return Err(Refusal::Close(CloseCode::TooFast));
        }
        seat.requests = (self.tick, in_this_tick + 1);
        let Some(declaration) = self.schema.requests.get(usize::from(kind)) else {
            return Err(self.out_of_place());
        };
        self.counts.requests += 1;
        Ok(self.resolve(codes, declaration, connection))
    }

    /// A client names entities by slots; inside they have numbers. What it does not hold, it cannot name, and a slot means
    /// what it meant in the newest frame that it confirmed: what we sent since may have given it to another entity.
    fn resolve(&mut self, mut codes: Vec<i32>, declaration: &Declaration, connection: ConnectionId) -> Vec<i32> {
        if !declaration.fields.iter().any(is_reference) {
            return codes;
        }
        let Some(seat) = self.seats.of(connection) else { return codes };
        let mut at = 0;
        for field in &declaration.fields {
            if is_reference(field)
                && let Some(code) = codes.get_mut(at)
                && *code != NO_REFERENCE
            {
                let slot = Slot(*code as u16);
                let holds = seat.client.view.holding(Section::Everyone).held.contains(slot);
                let known = seat.client.knows_until().filter(|_| holds);
                let entity = known.and_then(|tick| (self.entity_at)(slot, tick));
                *code = entity.map_or(NO_REFERENCE, |entity| entity.0 as i32);
            }
            at += field.part_count();
        }
        codes
    }
}

/// What was drawn longer ago than an input may be late counts as drawn then: nobody shoots at the long past, and whose path
/// stood still is not closed for it.
fn within_reach(view: ViewTick, now: Tick) -> ViewTick {
    let oldest = Tick(now.0.saturating_sub(INPUT_LATE_TICKS_MAX));
    if view.older < oldest { ViewTick { older: oldest, span: 0, sixteenths: 0 } } else { view }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_saw_the_world_longer_ago_than_an_input_may_be_late() {
        let now = Tick(1_000);
        let view = |older| ViewTick { older: Tick(older), span: 2, sixteenths: 17 };
        assert_eq!(within_reach(view(999), now), view(999));
        assert_eq!(within_reach(view(1_000 - INPUT_LATE_TICKS_MAX), now), view(1_000 - INPUT_LATE_TICKS_MAX));
        let oldest = ViewTick { older: Tick(1_000 - INPUT_LATE_TICKS_MAX), span: 0, sixteenths: 0 };
        assert_eq!(within_reach(view(3), now), oldest);
        assert_eq!(within_reach(view(3), Tick(100)), view(3));
    }
}
