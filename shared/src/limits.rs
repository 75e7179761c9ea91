//! Every bound on one page: what it bounds, why this value, and what happens at it.
//!
//! A limit without a policy is a crash that has not happened yet. Each constant names its policy; those that relate to
//! one another are compared at compile time at the foot of the page. Operator's limits are in the server's `config`.

/// Largest message a client may send, in bytes. Inputs are tens of bytes, a Hello a few hundred. Over it: closed `TooBig`.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// Largest message a server may send, in bytes (a Welcome with a large schema, a full frame). Over it the client
/// refuses the connection; the server never builds one: state stands under a budget ([`FRAME_BUDGET_BYTES_MAX`]).
pub const SERVER_MESSAGE_BYTES_MAX: usize = 256 * 1024;

/// Bytes that rustls and WebSocket may buffer for one connection before its frame is skipped. Constant memory for a
/// slow client: one frame in TLS plus what the kernel takes ahead ([`NOTSENT_LOWAT_BYTES`]).
pub const WRITE_BUFFER_BYTES_MAX: usize = SERVER_MESSAGE_BYTES_MAX + 64 * 1024;

/// `TCP_NOTSENT_LOWAT` in bytes: how much unsent data the kernel takes ahead. Larger only makes what a slow client
/// gets older.
pub const NOTSENT_LOWAT_BYTES: u32 = 16 * 1024;

/// Steps per second that an operator may choose. More: the operator's configuration is refused.
pub const TICK_RATE_HZ_MAX: u16 = 128;

/// Lanes of one room: threads that serve its connections. Over it: the operator's configuration is refused.
pub const LANES_MAX: usize = 16;

/// Ticks that one step frame may cover, and how far back shared pieces are kept. Beyond it a full frame is smaller.
pub const CATCH_UP_TICKS: u32 = 16;

/// Frames that may be unconfirmed at the least and at the most; between them the measured round trip decides. Over the
/// window the client is skipped (cause: window).
pub const WINDOW_FRAMES_MIN: u32 = 4;
/// See [`WINDOW_FRAMES_MIN`]. 64 frames are two seconds at 30 Hz.
pub const WINDOW_FRAMES_MAX: u32 = 64;
/// Bytes of frames that may be unconfirmed: at first, and at the most, however many were confirmed within a round trip. Only what is
/// sent to who joins a large world comes near. At first about as much as TCP sends (RFC 6928): on a path that turns out narrow, more would
/// be seconds of old news. Over it the client is skipped (cause: window).
pub const WINDOW_BYTES_MIN: usize = 16 * 1024;
/// See [`WINDOW_BYTES_MIN`].
pub const WINDOW_BYTES_MAX: usize = 1024 * 1024;
/// Ticks in a row that the measured need must stay below the window before the window closes by one.
pub const WINDOW_CLOSE_AFTER_TICKS: u32 = 30;

/// Ticks without a round trip as short as the shortest after which the path is emptied and measured anew: a queue that the
/// window fills itself must not pass for a longer path.
pub const WINDOW_PROBE_AFTER_TICKS: u32 = 90;

/// Bytes of state per client and tick that an operator may allow, at the least and at the most. What a path drains never lowers
/// it below the least: over it the client is skipped.
pub const BUDGET_BYTES_MIN: usize = 64;
/// See [`BUDGET_BYTES_MIN`].
pub const BUDGET_BYTES_MAX: usize = 64 * 1024;

/// The same unless the operator says otherwise: 16 KiB are 480 KB per second at 30 Hz. A steady match of a hundred players takes
/// hundreds of bytes per tick, so this is what a join may take for the moment it lasts.
pub const BUDGET_BYTES_DEFAULT: usize = 16 * 1024;

/// Bytes that the budget of one frame may come to, whatever was not used in skipped ticks. With leaves, events and a record beyond
/// it a frame stays far below [`SERVER_MESSAGE_BYTES_MAX`].
pub const FRAME_BUDGET_BYTES_MAX: usize = SERVER_MESSAGE_BYTES_MAX / 2;

