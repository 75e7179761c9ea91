//! Tickets for bots: each mints its own with the key of a server that asks for tickets.
//!
//! A key's file is called and looks as the server's `ticket key` makes it: `NAME.pem` holds a private Ed25519 key, `NAME.hs256` a secret; NAME is
//! what the ticket calls it. A ticket never appears in what we print.
//!
//! Never here: where a ticket is sent (see `transport`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// How long a ticket is good, in seconds: longer than anybody lets bots play.
const GOOD_FOR_S: u64 = 86_400;

/// Bytes of a secret at least, as the server wants it.
const SECRET_BYTES_MIN: usize = 32;

/// Why there are no tickets.
#[derive(Debug, thiserror::Error)]
pub enum TicketKeyError {
    /// The file cannot be read.
    #[error("--ticket-key {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no key that signs.
    #[error(
        "--ticket-key {}: it is neither NAME.pem with a private Ed25519 key nor NAME.hs256 with a secret of {SECRET_BYTES_MIN} bytes; \
         tickwire-server ticket key makes one", path.display()
    )]
    Unfit {
        /// The file.
        path: PathBuf,
    },
}

/// Flags of whoever needs tickets.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TicketOptions {
    /// The key to sign tickets with, where the server asks for them: NAME.pem or NAME.hs256, as tickwire-server ticket key makes it.
    #[arg(long, value_name = "FILE")]
    pub ticket_key: Option<PathBuf>,
    /// Who issues them, where the server asks (tickets.issuer).
    #[arg(long, value_name = "I", requires = "ticket_key")]
    pub ticket_issuer: Option<String>,
    /// For whom they are, where the server asks (tickets.audience).
    #[arg(long, value_name = "A", requires = "ticket_key")]
    pub ticket_audience: Option<String>,
}

enum Signer {
    Ed25519(Ed25519KeyPair),
    Secret(hmac::Key),
}

/// Mints tickets. Cloning is cheap.
#[derive(Clone)]
pub struct TicketKey(Arc<Mint>);

struct Mint {
    kid: String,
    signer: Signer,
    issuer: Option<String>,
    audience: Option<String>,
}

impl fmt::Debug for TicketKey {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "TicketKey({})", self.0.kid)
    }
}

impl TicketOptions {
    /// What mints them; none: no tickets are asked for.
    ///
    /// # Errors
    /// The user's: the file is no such key.
    pub fn key(&self) -> Result<Option<TicketKey>, TicketKeyError> {
        let Self { ticket_key, ticket_issuer, ticket_audience } = self;
        let Some(path) = ticket_key else { return Ok(None) };
        let unfit = || TicketKeyError::Unfit { path: path.clone() };
        let text =
            fs::read_to_string(path).map_err(|source| TicketKeyError::Unreadable { path: path.clone(), source })?;
        let kid = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(unfit)?.to_owned();
        let signer = signer(path, &text).ok_or_else(unfit)?;
        let (issuer, audience) = (ticket_issuer.clone(), ticket_audience.clone());
        Ok(Some(TicketKey(Arc::new(Mint { kid, signer, issuer, audience }))))
    }
}

fn signer(path: &Path, text: &str) -> Option<Signer> {
    match path.extension()?.to_str()? {
        "pem" => {
            let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).ok()?;
            Some(Signer::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8.secret_pkcs8_der()).ok()?))
        }
        "hs256" => {
            let secret = text.trim().as_bytes();
            let fits = secret.len() >= SECRET_BYTES_MIN && !secret.starts_with(b"-----BEGIN");
            fits.then(|| Signer::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret)))
        }
        _ => None,
    }
}

impl TicketKey {
    /// A ticket for that player, good from now on.
    #[must_use]
    pub fn mint(&self, player: &str) -> String {
        let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let Mint { kid, signer, issuer, audience } = &*self.0;
        let alg = match signer {
            Signer::Ed25519(_) => "EdDSA",
            Signer::Secret(_) => "HS256",
        };
        let mut claims = json!({ "sub": player, "exp": now_s + GOOD_FOR_S });
        for (name, said) in [("iss", issuer), ("aud", audience)] {
            if let Some(said) = said {
                claims[name] = json!(said);
            }
        }
        let part = |value: &serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&json!({ "alg": alg, "typ": "JWT", "kid": kid })), part(&claims));
        let signature = match signer {
            Signer::Ed25519(pair) => URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())),
            Signer::Secret(key) => URL_SAFE_NO_PAD.encode(hmac::sign(key, message.as_bytes())),
        };
        format!("{message}.{signature}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str, text: &str) -> Result<Option<TicketKey>, TicketKeyError> {
        let path = std::env::temp_dir().join(format!("tickwire-{}-{name}", std::process::id()));
        fs::write(&path, text).expect("written");
        let key = TicketOptions { ticket_key: Some(path.clone()), ..TicketOptions::default() }.key();
        let _ = fs::remove_file(path);
        key
    }

    #[test]
    fn a_key_mints_three_parts_and_says_nothing_of_itself() {
        let secret = "0123456789abcdef0123456789abcdef";
        let minted = key("bots.hs256", secret).expect("a secret").expect("asked for");
        assert_eq!(minted.mint("bot-1").split('.').count(), 3);
        assert!(!format!("{minted:?}").contains(secret));
        assert!(TicketOptions::default().key().expect("none asked for").is_none());
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_name() {
        for (name, text) in
            [("short.hs256", "short"), ("none.pem", "x"), ("key.txt", "0123456789abcdef0123456789abcdef")]
        {
            assert!(key(name, text).expect_err("no key").to_string().contains(name));
        }
        let missing = TicketOptions { ticket_key: Some("no/such.pem".into()), ..TicketOptions::default() };
        assert!(missing.key().expect_err("no file").to_string().contains("no/such.pem"));
    }
}
