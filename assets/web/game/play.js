// A match, from the wish to play to the way back: the room, the picture sixty times a second, what stops it.
//
//   wish ─► connect ─► room ─┬► every picture: hands ─► input · view ─► scene ─► watcher ─► picture ─► numbers around it
//                            ├► told ─► news
//                            └► drop, reconnect, leave, error ─► overlay
//
// Never here: the wire (see the SDK), how anything looks (see draw/, hud/).

import { connect } from "../sdk/index.js";
import { tuningAt } from "./constants.js";
import { FrameMeter } from "./frame_meter.js";
import { Hud } from "./hud/hud.js";
import { Menu } from "./hud/menu.js";
import { Overlay } from "./hud/overlay.js";
import { Controls } from "./input/controls.js";
import { MapShelf } from "./map_shelf.js";
import { tell } from "./news.js";
import { cut, part, reveal } from "./page.js";
import { predicting } from "./predicting.js";
import { Spectating } from "./spectating.js";
import { Stage } from "./stage.js";
import { tabStore } from "./settings.js";
import { sayAlone, sayAttempt, sayFault, sayRefusal, sayResumed, sentence, truer } from "./told.js";
import { Watcher } from "./watcher.js";
import { RIFLE, ROCKET_LAUNCHER } from "./weapon.js";

/** @typedef {import("./lobby.js").Wish} Wish */
/** @typedef {import("../sdk/room.js").Room<any>} Room */
/** @typedef {import("./arena.js").ArenaView} ArenaView */

/** Bytes that a Hello has for a name. */
const NAME_BYTES_MAX = 32;

export class Play {
  /**
   * @param {import("./settings.js").Settings} settings
   * @param {import("./sound.js").Sound} sound
   * @param {() => void} left back to the lobby
   */
  constructor(settings, sound, left) {
    this.settings = settings;
    this.left = left;
    this.root = part("game");
    this.surface = part("arena");
    this.shelf = new MapShelf();
    this.meter = new FrameMeter();
    const back = () => this.listens() ? this.surface.focus() : this.overlay.focus();
    this.overlay = new Overlay(() => this.again(), () => this.quit());
    this.menu = new Menu(settings, { giveUp: () => this.giveUp(), leave: () => this.quit(), closed: back });
    this.hud = new Hud(this.meter, (text, team) => this.say(text, team), back);
    this.stage = new Stage(sound, settings, this.hud);
    this.watcher = new Watcher();
    this.spectating = new Spectating();
    this.controls = new Controls(this.root, this.surface, (act) => this.act(act), () => this.listens(), () => this.stage.picture.fit());
    /** @type {Room | null} */
    this.room = null;
    /** @type {Wish} */
    this.wish = { name: "", watch: false };
    this.ends = new AbortController();
    /** What went wrong last, as it was told. */
    this.complained = "";
    /** @type {import("../sdk/types.js").Ending | null} why we are not in any more, while we try to come in again */
    this.lost = null;
    this.isDead = false;
    this.tickRateHz = 30;
    this.dashTicks = 1;
    addEventListener("resize", () => this.stage.picture.fit());
    settings.follow(() => { this.stage.picture.showsNames = settings.choices.names; });
  }

  /** Whether keys are for the game now. */
  listens() {
    return this.room !== null && !this.hud.chat.isOpen && !this.menu.isOpen && !this.overlay.isOpen;
  }

  /**
   * Goes where somebody wants to go.
   * @param {Wish} wish
   */
  async enter(wish) {
    this.wish = wish;
    this.root.hidden = false;
    this.stage.picture.fit();
    this.complained = "";
    this.lost = null;
    this.hud.clear();
    this.stage.clear();
    this.controls.drop();
    this.overlay.show({ title: "Connecting", text: `Going to ${wish.room ?? "any room with space"}.`, waits: true });
    const ends = this.ends = new AbortController();
    try {
      const room = await connect(location.origin, this.options(wish, ends.signal));
      if (ends.signal.aborted) return;
      this.room = room;
      this.overlay.hide();
      this.surface.focus();
      requestAnimationFrame((nowMs) => this.frame(nowMs, room));
    } catch (error) {
      if (ends.signal.aborted) return;
      // It was full by then, or gone: the server knows another.
      if (wish.isAny && wish.room !== undefined) this.enter({ ...wish, room: undefined });
      else this.refused(error);
    }
  }

