// On a touch screen two sticks come up, and move, aim and shoot.

import { after, before, test } from "node:test";
import { enter, startBrowser, told, until } from "./browser.js";
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

test("two thumbs go and shoot", { timeout: 60_000 }, async () => {
  const page = await browser.page({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await told([page], async () => {
    await enter(page, server.url, { name: "Thumbs", room: "thumbs" });
    const begun = await until(page, ({ own }) => own?.hp > 0);
    await page.touchscreen.tap(200, 300);
    await page.locator("#stick-move").waitFor();
    const [go, aim] = [await page.locator("#stick-move").boundingBox(), await page.locator("#stick-aim").boundingBox()];
    const fingers = await page.context().newCDPSession(page);
    const touch = (type, x, y) => fingers.send("Input.dispatchTouchEvent", {
      type, touchPoints: type === "touchEnd" ? [] : [{ x: go.x + x, y: go.y + y, id: 1 }, { x: aim.x + 120, y: aim.y + 30, id: 2 }],
    });
    await touch("touchStart", 110, 66);
    // Wherever a life begins, one of two ways is free.
    await page.waitForTimeout(500);
    await touch("touchMove", 66, 110);
    await until(page, ({ own }) => Math.hypot(own.x - begun.own.x, own.y - begun.own.y) > 3 && own.shots > begun.own.shots && own.aim > Math.PI);
    await touch("touchEnd");
    // What presses without a finger, as a screen reader does, is heard, too: once to look, once more to let go.
    for (const shown of ["visible", "hidden"]) {
      await page.evaluate(() => document.getElementById("touch-score").click());
      await page.locator("#scoreboard").waitFor({ state: shown });
    }
  });
});
