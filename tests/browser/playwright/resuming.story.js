// Who is cut off, and who loads the page anew, is back in the same seat: the same figure with the same score, within two seconds.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, startBrowser, told, until } from "./browser.js";
import { openPath } from "./path.js";
import { startServer } from "./server.js";

/** What a browser itself writes when a line is cut under it. */
const CUT = [/WebSocket connection to .* failed/, /net::ERR_/, /Failed to load resource/];
/** Seconds for which seats are kept: longer than a page takes to load on a busy machine. */
const KEPT_S = 20;

let server, browser, path;

before(async () => {
  server = await startServer({ settings: `[resume]\nkeep_s = ${KEPT_S}\n` });
  browser = await startBrowser(server.ca);
  path = await openPath(server.port, { delayMs: 40, jitterMs: 10 });
});

after(async () => {
  await browser?.stop();
  await path?.close();
  await server?.stop();
});

/** Dies once in the round itself, so that there is a score to keep. */
async function dieOnce(page) {
  await until(page, ({ match, own }) => match?.phase === "Play" && own?.hp > 0);
  await page.evaluate(() => globalThis.tickwire.room.request("GiveUp", {}));
  const { own } = await until(page, ({ own: now }) => now?.deaths === 1 && now.hp > 0);
  return { ...seatIn(own), player: await player(page) };
}

const seatIn = ({ id, name, deaths }) => ({ id, name, deaths });
const player = (page) => page.evaluate(() => globalThis.tickwire.room.agreement.player);

test("over 80 ms who is cut off is back within two seconds as the same figure with the same score", { timeout: 90_000 }, async () => {
  const page = await browser.page({ expected: CUT });
  await told([page], async () => {
    await enter(page, path.url, { name: "Cut", room: "cuts" });
    const seat = await dieOnce(page);
    for (let round = 1; round <= 3; round++) {
      const cutMs = Date.now();
      path.cut();
      const { own, stats } = await until(page, ({ own: now, state, stats: counts }) => now !== null && state === "playing" && counts.resumed === round);
      assert.ok(Date.now() - cutMs < 2_000, `back after ${Date.now() - cutMs} ms`);
      assert.deepEqual({ ...seatIn(own), player: await player(page) }, seat);
      assert.equal(stats.digestsWrong, 0);
      await page.waitForTimeout(500);
    }
    await page.locator("#overlay").waitFor({ state: "hidden" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "arena");
    assert.equal(await page.getByText("You are back where you were.").count(), 1, "said once, however often");
  });
});

test("who runs while the line is cut is shown on without a leap", { timeout: 90_000 }, async () => {
  const page = await browser.page({ expected: CUT });
  await told([page], async () => {
    await enter(page, path.url, { name: "Runner", room: "runs" });
    // When the warm-up is over everybody begins elsewhere.
    await until(page, ({ own, match, stats }) => own?.hp > 0 && match?.phase === "Play" && stats.prediction.compared > 10);
    await page.evaluate(() => {
      globalThis.places = [];
      const note = () => {
        const { own } = globalThis.tickwire.scene;
        if (own !== null) globalThis.places.push([own.x, own.y]);
        requestAnimationFrame(note);
      };
      note();
    });
    for (const key of ["KeyD", "KeyS"]) await page.keyboard.down(key);
    await page.waitForTimeout(400);
    path.cut();
    await until(page, ({ state, stats }) => state === "playing" && stats.resumed === 1);
    await page.waitForTimeout(700);
    const places = await page.evaluate(() => globalThis.places);
    const leaps = places.slice(1).map(([x, y], at) => Math.hypot(x - places[at][0], y - places[at][1]));
    // A run is some three units per picture; pictures of a machine that is busy are far between.
    assert.ok(places.length > 30 && Math.max(...leaps) < 30, `the longest of ${leaps.length} is ${Math.max(...leaps)}`);
  });
});

test("a page that is loaded anew is in the same seat again, and what gives it back is nowhere to be found", { timeout: 90_000 }, async () => {
  const page = await browser.page({ expected: CUT });
  await told([page], async () => {
    await enter(page, server.url, { name: "Again", room: "loads" });
    const seat = await dieOnce(page);
    for (let round = 0; round < 2; round++) {
      assert.equal(await page.evaluate(() => sessionStorage.length), 0);
      await page.reload();
      const loadedMs = Date.now();
      const { own, stats } = await until(page, (seen) => seen.own !== null && seen.state === "playing");
      assert.ok(Date.now() - loadedMs < 2_000, `back ${Date.now() - loadedMs} ms after it was loaded`);
      assert.deepEqual({ ...seatIn(own), player: await player(page) }, seat);
      assert.equal(stats.resumed, 1);
      await page.getByText("You are back where you were.").waitFor();
    }
    assert.equal(page.url(), `${server.url}/`);
    const figures = await page.evaluate(() => globalThis.tickwire.scene.figureCount);
    assert.equal(figures, 1, "nobody is left standing beside it");
  });
});

test("who leaves by the menu and loads the page anew is in the lobby", { timeout: 90_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { name: "Gone", room: "gone" });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Leave the room" }).click();
    await page.locator("#lobby").waitFor();
    await page.reload();
    await page.locator("#lobby").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    assert.equal(await page.evaluate(() => globalThis.tickwire.room), null);
  });
});

test("whose seat was not kept for so long reads that it begins anew", { timeout: 90_000 }, async () => {
  const short = await startServer({ settings: "[resume]\nkeep_s = 1\n" });
  const itself = await startBrowser(short.ca);
  const page = await itself.page({ expected: CUT });
  const own = await openPath(short.port);
  await told([page], async () => {
    await enter(page, own.url, { name: "Late", room: "late" });
    const before = await player(page);
    own.refuse(true);
    own.cut();
    await page.getByText("Your seat is kept for a while.").waitFor();
    await page.waitForTimeout(1_500);
    own.refuse(false);
    await page.getByText("Your seat was not kept any longer: you begin anew.").waitFor();
    await until(page, ({ own: now, state }) => now !== null && state === "playing");
    assert.notEqual(await player(page), before);
  });
  await itself.stop();
  await own.close();
  await short.stop();
});
