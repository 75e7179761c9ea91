//! People play and look on in real pseudo-terminals, against a real server, with bots and with each other.

use portable_pty::ExitStatus;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tests::loopback::Loopback;
use tests::terminal::Terminal;
use vt100::Screen;

const COLUMNS: u16 = 100;
const ROWS: u16 = 30;

fn client() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_client-under-test"))
}

/// A person called `name` in `room`.
fn person(server: &Loopback, name: &str, room: &str) -> Terminal {
    let (url, authority) = (server.url(), server.authority());
    let authority = authority.to_str().expect("a plain path");
    let arguments = ["play", "--url", &url, "--ca", authority, "--room", room, "--name", name, "--net-graph"];
    let terminal = Terminal::start(COLUMNS, ROWS, &client(), &arguments);
    terminal.wait("the game", |screen| place(screen).map(|_| ()));
    terminal
}

/// Bots of another process; they go with this.
struct Bots(Child);

impl Bots {
    fn send(server: &Loopback, count: u32, room: &str) -> Self {
        let mut command = Command::new(client());
        command.args(["swarm", "--seconds", "600", "--behaviour", "fight", "--room", room]);
        command.args(["--bots", &count.to_string(), "--url", &server.url()]).arg("--ca").arg(server.authority());
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("bots"))
    }
}

impl Drop for Bots {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Where the net graph says we are.
fn place(screen: &Screen) -> Option<(f64, f64)> {
    let shown = screen.contents();
    let line = shown.lines().find(|line| line.contains("│ at "))?;
    let mut numbers = line.split_whitespace().filter_map(|word| word.parse::<f64>().ok());
    Some((numbers.next()?, numbers.next()?))
}

fn shows(words: &str) -> impl FnMut(&Screen) -> Option<()> + '_ {
    move |screen| screen.contents().contains(words).then_some(())
}

fn assert_restored(terminal: &Terminal, screen: &Screen) {
    assert!(terminal.is_as_before(), "echo and lines are back");
    assert!(!screen.alternate_screen() && !screen.hide_cursor(), "{}", screen.contents());
    assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
}

/// Escape, and q: the way out that the screen offers.
fn leave(mut terminal: Terminal) {
    terminal.press("\x1b");
    terminal.wait("the question", shows("q leaves"));
    terminal.press("q");
    let (status, screen): (ExitStatus, Screen) = terminal.end();
    assert!(status.success() && screen.contents().contains("You left (1000"), "{status:?} {}", screen.contents());
    assert_restored(&terminal, &screen);
}

#[test]
fn each_key_moves_the_player_its_way_and_letters_that_are_typed_do_not() {
    let server = Loopback::start();
    let alone = person(&server, "ann", "alone");
    alone.wait("where others come from", shows("client-sim swarm --bots 10 --room alone"));
    for (key, [x, y]) in [("d", [1.0, 0.0]), ("s", [0.0, 1.0]), ("a", [-1.0, 0.0]), ("w", [0.0, -1.0])] {
        let from = alone.wait("a place", place);
        let way = |at: (f64, f64)| (at.0 - from.0) * x + (at.1 - from.1) * y;
        alone.hold(key, "a step that way", |screen| place(screen).filter(|&at| way(at) >= 4.0));
    }
    // A letter is no step while a line is typed; what was typed is told to everybody, ourselves among them.
    alone.press("tdddd\r");
    alone.wait("what was said", shows("ann: dddd"));
    alone.press("n");
    alone.wait("a closed net graph", |screen| place(screen).is_none().then_some(()));
    alone.resize(60, 20);
    alone.wait("another size", |screen| {
        let last = screen.rows(0, 60).nth(18)?;
        last.contains("HP").then_some(())
    });
    leave(alone);
}

#[test]
fn two_people_and_bots_see_each_other_walls_the_score_and_the_net_graph() {
    // The smallest map: nobody is out of sight for long.
    let map = ("map".to_owned(), "courtyard".to_owned());
    let server = Loopback::start_as(move |config| config.rooms.settings.extend([map.clone()]));
    let _bots = Bots::send(&server, 6, "duel");
    let (ann, ben) = (person(&server, "ann", "duel"), person(&server, "ben", "duel"));
    for one in [&ann, &ben] {
        one.wait("walls", shows("████"));
        one.wait("the score", shows("score"));
        one.wait("no word of being alone", |screen| (!screen.contents().contains("you are alone")).then_some(()));
        one.wait("the net graph", shows("round trip"));
        one.wait("a proven world", |screen| {
            let shown = screen.contents();
            let line = shown.lines().find(|line| line.contains("digests"))?.to_owned();
            (!line.contains(" 0 checked") && line.contains("checked, 0 wrong")).then_some(())
        });
        one.wait("somebody else", |screen| screen.contents().contains('●').then_some(()));
        one.press("\t");
        one.wait("everybody", |screen| {
            let shown = screen.contents();
            ["ann", "ben", "bot 0", "bot 5"].iter().all(|name| shown.contains(name)).then_some(())
        });
        one.press("\t");
    }
    ann.press("thello there\r");
    ben.wait("what ann said", shows("ann: hello there"));
    leave(ben);
    leave(ann);
}

