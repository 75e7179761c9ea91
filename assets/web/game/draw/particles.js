// Sparks, smoke and shards: so many at the most, in arrays that are used again; the oldest make way.
//
// Never here: what happened (see news.js, watcher.js): it only calls `spray`.

/** Particles at once. */
const PARTICLES_MAX = 420;
/** Speed that is left after a second. */
const DRAG = 0.04;

export class Particles {
  constructor() {
    this.x = new Float32Array(PARTICLES_MAX);
    this.y = new Float32Array(PARTICLES_MAX);
    this.speedX = new Float32Array(PARTICLES_MAX);
    this.speedY = new Float32Array(PARTICLES_MAX);
    this.size = new Float32Array(PARTICLES_MAX);
    this.born = new Float64Array(PARTICLES_MAX);
    this.lives = new Float32Array(PARTICLES_MAX);
    /** @type {string[]} */
    this.colour = Array(PARTICLES_MAX).fill("");
    this.next = 0;
    this.beforeMs = 0;
  }

  /**
   * Sends some out from a place of the world.
   * @param {number} x
   * @param {number} y
   * @param {object} how
   * @param {number} how.count
   * @param {number} how.speed units per second at the most
   * @param {number} how.lifeMs
   * @param {number} how.size units
   * @param {readonly string[]} how.colours
   * @param {number} [how.towards] in radians; without one they go everywhere
   * @param {number} [how.spread] in radians
   * @param {number} nowMs
   */
  spray(x, y, { count, speed, lifeMs, size, colours, towards = 0, spread = 2 * Math.PI }, nowMs) {
    for (let made = 0; made < count; made++) {
      const at = this.next;
      this.next = (at + 1) % PARTICLES_MAX;
      const angle = towards + (Math.random() - 0.5) * spread;
      const pace = speed * (0.25 + 0.75 * Math.random());
      this.x[at] = x;
      this.y[at] = y;
      this.speedX[at] = Math.cos(angle) * pace;
      this.speedY[at] = Math.sin(angle) * pace;
      this.size[at] = size * (0.6 + 0.8 * Math.random());
      this.born[at] = nowMs;
      this.lives[at] = lifeMs * (0.5 + 0.7 * Math.random());
      this.colour[at] = colours[Math.floor(Math.random() * colours.length)];
    }
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {import("./camera.js").Camera} camera
   * @param {number} nowMs
   */
  draw(context, camera, nowMs) {
    const forS = Math.min(Math.max(nowMs - this.beforeMs, 0), 50) / 1000;
    this.beforeMs = nowMs;
    const drag = DRAG ** forS;
    for (let at = 0; at < PARTICLES_MAX; at++) {
      const left = 1 - (nowMs - this.born[at]) / this.lives[at];
      if (!(left > 0)) continue;
      this.x[at] += this.speedX[at] * forS;
      this.y[at] += this.speedY[at] * forS;
      this.speedX[at] *= drag;
      this.speedY[at] *= drag;
      const size = Math.max(this.size[at] * camera.scale * (0.4 + 0.6 * left), 1);
      context.globalAlpha = Math.min(left * 1.6, 1);
      context.fillStyle = this.colour[at];
      context.fillRect(camera.screenX(this.x[at]) - size / 2, camera.screenY(this.y[at]) - size / 2, size, size);
    }
    context.globalAlpha = 1;
  }
}
