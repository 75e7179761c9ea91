//! The shape of Rust files: documented, short, deaf to panics where peers speak, and every encoder beside its decoder.
//!
//! Never here: single forbidden words (see `main`), and what is not Rust (see `pages`).

use crate::repository::{File, Finding, Repository};
use crate::rule::{Check, Rule};
use crate::source::{Code, fragment};

/// Lines of a file, its tests aside, at which to ask "which two things is this?".
const FILE_LINES_MAX: usize = 500;

/// The same for a function.
const FUNCTION_LINES_MAX: usize = 70;

/// What a peer's bytes reach first: the file at the top of each holds the attribute for everything below it.
const DECODE_PATHS: &[&[&str]] = &[
    &["shared/src/bits/mod.rs"],
    &["shared/src/codec/mod.rs"],
    &["shared/src/wire/mod.rs"],
    &["server/src/ingest/mod.rs"],
    &["client-sim/src/replica.rs", "client-sim/src/replica/mod.rs"],
];

const DECODE_LINTS: &[&str] = &["unwrap_used", "expect_used", "indexing_slicing", "panic"];

/// What the front may name of the server, and of `shared`.
const FRONT_MAY_NAME: &[&str] = &[
    "crate::front",
    "crate::mailbox",
    "crate::directory",
    "crate::standing",
    "crate::identity",
    "crate::sessions",
    "crate::bans",
    "crate::audit_log",
    "crate::plain_file",
    "crate::utc",
    "crate::renewals",
    "crate::tickets",
    "crate::config",
    "crate::metrics",
    "crate::shutdown",
    "crate::error",
    "shared::ids",
    "shared::limits",
    "shared::plain_text",
    "shared::wire::close_code",
    "shared::wire::version",
];

const CODERS: &[&str] = &["shared/src/bits/", "shared/src/codec/", "shared/src/wire/"];

/// Verbs that turn values into bits, and those that turn bits into values.
const ENCODE: &[&str] = &["write", "encode", "pack", "diff", "to_bytes"];
const DECODE: &[&str] = &["read", "decode", "unpack", "apply", "from_bytes"];

const ROUND_TRIPS: &str = "tests/tests/round_trips.rs";

