// Why a connection never came to be, as far as anybody can know; and what is kept between visits.

import { test } from "node:test";
import assert from "node:assert/strict";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { forget, recall, remember } from "../../../assets/web/sdk/known.js";
import { isUpToDate, reloadOnce } from "../../../assets/web/sdk/outdated.js";
import { refusal } from "../../../assets/web/sdk/refusal.js";
import { FakeSocket, FakeTimers, SCHEMA_BYTES, TABLES_BYTES } from "./fakes.js";
import { failure, story } from "./story.js";

const URL_WSS = "wss://play.example.org/play/lobby";

/**
 * @param {Record<string, () => any>} answers by mode
 * @param {{ room?: string | null, origin?: string | null }} [what]
 */
async function asked(answers, { room = "lobby", origin = null } = {}) {
  /** @type {string[]} */
  const urls = [];
  /** @type {any} */
  const fetch = async (/** @type {string} */ url, /** @type {any} */ { mode }) => {
    urls.push(url);
    const answer = answers[mode]?.();
    if (answer === undefined) throw new TypeError("Failed to fetch");
    return answer;
  };
  const error = await refusal({ url: URL_WSS, room, said: "", fetch, origin, timers: new FakeTimers() });
  assert.ok(urls.every((url) => url === "https://play.example.org/api/rooms"));
  return error;
}

/** @param {any} body */
function json(body, init = {}) {
  return () => new Response(JSON.stringify(body), init);
}

test("a full room is told with its numbers", async () => {
  const error = await asked({ cors: json({ rooms: [{ name: "lobby", players: 8, cap: 8, tick_rate_hz: 30 }] }) });
  assert.deepEqual([error.code, error.fault], ["refused", "server"]);
  assert.match(error.message, /the room lobby is full: 8 of 8: try again later/);
});

test("a server that answers and refused says what it may be", async () => {
  const error = await asked({ cors: json({ rooms: [] }) });
  assert.match(error.message, /play\.example\.org answers, but refused the connection: it may be full, draining/);
});

test("a server that says why is quoted, with when to come again", async () => {
  const body = { error: "too_many_requests", message: "too many requests" };
  const error = await asked({ cors: json(body, { status: 429, headers: { "retry-after": "7" } }) });
  assert.deepEqual([error.code, error.fault], ["refused", "client"]);
  assert.match(error.message, /refused: too many requests: try again in 7 s/);
  const other = await asked({ cors: () => new Response("<html>", { status: 502 }) });
  assert.match(other.message, /HTTP status 502/);
});

test("a page that the operator does not allow is told the line of the configuration", async () => {
  const error = await asked({ "no-cors": () => new Response(null) }, { origin: "https://games.example" });
  assert.equal(error.code, "refused");
  assert.match(error.message, /not to pages of https:\/\/games\.example.*server.origins = \["https:\/\/games\.example"\]/);
});

test("a server that is not there, or not trusted, is named with what to do", async () => {
  const error = await asked({}, { origin: "https://games.example" });
  assert.deepEqual([error.code, error.fault], ["unreachable", "path"]);
  assert.match(error.message, /nothing answers at play\.example\.org: open https:\/\/play\.example\.org\/ in a tab/);
  const own = await asked({ "no-cors": () => new Response(null) }, { origin: "https://play.example.org" });
  assert.equal(own.code, "unreachable", "a page is allowed at its own server");
  const blind = await refusal({ url: URL_WSS, room: null, said: "ECONNREFUSED", fetch: null, origin: null, timers: new FakeTimers() });
  assert.match(blind.message, /ECONNREFUSED/);
});

test("a server that begins its answer and never ends it holds nobody up", async () => {
  const bodies = [
    () => new Promise(() => {}),
    async () => new Response(new ReadableStream({ start: (out) => out.enqueue(new TextEncoder().encode('{"rooms": [')) })),
  ];
  for (const [fetch, says] of /** @type {const} */ ([[bodies[0], /nothing answers at/], [bodies[1], /answers, but refused the connection/]])) {
    const { timers, joining } = story({ fetch: /** @type {any} */ (fetch) });
    const failed = failure(joining);
    FakeSocket.last.end(1006);
    await timers.advance(4_100);
    const error = await Promise.race([failed, new Promise((resolve) => setTimeout(() => resolve(null), 200))]);
    assert.match(String(error), says);
    assert.equal(timers.timers.size, 0, "nothing is left running");
  }
});

test("of an answer without end no more is read than a list of rooms has", async () => {
  let given = 0;
  let cancelled = false;
  const endless = new ReadableStream({
    pull: (out) => {
      given += 1;
      if (given > 1_000) out.close();
      else out.enqueue(new Uint8Array(65_536).fill(32));
    },
    cancel: () => void (cancelled = true),
  });
  const error = await asked({ cors: () => new Response(endless) });
  assert.match(error.message, /answers, but refused the connection/);
  assert.ok(cancelled && given < 20, `${given}`);
});

/** A storage in memory. */
function memory() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return {
    kept,
    getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => void kept.set(key, value),
    removeItem: (/** @type {string} */ key) => void kept.delete(key),
  };
}

const KNOWN = { schema: SCHEMA_BYTES, schemaFingerprint: xxh3(SCHEMA_BYTES), tables: TABLES_BYTES, tablesFingerprint: xxh3(TABLES_BYTES) };

test("what was kept comes back, for its host and no other", () => {
  const store = memory();
  remember(store, "a.example", KNOWN);
  assert.deepEqual(recall(store, "a.example"), KNOWN);
  assert.equal(recall(store, "b.example"), null);
  forget(store, "a.example");
  assert.equal(recall(store, "a.example"), null);
});

test("what was kept and is not whole any more counts as nothing", () => {
  const store = memory();
  remember(store, "a.example", KNOWN);
  const text = store.kept.get("tickwire.known.a.example") ?? "";
  const changed = JSON.parse(text);
  changed.tables = changed.schema;
  for (const kept of ["", "{}", "null", text.slice(0, -30), JSON.stringify(changed), JSON.stringify({ ...changed, tables: 5 })]) {
    store.setItem("tickwire.known.a.example", kept);
    assert.equal(recall(store, "a.example"), null, kept.slice(0, 40));
  }
});

test("a store that is full or forbidden keeps nobody from playing", () => {
  const refuse = () => {
    throw new Error("QuotaExceededError");
  };
  const store = { getItem: refuse, setItem: refuse, removeItem: refuse };
  remember(store, "a.example", KNOWN);
  assert.equal(recall(store, "a.example"), null);
  assert.equal(recall(null, "a.example"), null);
});

test("an old page is loaded anew once, and once more only after it was in", () => {
  let loads = 0;
  const store = memory();
  const window = { location: { reload: () => void loads++ }, sessionStorage: /** @type {any} */ (store) };
  assert.deepEqual([reloadOnce(window), reloadOnce(window), loads], [true, false, 1]);
  isUpToDate(window);
  assert.deepEqual([reloadOnce(window), loads], [true, 2]);
  assert.equal(reloadOnce({ location: window.location }), false, "without a storage it might load for ever");
  const forbidden = { location: window.location, get sessionStorage() { return /** @type {any} */ (store).nothing.at(0); } };
  assert.equal(reloadOnce(forbidden), false);
  isUpToDate(forbidden);
});
