// A room as a page sees it: one object from joining to leaving, however many connections that takes.
//
//   connecting ─► playing ◄─► paused           a line (socket and session) for each attempt; the world of the last one that got in is
//                  │   ▲                        shown until the next one is in
//             drop ▼   │ reconnect
//              reconnecting ─► over             leave: said once, and nothing after it
//
// Never here: bytes (see session), sockets (see socket), pictures.

import { Disagreement } from "./agreement.js";
import { deferred, within } from "./deferred.js";
import { TickwireError, closed, usage } from "./errors.js";
import { WRONG_VERSION, endingUnder, faultOf, thrown } from "./faults.js";
import { forget, remember } from "./known.js";
import { Line } from "./line.js";
import { Listeners, checkedEvent, report } from "./listeners.js";
import { isUpToDate } from "./outdated.js";
import { Reconnect, endingOf } from "./reconnect.js";
import { Requests } from "./requests.js";
import { Gauges } from "./stats.js";
import { checkedTicket, redirected } from "./target.js";
import { unitOf } from "./units.js";

/** @import { Agreement, Drop, Ending, Entity, Game, RoomEvents, Stats, View } from "./types.js" */
/** @import { Setting } from "./setting.js" */
/** @import { LineEnd } from "./line.js" */
/** @import { SessionEvent } from "./session.js" */
/** @import { Playing } from "./session/playing.js" */

/** Events that wait until the world is there. Over it the oldest is lost, and counted. */
export const EVENTS_HELD_MAX = 256;

/**
 * A room that was joined: `connect` gives it.
 * @template {Game} [G=Game]
 */
export class Room {
  /** @type {Setting} */ #setting;
  /** @type {Listeners} */ #listeners;
  /** @type {Line | null} */ #line = null;
  /** What is shown: of the last connection that got in. @type {Playing | null} */ #world = null;
  #isIn = false;
  #isOver = false;
  #isPaused = false;
  #gauges = new Gauges();
  /** @type {Reconnect} */ #reconnect;
  /** @type {any} */ #timer = null;
  /** For the next attempt. */ #waits = false;
  /** @type {any} */ #limit = null;
  /** @type {import("./target.js").Target | null} */ #elsewhere = null;
  /** Why we ended a connection ourselves. @type {TickwireError | null} */ #fault = null;
  #requests = new Requests();
  /** What this connection's game told before its world was there. @type {import("./types.js").GameEvent[]} */ #early = [];
  /** Who waits for the first time that we are in, or for the end. */
  #entered = deferred();
  #left = deferred();
  #wasIn = false;
  /** What the player wanted last, for the next connection. @type {Record<string, any>} */ #wanted = Object.create(null);