  /**
   * @param {Wish} wish
   * @param {AbortSignal} signal
   * @returns {import("../sdk/types.js").ConnectOptions<any>}
   */
  options({ room, name, watch }, signal) {
    return {
      ...(room === undefined ? {} : { room }),
      ...(watch ? {} : { predict: predicting(this.shelf) }),
      name: cut(name, NAME_BYTES_MAX) || "player",
      watch,
      signal,
      store: this.settings.store,
      seatStore: tabStore(),
      on: {
        connect: (agreement) => this.agreed(agreement),
        spawn: (entity) => this.stage.meet(entity),
        despawn: (entity) => this.stage.cause.left(entity),
        snapshot: ({ tick }) => {
          this.stage.cause.frame(tick);
          this.hud.netGraph.frame(performance.now());
        },
        event: (event) => tell(this.stage, event),
        notice: (notice) => this.hud.notices.tell(notice, performance.now()),
        drop: (drop) => this.dropped(drop),
        resume: (resumed) => this.hud.chat.note(sayResumed(resumed)),
        reconnect: () => {
          this.lost = null;
          this.overlay.hide();
          this.surface.focus();
        },
        leave: (ending) => this.over(ending, signal),
        error: (error) => this.complain(error),
      },
    };
  }

  /** We are in, perhaps again. @param {import("../sdk/agreement.js").Agreement} agreement */
  agreed(agreement) {
    this.tickRateHz = agreement.tickRateHz;
    this.dashTicks = tuningAt(agreement.tickRateHz).dashTicks;
    this.watcher.clear();
    this.controls.hands.begin();
    this.shelf.fill(agreement).then(() => {
      if (this.shelf.problem !== "") this.hud.chat.note(this.shelf.problem);
    });
  }

  /** We are out and try to come in again. Why we are out stays true while nobody answers. @param {import("../sdk/types.js").Drop} drop */
  dropped(drop) {
    this.lost = truer(this.lost, drop);
    this.controls.drop();
    this.stage.clear();
    this.hud.notices.clear();
    this.menu.close();
    const seat = drop.seatKept ? " Your seat is kept for a while." : "";
    const text = `${sentence(this.lost.text)}${seat} ${sayAttempt(drop.attempt, drop.retryInMs)}`;
    this.overlay.show({ title: "The connection is lost", text, waits: true });
  }

  /** @param {import("../sdk/types.js").Ending} ending @param {AbortSignal} signal */
  over(ending, signal) {
    if (signal.aborted || this.room === null) return;
    this.room = null;
    this.hud.notices.clear();
    this.menu.close();
    const { text, fault, comeAgain } = truer(this.lost, ending);
    const title = fault === "nobody" ? "It is over" : "You are out";
    this.overlay.show({ title, text, again: comeAgain !== "never" });
  }

  /**
   * Something went wrong, and the match goes on: whose fault it is, and what to do. Once, however often it does.
   * @param {import("../sdk/errors.js").TickwireError} error
   */
  complain(error) {
    if (error.code === "listener") console.error(error.message, error.cause);
    const text = sayFault(error);
    if (text !== this.complained) this.hud.chat.note(text);
    this.complained = text;
  }

  /** @param {unknown} error */
  refused(error) {
    this.overlay.show({ title: "Could not get in", text: error instanceof Error ? error.message : String(error), again: true });
  }

  /** Tries the same again. */
  again() {
    this.enter(this.wish);
  }

  /** Back to the lobby. */
  quit() {
    const room = this.room;
    this.room = null;
    this.root.hidden = true;
    room?.leave();
    this.ends.abort();
    this.overlay.hide();
    this.left();
  }

  giveUp() {
    // Who is dead already hears "no", and is none the worse for it.
    this.room?.request("GiveUp", {}).catch(() => {});
  }

  /** @param {string} text @param {boolean} team */
  async say(text, team) {
    if (this.room === null) return;
    this.hud.notices.done("unchanged");
    if (this.wish.watch) {
      this.hud.chat.note("who looks on can not speak");
      return;
    }
    try {
      const answer = await this.room.request("Say", { team, text });
      if (!answer.done) this.hud.chat.note(sayRefusal(answer.reason));
    } catch (error) {
      this.hud.chat.note(error instanceof Error ? error.message : "not said");
    }
  }

  /** @param {import("./input/keyboard.js").Act} act */
  act(act) {
    if (act === "scoreEnd") this.hud.scoreboard.held = false;
    if (act === "menu" && this.menu.isOpen) this.menu.close();
    else if (this.listens()) this.do(act);
  }

  /** @param {import("./input/keyboard.js").Act} act */
  do(act) {
    if (act === "score") {
      this.hud.scoreboard.held = true;
    } else if (act === "chat" || act === "teamChat") {
      this.controls.drop();
      this.hud.chat.open(act === "teamChat");
    } else if (act === "menu") {
      this.controls.drop();
      this.menu.open(!this.wish.watch);
    } else if (act === "net") {
      this.settings.choose({ netGraph: !this.settings.choices.netGraph });
    } else if (act === "mute") {
      this.settings.choose({ sound: !this.settings.choices.sound });
      this.hud.chat.note(this.settings.choices.sound ? "sound on" : "sound off");
    } else if (act === "next" && this.wish.watch) {
      this.spectating.next(this.stage.scene);
    }
  }

