// The frames of the recorded arena, made by the codec tool, decoded here and held against the recording itself.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Replica } from "../../../assets/web/sdk/replica.js";
import { readFrames, readTrace } from "./frames.js";

const BINARIES = process.env.TICKWIRE_BINARIES ?? fileURLToPath(new URL("../../../target/release", import.meta.url));
const TOOL = join(BINARIES, "client-sim");
const TRACE = fileURLToPath(new URL("../../traces/arena2d_700.twt.xz", import.meta.url));

/** Why it cannot be run; false: it can. Whoever names a folder of binaries wants it to. */
const missing = [
  process.env.TICKWIRE_BINARIES === undefined && !existsSync(TOOL) ? "no release build: cargo build --release" : "",
  spawnSync("xz", ["--version"]).error ? "xz is not installed" : "",
].find(Boolean);

test("every entity of the recorded arena is held as it was recorded, in every tick", { skip: missing ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), "tickwire-trace-"));
  try {
    const path = join(folder, "arena.frames");
    execFileSync(TOOL, ["codec", "--trace", TRACE, "--frames", path], { stdio: "ignore" });
    const trace = readTrace(execFileSync("xz", ["-dc", TRACE], { maxBuffer: 1 << 28 }));
    const file = readFrames(readFileSync(path));
    const begin = trace.ticks.findIndex((tick) => tick.number === file.header.first_tick);
    assert.ok(begin > 0 && file.frames.length === 901);
    const replica = new Replica(/** @type {any} */ (file.agreement));
    const row = new Int32Array(16);
    let [mismatches, compared] = [0, 0];
    for (const [at, frame] of file.frames.entries()) {
      assert.equal(replica.apply(frame).digest, "right", `frame ${at}`);
      const { rows } = trace.ticks[begin - 1 + at];
      const held = replica.anchors();
      mismatches += Math.abs(held.length - rows.length);
      held.forEach((slot, place) => {
        const recorded = rows[place];
        const zeros = file.zeros[recorded.archetype];
        const kind = replica.kindNumber(slot);
        const found = replica.row(slot, kind, row) && kind === recorded.archetype && file.entities[slot] === recorded.entity;
        if (!found || recorded.values.some((value, field) => ((row[field] + zeros[field]) | 0) !== value)) mismatches += 1;
        compared += 1;
      });
    }
    assert.equal(mismatches, 0);
    assert.ok(compared > 600_000, `${compared}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
