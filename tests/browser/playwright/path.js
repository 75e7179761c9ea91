// The path between a browser and a server: a TCP proxy that hands bytes on late, can cut all lines, and can refuse new ones.
//
// Never here: what travels.

import { connect, createServer } from "node:net";

/**
 * A path to a port of this machine.
 * @param {number} to
 * @param {{ delayMs?: number, jitterMs?: number }} [how] once per direction; bytes keep their order
 */
export async function openPath(to, { delayMs = 0, jitterMs = 0 } = {}) {
  const lines = new Set();
  let refuses = false;
  let stalledUntil = 0;
  const server = createServer((near) => {
    if (refuses) {
      near.destroy();
      return;
    }
    const far = connect(to, "127.0.0.1");
    for (const [from, other] of [[near, far], [far, near]]) {
      lines.add(from);
      from.setNoDelay(true);
      carry(from, other, () => Math.max(Date.now() + delayMs + (Math.random() * 2 - 1) * jitterMs, stalledUntil));
      from.on("error", () => other.destroy());
      from.on("close", () => { lines.delete(from); other.destroy(); });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${server.address().port}`,
    /** Cuts every line without a word. */
    cut() { for (const line of lines) line.resetAndDestroy(); },
    /** From now on (or not any more) nobody gets through. */
    refuse(on) { refuses = on; },
    /** Nothing gets through for a while. */
    stall(forMs) { stalledUntil = Date.now() + forMs; },
    async close() {
      for (const line of lines) line.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Hands bytes on in order, each piece when it is due. */
function carry(from, to, due) {
  const waiting = [];
  let timer = null;
  let last = 0;
  const hand = () => {
    timer = null;
    while (waiting.length > 0 && waiting[0].at <= Date.now()) to.write(waiting.shift().bytes);
    if (waiting.length > 0) timer = setTimeout(hand, Math.max(waiting[0].at - Date.now(), 1));
  };
  from.on("data", (bytes) => {
    last = Math.max(due(), last);
    if (waiting.length === 0 && last <= Date.now()) to.write(bytes);
    else {
      waiting.push({ at: last, bytes });
      timer ??= setTimeout(hand, Math.max(waiting[0].at - Date.now(), 1));
    }
  });
  from.on("end", () => setTimeout(() => to.end(), Math.max(last - Date.now(), 0)));
}
