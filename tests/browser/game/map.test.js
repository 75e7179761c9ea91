// Maps and their fingerprints against what Rust makes of the same bytes; and what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MapError, parseMap } from "../../../assets/web/game/map_file.js";
import { fetchMaps } from "../../../assets/web/game/maps.js";
import { mapsHash } from "../../../assets/web/sdk/agreement.js";
import { xxh3 } from "../../../assets/web/sdk/bits/xxh3.js";
import { golden, mapBytes, readMap } from "./golden.js";

const cases = golden("maps.json");
const files = cases.filter((one) => one.file !== undefined);

for (const { file, hash, walls, hidden, pickups } of files) {
  test(`${file} has the walls, the undergrowth and the things of the server's`, () => {
    const map = readMap(file);
    const rows = Array.from({ length: map.height }, (_, y) =>
      Array.from({ length: map.width }, (_, x) => map.isWall(x, y) ? "#" : ".").join(""));
    assert.deepEqual(rows, walls);
    const found = [];
    for (let y = 0; y < map.height * 2; y++) {
      for (let x = 0; x < map.width * 2; x++) if (map.isStealthAt(x * 2048, y * 2048)) found.push([x, y]);
    }
    assert.deepEqual(found, hidden);
    const things = map.pickups.map(({ x, y, type }) => [x, y, type[0].toUpperCase() + type.slice(1)]);
    assert.deepEqual(things, pickups);
  });

  test(`${file} has the server's fingerprint`, () => {
    assert.equal(xxh3(mapBytes(file)).toString(), hash);
  });
}

test("bytes of any length have the server's fingerprint", () => {
  const lengths = cases.filter((one) => one.length !== undefined);
  assert.equal(lengths.length, 26);
  for (const { length, hash } of lengths) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 131 + 7);
    assert.equal(xxh3(bytes).toString(), hash, `${length} bytes`);
  }
});

test("maps in turn have the server's fingerprint together", () => {
  for (const { hash, maps: count } of cases.filter((one) => one.maps !== undefined)) {
    assert.equal(mapsHash(files.slice(0, count).map(({ file }) => mapBytes(file))).toString(), hash);
  }
});

test("beyond the edge all is wall, and one sees as far as the next", () => {
  const map = readMap("courtyard.tmx");
  assert.ok(map.isWall(-1, 3) && map.isWall(3, -1) && map.isWall(map.width, 3) && map.isWall(3, map.height));
  const free = map.sight(1.5 * 4096, 1.5 * 4096, 1, 0, 1e9);
  const first = Array.from({ length: map.width }, (_, x) => x).find((x) => x > 1 && map.isWall(x, 1)) ?? map.width;
  assert.equal(free, (first - 1.5) * 4096);
  assert.equal(map.sight(1.5 * 4096, 1.5 * 4096, 1, 0, 100), 100);
});

test("what is no map is refused and named, and costs no more than its length", () => {
  const map = (inside) => `<map orientation="orthogonal" width="3" height="3" tilewidth="16" tileheight="16">${inside}</map>`;
  const layer = (data) => map(`<layer name="walls"><data encoding="csv">${data}</data></layer>`);
  for (const [text, problem] of [
    ["", "no map"],
    ["<map", "in the middle of a tag"],
    ["<".repeat(100_000), "in the middle of a tag"],
    ["<!-- ", "in the middle of a tag"],
    ['<map width="4000" height="3" tilewidth="16" tileheight="16">', "3 to 128 tiles"],
    [map(""), "walls"],
    [layer("1,1,1"), "has 3 tiles, needed are 9"],
    [layer("1,1,1,1,1,1,1,1,1").replace("csv", "base64"), "no CSV"],
    ["x".repeat((1 << 20) + 1), "allowed are"],
  ]) {
    assert.throws(() => parseMap("a.tmx", text), (error) => error instanceof MapError && error.message.includes(problem), problem);
  }
  assert.equal(parseMap("a.tmx", layer("1,1,1,1,0,1,1,1,1")).isWall(1, 1), false);
});

test("fetched maps are taken only if they are the files that the server plays on", async () => {
  const served = (file) => ({ ok: true, status: 200, arrayBuffer: async () => mapBytes(file).buffer });
  const get = async (url) => served(url.replace("/maps/", ""));
  const names = ["courtyard", "gardens"];
  const hash = mapsHash(names.map((name) => mapBytes(`${name}.tmx`)));
  assert.deepEqual((await fetchMaps(names, hash, get)).map(({ name }) => name), names);
  assert.deepEqual((await fetchMaps(names.map((name) => `${name}.tmx`), hash, get)).map(({ name }) => name), names);
  await assert.rejects(fetchMaps(names, hash + 1n, get), /other files than it serves/);
  await assert.rejects(fetchMaps(["gardens", "courtyard"], hash, get), /other files than it serves/);
  await assert.rejects(fetchMaps(["../secret"], hash, get), /names that no map may have/);
  await assert.rejects(fetchMaps(Array(17).fill("gardens"), hash, get), /names that no map may have/);
  await assert.rejects(fetchMaps(names, hash, async () => ({ ok: false, status: 404 })), /answers 404/);
});
