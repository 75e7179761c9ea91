// The types of "zoo" (schema b594962550a050be), printed by `tickwire-server schema --typescript`: print them anew when the game
// declares something else. Whole numbers are the simulation's own.
//
//   /** @type {import("tickwire").Room<import("./types.d.ts").Zoo>} */

/** Two numbers that move together. */
export type Vector2 = { x: number; y: number };
/** Three numbers that move together. */
export type Vector3 = { x: number; y: number; z: number };
/** A rotation in space, of length 32,768. */
export type Rotation = { x: number; y: number; z: number; w: number };

/** What entities have. */
export type Components = {
  Body: {
    /** Whole, -4096 to 4096 each; 16 make 1. Where it is. */
    at: Vector2;
    /** 0 to 65535, in 1/65536 turn, in steps of 64. */
    heading: number;
    /** One of these. */
    mood: "Calm" | "Angry" | "Hungry";
  };
  Purse: {
    /** Whole, 0 to 60000. For its owner only. */
    coins: number;
    /** Whole, -33554432 to 33554431. For its owner only. */
    luck: number;
  };
  Orders: {
    /** Whole, 0 to 7. For its team only. */
    plan: number;
    /** Whole, -512 to 512 each, in steps of 4. For its team only. */
    goal: Vector3;
  };
  Tag: {
    /** At most 16 bytes of UTF-8; it may come from a player. Never changes in the life of its entity. */
    name: string;
    /** At most 8 bytes of UTF-8; it may come from a player. */
    cry: string;
  };
  Bond: {
    /** The id of an entity that is held. */
    to: number | null;
    /** Yes or no. */
    strong: boolean;
  };
  Edges: {
    /** Whole, 0 to 67108863. */
    wide: number;
    /** Whole, -2147483648 to 2147483647. */
    all: number;
    /** Whole, -33554432 to 33554431. */
    deep: number;
    /** Whole, -5 to -5. */
    only: number;
    /** 0 to 65535, in 1/65536 turn, in steps of 1. */
    turn: number;
    /** The id of an entity that is held. */
    near: number | null;
    /** The id of an entity that is held. */
    far: number | null;
  };
};

/** What each kind of entity has. What is not for us is missing. */
export type Kinds = {
  beast: Partial<Pick<Components, "Body" | "Purse" | "Orders" | "Tag" | "Bond">>;
  stone: Partial<Pick<Components, "Edges">>;
  chest: Partial<Pick<Components, "Purse">>;
  flag: Partial<Pick<Components, "Orders" | "Bond">>;
};

/** An entity, told apart by its kind. */
export type AnyEntity = { [K in keyof Kinds]: { id: number; kind: K; components: Kinds[K] } }[keyof Kinds];

/** What a player wants, in each tick. */
export type Input = {
  /** Whole, -64 to 64 each; 16 make 1. */
  step: Vector2;
  /** 0 to 65535, in 1/65536 turn, in steps of 64. */
  look: number;
  /** Yes or no. A press: over when an input has carried it. */
  hop: boolean;
  /** Yes or no. A press: over when an input has carried it. */
  call: boolean;
  /** Whole, 0 to 7. A press: over when an input has carried it. */
  gift: number;
};

/** What the game tells, once. */
export type Events = {
  Note: {
    /** Whole, 0 to 67108863. */
    number: number;
    /** The id of an entity that is held. */
    from: number | null;
  };
};

/** What a player may ask the game for. */
export type Requests = {
  Switch: {
    /** Whole, 0 to 3. */
    team: number;
  };
  Tell: {
    /** One of these. */
    whom: "All" | "Team" | "Me" | "Witnesses";
    /** Whole, 0 to 255. */
    count: number;
    /** The id of an entity that is held. */
    about: number | null;
  };
  Ignored: Record<string, never>;
  Cull: {
    /** The id of an entity that is held. */
    about: number | null;
  };
  Breed: {
    /** Whole, 0 to 3. */
    kind: number;
  };
  Poke: {
    /** The id of an entity that is held. */
    about: number | null;
  };
  Point: {
    /** The id of an entity that is held. */
    about: number | null;
    /** The id of an entity that is held. */
    to: number | null;
  };
};

/** All of it, for the SDK. */
export type Zoo = { components: Components; input: Input; events: Events; requests: Requests };
