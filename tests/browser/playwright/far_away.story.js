// Far away, over a path that is 80 ms ± 20 ms long each way and stalls for 2 s every 15 s: one's own body moves at once, nothing jumps that
// was not touched, a cut line is mended by itself, and every world is proven.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, startBrowser, told, until } from "./browser.js";
import { openPath } from "./path.js";
import { sendBots, startServer } from "./server.js";

/** What a browser itself writes when a line is cut under it. */
const CUT = [/WebSocket connection to .* failed/, /net::ERR_/];
/**
 * World units that one's own body may be drawn away, from one picture to the next, from where it would come at the fastest leap: what a correction
 * shows of itself at once.
 */
const JUMP_UNITS_MAX = 10;
/** The fastest leap, in units per second. */
const LEAP_UNITS_PER_S = 680;
/** Milliseconds after a stall's end until which what is drawn may be put right. */
const SETTLE_MS = 1500;

let server, browser, path, bots;

before(async () => {
  server = await startServer({ settings: '[game.settings]\nmap = "crossroads"\n' });
  browser = await startBrowser(server.ca);
  path = await openPath(server.port, { delayMs: 80, jitterMs: 20 });
  bots = sendBots(server, { room: "far", bots: 10, seconds: 60, behaviour: "wander" });
});

after(async () => {
  await bots?.stop();
  await browser?.stop();
  await path?.close();
  await server?.stop();
});

test("far away one's own body moves at once, nothing jumps, and a cut is mended", { timeout: 150_000 }, async () => {
  const page = await browser.page({ expected: CUT });
  await told([page], async () => {
    await enter(page, path.url, { name: "Far", room: "far" });
    await until(page, ({ own, stats }) => own?.hp > 0 && stats.prediction.compared > 30);
    const waits = [];
    for (let turn = 0; turn < 6; turn++) waits.push(await waitToMove(page, ["KeyD", "KeyA"][turn % 2]));
    waits.sort((one, other) => one - other);
    const { rttMs } = await page.evaluate(() => ({ rttMs: globalThis.tickwire.stats.rttMs }));
    assert.ok(rttMs > 120, `the path is short: ${rttMs} ms`);
    assert.ok(waits[2] < rttMs, `moved ${waits[2]} ms after the key, a round trip takes ${rttMs} ms`);

    const { jump, stallJump } = await wanderThroughStalls(page);
    assert.ok(jump <= JUMP_UNITS_MAX, `drawn ${jump.toFixed(1)} units off from one picture to the next`);

    await page.evaluate(() => {
      globalThis.tickwire.room.on("drop", () => { globalThis.droppedMs = performance.now(); });
      globalThis.tickwire.room.on("reconnect", () => { globalThis.backMs = performance.now(); });
    });
    path.cut();
    await page.waitForFunction(() => globalThis.backMs > 0);
    const back = await until(page, ({ own, state, stats }) => own !== null && state === "playing" && stats.digestsChecked > 10);
    const mendedMs = await page.evaluate(() => globalThis.backMs - globalThis.droppedMs);
    console.log(`far away (round trip ${rttMs.toFixed(0)} ms): own body moved ${waits[2].toFixed(0)} ms after the key, jumped by ${jump.toFixed(1)} ` +
      `units at the most (${stallJump.toFixed(0)} after a stall of 2 s), in again ${mendedMs.toFixed(0)} ms after a cut; ` +
      `${back.stats.digestsChecked} digests, ${back.stats.digestsWrong} wrong`);
    assert.equal(back.stats.digestsWrong, 0);
    assert.equal(back.stats.prediction.unexplained, 0);
  });
});

/** Milliseconds from a key to the picture on which the own body has moved. */
async function waitToMove(page, key) {
  await page.waitForTimeout(700);
  await page.evaluate((code) => {
    globalThis.moved = null;
    const { own } = globalThis.tickwire.scene;
    const from = { x: own.x, y: own.y };
    addEventListener("keydown", (event) => {
      if (event.code !== code) return;
      const began = performance.now();
      const look = () => {
        const now = globalThis.tickwire.scene.own;
        if (now === null) return;
        if (Math.hypot(now.x - from.x, now.y - from.y) > 0.05 || performance.now() - began > 2000) globalThis.moved = performance.now() - began;
        else requestAnimationFrame(look);
      };
      look();
    }, { once: true, capture: true });
  }, key);
  await page.keyboard.down(key);
  await page.waitForFunction(() => globalThis.moved !== null);
  await page.keyboard.up(key);
  return page.evaluate(() => globalThis.moved);
}

/** Walks about for half a minute; how far the own body was drawn off at the most, in quiet and within a while of a stall. */
async function wanderThroughStalls(page) {
  await page.evaluate(watchJumps, { leap: LEAP_UNITS_PER_S, settleMs: SETTLE_MS });
  const end = Date.now() + 34_000;
  let nextStall = Date.now() + 8000;
  const keys = ["KeyD", "KeyS", "KeyA", "KeyW"];
  for (let turn = 0; Date.now() < end; turn++) {
    if (Date.now() > nextStall) {
      await page.evaluate((untilMs) => { globalThis.stalledUntil = untilMs; }, 1e12);
      path.stall(2000);
      setTimeout(() => page.evaluate(() => { globalThis.stalledUntil = performance.now(); }).catch(() => {}), 2000);
      nextStall += 15_000;
    }
    const key = keys[turn % keys.length];
    await page.keyboard.down(key);
    if (turn % 4 === 1) await page.keyboard.press("Space");
    await page.waitForTimeout(450);
    await page.keyboard.up(key);
  }
  await until(page, ({ stats }) => stats.snapshotAgeMs < 300);
  return page.evaluate(() => globalThis.jumps);
}

/** Runs on the page: compares where the own body is drawn with where it was on the picture before. */
function watchJumps({ leap, settleMs }) {
  globalThis.jumps = { jump: 0, stallJump: 0 };
  globalThis.stalledUntil = -1e12;
  let before = null;
  const look = (nowMs) => {
    const { own } = globalThis.tickwire.scene;
    const { touchedByOther } = globalThis.tickwire.stats.prediction;
    const now = own === null ? null : { x: own.x, y: own.y, hp: own.hp, nowMs, touchedByOther };
    if (before !== null && now !== null && now.hp > 0 && before.hp > 0 && now.touchedByOther === before.touchedByOther) {
      const off = Math.hypot(now.x - before.x, now.y - before.y) - leap * (nowMs - before.nowMs) / 1000;
      const kind = nowMs < globalThis.stalledUntil + settleMs ? "stallJump" : "jump";
      globalThis.jumps[kind] = Math.max(globalThis.jumps[kind], off);
    }
    before = now;
    if (globalThis.tickwire.room !== null) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
