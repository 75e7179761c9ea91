// Everything that stands around the picture, and when each part of it is looked at.
//
// Never here: what a part looks like (see its file).

import { Banner } from "./banner.js";
import { Chat } from "./chat.js";
import { Fallen } from "./fallen.js";
import { KillFeed } from "./kill_feed.js";
import { NetGraph } from "./net_graph.js";
import { Notices } from "./notices.js";
import { Round } from "./round.js";
import { Scoreboard } from "./scoreboard.js";
import { Vitals } from "./vitals.js";

/** Pictures between two readings of what a picture costs. */
const METER_EVERY = 30;

/**
 * What is to be shown.
 * @typedef {object} Shown
 * @property {import("../scene.js").Scene} scene
 * @property {import("./vitals.js").Left | null} left
 * @property {import("./fallen.js").Death | null} death how we died; null: we live
 * @property {string} standing what is to be read where nothing was told
 * @property {string} room
 * @property {number} tickRateHz
 * @property {(() => import("../../sdk/types.js").Stats) | null} stats asks for them; null: the net graph is closed
 */

export class Hud {
  /**
   * @param {import("../frame_meter.js").FrameMeter} meter
   * @param {(text: string, team: boolean) => void} say
   * @param {() => void} closed the chat was closed
   */
  constructor(meter, say, closed) {
    this.meter = meter;
    this.feed = new KillFeed();
    this.chat = new Chat(say, closed);
    this.banner = new Banner();
    this.vitals = new Vitals();
    this.fallen = new Fallen();
    this.round = new Round();
    this.scoreboard = new Scoreboard();
    this.netGraph = new NetGraph();
    this.notices = new Notices();
    this.reading = meter.reading();
    this.pictures = 0;
  }

  /** @param {Shown} shown @param {number} nowMs */
  show({ scene, left, death, standing, room, tickRateHz, stats }, nowMs) {
    this.vitals.show(death === null ? left : null);
    this.fallen.show(death, nowMs);
    this.round.show(scene.match, tickRateHz);
    this.banner.show(standing, nowMs);
    this.notices.show(nowMs);
    this.scoreboard.show(scene, room, nowMs);
    this.pictures += 1;
    if (stats === null) {
      this.netGraph.hide();
      return;
    }
    if (this.pictures % METER_EVERY === 1) this.reading = this.meter.reading();
    this.netGraph.show(stats, this.reading, 1000 / tickRateHz, nowMs);
  }

  /** A new room: what was said and done in another is not shown. */
  clear() {
    this.feed.clear();
    this.chat.clear();
    this.notices.clear();
    this.scoreboard.held = false;
  }
}
