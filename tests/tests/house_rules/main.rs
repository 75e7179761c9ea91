//! The never-rules of this repository, executable: where, which words, and why.
//!
//! A rule that lives in somebody's memory is broken by the next person. So each stands here, prints its reason together
//! with file and line when it is broken, and proves with planted files that it can fire at all.
//!
//! ```text
//!   main.rs          the table: what must not be said where
//!   shape.rs         how long, how documented, which attributes, which inverse
//!   crates.rs        who may depend on whom, licences, sources
//!   pages.rs         what is neither Rust nor a crate: links, keys, markup, the top level
//!   exceptions.rs    what may break a rule, with its reason; a stale entry is an error
//! ```
//!
//! Run it alone with `cargo rules`.

// What may break a rule, and why.
mod exceptions;

// Which rules look at more than words: crates.
mod crates;

// Everything that is not Rust.
mod pages;

// Files, real or planted.
mod repository;

// What a rule is.
mod rule;

// The shape of Rust files.
mod shape;

// Rust as tokens and paths.
mod source;

use exceptions::EXCEPTIONS;
use repository::{Finding, Repository};
use rule::{Check, Rule, Words};

/// What is a pure function of its arguments: a Tick in, bytes out.
const PURE: &[&str] = &[
    "server/src/ingest/",
    "server/src/sim/",
    "server/src/replicate/",
    "server/src/game/",
    "server/src/arena_n/",
    "server/src/room/",
    "server/src/seats/",
    "server/src/exchange.rs",
    "server/src/counts.rs",
    "server/src/game_api.rs",
    "shared/src/",
    "client-sim/src/session.rs",
    "client-sim/src/session/",
    "client-sim/src/replica.rs",
    "client-sim/src/replica/",
    "client-sim/src/predict.rs",
    "client-sim/src/interpolate.rs",
    "client-sim/src/clock.rs",
    "client-sim/src/input_sender.rs",
    "client-sim/src/game/",
];

/// What of the client's game has to do with a terminal: it waits, writes and has threads of its own. The rest of it is as pure as bots are.
const TERMINAL: &[&str] = &[
    "client-sim/src/game/terminal/device/",
    "client-sim/src/game/terminal/play.rs",
    "client-sim/src/game/terminal/watch.rs",
    "client-sim/src/game/terminal/terminal_observer.rs",
    "client-sim/src/game/terminal/line_observer.rs",
];

/// What decides, or turns values into bits: its order must be the same on every machine.
const ORDERED: &[&str] = &[
    "server/src/sim/",
    "server/src/game/",
    "server/src/arena_n/",
    "shared/src/game/",
    "shared/src/codec/",
    "shared/src/wire/",
];

/// What must not know which game it runs.
const ENGINE: &[&str] = &["server/src/", "shared/src/", "client-sim/src/"];

const GAMES: &[&str] =
    &["server/src/game/", "server/src/main.rs", "shared/src/game/", "client-sim/src/game/", "client-sim/src/main.rs"];

/// Where something may wait: the front and what starts and stops it; the client's transport and what uses it.
const WAITING: &[&str] = &[
    "server/src/front/",
    "server/src/app.rs",
    "server/src/app/",
    "server/src/shutdown.rs",
    "server/src/main.rs",
    "client-sim/src/transport.rs",
    "client-sim/src/transport/",
    "client-sim/src/swarm.rs",
    "client-sim/src/swarm/",
    "client-sim/src/capacity/",
    "client-sim/src/game/terminal/play.rs",
    "client-sim/src/game/terminal/watch.rs",
    "client-sim/src/game/terminal/terminal_observer.rs",
    "client-sim/src/game/terminal/line_observer.rs",
    "client-sim/src/main.rs",
];

const fn words(
    name: &'static str,
    places: &'static [&'static str],
    but_not: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
) -> Rule {
    Rule { name, why, check: Check::Words(Words { places, but_not, words, tests_too: false }), fires: &[], quiet: &[] }
}

const fn words_in_tests_too(mut rule: Rule) -> Rule {
    if let Check::Words(words) = &mut rule.check {
        words.tests_too = true;
    }
    rule
}

const fn fires(mut rule: Rule, planted: &'static [rule::Planted], quiet: &'static [rule::Planted]) -> Rule {
    rule.fires = planted;
    rule.quiet = quiet;
    rule
}

