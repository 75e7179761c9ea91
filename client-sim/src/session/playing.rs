//! A session between Welcome and the end: frames in; inputs, confirmations, Resyncs and Pings out.
//!
//! ```text
//!   frame ─► header: how did our inputs fare? ─► clock      ─► replica ─► screen ─► behaviour ─► input for the tick that is due
//! ```
//!
//! Never here: greeting and leaving (see `session`).

use super::SessionConfig;
use super::events::{Counters, SessionEvent};
use super::screen::Screen;
use crate::agreement::Agreement;
use crate::behaviour::{Behaviour, View, Wish, neutral_codes};
use crate::clock::Clock;
use crate::epochs::TablesRefused;
use crate::input_sender::InputSender;
use crate::replica::{Applied, Event, Replica, ReplicaError};
use shared::bits::BitReader;
use shared::ids::Tick;
use shared::limits::REQUESTS_WAITING_MAX;
use shared::wire::{ClientMessage, FrameHeader, FrameKind, Input};
use std::collections::VecDeque;

/// Milliseconds between two Resyncs; the server answers at most one per second, and counts in its own ticks.
const RESYNC_MS: f64 = 1_100.0;
/// Milliseconds between two Pings; the next waits for the answer to the last.
const PING_MS: f64 = 1_000.0;
/// Ticks after which a frame is confirmed by itself if no input did.
const CONFIRM_AFTER_TICKS: f64 = 1.5;

/// What there is only after the Welcome.
pub(super) struct Playing {
    pub(super) agreement: Agreement,
    pub(super) replica: Replica,
    clock: Clock,
    sender: InputSender,
    behaviour: Option<Box<dyn Behaviour>>,
    pub(super) screen: Screen,
    /// The newest state frame received: what we confirm. `None` before the first.
    newest: Option<Tick>,
    complete: bool,
    resync: Option<Tick>,
    resync_ms: f64,
    /// The Ping under way: its stamp, and when it was sent.
    ping: Option<(u32, f64)>,
    ping_ms: f64,
    pings: u32,
    round_trip_ms: f64,
    request_number: u16,
    requests_waiting: usize,
    paused: bool,
}

impl Playing {
    pub(super) fn new(agreement: Agreement, config: &SessionConfig, welcome_ms: f64, now_ms: f64) -> Self {
        let clock = Clock::new(agreement.tick_rate_hz, agreement.tick, welcome_ms, now_ms);
        let first = clock.due(now_ms).next();
        let replica = Replica::new(
            agreement.schema.clone(),
            agreement.layout.clone(),
            agreement.tables.clone(),
            agreement.tick,
            agreement.digest,
        )
        .in_common(config.commons.clone());
        let player = config.behaviours.as_ref().filter(|_| config.plays());
        let behaviour = player.map(|known| known.choose(&agreement.schema, config.seed));
        let screen = Screen::new(&agreement, config, now_ms);
        Self {
            agreement,
            replica,
            clock,
            sender: InputSender::new(first, now_ms),
            behaviour,
            screen,
            newest: None,
            complete: false,
            resync: None,
            resync_ms: f64::NEG_INFINITY,
            ping: None,
            ping_ms: now_ms,
            pings: 0,
            round_trip_ms: welcome_ms,
            request_number: 0,
            requests_waiting: 0,
            paused: false,
        }
    }

    /// This is the seat that we had: who plays goes on playing, and no tick's input and no request is named twice.
    pub(super) fn go_on_from(&mut self, was: Self) {
        self.sender = InputSender::new(self.sender.next().max(was.sender.next()), self.ping_ms);
        self.behaviour = was.behaviour.or_else(|| self.behaviour.take());
        self.request_number = was.request_number;
    }

    /// How long a word to the server and back takes.
    pub(super) const fn round_trip_ms(&self) -> f64 {
        self.round_trip_ms
    }

