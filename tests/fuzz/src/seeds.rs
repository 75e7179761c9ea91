//! What fuzzers begin with: golden messages, a recorded match, the maps and the configuration that are shipped. Nothing of it is kept
//! beside them: each program writes its own seeds where it is told to, so that they are those of the code it was built from.

use std::path::{Path, PathBuf};

/// Where a program is to write its seeds, and then end.
const VARIABLE: &str = "TICKWIRE_FUZZ_SEEDS";

/// Writes the seeds of `target` if that is asked for, and then ends.
pub fn write_if_asked(target: &str) {
    let Some(folder) = std::env::var_os(VARIABLE).map(PathBuf::from) else { return };
    for (number, seed) in of(target).iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number:03}")), seed).expect("the folder can be written to");
    }
    std::process::exit(0);
}

/// The seeds of a target.
///
/// # Panics
/// If there is no such target.
#[must_use]
pub fn of(target: &str) -> Vec<Vec<u8>> {
    match target {
        "client_message" => CLIENT.iter().map(|name| behind(0, golden(name))).collect(),
        "server_message" => SERVER.iter().chain(FRAMES).map(|name| golden(name)).collect(),
        "control" => CONTROL.iter().map(|&(which, name)| behind(which, golden(name)[1..].to_vec())).collect(),
        "state_header" => headers(),
        "schema" => schemas(),
        "tables" => tables(),
        "replica" => (0..=40).flat_map(|frame| [vec![frame, 1], vec![frame, 1, 0, 0, 9, 3]]).collect(),
        "session" => vec![vec![1; 30], vec![0; 40], vec![6; 30], session_with_pauses(), cut_and_back()],
        "room" => room(),
        "websocket" => websocket(),
        "upgrade" => upgrade(),
        "name" => ["Ann\nAnn\nann", "Ольга\nPACE\nРАСЕ", "Zoe\u{308}\n\u{202e}x"].map(|seed| seed.into()).to_vec(),
        "ban" => BANS.iter().map(|&line| line.into()).collect(),
        #[cfg(feature = "whole")]
        "ticket" => tickets(),
        "map" => maps(),
        "trace" => traces(),
        "config" => configurations(),
        other => panic!("there is no target {other}"),
    }
}

const BANS: &[&str] = &[
    r#"{"player":"steam:42","reason":"aimbot","until":"2031-05-04T12:00:00Z","when":"2031-05-01T09:30:00Z","by":"anna"}"#,
    r#"{"ticket":"a-1","reason":"\u001b[2J"}"#,
    r#"{"address":"192.0.2.0/24"}"#,
    r#"{"address":"2001:db8::/32","reason":""}"#,
    "::ffff:192.0.2.1",
    "10.0.0.0/8",
];
const CLIENT: &[&str] = &[
    "hello",
    "hello_again",
    "hello_spectator",
    "hello_auditor",
    "input",
    "confirm",
    "pause",
    "resync",
    "ping",
    "request",
    "bye",
    "renew",
];
const SERVER: &[&str] =
    &["welcome", "welcome_again", "pong", "reply_done", "reply_refused", "redirect", "new_tables", "notice", "audit"];
const FRAMES: &[&str] =
    &["state_full", "state_full_digest", "state_step", "state_ordinary", "state_events_lost", "state_keep_alive"];
const CONTROL: &[(u8, &str)] = &[
    (0, "hello"),
    (0, "hello_again"),
    (1, "welcome"),
    (1, "welcome_again"),
    (2, "redirect"),
    (3, "renew"),
    (4, "audit"),
];

