// What a picture costs the page's main thread, with everything: messages, digests, prediction, drawing, layout. And how often one comes.
//
//   node tests/browser/measure.js [BOTS] [SECONDS]
//
// Traces a real match in a real browser and adds up the main thread's tasks from one picture to the next. Needs what the stories need (see
// tests/run, phase "browser").
//
// Never here: checks (see playwright/).

import { enter, look, startBrowser, until } from "./playwright/browser.js";
import { sendBots, startServer } from "./playwright/server.js";

const [botCount, seconds] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 20)];
const server = await startServer();
const browser = await startBrowser(server.ca);
const bots = sendBots(server, { room: "measured", bots: botCount, seconds: seconds + 30 });
try {
  const page = await browser.page();
  await enter(page, server.url, { name: "Measured", room: "measured" });
  await until(page, ({ figures }) => figures.length > botCount);
  await page.mouse.move(820, 260);
  await page.mouse.down();
  await page.keyboard.down("KeyD");
  await page.waitForTimeout(3000);
  await page.context().browser().startTracing(page, { categories: ["toplevel", "devtools.timeline", "__metadata"] });
  const keys = ["KeyS", "KeyA", "KeyW", "KeyD"];
  for (let turn = 0; turn < seconds * 2; turn++) {
    await page.keyboard.down(keys[turn % 4]);
    await page.waitForTimeout(500);
    await page.keyboard.up(keys[turn % 4]);
  }
  const trace = JSON.parse((await page.context().browser().stopTracing()).toString());
  const { stats, drawing } = await look(page);
  console.log(report(trace.traceEvents));
  console.log(`by the page's own meter: ${drawing.framesPerSecond.toFixed(1)} pictures per second, p50 ${drawing.workMsP50.toFixed(2)} ms, ` +
    `p95 ${drawing.workMsP95.toFixed(2)} ms (without messages and layout)`);
  console.log(`${stats.entityCount} entities, ${Math.round(stats.bytesInPerSecond)} bytes per second, ${stats.digestsChecked} digests, ${stats.digestsWrong} wrong`);
} finally {
  await bots.stop();
  await browser.stop();
  await server.stop();
}

function report(events) {
  const animations = events.filter(({ name, ph }) => name === "FireAnimationFrame" && ph === "X").sort((one, other) => one.ts - other.ts);
  const { pid, tid } = animations[0];
  const tasks = events.filter((event) => event.ph === "X" && event.pid === pid && event.tid === tid && /RunTask$/.test(event.name))
    .sort((one, other) => one.ts - other.ts);
  const pictures = [];
  const processor = [];
  let at = 0;
  let endOfLast = 0;
  for (let picture = 1; picture < animations.length; picture++) {
    let [work, used] = [0, 0];
    for (; at < tasks.length && tasks[at].ts < animations[picture].ts; at++) {
      // Tasks within tasks count once.
      if (tasks[at].ts < endOfLast) continue;
      endOfLast = tasks[at].ts + tasks[at].dur;
      if (tasks[at].ts < animations[0].ts) continue;
      work += tasks[at].dur / 1000;
      used += (tasks[at].tdur ?? tasks[at].dur) / 1000;
    }
    pictures.push(work);
    processor.push(used);
  }
  for (const costs of [pictures, processor]) costs.sort((one, other) => one - other);
  const share = (part) => `${pictures[Math.floor(pictures.length * part)].toFixed(2)} ms (${processor[Math.floor(processor.length * part)].toFixed(2)} of them on the processor)`;
  const lasted = (animations.at(-1).ts - animations[0].ts) / 1e6;
  return `${pictures.length} pictures in ${lasted.toFixed(1)} s: ${(pictures.length / lasted).toFixed(1)} per second; main thread's work per picture ` +
    `p50 ${share(0.5)}, p95 ${share(0.95)}, p99 ${share(0.99)}`;
}