    /// How early inputs come, once known.
    pub(super) fn lead_ms(&self) -> Option<f64> {
        Some(self.clock.lead_ticks()? * self.clock.tick_ms())
    }

    /// The tick that is due, and how far we are into it.
    pub(super) fn ticks(&self, now_ms: f64) -> f64 {
        self.clock.ticks(now_ms)
    }

    /// The tick whose input comes next.
    pub(super) const fn next_input(&self) -> Tick {
        self.sender.next()
    }

    /// Whether everything is held that may be seen.
    pub(super) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Asks for keep-alives only, or for the world again.
    pub(super) fn pause(&mut self, on: bool, outgoing: &mut VecDeque<Vec<u8>>) {
        self.paused = on;
        self.send(&ClientMessage::Pause { on }, outgoing);
    }

    /// A request was answered.
    pub(super) const fn take_reply(&mut self) {
        self.requests_waiting = self.requests_waiting.saturating_sub(1);
    }

    /// Better code tables are in force from a tick on. They are what we hold on to for the next time.
    ///
    /// # Errors
    /// [`TablesRefused`]: they are no use.
    pub(super) fn take_tables(&mut self, from: Tick, bytes: &[u8]) -> Result<(), TablesRefused> {
        self.replica.take_tables(from, bytes)?;
        self.agreement.known.hold_tables(bytes);
        Ok(())
    }

    /// Takes in a state frame; what happened by it.
    pub(super) fn take_state(&mut self, bytes: &[u8], counters: &mut Counters, now_ms: f64) -> Vec<SessionEvent> {
        counters.frames += 1;
        counters.state_bytes += bytes.len() as u64;
        self.draw_due(now_ms);
        let before = self.replica.tick();
        let near = self.newest.unwrap_or(before);
        let header = FrameHeader::read(&mut BitReader::new(bytes), near, self.agreement.digest).ok();
        let result = self.replica.apply(bytes);
        let mut events = Vec::new();
        // The header of a frame that is broken behind it may be as wrong as the rest: whoever confirms a tick that was never sent is
        // closed, and a clock that believes it runs away.
        let is_sound = matches!(result, Ok(_) | Err(ReplicaError::DigestMismatch { .. }));
        if let Some(header) = header.filter(|_| is_sound) {
            self.note_header(&header, before, counters, &mut events, now_ms);
        }
        match result {
            Ok(applied) => self.note_applied(applied, counters, &mut events, now_ms),
            Err(error) => {
                if let ReplicaError::DigestMismatch { .. } = error {
                    counters.digests_checked += 1;
                    counters.digest_mismatches += 1;
                } else {
                    counters.frames_broken += 1;
                }
                self.resync = Some(header.map_or(before, |header| header.tick));
                events.push(SessionEvent::Lost(error));
                let told = self.replica.take_told();
                self.note_told(told.some_lost, &told.events, counters, &mut events);
                if !told.events.is_empty() {
                    events.push(SessionEvent::Told(told.events));
                }
            }
        }
        self.screen.count(counters);
        events
    }

    fn draw_due(&mut self, now_ms: f64) {
        if self.paused {
            self.screen.pause_until(now_ms);
        } else {
            self.screen.draw_due(now_ms);
        }
    }

