// A minute among fifty bots: every digest right, every correction with a cause, and what a picture costs is stated.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, look, startBrowser, told, until } from "./browser.js";
import { sendBots, startServer } from "./server.js";

/** Seconds that are looked at. */
const SECONDS = Number(process.env.TICKWIRE_PROOF_S ?? 60);
let server, browser, bots;

before(async () => {
  server = await startServer();
  browser = await startBrowser(server.ca);
});

after(async () => {
  await bots?.stop();
  await browser?.stop();
  await server?.stop();
});

test("a minute among fifty bots proves every frame", { timeout: (SECONDS + 90) * 1000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { name: "Proof", room: "crowd" });
    bots = sendBots(server, { room: "crowd", bots: 50, seconds: SECONDS + 30 });
    await until(page, ({ figures }) => figures.length >= 51, { timeoutMs: 30_000 });
    const begun = await look(page);
    const end = Date.now() + SECONDS * 1000;
    const keys = ["KeyD", "KeyS", "KeyA", "KeyW"];
    await page.mouse.move(820, 260);
    for (let turn = 0; Date.now() < end; turn++) {
      const key = keys[turn % keys.length];
      await page.keyboard.down(key);
      if (turn % 2 === 0) await page.mouse.down();
      if (turn % 5 === 0) await page.keyboard.press("Space");
      await page.waitForTimeout(700);
      await page.keyboard.up(key);
      await page.mouse.up();
    }
    const seen = await look(page);
    const proven = seen.stats.digestsChecked - begun.stats.digestsChecked;
    console.log(`${proven} digests, ${seen.stats.digestsWrong} wrong; prediction ${JSON.stringify(seen.stats.prediction)}; ` +
      `${seen.drawing.framesPerSecond.toFixed(1)} pictures per second, work per picture p50 ${seen.drawing.workMsP50.toFixed(2)} ms, ` +
      `p95 ${seen.drawing.workMsP95.toFixed(2)} ms`);
    assert.equal(seen.stats.digestsWrong, 0);
    assert.equal(seen.stats.framesBroken, 0);
    assert.equal(seen.stats.prediction.unexplained, 0);
    assert.equal(seen.state, "playing");
    assert.ok(proven > SECONDS * 15, `only ${proven} digests in ${SECONDS} s`);
    assert.ok(seen.stats.prediction.compared > SECONDS * 5, "own places were compared");
  });
});
