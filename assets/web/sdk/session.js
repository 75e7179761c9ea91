// A client as a state machine: frames and a clock go in, frames and events come out.
//
//             Hello ─►            ◄─ Welcome             ◄─ State ─► Input, Confirm, Resync, Ping, Request        Bye ─►
//   greeting ───────────────────────────────► playing ───────────────────────────────────────────────────────────────► over
//
// Who was cut off begins another session with the seat that it had: the Hello asks for it, the Welcome says whether it is ours again.
//
// Given the same calls it does the same: no socket, no clock, no chance of its own. Whoever drives it calls `handleFrame` for what arrived,
// `handleTick` at the latest at `nextWakeMs`, and then empties `pollFrame` and `pollEvent`. `nowMs` is any steady clock.
//
// A frame that the replica refuses is answered by Resync, at most once per second, until a full frame comes.
//
// Never here: sockets (see socket), pages (see room).

import { Disagreement, hello, settle } from "./agreement.js";
import { DecodeError } from "./bits/reader.js";
import { TablesRefused } from "./epochs.js";
import { isSeatOf, seatIn } from "./seat.js";
import { Counters } from "./session/counters.js";
import { Playing } from "./session/playing.js";
import { writeBye, writeHello, writeRenew } from "./wire/client_message.js";
import { readServerMessage } from "./wire/server_message.js";
import { isFull, isStep } from "./wire/state_frame.js";

/** @import { Predict } from "./types.js" */
/** @typedef {import("./wire/server_message.js").ServerMessage} ServerMessage */

/**
 * Events that wait to be polled. Beyond them the oldest of what the game told is lost (one frame may tell more), and where there is none of
 * that, because nobody polls, the oldest of all; `Counters.eventsDropped` counts them.
 */
const EVENTS_MAX = 1_024;

/**
 * Who a client is.
 * @typedef {object} SessionConfig
 * @property {string} name
 * @property {boolean} watch It only looks on.
 * @property {Predict<any> | null} predict
 * @property {import("./agreement.js").Known | null} known What it held on to from an earlier time.
 * @property {import("./seat.js").Seat | null} [seat] The one that it wants back.
 */

/** @typedef {ReturnType<import("./entities.js").Entities["update"]>["spawned"]} HeldList */

/**
 * Something that happened.
 *
 * - `welcomed`: the server let us in
 * - `resumed`: to the seat that we had
 * - `world`: a frame changed what is held
 * - `frame`: a state frame was taken in; `changes` is false if it was a keep-alive or could not be used
 * - `complete`: we hold everything that we may see; again after every full frame
 * - `events-lost`: the game told us more while we paused than the server keeps for us
 * - `input-seen`: the effect of our input for `tick` is here, so long after it was sent
 * - `lost`: a frame broke the replica; a Resync is on its way
 * - `notice`: the connection will end in so many seconds, and why
 * - `thrown`: what the page's prediction threw; it is not asked again
 * - `failed`: we cannot go on: close the connection
 *
 * @typedef {{ kind: "welcomed" } | { kind: "resumed" } | { kind: "world", spawned: HeldList, despawned: HeldList }
 *   | { kind: "frame", tick: number, full: boolean, complete: boolean, changes: boolean } | { kind: "complete" }
 *   | { kind: "event", name: string, values: Record<string, any>, tick: number } | { kind: "events-lost" }
 *   | { kind: "input-seen", tick: number, ms: number } | { kind: "round-trip", ms: number } | { kind: "lost", error: Error }
 *   | { kind: "reply", number: number, reason: number | null } | { kind: "redirect", url: string, ticket: string }
 *   | { kind: "notice", reason: import("./wire/server_message.js").NoticeReason, seconds: number }
 *   | { kind: "thrown", error: unknown } | { kind: "failed", error: Error }} SessionEvent
 */

/** The server sent something when it makes no sense. */
export class OutOfPlace extends Error {
  /** @param {string} what */
  constructor(what) {
    super(`the server sent ${what} at the wrong time`);
    this.name = "OutOfPlace";
  }
}

/** One client. */
export class Session {
  /** @param {SessionConfig} config */
  constructor(config) {
    this.config = config;
    /** @type {"greeting" | "playing" | "over"} */
    this.phase = "greeting";
    /** When the Hello went out. @type {number | null} */
    this.helloMs = null;
    /** What there is from the Welcome on; also afterwards, for who still draws. @type {Playing | null} */
    this.playing = null;
    /** The seat is the one that we wanted back. */
    this.isBack = false;
    this.counters = new Counters();
    /** @type {Uint8Array[]} */
    this.outgoing = [];
    /** @type {SessionEvent[]} */
    this.events = [];
  }

  /**
   * Takes in a message of the server.
   * @param {Uint8Array} bytes
   * @param {number} nowMs
   */
  handleFrame(bytes, nowMs) {
    if (this.phase === "over") return;
    try {
      this.#takeMessage(readServerMessage(bytes), nowMs);
    } catch (error) {
      const known = error instanceof DecodeError || error instanceof Disagreement || error instanceof TablesRefused;
      if (!known && !(error instanceof OutOfPlace)) throw error;
      this.phase = "over";
      this.#tell({ kind: "failed", error });
    }
  }

