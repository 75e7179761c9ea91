//! Tickets, good and bad, against the verifier itself; through a real upgrade they go in `tests/tests/tickets.rs`.

use super::*;
use crate::config::Config;
use crate::directory::RoomName;
use crate::identity::{Role, RoomsAllowed};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

/// The time that it is in these tests.
const NOW: u64 = 1_800_000_000;

const SECRET: &str = "a secret of at least 32 bytes, and then some";

/// A verifier with a folder of keys of its own.
struct Desk {
    folder: PathBuf,
    tickets: Tickets,
    ed: KeyFile,
    hs: KeyFile,
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-tickets-{name}", std::process::id()));
        let keys = folder.join("keys");
        fs::create_dir_all(&keys).expect("a folder");
        let private = Material::new_ed25519(&[3; 32]);
        fs::write(keys.join("ed.pub"), private.public().to_text()).expect("written");
        fs::write(keys.join("hs.hs256"), SECRET).expect("written");
        fs::write(keys.join("readme.txt"), "no key").expect("written");
        fs::write(keys.join(".hidden.pub"), "no key").expect("written");
        let config = TicketsConfig {
            keys: vec![keys],
            issuer: Some("https://game.example".to_owned()),
            audience: Some("tickwire".to_owned()),
            ..Config::local(folder.clone()).tickets
        };
        let tickets = Tickets::new(&config, &[9; 32]).expect("keys");
        let id = |id| KeyId::new(id).expect("an id");
        let hs = Material::from_text(SECRET, true).expect("a secret");
        Self {
            folder,
            tickets,
            ed: KeyFile { id: id("ed"), material: private },
            hs: KeyFile { id: id("hs"), material: hs },
        }
    }

    fn verify(&self, token: &str) -> Result<Identity, BadTicket> {
        self.verify_at(token, NOW)
    }

    fn verify_at(&self, token: &str, now: u64) -> Result<Identity, BadTicket> {
        self.tickets.verify(token, [192, 0, 2, 7].into(), UNIX_EPOCH + Duration::from_secs(now))
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn good() -> Value {
    json!({ "iss": "https://game.example", "aud": "tickwire", "sub": "anna", "exp": NOW + 60 })
}

/// The good one but for one claim.
fn but(claim: &str, value: Value) -> Value {
    let mut claims = good();
    claims[claim] = value;
    claims
}

/// Any claims under any header, signed as `key` signs, whatever the header says.
fn forged(header: &Value, claims: &Value, key: &KeyFile) -> String {
    ring_provider::install();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let encoding = key.material.encoding().expect("it signs");
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &encoding, key.material.algorithm());
    format!("{message}.{}", signature.expect("signed"))
}

fn signed(claims: &Value, key: &KeyFile) -> String {
    let alg = if key.material.algorithm() == Algorithm::EdDSA { "EdDSA" } else { "HS256" };
    forged(&json!({ "alg": alg, "typ": "JWT", "kid": key.id.as_str() }), claims, key)
}

#[test]
fn a_good_ticket_says_who_comes_by_either_algorithm() {
    let desk = Desk::new("good");
    for key in [&desk.ed, &desk.hs] {
        let claims = json!({
            "iss": "https://game.example", "aud": ["other", "tickwire"], "sub": "steam:7656", "exp": (NOW + 60) as f64 + 0.5,
            "nbf": NOW - 10, "iat": NOW - 10, "name": "Zoë", "rooms": ["main", "match-*"], "role": "spectator", "jti": "t-1",
            "something": { "else": [1, 2] },
        });
        let who = desk.verify(&signed(&claims, key)).expect("good");
        assert_eq!((who.player.as_str(), who.name.as_deref(), who.role), ("steam:7656", Some("Zoë"), Role::Spectator));
        assert_eq!(who.ticket.map(|ticket| ticket.to_string()).as_deref(), Some("t-1"));
        assert_eq!(who.key.map(|of| of.id), Some(key.id.clone()));
        assert_eq!(who.expires, Some(UNIX_EPOCH + Duration::from_secs(NOW + 60)));
        let room = |name| RoomName::new(name).expect("a name");
        assert!(who.rooms.has(&room("match-9")) && !who.rooms.has(&room("other")));
        let plain = desk.verify(&signed(&good(), key)).expect("good");
        assert_eq!((plain.role, plain.rooms, plain.name, plain.ticket), (Role::Player, RoomsAllowed::All, None, None));
    }
}

