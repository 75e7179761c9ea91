// What gives our seat back after a cut: the secret of the newest Welcome, and the numbers that go on from where they stood.
//
//   Welcome ─► seat ─► cut ─► /play/ROOM?resume, Hello with the secret ─┬─► the same player of the same room: it goes on
//                 │                                                      └─► somebody new: the seat was gone, and that is told
//                 └─► the page goes ─► a store of this tab's own ─► the next page takes it out
//
// Each Welcome has another secret, and the one before is soon worth nothing. It is given to nobody: a page never sees it, it stands in no
// address and in no error.
//
// Never here: sockets, when to come again (see reconnect).

import { EXTENSION_ROOM } from "./wire/control.js";

/** @import { Store } from "./types.js" */
/** @import { Target } from "./target.js" */
/** @typedef {import("./session/playing.js").Playing} Playing */
/** @typedef {import("./wire/control.js").Welcome} Welcome */

/**
 * A seat that may be kept for us.
 * @typedef {object} Seat
 * @property {string} room its room's name
 * @property {Uint8Array} secret 16 bytes
 * @property {bigint} incarnation names that life of the room
 * @property {number} player our number there
 * @property {number} input the tick whose input comes next: none is named twice
 * @property {number} request the number that the next request has
 */

/** After so many milliseconds no server keeps a seat any more: 600 s are the most that an operator may say. */
export const SEAT_KEPT_MS_MAX = 600_000;
/** Whom the server closes with these it keeps no seat for: it goes away, the room has ended, or we did what nobody may. It is asked all the same. */
const NOT_KEPT = new Set([1001, 4003, 4004, 4009]);
/** Closed with this code, one who asked for a seat has none there, and there is no other in that room. */
const ROOM_FULL = 4008;
const SECRET_BYTES = 16;
/** A room's name, as the server takes it. */
const ROOM = /^[a-z0-9_-]{1,32}$/;

/** Which of our seats is asked back, and where. */
export class KeptSeat {
  /**
   * Takes out what the page before left for us, if it is of the place that we go to.
   * @param {Store | null} store
   * @param {Target} target
   * @param {boolean} watch who only looks on has no seat
   */
  constructor(store, target, watch) {
    this.store = store;
    /** What is asked for next. @type {Seat | null} */
    this.seat = watch ? null : takeOut(store, target);
    /** The seat in which we were the last time that we were in. */
    this.had = this.seat;
    this.isOver = false;
    /** The seat is asked for, and at its own door; both end where the server says that it is gone. */
    this.isAsked = true;
    this.isAtDoor = true;
    this.mayBeKept = true;
  }

  /** What the next Hello asks for. */
  get wanted() {
    return this.isAsked ? this.seat : null;
  }

  /** Whether the server keeps it, as far as one can know here. */
  get isKept() {
    return this.wanted !== null && this.mayBeKept;
  }

  /**
   * Where the next attempt goes: to the seat's room, which lets those in who come back also when it is full, or where the page said.
   * @param {Target} target
   * @returns {Target}
   */
  door(target) {
    const { wanted } = this;
    if (wanted === null || !this.isAtDoor) return target;
    const url = new URL(target.url);
    url.pathname = `/play/${wanted.room}`;
    url.search = "?resume";
    return { ...target, url: url.href };
  }

  /**
   * A connection is over. What it was welcomed to is asked for the next time; where it was not, what was asked for before.
   * @param {Playing | null} playing
   * @param {number} code
   */
  left(playing, code) {
    if (playing !== null) {
      this.seat = seatOf(playing);
      this.isAsked = this.isAtDoor = true;
      this.mayBeKept = !NOT_KEPT.has(code);
    } else if (this.wanted !== null && this.isAtDoor && code === ROOM_FULL) {
      this.isAsked = false;
    }
  }

  /**
   * The first attempt came to nothing: whether there is another door. The seat is asked for there, too.
   * @returns {boolean}
   */
  useOtherDoor() {
    const isOther = this.seat !== null && this.isAtDoor;
    this.isAtDoor = false;
    return isOther;
  }

  /**
   * We are in: what became of the seat that we had. Null: we had none that is kept.
   * @param {Playing} playing
   * @returns {import("./types.js").Resumed | null}
   */
  entered(playing) {
    const { had } = this;
    const { agreement } = playing;
    this.had = seatOf(playing);
    if (had === null) return null;
    const resumed = isSeatOf(had, agreement);
    return { resumed, why: resumed ? null : agreement.incarnation === had.incarnation ? "gone" : "other-room" };
  }