  /**
   * Takes in what waited: after a stall, or while nobody looked. The world that steps tell of before a full frame among them is not read:
   * that frame drops it anyway. What they told besides is.
   * @param {Uint8Array[]} messages
   * @param {number} nowMs
   * @param {() => void} [between] called after each, to empty `pollEvent`
   */
  handleBacklog(messages, nowMs, between = () => {}) {
    let full = messages.length - 1;
    while (full > 0 && !isFull(messages[full])) full -= 1;
    messages.forEach((bytes, place) => {
      if (this.phase === "playing" && this.playing !== null && place < full && isStep(bytes)) {
        this.counters.framesTrimmed += 1;
        this.playing.replica.skipToFull();
      }
      this.handleFrame(bytes, nowMs);
      between();
    });
  }

  /**
   * Does what is due: the Hello, inputs, a Confirm, a Resync, a Ping.
   * @param {number} nowMs
   * @param {number} [unsent] bytes that the socket holds: while there are many, nothing is sent that a later message replaces
   */
  handleTick(nowMs, unsent = 0) {
    if (this.phase === "greeting" && this.helloMs === null) {
      this.helloMs = nowMs;
      const { name, watch, known, seat } = this.config;
      this.outgoing.push(writeHello(hello({ name, watch, known, resume: seat?.secret ?? null })));
    } else if (this.phase === "playing") {
      this.playing?.handleTick(nowMs, unsent);
    }
  }

  /**
   * When `handleTick` has something to do next.
   * @param {number} nowMs
   */
  nextWakeMs(nowMs) {
    if (this.phase === "greeting" && this.helloMs === null) return nowMs;
    return this.phase === "playing" && this.playing !== null ? this.playing.nextWakeMs : Infinity;
  }

  /** The next message to send, if any. */
  pollFrame() {
    return this.outgoing.shift();
  }

  /** The next thing that happened, if any. */
  pollEvent() {
    return this.events.shift();
  }

  /** The player leaves: a Bye goes out, and the server closes. */
  leave() {
    if (this.phase === "playing") this.outgoing.push(writeBye());
    this.phase = "over";
  }

  /**
   * Hands a new ticket in, before the old one ends.
   * @param {string} ticket
   */
  renew(ticket) {
    if (this.phase === "playing") this.outgoing.push(writeRenew(ticket));
  }

  /** The connection is gone. */
  handleClose() {
    this.phase = "over";
  }

  /**
   * Asks for keep-alives only, or for the world again: a hidden page.
   * @param {boolean} on
   */
  pause(on) {
    if (this.phase === "playing" && this.playing !== null && this.playing.paused !== on) this.playing.pause(on);
  }

  /** Welcomed, and holding everything that may be seen. */
  get isIn() {
    return this.phase === "playing" && this.playing !== null && this.playing.complete;
  }

  /** @param {SessionEvent} event */
  #tell(event) {
    if (this.events.length === EVENTS_MAX) {
      this.events.splice(Math.max(this.events.findIndex(({ kind }) => kind === "event"), 0), 1);
      this.counters.eventsDropped += 1;
    }
    this.events.push(event);
  }

  /**
   * @param {ServerMessage} message
   * @param {number} nowMs
   */
  #takeMessage(message, nowMs) {
    if (message.kind === "redirect") {
      const { url, ticket } = message.redirect;
      this.#tell({ kind: "redirect", url, ticket });
      return;
    }
    if (this.phase === "greeting" && this.helloMs !== null && message.kind === "welcome") {
      this.#enter(message.welcome, nowMs - this.helloMs, nowMs);
      return;
    }
    if (this.phase !== "playing" || this.playing === null || message.kind === "welcome" || message.kind === "audit") {
      throw new OutOfPlace(SPOKEN[message.kind]);
    }
    this.#takePlaying(this.playing, message, nowMs);
  }

  /**
   * @param {import("./wire/control.js").Welcome} welcome
   * @param {number} welcomeMs how long it took
   * @param {number} nowMs
   */
  #enter(welcome, welcomeMs, nowMs) {
    const { known, seat = null } = this.config;
    const outlet = { out: this.outgoing, counters: this.counters, tell: this.#tell.bind(this) };
    const playing = new Playing(settle(welcome, { known }), this.config, outlet, welcomeMs, nowMs);
    playing.seat = seatIn(welcome);
    this.playing = playing;
    this.phase = "playing";
    this.#tell({ kind: "welcomed" });
    if (seat !== null && isSeatOf(seat, welcome)) {
      this.isBack = true;
      this.counters.resumed += 1;
      playing.goOnFrom(seat);
      this.#tell({ kind: "resumed" });
    }
    playing.takeThrown();
  }

  /**
   * @param {Playing} playing
   * @param {ServerMessage} message
   * @param {number} nowMs
   */
  #takePlaying(playing, message, nowMs) {
    if (message.kind === "state") {
      playing.takeState(message.bytes, nowMs);
    } else if (message.kind === "pong") {
      const ms = playing.takePong(message.stamp, nowMs);
      if (ms !== null) this.#tell({ kind: "round-trip", ms });
    } else if (message.kind === "reply") {
      if (!playing.takeReply(message.number)) return;
      this.counters.replies += 1;
      this.#tell({ kind: "reply", number: message.number, reason: message.reason });
    } else if (message.kind === "notice") {
      this.#tell(message);
    } else if (message.kind === "tables") {
      playing.takeTables(message.from, message.bytes);
    }
  }
}

/** What messages are called in errors. */
const SPOKEN = /** @type {const} */ ({
  welcome: "Welcome",
  state: "a state frame",
  pong: "Pong",
  reply: "Reply",
  tables: "Tables",
  audit: "Audit",
  notice: "Notice",
});