/// The rules of this file.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        name: "module doc",
        why: "every file opens with why it exists, a picture if something moves, and what it never does",
        check: Check::Sight(module_docs),
        fires: &[
            &[("server/src/a.rs", "use std::fmt;\n")],
            &[("server/src/a.rs", "/// Not the module's.\nfn a() {}\n")],
        ],
        quiet: &[&[("server/src/a.rs", "//! Why.\n")], &[("server/src/a.rs", "#![deny(x)]\n//! Why.\n")]],
    },
    Rule {
        name: "mod lines",
        why: "a mod line carries a plain comment (//), the file its doc (//!): given both docs, rustdoc looks for the \
              links of the file's doc in the wrong module",
        check: Check::Sight(mod_lines),
        fires: &[
            &[("server/src/lib.rs", "//! A.\n\n/// B.\npub mod b;\n")],
            &[("server/src/lib.rs", "//! A.\n\n/// B.\n#[cfg(test)]\npub(crate) mod b;\n")],
        ],
        quiet: &[&[("server/src/lib.rs", "//! A.\n\n// B.\npub mod b;\n\n/// C.\nmod c {}\n\n/// D.\nfn d() {}")]],
    },
    Rule {
        name: "file length",
        why: "over 500 lines without tests: which two things is this? split it, or enter it with a reason in exceptions.rs",
        check: Check::Sight(file_lengths),
        fires: &[&[("server/src/a.rs", LONG_FILE)], &[("assets/web/sdk/a.js", LONG_FILE)]],
        quiet: &[&[("server/src/a.rs", LONG_TESTS)]],
    },
    Rule {
        name: "function length",
        why: "over 70 lines nobody sees the whole: name its parts, or enter it with a reason in exceptions.rs",
        check: Check::Sight(function_lengths),
        fires: &[&[("server/src/a.rs", LONG_FUNCTION)], &[("tests/tests/a.rs", LONG_FUNCTION)]],
        quiet: &[&[("server/src/a.rs", "fn a() {\n}\n")]],
    },
    Rule {
        name: "decode lints",
        why: "nothing the network sends may panic: the modules that peer bytes reach deny clippy's unwrap_used, \
              expect_used, indexing_slicing and panic, and nothing below them allows these again",
        check: Check::Sight(decode_lints),
        fires: &[
            &[("shared/src/bits/mod.rs", "//! Bits.\n")],
            &[("server/src/ingest/mod.rs", "#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]")],
            &[("shared/src/wire/hello.rs", "#[allow(clippy::indexing_slicing, reason = \"fast\")]\nfn a() {}")],
        ],
        quiet: &[
            &[("shared/src/bits/mod.rs", DENIES)],
            &[("server/src/sim/mod.rs", "#[allow(clippy::indexing_slicing, reason = \"proven\")]\nfn a() {}")],
        ],
    },
    Rule {
        name: "relaxations",
        why: "a lint is relaxed with a reason, written into the attribute: #[expect(lint, reason = \"…\")]",
        check: Check::Sight(relaxations),
        fires: &[
            &[("server/src/a.rs", "#[allow(clippy::panic)]\nfn a() {}")],
            &[("server/src/a.rs", "#![expect(missing_docs)]")],
        ],
        quiet: &[&[("server/src/a.rs", "#[expect(clippy::panic, reason = \"x\")]\nfn a() { b.expect(\"c\"); }")]],
    },
    Rule {
        name: "front",
        why: "the front knows no World, row, schema or game: only mailbox, directory, standing, identity, sessions, tickets, renewals, bans, audit_log, plain_file, utc, config, metrics, shutdown, error \
              and shared::{ids, limits, plain_text, wire::{close_code, version}}",
        check: Check::Sight(front_names),
        fires: &[
            &[("server/src/front/upgrade.rs", "use crate::{mailbox, sim::Sim};")],
            &[("server/src/front/mod.rs", "fn f() { super::room::Room::new(); }")],
            &[("server/src/front/tls.rs", "use shared::{ids::Tick, schema::Schema};")],
            &[("server/src/front/tls.rs", "fn f() { shared::wire::ClientMessage::read(); }")],
        ],
        quiet: &[&[(
            "server/src/front/upgrade.rs",
            "use super::tls::Tls;\nuse crate::{config::Config, mailbox};\nuse shared::wire::close_code::CloseCode;",
        )]],
    },
    Rule {
        name: "inverse pairs",
        why: "whoever writes a thing also reads it, in the same file: write_x and read_x, encode and decode, to_bytes and from_bytes",
        check: Check::Sight(inverse_pairs),
        fires: &[
            &[("shared/src/wire/a.rs", "pub fn write_hello() {}")],
            &[("shared/src/codec/a.rs", "pub fn encode() {}\npub fn decode_other() {}")],
        ],
        quiet: &[
            &[("shared/src/wire/a.rs", "pub fn write_hello() {}\npub fn read_hello() {}\npub fn read_more() {}")],
            &[
                ("shared/src/bits/writer.rs", "pub fn write_x() {}"),
                ("shared/src/bits/reader.rs", "pub fn read_x() {}"),
            ],
        ],
    },
    Rule {
        name: "round trips",
        why: "an encoder without a round-trip test is a promise: list the pair in tests/tests/round_trips.rs",
        check: Check::Sight(round_trips),
        fires: &[
            &[("shared/src/wire/a.rs", "pub fn write_x() {}\npub fn read_x() {}"), (ROUND_TRIPS, "fn y() {}")],
            &[("shared/src/wire/a.rs", "pub fn write_x() {}\npub fn read_x() {}")],
        ],
        quiet: &[&[
            ("shared/src/wire/a.rs", "pub fn write_x() {}\npub fn read_x() {}\nfn write_part() {}"),
            (ROUND_TRIPS, "fn y() { write_x(); }"),
        ]],
    },
    Rule {
        name: "names",
        why: "a name says what a thing is: no get_, no Manager, Helper, Util, Data, Info; frames and messages, not packets and payloads",
        check: Check::Sight(names),
        fires: &[
            &[("server/src/a.rs", "pub struct RoomManager;")],
            &[("server/src/a.rs", "enum FrameData {}")],
            &[("server/src/a.rs", "fn get_room() {}")],
        ],
        quiet: &[&[("server/src/a.rs", "struct Datagram;\nfn gets() {}\nfn get_mut() {}\nfn f() { x.get_mut(1); }")]],
    },
];