  /**
   * Use `connect`.
   * @param {Setting} setting
   */
  constructor(setting) {
    this.#setting = setting;
    this.#reconnect = new Reconnect(setting.retry, setting.random);
    this.#listeners = new Listeners((cause, name) => {
      // To tell it what itself threw would have no end.
      if (name === "error") return report(cause);
      const says = `a listener of the page threw: ${cause instanceof Error ? cause.message : cause}`;
      this.#complain(new TickwireError("listener", "page", says, "mend the listener", { cause }));
    });
    for (const [name, listener] of Object.entries(setting.on)) this.#listeners.add(checkedEvent(name), listener, null);
    setting.page?.addEventListener("visibilitychange", this.#noteVisibility);
    setting.signal?.addEventListener("abort", this.#noteAbort);
    setting.network?.addEventListener("online", this.#noteOnline);
    if (setting.kept.store !== null) setting.network?.addEventListener("pagehide", this.#notePageHide);
    this.#attempt();
  }

  /** Resolves when we are in for the first time. @returns {Promise<void>} */
  get entered() {
    return this.#entered.promise;
  }

  /**
   * Listens. Who listens to `connect` or `spawn` late is told, soon, what is there already.
   * @template {keyof RoomEvents<G>} K
   * @param {K} name
   * @param {(what: RoomEvents<G>[K]) => void} listener
   * @returns {() => void} ends it
   */
  on(name, listener) {
    checkedEvent(name);
    if (typeof listener !== "function") throw usage(`what shall hear "${name}" is no function`, "give a function");
    /** @type {Record<string, () => Iterable<any>>} */
    const replays = {
      spawn: () => [...this.entities.values()],
      connect: () => (this.#isIn && this.agreement !== null ? [this.agreement] : []),
    };
    return this.#listeners.add(name, listener, replays[name] ?? null);
  }

  /** All that is held, by id, as of the newest frame. @returns {ReadonlyMap<number, Entity<G>>} */
  get entities() {
    return /** @type {ReadonlyMap<number, any>} */ (this.#world?.screen.entities.held ?? new Map());
  }

  /** The own player's entity; null: dead, not there yet, or only looking on. @returns {Entity<G> | null} */
  get me() {
    return /** @type {any} */ (this.#world?.screen.me ?? null);
  }

  /** What was settled with the server; null before the first welcome. @returns {Agreement | null} */
  get agreement() {
    return this.#world?.agreement ?? null;
  }

  /**
   * How many of the whole numbers in a component's field make one unit of the world.
   * @template {keyof G["components"] & string} C
   * @param {C} component
   * @param {keyof G["components"][C] & string} field
   * @throws {TickwireError} the game has no such field, or it has no unit
   */
  unitOf(component, field) {
    if (this.agreement === null) throw usage("before the welcome nobody knows what the game has", "ask from `connect` on");
    return unitOf(this.agreement.schema, component, field);
  }

  /** Why there is no prediction where one was asked for; else null. */
  get unpredicted() {
    return this.#world?.screen.refusal ?? null;
  }

  /** @returns {Stats["state"]} */
  get state() {
    if (this.#isOver) return "over";
    if (!this.#isIn) return this.#wasIn ? "reconnecting" : "connecting";
    return this.#world?.paused ? "paused" : "playing";
  }

  /** How things stand. @returns {Stats} */
  get stats() {
    return this.#gauges.read(this.#line, this.state, this.#now());
  }

  /**
   * The world to draw now. Call it once per picture.
   * @param {number} [nowMs] as `requestAnimationFrame` gives it
   * @returns {View<G>}
   */
  view(nowMs = this.#now()) {
    const world = this.#world;
    if (world === null) return { tick: 0, entities: new Map(), me: null, state: null, ghosts: [] };
    // What is due goes out before it is drawn: then the picture shows it.
    if (this.#isIn) this.#line?.wake();
    const view = world.screen.draw(world.clock.ticks(nowMs), nowMs);
    return /** @type {View<any>} */ (view);
  }

  /**
   * What the player wants from now on. Fields that are left out stay as they were; presses are kept until an input has carried them.
   * @param {Partial<G["input"]>} values
   * @throws {TickwireError} no such field, or no such value
   */
  sendInput(values) {
    const hands = this.#world?.hands;
    if (hands === null) throw usage("who only looks on sends no inputs", "join without `watch`");
    if (this.#isOver || hands === undefined) return;
    hands.want(values);
    Object.assign(this.#wanted, values);
  }

  /**
   * Asks the game.
   * @template {keyof G["requests"] & string} K
   * @param {K} kind the request's name
   * @param {Partial<G["requests"][K]>} [values]
   * @returns {Promise<{ done: true } | { done: false, reason: number }>} `reason` is the game's own; 255: it has no answer
   */
  async request(kind, values = {}) {
    const line = this.#line;
    const playing = line?.session.playing ?? null;
    if (!this.#isIn || line === null || playing === null) {
      throw new TickwireError("dropped", "path", `there is no connection to ask for ${kind}`, "wait for `connect`");
    }
    const answer = this.#requests.ask(playing, kind, values);
    line.wake();
    return answer;
  }

  /**
   * Hands a new ticket in, before the old one ends: see the event `notice`. The next connection takes it, too.
   * @param {string} ticket
   * @throws {TickwireError} it is no ticket, or too long
   */
  renew(ticket) {
    checkedTicket(ticket);
    if (this.#isIn) {
      this.#line?.session.renew(ticket);
      this.#line?.wake();
    }
    this.#setting.target = { ...this.#setting.target, ticket };
  }

  /**
   * Keep-alives only, or the world again. A hidden page does it by itself.
   * @param {boolean} on
   */
  pause(on) {
    this.#isPaused = on;
    this.#settlePause();
  }

  /**
   * Says goodbye. The promise is there when it is over.
   * @returns {Promise<void>}
   */
  leave() {
    if (this.#isOver) return this.#left.promise;
    this.#reconnect.enabled = false;
    this.#setting.kept.end(this.#setting.target.url);
    if (this.#line === null) this.#finish(endingOf(1000, ""));
    else this.#line.leave();
    return this.#left.promise;
  }

  #now() {
    return this.#setting.timers.now();
  }

  /** One attempt to get in. */
  #attempt() {
    const setting = this.#setting;
    const { kept, known, name, predict, timers, watch } = setting;
    this.#fault = null;
    kept.takeBack(setting.target.url);
    const target = kept.door(setting.target);
    try {
      this.#line = new Line(target, { name, watch, predict, known, seat: kept.wanted }, setting.WebSocket, timers, {
        told: (event) => this.#hear(event),
        ended: (end) => this.#ended(end),
      });
    } catch (cause) {
      const says = `the platform refuses a WebSocket to ${target.url}: ${cause instanceof Error ? cause.message : cause}`;
      this.#fault = usage(says, "a page that came over https may only speak wss");
      this.#finish(endingOf(1000, says));
      return;
    }
    const line = this.#line;
    this.#limit = timers.setTimeout(() => {
      const says = `the world did not come within ${setting.timeoutMs} ms`;
      this.#fault = new TickwireError("slow", "path", says, "is the line very slow, or the server stuck? Try again");
      line.giveUp(says);
    }, setting.timeoutMs);
  }

  /** @param {SessionEvent} event */
  #hear(event) {
    switch (event.kind) {
      case "world":
        if (this.#isIn) this.#tellWorld(event);
        return;
      case "frame":
        return this.#hearFrame(event);
      case "complete":
        return this.#hearComplete();
      case "event":
        return this.#hearEvent({ name: event.name, values: event.values, tick: event.tick });
      case "notice":
        this.#listeners.tell("notice", { reason: event.reason, seconds: event.seconds });
        return;
      case "reply":
        return this.#requests.answer(event.number, event.reason);
      case "redirect":
        this.#elsewhere = redirected(this.#setting.target, event);
        if (this.#elsewhere !== null) return;
        return this.#complain(
          new TickwireError("broken", "server", "the server sends us on to where nobody can go", "tell the server's operator"),
        );
      case "lost":
        return this.#complain(
          new TickwireError("broken", "server", event.error.message, "a fresh world was asked for", { cause: event.error }),
        );
      case "thrown":
        return this.#complain(thrown(event.error));
      case "failed":
        return this.#fail(event.error);
    }
  }

  /** @param {{ spawned: any[], despawned: any[] }} changed */
  #tellWorld({ spawned, despawned }) {
    for (const entity of despawned) this.#listeners.tell("despawn", entity);
    for (const entity of spawned) this.#listeners.tell("spawn", entity);
  }

  /** What it names is there only with the world: before that it waits. @param {import("./types.js").GameEvent} told */
  #hearEvent(told) {
    if (this.#isIn) {
      this.#listeners.tell("event", told);
      return;
    }
    if (this.#early.push(told) <= EVENTS_HELD_MAX) return;
    this.#early.shift();
    if (this.#line !== null) this.#line.session.counters.eventsLost += 1;
  }

  /** @param {{ tick: number, full: boolean, complete: boolean, changes: boolean }} frame */
  #hearFrame({ tick, full, complete, changes }) {
    const line = this.#line;
    if (line === null) return;
    const nowMs = this.#now();
    this.#gauges.noteFrame(tick, line.session.playing?.clock.tickMs ?? 0, nowMs);
    this.#gauges.noteBytes(line, nowMs);
    if (this.#isIn && changes) this.#listeners.tell("snapshot", { tick, full, complete });
  }

  /** All that may be seen is held: for the first time on this connection we are in. */
  #hearComplete() {
    const playing = this.#line?.session.playing ?? null;
    if (this.#isIn || playing === null) return;
    const setting = this.#setting;
    const nowMs = this.#now();
    setting.timers.clearTimeout(this.#limit);
    const before = [...this.entities.values()];
    const resumed = setting.kept.entered(playing);
    if (resumed?.resumed && this.#world !== null) playing.screen.goOnFrom(this.#world.screen, nowMs);
    this.#world = playing;
    this.#isIn = true;
    this.#gauges.welcomedMs = nowMs;
    setting.known = playing.agreement.known;
    remember(setting.store, new URL(setting.target.url).host, setting.known);
    isUpToDate(globalThis);
    const again = this.#wasIn;
    this.#wasIn = true;
    const row = this.#reconnect.entered(nowMs);
    if (again) {
      this.#gauges.reconnects += 1;
      playing.hands?.wantAgain(this.#wanted);
    }
    this.#tellWorld({ despawned: before, spawned: [...this.entities.values()] });
    if (again) this.#listeners.tell("reconnect", { ...row, resumed: resumed?.resumed ?? false });
    if (resumed !== null) this.#listeners.tell("resume", resumed);
    this.#listeners.tell("connect", playing.agreement);
    for (const told of this.#early.splice(0)) this.#listeners.tell("event", told);
    this.#settlePause();
    this.#entered.resolve();
  }

  /**
   * The server cannot be understood, or is not for us.
   * @param {Error} cause
   */
  #fail(cause) {
    const { code, fault } = faultOf(cause);
    this.#fault = fault;
    if (cause instanceof Disagreement) {
      // What was held on to may be to blame: the next attempt holds nothing.
      this.#setting.known = null;
      forget(this.#setting.store, new URL(this.#setting.target.url).host);
    }
    this.#line?.socket.drop(code, cause.message);
  }

  /** @param {LineEnd} end */
  #ended(end) {
    const setting = this.#setting;
    const nowMs = this.#now();
    setting.timers.clearTimeout(this.#limit);
    if (this.#line !== null) {
      this.#gauges.fold(this.#line);
      setting.kept.left(this.#line.session.playing, end.code);
    }
    this.#line = null;
    // Tables may have come since we got in.
    if (setting.known !== null) remember(setting.store, new URL(setting.target.url).host, setting.known);
    const wasIn = this.#isIn;
    this.#isIn = false;
    this.#early.length = 0;
    this.#requests.refuse();
    const ending = endingUnder(end, this.#fault, this.#elsewhere !== null);
    if (this.#fault !== null) this.#complain(this.#fault);
    if (ending.code === WRONG_VERSION) {
      this.#finish(ending);
      setting.onOutdated(ending);
      return;
    }
    if (!this.#wasIn && ending.comeAgain !== "elsewhere") {
      if (ending.comeAgain === "yes" && this.#fault === null && setting.kept.useOtherDoor()) this.#attempt();
      else void this.#refuse(ending, end);
      return;
    }
    const wait = this.#reconnect.dropped(ending, nowMs);
    if (wait === null) {
      this.#finish(ending);
      return;
    }
    const attempt = this.#reconnect.attempts;
    const seatKept = setting.kept.isKept;
    if (wasIn || this.#wasIn) this.#listeners.tell("drop", /** @type {Drop} */ ({ ...ending, attempt, retryInMs: wait, seatKept }));
    if (this.#isOver) return;
    this.#timer = setting.timers.setTimeout(() => void this.#again(), wait);
    this.#waits = true;
  }

  /** The next attempt, with a new ticket if there is who gives one. */
  async #again() {
    const setting = this.#setting;
    this.#waits = false;
    setting.timers.clearTimeout(this.#timer);
    if (this.#elsewhere !== null) {
      setting.target = this.#elsewhere;
      setting.kept.giveUp();
      this.#elsewhere = null;
    } else if (setting.renewTicket !== null) {
      try {
        const ticket = checkedTicket(await within(setting.renewTicket(), this.#reconnect.leftMs(this.#now()), setting.timers));
        setting.target = { ...setting.target, ticket };
      } catch (cause) {
        const says = `no new ticket: ${cause instanceof Error ? cause.message : cause}`;
        this.#complain(new TickwireError("usage", "page", says, "renewTicket must give a ticket", { cause }));
      }
    }
    if (!this.#isOver && this.#reconnect.enabled) this.#attempt();
  }

  /**
   * The first attempt came to nothing: why?
   * @param {Ending} ending
   * @param {LineEnd} end
   */
  async #refuse(ending, end) {
    const error = this.#fault ?? (end.opened ? closed(ending) : await this.#setting.explain(end.said));
    this.#fault = error;
    this.#finish(ending);
  }

  /** @param {Ending} ending */
  #finish(ending) {
    if (this.#isOver) return;
    const { kept, network, page, signal, target, timers } = this.#setting;
    this.#isOver = true;
    network?.removeEventListener("online", this.#noteOnline);
    network?.removeEventListener("pagehide", this.#notePageHide);
    kept.end(target.url);
    timers.clearTimeout(this.#timer);
    page?.removeEventListener("visibilitychange", this.#noteVisibility);
    signal?.removeEventListener("abort", this.#noteAbort);
    this.#entered.reject(this.#fault ?? closed(ending));
    if (this.#wasIn) this.#listeners.tell("leave", ending);
    this.#left.resolve();
  }

  /** What the page's author did wrong is seen even where nobody listens. @param {TickwireError} error */
  #complain(error) {
    if (!this.#wasIn && error.code !== "listener") return;
    if (!this.#listeners.tell("error", error) && error.fault === "page") report(error.cause ?? error);
  }

  #settlePause() {
    const hidden = this.#setting.page?.visibilityState === "hidden";
    const line = this.#line;
    if (line === null || !this.#isIn) return;
    line.session.pause(this.#isPaused || hidden);
    line.wake();
  }

  #noteVisibility = () => this.#settlePause();

  /** The machine has a network again: whoever waits for the next attempt need not. */
  #noteOnline = () => {
    if (this.#waits) void this.#again();
  };

  /**
   * The page goes: what gives the seat back is left for the next one. We cut the line ourselves; browsers would say that the player left.
   */
  #notePageHide = () => {
    const { kept, target } = this.#setting;
    const seat = kept.leaving(this.#line?.session.playing ?? null);
    this.#line?.socket.drop(1006, "the page went away");
    kept.leaveBehind(target.url, seat);
  };

  #noteAbort = () => {
    if (this.#wasIn) {
      void this.leave();
      return;
    }
    const cause = this.#setting.signal?.reason;
    this.#fault = new TickwireError("left", "page", "given up by the page's signal", "connect again to join", { cause });
    if (this.#line === null) this.#finish(endingOf(1000, "given up"));
    else this.#line.socket.drop(1000, "given up");
  };
}