/// The table.
const WORDS: &[Rule] = &[
    fires(
        words(
            "pure",
            PURE,
            TERMINAL,
            &[
                "std::time",
                "core::time",
                "Instant",
                "SystemTime",
                "std::net",
                "std::fs",
                "std::env",
                "std::thread",
                "std::process",
                "std::io::stdin",
                "std::io::stdout",
                "thread_local!",
                "tokio",
                "tokio_rustls",
                "tokio_tungstenite",
                "tungstenite",
                "hyper",
                "rustls",
                "socket2",
                "nix",
                "spin_sleep",
                "getrandom",
                "OsRng",
                "thread_rng",
                "rand::rng",
                "from_os_rng",
                "println!",
                "eprintln!",
            ],
            "a match is a pure function of its inputs: time is a Tick, randomness is seeded, bytes are arguments; \
             clocks, sockets, files, threads and the system's randomness belong to front/, worker/ and main.rs",
        ),
        &[
            &[("server/src/sim/mod.rs", "use std::{collections::BTreeMap, time as t};\nfn f() { t::Instant::now(); }")],
            &[("shared/src/codec/piece.rs", "pub async fn f() { tokio::task::yield_now().await }")],
            &[("shared/src/ids.rs", "fn f() { ::std::net::TcpStream::connect(a); }")],
        ],
        &[
            &[
                ("server/src/sim/mod.rs", "#[cfg(test)]\nmod peer;"),
                ("server/src/sim/peer.rs", "use std::net::TcpStream;"),
            ],
            &[("server/src/sim/mod.rs", "//! std::time is not here.\nfn f() -> &'static str { \"std::net\" }")],
        ],
    ),
    words(
        "order",
        ORDERED,
        &[],
        &["HashMap", "HashSet", "RandomState", "DefaultHasher", "Local<", "Changed<", "Added<", "RemovedComponents"],
        "hashing, table rows and bevy's change queries have no order or memory that a replay could repeat: \
         visit by EntityId, keep state in components and resources",
    ),
    words(
        "floats",
        &["shared/src/wire/", "shared/src/codec/", "shared/src/bits/"],
        &[],
        &["f32", "f64"],
        "no float crosses the wire unquantised: quantise first (shared/src/quantise.rs)",
    ),
    fires(
        words(
            "waiting",
            ENGINE,
            WAITING,
            &["async", "await", "tokio"],
            "only the front waits: a worker that awaits, or a client whose session does, can not be driven by virtual time",
        ),
        &[&[("server/src/worker/mod.rs", "fn f() { tokio::spawn(async { 1 }); }")]],
        &[&[("server/src/worker/connection.rs", "use tokio_tungstenite::tungstenite::WebSocket;")]],
    ),
    words_in_tests_too(fires(
        words(
            "bounded",
            &[],
            &[],
            &[
                "std::sync::mpsc::channel",
                "unbounded_channel",
                "unbounded",
                "UnboundedSender",
                "UnboundedReceiver",
                "std::sync::mpsc::Sender",
            ],
            "every queue has a bound, and what happens at the bound has a name: use sync_channel or channel(n)",
        ),
        &[&[("server/src/worker/mod.rs", "use std::sync::mpsc;\nfn f() { let (a, b) = mpsc::channel(); }")]],
        &[&[("server/src/front/mod.rs", "use tokio::sync::mpsc;\nfn f() { let (a, b) = mpsc::channel(8); }")]],
    )),
    fires(
        words(
            "game",
            ENGINE,
            GAMES,
            &["game::"],
            "the engine never names the game: what it needs comes through game_api, the schema or a stage",
        ),
        &[
            &[("server/src/sim/mod.rs", "use crate::{game, ids};")],
            &[("server/src/room/mod.rs", "fn f() { super::game::Arena; }")],
            &[("client-sim/src/session.rs", "use shared::game::ArenaInput;")],
        ],
        &[
            &[("server/src/room/mod.rs", "use crate::game_api::RoomGame;\nfn f(game: Game) { game.install(); }")],
            &[("server/src/game/mod.rs", "use shared::game::Map;")],
            &[("server/src/lib.rs", "pub mod game;")],
        ],
    ),
    words(
        "the clock of the tick",
        &["server/src/worker/"],
        &["server/src/worker/schedule.rs", "server/src/worker/arrival.rs"],
        &["Instant::now", "SystemTime::now"],
        "one clock drives the tick (worker/schedule.rs), one stamps what arrives (worker/arrival.rs): everybody else in a \
         worker is given `now`, so that a pass has one time and not many",
    ),
    words(
        "readers of the World",
        &["server/src/"],
        &[
            "server/src/sim/",
            "server/src/game/",
            "server/src/arena_n/",
            "server/src/game_api.rs",
            "server/src/replicate/extract.rs",
            "server/src/replicate/scrub.rs",
            "server/src/replicate/audit.rs",
        ],
        &["bevy_ecs"],
        "the World is changed by sim and game and read in three places (replicate/extract.rs, scrub.rs, and audit.rs for auditors); \
         everybody else is handed plain rows",
    ),
    words(
        "stages: the front",
        ENGINE,
        &["server/src/front/", "server/src/app.rs", "server/src/app/", "server/src/main.rs"],
        &["crate::front"],
        "nobody behind the mailbox knows the front: what it admits is handed over once",
    ),
    words(
        "stages: the room",
        &[
            "server/src/room/",
            "server/src/ingest/",
            "server/src/sim/",
            "server/src/replicate/",
            "server/src/seats/",
            "server/src/exchange.rs",
            "server/src/counts.rs",
            "server/src/game_api.rs",
        ],
        &[],
        &["crate::mailbox", "crate::directory", "crate::worker", "crate::app", "crate::shutdown", "crate::metrics"],
        "a room is frames and a Tick in, bytes out: whoever owns its sockets and counters calls it, never the reverse",
    ),
    words(
        "stages: ingest",
        &["server/src/ingest/"],
        &[],
        &["crate::replicate", "crate::room"],
        "imports point upstream: a stage may name the type it is handed, never call its neighbour",
    ),
    words(
        "stages: sim",
        &["server/src/sim/", "server/src/game/", "server/src/arena_n/"],
        &[],
        &["crate::ingest", "crate::replicate", "crate::room", "crate::seats"],
        "the World knows neither bytes nor clients: it is handed a StepInput, and is read by replicate/extract.rs",
    ),
    words(
        "stages: the game's socket",
        &["server/src/"],
        &["server/src/game/", "server/src/arena_n/"],
        &["crate::game_api"],
        "what an author writes stands above the engine, which holds a RoomGame (sim/room_game.rs) and knows no types of a game",
    ),
    words(
        "stages: replicate",
        &["server/src/replicate/"],
        &[],
        &["crate::ingest", "crate::room", "crate::seats"],
        "imports point upstream: run_tick does the handing over",
    ),
    words(
        "stages: seats",
        &["server/src/seats/", "server/src/exchange.rs", "server/src/counts.rs"],
        &[],
        &["crate::ingest", "crate::room"],
        "what the stages share stands below them: it is passed in, and knows nobody who works on it",
    ),
    words(
        "layers of shared",
        &["shared/src/bits/", "shared/src/quantise.rs", "shared/src/ids.rs", "shared/src/limits.rs"],
        &[],
        &["crate::wire", "crate::codec", "crate::game"],
        "primitives are the lowest layer: they serve codec and wire and know neither",
    ),
    words_in_tests_too(words(
        "unsafe",
        &[],
        &[],
        &["unsafe"],
        "nothing here needs it: socket options and time stamps have safe wrappers in socket2 and nix",
    )),
    words_in_tests_too(words(
        "anyhow",
        &[],
        &["server/src/main.rs", "client-sim/src/main.rs"],
        &["anyhow", "Box<dyn Error>", "Box<dyn std::error::Error>"],
        "an error says whose fault it is and what to do now: one small thiserror enum per stage; anyhow only in main.rs",
    )),
    words_in_tests_too(words(
        "leftovers",
        &[],
        &[],
        &["dbg!", "todo!", "unimplemented!", "#[ignore", "dead_code", "#![allow(unused", "#[allow(unused"],
        "what is not finished, not used or not run is not there: finish it or delete it",
    )),
];

