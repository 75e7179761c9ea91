// Which room somebody is led to who just wants to play.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Rooms } from "../../../assets/web/game/rooms.js";

const room = (name, players, cap = 8) => ({ name, players, cap, tick_rate_hz: 30 });

async function liveliest(...listed) {
  const rooms = new Rooms(async () => new Response(JSON.stringify({ rooms: listed })));
  return rooms.liveliest(await rooms.ask());
}

test("it is the one with the most players that has a place, whatever it is called", async () => {
  assert.equal(await liveliest(room("main", 2), room("den", 5), room("full", 8)), "den");
  assert.equal(await liveliest(room("b", 3), room("a", 3)), "a");
});

test("where nobody plays, or all is full, the server decides", async () => {
  for (const listed of [[], [room("main", 0), room("den", 0)], [room("full", 8), room("empty", 0)]]) {
    assert.equal(await liveliest(...listed), undefined);
  }
});
