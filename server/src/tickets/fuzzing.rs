//! Doors for fuzzers into what is private here: a verifier with keys of its own, and a pen that signs whatever it is given. Never in a
//! build that serves.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, UNIX_EPOCH};

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::EncodingKey;

use super::key_file::{KeyFile, Material};
use super::key_ring::{Key, KeyRing};
use super::{GUEST_KEY, Tickets, ring_provider};
use crate::config::Config;
use crate::identity::{Identity, KeyId};

/// Whose tickets are verified.
pub const ISSUER: &str = "https://game.example";

/// For whom they must be.
pub const AUDIENCE: &str = "tickwire";

/// The keys there are, as tickets call them: Ed25519, a secret, and the server's own for guests.
pub const KEYS: [&str; 3] = ["ed", "hs", GUEST_KEY];

/// A verifier, and the keys to what it verifies.
pub struct Desk {
    tickets: Tickets,
    keys: [KeyFile; 3],
}

impl Desk {
    /// With an issuer, an audience and three keys, always the same.
    ///
    /// # Panics
    /// If it cannot be made, which is a bug.
    #[must_use]
    pub fn open() -> Self {
        ring_provider::install();
        let materials = [Material::new_ed25519(&[3; 32]), Material::Secret(vec![7; 32]), Material::Secret(vec![9; 32])];
        let mut materials = KEYS.into_iter().zip(materials).map(|(id, material)| {
            let id = KeyId::new(id).expect("a name of visible letters");
            KeyFile { id, material }
        });
        let keys: [KeyFile; 3] = std::array::from_fn(|_| materials.next().expect("as many as names"));
        let mut ring = KeyRing::default();
        for key in keys.iter().take(2) {
            let public = KeyFile { id: key.id.clone(), material: key.material.public() };
            ring.add(Path::new("a key of the fuzzer's"), Some(public), &KeyRing::default()).expect("two names");
        }
        let mut config = Config::local("nowhere".into()).tickets;
        (config.issuer, config.audience) = (Some(ISSUER.to_owned()), Some(AUDIENCE.to_owned()));
        let [.., guests] = &keys;
        let guests = Key::new(guests.clone(), 0);
        let guests_sign = EncodingKey::from_secret(&[9; 32]);
        let (ring, reloading) = (ArcSwap::from_pointee(ring), Mutex::default());
        Self { tickets: Tickets { config, ring, reloading, guests, guests_sign }, keys }
    }

    /// Who is let in by that token at that second since 1970, or the reason of the refusal.
    ///
    /// # Errors
    /// The token's fault.
    pub fn verify(&self, token: &str, now_s: u64) -> Result<Identity, &'static str> {
        let address = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));
        let now = UNIX_EPOCH + Duration::from_secs(now_s);
        self.tickets.verify(token, address, now).map_err(super::BadTicket::reason)
    }

    /// Seconds by which clocks may differ.
    #[must_use]
    pub const fn leeway_s(&self) -> u64 {
        self.tickets.config.leeway.as_secs()
    }

    /// This header and these claims with a genuine signature of that key (see [`KEYS`]), whatever they say.
    ///
    /// # Panics
    /// If it cannot be signed, which is a bug.
    #[must_use]
    pub fn sign(&self, key: usize, header: &[u8], claims: &[u8]) -> String {
        let key = self.keys.iter().cycle().nth(key).expect("there are keys");
        let material = &key.material;
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let encoding = material.encoding().expect("it is no public key");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &encoding, material.algorithm());
        format!("{message}.{}", signature.expect("signed"))
    }
}
