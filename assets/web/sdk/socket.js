// wss ↔ whoever drives it: one WebSocket, whole messages in order, and its end with a code.
//
//   message ─► alone: handed on at once
//          └─► after a silence: the first of a backlog, perhaps: what comes with it is handed on together
//
// A page that slept, or a path that stood still, finds many messages at once: who knows all of them can leave most of them unread.
//
// Never here: what a message means (see session), when to come again (see reconnect).

/** @import { Timers } from "./types.js" */

/**
 * What we need of a WebSocket: a browser's, or that of the package `ws`.
 * @typedef {object} SocketLike
 * @property {string} binaryType
 * @property {number} readyState
 * @property {number} bufferedAmount
 * @property {(bytes: Uint8Array<ArrayBuffer>) => void} send
 * @property {(code?: number, reason?: string) => void} close
 * @property {((event: any) => void) | null} onopen
 * @property {((event: any) => void) | null} onmessage
 * @property {((event: any) => void) | null} onclose
 * @property {((event: any) => void) | null} onerror
 */

/** @typedef {new (url: string, protocols: string[]) => SocketLike} SocketMaker */

/**
 * Who is told. `ended` is called once, and nothing after it. `opened`: whether the connection ever was one. `said`: what the platform says
 * of the failure; browsers say nothing.
 * @typedef {object} SocketListener
 * @property {() => void} opened
 * @property {(messages: Uint8Array[]) => void} received
 * @property {(end: { code: number, reason: string, opened: boolean, said: string }) => void} ended
 */

/** A silence of so many milliseconds may have been a stall: what comes then may be a backlog. */
export const STALLED_MS = 250;
/** Messages that are handed on together at the most. */
export const BACKLOG_MAX = 1_024;
/** How long we wait for the other side to agree to the end. */
const FAREWELL_MS = 2_000;
const OPEN = 1;

/** One WebSocket. */
export class Socket {
  /**
   * @param {string} url
   * @param {string[]} protocols
   * @param {SocketMaker} Maker
   * @param {Timers} timers
   * @param {SocketListener} listener
   */
  constructor(url, protocols, Maker, timers, listener) {
    this.timers = timers;
    this.listener = listener;
    this.wasOpen = false;
    this.isOver = false;
    this.said = "";
    /** What waits to be handed on together. @type {Uint8Array[]} */
    this.waiting = [];
    this.collecting = false;
    this.receivedMs = -Infinity;
    this.bytesIn = 0;
    this.bytesOut = 0;
    /** @type {any} */
    this.farewell = null;
    this.socket = new Maker(url, protocols);
    this.socket.binaryType = "arraybuffer";
    this.socket.onopen = () => {
      if (this.isOver) return;
      this.wasOpen = true;
      listener.opened();
    };
    this.socket.onmessage = ({ data }) => this.#take(data);
    this.socket.onerror = (event) => (this.said = typeof event?.message === "string" ? event.message : "");
    this.socket.onclose = ({ code, reason }) => this.#end(code, reason);
  }

  /** Bytes that were not sent yet. */
  get unsent() {
    return this.socket.bufferedAmount;
  }

  /** @param {Uint8Array} bytes */
  send(bytes) {
    if (this.socket.readyState !== OPEN) return;
    this.bytesOut += bytes.length;
    this.socket.send(/** @type {Uint8Array<ArrayBuffer>} */ (bytes));
  }

  /**
   * Ends it. The other side should agree; if it does not in time, it is over with this code all the same.
   * @param {number} code 1000, or 3000 to 4999
   * @param {string} reason
   */
  close(code, reason) {
    if (this.isOver || this.farewell !== null) return;
    this.farewell = this.timers.setTimeout(() => this.#end(code, reason), FAREWELL_MS);
    this.socket.close(code, reason);
  }

  /**
   * Ends it now, whatever the other side says.
   * @param {number} code
   * @param {string} reason
   */
  drop(code, reason) {
    if (this.isOver) return;
    this.#end(code, reason);
    this.socket.close();
  }

  /** @param {unknown} data */
  #take(data) {
    if (this.isOver) return;
    // A text is no message: as no bytes it is refused where all others are.
    const bytes = data instanceof ArrayBuffer ? new Uint8Array(data) : new Uint8Array(0);
    this.bytesIn += bytes.length;
    const nowMs = this.timers.now();
    const stalled = nowMs - this.receivedMs > STALLED_MS;
    this.receivedMs = nowMs;
    if (!this.collecting && !stalled) {
      this.listener.received([bytes]);
      return;
    }
    this.waiting.push(bytes);
    if (this.collecting && this.waiting.length < BACKLOG_MAX) return;
    if (this.collecting) this.#handOn();
    else this.#collect(0);
  }

  /**
   * Waits until nothing more comes with it.
   * @param {number} known how many were there when we last looked
   */
  #collect(known) {
    this.collecting = true;
    const count = this.waiting.length;
    if (count > known) this.timers.soon(() => this.collecting && this.#collect(count));
    else this.#handOn();
  }

  #handOn() {
    const messages = this.waiting;
    this.waiting = [];
    this.collecting = false;
    if (messages.length > 0) this.listener.received(messages);
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #end(code, reason) {
    if (this.isOver) return;
    // What came before the end was said before it.
    this.#handOn();
    if (this.isOver) return;
    this.isOver = true;
    this.timers.clearTimeout(this.farewell);
    this.listener.ended({ code, reason, opened: this.wasOpen, said: this.said });
  }
}
