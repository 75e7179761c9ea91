//! Tickets: signed texts (JWT) by which an author's own backend says who may come in, as whom, where and until when.
//!
//! ```text
//!   token ─► not too long ─► header: algorithm, kid ─► key of that name ─► the key's algorithm? ─► signature ─► claims ─► Identity
//!             too_long         malformed, algorithm        key                algorithm            signature    claims, issuer, …
//! ```
//!
//! Two algorithms are spoken, `EdDSA` (Ed25519) and `HS256`. Which of them a key is for is decided by its file; a token that says another
//! is refused before anything is computed, so a public key can never be taken for a secret, and `none` is no algorithm. Nothing that a
//! token brings along (a key, an address of one) is ever looked at.
//!
//! Never here: where in a request a ticket stands (see `bearer`), who is connected (see `sessions`).

#![deny(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

// Which keys there are now.
mod key_ring;

// A key as a file.
pub(crate) mod key_file;

// What a ticket says.
pub(crate) mod claims;

// Making tickets and keys.
pub(crate) mod mint;

// What computes.
mod ring_provider;

// Doors for fuzzers.
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::TicketsConfig;
use crate::identity::{Identity, KeyId, PlayerKey, TicketKey};
use claims::{Asked, Claims};
use key_file::{KeyFile, KeyFileError, Material};
use key_ring::{Key, KeyRing};

/// Bytes of a ticket at most.
pub(crate) const TICKET_BYTES_MAX: usize = 4000;

/// What the server calls the key of its own that guests' tickets are signed with.
pub(crate) const GUEST_KEY: &str = "guest";

/// Who issued them, as they say it.
const GUEST_ISSUER: &str = "tickwire guests";

/// Why a ticket lets nobody in. Whoever issued it or sends it has to mend that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadTicket {
    #[error("the ticket is longer than {TICKET_BYTES_MAX} bytes")]
    TooLong,
    #[error("the ticket is no JWT: three parts in base64url with a dot between")]
    Malformed,
    #[error("the ticket's algorithm is not that of its key: EdDSA or HS256")]
    Algorithm,
    #[error("no key of the ticket's kid is known here, or it names none")]
    Key,
    #[error("the ticket is not signed with the key that it names")]
    Signature,
    #[error("a claim of the ticket is missing or makes no sense: {0}")]
    Claims(&'static str),
    #[error("the ticket was issued by somebody else (iss)")]
    Issuer,
    #[error("the ticket is for something else (aud)")]
    Audience,
    #[error("the ticket has run out (exp)")]
    Expired,
    #[error("the ticket is not good yet (nbf)")]
    NotYet,
}

impl BadTicket {
    /// As refusals say it; one of [`crate::metrics::REFUSAL_REASONS`].
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::TooLong => "ticket_too_long",
            Self::Malformed => "ticket_malformed",
            Self::Algorithm => "ticket_algorithm",
            Self::Key => "ticket_key",
            Self::Signature => "ticket_signature",
            Self::Claims(_) => "ticket_claims",
            Self::Issuer => "ticket_issuer",
            Self::Audience => "ticket_audience",
            Self::Expired => "ticket_expired",
            Self::NotYet => "ticket_not_yet",
        }
    }
}

/// What of a token's header decides; the rest is not looked at.
#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    /// Something that must be understood: we understand nothing of the kind.
    crit: Option<IgnoredAny>,
}

/// Who is let in by a ticket, as of now.
pub(crate) struct Tickets {
    config: TicketsConfig,
    ring: ArcSwap<KeyRing>,
    reloading: Mutex<()>,
    /// Made anew at each start: guests' tickets are good as long as the server runs.
    guests: Key,
    guests_sign: EncodingKey,
}

impl Tickets {
    /// Reads the keys that the operator names. `secret` is of the system's randomness and nobody else's.
    ///
    /// # Errors
    /// A key cannot be used, or none is where some should be.
    pub(crate) fn new(config: &TicketsConfig, secret: &[u8; 32]) -> Result<Self, KeyFileError> {
        ring_provider::install();
        let ring = KeyRing::read(&config.keys, &KeyRing::default())?;
        if ring.is_empty() && !config.keys.is_empty() {
            return Err(KeyFileError::None);
        }
        for key in ring.iter().filter(|key| key.is_private()) {
            tracing::warn!(kid = %key.name.id, "a private key: whoever reads it can mint; a server needs the public one only");
        }
        let id = KeyId::new(GUEST_KEY).ok_or(KeyFileError::None)?;
        let guests = Key::new(KeyFile { id, material: Material::Secret(secret.to_vec()) }, 0);
        let guests_sign = EncodingKey::from_secret(secret);
        let (config, ring, reloading) = (config.clone(), ArcSwap::from_pointee(ring), Mutex::default());
        Ok(Self { config, ring, reloading, guests, guests_sign })
    }