/// Every rule.
fn rules() -> Vec<&'static Rule> {
    WORDS.iter().chain(shape::RULES).chain(crates::RULES).chain(pages::RULES).collect()
}

fn is_excused(rule: &Rule, finding: &Finding) -> bool {
    EXCEPTIONS.iter().any(|exception| {
        exception.rule == rule.name && exception.path == finding.path && exception.what == finding.what
    })
}

/// What breaks which rule, reasons first, as it is printed.
fn broken(repository: &Repository) -> String {
    let mut report = String::new();
    for rule in rules() {
        let found = rule.findings(repository);
        let open: Vec<&Finding> = found.iter().filter(|finding| !is_excused(rule, finding)).collect();
        if !open.is_empty() {
            report.push_str(&format!("\n{}: {}\n", rule.name, rule.why));
        }
        for finding in open {
            report.push_str(&format!("    {}:{}: {}\n", finding.path, finding.line, finding.what));
        }
    }
    report
}

#[test]
fn the_house_keeps_its_rules() {
    let report = broken(&Repository::here());
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn one_line_too_many_in_a_real_file_breaks_its_rule() {
    let lines = [
        ("shared/src/lib.rs", "use tokio::net::TcpStream;", "pure"),
        ("server/src/sim/mod.rs", "fn now() -> std::time::Instant { std::time::Instant::now() }", "pure"),
        ("shared/src/codec/piece.rs", "use std::collections::HashMap;", "order"),
        ("server/src/room/mod.rs", "use crate::game::Arena;", "game"),
        ("server/src/front/mod.rs", "use crate::sim::Sim;", "front"),
        ("shared/src/wire/mod.rs", "pub fn write_more(_: f32) {}", "inverse pairs"),
        ("client-sim/src/lib.rs", concat!("// TO", "DO: all the rest"), "unfinished"),
    ];
    let here = Repository::here();
    for (path, line, name) in lines {
        let file = here.file(path).unwrap_or_else(|| panic!("{path} is there"));
        let text = format!("{}\n{line}\n", file.text);
        let rule = rules().into_iter().find(|rule| rule.name == name).expect("the rule is in the table");
        let found = rule.findings(&Repository::planted(&[(path, &text)]));
        let at = file.text.lines().count() + 2;
        assert!(found.iter().any(|finding| finding.line == at), "{line:?} at the end of {path}: {found:?}");
    }
}

#[test]
fn every_exception_is_still_needed_and_says_why() {
    let repository = Repository::here();
    for exception in EXCEPTIONS {
        let rule = rules().into_iter().find(|rule| rule.name == exception.rule);
        let rule = rule.unwrap_or_else(|| panic!("no rule is called {:?}", exception.rule));
        let needed = rule
            .findings(&repository)
            .iter()
            .any(|finding| finding.path == exception.path && finding.what == exception.what);
        assert!(
            needed,
            "{} no longer breaks {:?} with {:?}: delete the exception",
            exception.path, rule.name, exception.what
        );
        assert!(exception.reason.len() > 20, "{}: an exception needs a reason", exception.path);
    }
}

#[test]
fn every_rule_fires_on_what_it_forbids() {
    for rule in rules() {
        for planted in rule.fires {
            let found = rule.findings(&Repository::planted(planted));
            assert!(!found.is_empty(), "{:?} does not see {planted:?}", rule.name);
        }
        let Check::Words(words) = &rule.check else {
            assert!(!rule.fires.is_empty(), "{:?} is never seen to fire", rule.name);
            continue;
        };
        for (path, word) in words.plants() {
            let path_like = word.trim_end_matches("::");
            let said = format!("//! A.\nfn f() {{\n    {path_like}::x;\n}}\n");
            let plain = format!("//! A.\nfn f() {{\n    {word} x;\n}}\n");
            let fired = [&said, &plain].into_iter().any(|text| {
                let found = rule.findings(&Repository::planted(&[(&path, text)]));
                found.contains(&Finding::new(&path, 3, word))
            });
            assert!(fired, "{:?} does not see {word:?} in {path}", rule.name);
        }
    }
}

#[test]
fn no_rule_fires_on_what_only_looks_like_it() {
    for rule in rules() {
        for planted in rule.quiet {
            let found = rule.findings(&Repository::planted(planted));
            assert!(found.is_empty(), "{:?} sees {found:?} in {planted:?}", rule.name);
        }
        let Check::Words(words) = &rule.check else {
            assert!(!rule.quiet.is_empty(), "{:?} is never seen to be quiet", rule.name);
            continue;
        };
        for (path, word) in words.plants() {
            let harmless = format!("//! {word}\n// {word}\n/* {word} */\nfn f() {{ \"{word}\"; r#\"{word}\"#; }}\n");
            let tested = format!("#[cfg(test)]\nmod tests {{ fn f() {{ {word} x; }} }}\n");
            let elsewhere = format!("fn f() {{ {word} x; }}\n");
            let texts = [(true, &path, harmless), (!words.tests_too, &path, tested)];
            for (_, path, text) in texts.into_iter().filter(|(applies, ..)| *applies) {
                let found = rule.findings(&Repository::planted(&[(path, &text)]));
                assert!(found.is_empty(), "{:?} sees {found:?} in {text}", rule.name);
            }
            if !words.places.is_empty() {
                let found = rule.findings(&Repository::planted(&[("tests/src/planted.rs", &elsewhere)]));
                assert!(found.is_empty(), "{:?} looks outside its places: {found:?}", rule.name);
            }
        }
    }
}

#[test]
fn rules_have_names_of_their_own_and_reasons() {
    let mut names: Vec<&str> = rules().iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    for rule in rules() {
        assert!(rule.why.len() > 30, "{:?} says too little of why", rule.name);
    }
}
