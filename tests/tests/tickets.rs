//! Tickets over real sockets: who is let in by them, as whom, where and until when.

use client_sim::session::{Session, SessionConfig, SessionEvent};
use client_sim::transport::{ConnectError, Connection, Ended, Epoch};
use server::config::Config;
use server::sessions::Again;
use shared::game::components::Nameplate;
use shared::limits::RENEW_SECONDS;
use shared::wire::{CloseCode, NoticeReason, Role};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use tests::loopback::{Loopback, anybody, end_of, play, run};
use tests::tickets::command;

/// A folder of keys that goes when the story is over.
struct Keys(PathBuf);

impl Keys {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let keys = Self(std::env::temp_dir().join(format!("tickwire-{}-keys-{number}", std::process::id())));
        keys.make("ed.pem");
        keys
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    fn make(&self, name: &str) {
        let algorithm = if name.ends_with(".pem") { "eddsa" } else { "hs256" };
        command(&["key", "--algorithm", algorithm, "--out", &self.file(name)]);
    }

    /// A ticket for `player`, signed with the first key.
    fn ticket(&self, player: &str, more: &[&str]) -> String {
        self.ticket_of("ed.pem", player, more)
    }

    fn ticket_of(&self, key: &str, player: &str, more: &[&str]) -> String {
        let key = self.file(key);
        let asked = [&["--key", &key, "--player", player], more].concat();
        command(&asked).trim().to_owned()
    }

