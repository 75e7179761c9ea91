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
 * World units that one's own body may be drawn away, from one picture to the next, from where the fastest leap and a fading correction could take it:
 * less than a body is wide.
 */
const JUMP_UNITS_MAX = 10;
/** The fastest leap, in units per second. */
const LEAP_UNITS_PER_S = 680;
/** A correction by at most so many units fades on the screen, to a third in so many milliseconds: see the SDK's predict.js. */
const [FADING_UNITS, FADE_MS] = [64, 80];
/** For how long nothing gets through, now and then. */
const STALL_MS = 2000;
/**
 * World units by which the same may be put right at a stall's end. Meanwhile we walk on and the server, which hears nothing, lets us stand after half
 * a second: at 160 units per second that is 320 at the most, and a leap that it did not hear of carries 80 more.
 */
const STALL_JUMP_UNITS_MAX = 160 * STALL_MS / 1000 + 80;
/** Where no frame came, or no picture was due, for so many milliseconds, something stalls: a busy machine does that, too. */
const STALLED_MS = 200;
/** Milliseconds after a stall's end until which what is drawn may be put right. */
const SETTLE_MS = 1500;
/** Milliseconds in which who was cut off is in again. */
const MENDED_MS_MAX = 2000;
/** Cuts of which the best one counts: all are mended, but a busy machine is late now and then. */
const CUTS_MAX = 4;
/** So long one must have been in (ms) that a new cut is no further one of a row, before which the page would wait longer. */
const IN_FOR_MS = 2500;

let server, browser, path, bots;

before(async () => {
  server = await startServer({ settings: '[game.settings]\nmap = "crossroads"\n' });
  browser = await startBrowser(server.ca);
  path = await openPath(server.port, { delayMs: 80, jitterMs: 20 });
  bots = sendBots(server, { room: "far", bots: 10, seconds: 90, behaviour: "wander" });
});

after(async () => {
  await bots?.stop();
  await browser?.stop();
  await path?.close();
  await server?.stop();
});

test("far away one's own body moves at once, nothing jumps, and a cut is mended", { timeout: 240_000 }, async () => {
  const page = await browser.page({ expected: CUT });
  await told([page], async () => {
    await enter(page, path.url, { name: "Far", room: "far" });
    await until(page, ({ own, stats }) => own?.hp > 0 && stats.prediction.compared > 30);
    const waits = [];
    for (let turn = 0; turn < 6; turn++) waits.push(await waitToMove(page, ["KeyD", "KeyA"][turn % 2]));
    const answered = Math.min(...waits);
    const { rttMs, tickMs, pictureMs } = await page.evaluate(() => {
      const { room, stats, drawing } = globalThis.tickwire;
      return { rttMs: stats.rttMs, tickMs: 1000 / room.agreement.tickRateHz, pictureMs: 1000 / drawing.framesPerSecond };
    });
    assert.ok(rttMs > 120, `the path is short: ${rttMs} ms`);
    const atOnce = 2 * tickMs + 2 * pictureMs;
    assert.ok(answered <= atOnce, `moved ${answered.toFixed(0)} ms after the key at best, two ticks and two pictures are ${atOnce.toFixed(0)} ms`);

    const { jump, jumpWas, stallJump, longestMs } = await wanderThroughStalls(page);
    assert.ok(jump <= JUMP_UNITS_MAX, `drawn ${jump.toFixed(1)} units off from one picture to the next: ${jumpWas}`);
    assert.ok(longestMs > STALL_MS / 2, `the path was to stall for ${STALL_MS} ms, and frames were ${longestMs.toFixed(0)} ms apart at the most`);
    assert.ok(stallJump <= STALL_JUMP_UNITS_MAX, `put right by ${stallJump.toFixed(0)} units after a stall`);

    const mended = [];
    while (mended.length < CUTS_MAX && !(Math.min(...mended) < MENDED_MS_MAX)) mended.push(await cutAndMend(page));
    const back = await until(page, ({ own, state, stats }) => own !== null && state === "playing" && stats.digestsChecked > 10);
    console.log(`far away (round trip ${rttMs.toFixed(0)} ms): own body moved ${answered.toFixed(0)} ms after the key, jumped by ${jump.toFixed(1)} ` +
      `units at the most (${stallJump.toFixed(0)} after a stall of ${STALL_MS / 1000} s), in again ${Math.min(...mended).toFixed(0)} ms after a cut; ` +
      `${back.stats.digestsChecked} digests, ${back.stats.digestsWrong} wrong`);
    assert.ok(Math.min(...mended) < MENDED_MS_MAX, `in again ${mended.map((ms) => ms.toFixed(0)).join(", ")} ms after cuts`);
    assert.equal(back.stats.reconnects, mended.length);
    assert.equal(back.stats.digestsWrong, 0);
    assert.equal(back.stats.prediction.unexplained, 0);
  });
});

