// One connection: a socket and its session, woken by whichever comes first: bytes, what the session has to do, the page.
//
//   socket ─► session ─► socket          nobody here waits: every wake does what is due and says when it wants to be woken next
//
// *Silence.* A path that is dead says nothing. Frames come with every tick, and a keep-alive every second where we pause: after SILENT_MS
// without a byte, in which we were awake, it is cut from our side.
//
// Never here: what comes after the end (see room).

import { SUBPROTOCOL } from "./wire/version.js";
import { Session } from "./session.js";
import { Socket } from "./socket.js";

/** @import { Timers } from "./types.js" */
/** @import { SessionConfig, SessionEvent } from "./session.js" */
/** @import { SocketMaker } from "./socket.js" */

/** Milliseconds without a byte after which a connection is given up. The server closes who takes no data for five seconds. */
export const SILENT_MS = 8_000;
/** It looks around at least this often, in milliseconds. */
const WAKE_MS = 1_000;
/** Who is woken so much later than it asked for has slept: what happened meanwhile was not silence. */
const SLEPT_MS = 2_000;
/** What the end of a silent path is called: the code for it. */
const SILENT = 4005;
/** What the end of an attempt that took too long is called: nothing was said. */
const CUT = 1006;

/** @typedef {{ code: number, reason: string, opened: boolean, said: string }} LineEnd */

/**
 * @typedef {object} LineListener
 * @property {(event: SessionEvent) => void} told
 * @property {(end: LineEnd) => void} ended
 */

/** A socket and its session. */
export class Line {
  /**
   * @param {{ url: string, ticket: string | null }} target
   * @param {SessionConfig} config
   * @param {SocketMaker} Maker
   * @param {Timers} timers
   * @param {LineListener} listener
   */
  constructor(target, config, Maker, timers, listener) {
    this.timers = timers;
    this.listener = listener;
    this.session = new Session(config);
    /** @type {any} */
    this.timer = null;
    this.heardMs = timers.now();
    this.wantedMs = Infinity;
    this.isOver = false;
    const protocols = target.ticket === null ? [SUBPROTOCOL] : [SUBPROTOCOL, `ticket.${target.ticket}`];
    this.socket = new Socket(target.url, protocols, Maker, timers, {
      opened: () => {
        this.heardMs = timers.now();
        this.wake();
      },
      received: (messages) => this.#receive(messages),
      ended: (end) => this.#end(end),
    });
  }

  /** Does what is due, and sets the alarm for what is due next. */
  wake() {
    if (this.isOver || !this.socket.wasOpen) return;
    const nowMs = this.timers.now();
    if (nowMs - this.wantedMs > SLEPT_MS) this.heardMs = nowMs;
    if (nowMs - this.heardMs > SILENT_MS) {
      this.socket.drop(SILENT, "nothing came for too long");
      return;
    }
    this.session.handleTick(nowMs, this.socket.unsent);
    this.#drain();
    if (this.isOver) return;
    this.timers.clearTimeout(this.timer);
    const nextMs = Math.min(this.session.nextWakeMs(nowMs), nowMs + WAKE_MS);
    // What was due long ago and could not be done yet is wanted from now on: who is late with it has not slept.
    this.wantedMs = Math.max(nextMs, nowMs);
    this.timer = this.timers.setTimeout(() => this.wake(), Math.max(nextMs - nowMs, 1));
  }

  /**
   * It took too long to get in.
   * @param {string} reason
   */
  giveUp(reason) {
    this.socket.drop(CUT, reason);
  }

  /** Says goodbye; the server closes. */
  leave() {
    this.session.leave();
    this.#drain();
    this.socket.close(1000, "goodbye");
  }

  /** @param {Uint8Array[]} messages */
  #receive(messages) {
    const nowMs = this.timers.now();
    this.heardMs = nowMs;
    try {
      if (messages.length === 1) this.session.handleFrame(messages[0], nowMs);
      else this.session.handleBacklog(messages, nowMs, () => this.#tell());
    } catch (error) {
      // Nothing that a server sends should come to this: if it does, we cannot know what we hold.
      this.#tell();
      this.listener.told({ kind: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    }
    // From here and not from a timer alone: in a hidden page those are held back, and who confirms nothing is closed.
    this.wake();
  }

  /** Sends what is to be sent and tells what happened. */
  #drain() {
    for (let bytes = this.session.pollFrame(); bytes !== undefined; bytes = this.session.pollFrame()) this.socket.send(bytes);
    this.#tell();
  }

  #tell() {
    for (let event = this.session.pollEvent(); event !== undefined; event = this.session.pollEvent()) this.listener.told(event);
  }

  /** @param {LineEnd} end */
  #end(end) {
    this.#tell();
    this.isOver = true;
    this.timers.clearTimeout(this.timer);
    this.session.handleClose();
    this.listener.ended(end);
  }
}