#[test]
fn each_fault_of_a_ticket_has_its_own_word() {
    let desk = Desk::new("bad");
    let long = "x".repeat(TICKET_BYTES_MAX);
    let many: Vec<String> = (0..33).map(|number| format!("room-{number}")).collect();
    let table: &[(Value, BadTicket)] = &[
        (but("iss", json!("https://evil.example")), BadTicket::Issuer),
        (but("iss", Value::Null), BadTicket::Issuer),
        (but("aud", json!("other")), BadTicket::Audience),
        (but("aud", json!([])), BadTicket::Audience),
        (but("aud", Value::Null), BadTicket::Audience),
        (but("exp", json!(NOW - 5)), BadTicket::Expired),
        (but("exp", json!(0)), BadTicket::Expired),
        (but("nbf", json!(NOW + 6)), BadTicket::NotYet),
        (but("exp", json!(-1)), BadTicket::Claims("exp or nbf")),
        (but("exp", json!(1e300)), BadTicket::Claims("exp or nbf")),
        (but("nbf", json!(-1)), BadTicket::Claims("exp or nbf")),
        (but("sub", json!("")), BadTicket::Claims("sub")),
        (but("sub", json!("a\u{1b}[31mb")), BadTicket::Claims("sub")),
        (but("sub", json!("x".repeat(65))), BadTicket::Claims("sub")),
        (but("sub", json!("guest:00000000000000000000000000000001")), BadTicket::Claims("sub")),
        (but("name", json!("")), BadTicket::Claims("name")),
        (but("name", json!("x".repeat(33))), BadTicket::Claims("name")),
        (but("rooms", json!(["Main"])), BadTicket::Claims("rooms")),
        (but("rooms", json!(["../x"])), BadTicket::Claims("rooms")),
        (but("rooms", json!(many)), BadTicket::Claims("rooms")),
        (but("jti", json!("a b")), BadTicket::Claims("jti")),
        (but("something", json!(long)), BadTicket::TooLong),
    ];
    for (claims, bad) in table {
        assert_eq!(desk.verify(&signed(claims, &desk.ed)), Err(*bad), "{claims}");
    }
    for (claim, value) in [
        ("exp", Value::Null),
        ("exp", json!((NOW + 60).to_string())),
        ("exp", json!(true)),
        ("nbf", json!("0")),
        ("sub", Value::Null),
        ("sub", json!(7)),
        ("name", json!(["x"])),
        ("rooms", json!("main")),
        ("role", json!("root")),
        ("role", json!(["admin"])),
        ("jti", json!(1)),
        ("aud", json!(1)),
        ("iss", json!(["https://game.example"])),
    ] {
        let claims = but(claim, value);
        let refused = desk.verify(&signed(&claims, &desk.ed));
        assert!(matches!(refused, Err(BadTicket::Claims(_))), "{claims}: {refused:?}");
    }
}

#[test]
fn the_algorithm_is_the_keys_and_never_the_tokens() {
    let desk = Desk::new("confused");
    let head = |alg: &str, kid: &str| json!({ "alg": alg, "kid": kid });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    for none in ["none", "None", "NONE", ""] {
        let unsigned = format!("{}.{}.", part(&head(none, "ed")), part(&good()));
        assert_eq!(desk.verify(&unsigned), Err(BadTicket::Algorithm), "{none:?}");
    }
    // The public key, which everybody may have, as the secret of an HMAC.
    let Material::Private(_, public) = &desk.ed.material else { panic!("a private key") };
    for secret in [public.to_vec(), desk.ed.material.public().to_text().into_bytes()] {
        let confused = KeyFile { id: desk.ed.id.clone(), material: Material::Secret(secret) };
        assert_eq!(desk.verify(&forged(&head("HS256", "ed"), &good(), &confused)), Err(BadTicket::Algorithm));
    }
    assert_eq!(desk.verify(&forged(&head("EdDSA", "hs"), &good(), &desk.ed)), Err(BadTicket::Algorithm));
    for other in ["RS256", "ES256", "PS256", "HS384", "HS512", "eddsa", "hs256", "Ed25519"] {
        assert_eq!(desk.verify(&forged(&head(other, "ed"), &good(), &desk.ed)), Err(BadTicket::Algorithm), "{other}");
        assert_eq!(desk.verify(&forged(&head(other, "hs"), &good(), &desk.hs)), Err(BadTicket::Algorithm), "{other}");
    }
}

