//! Half of those who play are banned, a half of these by the admin port and a half by a file: who goes, when, and what the others notice.
//!
//! ```text
//!   everybody plays ─► acts and file at the same time ─► everybody who is closed says when ─► who stays plays on
//!                                                        └► each who went asks to come in again, then once more after a restart
//! ```
//!
//! Each player comes from an address of its own, by which it is known after a restart, too.

use crate::loopback::{Loopback, anybody, play, run_on};
use client_sim::session::{Counters, Session, SessionEvent};
use client_sim::transport::{Arrival, ConnectError, Connection, Ended, Epoch};
use serde_json::json;
use server::operator::Door;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

/// Players who come in at the same time.
const JOIN_TOGETHER: usize = 20;

/// How large the story is.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Players; every second one goes.
    pub players: u16,
    /// Players of one room.
    pub room_players: u16,
    /// How long all play before it begins.
    pub before: Duration,
    /// How long those who stay play on.
    pub after: Duration,
    /// How long those who go are waited for.
    pub patience: Duration,
}

/// What became of one player.
#[derive(Clone, Debug)]
pub struct Fate {
    /// By the admin port, by the file, or not at all.
    pub banned: Option<Way>,
    /// How it ended, and how long after the first act.
    pub ended: Option<(Ended, Duration)>,
    /// What it counted from before the acts to its end.
    pub counted: Counters,
}

/// How somebody is banned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// `POST /api/ban`.
    AdminPort,
    /// A line in the watched file.
    File,
}

/// What came of it all.
#[derive(Debug)]
pub struct Outcome {
    /// Each player's.
    pub fates: Vec<Fate>,
    /// With which HTTP status those who went were refused afterwards, and how often; 101: let in.
    pub refused_again: BTreeMap<u16, usize>,
    /// The same after a restart.
    pub refused_after_restart: BTreeMap<u16, usize>,
    /// With which HTTP status one that stayed comes in after the restart.
    pub stayed_after_restart: u16,
    /// The audit log.
    pub audit_log: String,
}

/// Where player `number` comes from.
fn address(number: u16) -> IpAddr {
    let [high, low] = number.to_be_bytes();
    [127, 1, high, low].into()
}

const fn way(number: u16) -> Option<Way> {
    match number % 4 {
        0 => Some(Way::AdminPort),
        2 => Some(Way::File),
        _ => None,
    }
}

fn room(plan: &Plan, number: u16) -> String {
    format!("/play/room-{}", number / plan.room_players)
}

/// Tells the story.
///
/// # Panics
/// If the server does not do as it is told at all, or a client held a wrong world.
#[must_use]
pub fn tell(plan: Plan) -> Outcome {
    let path = std::env::temp_dir().join(format!("tickwire-revocation-{}.jsonl", std::process::id()));
    std::fs::write(&path, "# nobody yet\n").expect("the temporary folder can be written");
    let watched = path.clone();
    let mut server = Loopback::start_as(move |config| {
        config.bans.file = Some(watched.clone());
        config.rooms.players_max = config.rooms.players_max.max(plan.room_players);
    });
    let fates = run_on(2, acts(&server, plan, path.clone()));
    let refused_again = run_on(2, ask_again(&server, plan));
    server.start_again();
    let refused_after_restart = run_on(2, ask_again(&server, plan));
    let stayed_after_restart = run_on(2, status(&server, &room(&plan, 1), address(1)));
    let audit_log = std::fs::read_to_string(server.data().join("audit.log")).unwrap_or_default();
    let _ = std::fs::remove_file(path);
    Outcome { fates, refused_again, refused_after_restart, stayed_after_restart, audit_log }
}