/// How far ahead of the current tick an input may be named, in ticks. Beyond: closed `OutOfPlace`.
pub const INPUT_AHEAD_TICKS_MAX: u32 = 64;
/// How late an input may come and still be counted as late rather than absurd, in ticks (ten seconds at 30 Hz: a stall
/// is not an attack). Beyond: a strike, unless it goes on from the inputs before it.
pub const INPUT_LATE_TICKS_MAX: u32 = 300;
/// How far behind the newest frame of its player an input may have been drawn, in milliseconds, beyond what the game allows for the way
/// there and back: three frames at 30 Hz, what interpolation takes where the path jitters. A view from before both: the input is judged by
/// what is now, and counted.
pub const INTERPOLATION_MS_MAX: u32 = 100;
/// How long a game may have its components remembered, in milliseconds. More counts as this: who is hit may have been in cover for so long.
pub const REMEMBERED_MS_MAX: u32 = 1_000;
/// Ticks that may lie between the two frames of such a view, where some were skipped. More: the same.
pub const VIEW_SPAN_TICKS_MAX: u32 = 8;
/// Ticks for which a missing input repeats the last one. After that the neutral input stands in.
pub const INPUT_REPEAT_TICKS_MAX: u32 = 15;
/// Ticks for which the presses of a late input are still worth carrying into the next tick, once.
pub const PRESS_CARRY_TICKS_MAX: u32 = 8;

/// Malformed or senseless messages before the connection is closed; some are closed at once (see `ingest/validate.rs`).
pub const STRIKES_MAX: u32 = 3;

/// Seconds from the end of the upgrade to a Hello. Over it: closed `HelloTimeout`.
pub const HELLO_SECONDS: u32 = 5;
/// Seconds for which a client that gets frames may confirm none. Over it: closed `Silent`.
pub const UNCONFIRMED_SECONDS: u32 = 15;
/// Seconds of silence after which a client is gone: not a byte came, not even a pong, although it was asked (a WebSocket ping) after each
/// third of them. The operator may say otherwise. Over it: closed `Silent`.
pub const SILENT_SECONDS: u32 = 15;
/// Seconds in which nothing comes from a client but answers to our own pings: something answers there, but nobody plays. The operator may
/// say otherwise. Over it: closed `Silent`.
pub const IDLE_SECONDS: u32 = 60;
/// Seconds between two full frames that one client may ask for. A Resync that comes sooner is answered when they are over.
pub const RESYNC_SECONDS: u32 = 1;

/// Messages per second and burst that one connection may send. Two inputs per tick at 128 Hz fit. Over it: `TooFast`.
pub const MESSAGES_PER_SECOND: u32 = 300;
/// See [`MESSAGES_PER_SECOND`]: a client that stalled for a few seconds flushes its backlog at once.
pub const MESSAGES_BURST: u32 = 900;
/// Transport bytes (after TLS) per second and burst that one connection may send. Over it: `TooFast`.
pub const BYTES_PER_SECOND: u32 = 64 * 1024;
/// See [`BYTES_PER_SECOND`].
pub const BYTES_BURST: u32 = 256 * 1024;
/// What one connection may make the server do in one tick, in units of work: an input, a confirm or a ping is one, and what is dearer costs more
/// ([`work_of`](crate::wire::client_message::work_of)). Twice what the rate of messages allows at 10 Hz. Over it the rest is not read before
/// the next tick, and that is counted.
pub const WORK_PER_TICK: u32 = 64;
/// Units of work per second and burst that one connection may ask for. Over it: `TooFast`.
pub const WORK_PER_SECOND: u32 = 600;
/// See [`WORK_PER_SECOND`]: as for messages, a client that stalled says at once what it had to say.
pub const WORK_BURST: u32 = 1800;
/// Pings, of WebSocket or ours, per second that are answered. Over [`PINGS_BURST`]: one of WebSocket closes `TooFast`,
/// one of ours is left unanswered and counted.
pub const PINGS_PER_SECOND: u32 = 5;
/// Pings that may come at once and are answered.
pub const PINGS_BURST: u32 = 3 * PINGS_PER_SECOND;
/// Pings of ours that may go unanswered. A client pings once a second, also while the server stands still: this forgives
/// five minutes of it, and a flood is over in seconds. Over it: `TooFast`.
pub const PINGS_UNANSWERED_MAX: u32 = 300;

/// Times that one seat may be given back within [`RESUMES_SECONDS`]. Over it: `TooFast`; the seat stays.
pub const RESUMES_AT_ONCE: u32 = 8;
/// See [`RESUMES_AT_ONCE`].
pub const RESUMES_SECONDS: u32 = 10;
/// Seconds for which an operator may have seats kept. More: the operator's configuration is refused.
pub const KEEP_SEATS_SECONDS_MAX: u32 = 600;

/// Codes that an input may have: it is kept inline. Over it: the schema is refused.
pub const INPUT_PARTS_MAX: usize = 16;

