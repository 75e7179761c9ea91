// A real server of the release build with a throw-away data folder, and swarms of bots on it.
//
// Never here: browsers (see browser.js).

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the binaries lie; tests/run says so. */
const BINARIES = process.env.TICKWIRE_BINARIES ?? new URL("../../../target/release", import.meta.url).pathname;

/** Milliseconds for which a server may start. */
const START_MS = 20_000;

/** A port that nobody has now. */
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/**
 * Starts a server; `settings` are lines of its configuration, `options` of its command line.
 * @param {{ settings?: string, options?: string[], port?: number, data?: string }} [how]
 */
export async function startServer({ settings = "", options = [], port, data } = {}) {
  const folder = data ?? mkdtempSync(join(tmpdir(), "tickwire-browser-"));
  const [gamePort, adminPort] = [port ?? await freePort(), await freePort()];
  const config = join(folder, "server.toml");
  writeFileSync(config, settings);
  const web = process.env.TICKWIRE_WEB ? ["--web", process.env.TICKWIRE_WEB] : [];
  const child = spawn(join(BINARIES, "tickwire-server"), [
    "--config", config, "--data", folder, "--listen", `127.0.0.1:${gamePort}`, "--admin-listen", `127.0.0.1:${adminPort}`, ...web, ...options,
  ], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => { said = (said + text).slice(-20_000); });
  const over = new Promise((resolve) => child.once("exit", resolve));
  await ready(adminPort, child, () => said);
  return {
    port: gamePort,
    url: `https://127.0.0.1:${gamePort}`,
    ca: join(folder, "dev-ca.pem"),
    data: folder,
    said: () => said,
    /** Ends it; with `keep` another may go on with its folder. */
    async stop({ keep = false, signal = "SIGINT" } = {}) {
      child.kill(signal);
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await over;
      clearTimeout(late);
      if (!keep) rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(port, child, said) {
  const until = Date.now() + START_MS;
  while (Date.now() < until && child.exitCode === null) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => null);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`the server did not start:\n${said()}`);
}

/**
 * Sends bots into a room; they end by themselves after `seconds`.
 * @param {{ port: number, ca: string }} server
 * @param {{ room: string, bots: number, seconds: number, behaviour?: string }} how
 */
export function sendBots({ port, ca }, { room, bots, seconds, behaviour = "fight" }) {
  const child = spawn(join(BINARIES, "client-sim"), [
    "swarm", "--url", `wss://127.0.0.1:${port}`, "--ca", ca, "--room", room, "--bots", String(bots), "--seconds", String(seconds),
    "--behaviour", behaviour, "--json", "-",
  ], { stdio: ["ignore", "pipe", "pipe"] });
  let report = "";
  child.stdout.on("data", (text) => { report += text; });
  const over = new Promise((resolve) => child.once("exit", resolve));
  return {
    /** What they found, once they are through. */
    async report() {
      await over;
      return JSON.parse(report);
    },
    async stop() {
      child.kill("SIGKILL");
      await over;
    },
  };
}
