// What `tickwire-server schema --typescript` prints is what an author's editor needs: right uses compile, wrong ones do not.

import { test } from "node:test";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const GOLDEN = new URL("../../golden/", import.meta.url);
const COMPILER = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));

test("a strict project uses the types of a game", () => {
  const files = ["uses_types.ts", "arena.d.ts", "zoo.d.ts"].map((name) => fileURLToPath(new URL(name, GOLDEN)));
  const options = ["--strict", "--noEmit", "--target", "ES2022", "--module", "NodeNext"];
  execFileSync(process.execPath, [COMPILER, ...options, ...files], { stdio: ["ignore", "inherit", "inherit"] });
});
