// What the page says: of an end, of a death, to who is alone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { back, sayAlone, sayAttempt, sayDeath, sayFault, sayNotice, sayResumed, sentence, truer } from "../../../assets/web/game/told.js";
import { endingOf } from "../../../assets/web/sdk/reconnect.js";

test("what the server said of its end stays, whatever silence comes after it", () => {
  const [away, cut, full] = [endingOf(1001, ""), endingOf(1006, ""), endingOf(4008, "")];
  assert.equal(truer(null, away), away);
  assert.equal(truer(away, cut), away);
  assert.equal(truer(cut, away), away, "silence gives way to words");
  assert.equal(truer(away, full), full, "newer words count");
  assert.equal(truer(null, cut), cut);
  assert.match(`${sentence(away.text)} ${sayAttempt(3, 2400)}`, /^The server is shutting down \(.+\)\. Trying again in 2 s \(attempt 3\)\.$/);
  assert.equal(sayAttempt(1, 100), "Trying again (attempt 1).");
});

test("sentences begin with a capital and end", () => {
  assert.equal(sentence("the server is full"), "The server is full.");
  assert.equal(sentence("Who is it?"), "Who is it?");
  assert.equal(sentence(""), "");
  assert.equal(sayFault({ fault: "page", message: "it threw" }), "This page's fault: it threw.");
});

test("who is alone reads a command that works, with the room and the server where they are others than at first", () => {
  const bots = "cargo run --release -p client-sim -- swarm --behaviour fight";
  for (const room of [undefined, "main"]) assert.equal(sayAlone(room, "127.0.0.1:4433").split("\n")[1], bots);
  assert.equal(sayAlone("den", "localhost:4433").split("\n")[1], `${bots} --room den`);
  assert.equal(sayAlone("den", "play.example").split("\n")[1], `${bots} --url wss://play.example --room den`);
});

test("a death is told as far as it is known, and the next life never too early", () => {
  assert.deepEqual(sayDeath("Eve", "rocket"), { who: "Eve got you", how: "with a rocket" });
  assert.deepEqual(sayDeath("Eve", "rifle"), { who: "Eve got you", how: "with the rifle" });
  assert.deepEqual(sayDeath("Eve", ""), { who: "Eve got you", how: "" });
  assert.deepEqual(sayDeath("Me", "own-rocket"), { who: "You died", how: "by your own rocket" });
  assert.equal(sayDeath("Me", "gave-up").who, "You gave up this life");
  assert.deepEqual([back(2000), back(1201), back(1), back(0), back(-500)], ["Back in 2.0 s", "Back in 1.3 s", "Back in 0.1 s", "Back any moment.", "Back any moment."]);
  assert.equal(back(NaN), "A new life begins within two seconds.");
});

test("an end to come is told by its reason, and what became of a seat by why", () => {
  const said = ["unchanged", "ticket-ends", "going-away"].map(sayNotice);
  assert.equal(new Set(said).size, 3);
  for (const line of said) assert.match(line, / in$/, "the time that is left comes behind it");
  assert.equal(sayResumed({ resumed: true, why: null }), "You are back where you were.");
  const [gone, other] = ["gone", "other-room"].map((why) => sayResumed({ resumed: false, why }));
  assert.ok(gone !== other && [gone, other].every((line) => line.endsWith("you begin anew.")));
});
