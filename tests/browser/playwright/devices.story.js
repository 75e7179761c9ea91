// Keys alone are enough to come in, play and leave; a gamepad rests while somebody types, and closes the menu that it opened.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, look, startBrowser, told, until } from "./browser.js";
import { startServer } from "./server.js";

let server, browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser(server.ca);
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

test("with keys alone one comes in, walks, aims, shoots and leaves", { timeout: 90_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await page.goto(server.url);
    await page.focus("#name");
    await page.keyboard.type("Keys");
    await page.keyboard.press("Enter");
    const begun = await until(page, ({ own, stats }) => own?.hp > 0 && stats.prediction.compared > 10);
    await page.keyboard.down("ArrowUp");
    await until(page, ({ own }) => Math.abs(own.aim - 1.5 * Math.PI) < 0.01);
    await page.keyboard.up("ArrowUp");
    await page.keyboard.down("ArrowLeft");
    await until(page, ({ own }) => Math.abs(own.aim - Math.PI) < 0.01);
    await page.keyboard.up("ArrowLeft");
    await page.keyboard.down("KeyF");
    await until(page, ({ own }) => own.shots > begun.own.shots);
    await page.keyboard.up("KeyF");
    await page.keyboard.press("Escape");
    await focused(page, "menu-resume");
    await page.keyboard.press("Enter");
    await focused(page, "arena");
    await page.keyboard.press("Escape");
    for (let tab = 0; tab < 2; tab++) await page.keyboard.press("Tab");
    await focused(page, "menu-leave");
    await page.keyboard.press("Enter");
    await focused(page, "play");
  });
});

test("a gamepad rests while somebody types, and closes the menu that it opened", { timeout: 90_000 }, async () => {
  const page = await browser.page();
  await page.addInitScript(() => {
    const buttons = Array.from({ length: 17 }, () => ({ pressed: false, touched: false, value: 0 }));
    globalThis.pad = { connected: true, mapping: "standard", axes: [0, 0, 0, 0], buttons };
    navigator.getGamepads = () => [globalThis.pad];
  });
  await told([page], async () => {
    await enter(page, server.url, { name: "Pad", room: "pads" });
    await page.evaluate(() => dispatchEvent(new Event("gamepadconnected")));
    await until(page, ({ own, stats }) => own?.hp > 0 && stats.prediction.compared > 10);
    await page.keyboard.press("Enter");
    await page.locator("#chat-input").waitFor();
    const typing = await look(page);
    await shove(page);
    const still = await look(page);
    assert.ok(Math.hypot(still.own.x - typing.own.x, still.own.y - typing.own.y) < 0.5 && still.own.shots === typing.own.shots, "it walked or shot while somebody typed");
    await page.keyboard.press("Escape");
    await shove(page);
    await until(page, ({ own }) => Math.hypot(own.x - typing.own.x, own.y - typing.own.y) > 3 && own.shots > typing.own.shots);
    for (const state of ["visible", "hidden"]) {
      await page.evaluate(() => { globalThis.pad.buttons[9].pressed = true; });
      await page.locator("#menu").waitFor({ state });
      await page.evaluate(() => { globalThis.pad.buttons[9].pressed = false; });
      await page.waitForTimeout(200);
    }
    await focused(page, "arena");
  });
});

/** Pushes its left stick into two ways, of which one is free wherever a life begins, with its trigger pulled. */
async function shove(page) {
  for (const axes of [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]) {
    await page.evaluate((pushed) => Object.assign(globalThis.pad, { axes: pushed }), axes);
    await page.evaluate((pulled) => { globalThis.pad.buttons[7].pressed = pulled; }, axes.some((axis) => axis !== 0));
    await page.waitForTimeout(400);
  }
}

/** Waits until keys go to a part of the page. */
function focused(page, id) {
  return page.waitForFunction((wanted) => document.activeElement?.id === wanted, id);
}
