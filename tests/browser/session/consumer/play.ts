// A game's author in TypeScript, as strict as it gets: what the package's types must allow, and what they must not.

import { connect, mapsHash, TickwireError, type Entity, type Prediction, type Room, type Stats } from "tickwire";
import type { Arena } from "./arena.js";

type Body = { x: number; y: number };

const predict: Prediction<Body, Arena> = {
  truth: (me) => me.components.Body?.at ?? null,
  step: (body, input, launch) => {
    if (input.fire) launch({ at: body, perTick: { x: 1, y: 0 }, ticks: 30 });
    return { x: body.x + input.thrust.x, y: body.y + input.thrust.y };
  },
  place: (body) => body,
  isTold: (event, me) => event.name === "Hit" && event.values.target === me.id,
};

export async function play(url: string): Promise<Stats> {
  const room: Room<Arena> = await connect<Arena>(url, { room: "lobby", name: "Ada", predict, retry: { totalMs: 10_000 } });
  const off: () => void = room.on("spawn", (entity: Entity<Arena>) => console.log(entity.id, entity.kind));
  room.on("event", (event) => {
    if (event.name === "Kill") console.log(event.values.killer, event.values.victim);
    // @ts-expect-error: the game has no such event
    if (event.name === "Rain") console.log(event);
  });
  room.on("drop", ({ name, retryInMs }) => console.log(name, retryInMs.toFixed()));
  // @ts-expect-error: a room has no such event
  room.on("spwan", () => {});
  room.sendInput({ thrust: { x: 1, y: 0 }, weapon: "Rifle" });
  // @ts-expect-error: the game has no such weapon
  room.sendInput({ weapon: "Spoon" });
  const answer = await room.request("GiveUp");
  if (!answer.done) console.log(answer.reason.toFixed());
  // @ts-expect-error: the game has no such request
  await room.request("Fly");
  const { me, entities } = room.view(performance.now());
  const at: number | undefined = me?.components.Position?.at.x;
  for (const { components } of entities.values()) console.log(components.Nameplate?.name, at);
  const unit: number = room.unitOf("Position", "at");
  // @ts-expect-error: the component has no such field
  console.log(unit, room.unitOf("Position", "where"));
  // @ts-expect-error: it may not be there
  console.log(room.me.id);
  console.log(mapsHash([new Uint8Array(3)]) === room.agreement?.mapsHash);
  off();
  await room.leave();
  return room.stats;
}

export async function watch(url: string): Promise<void> {
  try {
    const room = await connect(url, { watch: true });
    // Without the game's types all of its names are allowed.
    room.on("event", ({ name, values }) => console.log(name, values["anything"]));
    console.log(room.entities.get(5)?.components["Position"]?.["at"]);
  } catch (error) {
    if (error instanceof TickwireError) console.log(error.code, error.fault, error.advice, error.ending?.comeAgain);
  }
}
