// The package as npm would publish it: it holds what it should and nothing else, a strict project compiles against it, node imports it.

import { after, before, test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const SDK = fileURLToPath(new URL("../../../assets/web/sdk", import.meta.url));
const CONSUMER = fileURLToPath(new URL("consumer", import.meta.url));
const TYPES = fileURLToPath(new URL("../../golden/arena.d.ts", import.meta.url));
const TOOLS = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));
const ENV = { ...process.env, PATH: `${TOOLS}${delimiter}${process.env.PATH}` };

/** @type {string} */
let folder;
/** @type {{ path: string, size: number }[]} */
let files;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "tickwire-package-"));
  const sdk = join(folder, "sdk");
  cpSync(SDK, sdk, { recursive: true, filter: (path) => !/node_modules|[/\\]types$/.test(path) });
  const log = execFileSync("npm", ["pack", "--json", "--silent"], { cwd: sdk, env: ENV, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const [packed] = JSON.parse(log.slice(log.indexOf("[")));
  files = packed.files;
  const home = join(folder, "consumer", "node_modules", "tickwire");
  mkdirSync(home, { recursive: true });
  execFileSync("tar", ["-xzf", join(sdk, packed.filename), "--strip-components", "1", "-C", home]);
  cpSync(CONSUMER, join(folder, "consumer"), { recursive: true });
  cpSync(TYPES, join(folder, "consumer", "arena.d.ts"));
  writeFileSync(join(folder, "consumer", "package.json"), '{ "type": "module" }\n');
});

after(() => rmSync(folder, { recursive: true, force: true }));

test("it holds modules, their types, its page, its description and its licences, and nothing else", () => {
  const paths = files.map(({ path }) => path);
  const modules = paths.filter((path) => /^([a-z0-9_]+\/)?[a-z0-9_]+\.js$/.test(path));
  const types = paths.filter((path) => /^types\/([a-z0-9_]+\/)?[a-z0-9_]+\.d\.ts$/.test(path));
  const others = paths.filter((path) => !modules.includes(path) && !types.includes(path));
  assert.deepEqual(others.sort(), ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "package.json"]);
  for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) {
    const [packed, own] = [join(folder, "consumer/node_modules/tickwire", name), new URL(`../../../${name}`, import.meta.url)];
    assert.equal(readFileSync(packed, "utf8"), readFileSync(own, "utf8"), `${name} is the project's`);
  }
  assert.deepEqual(modules.map((path) => `types/${path.replace(/\.js$/, ".d.ts")}`).sort(), types.sort(), "each module has its types");
  assert.ok(modules.includes("index.js") && modules.includes("wire/close_code.js"));
  const bytes = files.filter(({ path }) => modules.includes(path)).reduce((sum, { size }) => sum + size, 0);
  assert.ok(bytes < 420_000, `${bytes} bytes of modules`);
});

test("it names no dependency, and every module that is imported is there", () => {
  const description = JSON.parse(readFileSync(join(folder, "consumer/node_modules/tickwire/package.json"), "utf8"));
  assert.deepEqual([description.name, description.type, description.dependencies], ["tickwire", "module", undefined]);
  for (const { path } of files.filter(({ path }) => path.endsWith(".js"))) {
    const text = readFileSync(join(folder, "consumer/node_modules/tickwire", path), "utf8");
    for (const [, from] of text.matchAll(/^(?:import|export) [^;]*? ?from "([^"]+)"/gms)) {
      const target = join(path, "..", from).replaceAll("\\", "/");
      assert.ok(files.some((file) => file.path === target), `${path} imports ${from}`);
    }
  }
});

test("a strict project compiles against it, with full types", () => {
  execFileSync("tsc", ["-p", "tsconfig.json"], { cwd: join(folder, "consumer"), env: ENV, stdio: ["ignore", "inherit", "inherit"] });
});

test("node imports it by its name, and gets what a page gets", () => {
  const program = 'import * as sdk from "tickwire"; console.log(Object.keys(sdk).sort().join(" "))';
  writeFileSync(join(folder, "consumer", "import.js"), program);
  const said = execFileSync(process.execPath, ["import.js"], { cwd: join(folder, "consumer"), encoding: "utf8" });
  assert.equal(said.trim(), "CLOSE_CODES PROTOCOL PROTOCOL_OLDEST Room TickwireError connect keptRoom mapsHash");
});
