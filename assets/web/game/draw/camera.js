// What of the world is on the screen: where its middle is, and how large a unit is.
//
//   world units ─► minus the middle ─► times the scale ─► pixels of the canvas
//
// Everybody sees about as much of the world, whatever the screen's shape. The middle follows with a little delay and leans to where
// the player aims; a leap of the player is not followed softly, it is cut.
//
// Never here: what is drawn.

/** World units that a screen shows, side times side. */
const AREA_UNITS = 500 * 281;
/** Pixels per unit: more than this helps nobody. */
const SCALE_MAX = 8;
/** How much of the way to the aim the middle leans. */
const LEAN = 0.16;
/** Milliseconds in which the middle makes up for two thirds of what it is off. */
const LEAN_MS = 140;
/** World units beyond which it does not follow but jumps. */
const CUT_UNITS = 90;
/** World units beyond a map's edge that may be seen. */
const BEYOND_UNITS = 40;
/** How quickly a shake ends, in milliseconds. */
const SHAKE_MS = 90;

export class Camera {
  constructor() {
    this.width = 1;
    this.height = 1;
    this.scale = 1;
    /** Pixels at the top and at the bottom under which something else lies. */
    this.coveredTop = 0;
    this.coveredBottom = 0;
    /** The world's place in the middle of the screen. */
    this.x = 0;
    this.y = 0;
    this.leanX = 0;
    this.leanY = 0;
    this.followedX = NaN;
    this.followedY = NaN;
    this.shake = 0;
    /** What is to be added to a world place times the scale. */
    this.shiftX = 0;
    this.shiftY = 0;
  }

  /**
   * The canvas has so many pixels, of which some at the top and at the bottom are covered.
   * @param {number} width
   * @param {number} height
   * @param {{ top: number, bottom: number }} [covered]
   */
  resize(width, height, { top, bottom } = { top: 0, bottom: 0 }) {
    this.width = width;
    this.height = height;
    this.coveredTop = top;
    this.coveredBottom = bottom;
    this.scale = Math.min(Math.sqrt(width * height / AREA_UNITS), SCALE_MAX);
  }

  /**
   * Looks at a place of the world, leaning by some units; `forMs` after the last time.
   * @param {number} x
   * @param {number} y
   * @param {number} leanX
   * @param {number} leanY
   * @param {number} forMs
   * @param {{ width: number, height: number } | null} land what there is to see, in units; null: no end is known
   */
  follow(x, y, leanX, leanY, forMs, land) {
    const share = 1 - Math.exp(-forMs / LEAN_MS);
    if (!(Math.hypot(x - this.followedX, y - this.followedY) < CUT_UNITS)) {
      this.leanX = leanX * LEAN;
      this.leanY = leanY * LEAN;
    }
    this.leanX += (leanX * LEAN - this.leanX) * share;
    this.leanY += (leanY * LEAN - this.leanY) * share;
    this.followedX = x;
    this.followedY = y;
    this.x = land === null ? x + this.leanX : within(x + this.leanX, this.width / this.scale, land.width, BEYOND_UNITS, BEYOND_UNITS);
    // What is covered shows beyond the edge, so that who stands at it is seen.
    const [above, below] = [Math.max(this.coveredTop / this.scale, BEYOND_UNITS), Math.max(this.coveredBottom / this.scale, BEYOND_UNITS)];
    this.y = land === null ? y + this.leanY : within(y + this.leanY, this.height / this.scale, land.height, above, below);
    this.shake *= Math.exp(-forMs / SHAKE_MS);
    const off = this.shake > 0.05 ? this.shake : 0;
    // Whole pixels: the ground is copied, not scaled.
    this.shiftX = Math.round(this.width / 2 - this.x * this.scale + (Math.random() - 0.5) * off * this.scale);
    this.shiftY = Math.round(this.height / 2 - this.y * this.scale + (Math.random() - 0.5) * off * this.scale);
  }

  /** Something hit: by so many units at the most. @param {number} units */
  jolt(units) {
    this.shake = Math.min(Math.max(this.shake, units), 8);
  }

  /** @param {number} x */
  screenX(x) {
    return x * this.scale + this.shiftX;
  }

  /** @param {number} y */
  screenY(y) {
    return y * this.scale + this.shiftY;
  }

  /** @param {number} pixels */
  worldX(pixels) {
    return (pixels - this.shiftX) / this.scale;
  }

  /** @param {number} pixels */
  worldY(pixels) {
    return (pixels - this.shiftY) / this.scale;
  }

  /**
   * Whether something of that size can be seen.
   * @param {number} x
   * @param {number} y
   * @param {number} units
   */
  sees(x, y, units) {
    const [left, top, size] = [this.screenX(x), this.screenY(y), units * this.scale];
    return left > -size && top > -size && left < this.width + size && top < this.height + size;
  }
}

/**
 * The nearest middle from which not too much beyond the edge is seen.
 * @param {number} middle
 * @param {number} seen units on the screen
 * @param {number} units that there are
 * @param {number} before units beyond the low edge that may be seen
 * @param {number} after beyond the high one
 */
function within(middle, seen, units, before, after) {
  const least = seen / 2 - before;
  const most = units - seen / 2 + after;
  return least > most ? (least + most) / 2 : Math.min(Math.max(middle, least), most);
}