/// As it comes, signed, signed under a header of its own, and spoilt; each by every key.
#[cfg(feature = "whole")]
fn tickets() -> Vec<Vec<u8>> {
    use crate::tickets::{claims, header};
    let by = |key: usize| {
        let chosen = (key as u8) << 4;
        let signed = behind(chosen | 1, claims(key));
        let headed = behind(chosen | 2, [header(key), vec![0], claims(key)].concat());
        [signed, headed, vec![chosen | 3, 0, 0, 40, 1], vec![chosen | 3, 2, 0, 90, 0]]
    };
    let text = b"\0eyJhbGciOiJub25lIiwia2lkIjoiZWQifQ.eyJzdWIiOiJhIiwiZXhwIjo5OTk5OTk5OTk5fQ.".to_vec();
    (0..3).flat_map(by).chain([text, b"\0a.b.c".to_vec()]).collect()
}

/// The bytes of a golden file.
#[must_use]
pub fn golden(name: &str) -> Vec<u8> {
    let text = std::fs::read_to_string(root().join(format!("tests/golden/{name}.hex"))).expect("a golden file");
    let digits = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal")).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn behind(first: u8, mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.insert(0, first);
    bytes
}

fn headers() -> Vec<Vec<u8>> {
    let whole = |name: &str| u8::from(name.ends_with("digest"));
    FRAMES.iter().map(|name| behind(whole(name), golden(name))).collect()
}

fn schemas() -> Vec<Vec<u8>> {
    crate::games::GAMES.iter().map(|game| game.schema.to_bytes()).collect()
}

fn tables() -> Vec<Vec<u8>> {
    let mut seeds = vec![behind(0, golden("tables"))];
    for (which, game) in crate::games::GAMES.iter().enumerate() {
        let tables = shared::codec::Tables::untrained(&game.layout);
        seeds.push(behind(which as u8, tables.to_bytes()));
        let in_file = 0x80 + which as u8;
        seeds.push(behind(in_file, tables.to_file(7)));
    }
    seeds
}

fn session_with_pauses() -> Vec<u8> {
    vec![0, 0, 0, 255, 0, 255, 228, 1, 0, 255, 228, 0, 0, 130, 0, 0, 0, 1, 255, 255, 0, 0, 180, 0, 0, 0, 240, 255, 0]
}

fn cut_and_back() -> Vec<u8> {
    vec![0, 0, 0, 0, 255, 0, 238, 255, 0, 0, 255, 0, 239, 0, 238, 0, 0, 0]
}

fn room() -> Vec<Vec<u8>> {
    let hello = [3, 0, 0, 3, b'z', b'o', b'e', 0];
    let input = [68, 0, 0, 0, 0, 0, 0, 0, 3, 7, 8, 9];
    let watch = [131, 0, 3, 3, b's', b'u', b'e', 0];
    let asks = [75, 0, 0, 1, 1, 4, 0, 0, 0, 0];
    let confirms = [72, 0, 0, 136, 0, 0, 137, 0, 0];
    let chance = [15, 0, 1, 1, 79, 0, 1, 2, 143, 0, 1, 3, 14, 0];
    // Cut, half-open, with one bit of it wrong, and with another's secret.
    let back = [[64, 0], [128, 1], [64, 16], [128, 33]].concat();
    let spoilt = [64, 14, 3, 1, 128, 15, 9, 7];
    vec![
        hello.to_vec(),
        watch.to_vec(),
        [&input[..], &asks, &confirms].concat(),
        input.to_vec(),
        confirms.to_vec(),
        chance.to_vec(),
        back,
        spoilt.to_vec(),
    ]
}