/// Codes that an event or a request may have: a longest text, a name and a little more. Over it: the schema is refused.
pub const MESSAGE_PARTS_MAX: usize = 48;

/// Requests that one player may have unanswered. Over it: closed `TooFast`.
pub const REQUESTS_WAITING_MAX: usize = 16;

/// Events that a game may tell in one tick, all players together: what a broken rule costs is bounded. Over it: the newest are
/// dropped and counted, and the log says so once per room.
pub const EVENTS_PER_TICK_MAX: usize = 4096;

/// Events that wait for one client after a tick: what the tick's frame told does not wait. Over either: closed `EventsOverflow`, retry;
/// who paused is not closed, what waits is dropped and its next frame says so.
pub const EVENTS_WAITING_MAX: usize = 256;
/// See [`EVENTS_WAITING_MAX`], in bytes; and the bytes of events that one frame takes. What does not fit waits for the next frame.
pub const EVENT_BYTES_WAITING_MAX: usize = 16 * 1024;

/// Auditors that one room may have, beside its players. Over it: closed `RoomFull`.
pub const AUDITORS_MAX: usize = 2;
/// Bytes of one Audit message; with the largest frame of the same tick it still fits [`WRITE_BUFFER_BYTES_MAX`]. Over it: it is left
/// out, and the next one says that something is missing.
pub const AUDIT_BYTES_MAX: usize = 48 * 1024;
/// Events that wait for one auditor while it is skipped. Over it: they are left out, and its next Audit says so.
pub const AUDIT_EVENTS_WAITING_MAX: usize = 4 * EVENTS_PER_TICK_MAX;

/// Spectators that an operator may let into one room, beside its players. Over what the operator says: closed `RoomFull`.
pub const SPECTATORS_MAX: u16 = 1024;
/// Seconds that spectators may be behind. More: the operator's configuration is refused.
pub const SPECTATOR_DELAY_SECONDS_MAX: u32 = 120;
/// Bytes of what a room keeps because its spectators have not seen it yet: a player who fights takes fewer than 170 per
/// tick, so five seconds of a thousand of them are some 25 MB. Over it:
/// spectators of this room are closed `TryAgain`, no other is let in for [`SPECTATOR_LINGER_SECONDS`], and that is counted.
pub const SPECTATOR_RING_BYTES_MAX: usize = 64 << 20;
/// Seconds that a room goes on keeping it after its last spectator went: who comes again within them need not wait for the delay. And
/// seconds that it lets none in after it would have had to keep too much.
pub const SPECTATOR_LINGER_SECONDS: u32 = 30;

/// Bytes of a map's file: eight layers of the largest map, drawn as numbers with commas. A larger one is not read at all: the server
/// does not start.
pub const MAP_BYTES_MAX: usize = 1 << 20;
/// Maps of a folder. Over it: the server does not start.
pub const MAPS_MAX: usize = 64;

/// Bits of a slot: the pool holds `1 << bits` slots. Within these bounds a room chooses.
pub const SLOT_BITS_MIN: u32 = 6;
/// See [`SLOT_BITS_MIN`].
pub const SLOT_BITS_MAX: u32 = 16;

/// Scalar parts that one facet may have. Over it: the schema is refused.
pub const FACET_PARTS_MAX: usize = 64;
/// Codes that one part may have: residuals stay far inside `i32`, and so inside a JavaScript number. Over it: refused.
pub const PART_CODES_MAX: u32 = 1 << 26;
/// Parts whose change bits share one symbol.
pub const GROUP_PARTS_MAX: usize = 6;

/// Components, entity kinds, events and requests that a schema may have, each. Over it: refused.
pub const SCHEMA_ITEMS_MAX: usize = 64;
/// Fields of one component. Over it: refused.
pub const COMPONENT_FIELDS_MAX: usize = 32;
/// Facets of one entity (everyone, team, owner and one per reference). Over it: refused.
pub const ENTITY_FACETS_MAX: usize = 8;
/// Kinds of facets that a schema may come to, all kinds of entities together: they share a code. Over it: refused.
pub const FACET_KINDS_MAX: usize = 255;
/// Bytes of a name in a schema. Over it: refused.
pub const NAME_BYTES_MAX: usize = 64;
/// Bytes of a player's name. Over it the Hello is malformed: nobody is to find its name cut.
pub const PLAYER_NAME_BYTES_MAX: usize = 32;
/// Bytes of a ticket that is renewed over the live socket: with what is around it a message of a client still holds it. Over it: malformed.
pub const TICKET_BYTES_MAX: usize = 4_000;
/// Seconds between two new tickets of one connection: each costs a signature to look at. Over it: a strike.
pub const RENEW_SECONDS: u32 = 3;
/// Bytes of a bounded string field.
pub const TEXT_BYTES_MAX: usize = 96;

