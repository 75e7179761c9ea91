// Whom a spectator follows: somebody who lives, the next one on a press, anybody else when it is gone.
//
// Never here: what a spectator is shown (the server decides that).

export class Spectating {
  constructor() {
    /** @type {number | null} */
    this.followed = null;
    this.x = 0;
    this.y = 0;
  }

  /** Follows the next one. @param {import("./scene.js").Scene} scene */
  next(scene) {
    const living = scene.figures.slice(0, scene.figureCount).filter((figure) => figure.hp > 0).sort((one, other) => one.id - other.id);
    const after = living.find((figure) => this.followed !== null && figure.id > this.followed);
    this.followed = (after ?? living[0])?.id ?? null;
  }

  /** Where it looks now. @param {import("./scene.js").Scene} scene @param {import("./map.js").Map | null} map */
  look(scene, map) {
    if (this.followed === null || scene.find(this.followed) === null) this.next(scene);
    const figure = scene.find(this.followed);
    if (figure !== null) [this.x, this.y] = [figure.x, figure.y];
    else if (this.x === 0 && map !== null) [this.x, this.y] = [map.width * 8, map.height * 8];
    return figure;
  }
}
