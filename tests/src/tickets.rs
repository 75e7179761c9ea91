//! Tickets for stories, made as anybody makes them: by the server's own command line; or by a pen that writes what nobody should.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use clap::Parser;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use server::config::Config;
use server::config::cli::{Command, CommandLine};
use server::ticket_command::obey;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// What `tickwire-server ticket` says when it is asked so.
///
/// # Panics
/// If it refuses.
pub fn command(words: &[&str]) -> String {
    let line = CommandLine::try_parse_from(["tickwire-server", "ticket"].iter().chain(words)).expect("understood");
    let Some(Command::Ticket(asked)) = line.command else { panic!("not of tickets") };
    obey(&asked).expect("done")
}

/// The first block of code below a heading of a page.
///
/// # Panics
/// If there is no such heading, or no block below it.
#[must_use]
pub fn block_below(page: &str, heading: &str) -> String {
    let (_, below) = page.split_once(&format!("\n### {heading}\n")).expect("the heading is there");
    let code = below.split("```").nth(1).expect("a block is below it");
    let (_, code) = code.split_once('\n').expect("a language, and lines");
    code.to_owned()
}

/// What stands before the 32 bytes of an Ed25519 public key in DER (RFC 8410).
const PUBLIC_DER: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The secret that the server knows, too.
const SECRET: &str = "a secret of at least 32 bytes that is in a file";

/// How a ticket is signed, whatever it says of that.
#[derive(Clone, Debug)]
pub enum By {
    /// With the private key of `ed`.
    Ed,
    /// With the secret of `hs`.
    Hs,
    /// With a secret of the forger's: a public key, as HMAC would take it.
    Secret(Vec<u8>),
    /// Not at all.
    Nobody,
}

/// An author's backend that writes whatever it is told, and the keys that the server verifies it by: `ed` (EdDSA) and `hs` (HS256).
pub struct Pen {
    folder: PathBuf,
    ed: Ed25519KeyPair,
}

impl Pen {
    /// Who issues its tickets.
    pub const ISSUER: &str = "https://backend.example";

    /// For whom they are.
    pub const AUDIENCE: &str = "arena";

    /// A pen, and a folder with its keys, which goes with it.
    ///
    /// # Panics
    /// If the temporary folder cannot be written.
    #[must_use]
    pub fn take() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("tickwire-{}-pen-{number}", std::process::id()));
        let ed = Ed25519KeyPair::from_seed_unchecked(&[5; 32]).expect("32 bytes are a seed");
        let pen = Self { folder, ed };
        fs::create_dir_all(&pen.folder).expect("writable");
        fs::write(pen.folder.join("ed.pub"), pen.public_pem()).expect("writable");
        fs::write(pen.folder.join("hs.hs256"), SECRET).expect("writable");
        pen
    }

    /// Lets a server verify what it writes.
    pub fn introduce(&self, config: &mut Config) {
        config.tickets.keys = vec![self.folder.clone()];
        config.tickets.issuer = Some(Self::ISSUER.to_owned());
        config.tickets.audience = Some(Self::AUDIENCE.to_owned());
    }

    /// The public key as everybody may read it.
    #[must_use]
    pub fn public_pem(&self) -> String {
        let body = STANDARD.encode([PUBLIC_DER, self.ed.public_key().as_ref()].concat());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.ed.public_key().as_ref().to_vec()
    }

    /// What a good ticket of `player` says.
    #[must_use]
    pub fn claims(player: &str) -> Value {
        json!({ "iss": Self::ISSUER, "aud": Self::AUDIENCE, "sub": player, "exp": now_s() + 3_600 })
    }

    /// A good ticket.
    #[must_use]
    pub fn ticket(&self, player: &str) -> String {
        self.but(player, &[])
    }

    /// A ticket that is good but for these claims; null: the claim is not there.
    #[must_use]
    pub fn but(&self, player: &str, changes: &[(&str, Value)]) -> String {
        let mut claims = Self::claims(player);
        for (claim, value) in changes {
            claims[claim] = value.clone();
        }
        claims.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        self.write(r#"{"alg":"EdDSA","typ":"JWT","kid":"ed"}"#, &claims.to_string(), &By::Ed)
    }

    /// A good ticket under another header.
    #[must_use]
    pub fn under(&self, header: &str, by: &By) -> String {
        self.write(header, &Self::claims("mallory").to_string(), by)
    }

    /// Any texts, signed.
    #[must_use]
    pub fn write(&self, header: &str, claims: &str, by: &By) -> String {
        let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let mac = |secret: &[u8]| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message.as_bytes()).as_ref().to_vec()
        };
        let signature = match by {
            By::Ed => self.ed.sign(message.as_bytes()).as_ref().to_vec(),
            By::Hs => mac(SECRET.as_bytes()),
            By::Secret(secret) => mac(secret),
            By::Nobody => Vec::new(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Drop for Pen {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Seconds since 1970.
///
/// # Panics
/// If the clock is before that.
#[must_use]
pub fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs()
}
