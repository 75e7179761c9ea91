//! Tickets: bytes that are none, genuine signatures under claims and headers that make no sense, and good tickets that were spoilt.
//!
//! Whatever comes: nobody is let in by what nobody signed, who is let in is whom the claims name, and each refusal has a word that is
//! counted.

use crate::bounded::within;
use crate::choices::{Choices, spoil};
use serde_json::Value;
use server::front::fuzzing::{AUDIENCE, Desk, ISSUER, KEYS};
use server::identity::{Identity, Role};
use server::metrics::REFUSAL_REASONS;
use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

/// The second that it is.
pub const NOW: u64 = 1_800_000_000;
/// The end of the year 9999.
const SECONDS_MAX: f64 = 253_402_300_799.0;

/// Memory that a ticket may take: a fixed multiple, and what its signature and its lists take.
const fn memory_max(length: usize) -> usize {
    128 * length + 64 * 1024
}

static DESK: LazyLock<Desk> = LazyLock::new(Desk::open);
/// Tickets that were signed by those who may: nothing else lets in.
static GENUINE: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..KEYS.len()).map(|key| DESK.sign(key, &header(key), &claims(key))).collect());

/// A good header.
#[must_use]
pub fn header(key: usize) -> Vec<u8> {
    let algorithm = if key == 0 { "EdDSA" } else { "HS256" };
    format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":"{}"}}"#, KEYS[key]).into_bytes()
}

/// Good claims: what an author's backend says, or what the server says of a guest.
#[must_use]
pub fn claims(key: usize) -> Vec<u8> {
    let expires = NOW + 60;
    let text = if KEYS[key] == "guest" {
        format!(r#"{{"iss":"tickwire guests","sub":"guest:0123456789abcdef","exp":{expires}}}"#)
    } else {
        format!(
            r#"{{"iss":"{ISSUER}","aud":["x","{AUDIENCE}"],"sub":"steam:42","exp":{expires}.5,"nbf":{NOW},"name":"Zoë","rooms":["duel","cup-*"],"role":"spectator","jti":"t-1","iat":3}}"#
        )
    };
    text.into_bytes()
}

/// The first byte chooses: a text as it comes; a header, a zero byte and claims, which are signed; or how a good ticket is spoilt.
pub fn ticket(bytes: &[u8]) {
    let Some((&first, rest)) = bytes.split_first() else { return };
    let key = usize::from(first >> 4) % KEYS.len();
    match first % 4 {
        0 => {
            if let Ok(token) = std::str::from_utf8(rest) {
                unsigned(token);
            }
        }
        1 | 2 => {
            let own = rest.iter().position(|&byte| byte == 0);
            let (own, said) = own.map_or((header(key), rest), |end| (rest[..end].to_vec(), &rest[end + 1..]));
            let token = DESK.sign(key, &own, said);
            if let Some(identity) = verified(&token) {
                is_as_claimed(&identity, key, &own, said);
            }
        }
        _ => {
            let mut token = GENUINE[key].clone().into_bytes();
            let mut choices = Choices(rest);
            for _ in 0..4 {
                if !choices.is_empty() {
                    spoil(&mut token, &mut choices);
                }
            }
            if let Ok(token) = std::str::from_utf8(&token) {
                unsigned(token);
            }
        }
    }
}

/// What nobody signed lets nobody in; what somebody did has one form.
fn unsigned(token: &str) {
    let is_let_in = verified(token).is_some();
    let is_genuine = GENUINE.iter().any(|genuine| genuine == token);
    assert_eq!(is_let_in, is_genuine, "{token}");
}

fn verified(token: &str) -> Option<Identity> {
    match within(memory_max(token.len()), || DESK.verify(token, NOW)) {
        Ok(identity) => Some(identity),
        Err(reason) => {
            assert!(REFUSAL_REASONS.contains(&reason), "{reason} is not counted");
            None
        }
    }
}

/// Another way to read it says the same of who it is.
fn is_as_claimed(identity: &Identity, key: usize, header: &[u8], claims: &[u8]) {
    // What is passed over need not be JSON to the letter.
    let read = |bytes: &[u8]| serde_json::from_str::<Value>(&String::from_utf8_lossy(bytes)).ok();
    let (Some(header), Some(said)) = (read(header), read(claims)) else { return };
    assert_eq!((&header["kid"], header.get("crit")), (&KEYS[key].into(), None));
    assert_eq!(header["alg"], if key == 0 { "EdDSA" } else { "HS256" });
    let is_guest = KEYS[key] == "guest";
    assert_eq!(said["iss"], if is_guest { "tickwire guests" } else { ISSUER });
    if !is_guest {
        let is_ours = |one: &Value| one == AUDIENCE;
        assert!(is_ours(&said["aud"]) || said["aud"].as_array().is_some_and(|all| all.iter().any(is_ours)));
    }
    let (leeway, now) = (if is_guest { 0.0 } else { DESK.leeway_s() as f64 }, NOW as f64);
    let expires = said["exp"].as_f64().expect("a number");
    assert!(expires + leeway > now && expires <= SECONDS_MAX, "{expires}");
    assert_eq!(identity.expires.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map(|at| at.as_secs()), Some(expires as u64));
    assert!(said["nbf"].as_f64().is_none_or(|begins| begins <= now + leeway + 1.0));
    assert_eq!(said["sub"], identity.player.as_str());
    assert!(identity.player.is_guest() == is_guest && identity.player.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
    assert_eq!(said["name"].as_str(), identity.name.as_deref());
    assert_eq!(said["jti"].as_str(), identity.ticket.as_ref().map(|ticket| ticket.as_str()));
    assert_eq!(identity.key.as_ref().map(|key| key.id.as_str()), Some(KEYS[key]));
    assert_eq!(said["role"].as_str().unwrap_or("player"), identity.role.as_str());
    assert!(identity.role.may_play() || identity.role == Role::Spectator);
}
