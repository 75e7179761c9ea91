// A session between Welcome and the end: frames in; inputs, confirmations, Resyncs and Pings out.
//
//   frame ─► header: how did our inputs fare? ─► clock      ─► replica ─► screen          hands ─► input for the tick that is due
//
// Never here: greeting and leaving (see session).

import { holdTables } from "../agreement.js";
import { Clock } from "../clock.js";
import { Hands } from "../hands.js";
import { InputSender } from "../input_sender.js";
import { INPUT_AHEAD_TICKS_MAX, REQUESTS_WAITING_MAX } from "../limits.js";
import { Replica } from "../replica.js";
import { writeConfirm, writeInput, writePause, writePing, writeRequest, writeResync } from "../wire/client_message.js";
import { Screen } from "./screen.js";

/** @import { SessionConfig, SessionEvent } from "../session.js" */
/** @import { Counters } from "./counters.js" */
/** @typedef {import("../agreement.js").Agreement} Agreement */
/** @typedef {import("../replica.js").Applied} Applied */
/** @typedef {{ out: Uint8Array[], counters: Counters, tell: (event: SessionEvent) => void }} Outlet */

/** Milliseconds between two Resyncs; the server answers at most one per second, and counts in its own ticks. */
const RESYNC_MS = 1_100;
/** Milliseconds between two Pings; the next waits for the answer to the last. */
const PING_MS = 1_000;
/** Ticks after which a frame is confirmed by itself if no input did. */
const CONFIRM_AFTER_TICKS = 1.5;
/**
 * Unsent bytes in the socket beyond which nothing is put behind them that a later message replaces: some twenty inputs, less than a
 * second of them. The socket empties between two ticks as long as the line is not full.
 */
export const SHED_BYTES = 256;

/** What there is only after the Welcome. */
export class Playing {
  /**
   * @param {Agreement} agreement
   * @param {SessionConfig} config
   * @param {Outlet} outlet
   * @param {number} welcomeMs how long the Welcome took
   * @param {number} nowMs
   */
  constructor(agreement, config, outlet, welcomeMs, nowMs) {
    this.agreement = agreement;
    this.outlet = outlet;
    this.clock = new Clock(agreement.tickRateHz, agreement.tick, welcomeMs, nowMs);
    this.sender = new InputSender(this.clock.due(nowMs) + 1, nowMs);
    this.replica = new Replica(agreement);
    this.screen = new Screen(agreement, config.watch ? null : config.predict, this.replica);
    /** What the player wants; null: it only looks on. */
    this.hands = config.watch ? null : new Hands(agreement.schema.input);
    /** The newest state frame received: what we confirm. @type {number | null} */
    this.newest = null;
    this.complete = false;
    /** The tick of the frame that was wrong. @type {number | null} */
    this.resync = null;
    this.resyncMs = -Infinity;
    /** The Ping under way. @type {{ stamp: number, ms: number } | null} */
    this.ping = null;
    this.pingMs = nowMs;
    this.pings = 0;
    this.roundTripMs = welcomeMs;
    this.requestNumber = 0;
    /** The seat that is kept for us if the line is cut. @type {import("../seat.js").Seat | null} */
    this.seat = null;
    /** Requests without a reply yet. @type {Set<number>} */
    this.requestsWaiting = new Set();
    this.paused = false;
    /** When the line was last found full; null: it is not. @type {number | null} */
    this.fullMs = null;
  }

  /**
   * This is the seat that we had: no tick's input and no request is named twice.
   * @param {import("../seat.js").Seat} was
   */
  goOnFrom({ input, request }) {
    // Farther ahead none can have been named, whatever a store says.
    const next = Math.min(input, this.sender.next + INPUT_AHEAD_TICKS_MAX);
    this.sender = new InputSender(Math.max(this.sender.next, next), this.pingMs);
    this.requestNumber = request & 0xffff;
  }

  /**
   * Asks for keep-alives only, or for the world again.
   * @param {boolean} on
   */
  pause(on) {
    this.paused = on;
    this.#send(writePause(on));
  }

  /**
   * Better code tables are in force from a tick on. They are what we hold on to for the next time.
   * @param {number} from
   * @param {Uint8Array} bytes
   * @throws {import("../epochs.js").TablesRefused} they are no use
   */
  takeTables(from, bytes) {
    this.replica.takeTables(from, bytes);
    holdTables(this.agreement.known, bytes);
  }

