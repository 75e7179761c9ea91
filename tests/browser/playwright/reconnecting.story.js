// The line is cut, the server goes away and comes back, the page is hidden: each time the page says what is going on and goes on.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { enter, startBrowser, told, until } from "./browser.js";
import { openPath } from "./path.js";
import { startServer } from "./server.js";

/** What a browser itself writes when a line is cut under it. */
const CUT = [/WebSocket connection to .* failed/, /net::ERR_/, /Failed to load resource/];

let server, browser, path;

before(async () => {
  server = await startServer();
  browser = await startBrowser(server.ca);
  path = await openPath(server.port);
});

after(async () => {
  await browser?.stop();
  await path?.close();
  await server?.stop();
});

test("who is cut off reads so, and is in again by itself with a whole world", { timeout: 90_000 }, async () => {
  const page = await browser.page({ expected: CUT });
  await told([page], async () => {
    await enter(page, path.url, { name: "Cut", room: "cuts" });
    await until(page, ({ stats }) => stats.digestsChecked > 20);
    path.refuse(true);
    path.cut();
    await page.getByText("The connection is lost").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "overlay-lobby");
    path.refuse(false);
    await page.locator("#overlay").waitFor({ state: "hidden" });
    assert.equal(await page.evaluate(() => document.activeElement.id), "arena");
    const again = await until(page, ({ own, state, stats }) => own?.hp > 0 && state === "playing" && stats.digestsChecked > 20);
    assert.equal(again.stats.reconnects, 1);
    assert.equal(again.stats.digestsWrong, 0);
    assert.equal(again.figures.filter(({ name }) => name.startsWith("Cut")).length >= 1, true);
  });
});

test("a hidden page pauses, and has one fresh world when it is seen again", { timeout: 90_000 }, async () => {
  const page = await browser.page();
  await told([page], async () => {
    await enter(page, server.url, { name: "Hidden", room: "tabs" });
    await until(page, ({ stats }) => stats.digestsChecked > 20);
    await hide(page, true);
    await until(page, ({ state }) => state === "paused");
    await page.waitForTimeout(2500);
    const paused = await page.evaluate(() => globalThis.tickwire.stats);
    assert.ok(paused.framesPerSecond <= 4, `keep-alives only, but ${paused.framesPerSecond} frames per second`);
    await hide(page, false);
    const back = await until(page, ({ state, stats, own }) => state === "playing" && own !== null && stats.snapshotAgeMs < 200);
    assert.equal(back.stats.digestsWrong, 0);
    assert.equal(back.stats.reconnects, 0);
  });
});

test("where no server answers any more the page says whose fault it is, and the lobby is a click away", { timeout: 120_000 }, async () => {
  const page = await browser.page({ expected: CUT });
  const other = await startServer();
  const itself = await startBrowser(other.ca);
  const [gone, lobby] = [await itself.page({ expected: CUT }), await itself.page({ expected: CUT })];
  await told([gone, lobby], async () => {
    await enter(gone, other.url, { name: "Left", room: "gone" });
    await lobby.goto(other.url);
    await lobby.getByRole("button", { name: "Join gone" }).focus();
    await other.stop();
    await gone.getByText("The connection is lost").waitFor();
    // Why it ended stays true, however many attempts come to nothing.
    const text = gone.locator("#overlay-text");
    await text.filter({ hasText: /\(attempt [3-9]\)\.$/ }).waitFor();
    assert.match(await text.innerText(), /^The server is shutting down \(the server's fault; .+\)\. Trying again( in \d+ s)? \(attempt \d+\)\.$/);
    await gone.getByRole("button", { name: "Back to the lobby" }).click();
    await gone.getByText("The server does not answer").waitFor();
    await lobby.getByText("The server does not answer").waitFor();
    assert.equal(await lobby.locator("#rooms li").count(), 0, "rooms that nobody knows of any more");
    assert.equal(await lobby.locator("#rooms-empty").isHidden(), true, "that there are none nobody knows, either");
    assert.equal(await lobby.evaluate(() => document.activeElement.id), "play");
  });
  await itself.stop();
  await page.close();
});

/** As the browser does when another tab is in front: the headless one has all tabs in front. */
async function hide(page, hidden) {
  await page.evaluate((state) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => state });
    Object.defineProperty(document, "hidden", { configurable: true, get: () => state === "hidden" });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden ? "hidden" : "visible");
}
