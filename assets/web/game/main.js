// Where the page begins: settings, sound, the lobby, and the match that it leads to, or that was played when the page was loaded anew.
//
// Never here: anything that one of them can do itself.

import { keptRoom } from "../sdk/index.js";
import { drawBackdrop } from "./backdrop.js";
import { Lobby } from "./lobby.js";
import { part } from "./page.js";
import { Play } from "./play.js";
import { Settings, browserStore, tabStore } from "./settings.js";
import { Sound } from "./sound.js";

const settings = new Settings(browserStore());
const sound = new Sound();
settings.follow(() => sound.setVolume(settings.choices.sound ? (settings.choices.volume / 100) ** 2 : 0));
for (const touched of ["pointerdown", "keydown"]) addEventListener(touched, () => sound.wake(), { passive: true });

const play = new Play(settings, sound, () => lobby.show(true));
const lobby = new Lobby(settings, (wish) => {
  lobby.show(false);
  play.enter(wish);
});

// Who loaded the page anew in a match goes on there; who came by an address has the lobby.
const [visit] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
const kept = visit?.type === "reload" ? keptRoom(tabStore(), location.origin) : null;
if (kept !== null) lobby.go({ room: kept });

const backdrop = /** @type {HTMLCanvasElement} */ (part("backdrop"));
drawBackdrop(backdrop);
addEventListener("resize", () => drawBackdrop(backdrop));

// For the console, and for tests: what is played, how the network does, what a picture costs.
Object.defineProperty(globalThis, "tickwire", {
  value: Object.freeze({
    get room() { return play.room; },
    get stats() { return play.room?.stats ?? null; },
    get drawing() { return play.meter.reading(); },
    get scene() { return play.stage.scene; },
  }),
});