/// A frame of a client, with a mask of its own.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x37, 0xFA, 0x21, 0x3D];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        long => {
            bytes.push(0x80 | 126);
            bytes.extend((long as u16).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn websocket() -> Vec<Vec<u8>> {
    let fragments = [frame(0x02, b"in "), frame(0x89, b"ping"), frame(0x00, b""), frame(0x80, b"parts")].concat();
    let close = [frame(0x82, b"last"), frame(0x88, &[0x03, 0xE8])].concat();
    let streams = [
        [frame(0x82, b"one"), frame(0x82, &[7; 300]), frame(0x82, b"")].concat(),
        fragments,
        close,
        frame(0x81, b"text"),
        frame(0x82, &[1; 4096]),
        frame(0x82, &[1; 4097]),
        frame(0x8A, b"pong"),
    ];
    streams
        .into_iter()
        .flat_map(|stream| [(0, 255), (3, 2)].map(|(early, cut)| behind(early, behind(cut, stream.clone()))))
        .collect()
}

fn upgrade() -> Vec<Vec<u8>> {
    let good = "/play/main\nhost: play.example\nconnection: keep-alive, Upgrade\nupgrade: websocket\nsec-websocket-version: 13\n\
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\nsec-websocket-protocol: tickwire.v1";
    let lines =
        ["", "\norigin: https://play.example", "\norigin: https://evil.example", "\nauthorization: Bearer a.b.c"];
    let seeds = lines.map(|line| format!("{good}{line}"));
    seeds
        .into_iter()
        .chain(["/play?watch\nhost: localhost:1".to_owned(), "/play/../x".to_owned()])
        .map(String::into_bytes)
        .collect()
}

/// A map of 4 x 3 tiles, of which two are free, and the same with all layers.
fn maps() -> Vec<Vec<u8>> {
    let drawn = |layers: &str| {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" renderorder="right-down" width="4" height="3" tilewidth="16" tileheight="16" infinite="0">
 <tileset firstgid="1" name="tiles" tilewidth="16" tileheight="16" tilecount="2" columns="2"><image source="tiles.png" width="32" height="16"/></tileset>
 <layer id="1" name="walls" width="4" height="3"><data encoding="csv">2,2,2,2,2,0,0,2,2,2,2,2</data></layer>
 <objectgroup id="2" name="spawns"><object id="7" x="24" y="24"><point/></object></objectgroup>{layers}
</map>"#
        )
        .into_bytes()
    };
    let all = r#"<objectgroup id="3" name="pickups"><object id="8" type="rockets" x="40" y="24"><point/></object></objectgroup>
 <objectgroup id="4" name="stealth"><object id="9" x="16" y="16" width="16" height="16"/></objectgroup>"#;
    vec![drawn(""), drawn(all)]
}

fn traces() -> Vec<Vec<u8>> {
    let header = r#"{"name":"w","tick_hz":30,"ticks":2,"archetypes":[{"name":"a","fields":[{"name":"x","min":-5,"max":9}]},{"name":"b","fields":[{"name":"x","min":-2147483648,"max":2147483647},{"name":"y","min":3,"max":3}]}]}"#;
    let mut plain = b"TWTRACE1".to_vec();
    plain.extend((header.len() as u32).to_le_bytes());
    plain.extend(header.as_bytes());
    for number in [7_u32, 2, 3] {
        plain.extend(number.to_le_bytes());
    }
    plain.extend([0, 1]);
    plain.extend((-5_i32).to_le_bytes());
    plain.extend([900_u32.to_le_bytes().as_slice(), &[1, 2], &[0, 0, 0, 0x80], &[3, 0, 0, 0]].concat());
    plain.extend([8_u32, 1, 3].into_iter().flat_map(u32::to_le_bytes));
    plain.extend([0, 1, 9, 0, 0, 0]);
    vec![plain]
}

fn configurations() -> Vec<Vec<u8>> {
    let shipped = std::fs::read_to_string(root().join("assets/config/server.toml")).expect("the file that is shipped");
    let said = shipped.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    let all = said.collect::<Vec<_>>().join("\n");
    let some =
        "[rooms]\ntick_rate_hz = 60\n\0ROOMS__PLAYERS_MAX=12\0SERVER__ORIGINS=https://a.example, https://b.example";
    let free = "[game]\nname = \"arena\"\n[game.settings]\nscore = 3\n\0GAME__SETTINGS__MAP=yard";
    [all, some.to_owned(), free.to_owned(), String::new()].map(String::into_bytes).to_vec()
}