const DENIES: &str =
    "//! Bits.\n#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]\n";

const fn lines<const LENGTH: usize>(head: &[u8], tail: &[u8]) -> [u8; LENGTH] {
    let mut text = [b'\n'; LENGTH];
    let mut at = 0;
    while at < head.len() {
        text[at] = head[at];
        at += 1;
    }
    at = 0;
    while at < tail.len() {
        text[LENGTH - tail.len() + at] = tail[at];
        at += 1;
    }
    text
}

const fn text(bytes: &'static [u8]) -> &'static str {
    match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(_) => panic!("planted text is ASCII"),
    }
}

const LONG_FILE: &str = text(&lines::<520>(b"", b"fn a() {}\n"));
const LONG_TESTS: &str = text(&lines::<600>(b"#[cfg(test)] mod tests {", b"fn a() {}\n}\n"));
const LONG_FUNCTION: &str = text(&lines::<90>(b"fn a() {", b"}\n"));

fn module_docs(repository: &Repository) -> Vec<Finding> {
    let undocumented = |file: &&File| {
        let first = file.text.lines().find(|line| !line.trim().is_empty() && !line.starts_with("#!"));
        !first.is_some_and(|line| line.starts_with("//!"))
    };
    let files = repository.rust().map(|(file, _)| file);
    files.filter(undocumented).map(|file| Finding::new(&file.path, 1, "file")).collect()
}

fn mod_lines(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, _) in repository.rust() {
        let mut documented = false;
        for (line, number) in file.text.lines().map(str::trim).zip(1..) {
            let words = line.rsplit_once(") ").map_or(line, |(_, rest)| rest).trim_start_matches("pub ");
            if documented && words.starts_with("mod ") && words.ends_with(';') {
                found.push(Finding::new(&file.path, number, words.trim_start_matches("mod ").trim_end_matches(';')));
            }
            documented = line.starts_with("///") || (documented && line.starts_with("#["));
        }
    }
    found
}

fn file_lengths(repository: &Repository) -> Vec<Finding> {
    let written = |file: &&File| [".rs", ".js", ".mjs"].iter().any(|end| file.path.ends_with(end));
    let length = |file: &File| file.text.lines().count() - file.code.as_ref().map_or(0, |code| code.test_lines);
    let long = repository.files.iter().filter(written).filter(|file| length(file) > FILE_LINES_MAX);
    long.map(|file| Finding::new(&file.path, 1, "file")).collect()
}

fn function_lengths(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, code) in repository.rust() {
        let long = code.functions().into_iter().filter(|(_, _, lines, test)| *lines > FUNCTION_LINES_MAX && !test);
        found.extend(long.map(|(name, line, ..)| Finding::new(&file.path, line, name)));
    }
    found
}

/// Every attribute that names one of `verbs` (`allow`, `deny`…): its line and its words.
fn attributes<'a>(code: &'a Code, verbs: &[&str]) -> Vec<(usize, Vec<&'a str>)> {
    let mut found = Vec::new();
    for (at, token) in code.tokens.iter().enumerate() {
        let before = |distance: usize| at.checked_sub(distance).map_or("", |index| code.tokens[index].text.as_str());
        let opens = before(1) == "[" && matches!(before(2), "#" | "!");
        let conditional = before(1) == "," && code.tokens.get(at + 1).is_some_and(|next| next.text == "(");
        if !verbs.contains(&token.text.as_str()) || token.test || !(opens || conditional) {
            continue;
        }
        let words = code.tokens[at..].iter().map(|token| token.text.as_str());
        found.push((token.line, words.take_while(|word| *word != "]").collect()));
    }
    found
}

fn decode_lints(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for doors in DECODE_PATHS {
        for (file, code) in repository.rust().filter(|(file, _)| doors.contains(&file.path.as_str())) {
            let denied: Vec<&str> =
                attributes(code, &["deny", "forbid"]).into_iter().flat_map(|(_, words)| words).collect();
            let missing = DECODE_LINTS.iter().filter(|lint| !denied.contains(lint));
            found.extend(missing.map(|lint| Finding::new(&file.path, 1, *lint)));
        }
    }
    let folders: Vec<&str> =
        DECODE_PATHS.iter().flat_map(|doors| *doors).map(|door| door.trim_end_matches("mod.rs")).collect();
    for (file, code) in repository.rust().filter(|(file, _)| file.is_in(&folders)) {
        for (line, words) in attributes(code, &["allow", "expect", "warn"]) {
            let relaxed = DECODE_LINTS.iter().filter(|lint| words.contains(lint));
            found.extend(relaxed.map(|lint| Finding::new(&file.path, line, *lint)));
        }
    }
    found
}

