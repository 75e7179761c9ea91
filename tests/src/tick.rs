//! One tick of a story: what clients do in it, the room's tick, what came of it, and the checks.

use crate::arena::Arena;
use crate::checks::{self, Fault, Finding};
use crate::moment::Moment;
use crate::peer::FrameSeen;
use bytes::Bytes;
use client_sim::audit::Witness;
use client_sim::replica::{Applied, Event};
use client_sim::session::SessionEvent;
use server::counts::Counts;
use server::exchange::{ConnectionId, Incoming, Outgoing};
use server::replicate::feed::Feed;
use server::room::{Share, run_tick, settle_tick, step_tick};
use server::sim::{Players, Sent};
use shared::bits::BitReader;
use shared::ids::{PlayerId, Tick};
use shared::wire::{CloseCode, Digest, FrameHeader, FrameKind};
use std::hash::{DefaultHasher, Hash, Hasher};

/// How many ticks' truths are kept: a client that is later than this must start anew anyway.
const MOMENTS: usize = 1_024;

impl Arena {
    /// One tick: a quarter at a time the clients, then the room, then the checks.
    pub fn step(&mut self) {
        let began_us = self.now_us;
        for quarter in 1..=4 {
            self.now_us = began_us + self.tick_us * quarter / 4;
            for client in 0..self.clients.len() {
                self.play(client);
            }
        }
        let before = *self.room.counts();
        let (mut incoming, mut out) = (self.collect(), Outgoing::default());
        let tick = self.room.tick().next();
        self.run_room(&mut incoming, tick, &mut out);
        let moment = Moment::of(&self.room, self.look, &mut self.eyes);
        let mut found = Vec::new();
        checks::server(&self.room, &moment, &before, &mut found);
        for client in self.clients.iter_mut().filter(|client| client.connection.is_some()) {
            client.untold.extend(told(&moment, client.player));
        }
        self.moments.push_back(moment);
        if self.moments.len() > MOMENTS {
            self.moments.pop_front();
        }
        self.look_on();
        self.check_seats(&mut found);
        self.deliver(out, &before, &mut found);
        self.note(None, found);
    }

    /// What spectators are shown in this tick, if they are: a tick that was long ago.
    fn look_on(&mut self) {
        let shown = self.room.feed().filter(|feed| feed.shows()).and_then(|feed| {
            let moment = self.moment(feed.shown())?;
            Some(moment.for_spectators(feed))
        });
        let Some(shown) = shown else { return };
        for client in self.clients.iter_mut().filter(|client| client.spectates && client.connection.is_some()) {
            client.untold.extend(shown.told_to_spectators().map(|sent| (shown.tick, sent.clone())));
        }
        self.shown.push_back(shown);
        if self.shown.len() > MOMENTS {
            self.shown.pop_front();
        }
    }