/// Bytes of a control message's extensions that are kept; unknown ones are skipped. Over it: malformed.
pub const EXTENSION_BYTES_MAX: usize = 1024;

/// Codes that one set of tables may have: a look-up takes up to 8 KiB on both sides. Over it: the tables are refused.
pub const TABLE_CODES_MAX: usize = 512;
/// Code tables that a client keeps because a frame may need them yet. Over it the client gives up; the server replaces
/// tables at most every [`TABLES_SECONDS_MIN`].
pub const TABLES_WAITING_MAX: usize = 4;
/// Seconds between two replacements of a room's code tables at least. Sooner: the newer ones wait.
pub const TABLES_SECONDS_MIN: u32 = 10;

/// Bytes of a file of bans. Over it: not read; the operator's keeps what it said before. A million bans without reasons are half of it.
pub const BAN_FILE_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Bytes of a line of it. Over it: refused like a line that is no ban.
pub const BAN_LINE_BYTES_MAX: usize = 2048;
/// Bytes of the reason of a ban or a kick, and of who wanted it. Over it: refused.
pub const BAN_TEXT_BYTES_MAX: usize = 200;
/// Bans that there may be of our own and in the operator's file, each, whatever the operator says. Over it: the configuration is refused.
pub const BANS_MAX: usize = 1_000_000;
/// Targets of one act that names several. Over it: refused.
pub const ACT_TARGETS_MAX: usize = 1000;

/// Longest code word of a prefix code, in bits.
pub const CODE_BITS_MAX: u32 = 12;

const _: () =
    assert!(TICKET_BYTES_MAX + 64 < CLIENT_MESSAGE_BYTES_MAX, "a Renew has a kind, a length and extensions besides");
const _: () = assert!(CATCH_UP_TICKS <= 16, "the header gives four bits to the number of covered ticks");
const _: () = assert!(WINDOW_FRAMES_MIN < WINDOW_FRAMES_MAX);
const _: () = assert!(WINDOW_FRAMES_MAX < 32_768, "unconfirmed ticks must be unambiguous in 16 bits");
const _: () = assert!(BUDGET_BYTES_MIN < BUDGET_BYTES_DEFAULT && BUDGET_BYTES_DEFAULT <= BUDGET_BYTES_MAX);
const _: () = assert!(BUDGET_BYTES_MAX <= FRAME_BUDGET_BYTES_MAX);
const _: () = assert!(INPUT_AHEAD_TICKS_MAX + INPUT_LATE_TICKS_MAX < 32_768);
const _: () = assert!(
    SPECTATOR_DELAY_SECONDS_MAX * TICK_RATE_HZ_MAX as u32 + 1 < 32_768,
    "a spectator's first frame, a full one, comes up to a delay after its Welcome's tick, and names its own in 16 bits"
);
const _: () = assert!(WRITE_BUFFER_BYTES_MAX > SERVER_MESSAGE_BYTES_MAX);
const _: () =
    assert!(EVENTS_WAITING_MAX < EVENTS_PER_TICK_MAX && EVENT_BYTES_WAITING_MAX * 4 < SERVER_MESSAGE_BYTES_MAX);
const _: () = assert!(SERVER_MESSAGE_BYTES_MAX + AUDIT_BYTES_MAX < WRITE_BUFFER_BYTES_MAX);
const _: () = assert!(SILENT_SECONDS < IDLE_SECONDS, "silence is no answer");
const _: () = assert!(WORK_PER_SECOND >= MESSAGES_PER_SECOND && WORK_BURST >= MESSAGES_BURST, "inputs cost one each");
const _: () = assert!(MESSAGES_BURST >= MESSAGES_PER_SECOND && BYTES_BURST >= BYTES_PER_SECOND);
const _: () = assert!(CODE_BITS_MAX <= 12, "a look-up entry has 12 bits for a symbol and 4 for a length");
const _: () = assert!(FACET_KINDS_MAX <= 255, "tables give eight bits to the number of a code's symbols");
const _: () = assert!(GROUP_PARTS_MAX <= 6 && FACET_PARTS_MAX.is_multiple_of(2));
