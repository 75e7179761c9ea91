// The SDK in node against a real server: clients that trust its own authority, and paths to it, all of which are closed when a test ends.
//
// Never here: what is tested, how a server is started (see the stories of the browser, which need the same).

import { existsSync, readFileSync } from "node:fs";
import { request } from "node:https";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { connect } from "../../../assets/web/sdk/index.js";
import { openPath as open } from "../playwright/path.js";
import { sendBots as send, startServer as start } from "../playwright/server.js";

/** @typedef {import("../../../assets/web/sdk/types.js").ConnectOptions} ConnectOptions */
/** @typedef {Awaited<ReturnType<typeof start>> & { authority: Buffer }} Server */

/** Milliseconds that a test waits for anything. */
const PATIENCE_MS = 20_000;

const built = fileURLToPath(new URL("../../../target/release/tickwire-server", import.meta.url));
/** Why no server can be started; false: one can. Whoever names a folder of binaries wants these tests to run. */
export const missing = process.env.TICKWIRE_BINARIES === undefined && !existsSync(built) ? "no release build: cargo build --release" : false;

/** What a test opened, for when it ends before it closed it. @type {Set<() => unknown>} */
const opened = new Set();

/** Ends whatever is still open: a test that failed must not keep the others waiting. */
export async function closeAll() {
  const closing = [...opened];
  opened.clear();
  await Promise.all(closing.map((close) => close()));
}

/** @param {number} ms */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Waits until something is so.
 * @param {() => unknown} holds
 * @param {string} what
 */
export async function until(holds, what) {
  const from = Date.now();
  while (!(await holds())) {
    if (Date.now() - from > PATIENCE_MS) throw new Error(`waited in vain: ${what}`);
    await pause(10);
  }
  return Date.now() - from;
}

/**
 * Starts a server; `settings` are lines of its configuration.
 * @param {{ settings?: string, again?: Server }} [how] `again`: with the port and the data of one that was stopped
 * @returns {Promise<Server>}
 */
export async function startServer({ settings, again } = {}) {
  const server = await start({ settings, port: again?.port, data: again?.data });
  return { ...server, authority: readFileSync(server.ca) };
}

/**
 * Sends bots into a room; gives what stops them.
 * @param {Server} server
 * @param {string} room
 * @param {number} bots
 * @param {{ keep?: boolean }} [how] `keep`: for longer than one test
 */
export function sendBots(server, room, bots, { keep = false } = {}) {
  const sent = send(server, { room, bots, seconds: 120 });
  const stop = () => sent.stop();
  if (!keep) opened.add(stop);
  return stop;
}

/**
 * A client in node: it trusts the server's own authority and no other.
 * @param {Server} server
 * @param {ConnectOptions & { port?: number }} options
 */
export async function enter(server, { port = server.port, ...options }) {
  const ca = server.authority;
  const room = await connect(`wss://127.0.0.1:${port}`, { WebSocket: trusting(ca), fetch: fetching(ca), ...options });
  opened.add(() => room.leave());
  return room;
}

/** How many bytes each Welcome had. @type {number[]} */
export const welcomes = [];

/** @param {Buffer} ca */
function trusting(ca) {
  return class extends WebSocket {
    /**
     * @param {string} url
     * @param {string[]} protocols
     */
    constructor(url, protocols) {
      super(url, protocols, { ca });
      this.once("message", (bytes) => welcomes.push(/** @type {ArrayBuffer} */ (bytes).byteLength));
    }
  };
}

/**
 * As much of `fetch` as the SDK needs, with an authority of its own.
 * @param {Buffer} ca
 * @returns {any}
 */
function fetching(ca) {
  return (/** @type {string} */ url) =>
    new Promise((resolve, reject) => {
      const asked = request(url, { ca }, (answer) => {
        /** @type {Buffer[]} */
        const parts = [];
        answer.on("data", (part) => parts.push(part));
        answer.on("end", () => resolve(new Response(Buffer.concat(parts), { status: answer.statusCode })));
      });
      asked.on("error", reject);
      asked.end();
    });
}

/**
 * A path to a server: hands bytes on late and in order, and can be cut.
 * @param {Server} server
 * @param {{ delayMs?: number, jitterMs?: number }} [how] in each direction
 */
export async function openPath(server, how) {
  const path = await open(server.port, how);
  opened.add(() => path.close());
  return { ...path, port: Number(new URL(path.url).port) };
}
