// Makes the pictures of the README: the lobby, a match, and a few seconds of it that move.
//
//   node tests/browser/pictures.js FOLDER
//
// Plays a real match against bots in a real browser; needs what the stories need (see tests/run, phase "browser"), ImageMagick for the
// picture that moves, and looks best where the font Inter is installed.
//
// Never here: checks (see playwright/).

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { enter, look, startBrowser, until } from "./playwright/browser.js";
import { sendBots, startServer } from "./playwright/server.js";

/** Pictures of the one that moves, and milliseconds between two. */
const [FRAMES, APART_MS] = [56, 100];
/** Width of the one that moves. */
const MOVING_WIDTH = 640;

const folder = resolve(process.argv[2] ?? "assets/pictures");
const scratch = mkdtempSync(join(tmpdir(), "tickwire-pictures-"));
const server = await startServer({ settings: '[game.settings]\nmap = "courtyard"\nmode = "teams"\nkills = "0"\n' });
const browser = await startBrowser(server.ca);
const bots = [
  sendBots(server, { room: "courtyard-cup", bots: 14, seconds: 120 }),
  sendBots(server, { room: "quiet-evening", bots: 5, seconds: 120, behaviour: "wander" }),
];
try {
  const page = await browser.page();
  await page.waitForTimeout(4000);
  await page.goto(server.url);
  await page.fill("#name", "Ada");
  await page.getByText("quiet-evening").waitFor();
  await page.waitForTimeout(2500);
  await page.screenshot({ path: join(folder, "lobby.png") });
  await enter(page, server.url, { name: "Ada", room: "courtyard-cup" });
  await picture(page, join(folder, "arena.png"));
  await film(page);
  execFileSync("convert", ["-delay", String(APART_MS / 10), "-loop", "0", join(scratch, "*.png"), "-resize", `${MOVING_WIDTH}x`, "+dither", "-colors", "72", "-fuzz", "3%",
    "-layers", "OptimizeTransparency", join(folder, "arena.gif")], { stdio: "inherit" });
} finally {
  await Promise.all(bots.map((one) => one.stop()));
  await browser.stop();
  await server.stop();
  rmSync(scratch, { recursive: true, force: true });
}

/** One picture of a moment at which much goes on around us. */
async function picture(page, path) {
  await page.keyboard.press("F3");
  // So that what is measured over seconds is there.
  for (let turn = 0; turn < 30; turn++) await fight(page);
  let best = -1;
  for (let turn = 0; turn < 60; turn++) {
    await fight(page);
    const { own, figures, rocketCount } = await look(page);
    if (own === null || own.hp === 0) continue;
    const near = figures.filter(({ x, y, hp }) => hp > 0 && Math.abs(x - own.x) < 220 && Math.abs(y - own.y) < 125).length;
    if (near + 2 * rocketCount <= best) continue;
    best = near + 2 * rocketCount;
    await page.screenshot({ path });
  }
  await page.keyboard.press("F3");
}

/** Pictures one after the other, while the player goes on fighting. */
async function film(page) {
  await until(page, ({ own }) => own?.hp > 0);
  let over = false;
  const fighting = (async () => { while (!over) await fight(page); })();
  for (let at = 0; at < FRAMES; at++) {
    const began = Date.now();
    await page.screenshot({ path: join(scratch, `${String(at).padStart(3, "0")}.png`) });
    await page.waitForTimeout(Math.max(APART_MS - (Date.now() - began), 0));
  }
  over = true;
  await fighting;
  await page.mouse.up();
}

/** Aims at the nearest enemy and shoots if it is near, now and then with a rocket; goes towards it, or aside. */
async function fight(page) {
  const aim = await page.evaluate(() => {
    const { scene } = globalThis.tickwire;
    if (scene.own === null) return null;
    const { own } = scene;
    const foes = scene.figures.slice(0, scene.figureCount).filter(({ hp, faction }) => hp > 0 && faction !== own.faction);
    foes.sort((one, other) => Math.hypot(one.x - own.x, one.y - own.y) - Math.hypot(other.x - own.x, other.y - own.y));
    if (foes.length === 0) return null;
    const [x, y] = [foes[0].x - own.x, foes[0].y - own.y];
    const angle = Math.atan2(y, x);
    const at = (reach) => ({ x: innerWidth / 2 + Math.cos(angle) * reach, y: innerHeight / 2 + Math.sin(angle) * reach });
    return { pointer: at(150), isNear: Math.hypot(x, y) < 150, right: x > 0, down: y > 0 };
  });
  if (aim === null) return;
  await page.mouse.move(aim.pointer.x, aim.pointer.y);
  if (Math.random() < 0.2) await page.keyboard.press("KeyQ");
  if (aim.isNear) await page.mouse.down();
  else await page.mouse.up();
  const key = Math.random() < 0.5 ? (aim.right ? "KeyD" : "KeyA") : (aim.down ? "KeyS" : "KeyW");
  await page.keyboard.down(key);
  if (Math.random() < 0.15) await page.keyboard.press("Space");
  await page.waitForTimeout(200);
  await page.keyboard.up(key);
}