#[test]
fn who_loses_the_server_is_told_so_and_need_not_wait_for_it() {
    let mut server = Loopback::start();
    let mut ann = person(&server, "ann", "main");
    server.stop();
    ann.wait("why it stands still", shows("the connection was lost"));
    ann.press("\x03");
    let (status, screen) = ann.end();
    assert_eq!(status.exit_code(), 0);
    // With the server's code, or without it where the last bytes crossed.
    assert!(screen.contents().contains("You left"), "{}", screen.contents());
    assert_restored(&ann, &screen);
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_says_what_happened() {
    let server = Loopback::start();
    let mut ann = person(&server, "ann", "main");
    ann.press("t/panic\r");
    let (status, screen) = ann.end();
    assert_eq!(status.exit_code(), 101);
    assert!(screen.contents().contains("as asked for"), "{}", screen.contents());
    assert_restored(&ann, &screen);
}

#[test]
fn a_spectator_sees_the_arena_turns_from_one_player_to_the_next_and_pans() {
    let server = Loopback::start_as(|config| config.rooms.spectators.delay_ms = 1_000);
    // Who looks on makes no room: somebody plays first.
    let _ann = person(&server, "ann", "hall");
    let _bots = Bots::send(&server, 3, "hall");
    let (url, authority) = (server.url(), server.authority());
    let authority = authority.to_str().expect("a plain path");
    let arguments = ["watch", "--url", &url, "--ca", authority, "--room", "hall", "--follow", "ann"];
    let mut eve = Terminal::start(COLUMNS, ROWS, &client(), &arguments);
    eve.wait("who was asked for", shows("following ann "));
    eve.wait("walls and the delay", |screen| {
        let shown = screen.contents();
        (shown.contains("████") && shown.contains("1.0 s behind")).then_some(())
    });
    eve.hold("n", "the next", shows("following bot"));
    eve.hold("p", "the one before", shows("following ann "));
    eve.press("\x1b[C");
    eve.wait("nobody", shows("free camera"));
    eve.press("q");
    let (status, screen) = eve.end();
    assert!(status.success() && screen.contents().contains("You left"), "{}", screen.contents());
    assert_restored(&eve, &screen);
}

#[test]
fn where_nobody_plays_there_is_nothing_to_watch() {
    let server = Loopback::start();
    let mut command = Command::new(client());
    command.args(["watch", "--room", "empty", "--url", &server.url()]).arg("--ca").arg(server.authority());
    let ended = command.output().expect("it ends");
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("come when somebody plays there"), "{ended:?}");
}

#[test]
fn a_room_that_no_server_would_open_is_refused_without_one() {
    for command in ["play", "watch", "swarm"] {
        let ended = Command::new(client()).args([command, "--room", "My Room"]).output().expect("it ends");
        assert_eq!(ended.status.code(), Some(2));
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(said.contains("a room's name is 1 to 32 of a-z, 0-9, - and _"), "{said}");
    }
}

#[test]
fn who_pipes_a_game_reads_it_line_by_line() {
    let server = Loopback::start_as(|config| config.rooms.spectators.delay_ms = 500);
    let _ann = person(&server, "ann", "hall");
    let _bots = Bots::send(&server, 2, "hall");
    let mut command = Command::new(client());
    command.args(["watch", "--room", "hall", "--url", &server.url()]).arg("--ca").arg(server.authority());
    let mut watching = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let output = BufReader::new(watching.stdout.take().expect("lines"));
    let mut wanted =
        vec!["the first picture comes within 1 s", "ann is here", "bot 1 is here", "3 players", " 0 wrong"];
    for line in output.lines().map_while(Result::ok).take(200) {
        wanted.retain(|words| !line.contains(words));
        if wanted.is_empty() {
            break;
        }
    }
    assert!(wanted.is_empty(), "never printed: {wanted:?}");
    // Nobody reads any more: it ends by itself.
    watching.wait().expect("it ends");
}

#[test]
fn where_no_person_sits_it_says_so_and_ends_with_2() {
    let ended = Command::new(client()).arg("play").stdin(Stdio::null()).output().expect("it ends");
    assert_eq!(ended.status.code(), Some(2));
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("terminal") && ended.stdout.is_empty(), "{said}");
}
