// A real server of the release build with a throw-away data folder, bots on it, and a path to it that delays, stalls and cuts.
//
// Never here: what is tested.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { connect as dial, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { connect } from "../../../assets/web/sdk/index.js";

/** @typedef {import("../../../assets/web/sdk/types.js").ConnectOptions} ConnectOptions */

/**
 * A server that runs. `stop` with `keep`: its data stays, for another.
 * @typedef {{ port: number, data: string, ca: Buffer, stop(how?: { signal?: NodeJS.Signals, keep?: boolean }): Promise<void> }} Server
 */

const BINARIES = process.env.TICKWIRE_BINARIES ?? fileURLToPath(new URL("../../../target/release", import.meta.url));
/** Milliseconds for which a server may start, and a client wait for anything. */
const PATIENCE_MS = 20_000;

/** Why no server can be started; false: one can. Whoever names a folder of binaries wants these tests to run. */
export const missing =
  process.env.TICKWIRE_BINARIES === undefined && !existsSync(join(BINARIES, "tickwire-server")) ? "no release build: cargo build --release" : false;

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

async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", () => resolve(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/**
 * Starts a server; `settings` are lines of its configuration.
 * @param {{ settings?: string, again?: Server }} [how] `again`: with the port and the data of one that was stopped
 * @returns {Promise<Server>}
 */
export async function startServer({ settings = "", again } = {}) {
  const data = again?.data ?? mkdtempSync(join(tmpdir(), "tickwire-live-"));
  const [port, adminPort] = [again?.port ?? (await freePort()), await freePort()];
  const config = join(data, "server.toml");
  writeFileSync(config, settings);
  const listen = ["--listen", `127.0.0.1:${port}`, "--admin-listen", `127.0.0.1:${adminPort}`];
  const child = spawn(join(BINARIES, "tickwire-server"), ["--config", config, "--data", data, ...listen], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said = (said + text).slice(-20_000)));
  const over = new Promise((resolve) => child.once("exit", resolve));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`the server did not start:\n${said}`);
    return (await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => null))?.ok;
  }, "the server");
  /** @param {{ signal?: NodeJS.Signals, keep?: boolean }} [how] */
  const stop = async ({ signal = "SIGINT", keep = false } = {}) => {
    child.kill(signal);
    await over;
    if (!keep) rmSync(data, { recursive: true, force: true });
  };
  return { port, data, ca: readFileSync(join(data, "dev-ca.pem")), stop };
}


/**
 * Sends bots into a room; gives what stops them.
 * @param {Server} server
 * @param {string} room
 * @param {number} bots
 * @param {{ keep?: boolean }} [how] `keep`: for longer than one test
 */
export function sendBots({ port, data }, room, bots, { keep = false } = {}) {
  const options = ["--url", `wss://127.0.0.1:${port}`, "--ca", join(data, "dev-ca.pem"), "--room", room, "--bots", String(bots), "--seconds", "120"];
  const child = spawn(join(BINARIES, "client-sim"), ["swarm", ...options, "--behaviour", "fight"], { stdio: "ignore" });
  const over = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await over;
  };
  if (!keep) opened.add(stop);
  return stop;
}

/**
 * A client in node: it trusts the server's own authority and no other.
 * @param {Server} server
 * @param {ConnectOptions & { port?: number }} options
 */
export async function enter(server, { port = server.port, ...options }) {
  const room = await connect(`wss://127.0.0.1:${port}`, { WebSocket: trusting(server.ca), fetch: fetching(server.ca), ...options });
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
 * A path to a server: hands bytes on late and in order.
 * @param {Server} server
 * @param {{ delayMs?: number, jitterMs?: number }} [how] in each direction
 */
export async function openPath({ port: to }, { delayMs = 0, jitterMs = 0 } = {}) {
  /** @type {Set<import("node:net").Socket>} */
  const ends = new Set();
  let stalledUntil = 0;
  const server = createServer((near) => {
    const far = dial(to, "127.0.0.1");
    for (const [from, other] of [
      [near, far],
      [far, near],
    ]) {
      ends.add(from);
      from.setNoDelay(true);
      carry(from, other, () => Math.max(Date.now() + delayMs + (Math.random() * 2 - 1) * jitterMs, stalledUntil));
      from.on("error", () => other.destroy());
      from.on("close", () => (ends.delete(from), other.destroy()));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(null)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => {
    ends.forEach((end) => end.destroy());
    return new Promise((resolve) => server.close(resolve));
  };
  opened.add(close);
  return {
    port,
    close,
    /** Cuts every line without a word. */
    cut: () => ends.forEach((end) => end.resetAndDestroy()),
    /** Nothing gets through for so long. @param {number} ms */
    stall: (ms) => void (stalledUntil = Date.now() + ms),
  };
}

/**
 * Hands bytes on in order, each piece when it is due.
 * @param {import("node:net").Socket} from
 * @param {import("node:net").Socket} to
 * @param {() => number} due
 */
function carry(from, to, due) {
  /** @type {{ at: number, bytes: Buffer }[]} */
  const waiting = [];
  let last = 0;
  const hand = () => {
    while (waiting.length > 0 && waiting[0].at <= Date.now()) to.write(/** @type {{ bytes: Buffer }} */ (waiting.shift()).bytes);
    if (waiting.length > 0) setTimeout(hand, Math.max(waiting[0].at - Date.now(), 1));
  };
  from.on("data", (bytes) => {
    last = Math.max(due(), last);
    waiting.push({ at: last, bytes });
    if (waiting.length === 1) setTimeout(hand, Math.max(last - Date.now(), 0));
  });
  from.on("end", () => setTimeout(() => to.end(), Math.max(last - Date.now(), 0)));
}