    /// Learns from a frame's header: how our inputs fared, and which ticks had no frame of their own.
    fn note_header(
        &mut self,
        header: &FrameHeader,
        before: Tick,
        counters: &mut Counters,
        events: &mut Vec<SessionEvent>,
        now_ms: f64,
    ) {
        match header.kind {
            FrameKind::Step { covered, applied } => {
                counters.ticks_skipped += u64::from(covered - 1);
                for place in 0..covered {
                    let tick = Tick(header.tick.0.wrapping_sub(covered - 1 - place));
                    let Some(sent_ms) = self.sender.sent_ms(tick) else { continue };
                    if applied >> place & 1 == 0 {
                        counters.inputs_late += 1;
                    } else {
                        counters.inputs_used += 1;
                        events.push(SessionEvent::InputSeen { tick, ms: now_ms - sent_ms });
                    }
                }
            }
            FrameKind::Full => {
                counters.full_frames += 1;
                if self.newest.is_some() {
                    counters.ticks_skipped += u64::from(header.tick.since(before).saturating_sub(1));
                }
            }
            FrameKind::KeepAlive => counters.keep_alives += 1,
        }
        self.newest = Some(self.newest.map_or(header.tick, |newest| newest.max(header.tick)));
        self.clock.frame(header.tick, self.round_trip_ms, now_ms);
        if let Some(early) = header.early {
            self.clock.feedback(early, self.round_trip_ms, now_ms);
        }
    }

    fn note_applied(
        &mut self,
        mut applied: Applied,
        counters: &mut Counters,
        events: &mut Vec<SessionEvent>,
        now_ms: f64,
    ) {
        counters.frames_applied += u64::from(applied.checked);
        counters.digests_checked += u64::from(applied.checked);
        counters.frames_ignored += u64::from(applied.ignored);
        if applied.kind == FrameKind::Full {
            self.resync = None;
            self.complete = false;
        }
        let error = self.screen.frame(&self.replica, &applied, now_ms);
        events.extend(error.map(|error| SessionEvent::Compared { error }));
        self.note_told(applied.events_lost, &applied.events, counters, events);
        let now_complete = !applied.ignored && applied.kind != FrameKind::KeepAlive && applied.complete;
        let newly = now_complete && !self.complete;
        self.complete |= now_complete;
        applied.complete = self.complete;
        events.push(SessionEvent::Frame(applied));
        if newly {
            events.push(SessionEvent::Complete);
        }
    }

    /// What a frame told, whether its world could be used or not.
    fn note_told(&mut self, some_lost: bool, told: &[Event], counters: &mut Counters, events: &mut Vec<SessionEvent>) {
        counters.events += told.len() as u64;
        if let Some(behaviour) = &mut self.behaviour {
            told.iter().for_each(|event| behaviour.event(event));
        }
        if some_lost {
            counters.events_lost += 1;
            events.push(SessionEvent::EventsLost);
        }
    }

    /// How long the Ping with this stamp took; `None` if it is not the newest.
    pub(super) fn take_pong(&mut self, stamp: u32, now_ms: f64) -> Option<f64> {
        let (_, sent_ms) = self.ping.take_if(|(sent, _)| *sent == stamp)?;
        let ms = now_ms - sent_ms;
        self.round_trip_ms += (ms - self.round_trip_ms) / 4.0;
        Some(ms)
    }

    pub(super) fn handle_tick(&mut self, outgoing: &mut VecDeque<Vec<u8>>, counters: &mut Counters, now_ms: f64) {
        if let Some(tick) = self.resync
            && now_ms - self.resync_ms >= RESYNC_MS
        {
            self.resync_ms = now_ms;
            counters.resyncs += 1;
            self.send(&ClientMessage::Resync { tick }, outgoing);
        }
        self.draw_due(now_ms);
        self.send_inputs(outgoing, counters, now_ms);
        self.screen.settle(now_ms);
        self.screen.count(counters);
        if let Some(newest) = self.newest
            && self.sender.owes_confirm(newest, self.confirm_after_ms(), now_ms)
        {
            self.sender.confirm(newest, now_ms);
            self.send(&ClientMessage::Confirm { newest }, outgoing);
        }
        // One at a time: a server that is behind with its Pongs is not helped by more of them, and closes who sends too many.
        if self.ping.is_none() && now_ms - self.ping_ms >= PING_MS {
            self.ping_ms = now_ms;
            self.pings = self.pings.wrapping_add(1);
            self.ping = Some((self.pings, now_ms));
            self.send(&ClientMessage::Ping { stamp: self.pings }, outgoing);
        }
    }

