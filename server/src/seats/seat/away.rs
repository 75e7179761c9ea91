//! Seats whose connection was cut: kept for a while, given back to who brings the secret, given up when the time is over.
//!
//! ```text
//!   cut ─► away (until) ─┬─ claimed, sit_again ─► there, by another connection
//!                        └─ give_up_late ───────► leaves
//! ```
//!
//! A seat whose player is away costs nothing per tick: it gets no frame and its input is neutral by what the simulation was told once.
//! Where seats are kept equally long they end in the order in which they were cut, so one look per tick is enough.
//!
//! Never here: which secret is right (see `resume`).

use super::{Seat, Seats};
use crate::exchange::ConnectionId;
use crate::replicate::Client;
use crate::seats::ping_allowance::PingAllowance;
use crate::seats::resume::{Bearer, Claim, hash};
use crate::sim::SecretHash;
use crate::standing::Standing;
use shared::ids::{PlayerId, Tick};
use shared::wire::SeatSecret;

impl Seats {
    /// A connection is gone: its player leaves, unless its seat is kept. Whose seat is kept for it.
    pub fn detach(&mut self, connection: ConnectionId, now: Tick) -> Option<PlayerId> {
        self.cut(connection, now);
        let kept = self.attached(connection).and_then(|attached| attached.kept);
        self.forget(connection);
        kept.filter(|&player| self.is_away(player))
    }

    /// A connection is gone, and no seat is kept for its player.
    pub fn dismiss(&mut self, connection: ConnectionId) {
        self.close(connection);
        let kept = self.attached(connection).and_then(|attached| attached.kept);
        if let Some(player) = kept.filter(|&player| self.is_away(player)) {
            self.give_up(player);
        }
        self.forget(connection);
    }

    /// A connection is lost: nothing from it counts any more, and its player's seat is kept, if seats are.
    pub fn cut(&mut self, connection: ConnectionId, now: Tick) {
        let (keep_ticks, shape) = (self.keep_ticks, self.shape.clone());
        let Some(player) = self.attached(connection).and_then(|attached| attached.player) else { return };
        let Some(seat) = self.get_mut(player).filter(|seat| seat.claim.is_some()) else {
            return self.close(connection);
        };
        let until = now.after(keep_ticks);
        seat.connection = None;
        seat.away = Some((now, until));
        seat.inputs.rest(&shape);
        seat.heard = None;
        self.away.push_back((until, player));
        self.absences.push(player);
        self.away_count += 1;
        if let Some(attached) = self.attached_mut(connection) {
            (attached.closing, attached.player, attached.kept) = (true, None, Some(player));
        }
    }

    /// The player will not come back to its seat.
    fn give_up(&mut self, player: PlayerId) {
        self.absences.retain(|&other| other != player);
        self.stand_up(player);
    }

    /// The same for one who may be back by now; whether it was not.
    pub fn give_up_away(&mut self, player: PlayerId) -> bool {
        let is_away = self.is_away(player);
        if is_away {
            self.give_up(player);
        }
        is_away
    }

    /// Gives the seats up whose players did not come back in time; how many.
    pub fn give_up_late(&mut self, now: Tick) -> u64 {
        let mut count = 0;
        while let Some((until, player)) = self.away.pop_front_if(|(until, _)| *until <= now) {
            if self.get(player).and_then(|seat| seat.away).is_some_and(|(_, kept)| kept == until) {
                self.give_up(player);
                count += 1;
            }
        }
        count
    }

    /// Gives the seat up that is kept for the player of this connection, who has come without its secret: it plays once, not twice.
    pub fn give_up_older(&mut self, connection: ConnectionId) {
        let Some(bearer) = self.attached(connection).and_then(|attached| attached.bearer.clone()) else { return };
        let is_its =
            |seat: &Seat| seat.away.is_some() && seat.claim.as_ref().is_some_and(|claim| claim.is_of(&bearer.player));
        if self.away_count > 0
            && let Some(player) = self.seats.iter().find(|seat| is_its(seat)).map(|seat| seat.player)
        {
            self.give_up(player);
        }
    }

    /// Who is at the other end, and the secret that its seat will have.
    pub fn entrust(&mut self, connection: ConnectionId, bearer: Bearer, only_returns: bool) {
        if let Some(attached) = self.attached_mut(connection) {
            (attached.bearer, attached.only_returns) = (Some(bearer), only_returns);
        }
    }

