// What goes wrong on the page itself is said, and the match goes on.

import assert from "node:assert/strict";
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

test("one picture that fails does not freeze those after it", { timeout: 60_000 }, async () => {
  const page = await browser.page({ expected: [/a picture that fails/] });
  const failed = page.waitForEvent("pageerror");
  await told([page], async () => {
    await enter(page, server.url, { name: "Frail", room: "frail" });
    await page.evaluate(() => {
      const { scene } = globalThis.tickwire;
      scene.take = () => {
        delete scene.take;
        throw new Error("a picture that fails");
      };
    });
    assert.match((await failed).message, /a picture that fails/);
    const { drawing } = await until(page, ({ own }) => own !== null);
    await until(page, (later) => later.drawing.pictures > drawing.pictures + 5);
  });
});

test("a listener that throws is told of in the chat and on the console, once, and whose fault it is", { timeout: 60_000 }, async () => {
  const page = await browser.page({ expected: [/a listener that fails/] });
  const logged = page.waitForEvent("console", { predicate: (message) => message.type() === "error" && message.text().includes("a listener that fails") });
  await told([page], async () => {
    await enter(page, server.url, { name: "Deaf", room: "deaf" });
    await page.evaluate(() => {
      globalThis.thrown = 0;
      const end = globalThis.tickwire.room.on("snapshot", () => {
        globalThis.thrown += 1;
        if (globalThis.thrown === 3) end();
        throw new Error("a listener that fails");
      });
    });
    await logged;
    await page.waitForFunction(() => globalThis.thrown === 3);
    const notes = page.locator("#chat-lines li").filter({ hasText: "this page's fault: a listener of the page threw: a listener that fails" });
    await notes.waitFor();
    assert.equal(await notes.count(), 1);
  });
});
