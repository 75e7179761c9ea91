// Where things stand: on a wide window, on a narrow one, on a telephone held upright. Nothing lies over what one must see or press.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, startBrowser, told, until } from "./browser.js";
import { startServer } from "./server.js";

const WIDE = { viewport: { width: 1280, height: 720 } };
const NARROW = { viewport: { width: 390, height: 780 } };
const PHONE = { ...NARROW, hasTouch: true, isMobile: true };

let server, browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser(server.ca);
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

for (const { viewport } of [WIDE, NARROW]) {
  test(`a notice is in the middle of ${viewport.width} pixels`, { timeout: 60_000 }, async () => {
    const page = await browser.page({ viewport });
    await told([page], async () => {
      await enter(page, server.url, { name: "Middle", room: "notices" });
      await page.evaluate(() => globalThis.tickwire.room.leave());
      const { x, y, width, height } = await box(page, ".notice");
      assert.ok(Math.abs(x + width / 2 - viewport.width / 2) < 1 && Math.abs(y + height / 2 - viewport.height / 2) < 1, `at ${x}, ${y}`);
      assert.ok(x >= 0 && x + width <= viewport.width && width >= Math.min(440, viewport.width - 40), `${width} wide`);
    });
  });
}

test("who is alone reads how to send bots, on a ground that can be read on", { timeout: 60_000 }, async () => {
  const page = await browser.page(WIDE);
  await told([page], async () => {
    await enter(page, server.url, { name: "Alone", room: "empty" });
    const banner = page.locator("#banner").filter({ hasText: "Nobody else is here yet" });
    await banner.waitFor();
    assert.match(await banner.innerText(), new RegExp(`cargo run --release -p client-sim -- swarm --behaviour fight --url wss://127\\.0\\.0\\.1:${server.port} --room empty$`));
    const [, , , alpha] = await banner.evaluate((element) => getComputedStyle(element).backgroundColor.match(/[\d.]+/g).map(Number));
    assert.ok(alpha >= 0.85, `a ground of ${alpha}`);
  });
});

test("who is dead reads why, and when the next life begins; there are no numbers of a life that is over", { timeout: 60_000 }, async () => {
  const page = await browser.page(WIDE);
  await told([page], async () => {
    await enter(page, server.url, { name: "Mortal", room: "graves" });
    await until(page, ({ own, match }) => own?.hp > 0 && match !== null);
    assert.equal(await page.locator("#fallen").isHidden(), true);
    await page.evaluate(() => globalThis.tickwire.room.request("GiveUp", {}));
    await page.locator("#fallen").waitFor();
    assert.equal(await page.locator("#fallen-who").innerText(), "You gave up this life");
    assert.match(await page.locator("#fallen-wait").innerText(), /^Back (in (?:[01]\.\d|2\.0) s|any moment\.)$/);
    assert.equal(await page.locator("#vitals").isHidden(), true);
    await until(page, ({ own }) => own?.hp === 100);
    await page.locator("#fallen").waitFor({ state: "hidden" });
    await page.locator("#vitals").waitFor();
  });
});

test("on a telephone the field is free: what one has left and the map are at the upper edge, the sticks at the lower", { timeout: 60_000 }, async () => {
  const page = await browser.page(PHONE);
  await told([page], async () => {
    await page.goto(server.url);
    assert.equal(await page.getByText("Right stick").isVisible(), true);
    assert.equal(await page.locator(".keys.for-keys").isVisible(), false);
    await enter(page, server.url, { name: "Upright", room: "upright" });
    await page.touchscreen.tap(200, 400);
    await page.locator("#stick-move").waitFor();
    await until(page, ({ own }) => own?.hp > 0);
    const ids = ["#vitals", "#minimap", "#round", "#touch-menu", "#touch-chat", "#touch-score", "#stick-move", "#stick-aim", "#touch-dash", "#touch-weapon"];
    const boxes = await boxesOf(page, ids);
    for (const id of ["#vitals", "#minimap", "#round"]) assert.ok(bottom(boxes[id]) <= 200, `${id} ends at ${bottom(boxes[id])}`);
    for (const id of ["#stick-move", "#stick-aim"]) assert.ok(boxes[id].y >= 780 - 172, `${id} begins at ${boxes[id].y}`);
    assertApart(boxes);
  });
});

test("in a narrow window nothing lies over what one has left, and there is room to type", { timeout: 60_000 }, async () => {
  const page = await browser.page(NARROW);
  await told([page], async () => {
    await enter(page, server.url, { name: "Narrow", room: "narrow" });
    await until(page, ({ own }) => own?.hp > 0);
    await page.keyboard.press("Enter");
    await page.locator("#chat-input").waitFor();
    const boxes = await boxesOf(page, ["#chat-form", "#vitals", "#minimap", "#round"]);
    assertApart(boxes);
    assert.ok(boxes["#chat-form"].width > 300, `${boxes["#chat-form"].width} to type in`);
    for (const [id, { x, width }] of Object.entries(boxes)) assert.ok(x >= 0 && x + width <= 390, `${id} is cut off`);
  });
});

async function box(page, selector) {
  await page.locator(selector).first().waitFor();
  return page.locator(selector).first().boundingBox();
}

async function boxesOf(page, selectors) {
  const boxes = {};
  for (const selector of selectors) boxes[selector] = await box(page, selector);
  return boxes;
}

function bottom({ y, height }) {
  return y + height;
}

/** No two of these lie over each other. Round things may come near with their corners. */
function assertApart(boxes) {
  const all = Object.entries(boxes);
  const near = 4;
  for (const [at, [one, a]] of all.entries()) {
    for (const [other, b] of all.slice(at + 1)) {
      const over = a.x + near < b.x + b.width && b.x + near < a.x + a.width && a.y + near < bottom(b) && b.y + near < bottom(a);
      assert.ok(!over, `${one} and ${other}: ${JSON.stringify([a, b])}`);
    }
  }
}