  /**
   * The page goes away: what the next one may ask for.
   * @param {Playing | null} playing
   */
  leaving(playing) {
    if (this.isOver) return null;
    return playing === null ? this.wanted : seatOf(playing);
  }

  /**
   * Another page may come in this one's place: it finds there what gives the seat back.
   * @param {string} url
   * @param {Seat | null} seat
   */
  leaveBehind(url, seat) {
    if (seat !== null) putIn(this.store, url, seat);
  }

  /** The page is still there: nobody else is to find it. @param {string} url */
  takeBack(url) {
    remove(this.store, url);
  }

  /** It will not be asked for: we go elsewhere, and get another. */
  giveUp() {
    this.seat = null;
  }

  /** We left: nobody comes back. @param {string} url */
  end(url) {
    this.isOver = true;
    this.giveUp();
    this.takeBack(url);
  }
}

/**
 * The seat that a Welcome gives, if it is kept.
 * @param {Welcome} welcome
 * @returns {Seat | null}
 */
export function seatIn({ resume, extensions, incarnation, player }) {
  const named = extensions.find(({ id }) => id === EXTENSION_ROOM);
  const room = named === undefined ? "" : new TextDecoder().decode(named.bytes);
  if (resume === null || !ROOM.test(room)) return null;
  return { room, secret: resume, incarnation, player, input: 0, request: 0 };
}

/**
 * Whether a Welcome is to that seat: to the same player in the same life of the room.
 * @param {Seat} seat
 * @param {{ incarnation: bigint, player: number }} welcome
 */
export function isSeatOf(seat, { incarnation, player }) {
  return seat.incarnation === incarnation && seat.player === player;
}

/**
 * The room in which a page of this tab left a seat behind a moment ago; null if none did. A page that is loaded anew goes there by itself.
 * @param {Store | null} store
 * @param {string | URL} url of the server
 * @returns {string | null}
 */
export function keptRoom(store, url) {
  return read(store, String(url))?.room ?? null;
}

/**
 * @param {Playing} playing
 * @returns {Seat | null}
 */
function seatOf({ seat, sender, requestNumber }) {
  return seat === null ? null : { ...seat, input: sender.next, request: requestNumber };
}

/**
 * @param {Store | null} store
 * @param {Target} target
 */
function takeOut(store, { url }) {
  const seat = read(store, url);
  remove(store, url);
  const room = new URL(url).pathname.split("/")[2];
  return seat === null || (room !== undefined && room !== "" && room !== seat.room) ? null : seat;
}

/**
 * @param {Store | null} store
 * @param {string} url
 * @param {Seat} seat
 */
function putIn(store, url, { secret, incarnation, ...seat }) {
  try {
    store?.setItem(key(url), JSON.stringify({ ...seat, incarnation: String(incarnation), secret: [...secret], atMs: Date.now() }));
  } catch {
    // Full or forbidden: the next page begins anew.
  }
}

/**
 * What is stored, as far as it can be what we stored, and not long ago.
 * @param {Store | null} store
 * @param {string} url
 * @returns {Seat | null}
 */
function read(store, url) {
  try {
    const { room, secret, incarnation, player, input, request, atMs } = JSON.parse(store?.getItem(key(url)) ?? "{}");
    const ageMs = Date.now() - atMs;
    const isRecent = ageMs >= 0 && ageMs < SEAT_KEPT_MS_MAX;
    const areNumbers = [player, input, request].every((number) => Number.isSafeInteger(number) && number >= 0);
    const isSecret = secret?.length === SECRET_BYTES && secret.every((/** @type {unknown} */ byte) => Number.isInteger(byte));
    if (!isRecent || !areNumbers || !isSecret || !ROOM.test(room)) return null;
    return { room, secret: Uint8Array.from(secret), incarnation: BigInt(incarnation), player, input, request };
  } catch {
    return null;
  }
}

/**
 * @param {Store | null} store
 * @param {string} url
 */
function remove(store, url) {
  try {
    store?.removeItem(key(url));
  } catch {
    // A store that cannot even forget held nothing for us.
  }
}

/** @param {string} url */
function key(url) {
  return `tickwire.seat.${new URL(url).host}`;
}