fn relaxations(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, code) in repository.rust() {
        for (line, words) in attributes(code, &["allow", "expect"]) {
            if !words.contains(&"reason") {
                found.push(Finding::new(&file.path, line, words.get(2..words.len() - 1).unwrap_or_default().concat()));
            }
        }
    }
    found
}

fn front_names(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, code) in repository.rust().filter(|(file, _)| file.is_in(&["server/src/front/"])) {
        for path in code.paths.iter().filter(|path| !path.test && path.segments.len() > 1) {
            let name = path.segments.join("::");
            let ours = matches!(path.segments[0].as_str(), "crate" | "shared" | "server");
            let named = |may: &&str| name == *may || name.starts_with(&format!("{may}::"));
            if ours && !FRONT_MAY_NAME.iter().any(named) {
                found.push(Finding::new(&file.path, path.line, name));
            }
        }
    }
    found
}

/// What an encoder is about: `write_hello` is about `_hello`, `encode` about nothing but its type.
fn subject<'a>(name: &'a str, verbs: &[&str]) -> Option<&'a str> {
    let rest = verbs.iter().find_map(|verb| name.strip_prefix(verb))?;
    (rest.is_empty() || rest.starts_with('_')).then_some(rest)
}

/// The encoders of a file, each with its line and those decoders of the same thing that stand beside it.
fn encoders<'a>(repository: &'a Repository, file: &File, code: &'a Code) -> Vec<(&'a str, usize, Vec<&'a str>)> {
    let reader = file.path.replace("writer.rs", "reader.rs");
    let beside = repository.file(&reader).and_then(|file| file.code.as_ref()).unwrap_or(code);
    let readers = beside.functions();
    let own = code.functions().into_iter().filter(|(.., test)| !test);
    let encoders = own.filter_map(|(name, line, ..)| subject(name, ENCODE).map(|about| (name, line, about)));
    encoders
        .map(|(name, line, about)| {
            let undo = readers.iter().map(|(name, ..)| *name).filter(|name| subject(name, DECODE) == Some(about));
            (name, line, undo.collect())
        })
        .collect()
}

fn inverse_pairs(repository: &Repository) -> Vec<Finding> {
    let mut found = Vec::new();
    for (file, code) in repository.rust().filter(|(file, _)| file.is_in(CODERS)) {
        let alone = encoders(repository, file, code).into_iter().filter(|(.., decoders)| decoders.is_empty());
        found.extend(alone.map(|(name, line, _)| Finding::new(&file.path, line, name)));
    }
    found
}

fn round_trips(repository: &Repository) -> Vec<Finding> {
    let list = repository.file(ROUND_TRIPS).map_or("", |file| file.text.as_str());
    let mut found = Vec::new();
    for (file, code) in repository.rust().filter(|(file, _)| file.is_in(CODERS)) {
        let public = code.lines_of(&fragment("pub fn"), false);
        for (name, line, decoders) in encoders(repository, file, code) {
            let listed = says(list, name) || decoders.iter().any(|decoder| says(list, decoder));
            if public.contains(&line) && !listed {
                found.push(Finding::new(&file.path, line, name));
            }
        }
    }
    found
}

fn says(text: &str, name: &str) -> bool {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| word == name)
}

fn names(repository: &Repository) -> Vec<Finding> {
    const ENDS: &[&str] = &["Manager", "Helper", "Helpers", "Util", "Utils", "Data", "Info", "Packet", "Payload"];
    let mut found = Vec::new();
    for (file, code) in repository.rust() {
        for pair in code.tokens.windows(2) {
            let name = &pair[1].text;
            let empty = match pair[0].text.as_str() {
                "struct" | "enum" | "trait" => ENDS.iter().any(|end| name.ends_with(end)),
                // The standard library's own.
                "fn" => name.starts_with("get_") && name != "get_mut",
                _ => false,
            };
            if empty {
                found.push(Finding::new(&file.path, pair[1].line, name.clone()));
            }
        }
    }
    found
}
