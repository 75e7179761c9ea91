//! Half of those who play are banned, by the admin port and by a file: exactly these go, at once, and stay out; nobody else notices.

use client_sim::transport::Ended;
use serde_json::{Value, json};
use server::operator::{AskError, Door};
use shared::wire::CloseCode;
use std::collections::BTreeMap;
use std::time::Duration;
use tests::loopback::{Loopback, anybody, play, run};
use tests::revocation::{Plan, Way, tell};

#[test]
fn who_is_banned_by_the_admin_port_or_by_a_file_is_closed_and_stays_out_and_nobody_else_notices() {
    let plan = Plan {
        players: 80,
        room_players: 40,
        before: Duration::from_secs(1),
        after: Duration::from_secs(1),
        // Within a second where nothing else runs (see the example `revocation`); beside other tests, that it happens.
        patience: Duration::from_secs(20),
    };
    let outcome = tell(plan);
    let kicked = Ended::Closed { code: CloseCode::Kicked.number(), reason: CloseCode::Kicked.reason().to_owned() };
    let mut went = BTreeMap::new();
    for fate in &outcome.fates {
        match (fate.banned, &fate.ended) {
            (Some(way), Some((ended, _))) => {
                assert_eq!(*ended, kicked);
                *went.entry(way).or_insert(0) += 1;
            }
            (None, None) => {
                assert!(fate.counted.digests_checked > 0, "it plays on");
                assert_eq!((fate.counted.digest_mismatches, fate.counted.resyncs), (0, 0));
            }
            (None, Some((ended, _))) => panic!("closed, and was not banned: {ended:?}"),
            (Some(_), None) => panic!("banned, and plays on"),
        }
    }
    assert_eq!(went, BTreeMap::from([(Way::AdminPort, 20), (Way::File, 20)]));
    assert_eq!(outcome.refused_again, BTreeMap::from([(403, 40)]));
    assert_eq!(outcome.refused_after_restart, BTreeMap::from([(403, 40)]));
    assert_eq!(outcome.stayed_after_restart, 101);
    assert_eq!(outcome.audit_log.lines().filter(|line| line.contains("\"token\"")).count(), 20);
    assert!(outcome.audit_log.lines().filter(|line| line.contains("\"file\"")).count() >= 20);
}

#[test]
fn the_admin_port_acts_for_who_has_the_token_and_for_nobody_else() {
    let server = Loopback::start();
    run(async {
        let mut socket = server.connect("/play/main").await;
        let mut session = anybody("guest");
        assert_eq!(play(&mut socket, &mut session, 1).await, None);
        let door = server.door();
        let clients = door.ask("GET", "/api/clients", None).expect("answered");
        let (number, player) = (&clients["clients"][0]["connection"], &clients["clients"][0]["player"]);
        let stranger = Door::new(server.admin_addr(), "x".repeat(64));
        for (method, path) in
            [("GET", "/api/clients"), ("POST", "/api/kick"), ("POST", "/api/drain"), ("DELETE", "/api/ban")]
        {
            assert_eq!(status(stranger.ask(method, path, Some(&json!({})))), 401, "{path}");
        }
        let both = json!({ "connection": number, "player": player });
        for body in [json!({}), both, json!({ "conection": number }), json!([])] {
            assert_eq!(status(door.ask("POST", "/api/kick", Some(&body))), 400, "{body}");
        }
        assert_eq!(status(door.ask("GET", "/api/kick", None)), 405);
        assert_eq!(status(door.ask("GET", "/api/nothing", None)), 404);
        assert_eq!(status(door.ask("POST", "/api/kick", Some(&json!({ "connection": 4_000_000 })))), 404);

        let done = door.ask("POST", "/api/kick", Some(&json!({ "player": player }))).expect("done");
        assert_eq!(done["closed"], 1);
        let ended = play(&mut socket, &mut session, u32::MAX).await;
        assert!(matches!(ended, Some(Ended::Closed { code, .. }) if code == CloseCode::Kicked.number()), "{ended:?}");
        let mut again = server.connect("/play/main").await;
        assert_eq!(play(&mut again, &mut anybody("guest"), 1).await, None, "it may come again");
    });
}

#[test]
fn what_is_banned_is_listed_as_it_was_said_and_can_be_let_in_again_once() {
    let server = Loopback::start();
    let door = server.door();
    let ban = json!({ "player": "steam:42", "reason": "\u{1b}[2J\u{202e}", "until": "9999-01-01T00:00:00Z" });
    assert_eq!(door.ask("POST", "/api/ban", Some(&ban)).expect("done")["closed"], 0);
    let listed = door.ask("GET", "/api/bans", None).expect("answered");
    assert_eq!((&listed["bans"][0]["by"], &listed["bans"][0]["reason"]), (&"admin".into(), &ban["reason"]));
    let whom = json!({ "player": "steam:42" });
    assert!(door.ask("DELETE", "/api/ban", Some(&whom)).is_ok());
    assert_eq!(status(door.ask("DELETE", "/api/ban", Some(&whom))), 404);
    for bad in [
        json!({ "player": "a", "until": "soon" }),
        json!({ "player": "a", "until": "2001-01-01T00:00:00Z" }),
        json!({ "player": "a", "until": "9999-01-01T00:00:00Z", "for_s": 1 }),
        json!({ "player": "a", "reason": "x".repeat(201) }),
        json!({ "address": "0.0.0.0/0" }),
    ] {
        assert_eq!(status(door.ask("POST", "/api/ban", Some(&bad))), 400, "{bad}");
    }
}

#[test]
fn who_guesses_tokens_is_told_to_wait_and_so_is_who_comes_from_the_same_address() {
    let server = Loopback::start_as(|config| config.admin.wrong_tokens_max = 3);
    let stranger = Door::new(server.admin_addr(), "x".repeat(64));
    let answers: Vec<u16> = (0..4).map(|_| status(stranger.ask("GET", "/api/rooms", None))).collect();
    assert_eq!(answers, [401, 401, 401, 429]);
    assert_eq!(status(server.door().ask("GET", "/api/rooms", None)), 429);
}

fn status(answer: Result<Value, AskError>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(AskError::Refused { status, .. }) => status,
        Err(error) => panic!("{error}"),
    }
}