    /// Whether a connection may come back to a seat, and nothing else.
    #[must_use]
    pub fn only_returns(&self, connection: ConnectionId) -> bool {
        self.attached(connection).is_some_and(|attached| attached.only_returns)
    }

    /// The secret that a connection brought along for its seat, if seats are kept.
    #[must_use]
    pub fn secret(&self, connection: ConnectionId) -> Option<SeatSecret> {
        self.attached(connection)?.bearer.as_ref().filter(|_| self.keep_ticks > 0).map(|bearer| bearer.secret)
    }

    /// The player whose seat this secret gives back to who is at the other end.
    #[must_use]
    pub fn claimed(&self, connection: ConnectionId, secret: &SeatSecret) -> Option<(PlayerId, SecretHash)> {
        let bearer = self.attached(connection)?.bearer.as_ref()?;
        let presented = hash(secret);
        let player = *self.claims.get(&presented)?;
        let claim = self.get(player)?.claim.as_ref()?;
        claim.is_met_by(&presented, &bearer.player).then_some((player, presented))
    }

    /// Under how many hashes seats are to be found.
    #[must_use]
    pub fn hash_count(&self) -> usize {
        self.claims.len()
    }

    /// The player of that seat is back by this connection, from the tick that is about to be stepped on; `client` holds nothing. The
    /// connection that had it until now.
    pub fn sit_again(
        &mut self,
        connection: ConnectionId,
        (player, presented): (PlayerId, SecretHash),
        client: Client,
        now: Tick,
    ) -> Option<ConnectionId> {
        let shape = self.shape.clone();
        let attached = self.attached_mut(connection)?;
        attached.player = Some(player);
        let bearer = attached.bearer.clone();
        let seat = self.get_mut(player)?;
        let before = seat.connection.replace(connection);
        let mut hashes = Vec::new();
        if let (Some(claim), Some(bearer)) = (&mut seat.claim, &bearer) {
            hashes.extend(claim.hashes().map(|hash| (hash, false)));
            claim.renew(bearer, presented);
            hashes.extend(claim.hashes().map(|hash| (hash, true)));
        }
        let away = seat.away.take();
        match away {
            Some((since, _)) => seat.inputs.pass(now.since(since).saturating_sub(1)),
            None => seat.inputs.rest(&shape),
        }
        (seat.client, seat.pings, seat.heard) = (client, PingAllowance::full(), None);
        (seat.resync, seat.resynced, seat.changed) = (false, None, None);
        for (hash, counts) in hashes {
            let _ = if counts { self.claims.insert(hash, player) } else { self.claims.remove(&hash) };
        }
        if away.is_some() {
            self.away_count -= 1;
            self.returned += 1;
        }
        if let Some(attached) = before.and_then(|before| self.attached_mut(before)) {
            (attached.closing, attached.player) = (true, None);
        }
        before
    }

    /// Whether a player's connection was cut, and it is not back yet.
    #[must_use]
    pub fn is_away(&self, player: PlayerId) -> bool {
        self.get(player).is_some_and(|seat| seat.away.is_some())
    }

    /// How many are away.
    #[must_use]
    pub const fn away_count(&self) -> usize {
        self.away_count
    }

    /// How often somebody who was away came back or was given up: who keeps something for them looks when this has changed.
    #[must_use]
    pub const fn returned(&self) -> u64 {
        self.returned
    }

    /// Who was cut since this was last asked, by player.
    pub fn take_absences(&mut self) -> Vec<PlayerId> {
        let mut absences = std::mem::take(&mut self.absences);
        absences.sort_unstable();
        absences
    }

    /// A player's seat is not there any more.
    pub(super) fn stand_up(&mut self, player: PlayerId) {
        let Ok(at) = self.players.binary_search(&player) else { return };
        self.players.remove(at);
        let seat = self.seats.remove(at);
        for hash in seat.claim.iter().flat_map(Claim::hashes) {
            self.claims.remove(&hash);
        }
        match seat.standing() {
            Standing::Player => self.leaving.push(player),
            // The World never heard of these.
            Standing::Auditor => self.auditors -= 1,
            Standing::Spectator => self.spectators -= 1,
        }
        if seat.away.is_some() {
            self.away_count -= 1;
            self.returned += 1;
        }
    }
}
