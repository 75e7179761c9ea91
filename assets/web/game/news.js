// What the game told, as light, sound and words: hits, kills, shots, things taken, words, the end of a round.
//
// Never here: what is drawn where nobody told something (see watcher.js).

import { UNIT } from "./constants.js";
import { FIRE, TRACE, colourOf } from "./draw/palette.js";
import { TAKEN, result, sayDeath } from "./told.js";

/** Milliseconds for which an own thing is told. */
const OWN_MS = 1600;
/** Milliseconds for which a result is told. */
const RESULT_MS = 8000;

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("../sdk/types.js").GameEvent<import("./arena.js").ArenaGame>} Told */

/**
 * @param {Stage} stage
 * @param {any} told
 */
export function tell(stage, told) {
  /** @type {Record<string, (stage: Stage, values: any, tick: number) => void>} */
  const tellers = { Hit: tellHit, Kill: tellKill, Taken: tellTaken, Said: tellSaid, RoundOver: tellRoundOver, Traced: tellTraced };
  tellers[told.name]?.(stage, told.values, told.tick);
}

/** @param {Stage} stage @param {import("./arena.js").Events["Hit"]} told */
function tellHit(stage, told) {
  const { target, shooter, damage } = told;
  const nowMs = performance.now();
  const { scene, picture, sound } = stage;
  const hit = scene.find(target);
  if (hit !== null) {
    picture.figures.flash(hit.id, nowMs);
    picture.particles.spray(hit.x, hit.y, { count: 6 + damage / 8, speed: 110, lifeMs: 320, size: 1.6, colours: [colourOf(hit), FIRE[0]] }, nowMs);
  }
  if (target !== null && target === stage.me) {
    stage.cause.hurt(told);
    stage.jolt(2 + damage / 20);
    stage.hurt(damage);
    sound.play("hurt");
  } else if (shooter !== null && shooter === stage.me) {
    sound.play("hit");
  }
}

/** @param {Stage} stage @param {import("./arena.js").Events["Kill"]} kill @param {number} tick */
function tellKill(stage, { killer, victim }, tick) {
  const nowMs = performance.now();
  const { roster, scene, picture, sound, hud } = stage;
  /** @param {number | null} id */
  const somebody = (id) => ({ ...roster.find(id), isOwn: id !== null && id === stage.me });
  const own = killer === null || killer === victim;
  hud.feed.add(own ? null : somebody(killer), somebody(victim));
  const fallen = scene.find(victim);
  if (fallen !== null) {
    picture.particles.spray(fallen.x, fallen.y, { count: 26, speed: 150, lifeMs: 620, size: 2.4, colours: [colourOf(fallen), FIRE[1], "#2a3756"] }, nowMs);
  }
  if (victim !== null && victim === stage.me) {
    const means = stage.cause.of(killer, stage.me, scene.own, tick);
    stage.death = { ...sayDeath(roster.find(killer).name, means), atMs: nowMs };
    stage.jolt(6);
    sound.play("died");
  } else if (killer !== null && killer === stage.me) {
    hud.banner.tell(`You killed ${roster.find(victim).name}`, OWN_MS, nowMs);
    sound.play("kill");
  }
}

/** @param {Stage} stage @param {import("./arena.js").Events["Taken"]} taken */
function tellTaken(stage, { sort }) {
  stage.hud.banner.tell(TAKEN[sort] ?? "", OWN_MS / 2, performance.now());
  stage.sound.play("taken");
}

/** @param {Stage} stage @param {import("./arena.js").Events["Said"]} said */
function tellSaid(stage, { speaker, name, team, text }) {
  const { faction } = stage.roster.find(speaker);
  const side = faction === "Red" ? "red" : faction === "Blue" ? "blue" : "";
  const me = speaker !== null && speaker === stage.me ? " me" : "";
  stage.hud.chat.add({ name, side: side + me, team, text });
}

/** @param {Stage} stage @param {import("./arena.js").Events["RoundOver"]} over */
function tellRoundOver(stage, over) {
  const best = over.best === null ? null : over.best === stage.me ? "You" : stage.roster.find(over.best).name;
  stage.hud.banner.tell(result(over, best), RESULT_MS, performance.now());
  stage.sound.play("begin");
}

/** Our own shot, as the server judged it: its line was drawn already, its end is where it met something. @param {Stage} stage @param {import("./arena.js").Events["Traced"]} traced */
function tellTraced(stage, { from, to }) {
  const nowMs = performance.now();
  const { picture } = stage;
  const [toX, toY] = [to.x / UNIT, to.y / UNIT];
  if (!stage.predicts) picture.flashes.trace(from.x / UNIT, from.y / UNIT, toX, toY, nowMs, TRACE);
  picture.particles.spray(toX, toY, { count: 5, speed: 70, lifeMs: 240, size: 1.3, colours: FIRE }, nowMs);
}