    /// What the operator wants of tickets.
    pub(crate) const fn config(&self) -> &TicketsConfig {
        &self.config
    }

    /// Who comes from `address` with that token at `now`.
    ///
    /// # Errors
    /// Nobody, and why.
    pub(crate) fn verify(&self, token: &str, address: IpAddr, now: SystemTime) -> Result<Identity, BadTicket> {
        if token.len() > TICKET_BYTES_MAX {
            return Err(BadTicket::TooLong);
        }
        let head = head_of(token)?;
        let is_spoken = [Algorithm::EdDSA, Algorithm::HS256].into_iter().any(|spoken| is_called(spoken, &head.alg));
        if !is_spoken {
            return Err(BadTicket::Algorithm);
        }
        let ring = self.ring.load();
        let kid = head.kid.ok_or(BadTicket::Key)?;
        let is_guest = kid == GUEST_KEY;
        let key = if is_guest { &self.guests } else { ring.get(&kid).ok_or(BadTicket::Key)? };
        if !is_called(key.algorithm, &head.alg) {
            return Err(BadTicket::Algorithm);
        }
        jsonwebtoken::decode_header(token).map_err(|_| BadTicket::Malformed)?;
        let proven = jsonwebtoken::decode::<Claims>(token, &key.decoding, &key.validation);
        let claims = proven.map_err(|error| why_not(error.kind()))?.claims;
        let TicketsConfig { issuer, audience, leeway, .. } = &self.config;
        let asked = if is_guest {
            Asked { issuer: Some(GUEST_ISSUER), audience: None, leeway: std::time::Duration::ZERO, now, is_guest }
        } else {
            Asked { issuer: issuer.as_deref(), audience: audience.as_deref(), leeway: *leeway, now, is_guest }
        };
        claims.identity(&key.name, address, &asked)
    }

    /// A ticket for that guest. None: it cannot be signed, which is a bug.
    pub(crate) fn guest(&self, player: &PlayerKey, expires: SystemTime) -> Option<String> {
        let claims = Claims {
            iss: Some(GUEST_ISSUER.to_owned()),
            sub: player.to_string(),
            exp: claims::seconds(expires),
            ..Claims::default()
        };
        mint::sign(&claims, &self.guests.name.id, Algorithm::HS256, &self.guests_sign).ok()
    }

    /// Whether tickets signed with that key are still good.
    pub(crate) fn knows(&self, key: &TicketKey) -> bool {
        *key == self.guests.name || self.ring.load().has(key)
    }

    /// Reads the keys again. True: they are others than before.
    ///
    /// # Errors
    /// A key cannot be used; all stay as they were.
    pub(crate) fn reload(&self) -> Result<bool, KeyFileError> {
        // Two at once, and the one that had read the older files could have the last word.
        let _alone = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let ring = self.ring.load();
        let newer = KeyRing::read(&self.config.keys, &ring)?;
        let changed = !ring.is_like(&newer);
        if changed {
            self.ring.store(newer.into());
        }
        Ok(changed)
    }

    /// How many keys there are.
    pub(crate) fn key_count(&self) -> usize {
        self.ring.load().iter().count()
    }
}

fn head_of(token: &str) -> Result<Head, BadTicket> {
    let (head, _) = token.split_once('.').ok_or(BadTicket::Malformed)?;
    let head = URL_SAFE_NO_PAD.decode(head).map_err(|_| BadTicket::Malformed)?;
    let head: Head = serde_json::from_slice(&head).map_err(|_| BadTicket::Malformed)?;
    if head.crit.is_some() { Err(BadTicket::Malformed) } else { Ok(head) }
}

/// Names are compared to the letter.
fn is_called(algorithm: Algorithm, name: &str) -> bool {
    match algorithm {
        Algorithm::EdDSA => name == "EdDSA",
        Algorithm::HS256 => name == "HS256",
        _ => false,
    }
}

/// What `jsonwebtoken` finds wrong. Claims are read after the signature was found good.
const fn why_not(kind: &ErrorKind) -> BadTicket {
    match kind {
        ErrorKind::InvalidSignature => BadTicket::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::UnsupportedAlgorithm => BadTicket::Algorithm,
        ErrorKind::Json(_) => BadTicket::Claims("exp and sub must be there, and each claim of its type"),
        _ => BadTicket::Malformed,
    }
}

#[cfg(test)]
mod tests;
