//! A whole room against clients that lie: three strangers say what the fuzzer wants beside one honest client, in a room that lives on
//! from one run to the next, with every checker of the stories behind each tick.
//!
//! The room lives on because to make one takes longer than to break one. So a crash may need what was said before: all that was said since
//! the room began is kept, and a panic leaves it in a file, which is an input like any other: it crashes alone.
//!
//! ```text
//!   input     act · act · act …                      all before one tick; 0 ends it
//!   history   "history:" · per run: length u16 · input    the same again in a new room
//! ```

use crate::choices::Choices;
use client_sim::dice::Dice;
use shared::bits::BitWriter;
use shared::ids::Tick;
use shared::limits::{CLIENT_MESSAGE_BYTES_MAX, STRIKES_MAX};
use shared::schema::Schema;
use shared::wire::{ClientMessage, Hello, Role, SeatSecret, Secret};
use std::cell::RefCell;
use std::sync::{Arc, LazyLock, Mutex, Once};
use tests::Arena;
use tests::hostile::{Knows, by_chance, hello, input};
use tests::zoo::Zoo;

/// Strangers at a time.
const STRANGERS: usize = 3;
/// Ticks after which a new room is made.
const ROOM_TICKS_MAX: u32 = 600;
/// What a history begins with.
const HISTORY: &[u8] = b"history:";

/// Where a panic leaves what was said since the room began.
const HISTORY_VARIABLE: &str = "TICKWIRE_FUZZ_HISTORY";

/// Secrets of seats that strangers remember.
const SECRETS_MAX: usize = 6;

/// A room, and the secrets that its strangers were given.
struct Place {
    arena: Arena,
    secrets: Vec<SeatSecret>,
}

thread_local! {
    static ROOM: RefCell<Option<Place>> = const { RefCell::new(None) };
}
static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SCHEMA: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(tests::zoo::schema()));

fn new_room() -> Place {
    let zoo = Zoo::steady(4);
    let arena = Arena::seeded(0xF022).zoo(zoo).clients(1).slot_bits(7).players_max(4).spectators(2, 100);
    let mut arena = arena.forbid_audit().keep_seats(1).start();
    arena.run(3);
    arena.run_until_quiet();
    Place { arena, secrets: Vec::new() }
}

/// What strangers do before one tick; or a history of it.
pub fn room(bytes: &[u8]) {
    static HOOK: Once = Once::new();
    HOOK.call_once(leave_history_on_panic);
    let Some(mut history) = bytes.strip_prefix(HISTORY) else { return run(bytes) };
    while let Some((length, rest)) = history.split_first_chunk() {
        let (input, rest) = rest.split_at(rest.len().min(usize::from(u16::from_be_bytes(*length))));
        run(input);
        history = rest;
    }
}

fn run(bytes: &[u8]) {
    if let Ok(mut said) = SAID.lock() {
        let bytes = &bytes[..bytes.len().min(usize::from(u16::MAX))];
        said.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
        said.extend_from_slice(bytes);
    }
    ROOM.with_borrow_mut(|room| {
        let Place { arena, secrets } = room.get_or_insert_with(new_room);
        let mut choices = Choices(bytes);
        while !choices.is_empty() {
            match choices.byte() {
                0 => break,
                act if act & 15 == 0 => come_back(arena, secrets, act, &mut choices),
                act => speak(arena, act, &mut choices),
            }
        }
        step(arena);
        if arena.tick().0 > ROOM_TICKS_MAX {
            end(arena);
            *room = None;
            if let Ok(mut said) = SAID.lock() {
                said.clear();
            }
        }
    });
}

/// The honest client holds all that there is.
fn end(arena: &mut Arena) {
    for stranger in &mut arena.strangers {
        stranger.busy = false;
    }
    arena.run_until_quiet();
    arena.assert_all_clients_agree_with_server();
}

/// The checks of every step see to the honest client, the seats and the World.
fn step(arena: &mut Arena) {
    arena.step();
    for stranger in &mut arena.strangers {
        assert!(stranger.closes <= 1, "closed more than once");
        // The Welcome alone is worth keeping: it says that it is in.
        stranger.heard.truncate(1);
    }
    for client in &mut arena.clients {
        assert_eq!((client.log.lost, client.log.closed), (0, None), "the honest client noticed");
        client.log.frames.clear();
        client.log.events.clear();
    }
    arena.strangers.retain(|stranger| stranger.connection.is_some());
}

