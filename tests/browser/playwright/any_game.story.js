// The page that knows no game draws one by the schema alone; it is where a game without a page of its own is found.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBrowser, told } from "./browser.js";
import { sendBots, startServer } from "./server.js";

const BOTS = 6;
let server, browser;

before(async () => {
  server = await startServer({ options: ["--game", "arena-n"] });
  browser = await startBrowser(server.ca);
});

after(async () => {
  await browser?.stop();
  await server?.stop();
});

/** How many pixels have the colour of one's own square, and how many that of others. */
const painted = (page) => page.evaluate(() => {
  // From a copy: of a canvas that is read again and again the browser complains, and keeps it elsewhere from then on.
  const copy = document.createElement("canvas");
  copy.width = copy.height = 640;
  const pen = copy.getContext("2d", { willReadFrequently: true });
  pen.drawImage(document.querySelector("canvas"), 0, 0);
  const { data } = pen.getImageData(0, 0, 640, 640);
  const found = { own: 0, others: 0 };
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] === 255) found[data[at] === 0xff && data[at + 1] === 0xd1 && data[at + 2] === 0x66 ? "own" : "others"] += 1;
  }
  return found;
});

test("a page that never heard of a game draws its own player and everybody else", { timeout: 90_000 }, async () => {
  // A browser asks for an icon of the list of rooms, which has none.
  const page = await browser.page({ expected: [/status of 404/] });
  await told([page], async () => {
    const bots = sendBots(server, { room: "main", bots: BOTS, seconds: 40, behaviour: "wander" });
    const end = Date.now() + 30_000;
    // It goes where there is space: into the room that they have opened.
    do await page.goto(`${server.url}/api/rooms`); while (!(await page.content()).includes(`"players":${BOTS}`) && Date.now() < end);
    await page.goto(server.url);
    assert.equal(new URL(page.url()).pathname, "/examples/any_game.html");
    // A square has 100 pixels; two may lie on each other.
    let seen = { own: 0, others: 0 };
    for (; (seen.own < 80 || seen.others < 300) && Date.now() < end;) {
      seen = await painted(page);
      await page.waitForTimeout(100);
    }
    assert.ok(seen.own >= 80 && seen.others >= 300, JSON.stringify(seen));
    assert.equal(await page.locator("form label").count() > 0, true, "what a player may want has controls");
    await bots.stop();
  });
});
