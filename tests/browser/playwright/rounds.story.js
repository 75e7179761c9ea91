// Rounds end, maps change, rooms are full: the page says so and goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, startBrowser, told, until } from "./browser.js";
import { startServer } from "./server.js";

/** What a browser itself writes when an upgrade is refused. */
const REFUSED = [/WebSocket connection to .* failed/, /net::ERR_/, /Failed to load resource/];

let server, browser;

before(async () => {
  server = await startServer({ settings: '[game.settings]\nmaps = "courtyard, gardens"\nround_s = "10"\n[rooms]\nplayers_max = 1\n' });
  browser = await startBrowser(server.ca);
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

test("a round ends with its result, and the next one is predicted on the next map", { timeout: 120_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { name: "Rounds", room: "turns" });
    await until(page, ({ match }) => match?.phase === "Play" && match.map === "courtyard");
    await until(page, ({ match }) => match.phase === "Result", { timeoutMs: 40_000 });
    await page.getByText("Nobody wins").waitFor();
    assert.equal(await page.locator("#scoreboard").isVisible(), true);
    const next = await until(page, ({ match, own }) => match.map === "gardens" && match.phase !== "Result" && own?.hp > 0, { timeoutMs: 40_000 });
    const later = await until(page, ({ stats }) => stats.prediction.compared > next.stats.prediction.compared + 60);
    assert.equal(later.stats.prediction.unexplained, 0);
    assert.equal(later.stats.digestsWrong, 0);
  });
});

test("who finds a room full reads whose fault it is, and may try again", { timeout: 60_000 }, async () => {
  const [one, other] = [await browser.page(), await browser.page({ expected: REFUSED })];
  await told([one, other], async () => {
    await enter(one, server.url, { name: "First", room: "full" });
    await other.goto(server.url);
    await other.fill("#room-name", "full");
    await other.locator("#create-form button").click();
    await other.getByText("Could not get in").waitFor();
    assert.match(await other.locator("#overlay-text").textContent(), /full/);
    await one.keyboard.press("Escape");
    await one.getByRole("button", { name: "Leave the room" }).click();
    await one.locator("#lobby").waitFor();
    await other.getByRole("button", { name: "Try again" }).click();
    await until(other, ({ own }) => own?.hp > 0);
  });
});

test("what was chosen in the menu is there at the next visit", { timeout: 60_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { name: "Chooser", room: "choices" });
    await page.keyboard.press("F3");
    await page.locator("#net-graph").waitFor();
    await page.getByText("digests proven").waitFor();
    await page.keyboard.press("KeyM");
    await page.reload();
    assert.equal(await page.inputValue("#name"), "Chooser");
    await enter(page, server.url, { room: "choices-too" });
    await page.locator("#net-graph").waitFor();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#set-sound").isChecked(), false);
  });
});
