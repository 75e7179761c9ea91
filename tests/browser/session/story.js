// A room over a socket and a clock of the test's own, and all that it tells.
//
// Never here: what is tested.

import { connect } from "../../../assets/web/sdk/index.js";
import { FakeSocket, FakeTimers, TICK_MS, step } from "./fakes.js";

/** @typedef {import("../../../assets/web/sdk/types.js").ConnectOptions} ConnectOptions */

export const URL_PLAIN = "wss://play.example.org";

/** What a room is given in these tests, and all that it told. @param {ConnectOptions} [options] */
export function story(options = {}) {
  const timers = new FakeTimers();
  /** @type {[string, any][]} */
  const told = [];
  /** @type {Record<string, (what: any) => void>} */
  const on = {};
  for (const name of ["connect", "spawn", "despawn", "snapshot", "event", "notice", "drop", "reconnect", "resume", "leave", "error"]) {
    on[name] = (what) => told.push([name, what]);
  }
  /** @type {any} */
  const all = { WebSocket: FakeSocket, fetch: () => Promise.reject(new TypeError("no")), timers, random: () => 1, page: null, on, ...options };
  const names = () => told.map(([name]) => name).filter((name) => name !== "snapshot");
  return { timers, told, names, all, joining: connect(URL_PLAIN, { room: "lobby", name: "Ada", ...all }) };
}

/**
 * The same, and the room is in.
 * @param {ConnectOptions} [options]
 * @param {Parameters<typeof import("./fakes.js").welcome>[0]} [what]
 */
export async function playing(options, what) {
  const { timers, told, names, all, joining } = story(options);
  FakeSocket.last.letIn(what);
  await timers.advance(0);
  return { timers, told, names, all, room: await joining };
}

/**
 * Goes on for so many ticks, with a frame for each.
 * @param {FakeTimers} timers
 * @param {number} from
 * @param {number} count
 */
export async function run(timers, from, count) {
  for (let tick = from; tick < from + count; tick++) {
    FakeSocket.last.say(step(tick));
    await timers.advance(TICK_MS);
  }
}

/** @param {Promise<unknown>} promise */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return /** @type {any} */ (error);
  }
  throw new Error("it did not fail");
}
