// Where nobody else is to be seen: an arrow at the edge that points to the nearest one who could be fought.
//
// Never here: who may be known of (the server decides that).

import { colourOf } from "./palette.js";

/** Pixels from the edge, as a share of the shorter side. */
const INSIDE = 0.4;
/** World units of an arrow. */
const SIZE = 7;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {import("./camera.js").Camera} camera
 * @param {import("../scene.js").Scene} scene
 * @param {import("../scene.js").Figure} own
 */
export function drawArrow(context, camera, scene, own) {
  let nearest = null;
  let least = Infinity;
  for (let at = 0; at < scene.figureCount; at++) {
    const figure = scene.figures[at];
    const allied = own.faction !== "Alone" && figure.faction === own.faction;
    if (figure.isOwn || figure.hp === 0 || allied) continue;
    if (camera.sees(figure.x, figure.y, 0)) return;
    const far = Math.hypot(figure.x - own.x, figure.y - own.y);
    if (far < least) [nearest, least] = [figure, far];
  }
  if (nearest === null) return;
  const [middleX, middleY] = [camera.width / 2, camera.height / 2];
  const angle = Math.atan2(camera.screenY(nearest.y) - middleY, camera.screenX(nearest.x) - middleX);
  const reach = Math.min(camera.width, camera.height) * INSIDE;
  const [cos, sin, size] = [Math.cos(angle), Math.sin(angle), SIZE * camera.scale];
  context.setTransform(cos, sin, -sin, cos, middleX + cos * reach, middleY + sin * reach);
  context.globalAlpha = 0.75;
  context.fillStyle = colourOf(nearest);
  context.beginPath();
  context.moveTo(size, 0);
  context.lineTo(-size * 0.5, size * 0.7);
  context.lineTo(-size * 0.15, 0);
  context.lineTo(-size * 0.5, -size * 0.7);
  context.fill();
  context.globalAlpha = 1;
  context.setTransform(1, 0, 0, 1, 0, 0);
}
