//! Real sockets, real TLS, a certificate that is checked: what the virtual link cannot tell.

use client_sim::session::{Session, SessionConfig};
use client_sim::transport::Ended;
use server::sim::Spectating;
use shared::game::components::{Aim, Body};
use shared::wire::{CloseCode, Role};
use tests::loopback::{Loopback, anybody, end_of, play, run};
use tokio_tungstenite::tungstenite::Message;

fn closed(code: CloseCode) -> Ended {
    Ended::Closed { code: code.number(), reason: code.reason().to_owned() }
}

#[test]
fn two_clients_play_over_wss_and_every_frame_is_proven() {
    let server = Loopback::start();
    run(async {
        let (mut one, mut two) = (server.connect("/play/main").await, server.connect("/play/main").await);
        let (mut first, mut second) = (anybody("first"), anybody("second"));
        let ended = tokio::join!(play(&mut one, &mut first, 60), play(&mut two, &mut second, 60));
        assert_eq!(ended, (None, None));
        for session in [first, second] {
            let replica = session.replica().expect("it played");
            assert!(replica.complete() && replica.anchors().count() >= 2, "both see both");
        }
    });
}

fn auditor() -> Session {
    Session::new(SessionConfig { audit: true, ..SessionConfig::named("auditor") })
}

#[test]
fn an_auditor_is_let_in_where_the_operator_allows_it_and_sees_what_is_for_each_player() {
    let server = Loopback::start_as(|config| config.allow_audit = true);
    run(async {
        let (mut player, mut onlooker) = (server.connect("/play/main").await, server.connect("/play/main").await);
        let (mut plays, mut audits) = (anybody("ann"), auditor());
        assert_eq!(play(&mut player, &mut plays, 3).await, None);
        assert_eq!(play(&mut onlooker, &mut audits, 3).await, None);
        let replica = audits.replica().expect("it is in");
        let (ann, _) = replica.anchors().find(|(slot, _)| replica.read::<Body>(*slot).is_some()).expect("ann is there");
        assert!(replica.me().is_none() && replica.read::<Body>(ann).is_some(), "what is for ann alone");
        assert_eq!(server.place_count(), 1, "an auditor takes no player's place");
    });
}

#[test]
fn an_auditor_is_refused_where_the_operator_did_not_ask_for_it() {
    let server = Loopback::start();
    run(async {
        let mut socket = server.connect("/play/main").await;
        let ended = play(&mut socket, &mut auditor(), 1).await;
        assert_eq!(ended, Some(closed(CloseCode::NotAllowed)));
    });
}

fn spectator() -> Session {
    Session::new(SessionConfig { role: Role::Spectator, ..SessionConfig::named("sue") })
}

#[test]
fn a_spectator_finds_a_place_in_a_room_full_of_players_and_sees_them_later() {
    let server = Loopback::start_as(|config| {
        config.rooms.players_max = 1;
        config.rooms.spectators = Spectating { max: 1, delay_ms: 500 };
    });
    run(async {
        let mut player = server.connect("/play/main").await;
        let mut plays = anybody("ann");
        assert_eq!(play(&mut player, &mut plays, 3).await, None);
        let mut onlooker = server.connect("/play/main?watch").await;
        let mut watches = spectator();
        let ended = tokio::join!(play(&mut player, &mut plays, 60), play(&mut onlooker, &mut watches, 30));
        assert_eq!(ended, (None, None));
        let (shown, played) = (watches.replica().expect("it is in"), plays.replica().expect("it is in"));
        assert_eq!(watches.agreement().map(|agreement| agreement.delay_ms), Some(500));
        assert!(played.tick().0 >= shown.tick().0 && shown.complete());
        let (ann, _) = shown.anchors().find(|(slot, _)| shown.read::<Aim>(*slot).is_some()).expect("ann is there");
        assert!(shown.read::<Body>(ann).is_none(), "what is for ann alone");
        let rooms: Vec<_> = server.rooms().iter().map(|room| (room.players, room.spectators)).collect();
        assert_eq!(rooms, [(1, 1)]);
    });
}

#[test]
fn a_spectator_is_told_where_nobody_may_look_on() {
    let server = Loopback::start_as(|config| config.rooms.spectators = Spectating::NOBODY);
    run(async {
        let mut socket = server.connect("/play/main").await;
        let ended = play(&mut socket, &mut spectator(), 1).await;
        assert_eq!(ended, Some(closed(CloseCode::NoSpectators)));
    });
}

#[test]
fn a_server_that_stops_tells_every_client_why() {
    let mut server = Loopback::start();
    run(async {
        let mut socket = server.connect("/play/main").await;
        assert_eq!(play(&mut socket, &mut anybody("guest"), 5).await, None);
        let stopped = tokio::task::spawn_blocking(move || server.stop());
        assert_eq!(end_of(&mut socket).await, closed(CloseCode::GoingAway));
        stopped.await.expect("it stops");
    });
}

#[test]
fn a_second_start_shows_the_same_certificate() {
    let mut server = Loopback::start();
    let before = std::fs::read(server.authority()).expect("made on the first start");
    server.start_again();
    assert_eq!(std::fs::read(server.authority()).expect("still there"), before);
    run(async {
        let mut socket = server.connect("/play").await;
        assert_eq!(play(&mut socket, &mut anybody("guest"), 3).await, None);
    });
}

#[test]
fn abuse_ends_with_the_code_that_the_protocol_gives() {
    let server = Loopback::start();
    let abuses = [
        (Message::Text("hello".into()), CloseCode::NotBinary),
        (Message::Binary(vec![0; 5_000].into()), CloseCode::TooBig),
        (Message::Binary(vec![8].into()), CloseCode::OutOfPlace),
    ];
    run(async {
        for (message, code) in abuses {
            let mut socket = server.connect("/play/main").await;
            socket.feed(message).await.expect("an open socket");
            socket.flush().await.expect("an open socket");
            assert_eq!(end_of(&mut socket).await, closed(code));
        }
    });
}