#[test]
fn a_key_must_be_named_and_known_and_must_have_signed() {
    let desk = Desk::new("keys");
    let other = KeyFile { id: desk.ed.id.clone(), material: Material::new_ed25519(&[4; 32]) };
    assert_eq!(desk.verify(&signed(&good(), &other)), Err(BadTicket::Signature));
    for head in
        [json!({ "alg": "EdDSA" }), json!({ "alg": "EdDSA", "kid": "no" }), json!({ "alg": "EdDSA", "kid": "../ed" })]
    {
        assert_eq!(desk.verify(&forged(&head, &good(), &desk.ed)), Err(BadTicket::Key), "{head}");
    }
    for head in [
        json!({ "alg": "EdDSA", "kid": 7 }),
        json!({ "alg": "EdDSA", "kid": "ed", "crit": ["exp"] }),
        json!({ "kid": "ed" }),
        json!(["EdDSA"]),
    ] {
        assert_eq!(desk.verify(&forged(&head, &good(), &desk.ed)), Err(BadTicket::Malformed), "{head}");
    }
    // A key that the token brings along is nothing to us.
    let own = json!({ "alg": "EdDSA", "kid": "ed", "jku": "https://evil.example/keys", "x5u": "https://evil.example" });
    assert_eq!(desk.verify(&forged(&own, &good(), &other)), Err(BadTicket::Signature));
    let token = signed(&good(), &desk.ed);
    let (message, signature) = token.rsplit_once('.').expect("three parts");
    assert_eq!(desk.verify(&format!("{message}.")), Err(BadTicket::Signature));
    assert_eq!(desk.verify(&format!("{message}.{}", &signature[..40])), Err(BadTicket::Signature));
    for broken in [
        message.to_owned(),
        format!("{token}.x"),
        format!("{token}="),
        String::new(),
        "..".to_owned(),
        "a.b.c".to_owned(),
    ] {
        assert_eq!(desk.verify(&broken), Err(BadTicket::Malformed), "{broken}");
    }
}

#[test]
fn a_ticket_is_good_from_its_beginning_to_its_end_and_a_little_beyond_on_both_sides() {
    let desk = Desk::new("time");
    let token = signed(
        &json!({ "iss": "https://game.example", "aud": "tickwire", "sub": "a", "nbf": NOW, "exp": NOW + 60 }),
        &desk.hs,
    );
    for (now, expected) in
        [(NOW - 6, Some(BadTicket::NotYet)), (NOW - 5, None), (NOW + 64, None), (NOW + 65, Some(BadTicket::Expired))]
    {
        assert_eq!(desk.verify_at(&token, now).err(), expected, "{now}");
    }
}

#[test]
fn a_guests_ticket_is_the_servers_own_and_nobody_elses_is_a_guests() {
    let desk = Desk::new("guest");
    let player = PlayerKey::guest(7);
    let token = desk.tickets.guest(&player, UNIX_EPOCH + Duration::from_secs(NOW + 60)).expect("signed");
    let who = desk.verify(&token).expect("good");
    assert_eq!(
        (who.player, who.role, who.key.as_ref().map(|key| key.id.as_str())),
        (player, Role::Player, Some(GUEST_KEY))
    );
    assert_eq!(desk.verify_at(&token, NOW + 60).err(), Some(BadTicket::Expired), "to the second");
    let claims = json!({ "iss": GUEST_ISSUER, "sub": "guest:00000000000000000000000000000007", "exp": NOW + 60 });
    let forger = KeyFile { id: KeyId::new(GUEST_KEY).expect("an id"), material: desk.hs.material.clone() };
    assert_eq!(desk.verify(&signed(&claims, &forger)), Err(BadTicket::Signature));
    let another = Tickets::new(desk.tickets.config(), &[8; 32]).expect("keys");
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    assert_eq!(
        another.verify(&token, [127, 0, 0, 1].into(), now).err(),
        Some(BadTicket::Signature),
        "of an earlier start"
    );
}

#[test]
fn keys_come_and_go_while_the_server_runs_and_a_bad_one_changes_nothing() {
    let desk = Desk::new("rotation");
    let keys = desk.folder.join("keys");
    let token = signed(&good(), &desk.ed);
    let of_ed = desk.verify(&token).expect("good").key.expect("signed");
    assert!(!desk.tickets.reload().expect("readable"), "nothing has changed");
    let newer = KeyFile { id: KeyId::new("newer").expect("an id"), material: Material::new_ed25519(&[5; 32]) };
    fs::write(keys.join("newer.pub"), newer.material.public().to_text()).expect("written");
    assert!(desk.tickets.reload().expect("readable") && desk.tickets.knows(&of_ed), "one more, none gone");
    assert!(desk.verify(&signed(&good(), &newer)).is_ok() && desk.verify(&token).is_ok(), "both at once");

    fs::write(keys.join("broken.pub"), "-----BEGIN PUBLIC KEY-----\n").expect("written");
    fs::remove_file(keys.join("ed.pub")).expect("removed");
    assert!(desk.tickets.reload().expect_err("broken").to_string().contains("broken.pub"));
    assert!(desk.verify(&token).is_ok(), "all stay as they were");
    fs::remove_file(keys.join("broken.pub")).expect("removed");
    let of_newer = desk.verify(&signed(&good(), &newer)).expect("good").key.expect("signed");
    assert!(desk.tickets.reload().expect("readable"));
    assert_eq!(desk.verify(&token), Err(BadTicket::Key));
    assert!(!desk.tickets.knows(&of_ed) && desk.tickets.knows(&of_newer));

    fs::write(keys.join("newer.pub"), desk.ed.material.public().to_text()).expect("written");
    assert!(desk.tickets.reload().expect("readable"));
    assert!(!desk.tickets.knows(&of_newer), "another key by the same name: who came in with the one before must go");
    let moved = KeyFile { id: newer.id.clone(), material: desk.ed.material.clone() };
    let of_moved = desk.verify(&signed(&good(), &moved)).expect("good").key.expect("signed");
    assert!(desk.tickets.knows(&of_moved) && !desk.tickets.reload().expect("readable") && of_moved.id == of_newer.id);
    fs::write(keys.join("newer.pem"), newer.material.to_text()).expect("written");
    assert!(matches!(desk.tickets.reload(), Err(KeyFileError::Twice { .. })));
}

