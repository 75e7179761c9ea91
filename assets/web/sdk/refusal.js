// Why a connection never came to be. Browsers hide it, so the server is asked for its list of rooms: whether and what it answers says much.
//
//   wss refused ─► GET /api/rooms ─► answered ─► the room is full? · busy? · else: what it may be
//                               └─► hidden from us, but there: our origin is not allowed
//                               └─► nothing: not there, or its certificate is not trusted
//
// Never here: sockets.

import { TickwireError } from "./errors.js";

/** How long the answer may take, in milliseconds. */
const ANSWER_MS = 4_000;
/** Letters of a server's answer that are shown. */
const SHOWN_MAX = 200;

/**
 * @param {object} what
 * @param {string} what.url of the WebSocket
 * @param {string | null} what.room
 * @param {string} what.said what the platform said of the failure
 * @param {typeof globalThis.fetch | null} what.fetch
 * @param {string | null} what.origin the page's own
 * @returns {Promise<TickwireError>}
 */
export async function refusal({ url, room, said, fetch, origin }) {
  const { host, protocol } = new URL(url);
  const base = `${protocol === "wss:" ? "https" : "http"}://${host}`;
  const detail = said === "" ? "" : ` (${said})`;
  if (fetch === null) return new TickwireError("unreachable", "path", `no connection to ${host}${detail}`, "is the address right, and the server there?");
  const answer = await ask(fetch, `${base}/api/rooms`, "cors");
  if (answer !== null) return answered(answer, host, room, detail);
  if (origin !== null && origin !== base && (await ask(fetch, `${base}/api/rooms`, "no-cors")) !== null) {
    const advice = `its operator must allow this origin: server.origins = ["${origin}"]`;
    return new TickwireError("refused", "server", `${host} answers, but not to pages of ${origin}${detail}`, advice);
  }
  const advice = protocol === "wss:" ? `open ${base}/ in a tab: does it answer, and is its certificate trusted?` : "is the address right, and the server there?";
  return new TickwireError("unreachable", "path", `nothing answers at ${host}${detail}`, advice);
}

/**
 * @param {Response} answer
 * @param {string} host
 * @param {string | null} room
 * @param {string} detail
 */
async function answered(answer, host, room, detail) {
  const body = await answer.json().catch(() => null);
  if (!answer.ok) {
    const message = typeof body?.message === "string" ? body.message.slice(0, SHOWN_MAX) : `HTTP status ${answer.status}`;
    const later = answer.headers.get("retry-after");
    const advice = later === null ? "try again later" : `try again in ${later} s`;
    return new TickwireError("refused", answer.status === 429 ? "client" : "server", `${host} refused: ${message}${detail}`, advice);
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
 * @param {string} url
 * @param {RequestMode} mode
 * @returns {Promise<Response | null>}
 */
async function ask(fetch, url, mode) {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), ANSWER_MS);
  try {
    return await fetch(url, { mode, cache: "no-store", credentials: "omit", signal: giveUp.signal });
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
