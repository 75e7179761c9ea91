//! What gives a seat back after a cut: whose it is, and the hash of a secret that only its client knows.
//!
//! ```text
//!   Welcome: a new secret ─► hash ─► the client confirms a frame ─► only this one counts
//!                             └─ until then also the one before it: the Welcome may never have come
//! ```
//!
//! Secrets come from outside, 128 random bits for each connection; what is kept is their SHA-256, by which a seat is looked up (how long
//! that takes may tell of hashes, which tells nothing of secrets), and which is compared in constant time. Who
//! guesses learns nothing: a wrong secret, an old one and one of another player's seat are all just no secret.
//!
//! Never here: chance, a clock, when a seat is given up (see `seat`).

use crate::identity::PlayerKey;
use crate::sim::SecretHash;
use ring::digest::{SHA256, digest};
use shared::ids::Tick;
use shared::limits::{RESUMES_AT_ONCE, RESUMES_SECONDS};
use shared::wire::SeatSecret;
use subtle::ConstantTimeEq;

/// What a connection brings along for a seat: who it is, and the secret that it will be given.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// Whose connection it is.
    pub player: PlayerKey,
    /// 128 random bits that nobody has seen.
    pub secret: SeatSecret,
}

/// Who may come back to a seat, and by what.
#[derive(Debug)]
pub struct Claim {
    owner: PlayerKey,
    newest: SecretHash,
    /// Of the Welcome before.
    before: Option<SecretHash>,
    /// The client has shown that it got the newest: the one before it is worth nothing.
    settled: bool,
    /// In which stretch of time it was resumed last, and how often in it.
    resumed: (Tick, u32),
}

/// The hash of a secret.
#[must_use]
pub fn hash(secret: &SeatSecret) -> SecretHash {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, &secret.0).as_ref());
    SecretHash(bytes)
}

impl Claim {
    /// A new player's.
    #[must_use]
    pub fn new(bearer: &Bearer) -> Self {
        Self {
            owner: bearer.player.clone(),
            newest: hash(&bearer.secret),
            before: None,
            settled: true,
            resumed: (Tick(0), 0),
        }
    }

    /// The hash of the newest secret.
    #[must_use]
    pub const fn newest(&self) -> SecretHash {
        self.newest
    }

    /// Under which hashes it is to be found, whatever they are worth.
    pub fn hashes(&self) -> impl Iterator<Item = SecretHash> + use<> {
        std::iter::once(self.newest).chain(self.before)
    }

    /// Whether it is the seat of whom a ticket names so, a guest's ticket, too. A guest without one is never the same again: its name is made
    /// anew for each connection.
    #[must_use]
    pub fn is_of(&self, player: &PlayerKey) -> bool {
        self.owner == *player
    }

    /// Whether this secret gives it back to this player. A guest has no other proof than the secret.
    #[must_use]
    pub fn is_met_by(&self, presented: &SecretHash, player: &PlayerKey) -> bool {
        let newest = self.newest.0.ct_eq(&presented.0);
        let before = self.before.filter(|_| !self.settled).unwrap_or(self.newest).0.ct_eq(&presented.0);
        let same = if player.is_guest() { self.owner.is_guest() } else { self.owner == *player };
        bool::from(newest | before) && same
    }

    /// Whether it may be resumed now; that counts.
    pub fn allow(&mut self, now: Tick, tick_rate_hz: u32) -> bool {
        let (since, times) = self.resumed;
        let times = if now.since(since) < RESUMES_SECONDS * tick_rate_hz { times } else { 0 };
        self.resumed = (if times == 0 { now } else { since }, times + 1);
        times < RESUMES_AT_ONCE
    }

    /// Its player is back by another connection, and gets another secret.
    pub fn renew(&mut self, bearer: &Bearer, presented: SecretHash) {
        self.owner = bearer.player.clone();
        self.newest = hash(&bearer.secret);
        (self.before, self.settled) = (Some(presented), false);
    }

    /// Its client has shown that it got the newest secret.
    pub const fn settle(&mut self) {
        self.settled = true;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)] // a test may
mod tests {
    use super::*;
    use shared::wire::Secret;

    fn bearer(player: &PlayerKey, secret: u8) -> Bearer {
        Bearer { player: player.clone(), secret: Secret([secret; 16]) }
    }

    fn hashed(secret: u8) -> SecretHash {
        hash(&Secret([secret; 16]))
    }

    #[test]
    fn a_secret_counts_until_its_successor_is_known_to_have_come() {
        let anna = PlayerKey::new("anna").unwrap();
        let mut claim = Claim::new(&bearer(&anna, 1));
        assert!(claim.is_met_by(&hashed(1), &anna) && !claim.is_met_by(&hashed(2), &anna));
        claim.renew(&bearer(&anna, 2), hashed(1));
        assert!(claim.is_met_by(&hashed(1), &anna) && claim.is_met_by(&hashed(2), &anna));
        claim.settle();
        assert!(!claim.is_met_by(&hashed(1), &anna) && claim.is_met_by(&hashed(2), &anna));
    }

    #[test]
    fn a_secret_is_worth_nothing_to_another_player() {
        let [anna, berta] = ["anna", "berta"].map(|name| PlayerKey::new(name).unwrap());
        let [one, other] = [1, 2].map(PlayerKey::guest);
        let claim = Claim::new(&bearer(&anna, 1));
        assert!(!claim.is_met_by(&hashed(1), &berta) && !claim.is_met_by(&hashed(1), &one));
        let claim = Claim::new(&bearer(&one, 1));
        assert!(claim.is_met_by(&hashed(1), &other), "a guest has another name on each connection");
        assert!(!claim.is_met_by(&hashed(1), &anna));
        assert!(claim.is_of(&one) && !claim.is_of(&other), "by a guest's ticket it comes again under the same name");
    }

    #[test]
    fn a_seat_is_given_back_so_often_and_then_again_when_time_has_gone_by() {
        let mut claim = Claim::new(&bearer(&PlayerKey::guest(1), 1));
        let all = |claim: &mut Claim, now| (0..100).filter(|_| claim.allow(Tick(now), 30)).count() as u32;
        assert_eq!(all(&mut claim, 1_000), RESUMES_AT_ONCE);
        assert_eq!(all(&mut claim, 1_000 + RESUMES_SECONDS * 30 - 1), 0);
        assert_eq!(all(&mut claim, 1_000 + RESUMES_SECONDS * 30), RESUMES_AT_ONCE);
    }

    #[test]
    fn neither_a_bearer_nor_a_claim_tells_the_secret() {
        let bearer = bearer(&PlayerKey::guest(1), 0xAB);
        let said = format!("{bearer:?} {:?}", Claim::new(&bearer)).to_lowercase();
        assert!(!said.contains("171, 171") && !said.contains("abab"), "{said}");
    }
}
