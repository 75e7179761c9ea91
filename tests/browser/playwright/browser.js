// A real browser that verifies the server's certificate, and pages that notice everything that goes wrong on them.
//
//   dev-ca.pem ─► certutil ─► a HOME of its own ─► Chromium trusts this authority, and nothing is ignored
//
// Never here: what a page should show (see the stories).

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const CHROMIUM = process.env.TICKWIRE_CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync) ?? "chromium";
/** Where pictures of failures go: they outlive the run. */
const PICTURES = process.env.TICKWIRE_PICTURES ?? join(tmpdir(), "tickwire-failures");

/**
 * Starts a browser that trusts this authority.
 * @param {string} ca
 */
export async function startBrowser(ca) {
  const home = mkdtempSync(join(tmpdir(), "tickwire-home-"));
  const store = join(home, ".pki", "nssdb");
  mkdirSync(store, { recursive: true });
  execFileSync("certutil", ["-d", `sql:${store}`, "-N", "--empty-password"], { stdio: "pipe" });
  execFileSync("certutil", ["-d", `sql:${store}`, "-A", "-t", "C,,", "-n", "tickwire", "-i", ca], { stdio: "pipe" });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required"],
    env: { ...process.env, HOME: home },
  });
  return {
    /** A page of somebody else's machine: nothing is shared with another one's. */
    page: (options = {}) => openPage(browser, options),
    async stop() {
      await browser.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function openPage(browser, { expected = [], ...options }) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") wrong.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`page error: ${error.stack ?? error.message}`));
  await page.addInitScript(() => {
    globalThis.violations = [];
    addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
  });
  /** Nothing went wrong on it that this story does not speak of. */
  page.assertSound = async () => {
    const violations = await page.evaluate(() => globalThis.violations);
    assert.deepEqual([...violations, ...wrong.filter((one) => !expected.some((pattern) => pattern.test(one)))], []);
  };
  return page;
}

/**
 * Tells a story; if it fails, its pages are photographed and the error says where the pictures lie.
 * @param {object[]} pages
 * @param {() => Promise<void>} story
 */
export async function told(pages, story) {
  try {
    await story();
    for (const page of pages) await page.assertSound();
  } catch (error) {
    mkdirSync(PICTURES, { recursive: true });
    for (const [at, page] of pages.entries()) {
      const path = join(PICTURES, `${Date.now()}-${at}.png`);
      await page.screenshot({ path }).catch(() => {});
      error.message += `\n  page ${at}: ${path}`;
    }
    throw error;
  }
}

/** Goes from the lobby into a room; without one by the large button. */
export async function enter(page, url, { name, room, watch = false }) {
  await page.goto(url);
  if (name !== undefined) await page.fill("#name", name);
  if (watch) {
    await page.getByRole("button", { name: `Watch ${room}`, exact: true }).click();
  } else if (room === undefined) {
    await page.click("#play");
  } else {
    await page.fill("#room-name", room);
    await page.locator("#create-form button").click();
  }
  await page.waitForFunction(() => globalThis.tickwire.room !== null && globalThis.tickwire.scene.figureCount > 0, null, { timeout: 20_000 });
}

/** What a page holds and shows of the match, as plain data. */
export function look(page) {
  return page.evaluate(() => {
    const { scene, stats, room, drawing } = globalThis.tickwire;
    const plain = ({ id, x, y, hp, name, kills, deaths, shots, aim }) => ({ id, x, y, hp, name, kills, deaths, shots, aim });
    return {
      own: scene.own && plain(scene.own),
      figures: scene.figures.slice(0, scene.figureCount).map(plain),
      match: scene.match && { ...scene.match },
      rocketCount: scene.rocketCount + scene.launched.size,
      stats: stats && { ...stats, prediction: { ...stats.prediction } },
      state: room?.state ?? null,
      unpredicted: room?.unpredicted ?? null,
      drawing,
    };
  });
}

/** Waits until what a page shows is as wanted, and gives it. */
export async function until(page, wanted, { timeoutMs = 20_000, what = wanted.toString() } = {}) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look(page);
    if (wanted(seen)) return seen;
    if (Date.now() > end) assert.fail(`did not come: ${what}; seen: ${JSON.stringify({ ...seen, figures: seen.figures.length })}`);
    await page.waitForTimeout(40);
  }
}
