// What the server says of an end to come is a line with the time that is left; dialogs keep the keys, and give them back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, startBrowser, told, until } from "./browser.js";
import { openPath } from "./path.js";
import { sendBots, startServer } from "./server.js";

const CUT = [/WebSocket connection to .* failed/, /net::ERR_/, /Failed to load resource/];

let server, browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser(server.ca);
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** A page whose server can be made to say something besides. */
async function hearing(options) {
  const page = await browser.page(options);
  await page.addInitScript(() => {
    globalThis.WebSocket = class extends WebSocket {
      constructor(...how) {
        super(...how);
        globalThis.hear = (...bytes) => this.onmessage({ data: Uint8Array.from(bytes).buffer });
      }
    };
  });
  return page;
}

/** Notice: reason, seconds. */
const notice = (page, reason, seconds) => page.evaluate(([why, left]) => globalThis.hear(8, why, left & 255, left >> 8), [reason, seconds]);

for (const [form, options] of Object.entries({ wide: {}, upright: { viewport: { width: 390, height: 780 }, hasTouch: true, isMobile: true } })) {
  test(`each end to come is a line that counts down (${form})`, { timeout: 60_000 }, async () => {
    const page = await hearing(options);
    await told([page], async () => {
      await enter(page, server.url, { name: "Warned", room: `warned-${form}` });
      if (options.hasTouch) await page.touchscreen.tap(200, 300);
      await until(page, ({ own }) => own?.hp > 0);
      const lines = page.locator(".notice-line");
      assert.equal(await lines.count(), 0);
      await notice(page, 2, 300);
      await notice(page, 3, 20);
      await notice(page, 1, 30);
      assert.deepEqual(await page.locator(".notice-line span").allInnerTexts(), [
        "Your ticket ends in", "The server goes away in", "Nothing done for long: move, or you are out in",
      ]);
      await lines.filter({ hasText: "The server goes away in" }).filter({ hasText: "0:18" }).waitFor();
      assert.match(await lines.first().innerText(), /4:5[78]$/);
      const { width } = page.viewportSize();
      for (const line of await lines.all()) {
        const box = await line.boundingBox();
        assert.ok(box.x >= 0 && box.x + box.width <= width, JSON.stringify(box));
      }
      // The newest word of a reason counts.
      await notice(page, 3, 600);
      await lines.filter({ hasText: "The server goes away in" }).filter({ hasText: /9:5\d|10:00/ }).waitFor();
      assert.equal(await lines.count(), 3);
      // Whoever does something stays.
      if (options.hasTouch) await page.evaluate(() => document.getElementById("touch-weapon").click());
      else await page.keyboard.press("KeyQ");
      await lines.filter({ hasText: "move" }).waitFor({ state: "detached" });
      assert.equal(await lines.count(), 2);
      await page.evaluate(() => globalThis.tickwire.room.leave());
      await page.locator("#overlay").waitFor();
      assert.equal(await lines.count(), 0, "what was said of a connection goes with it");
    });
  });
}

test("a notice keeps the keys, both ways round, and gives them back; so does the menu", { timeout: 60_000 }, async () => {
  const path = await openPath(server.port);
  const page = await browser.page({ expected: CUT });
  const focused = () => page.evaluate(() => document.activeElement.id);
  await told([page], async () => {
    await enter(page, path.url, { name: "Trapped", room: "trap" });
    await page.keyboard.press("Escape");
    const round = [];
    for (let tab = 0; tab < 9; tab++) {
      await page.keyboard.press("Tab");
      round.push(await focused());
    }
    assert.deepEqual(round.slice(0, 8).toSorted(), round.slice(1).toSorted(), "round and round");
    assert.ok(round.every((id) => id.startsWith("menu-") || id.startsWith("set-")), `${round}`);
    await page.keyboard.press("Escape");
    assert.equal(await focused(), "arena");
    path.refuse(true);
    path.cut();
    await page.locator("#overlay").waitFor();
    for (const key of ["Tab", "Tab", "Shift+Tab", "Shift+Tab"]) {
      await page.keyboard.press(key);
      assert.equal(await focused(), "overlay-lobby");
    }
    await page.evaluate(() => document.getElementById("arena").focus());
    assert.equal(await focused(), "overlay-lobby", "what is under it takes no keys");
    path.refuse(false);
    await page.locator("#overlay").waitFor({ state: "hidden" });
    assert.equal(await focused(), "arena");
    await page.evaluate(() => globalThis.tickwire.room.leave());
    await page.locator("#overlay-again").waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Back to the lobby" }).click();
    assert.equal(await focused(), "play");
  });
  await path.close();
});

test("who just wants to play is where the others are, whatever the room is called", { timeout: 60_000 }, async () => {
  const page = await browser.page();
  const bots = sendBots(server, { room: "den", bots: 3, seconds: 40, behaviour: "wander" });
  await told([page], async () => {
    await page.goto(server.url);
    await page.locator("#rooms .room").filter({ hasText: "den" }).filter({ hasText: "3 /" }).waitFor();
    await page.fill("#name", "Guest");
    await page.click("#play");
    await until(page, ({ figures }) => figures.some(({ name }) => name === "Guest") && figures.length === 4);
  });
  await bots.stop();
});

for (const [width, height] of [[568, 320], [667, 375], [844, 390]]) {
  test(`on a telephone of ${width} × ${height} held across nothing lies over what one presses`, { timeout: 60_000 }, async () => {
    const page = await browser.page({ viewport: { width, height }, hasTouch: true, isMobile: true });
    await told([page], async () => {
      await enter(page, server.url, { name: "Across", room: "across" });
      await page.touchscreen.tap(width / 2, height / 2);
      await page.locator("#stick-move").waitFor();
      await until(page, ({ own }) => own?.hp > 0);
      const ids = ["vitals", "minimap", "round", "touch-menu", "touch-chat", "touch-score", "stick-move", "stick-aim", "touch-dash", "touch-weapon"];
      const boxes = await page.evaluate((all) => all.map((id) => ({ id, ...document.getElementById(id).getBoundingClientRect().toJSON() })), ids);
      for (const [at, a] of boxes.entries()) {
        assert.ok(a.left >= 0 && a.top >= 0 && a.right <= width && a.bottom <= height, `${a.id} is cut off: ${JSON.stringify(a)}`);
        for (const b of boxes.slice(at + 1)) {
          const over = a.left + 4 < b.right && b.left + 4 < a.right && a.top + 4 < b.bottom && b.top + 4 < a.bottom;
          assert.ok(!over, `${a.id} and ${b.id}: ${JSON.stringify([a, b])}`);
        }
      }
      for (const id of ["touch-dash", "touch-weapon"]) {
        const box = boxes.find((one) => one.id === id);
        const hit = await page.evaluate(([x, y]) => document.elementFromPoint(x, y)?.id, [(box.left + box.right) / 2, (box.top + box.bottom) / 2]);
        assert.equal(hit, id, "a finger comes to it");
      }
    });
  });
}
