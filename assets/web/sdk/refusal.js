// Why a connection never came to be. Browsers hide it, so the server is asked for its list of rooms: whether and what it answers says much.
//
//   wss refused ─► GET /api/rooms ─► answered ─► the room is full? · busy? · else: what it may be
//                               └─► hidden from us, but there: our origin is not allowed
//                               └─► nothing: not there, or its certificate is not trusted
//
// Never here: sockets.

import { TickwireError } from "./errors.js";

/** @import { Timers } from "./types.js" */

/** How long the answer may take with its body, in milliseconds. */
const ANSWER_MS = 4_000;
/** Bytes of the answer that are read: more than any list of rooms has. */
const ANSWER_BYTES_MAX = 1 << 18;
/** Letters of a server's answer that are shown. */
const SHOWN_MAX = 200;

/**
 * What a server answered. `later`: in how many seconds to come again; `body`: its JSON, null if there is none, or none that ends.
 * @typedef {{ ok: boolean, status: number, later: string | null, body: any }} Answer
 */

/**
 * @param {object} what
 * @param {string} what.url of the WebSocket
 * @param {string | null} what.room
 * @param {string} what.said what the platform said of the failure
 * @param {typeof globalThis.fetch | null} what.fetch
 * @param {string | null} what.origin the page's own
 * @param {Timers} what.timers
 * @returns {Promise<TickwireError>}
 */
export async function refusal({ url, room, said, fetch, origin, timers }) {
  const { host, protocol } = new URL(url);
  const base = `${protocol === "wss:" ? "https" : "http"}://${host}`;
  const detail = said === "" ? "" : ` (${said})`;
  if (fetch === null) return new TickwireError("unreachable", "path", `no connection to ${host}${detail}`, "is the address right, and the server there?");
  const answer = await ask(fetch, timers, `${base}/api/rooms`, "cors");
  if (answer !== null) return answered(answer, host, room, detail);
  if (origin !== null && origin !== base && (await ask(fetch, timers, `${base}/api/rooms`, "no-cors")) !== null) {
    const advice = `its operator must allow this origin: server.origins = ["${origin}"]`;
    return new TickwireError("refused", "server", `${host} answers, but not to pages of ${origin}${detail}`, advice);
  }
  const advice = protocol === "wss:" ? `open ${base}/ in a tab: does it answer, and is its certificate trusted?` : "is the address right, and the server there?";
  return new TickwireError("unreachable", "path", `nothing answers at ${host}${detail}`, advice);
}

/**
 * @param {Answer} answer
 * @param {string} host
 * @param {string | null} room
 * @param {string} detail
 */
function answered({ ok, status, later, body }, host, room, detail) {
  if (!ok) {
    const message = typeof body?.message === "string" ? body.message.slice(0, SHOWN_MAX) : `HTTP status ${status}`;
    const advice = later === null ? "try again later" : `try again in ${later} s`;
    return new TickwireError("refused", status === 429 ? "client" : "server", `${host} refused: ${message}${detail}`, advice);
  }
  const rooms = Array.isArray(body?.rooms) ? body.rooms : [];
  const wanted = rooms.find((/** @type {any} */ known) => known?.name === room);
  if (wanted !== undefined && wanted.players >= wanted.cap) {
    const says = `the room ${room} is full: ${wanted.players} of ${wanted.cap}`;
    return new TickwireError("refused", "server", `${says}${detail}`, "try again later, or join another room");
  }
  const why = "it may be full, draining, or hold too many connections from this address already";
  return new TickwireError("refused", "server", `${host} answers, but refused the connection${detail}`, `${why}; try again later`);
}

/**
 * The answer, whatever its status; null: there is none that we may see.
 * @param {typeof globalThis.fetch} fetch
 * @param {Timers} timers
 * @param {string} url
 * @param {RequestMode} mode
 * @returns {Promise<Answer | null>}
 */
async function ask(fetch, timers, url, mode) {
  const giveUp = new AbortController();
  /** @type {any} */
  let timer = null;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = timers.setTimeout(() => {
      giveUp.abort();
      reject(new Error("no answer in time"));
    }, ANSWER_MS);
  });
  late.catch(() => {});
  try {
    const answering = fetch(url, { mode, cache: "no-store", credentials: "omit", signal: giveUp.signal });
    const answer = await Promise.race([answering, late]);
    const body = await bodyOf(answer, late).catch(() => null);
    return { ok: answer.ok, status: answer.status, later: answer.headers.get("retry-after"), body };
  } catch {
    return null;
  } finally {
    timers.clearTimeout(timer);
  }
}

/**
 * The JSON of an answer, as long as it comes in time and is no longer than it may be.
 * @param {Response} answer
 * @param {Promise<never>} late
 * @returns {Promise<any>}
 */
async function bodyOf({ body }, late) {
  if (body === null) return null;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [text, length] = ["", 0];
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return JSON.parse(text + decoder.decode());
      length += value.length;
      if (length > ANSWER_BYTES_MAX) return null;
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
