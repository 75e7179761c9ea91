// What a picture costs the page's main thread, and how often one comes: of the last few hundred.
//
// Never here: what the network does (see hud/net_graph.js).

/** Pictures that are remembered. */
const PICTURES = 600;

export class FrameMeter {
  constructor() {
    this.work = new Float64Array(PICTURES);
    this.apart = new Float64Array(PICTURES);
    this.count = 0;
    this.lastMs = 0;
  }

  /**
   * A picture was drawn.
   * @param {number} beganMs
   * @param {number} endedMs
   */
  note(beganMs, endedMs) {
    const place = this.count % PICTURES;
    this.work[place] = endedMs - beganMs;
    this.apart[place] = this.count === 0 ? 0 : beganMs - this.lastMs;
    this.lastMs = beganMs;
    this.count += 1;
  }

  /** Pictures per second, and milliseconds of work for one: half of them are below p50, 95 of 100 below p95. */
  reading() {
    const known = Math.min(this.count, PICTURES);
    if (known === 0) return { framesPerSecond: 0, workMsP50: 0, workMsP95: 0, pictures: 0 };
    const work = this.work.slice(0, known).sort();
    const apart = this.apart.subarray(0, known).reduce((sum, one) => sum + one, 0);
    return {
      framesPerSecond: apart > 0 ? 1000 * Math.max(known - 1, 1) / apart : 0,
      workMsP50: work[Math.floor(known * 0.5)],
      workMsP95: work[Math.floor(known * 0.95)],
      pictures: this.count,
    };
  }
}
