// What is drawn of a view, and who shot since the last one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Map } from "../../../assets/web/game/map.js";
import { Roster } from "../../../assets/web/game/roster.js";
import { Scene } from "../../../assets/web/game/scene.js";
import { Shots } from "../../../assets/web/game/shots.js";

function player(id, { shots = 0, x = 2560, y = 5120, name = `p${id}`, hp = 100 } = {}) {
  return {
    id, kind: "player",
    components: {
      Position: { at: { x, y } }, Aim: { angle: 16_384 }, Health: { hp }, Score: { kills: 1, deaths: 2, shots, respawns: 0 },
      Nameplate: { name }, Side: { faction: "Red" },
    },
  };
}

function rocket(id, shooter) {
  return { id, kind: "projectile", components: { Position: { at: { x: 1024, y: 0 } }, Projectile: { velocity: { x: 300, y: 400 }, shooter, shot_at: 3 } } };
}

function view(entities, me = null) {
  const held = new globalThis.Map(entities.map((entity) => [entity.id, entity]));
  return { tick: 1, entities: held, me: held.get(me) ?? null, state: null, ghosts: [] };
}

test("a scene holds what a view shows, in units of the world", () => {
  const scene = new Scene();
  const roster = new Roster();
  const match = { id: 9, kind: "match", components: { Match: { phase: "Play", map: "gardens" } } };
  const pickup = { id: 7, kind: "pickup", components: { Position: { at: { x: 256, y: 512 } }, Pickup: { sort: "Rounds", present: true } } };
  scene.take(view([player(1), player(2), rocket(5, 2), match, pickup], 2), roster);
  assert.equal(scene.figureCount, 2);
  assert.deepEqual([scene.own?.id, scene.own?.x, scene.own?.y], [2, 10, 20]);
  assert.ok(Math.abs((scene.own?.aim ?? 0) - Math.PI / 2) < 1e-9);
  assert.deepEqual([scene.rockets[0].towardsX, scene.rockets[0].towardsY], [0.6, 0.8]);
  assert.equal(scene.match?.map, "gardens");
  assert.deepEqual([scene.pickups[0].x, scene.pickups[0].sort], [1, "Rounds"]);
  assert.equal(roster.find(1).name, "p1");
  scene.take(view([player(1)]), roster);
  assert.deepEqual([scene.figureCount, scene.rocketCount, scene.own, scene.match], [1, 0, null, null]);
  assert.equal(roster.find(2).name, "p2", "who left is still known by name");
});

test("nobody else is drawn in a wall when frames are late: where a place merely goes on, it ends at the wall", () => {
  // A wall from x 32 to 48; a body of 6 units comes to 26 at the most.
  const map = new Map("hall", 6, 3, Uint8Array.from([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]));
  const scene = new Scene();
  const drawn = (x, y = 24) => {
    scene.take(view([player(1, { x: x * 256, y: y * 256 })]), new Roster(), map);
    return [scene.figures[0].x, scene.figures[0].y];
  };
  assert.deepEqual(drawn(20), [20, 24]);
  assert.deepEqual(drawn(30), [26, 24], "it stops");
  assert.deepEqual(drawn(36, 28), [26, 28], "and slides along");
  assert.deepEqual(drawn(26.03), [26.03, 24], "a place that the wire rounds is drawn as told");
  assert.deepEqual(drawn(24), [24, 24], "and goes on as told");
  assert.deepEqual(drawn(90), [90, 24], "who begins a new life is there at once");
  assert.deepEqual([scene.take(view([player(1, { x: 36 * 256, y: 24 * 256 })], 1), new Roster(), map), scene.own?.x], [undefined, 36], "we ourselves are predicted");
});

test("who shot with what is seen from counts and rockets, whatever comes first", () => {
  for (const order of [[5, 8], [8, 5]]) {
    const scene = new Scene();
    const shots = new Shots();
    const roster = new Roster();
    const see = (entities) => {
      scene.take(view(entities), roster);
      const fired = shots.see(scene.rockets, scene.rocketCount, scene.figures, scene.figureCount);
      return [[...fired.rifles], [...fired.launches], fired.bursts.length];
    };
    const [shooter, flying] = order;
    assert.deepEqual(see([player(shooter, { shots: 30 })]), [[], [], 0], "who is new has not shot");
    assert.deepEqual(see([player(shooter, { shots: 31 })]), [[shooter], [], 0]);
    const both = [player(shooter, { shots: 32 }), rocket(flying, shooter)].sort((one, other) => one.id - other.id);
    assert.deepEqual(see(both), [[], [flying], 0]);
    assert.deepEqual(see([player(shooter, { shots: 33 }), rocket(flying, shooter)]), [[shooter], [], 0]);
    assert.deepEqual(see([player(shooter, { shots: 33 })]), [[], [], 1]);
    assert.deepEqual(see([player(shooter, { shots: 0 })]), [[], [], 0], "a new round counts anew");
  }
});

test("what we launched flies as it is told, and bursts where it was last", () => {
  const scene = new Scene();
  const gone = [];
  const tell = (x, y) => gone.push([x, y]);
  scene.takeGhosts([{ x: 256, y: 256, shotAt: 4 }], tell);
  scene.takeGhosts([{ x: 512, y: 256, shotAt: 4 }], tell);
  assert.deepEqual([...scene.ownRockets()].map(({ x, y, towardsX, towardsY }) => [x, y, towardsX, towardsY]), [[2, 1, 1, 0]]);
  scene.takeGhosts([], tell);
  assert.deepEqual([gone, scene.launched.size], [[[2, 1]], 0]);
});

test("a roster forgets the oldest, and who nobody knows is somebody", () => {
  const roster = new Roster();
  for (let id = 0; id < 600; id++) roster.note(id, `p${id}`, "Alone");
  assert.equal(roster.players.size, 512);
  assert.equal(roster.find(0).name, "somebody");
  assert.equal(roster.find(null).name, "somebody");
  assert.equal(roster.find(599).name, "p599");
});