    pub(super) fn next_wake_ms(&self) -> f64 {
        let mut wake = if self.ping.is_none() { self.ping_ms + PING_MS } else { f64::INFINITY };
        if self.plays() && self.sender.goes_on(self.input_limit()) {
            wake = wake.min(self.clock.due_ms(self.sender.next()));
        }
        if self.newest.is_some_and(|newest| self.sender.owes_confirm(newest, 0.0, f64::INFINITY)) {
            wake = wake.min(self.sender.confirmed_ms() + self.confirm_after_ms());
        }
        if self.resync.is_some() {
            wake = wake.min(self.resync_ms + RESYNC_MS);
        }
        wake
    }

    fn confirm_after_ms(&self) -> f64 {
        self.clock.tick_ms() * CONFIRM_AFTER_TICKS
    }

    /// Inputs make sense from the first frame on: before it there is nothing to act upon.
    const fn plays(&self) -> bool {
        self.behaviour.is_some() && self.newest.is_some() && !self.paused
    }

    /// The newest tick that an input may name. The server is at least at the newest frame's tick, so this is always allowed.
    fn input_limit(&self) -> Tick {
        self.newest.unwrap_or(self.agreement.tick).after(self.agreement.limits.input_ahead_ticks)
    }

    fn send_inputs(&mut self, outgoing: &mut VecDeque<Vec<u8>>, counters: &mut Counters, now_ms: f64) {
        let (true, Some(newest)) = (self.plays(), self.newest) else { return };
        let due = self.clock.due(now_ms);
        while let Some(tick) = self.sender.take_due(due, self.input_limit()) {
            let mut codes = neutral_codes(&self.agreement.schema.input);
            let Some(behaviour) = &mut self.behaviour else { return };
            let view = View {
                replica: &self.replica,
                me: self.replica.me(),
                tick,
                tick_rate_hz: self.agreement.tick_rate_hz,
                maps: &self.agreement.maps,
                drawn: self.screen.interpolator(),
                own: self.screen.predictor(),
            };
            behaviour.input(&view, &mut codes);
            let wish = behaviour.request(&view);
            self.screen.act(tick, &codes, now_ms);
            let input = ClientMessage::Input(Input { tick, newest, view: self.screen.view(newest), codes });
            outgoing.push_back(input.to_bytes_after(&self.agreement.schema, self.sender.said()));
            if let ClientMessage::Input(input) = input {
                self.sender.sent(tick, newest, input.codes, now_ms);
            }
            counters.inputs_sent += 1;
            counters.input_bytes += outgoing.back().map_or(0, |bytes| bytes.len() as u64);
            if let Some(wish) = wish {
                let _ = self.request(wish, outgoing, counters);
            }
        }
    }

    pub(super) fn request(
        &mut self,
        wish: Wish,
        outgoing: &mut VecDeque<Vec<u8>>,
        counters: &mut Counters,
    ) -> Option<u16> {
        let known = usize::from(wish.kind) < self.agreement.schema.requests.len();
        if !known || self.requests_waiting >= REQUESTS_WAITING_MAX {
            return None;
        }
        // What we name means what it meant in the newest frame that the server knows us to have.
        if let Some(newest) = self.newest
            && self.sender.owes_confirm(newest, 0.0, f64::INFINITY)
        {
            self.sender.confirm(newest, self.sender.confirmed_ms());
            self.send(&ClientMessage::Confirm { newest }, outgoing);
        }
        let number = self.request_number;
        self.request_number = number.wrapping_add(1);
        self.requests_waiting += 1;
        counters.requests += 1;
        self.send(&ClientMessage::Request { number, kind: wish.kind, codes: wish.codes }, outgoing);
        Some(number)
    }

    fn send(&self, message: &ClientMessage, outgoing: &mut VecDeque<Vec<u8>>) {
        outgoing.push_back(message.to_bytes(&self.agreement.schema));
    }
}
