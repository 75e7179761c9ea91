// What a page can say wrongly when it joins is named at once, and what to do about it.

import { test } from "node:test";
import assert from "node:assert/strict";
import { connect } from "../../../assets/web/sdk/index.js";
import { FakeSocket } from "./fakes.js";

const URL_PLAIN = "wss://play.example.org";

test("what a page says wrongly is named before anything is sent", async () => {
  const more = { WebSocket: FakeSocket };
  for (const [url, options, says] of /** @type {[string, any, RegExp][]} */ ([
    ["play.example.org", {}, /is no URL/],
    ["ftp://play.example.org", {}, /another scheme than wss/],
    [URL_PLAIN, { room: "My Room" }, /no name of a room/],
    [URL_PLAIN, { name: "é".repeat(17) }, /34 bytes/],
    [URL_PLAIN, { ticket: "a b" }, /ticket has letters/],
    [URL_PLAIN, { on: { conect: () => {} } }, /no event "conect"/],
    [URL_PLAIN, { WebSocket: "ws" }, /no WebSocket/],
  ])) {
    await assert.rejects(connect(url, { ...more, ...options }), { name: "TickwireError", code: "usage", fault: "page", message: says });
  }
  assert.equal(FakeSocket.all.length, 0);
});

test("a browser that refuses a plain ws from a safe page is heard", async () => {
  class Refusing {
    constructor() {
      throw new Error("An insecure WebSocket connection may not be initiated from a page loaded over HTTPS.");
    }
  }
  const joining = connect("ws://play.example.org", { WebSocket: /** @type {any} */ (Refusing), page: null });
  await assert.rejects(joining, { message: /insecure WebSocket.*only speak wss/ });
});
