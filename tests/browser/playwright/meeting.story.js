// Two pages see each other, talk, and what they are called is never more than text.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, look, startBrowser, told, until } from "./browser.js";
import { startServer } from "./server.js";

const MARKUP = "<img src=x onerror=pwned=1>";
let server, browser;

before(async () => {
  server = await startServer();
  browser = await startBrowser(server.ca);
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

test("two pages see each other where each sees itself", { timeout: 90_000 }, async () => {
  const [one, other] = [await browser.page(), await browser.page()];
  await told([one, other], async () => {
    await enter(one, server.url, { name: "One", room: "two" });
    await enter(other, server.url, { name: "Other", room: "two" });
    await until(one, ({ figures }) => figures.length === 2);
    await one.keyboard.down("KeyD");
    await one.waitForTimeout(400);
    await one.keyboard.up("KeyD");
    // At rest both must agree to a quarter of a unit: what travels has steps of a sixteenth.
    let apart = Infinity;
    const end = Date.now() + 15_000;
    while (apart > 0.25 && Date.now() < end) {
      const [here, there] = await Promise.all([look(one), look(other)]);
      const seen = there.figures.find(({ name }) => name === "One");
      if (seen && here.own) apart = Math.hypot(seen.x - here.own.x, seen.y - here.own.y);
    }
    assert.ok(apart <= 0.25, `they are ${apart} units apart`);
  });
});

test("what one says the other reads", { timeout: 90_000 }, async () => {
  const [one, other] = [await browser.page(), await browser.page()];
  await told([one, other], async () => {
    await enter(one, server.url, { name: "Speaker", room: "talk" });
    await enter(other, server.url, { name: "Listener", room: "talk" });
    await say(one, "hello there");
    for (const page of [one, other]) await page.getByText("Speaker: hello there").waitFor();
    // Keys that were typed moved nobody, and after it they are the game's again.
    await one.keyboard.down("KeyW");
    await one.keyboard.up("KeyW");
    assert.equal(await one.locator("#chat-form").isHidden(), true);
  });
});

test("markup in a name, in words and in a room's name stays what it is: text, or refused", { timeout: 90_000 }, async () => {
  const [page, witness] = [await browser.page(), await browser.page()];
  await told([page, witness], async () => {
    await page.goto(server.url);
    await page.fill("#room-name", MARKUP);
    await page.locator("#create-form button").click();
    await page.waitForFunction(() => document.getElementById("room-name").getAttribute("aria-invalid") === "true");
    // The field would cut it: the page is told directly.
    await page.evaluate(() => document.getElementById("name").removeAttribute("maxlength"));
    await page.fill("#name", MARKUP);
    await page.fill("#room-name", "markup");
    await page.locator("#create-form button").click();
    await until(page, ({ own }) => own !== null);
    await enter(witness, server.url, { name: "Witness", room: "markup" });
    await say(page, MARKUP);
    await witness.locator("#chat-lines li").filter({ hasText: "onerror" }).waitFor();
    await page.keyboard.down("Tab");
    await page.locator("#scoreboard").waitFor();
    for (const one of [page, witness]) {
      assert.equal(await one.evaluate(() => globalThis.pwned), undefined);
      assert.equal(await one.locator("img").count(), 0);
    }
    await page.keyboard.up("Tab");
  });
});

async function say(page, text) {
  await page.keyboard.press("Enter");
  await page.locator("#chat-input").waitFor();
  await page.fill("#chat-input", text);
  await page.keyboard.press("Enter");
}