/** Cuts the line; the milliseconds, by the page's own clock, until it is in again. */
async function cutAndMend(page) {
  await until(page, ({ state, stats }) => state === "playing" && stats.sessionMs > IN_FOR_MS);
  await page.evaluate(() => {
    const { room } = globalThis.tickwire;
    globalThis.mendedMs = null;
    let droppedMs = 0;
    const ends = [
      room.on("drop", () => { droppedMs ||= performance.now(); }),
      room.on("reconnect", () => {
        globalThis.mendedMs = performance.now() - droppedMs;
        for (const end of ends) end();
      }),
    ];
  });
  path.cut();
  await page.waitForFunction(() => globalThis.mendedMs !== null, null, { timeout: 30_000 });
  return page.evaluate(() => globalThis.mendedMs);
}

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
  await page.evaluate(watchJumps, { leap: LEAP_UNITS_PER_S, fading: FADING_UNITS, fadeMs: FADE_MS, stalledMs: STALLED_MS, settleMs: SETTLE_MS });
  const end = Date.now() + 34_000;
  let nextStall = Date.now() + 8000;
  const keys = ["KeyD", "KeyS", "KeyA", "KeyW"];
  for (let turn = 0; Date.now() < end; turn++) {
    if (Date.now() > nextStall) {
      path.stall(STALL_MS);
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
function watchJumps({ leap, fading, fadeMs, stalledMs, settleMs }) {
  const jumps = globalThis.jumps = { jump: 0, jumpWas: "", stallJump: 0, longestMs: 0 };
  let stalledAtMs = -1e12;
  let before = null;
  const look = (nowMs) => {
    const { scene: { own }, stats } = globalThis.tickwire;
    const { touchedByOther } = stats.prediction;
    const apartMs = nowMs - (before?.nowMs ?? nowMs);
    if (Math.max(stats.snapshotAgeMs, apartMs) > stalledMs) stalledAtMs = nowMs;
    jumps.longestMs = Math.max(jumps.longestMs, stats.snapshotAgeMs);
    const now = { x: own?.x, y: own?.y, hp: own?.hp ?? 0, nowMs, touchedByOther, corrections: stats.corrections, late: stats.inputsLate };
    if (before !== null && now.hp > 0 && before.hp > 0 && now.touchedByOther === before.touchedByOther) {
      const may = leap * apartMs / 1000 + fading * (1 - Math.exp(-apartMs / fadeMs));
      const off = Math.hypot(now.x - before.x, now.y - before.y) - may;
      if (nowMs < stalledAtMs + settleMs) {
        jumps.stallJump = Math.max(jumps.stallJump, off);
      } else if (off > jumps.jump) {
        jumps.jump = off;
        jumps.jumpWas = `${JSON.stringify(before)} and then ${JSON.stringify(now)}`;
      }
    }
    before = now;
    if (globalThis.tickwire.room !== null) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