async fn acts(server: &Loopback, plan: Plan, path: PathBuf) -> Vec<Fate> {
    let begun = Arc::new(AtomicBool::new(false));
    let over = Arc::new(AtomicBool::new(false));
    let mut players = Vec::new();
    let numbers: Vec<u16> = (1..=plan.players).collect();
    for together in numbers.chunks(JOIN_TOGETHER) {
        let joined = futures_util::future::join_all(together.iter().map(|&number| join(server, plan, number))).await;
        players.extend(
            joined
                .into_iter()
                .map(|(socket, session)| tokio::spawn(live(socket, session, begun.clone(), over.clone()))),
        );
    }
    tokio::time::sleep(plan.before).await;

    begun.store(true, Ordering::Relaxed);
    let door = server.door();
    let began = Instant::now();
    let acts = tokio::task::spawn_blocking(move || ban_all(&door, plan, &path));
    acts.await.expect("all acts are done");
    let still_here = |players: &[tokio::task::JoinHandle<_>]| {
        (1..).zip(players).filter(|(number, player)| way(*number).is_some() && !player.is_finished()).count()
    };
    while still_here(&players) > 0 && began.elapsed() < plan.patience {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    tokio::time::sleep(plan.after).await;
    over.store(true, Ordering::Relaxed);
    let mut fates = Vec::new();
    for (number, player) in (1..).zip(players) {
        let (ended, counted) = player.await.expect("it lives");
        let ended = ended.map(|(ended, when): (Ended, Instant)| (ended, when.saturating_duration_since(began)));
        fates.push(Fate { banned: way(number), ended, counted });
    }
    fates
}

/// Comes in and plays until its first proven frame.
async fn join(server: &Loopback, plan: Plan, number: u16) -> (Connection, Session) {
    let mut socket = server.try_connect_from(&room(&plan, number), address(number)).await.expect("let in");
    let mut session = anybody(&format!("p{number}"));
    assert_eq!(play(&mut socket, &mut session, 1).await, None, "player {number} plays");
    (socket, session)
}

/// The file in one write, the others one by one.
fn ban_all(door: &Door, plan: Plan, path: &std::path::Path) {
    let by = |wanted| (1..=plan.players).filter(move |&number| way(number) == Some(wanted));
    let lines: String = by(Way::File).map(|number| format!("{{\"address\":\"{}\"}}\n", address(number))).collect();
    std::fs::write(path, lines).expect("the temporary folder can be written");
    for number in by(Way::AdminPort) {
        let ban = json!({ "address": address(number).to_string(), "reason": "a test", "for_s": 3600 });
        let done = door.ask("POST", "/api/ban", Some(&ban)).expect("done");
        assert_eq!(done["closed"], 1, "player {number}: {done}");
    }
}

/// Plays until it is closed or all is over; what it counted is counted from when it began.
async fn live(
    mut socket: Connection,
    mut session: Session,
    begun: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
) -> (Option<(Ended, Instant)>, Counters) {
    let clock = Epoch::begin();
    let mut before = None;
    let counted = |session: &Session, before: Option<Counters>| session.counters().since(&before.unwrap_or_default());
    while !over.load(Ordering::Relaxed) {
        if before.is_none() && begun.load(Ordering::Relaxed) {
            before = Some(*session.counters());
        }
        session.handle_tick(clock.now_ms());
        while let Some(frame) = session.poll_frame() {
            let _ = socket.feed(Message::Binary(frame.into())).await;
        }
        let _ = socket.flush().await;
        while let Some(event) = session.poll_event() {
            match event {
                SessionEvent::Lost(error) => panic!("a wrong world: {error}"),
                SessionEvent::Failed(error) => panic!("{error}"),
                _ => {}
            }
        }
        tokio::select! {
            arrival = socket.receive() => match arrival {
                Arrival::Message(bytes) => session.handle_frame(&bytes, clock.now_ms()),
                Arrival::Nothing => {}
                Arrival::End(ended) => return (Some((ended, Instant::now())), counted(&session, before)),
            },
            () = tokio::time::sleep_until(clock.at(session.next_wake_ms(clock.now_ms()))) => {}
        }
    }
    (None, counted(&session, before))
}

/// With which status all who went are answered when they come again.
async fn ask_again(server: &Loopback, plan: Plan) -> BTreeMap<u16, usize> {
    let mut answers = BTreeMap::new();
    for number in (1..=plan.players).filter(|&number| way(number).is_some()) {
        *answers.entry(status(server, &room(&plan, number), address(number)).await).or_default() += 1;
    }
    answers
}

async fn status(server: &Loopback, path: &str, from: IpAddr) -> u16 {
    match server.try_connect_from(path, from).await {
        Ok(_) => 101,
        Err(ConnectError::Refused { status, .. }) => status,
        Err(error) => panic!("neither let in nor refused: {error}"),
    }
}