  /**
   * One picture.
   * @param {number} nowMs
   * @param {Room} room
   */
  frame(nowMs, room) {
    if (this.room !== room) return;
    // First of all: whatever fails in this picture, there is a next one.
    requestAnimationFrame((next) => this.frame(next, room));
    const began = performance.now();
    const { stage } = this;
    const { scene } = stage;
    const view = /** @type {ArenaView} */ (room.view(nowMs));
    scene.take(view, stage.roster, stage.map);
    stage.me = view.me?.id ?? null;
    stage.predicts = view.state !== null;
    stage.map = scene.match === null ? null : this.shelf.maps[this.shelf.position(scene.match.map)] ?? null;
    const aimed = this.controls.look(nowMs);
    const pointer = this.wish.watch ? this.lookOn(nowMs) : this.lookAhead(room, aimed, nowMs);
    this.watcher.watch(stage, view.state, view.ghosts, this.controls.hands.fires, nowMs);
    stage.picture.draw(scene, stage.map, pointer, nowMs);
    reveal(stage.minimap.canvas, stage.map !== null);
    if (stage.map !== null) stage.minimap.draw(stage.map, scene, stage.picture.camera, this.wish.watch, nowMs);
    stage.soothe(nowMs);
    const stats = this.settings.choices.netGraph ? () => room.stats : null;
    const [left, death, standing] = [this.leftOf(view), this.death(), this.standing()];
    this.hud.show({ scene, left, death, standing, room: this.wish.room ?? "", tickRateHz: this.tickRateHz, stats }, nowMs);
    this.meter.note(began, performance.now());
  }

  /** A spectator looks at whom it follows. @param {number} nowMs */
  lookOn(nowMs) {
    const { scene, picture, map } = this.stage;
    this.spectating.look(scene, map);
    picture.look(this.spectating.x, this.spectating.y, null, map, nowMs);
    return null;
  }

  /**
   * A player looks where it is and a little where it aims; and its hands act. Where to draw what it aims with.
   * @param {Room} room
   * @param {{ x: number, y: number } | null} pointer
   * @param {number} nowMs
   */
  lookAhead(room, pointer, nowMs) {
    const { scene: { own }, picture, map } = this.stage;
    const { hands } = this.controls;
    if (own !== null) {
      picture.look(own.x, own.y, pointer, map, nowMs);
      if (pointer !== null) {
        const { camera, ratio } = picture;
        hands.aimAlong(pointer.x * ratio - camera.screenX(own.x), pointer.y * ratio - camera.screenY(own.y));
      }
      // The own barrel turns with the hand, not a round trip later.
      own.aim = this.controls.aim;
    }
    const values = room.state === "playing" ? hands.take() : null;
    if (values !== null) {
      room.sendInput(values);
      this.hud.notices.done("unchanged");
    }
    // A thumb needs no cross: the barrel shows where it aims.
    return pointer ?? (own === null || this.controls.touch.isShown ? null : picture.ahead(own));
  }

  /** What the player has left: as predicted, else as the server said. @param {ArenaView} view */
  leftOf({ state, me }) {
    const { own } = this.stage.scene;
    const body = me?.components.Body;
    if (own === null || body === undefined) return null;
    const { hp } = own;
    const { dashTicks } = this;
    if (state !== null) return { hp, weapon: state.weapon, rounds: state.rounds, rockets: state.rockets, dashIn: state.dashIn, dashTicks };
    const weapon = body.weapon === "RocketLauncher" ? ROCKET_LAUNCHER : RIFLE;
    return { hp, weapon, rounds: body.rounds, rockets: body.rockets, dashIn: body.dash_in, dashTicks };
  }

  /** How we died; null: we live, or only look on. */
  death() {
    const { scene: { own }, death } = this.stage;
    const wasDead = this.isDead;
    this.isDead = own !== null && own.hp === 0;
    // The kill is told before the picture shows it: only a life that begins ends it.
    if (wasDead && !this.isDead) this.stage.death = null;
    return this.isDead ? death ?? { who: "You died", how: "", atMs: NaN } : null;
  }

  /** What is to be read where nothing was told. */
  standing() {
    const { scene } = this.stage;
    if (this.wish.watch) {
      const followed = scene.find(this.spectating.followed);
      return followed === null ? "Waiting for the delayed picture" : `Watching ${followed.name}`;
    }
    if (this.shelf.problem !== "") return "The map could not be had: you play blind, and nothing is predicted.";
    if (scene.match?.phase === "WarmUp") return "Warm-up";
    if (scene.figureCount !== 1) return "";
    // Nobody types a command on a phone.
    return this.controls.touch.isShown ? "Nobody else is here yet. Send somebody the address." : sayAlone(this.wish.room, location.host);
  }
}