/// One stranger does one thing: the high bits say who, the low ones what.
fn speak(arena: &mut Arena, act: u8, choices: &mut Choices<'_>) {
    while arena.strangers.len() < STRANGERS {
        arena.stranger();
    }
    let who = usize::from(act >> 6) % STRANGERS;
    let next = arena.tick().next();
    let newest = arena.strangers[who].newest.unwrap_or_default();
    let knows = Knows { schema: &SCHEMA, next, newest };
    let early = i32::from(choices.byte() as i8) * 2;
    let message = match act & 15 {
        1 | 2 => choices.text().to_vec(),
        3 => {
            let role = if choices.byte() & 3 == 3 { Role::Spectator } else { Role::Player };
            let mut hello = hello(&String::from_utf8_lossy(choices.text()));
            (hello.role, hello.features) = (role, u32::from(choices.byte() & 1));
            ClientMessage::Hello(Box::new(hello)).to_bytes(&SCHEMA)
        }
        4..8 => an_input(&knows, choices),
        8 => near(3, newest, choices),
        9 => near(5, newest, choices),
        10 => vec![4, choices.byte() & 1],
        11 => a_request(choices),
        12 => {
            arena.strangers[who].busy = choices.byte() & 1 == 1;
            return;
        }
        13 => thrice(arena, who, choices),
        14 => vec![8],
        _ => by_chance(&mut Dice::new(choices.number() as u64, 3), &knows),
    };
    if message.len() <= CLIENT_MESSAGE_BYTES_MAX {
        arena.strangers[who].say_early(message, early);
    }
}

/// A stranger is cut, or is not and says so, and asks for a seat by a secret: its own, another stranger's, an old one, or one that is
/// nobody's.
fn come_back(arena: &mut Arena, secrets: &mut Vec<SeatSecret>, act: u8, choices: &mut Choices<'_>) {
    let (who, how) = (usize::from(act >> 6) % STRANGERS, choices.byte());
    while arena.strangers.len() < STRANGERS {
        arena.stranger();
    }
    if arena.strangers.len() >= 2 * STRANGERS {
        return;
    }
    if let Some(own) = arena.strangers[who].welcome().and_then(|welcome| welcome.resume) {
        if secrets.len() >= SECRETS_MAX {
            secrets.remove(0);
        }
        secrets.push(own);
    }
    if how & 1 == 0 {
        arena.cut_stranger(who);
    }
    let again = arena.stranger();
    arena.strangers.swap(who, again);
    let place = secrets.len().wrapping_sub(1 + usize::from(how >> 4));
    let mut secret = secrets.get(place).copied().unwrap_or(Secret([how; 16]));
    if how & 14 == 14 {
        secret.0[usize::from(choices.byte() & 15)] ^= 1 << (choices.byte() & 7);
    }
    let hello = Hello { resume: Some(secret), ..hello("again") };
    arena.strangers[who].say(ClientMessage::Hello(Box::new(hello)).to_bytes(&SCHEMA));
}

/// A kind and a tick that is near another.
fn near(kind: u8, tick: Tick, choices: &mut Choices<'_>) -> Vec<u8> {
    let off = choices.byte() as i8;
    let low = tick.low().wrapping_add_signed(i16::from(off));
    vec![kind, low as u8, (low >> 8) as u8]
}

/// An input whose ticks are near the right ones and whose values are the fuzzer's.
fn an_input(knows: &Knows<'_>, choices: &mut Choices<'_>) -> Vec<u8> {
    let mut input = input(knows, knows.next);
    let off = |tick: Tick, by: u8| Tick(tick.0.saturating_add_signed(i32::from(by as i8)));
    input.tick = off(knows.next, choices.byte());
    input.newest = off(knows.newest, choices.byte() / 64);
    input.view.older = off(knows.newest, choices.byte());
    input.view.span = choices.byte() % 32;
    input.view.sixteenths = choices.number() as u16 % (16 * u16::from(input.view.span) + 1);
    let values = choices.text();
    let mut values = values.iter().copied().cycle();
    for (code, part) in input.codes.iter_mut().zip(knows.schema.input.parts()) {
        let value = u32::from(values.next().unwrap_or(0)) * 0x0101;
        *code = if part.last == u32::MAX { value as i32 } else { (value % (part.last + 1)) as i32 };
    }
    ClientMessage::Input(input).to_bytes(knows.schema)
}

/// A request of a kind that there is, with any values.
fn a_request(choices: &mut Choices<'_>) -> Vec<u8> {
    let mut out = BitWriter::new();
    out.write(7, 8);
    out.write(choices.number() as u32, 16);
    out.write(u32::from(choices.byte()) % (SCHEMA.requests.len() as u32 + 1), 8);
    out.write_bytes(choices.text());
    out.into_bytes()
}

/// The same again and again.
fn thrice(arena: &mut Arena, who: usize, choices: &mut Choices<'_>) -> Vec<u8> {
    let message = choices.text().to_vec();
    for _ in 1..STRIKES_MAX {
        arena.strangers[who].say(message.clone());
    }
    message
}

fn leave_history_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let (Some(path), Ok(said)) = (std::env::var_os(HISTORY_VARIABLE), SAID.lock()) {
            let _ = std::fs::write(path, [HISTORY, &said].concat());
        }
        before(panic);
    }));
}