  /**
   * Takes in a state frame.
   * @param {Uint8Array} bytes
   * @param {number} nowMs
   */
  takeState(bytes, nowMs) {
    const { counters, tell } = this.outlet;
    counters.frames += 1;
    counters.stateBytes += bytes.length;
    const before = this.replica.tick;
    const applied = this.replica.apply(bytes);
    // The header of a frame that is broken behind it may be as wrong as the rest: whoever confirms a tick that was never sent is closed,
    // and a clock that believes it runs away.
    if (applied.sound) this.#noteHeader(applied, before, nowMs);
    if (applied.digest !== "unchecked") counters.digestsChecked += 1;
    if (applied.error === null) {
      this.#noteApplied(applied, nowMs);
      return;
    }
    if (applied.digest === "wrong") counters.digestMismatches += 1;
    else counters.framesBroken += 1;
    this.resync = applied.kind === "broken" ? before : applied.tick;
    tell({ kind: "lost", error: applied.error });
    this.#noteTold(applied);
  }

  /**
   * Learns from a frame's header: how our inputs fared, and which ticks had no frame of their own.
   * @param {Applied} applied
   * @param {number} before
   * @param {number} nowMs
   */
  #noteHeader({ kind, tick, early, covered, own }, before, nowMs) {
    const { counters, tell } = this.outlet;
    if (kind === "step") {
      counters.ticksSkipped += covered - 1;
      for (let place = 0; place < covered; place++) {
        const sentMs = this.sender.sentMs(tick - (covered - 1 - place));
        if (sentMs === null) continue;
        if (((own >> place) & 1) === 0) {
          counters.inputsLate += 1;
        } else {
          counters.inputsUsed += 1;
          tell({ kind: "input-seen", tick: tick - (covered - 1 - place), ms: nowMs - sentMs });
        }
      }
    } else if (kind === "full") {
      counters.fullFrames += 1;
      if (this.newest !== null) counters.ticksSkipped += Math.max(tick - before - 1, 0);
    } else {
      counters.keepAlives += 1;
    }
    this.newest = Math.max(this.newest ?? tick, tick);
    this.clock.frame(tick, this.roundTripMs, nowMs);
    if (early !== null) this.clock.feedback(early, this.roundTripMs, nowMs);
  }

  /**
   * @param {Applied} applied
   * @param {number} nowMs
   */
  #noteApplied(applied, nowMs) {
    const { counters, tell } = this.outlet;
    if (applied.digest === "right") counters.framesApplied += 1;
    if (applied.ignored) counters.framesIgnored += 1;
    if (applied.kind === "full") {
      this.resync = null;
      this.complete = false;
    }
    const changes = !applied.ignored && applied.kind !== "keep-alive";
    const { spawned, despawned } = changes ? this.screen.frame(applied, nowMs) : { spawned: [], despawned: [] };
    this.takeThrown();
    if (changes) tell({ kind: "world", spawned, despawned });
    this.#noteTold(applied);
    const newly = changes && applied.complete && !this.complete;
    this.complete ||= changes && applied.complete;
    tell({ kind: "frame", tick: applied.tick, full: applied.kind === "full", complete: this.complete, changes });
    if (newly) tell({ kind: "complete" });
  }

  /**
   * What a frame told, whether its world could be used or not.
   * @param {Applied} applied
   */
  #noteTold({ eventsLost, events, tick }) {
    const { counters, tell } = this.outlet;
    counters.events += events.length;
    if (eventsLost) {
      counters.eventsLost += 1;
      tell({ kind: "events-lost" });
    }
    for (const { name, values } of events) tell({ kind: "event", name, values, tick });
  }

  /** What the page's prediction threw is told once. */
  takeThrown() {
    const error = this.screen.thrown;
    if (error === null) return;
    this.screen.thrown = null;
    this.outlet.tell({ kind: "thrown", error });
  }

  /**
   * How long the Ping with this stamp took; null if it is not the newest.
   * @param {number} stamp
   * @param {number} nowMs
   */
  takePong(stamp, nowMs) {
    if (this.ping?.stamp !== stamp) return null;
    const ms = nowMs - this.ping.ms;
    this.ping = null;
    this.roundTripMs += (ms - this.roundTripMs) / 4;
    return ms;
  }

  /**
   * A request was answered; false: it was none of ours.
   * @param {number} number
   */
  takeReply(number) {
    return this.requestsWaiting.delete(number);
  }

  /**
   * Does what is due. `unsent`: bytes that the socket holds.
   * @param {number} nowMs
   * @param {number} unsent
   */
  handleTick(nowMs, unsent) {
    const { counters } = this.outlet;
    const shed = unsent > SHED_BYTES;
    this.fullMs = shed ? nowMs : null;
    if (this.resync !== null && nowMs - this.resyncMs >= RESYNC_MS) {
      this.resyncMs = nowMs;
      counters.resyncs += 1;
      this.#send(writeResync(this.resync));
    }
    this.#sendInputs(nowMs, shed);
    this.screen.settle(nowMs);
    this.takeThrown();
    const { newest } = this;
    if (newest !== null && !shed && this.sender.owesConfirm(newest, this.#confirmAfterMs(), nowMs)) {
      this.sender.confirm(newest, nowMs);
      this.#send(writeConfirm(newest));
    }
    // One at a time: a server that is behind with its Pongs is not helped by more of them, and closes who sends too many.
    if (this.ping === null && nowMs - this.pingMs >= PING_MS) {
      this.pingMs = nowMs;
      this.pings = (this.pings + 1) >>> 0;
      this.ping = { stamp: this.pings, ms: nowMs };
      this.#send(writePing(this.pings));
    }
  }

  /** When `handleTick` has something to do next. */
  get nextWakeMs() {
    let wake = this.ping === null ? this.pingMs + PING_MS : Infinity;
    if (this.#plays() && this.sender.goesOn(this.#inputLimit())) {
      wake = Math.min(wake, this.clock.dueMs(this.sender.next));
    }
    if (this.newest !== null && this.sender.owesConfirm(this.newest, 0, Infinity)) {
      // On a full line nothing is confirmed: we look again a tick later.
      const lookMs = this.fullMs === null ? -Infinity : this.fullMs + this.clock.tickMs;
      wake = Math.min(wake, Math.max(this.sender.confirmedMs + this.#confirmAfterMs(), lookMs));
    }
    if (this.resync !== null) wake = Math.min(wake, this.resyncMs + RESYNC_MS);
    return wake;
  }

  #confirmAfterMs() {
    return this.clock.tickMs * CONFIRM_AFTER_TICKS;
  }

  /** Inputs make sense from the first frame on: before it there is nothing to act upon. */
  #plays() {
    return this.hands !== null && this.newest !== null && !this.paused;
  }

  /** The newest tick that an input may name. The server is at least at the newest frame's tick, so this is always allowed. */
  #inputLimit() {
    return (this.newest ?? this.agreement.tick) + this.agreement.limits.inputAheadTicks;
  }

  /**
   * @param {number} nowMs
   * @param {boolean} shed the line is full: what is due is not sent, and the next input says it
   */
  #sendInputs(nowMs, shed) {
    const { newest, hands } = this;
    if (!this.#plays() || newest === null || hands === null) return;
    const due = this.clock.due(nowMs);
    for (let tick = this.sender.takeDue(due, this.#inputLimit()); tick !== null; tick = this.sender.takeDue(due, this.#inputLimit())) {
      if (shed) {
        this.outlet.counters.inputsShed += 1;
        continue;
      }
      const codes = hands.take();
      this.screen.act(tick, codes, nowMs);
      const input = { tick, newest, view: this.screen.viewTick(newest, nowMs), codes };
      const bytes = writeInput(this.agreement.schema, input, this.sender.said);
      this.#send(bytes);
      hands.carried();
      this.sender.sent(tick, newest, codes, nowMs);
      this.outlet.counters.inputsSent += 1;
      this.outlet.counters.inputBytes += bytes.length;
    }
  }

  /**
   * Asks the game for something; the number that its reply will carry. Null: too many are unanswered.
   * @param {number} kind position in the schema's requests
   * @param {ArrayLike<number>} codes
   */
  request(kind, codes) {
    if (this.requestsWaiting.size >= REQUESTS_WAITING_MAX) return null;
    // What we name means what it meant in the newest frame that the server knows us to have.
    if (this.newest !== null && this.sender.owesConfirm(this.newest, 0, Infinity)) {
      this.sender.confirm(this.newest, this.sender.confirmedMs);
      this.#send(writeConfirm(this.newest));
    }
    const number = this.requestNumber;
    const bytes = writeRequest(this.agreement.schema, number, kind, codes);
    this.requestNumber = (number + 1) & 0xffff;
    this.requestsWaiting.add(number);
    this.outlet.counters.requests += 1;
    this.#send(bytes);
    return number;
  }

  /** @param {Uint8Array} bytes */
  #send(bytes) {
    this.outlet.out.push(bytes);
  }
}