#[test]
fn a_place_for_keys_that_holds_none_stops_the_start() {
    let folder = std::env::temp_dir().join(format!("tickwire-{}-tickets-none", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let start = |place: PathBuf| {
        let config = TicketsConfig { keys: vec![place], ..Config::local(folder.clone()).tickets };
        Tickets::new(&config, &[0; 32]).err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(start(folder.clone()).contains("no key is in"));
    assert!(start(folder.join("missing.pub")).contains("missing.pub"));
    for (name, text, why) in
        [("notes.txt", "x", "NAME.pub"), ("guest.hs256", SECRET, "of its own"), ("a b.pub", "x", "visible ASCII")]
    {
        fs::write(folder.join(name), text).expect("written");
        let error = start(folder.join(name));
        assert!(error.contains(why), "{error}");
    }
    let _ = fs::remove_dir_all(&folder);
}

proptest::proptest! {
    #[test]
    fn no_bytes_whatever_let_anybody_in_or_break_anything(text in "\\PC*", parts in proptest::array::uniform3(proptest::collection::vec(proptest::num::u8::ANY, 0..200))) {
        let desk = DESK.get_or_init(|| Desk::new("property"));
        proptest::prop_assert!(desk.verify(&text).is_err());
        let parts = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
        proptest::prop_assert!(desk.verify(&parts.join(".")).is_err());
    }

    #[test]
    fn one_wrong_bit_anywhere_spoils_a_ticket(at in 0_usize..400, bit in 0_u8..6) {
        let desk = DESK.get_or_init(|| Desk::new("property"));
        for key in [&desk.ed, &desk.hs] {
            let token = signed(&good(), key);
            let mut bytes = token.clone().into_bytes();
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let spoilt = String::from_utf8_lossy(&bytes);
            proptest::prop_assert!(desk.verify(&spoilt).is_err(), "{spoilt}");
        }
    }

    #[test]
    fn what_a_ticket_says_is_bounded_whatever_it_is(name in "\\PC{0,40}", sub in "\\PC{0,80}", exp: f64, room in "\\PC{0,40}") {
        let desk = DESK.get_or_init(|| Desk::new("property"));
        let claims = json!({ "iss": "https://game.example", "aud": "tickwire", "sub": sub, "exp": exp, "name": name, "rooms": [room] });
        if let Ok(who) = desk.verify(&signed(&claims, &desk.hs)) {
            proptest::prop_assert!(who.name.is_some_and(|name| name.len() <= 32) && who.player.as_str().len() <= 64);
        }
    }
}

static DESK: std::sync::OnceLock<Desk> = std::sync::OnceLock::new();

#[test]
fn a_folder_with_more_files_than_are_looked_at_is_refused_and_no_key_is_passed_over() {
    let folder = std::env::temp_dir().join(format!("tickwire-{}-tickets-many", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let key = Material::new_ed25519(&[3; 32]).public().to_text();
    fs::write(folder.join("ed.pub"), key).expect("written");
    let config = TicketsConfig { keys: vec![folder.clone()], ..Config::local(PathBuf::new()).tickets };
    for number in 1..key_ring::FILES_MAX {
        fs::write(folder.join(format!("{number}.txt")), "").expect("written");
    }
    assert!(Tickets::new(&config, &[7; 32]).is_ok());
    fs::write(folder.join("one-more.txt"), "").expect("written");
    let error = Tickets::new(&config, &[7; 32]).err().expect("too many").to_string();
    assert!(error.contains("more than 1024 files"), "{error}");
    let _ = fs::remove_dir_all(folder);
}
