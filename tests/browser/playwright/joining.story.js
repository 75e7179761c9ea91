// A visitor opens the page, plays within two clicks, moves, sees a bot, shoots; and a page looks on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, look, startBrowser, told, until } from "./browser.js";
import { sendBots, startServer } from "./server.js";

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

test("one click from the lobby one plays, and moves at once", { timeout: 90_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { name: "Ada" });
    const begun = await until(page, ({ own, stats }) => own?.hp > 0 && stats.prediction.compared > 10);
    assert.equal(begun.own.name, "Ada");
    assert.equal(begun.unpredicted, null);
    // Wherever a life begins, one of four ways is free.
    for (const key of ["KeyD", "KeyS", "KeyA", "KeyW"]) {
      await page.keyboard.down(key);
      await page.waitForTimeout(250);
      await page.keyboard.up(key);
    }
    const moved = await until(page, ({ own }) => Math.hypot(own.x - begun.own.x, own.y - begun.own.y) > 3 || own.hp === 0);
    assert.equal(moved.stats.prediction.unexplained, 0);
    assert.equal(moved.stats.digestsWrong, 0);
  });
});

test("one sees a bot, shoots, and has a round less", { timeout: 90_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { name: "Grace", room: "shooting" });
    bots = sendBots(server, { room: "shooting", bots: 2, seconds: 60, behaviour: "wander" });
    await until(page, ({ figures }) => figures.length === 3);
    const begun = await until(page, ({ own }) => own?.hp > 0);
    await page.mouse.move(900, 300);
    await page.mouse.down();
    const shot = await until(page, ({ own }) => own.shots > begun.own.shots);
    await page.mouse.up();
    assert.ok(Math.abs(shot.own.aim) < 6.3);
    await page.waitForFunction(() => Number(document.getElementById("rounds").textContent) < 40);
    // The other weapon, too: a rocket flies ahead of the server.
    await page.keyboard.press("Digit2");
    await page.mouse.down();
    await until(page, ({ rocketCount }) => rocketCount > 0);
    await page.mouse.up();
    await page.waitForFunction(() => document.getElementById("rocket").classList.contains("chosen"));
  });
});

test("who only looks on follows somebody, later", { timeout: 90_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { room: "shooting", watch: true });
    const seen = await look(page);
    assert.equal(seen.own, null);
    await page.waitForFunction(() => document.getElementById("banner").textContent.startsWith("Watching"));
    await until(page, ({ stats }) => stats.digestsChecked > 30);
    assert.equal((await look(page)).stats.digestsWrong, 0);
  });
});
