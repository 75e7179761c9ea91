// Where to connect to: what a page says, checked before anything is sent, so that a slip is named and not "refused".
//
// Never here: sockets.

import { usage } from "./errors.js";
import { PLAYER_NAME_BYTES_MAX } from "./limits.js";

/** A room's name, as the server takes it. */
const ROOM = /^[a-z0-9_-]{1,32}$/;
/** What may stand in a sub-protocol (RFC 7230, token). */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** @typedef {{ url: string, ticket: string | null }} Target */

/**
 * @param {string | URL} url
 * @param {{ room?: string, watch?: boolean, ticket?: string }} options
 * @returns {Target}
 * @throws {import("./errors.js").TickwireError}
 */
export function targetOf(url, { room, watch = false, ticket }) {
  const parsed = parse(String(url));
  if (room !== undefined && !ROOM.test(room)) {
    throw usage(`${JSON.stringify(room)} is no name of a room`, "a room's name is 1 to 32 of a-z, 0-9, - and _");
  }
  const isPlay = parsed.pathname === "/play" || parsed.pathname.startsWith("/play/");
  if (room !== undefined || !isPlay) parsed.pathname = room === undefined ? "/play" : `/play/${room}`;
  parsed.search = watch ? "?watch" : "";
  parsed.hash = "";
  return { url: parsed.href, ticket: checkedTicket(ticket) };
}

/**
 * Where a server sends us on to. It may not send us from a safe connection to one that everybody can read.
 * @param {Target} from
 * @param {{ url: string, ticket: string }} redirect
 * @returns {Target | null} null: that is no place to go to
 */
export function redirected(from, { url, ticket }) {
  try {
    const to = targetOf(url, { ticket: ticket === "" ? undefined : ticket, watch: from.url.endsWith("?watch") });
    return from.url.startsWith("wss:") && !to.url.startsWith("wss:") ? null : to;
  } catch {
    return null;
  }
}

/**
 * @param {string | undefined} ticket
 * @returns {string | null}
 */
export function checkedTicket(ticket) {
  if (ticket === undefined) return null;
  if (TOKEN.test(ticket)) return ticket;
  throw usage("the ticket has letters that no ticket has", "give it as the server or tickwire-server ticket made it, without spaces");
}

/**
 * @param {string} name
 * @returns {string}
 */
export function checkedName(name) {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes <= PLAYER_NAME_BYTES_MAX) return name;
  throw usage(`the name has ${bytes} bytes`, `at most ${PLAYER_NAME_BYTES_MAX} bytes of UTF-8 fit`);
}

/**
 * The room that a target names; null: any.
 * @param {Target} target
 */
export function roomOf({ url }) {
  return new URL(url).pathname.split("/")[2] || null;
}

/** @param {string} url */
function parse(url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    throw usage(`${JSON.stringify(url)} is no URL`, "give wss://HOST, or the page's own location.origin");
  }
  // Browsers change a scheme only to one of the same sort, so the text is made anew.
  const scheme = { "https:": "wss:", "http:": "ws:", "wss:": "wss:", "ws:": "ws:" }[parsed.protocol];
  if (scheme === undefined) throw usage(`${url} has another scheme than wss`, "give wss://HOST, or https://HOST");
  return new URL(scheme + parsed.href.slice(parsed.protocol.length));
}
