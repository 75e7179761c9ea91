// What happens on the picture without being told: others' shots, rockets that burst, our own predicted shots and leaps.
//
//   each picture ─► who shot since the last (see shots.js) ─► lines, sparks, sounds
//                └► what we predicted since the last       ─► the same, at once
//
// Never here: what the game told (see news.js).

import { FIRE, TRACE } from "./draw/palette.js";
import { Shots } from "./shots.js";
import { RIFLE } from "./weapon.js";

/** @typedef {import("./stage.js").Stage} Stage */
/** @typedef {import("./predicting.js").State} State */

/** World units from a body's middle to the end of its barrel. */
const BARREL = 9;

export class Watcher {
  constructor() {
    this.shots = new Shots();
    /** @type {State | null} what was predicted when the last picture was drawn */
    this.before = null;
    /** The trigger is pulled, and there is nothing to shoot with. */
    this.clicks = false;
  }

  /** Nothing that was seen counts any more. */
  clear() {
    this.shots.clear();
    this.before = null;
  }

  /**
   * @param {Stage} stage
   * @param {State | null} state what is predicted now
   * @param {import("../sdk/types.js").Ghost[]} ghosts
   * @param {boolean} pulls whether our trigger is pulled
   * @param {number} nowMs
   */
  watch(stage, state, ghosts, pulls, nowMs) {
    const { scene } = stage;
    const fired = this.shots.see(scene.rockets, scene.rocketCount, scene.figures, scene.figureCount);
    for (const id of fired.rifles) {
      const figure = scene.find(id);
      if (figure !== null && !(figure.isOwn && state !== null)) shoot(stage, figure, nowMs);
    }
    for (const id of fired.launches) {
      const rocket = scene.rockets.find((one) => one.id === id);
      if (rocket !== undefined) stage.play("rocket", rocket.x, rocket.y);
    }
    for (const { x, y } of fired.bursts) burst(stage, x, y, nowMs);
    scene.takeGhosts(ghosts, (x, y) => burst(stage, x, y, nowMs));
    if (state !== null && scene.own !== null) {
      this.watchOwn(stage, state, scene.own, nowMs);
      const clicks = pulls && state.health > 0 && (state.weapon === RIFLE ? state.rounds : state.rockets) === 0;
      if (clicks && !this.clicks) stage.play("empty", scene.own.x, scene.own.y);
      this.clicks = clicks;
    }
    this.before = state;
  }

  /**
   * @param {Stage} stage
   * @param {State} state
   * @param {import("./scene.js").Figure} own
   * @param {number} nowMs
   */
  watchOwn(stage, state, own, nowMs) {
    const { before } = this;
    if (before === null || before.health === 0 || state.health === 0) return;
    if (state.shotIn > before.shotIn && state.rounds < before.rounds) shoot(stage, own, nowMs);
    if (state.shotIn > before.shotIn && state.rockets < before.rockets) {
      stage.play("rocket", own.x, own.y);
      stage.jolt(1.2);
    }
    if (state.dashIn > before.dashIn) {
      stage.play("dash", own.x, own.y);
      const towards = Math.atan2(-state.velocityY, -state.velocityX);
      stage.picture.particles.spray(own.x, own.y, { count: 12, speed: 70, lifeMs: 260, size: 1.8, colours: ["#63d2ff", "#3a4b72"], towards, spread: 1.1 }, nowMs);
    }
  }
}

/** A rifle: its line, its muzzle, its sound. @param {Stage} stage @param {import("./scene.js").Figure} shooter @param {number} nowMs */
function shoot(stage, shooter, nowMs) {
  const { picture, scene } = stage;
  const end = picture.reach(scene, stage.map, shooter);
  const [muzzleX, muzzleY] = [shooter.x + Math.cos(shooter.aim) * BARREL, shooter.y + Math.sin(shooter.aim) * BARREL];
  picture.flashes.trace(muzzleX, muzzleY, end.x, end.y, nowMs, TRACE);
  picture.particles.spray(muzzleX, muzzleY, { count: 3, speed: 90, lifeMs: 120, size: 1.4, colours: FIRE, towards: shooter.aim, spread: 0.7 }, nowMs);
  if (picture.camera.sees(end.x, end.y, 10)) {
    picture.particles.spray(end.x, end.y, { count: 4, speed: 60, lifeMs: 200, size: 1.1, colours: FIRE, towards: shooter.aim + Math.PI, spread: 1.8 }, nowMs);
  }
  stage.minimap.shot(shooter.id, nowMs);
  stage.play("rifle", shooter.x, shooter.y);
}

/** @param {Stage} stage @param {number} x @param {number} y @param {number} nowMs */
function burst(stage, x, y, nowMs) {
  const { picture } = stage;
  picture.flashes.burst(x, y, nowMs);
  picture.particles.spray(x, y, { count: 22, speed: 190, lifeMs: 520, size: 2.2, colours: FIRE }, nowMs);
  picture.particles.spray(x, y, { count: 10, speed: 60, lifeMs: 900, size: 3.4, colours: ["#2a3756", "#3a4b72"] }, nowMs);
  stage.play("burst", x, y);
  const far = Math.hypot(x - picture.camera.x, y - picture.camera.y);
  stage.jolt(Math.max(4 - far / 40, 0));
}