    /// The room's tick: by one lane, or by several on threads of their own, each with a share of the clients.
    fn run_room(&mut self, incoming: &mut Incoming, tick: Tick, out: &mut Outgoing) {
        if self.lanes <= 1 {
            run_tick(&mut self.room, incoming, tick, out);
        } else {
            step_tick(&mut self.room, incoming, tick, out);
            let publish = |mut share: Share<'_>| {
                let (mut messages, mut closes) = (Vec::new(), Vec::new());
                let keep = |frame: &[u8]| Bytes::copy_from_slice(frame);
                share.publish(|_, id, frame| messages.extend(frame.map(|frame| (id, keep(frame)))), &mut closes);
                (messages, closes)
            };
            std::thread::scope(|scope| {
                let shares = self.room.shares(self.lanes);
                let lanes: Vec<_> = shares.into_iter().map(|share| scope.spawn(|| publish(share))).collect();
                for lane in lanes {
                    let (messages, closes) = lane.join().expect("a lane does not panic");
                    out.messages.extend(messages);
                    out.closes.extend(closes);
                }
            });
            settle_tick(&mut self.room, tick, out);
        }
        let mut hasher = DefaultHasher::new();
        (self.sent, &out.messages, out.closes.len()).hash(&mut hasher);
        self.sent = hasher.finish();
    }

    /// What happens at a client until now.
    fn play(&mut self, place: usize) {
        let now_ms = self.now_us as f64 / 1_000.0;
        while let Some((_, bytes)) = self.clients[place].down.take_due(self.now_us) {
            self.clients[place].session.handle_frame(&bytes, now_ms);
            if let Some(heard) = &mut self.clients[place].heard {
                heard.push(bytes.to_vec());
            }
            let found = self.look_at(place, &bytes);
            self.note(Some(place), found);
        }
        let client = &mut self.clients[place];
        if client.down.is_empty()
            && let Some(code) = client.closing.take()
        {
            client.log.closed = Some(code);
            client.session.handle_close();
        }
        if client.session.next_wake_ms(now_ms) <= now_ms {
            client.session.handle_tick(now_ms);
        }
        while let Some(bytes) = client.session.poll_frame() {
            client.up.send(bytes, self.now_us);
        }
    }

    /// Checks what a message did to a client.
    fn look_at(&mut self, place: usize, bytes: &[u8]) -> Vec<Fault> {
        let mut found = Vec::new();
        let (applied, mut heard_lost) = self.poll(place, &mut found);
        self.testify(place, applied.as_ref(), &mut found);
        if let Some(ignored) = applied.as_ref().filter(|applied| applied.ignored) {
            heard_lost = Some(ignored.events.clone());
        }
        if let Some(heard) = heard_lost {
            self.check_told_to_lost(place, bytes, heard, &mut found);
        }
        let Some(applied) = applied.filter(|applied| !applied.ignored) else { return found };
        self.clients[place].log.events.extend(applied.events.iter().cloned());
        if applied.kind == FrameKind::KeepAlive {
            return found;
        }
        let client = &self.clients[place];
        let Some(replica) = client.session.replica() else { return found };
        let moment = if client.spectates { self.shown(applied.tick) } else { self.moment(applied.tick) };
        let Some(moment) = moment else {
            found.push(Fault::TooOld(applied.tick));
            return found;
        };
        match client.player {
            Some(player) => checks::replica(replica, moment, player, &mut found),
            None if client.spectates => checks::spectator(replica, moment, &mut found),
            None => {
                checks::auditor(replica, moment, &applied, &mut found);
                return found;
            }
        }
        let from = client.told_until.unwrap_or_default();
        let declarations = &self.room.replicator().schema().events;
        let mut untold = client.untold.clone();
        checks::events(&applied, &mut untold, moment, replica, declarations, &mut found);
        self.clients[place].untold = untold;
        if let (FrameKind::Step { covered, .. }, Some(player)) = (applied.kind, self.clients[place].player) {
            let header = FrameHeader::read(&mut BitReader::new(bytes), applied.tick, self.digest);
            if let Ok(FrameHeader { kind: FrameKind::Step { applied: bits, .. }, .. }) = header {
                checks::applied(covered, bits, applied.tick, player, |tick| self.moment(tick), &mut found);
            }
        }
        if applied.tick <= from {
            found.push(Fault::TickWentBack(applied.tick));
        }
        self.clients[place].told_until = Some(applied.tick);
        found
    }

    /// What a client says happened: the frame that it applied, and what it was told without being able to use one.
    fn poll(&mut self, place: usize, found: &mut Vec<Fault>) -> (Option<Applied>, Option<Vec<Event>>) {
        let client = &mut self.clients[place];
        let (mut applied, mut heard_lost): (_, Option<Vec<Event>>) = (None, None);
        while let Some(event) = client.session.poll_event() {
            match event {
                SessionEvent::Welcomed => {
                    let agreement = client.session.agreement();
                    client.player =
                        agreement.map(|agreement| agreement.player).filter(|_| !client.audits && !client.spectates);
                    client.told_until = agreement.map(|agreement| agreement.tick);
                    let told_since = self.moments.iter().filter(|moment| Some(moment.tick) > client.told_until);
                    client.untold = told_since.flat_map(|moment| told(moment, client.player)).collect();
                    if client.spectates {
                        let shown_since = self.shown.iter().filter(|shown| Some(shown.tick) > client.told_until);
                        let told = |shown| Moment::told_to_spectators(shown).map(|sent| (shown.tick, sent.clone()));
                        client.untold = shown_since.flat_map(told).collect();
                    }
                }
                SessionEvent::Resumed => client.back = true,
                SessionEvent::Frame(mut frame) => {
                    // It was away: that it missed something is true whatever was told meanwhile.
                    if std::mem::take(&mut client.back) && frame.events_lost {
                        frame.events_lost = false;
                    }
                    applied = Some(frame);
                }
                SessionEvent::Lost(error) => {
                    client.log.lost += 1;
                    heard_lost.get_or_insert_default();
                    found.push(Fault::Lost(error));
                }
                SessionEvent::Told(events) => heard_lost = Some(events),
                SessionEvent::Audit(audit) => {
                    if let (Some(agreement), Some(replica)) = (client.session.agreement(), client.session.replica()) {
                        self.ledger.get_or_insert_with(|| checks::ledger(agreement)).note(replica, &audit);
                    }
                    client.audit = Some(audit);
                }
                SessionEvent::EventsLost => client.log.events_lost += 1,
                SessionEvent::Reply { number, outcome } => client.log.replies.push((number, outcome)),
                SessionEvent::Notice { reason, seconds } => client.log.notices.push((reason, seconds)),
                SessionEvent::Failed(error) => self.fail(&format!("client {place} can not go on: {error}")),
                SessionEvent::Complete
                | SessionEvent::InputSeen { .. }
                | SessionEvent::Compared { .. }
                | SessionEvent::RoundTrip { .. }
                | SessionEvent::Redirect(_) => {}
            }
        }
        (applied, heard_lost)
    }

    /// A client is compared with what an auditor told, by the rule that stands in client-sim.
    fn testify(&mut self, place: usize, applied: Option<&Applied>, found: &mut Vec<Fault>) {
        let client = &mut self.clients[place];
        let (Some(ledger), Some(player), Some(replica)) = (&self.ledger, client.player, client.session.replica())
        else {
            return;
        };
        let since = client.session.agreement().map_or(Tick(0), |agreement| agreement.tick);
        let witness = client.witness.get_or_insert_with(|| Witness::new(player, since));
        if let Some(applied) = applied {
            witness.saw(replica, applied);
        }
        let mut breaches = Vec::new();
        witness.compare(ledger, &mut breaches);
        found.extend(breaches.into_iter().map(Fault::Breach));
    }

    /// A client got a frame that it could not use: what it told is heard all the same.
    fn check_told_to_lost(&mut self, place: usize, bytes: &[u8], heard: Vec<Event>, found: &mut Vec<Fault>) {
        let client = &mut self.clients[place];
        let near = client.told_until.unwrap_or_default();
        let Some(seen) = FrameSeen::of(bytes, near, self.digest) else { return };
        let declarations = &self.room.replicator().schema().events;
        checks::events_of_lost(seen.tick, &heard, &mut client.untold, declarations, found);
        client.told_until = Some(seen.tick);
        client.log.events.extend(heard);
    }

    /// What came since the last tick.
    fn collect(&mut self) -> Incoming {
        let mut incoming = Incoming::default();
        for client in &mut self.clients {
            while let Some((arrived_us, bytes)) = client.up.take_due(self.now_us) {
                let Some(connection) = client.connection else { continue };
                let early_sixteenths = ((self.now_us - arrived_us) * 16 / self.tick_us) as i32;
                incoming.push(connection, &bytes, early_sixteenths);
            }
            if client.down.is_busy(self.now_us) {
                incoming.busy.extend(client.connection);
            }
        }
        for stranger in &mut self.strangers {
            let Some(connection) = stranger.connection else { continue };
            for (bytes, early_sixteenths) in stranger.says.drain(..) {
                incoming.push(connection, &bytes, early_sixteenths);
            }
            if stranger.busy {
                incoming.busy.push(connection);
            }
        }
        incoming
    }

    /// Hands over what the room says, and closes whom it closes.
    fn deliver(&mut self, out: Outgoing, before: &Counts, found: &mut Vec<Fault>) {
        let now_us = self.now_us;
        for (connection, bytes) in out.messages {
            if let Some(stranger) = self.strangers.iter_mut().find(|stranger| stranger.connection == Some(connection)) {
                if let Some(seen) = FrameSeen::of(&bytes, self.room.tick(), Digest::Folded) {
                    stranger.newest = Some(seen.tick);
                }
                stranger.heard.push(bytes.into());
                continue;
            }
            if self.half_open.contains(&connection) {
                continue;
            }
            let Some(client) = self.clients.iter_mut().find(|client| client.connection == Some(connection)) else {
                found.push(Fault::Bound(format!("a message for {connection:?}, which is gone")));
                continue;
            };
            let now = self.room.feed().filter(|_| client.spectates).map_or_else(|| self.room.tick(), Feed::shown);
            if let Some(seen) = FrameSeen::of(&bytes, now, self.digest) {
                if client.handed.is_some_and(|handed| handed >= seen.tick) || seen.tick != now {
                    found.push(Fault::TickWentBack(seen.tick));
                }
                let mut seats = self.room.seats().iter();
                let seat = seats.find(|seat| seat.connection == Some(connection));
                let bytes_per_tick = seat.map_or(0, |seat| seat.client.drain.bytes_per_tick());
                let most = checks::frame_bytes_max(&self.room, seen.kind, bytes_per_tick);
                if seen.bytes > most && !client.audits {
                    found.push(Fault::Bound(format!("a frame of {} bytes, at most {most}", seen.bytes)));
                }
                client.handed = Some(seen.tick);
                client.log.frames.push(seen);
            }
            client.down.send(bytes.into(), now_us);
        }
        let frames = self.room.counts().frames - before.frames;
        let seats = self.room.seats();
        if frames as usize > seats.count() + seats.auditor_count() + out.closes.len() {
            found.push(Fault::Bound(format!("{frames} frames in a tick")));
        }
        for (connection, code) in out.closes {
            self.close(connection, code, found);
        }
    }

    fn close(&mut self, connection: ConnectionId, code: CloseCode, found: &mut Vec<Fault>) {
        if let Some(stranger) = self.strangers.iter_mut().find(|stranger| stranger.connection == Some(connection)) {
            stranger.closes += 1;
            stranger.closed = Some(code);
            stranger.connection = None;
        } else if let Some(place) = self.clients.iter().position(|client| client.connection == Some(connection)) {
            self.clients[place].closing = Some(code);
            self.clients[place].connection = None;
            if let Some(at) = self.expected_closes.iter().position(|&expected| expected == (place, code)) {
                self.expected_closes.swap_remove(at);
            } else {
                found.push(Fault::Closed(code));
            }
        } else if let Some(at) = self.half_open.iter().position(|&other| other == connection) {
            self.half_open.swap_remove(at);
            if code == CloseCode::Replaced {
                self.replaced.push(connection);
            }
        } else {
            found.push(Fault::Bound(format!("{connection:?} was closed twice ({})", code.name())));
            return;
        }
        self.room.detach(connection);
    }

    /// Seats are exactly those of peers that are in; the World knows nobody else but those who leave with the next step.
    fn check_seats(&self, found: &mut Vec<Fault>) {
        let seats = self.room.seats();
        let connected = |connection: ConnectionId| {
            self.clients.iter().any(|client| client.connection == Some(connection))
                || self.strangers.iter().any(|stranger| stranger.connection == Some(connection))
                || self.half_open.contains(&connection)
        };
        for seat in seats.iter() {
            if !seats.is_away(seat.player) && !seat.connection.is_some_and(connected) {
                found.push(Fault::Bound(format!("the seat of {:?} belongs to nobody", seat.player)));
            }
        }
        let players = self.room.sim().world().resource::<Players>().count();
        let leaving = self.room.counts().joins - self.room.counts().leaves;
        if players as u64 != leaving || players < seats.count() {
            found.push(Fault::Bound(format!(
                "{players} players, {} seats, {leaving} came and did not leave",
                seats.count()
            )));
        }
    }

    fn note(&mut self, client: Option<usize>, found: Vec<Fault>) {
        let tick = self.room.tick();
        self.findings.extend(found.into_iter().map(|fault| Finding { tick, client, fault }));
        if !self.findings.is_empty() && !self.tolerates {
            let shown: Vec<String> = self.findings.iter().take(8).map(|finding| format!("    {finding:?}")).collect();
            self.fail(&shown.join("\n"));
        }
    }

    pub(crate) fn fail(&self, what: &str) -> ! {
        panic!("seed {:#x}, tick {}:\n{what}", self.seed, self.room.tick());
    }
}

/// What the game told a player in a tick; nothing before it knows who it is.
fn told(moment: &Moment, player: Option<PlayerId>) -> impl Iterator<Item = (Tick, Sent)> + '_ {
    player.into_iter().flat_map(|player| moment.told(player)).map(|sent| (moment.tick, sent.clone()))
}
