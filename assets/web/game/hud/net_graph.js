// How the path and the proof fare: on F3.
//
//   frames as they came, milliseconds apart ─► a line each, the tick as a mark
//   round trip, jitter, bytes, age, corrections, digests ─► numbers, four times a second
//
// Never here: how it is measured (see the SDK's stats, frame_meter.js).

import { make, part, reveal } from "../page.js";

/** Frames that are shown. */
const FRAMES = 118;
/** Milliseconds between two looks at the numbers. */
const EVERY_MS = 250;
/** Milliseconds that the height of the picture stands for. */
const HEIGHT_MS = 120;

export class NetGraph {
  constructor() {
    this.root = part("net-graph");
    this.canvas = /** @type {HTMLCanvasElement} */ (part("net-lines"));
    this.context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.numbers = part("net-numbers");
    this.apart = new Float32Array(FRAMES);
    this.count = 0;
    this.lastMs = 0;
    this.shownMs = 0;
    /** @type {Map<string, HTMLElement>} */
    this.lines = new Map();
  }

  /** A state frame came. @param {number} nowMs */
  frame(nowMs) {
    this.apart[this.count % FRAMES] = this.count === 0 ? 0 : nowMs - this.lastMs;
    this.count += 1;
    this.lastMs = nowMs;
  }

  /**
   * @param {() => import("../../sdk/types.js").Stats} ask for the numbers: only when they are looked at
   * @param {ReturnType<import("../frame_meter.js").FrameMeter["reading"]>} drawing
   * @param {number} tickMs
   * @param {number} nowMs
   */
  show(ask, drawing, tickMs, nowMs) {
    reveal(this.root, true);
    if (nowMs - this.shownMs < EVERY_MS) return;
    this.shownMs = nowMs;
    this.draw(tickMs);
    const stats = ask();
    const { prediction } = stats;
    this.line("round trip", `${stats.rttMs.toFixed(1)} ms`);
    this.line("jitter", `${stats.jitterMs.toFixed(1)} ms`);
    this.line("bytes in · out per s", `${kilo(stats.bytesInPerSecond)} · ${kilo(stats.bytesOutPerSecond)}`);
    this.line("state frames per s", stats.framesPerSecond.toFixed(0));
    this.line("snapshot age", `${stats.snapshotAgeMs.toFixed(0)} ms`);
    this.line("others drawn late by", `${stats.interpolationMs.toFixed(0)} ms`);
    this.line("inputs early by", `${stats.leadMs.toFixed(0)} ms`);
    this.line("inputs late", `${stats.inputsLate} of ${stats.inputsSent}`);
    this.line("corrections", String(stats.corrections), prediction.unexplained > 0 ? "bad" : "");
    this.line("digests proven", String(stats.digestsChecked), stats.digestsWrong === 0 ? "good" : "");
    this.line("digests wrong", String(stats.digestsWrong), stats.digestsWrong > 0 ? "bad" : "good");
    this.line("entities", String(stats.entityCount));
    this.line("pictures per s", drawing.framesPerSecond.toFixed(0));
    this.line("work each, p95", `${drawing.workMsP95.toFixed(1)} ms`);
  }

  hide() {
    reveal(this.root, false);
  }

  /** @param {string} name @param {string} value @param {string} [mood] */
  line(name, value, mood = "") {
    let place = this.lines.get(name);
    if (place === undefined) {
      place = make("dd", "");
      this.lines.set(name, place);
      this.numbers.append(make("dt", "", name), place);
    }
    if (place.textContent !== value) place.textContent = value;
    if (place.className !== mood) place.className = mood;
  }

  /** @param {number} tickMs */
  draw(tickMs) {
    const { canvas, context } = this;
    canvas.width = FRAMES * 4;
    canvas.height = 112;
    const perMs = canvas.height / HEIGHT_MS;
    context.strokeStyle = "#2a3756";
    context.strokeRect(0, canvas.height - tickMs * perMs, canvas.width, 0.5);
    for (let at = 0; at < Math.min(this.count, FRAMES); at++) {
      const apart = this.apart[(this.count + at) % FRAMES];
      context.fillStyle = apart > 2.5 * tickMs ? "#ff7a52" : apart > 1.5 * tickMs ? "#f2c14e" : "#63d2ff";
      const height = Math.min(apart * perMs, canvas.height);
      context.fillRect(at * 4, canvas.height - height, 3, height);
    }
  }
}

/** @param {number} bytes */
function kilo(bytes) {
  return bytes < 1000 ? `${bytes.toFixed(0)} B` : `${(bytes / 1000).toFixed(1)} kB`;
}