    /// A server that asks everybody for a ticket signed with one of these.
    fn server(&self, change: impl Fn(&mut Config) + Send + Sync + 'static) -> Loopback {
        let folder = self.0.clone();
        Loopback::start_as(move |config| {
            config.tickets.keys = vec![folder.clone()];
            config.guests.allowed = false;
            change(config);
        })
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn closed(code: CloseCode) -> Option<Ended> {
    Some(Ended::Closed { code: code.number(), reason: code.reason().to_owned() })
}

/// With which status and words somebody is refused.
async fn refused(server: &Loopback, path: &str, ticket: Option<String>) -> (u16, String) {
    match server.try_connect(path, ticket).await {
        Err(ConnectError::Refused { status, message, .. }) => {
            (status, message.map(|text| text.to_string()).unwrap_or_default())
        }
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was let in"),
    }
}

async fn enter(server: &Loopback, path: &str, ticket: String) -> Connection {
    server.try_connect(path, Some(ticket)).await.expect("let in")
}

#[test]
fn only_a_good_ticket_lets_anybody_in_and_a_bad_one_is_told_its_own_fault() {
    let keys = Keys::new();
    let server = keys.server(|config| {
        config.tickets.issuer = Some("me".to_owned());
        config.tickets.audience = Some("here".to_owned());
    });
    let good = ["--issuer", "me", "--audience", "here"];
    let elsewhere = Keys::new();
    let ticket = keys.ticket("anna", &good);
    let table = [
        (None, "a ticket is needed"),
        (Some(String::new()), "not Bearer"),
        (Some("x".repeat(4_001)), "longer than"),
        (Some("a.b.c".to_owned()), "no JWT"),
        (Some(format!("{ticket}x")), "no JWT"),
        (Some(elsewhere.ticket("anna", &good)), "not signed"),
        (Some(keys.ticket("anna", &[&good[..], &["--kid", "other"]].concat())), "no key"),
        (Some(keys.ticket("anna", &["--issuer", "you", "--audience", "here"])), "(iss)"),
        (Some(keys.ticket("anna", &["--issuer", "me", "--audience", "there"])), "(aud)"),
        (Some(keys.ticket("anna", &["--audience", "here"])), "(iss)"),
    ];
    run(async {
        for (ticket, words) in table {
            let (status, message) = refused(&server, "/play/main", ticket).await;
            assert!(status == 401 && message.contains(words), "{status} {message:?} instead of {words:?}");
        }
        assert_eq!((server.place_count(), server.rooms().len()), (0, 0), "nothing was made for them");
        let mut socket = enter(&server, "/play/main", ticket).await;
        assert_eq!(play(&mut socket, &mut anybody("anna"), 5).await, None);
    });
}

#[test]
fn a_ticket_says_what_its_player_is_called_whatever_the_client_says() {
    let keys = Keys::new();
    let server = keys.server(|_| {});
    run(async {
        let mut socket = enter(&server, "/play/main", keys.ticket("anna", &["--name", "Anna"])).await;
        let mut session = anybody("Mallory");
        assert_eq!(play(&mut socket, &mut session, 10).await, None);
        let replica = session.replica().expect("it is in");
        let plates = replica.anchors().filter_map(|(slot, _)| replica.read::<Nameplate>(slot));
        let names: Vec<String> = plates.map(|plate| plate.name.as_str().to_owned()).collect();
        assert_eq!(names, ["Anna"]);
    });
}

#[test]
fn a_spectators_ticket_is_for_looking_on_and_for_nothing_else() {
    let keys = Keys::new();
    let server = keys.server(|_| {});
    run(async {
        let mut anna = enter(&server, "/play/main", keys.ticket("anna", &[])).await;
        let mut plays = anybody("anna");
        assert_eq!(play(&mut anna, &mut plays, 3).await, None);
        let sue = || keys.ticket("sue", &["--role", "spectator"]);
        let mut tries = enter(&server, "/play/main", sue()).await;
        assert_eq!(play(&mut tries, &mut anybody("sue"), 1).await, closed(CloseCode::NotAllowed));
        let mut watches = enter(&server, "/play/main", sue()).await;
        let mut session = Session::new(SessionConfig { role: Role::Spectator, ..SessionConfig::named("sue") });
        let ended = tokio::join!(play(&mut anna, &mut plays, 30), play(&mut watches, &mut session, 1));
        assert_eq!(ended, (None, None));
        assert_eq!(server.place_count(), 1, "a spectator takes no player's place");
    });
}

#[test]
fn a_ticket_for_some_rooms_is_for_no_others_and_the_quick_match_leads_to_one_of_them() {
    let keys = Keys::new();
    let server = keys.server(|_| {});
    run(async {
        let ticket = |rooms: &[&str]| {
            let flags: Vec<&str> = rooms.iter().flat_map(|room| ["--room", *room]).collect();
            keys.ticket("anna", &flags)
        };
        for path in ["/play/main", "/play/arena", "/play/cup"] {
            let (status, message) = refused(&server, path, Some(ticket(&["duel", "cup-*"]))).await;
            assert!(status == 403 && message.contains("other rooms"), "{path}: {status} {message}");
        }
        assert_eq!(
            refused(&server, "/play", Some(ticket(&["cup-*"]))).await.0,
            403,
            "the server does not guess a name"
        );
        let _cup = enter(&server, "/play/cup-7", ticket(&["duel", "cup-*"])).await;
        let _duel = enter(&server, "/play", ticket(&["duel", "cup-*"])).await;
        let names: Vec<String> = server.rooms().into_iter().map(|room| room.name).collect();
        assert_eq!(names, ["cup-7", "duel"]);
    });
}

#[test]
fn a_player_who_comes_again_replaces_itself_or_is_refused_as_the_operator_wants_it() {
    let keys = Keys::new();
    let server = keys.server(|_| {});
    run(async {
        let mut first = enter(&server, "/play/main", keys.ticket("anna", &[])).await;
        let mut berta = enter(&server, "/play/main", keys.ticket("berta", &[])).await;
        assert_eq!(play(&mut first, &mut anybody("anna"), 3).await, None);
        // In another room, with another ticket: it is the player that counts.
        let mut second = enter(&server, "/play/other", keys.ticket("anna", &["--id", "t-2"])).await;
        assert_eq!(Some(end_of(&mut first).await), closed(CloseCode::Replaced));
        let (mut a, mut b) = (anybody("anna"), anybody("berta"));
        let ended = tokio::join!(play(&mut second, &mut a, 5), play(&mut berta, &mut b, 5));
        assert_eq!(ended, (None, None), "nobody else notices");
    });
    let strict = keys.server(|config| config.tickets.again = Again::Refused);
    run(async {
        let mut first = enter(&strict, "/play/main", keys.ticket("anna", &[])).await;
        let (status, message) = refused(&strict, "/play/other", Some(keys.ticket("anna", &[]))).await;
        assert!(status == 409 && message.contains("already"), "{status} {message}");
        assert_eq!(play(&mut first, &mut anybody("anna"), 5).await, None, "the first does not notice");
    });
}

/// Plays until the connection ends or was told `enough` times that its ticket ends, renewing with `ticket` when it is told so.
async fn play_told(
    socket: &mut Connection,
    session: &mut Session,
    ticket: Option<&str>,
    until: Instant,
) -> (usize, Option<Ended>) {
    use client_sim::transport::Arrival;
    use tokio_tungstenite::tungstenite::Message;
    let (clock, mut told) = (Epoch::begin(), 0);
    while Instant::now() < until {
        session.handle_tick(clock.now_ms());
        while let Some(frame) = session.poll_frame() {
            let _ = socket.feed(Message::Binary(frame.into())).await;
        }
        let _ = socket.flush().await;
        while let Some(event) = session.poll_event() {
            if let SessionEvent::Notice { reason: NoticeReason::TicketEnds, .. } = event {
                told += 1;
                ticket.into_iter().for_each(|ticket| session.renew(ticket));
            }
        }
        tokio::select! {
            arrival = socket.receive() => match arrival {
                Arrival::Message(bytes) => session.handle_frame(&bytes, clock.now_ms()),
                Arrival::Nothing => {}
                Arrival::End(ended) => return (told, Some(ended)),
            },
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    (told, None)
}

#[test]
fn who_brings_a_new_ticket_in_time_plays_on_and_who_does_not_is_told_and_closed() {
    let keys = Keys::new();
    let server = keys.server(|config| {
        config.tickets.notice = Duration::from_secs(60);
        config.tickets.grace = Duration::ZERO;
    });
    run(async {
        let short = |player: &str| keys.ticket(player, &["--ttl", "3s"]);
        let mut sockets = Vec::new();
        for player in ["anna", "berta", "carla"] {
            sockets.push(enter(&server, "/play/main", short(player)).await);
        }
        let [anna, berta, carla] = &mut sockets[..] else { panic!("three") };
        let (renewed, stolen) = (keys.ticket("anna", &["--ttl", "1h"]), keys.ticket("anna", &["--ttl", "1h"]));
        let until = Instant::now() + Duration::from_secs(5);
        let (mut a, mut b, mut c) = (anybody("anna"), anybody("berta"), anybody("carla"));
        let (anna, berta, carla) = tokio::join!(
            play_told(anna, &mut a, Some(&renewed), until),
            play_told(berta, &mut b, None, until),
            play_told(carla, &mut c, Some(&stolen), until),
        );
        assert_eq!(anna, (1, None), "once told, and no more");
        assert_eq!(berta, (1, closed(CloseCode::TicketEnded)));
        assert_eq!(carla, (1, closed(CloseCode::TicketEnded)), "another player's ticket is none");
    });
}

#[test]
fn bad_tickets_over_a_live_socket_are_strikes() {
    let keys = Keys::new();
    let server = keys.server(|_| {});
    run(async {
        let mut socket = enter(&server, "/play/main", keys.ticket("anna", &[])).await;
        let mut session = anybody("anna");
        assert_eq!(play(&mut socket, &mut session, 3).await, None);
        let mut ended = None;
        let pause = Duration::from_secs(RENEW_SECONDS.into()) + Duration::from_millis(100);
        for _ in 0..4 {
            session.renew("no.ticket.whatever");
            ended = ended.or(play_told(&mut socket, &mut session, None, Instant::now() + pause).await.1);
        }
        assert_eq!(ended, closed(CloseCode::OutOfPlace));
    });
}

#[test]
fn who_came_with_a_key_that_is_taken_away_is_closed_and_nobody_else() {
    let keys = Keys::new();
    keys.make("old.hs256");
    let server = keys.server(|_| {});
    run(async {
        let old = || keys.ticket_of("old.hs256", "anna", &[]);
        let mut anna = enter(&server, "/play/main", old()).await;
        let mut berta = enter(&server, "/play/main", keys.ticket("berta", &[])).await;
        let (spare, mut b) = (old(), anybody("berta"));
        assert_eq!(play(&mut berta, &mut b, 3).await, None);
        fs::remove_file(keys.file("old.hs256")).expect("there");
        let until = Instant::now() + Duration::from_secs(6);
        let mut a = anybody("anna");
        let (anna, _) = tokio::join!(play_told(&mut anna, &mut a, None, until), play(&mut berta, &mut b, 10));
        assert_eq!(anna.1, closed(CloseCode::TicketEnded));
        assert_eq!(play(&mut berta, &mut b, 10).await, None, "the other key is still there");
        let (status, message) = refused(&server, "/play/main", Some(spare)).await;
        assert!(status == 401 && message.contains("no key"), "{status} {message}");
    });
}

#[test]
fn a_guest_with_a_ticket_of_the_servers_is_the_same_player_when_it_comes_again() {
    let server = Loopback::start_as(|config| {
        config.limits.loopback = true;
        config.limits.unseated_per_address_max = 100;
        config.guests.burst = 3;
        config.guests.every = Duration::from_secs(3_600);
    });
    run(async {
        let body = server.get("/api/guest").await;
        let ticket = body["ticket"].as_str().expect("a ticket").to_owned();
        assert!(body["player"].as_str().is_some_and(|player| player.starts_with("guest:")), "{body}");
        let mut first = enter(&server, "/play/main", ticket.clone()).await;
        let mut other = server.try_connect("/play/main", None).await.expect("another guest");
        let mut again = enter(&server, "/play/main", ticket).await;
        assert_eq!(Some(end_of(&mut first).await), closed(CloseCode::Replaced));
        let (mut a, mut b) = (anybody("again"), anybody("other"));
        let ended = tokio::join!(play(&mut again, &mut a, 3), play(&mut other, &mut b, 3));
        assert_eq!(ended, (None, None));
        assert!(server.try_connect("/play/main", None).await.is_ok(), "the third");
        let (status, message) = refused(&server, "/play/main", None).await;
        assert!(status == 429 && message.contains("too many guests"), "{status} {message}");
        assert_eq!(server.get("/api/guest").await["error"], "guests_too_fast");
    });
}

#[test]
fn a_guest_has_its_time() {
    let server = Loopback::start_as(|config| config.guests.session_max = Some(Duration::from_secs(1)));
    run(async {
        let mut socket = server.connect("/play/main").await;
        let until = Instant::now() + Duration::from_secs(5);
        let (_, ended) = play_told(&mut socket, &mut anybody("guest"), None, until).await;
        assert_eq!(ended, closed(CloseCode::TicketEnded));
    });
}

#[test]
fn what_the_page_for_authors_shows_makes_tickets_that_let_in() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/tickets.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let keys = Keys::new();
    keys.make("dev.hs256");
    let server = keys.server(|_| {});
    let mut ran = 0;
    for (title, program, flag) in
        [("Python, nothing installed", "python3", "-c"), ("Node, nothing installed", "node", "-e")]
    {
        let code = tests::tickets::block_below(&page, title).replace("keys/", &format!("{}/", keys.0.display()));
        let Ok(output) = std::process::Command::new(program).args([flag, &code]).output() else {
            println!("not run: {program} is not installed");
            continue;
        };
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        let ticket = String::from_utf8(output.stdout).expect("text").trim().to_owned();
        run(async {
            let mut socket = enter(&server, "/play/main", ticket).await;
            assert_eq!(play(&mut socket, &mut anybody("anna"), 3).await, None);
        });
        ran += 1;
    }
    assert!(ran > 0 || std::env::var_os("CI").is_none(), "neither Python nor Node is installed");
}
