// The clock in ticks: the stories of client-sim/src/clock.rs.

import { test } from "node:test";
import assert from "node:assert/strict";
import { Clock, LEAD_TICKS } from "../../../assets/web/sdk/clock.js";
import { seeded } from "./fakes.js";

/**
 * Plays a clock against a server at 30 Hz over a path of `delayMs`, jittered; the lead over the last seconds, in ticks, and how many of its
 * inputs came late.
 * @param {Clock} clock
 * @param {number} delayMs
 * @param {number} jitterMs
 * @param {number} seconds
 */
function play(clock, delayMs, jitterMs, seconds) {
  const chance = seeded(5);
  /** @type {{ at: number, tick: number }[]} */
  let arrivals = [];
  /** @type {{ at: number, early: number }[]} */
  let feedbacks = [];
  /** @type {number[]} */
  const leads = [];
  let [next, late, lastArrival] = [clock.due(0), 0, 0];
  for (let now = 0; now < seconds * 1000; now++) {
    for (; next <= clock.due(now); next++) {
      lastArrival = Math.max(lastArrival, now + delayMs + jitterMs * chance());
      arrivals.push({ at: lastArrival, tick: next });
    }
    for (const { early } of feedbacks.filter(({ at }) => at <= now)) clock.feedback(early, 2 * delayMs, now);
    feedbacks = feedbacks.filter(({ at }) => at > now);
    // The server's step of tick t is at t * 33.3 ms.
    for (const { at, tick } of arrivals.filter((arrival) => arrival.at <= now)) {
      const early = tick - at / clock.tickMs;
      feedbacks.push({ at: now + delayMs, early: Math.trunc(Math.min(Math.max(early * 16, -128), 127)) });
      if (now > seconds * 500) {
        leads.push(early);
        late += early < 0 ? 1 : 0;
      }
    }
    arrivals = arrivals.filter(({ at }) => at > now);
  }
  return { lead: leads.reduce((sum, lead) => sum + lead, 0) / leads.length, late };
}

test("over a steady path inputs come one tick early", () => {
  const { lead, late } = play(new Clock(30, 0, 0, 0), 40, 0, 20);
  assert.ok(Math.abs(lead - LEAD_TICKS) < 0.3, `${lead}`);
  assert.equal(late, 0);
});

test("jitter is answered with a longer lead and few inputs are late", () => {
  const { lead, late } = play(new Clock(30, 0, 0, 0), 60, 60, 30);
  assert.ok(lead >= 1 && lead < 3.5, `${lead}`);
  assert.ok(late < 10, `${late}`);
});

test("a guess that is far off is jumped over", () => {
  for (const guess of [0, 200]) {
    const { lead } = play(new Clock(30, guess, 0, 0), 30, 5, 20);
    assert.ok(lead >= 0.5 && lead < 2.5, `from tick ${guess}: ${lead}`);
  }
});

test("a server that runs at a quarter of its rate is not left behind", () => {
  const clock = new Clock(30, 0, 0, 0);
  for (let now = 0; now < 20_000; now += 5) {
    if (now % 135 !== 0) continue;
    const tick = now / 135;
    const early = Math.trunc(Math.min(Math.max((clock.ticks(now) - tick) * 16, -128), 127));
    clock.feedback(early, 140, now);
    clock.frame(tick, 140, now);
  }
  const ahead = clock.ticks(20_000) - 20_000 / 135;
  assert.ok(ahead < 45, `${ahead} ticks ahead of the server`);
});

test("a bunch of old frames after a stall changes nothing", () => {
  const clock = new Clock(30, 0, 0, 0);
  for (let tick = 0; tick < 60; tick++) clock.frame(tick, 50, tick * clock.tickMs);
  const before = clock.ticks(4_000);
  for (let tick = 60; tick < 80; tick++) clock.frame(tick, 50, 4_000);
  assert.ok(Math.abs(clock.ticks(4_000) - before) < 1e-9);
});

test("a change of pace does not change the past", () => {
  const clock = new Clock(30, 100, 0, 1000);
  const before = clock.ticks(1500);
  clock.feedback(40, 10, 1500);
  assert.ok(Math.abs(clock.ticks(1500) - before) < 1e-9);
  const due = clock.dueMs(120);
  assert.equal(clock.due(due + 0.001), 120);
  assert.equal(clock.due(due - 0.001), 119);
});
