// What an author's editor knows with the types that `tickwire-server schema --typescript` prints: all that is right compiles, and each
// line below a mark would be an error if it were not for the mark.

import type { AnyEntity, Arena, Components, Events } from "./arena.js";
import type { Zoo } from "./zoo.js";

/** Told apart by its kind, an entity has the components of that kind, and each may be not for us. */
export function describe(entity: AnyEntity): string {
  if (entity.kind === "player") {
    const health: number | undefined = entity.components.Health?.hp;
    // @ts-expect-error A player is no pickup.
    entity.components.Pickup;
    // @ts-expect-error It may be missing.
    entity.components.Health.hp;
    return `${entity.components.Nameplate?.name ?? "somebody"} ${health ?? ""}`;
  }
  // @ts-expect-error There is no such kind.
  if (entity.kind === "plyer") return "";
  return entity.kind;
}

export const input: Partial<Arena["input"]> = { thrust: { x: 0, y: -1 }, aim: 16384, weapon: "Rifle", dash: true };
// @ts-expect-error There is no such weapon.
export const wrong: Partial<Arena["input"]> = { weapon: "Rocket" };
export const said: Arena["requests"]["Say"] = { team: false, text: "hello" };
export const done: Arena["requests"]["GiveUp"] = {};
export const whom = (kill: Events["Kill"]): number | null => kill.victim;
export const at = ({ Position }: Partial<Components>): number => (Position ? Position.at.x / 256 : 0);

/** What the SDK asks of a game's type. */
type Game = {
  components: Record<string, Record<string, unknown>>;
  input: Record<string, unknown>;
  events: Record<string, Record<string, unknown>>;
  requests: Record<string, Record<string, unknown>>;
};
type Fits<G extends Game> = G;
export type Both = [Fits<Arena>, Fits<Zoo>];
