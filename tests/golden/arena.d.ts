// The types of "arena" (schema c35be63dbc9779cd), printed by `tickwire-server schema --typescript`: print them anew when the game
// declares something else. Whole numbers are the simulation's own.
//
//   /** @type {import("tickwire").Room<import("./types.d.ts").Arena>} */

/** Two numbers that move together. */
export type Vector2 = { x: number; y: number };
/** Three numbers that move together. */
export type Vector3 = { x: number; y: number; z: number };
/** A rotation in space, of length 32,768. */
export type Rotation = { x: number; y: number; z: number; w: number };

/** What entities have. */
export type Components = {
  Position: {
    /** Whole, 0 to 524272 each, in steps of 16; 256 make 1. Where it is. */
    at: Vector2;
  };
  Aim: {
    /** 0 to 65535, in 1/65536 turn, in steps of 64. */
    angle: number;
  };
  Health: {
    /** Whole, 0 to 100. */
    hp: number;
  };
  Score: {
    /** Whole, 0 to 65535. */
    kills: number;
    /** Whole, 0 to 65535. */
    deaths: number;
    /** Whole, 0 to 65535. */
    shots: number;
    /** Whole, 0 to 65535. */
    respawns: number;
  };
  Nameplate: {
    /** At most 16 bytes of UTF-8; it may come from a player. Never changes in the life of its entity. */
    name: string;
  };
  Body: {
    /** Whole, 0 to 524272 each; 256 make 1. For its owner only. Predicted for the own player. */
    at: Vector2;
    /** Whole, -8191 to 8191 each; 256 make 1. For its owner only. Predicted for the own player. */
    velocity: Vector2;
    /** One of these. For its owner only. Predicted for the own player. */
    weapon: "Rifle" | "RocketLauncher";
    /** Whole, 0 to 80. For its owner only. Predicted for the own player. */
    rounds: number;
    /** Whole, 0 to 12. For its owner only. Predicted for the own player. */
    rockets: number;
    /** Whole, 0 to 255. For its owner only. Predicted for the own player. */
    shot_in: number;
    /** Whole, 0 to 255. For its owner only. Predicted for the own player. */
    dash_in: number;
    /** Whole, 0 to 255. For its owner only. Predicted for the own player. */
    touched: number;
  };
  Projectile: {
    /** Whole, -3073 to 3073 each; 256 make 1. Never changes in the life of its entity. */
    velocity: Vector2;
    /** The id of an entity that is held. */
    shooter: number | null;
    /** Whole, 0 to 255. Never changes in the life of its entity. */
    shot_at: number;
  };
  Side: {
    /** One of these. */
    faction: "Alone" | "Red" | "Blue";
  };
  Pickup: {
    /** One of these. Never changes in the life of its entity. */
    sort: "Health" | "Rounds" | "Rockets";
    /** Yes or no. */
    present: boolean;
  };
  Match: {
    /** One of these. */
    phase: "WarmUp" | "Play" | "Result";
    /** Whole, 0 to 524287. */
    ticks_left: number;
    /** Whole, 0 to 65535. */
    round: number;
    /** One of these. Never changes in the life of its entity. */
    mode: "FreeForAll" | "Teams";
    /** At most 16 bytes of UTF-8; it may come from a player. */
    map: string;
    /** Whole, 0 to 65535. */
    red: number;
    /** Whole, 0 to 65535. */
    blue: number;
  };
};

/** What each kind of entity has. What is not for us is missing. */
export type Kinds = {
  player: Partial<Pick<Components, "Position" | "Aim" | "Health" | "Score" | "Nameplate" | "Body" | "Side">>;
  projectile: Partial<Pick<Components, "Position" | "Projectile">>;
  pickup: Partial<Pick<Components, "Position" | "Pickup">>;
  match: Partial<Pick<Components, "Match">>;
};

/** An entity, told apart by its kind. */
export type AnyEntity = { [K in keyof Kinds]: { id: number; kind: K; components: Kinds[K] } }[keyof Kinds];

/** What a player wants, in each tick. */
export type Input = {
  /** Whole, -1 to 1 each. */
  thrust: Vector2;
  /** 0 to 65535, in 1/65536 turn, in steps of 64. */
  aim: number;
  /** One of these. */
  weapon: "Rifle" | "RocketLauncher";
  /** Yes or no. */
  fire: boolean;
  /** Yes or no. A press: over when an input has carried it. */
  dash: boolean;
};

/** What the game tells, once. */
export type Events = {
  Hit: {
    /** The id of an entity that is held. */
    target: number | null;
    /** The id of an entity that is held. */
    shooter: number | null;
    /** Whole, 0 to 100. */
    damage: number;
  };
  Kill: {
    /** The id of an entity that is held. */
    killer: number | null;
    /** The id of an entity that is held. */
    victim: number | null;
  };
  Taken: {
    /** One of these. */
    sort: "Health" | "Rounds" | "Rockets";
  };
  Said: {
    /** The id of an entity that is held. */
    speaker: number | null;
    /** At most 16 bytes of UTF-8; it may come from a player. */
    name: string;
    /** Yes or no. */
    team: boolean;
    /** At most 96 bytes of UTF-8; it may come from a player. */
    text: string;
  };
  RoundOver: {
    /** One of these. */
    winner: "Alone" | "Red" | "Blue";
    /** The id of an entity that is held. */
    best: number | null;
  };
  Traced: {
    /** The id of an entity that is held. */
    shooter: number | null;
    /** Whole, 0 to 524272 each, in steps of 16; 256 make 1. */
    from: Vector2;
    /** Whole, 0 to 524272 each, in steps of 16; 256 make 1. */
    to: Vector2;
  };
};

/** What a player may ask the game for. */
export type Requests = {
  GiveUp: Record<string, never>;
  Say: {
    /** Yes or no. */
    team: boolean;
    /** At most 96 bytes of UTF-8; it may come from a player. */
    text: string;
  };
};

/** All of it, for the SDK. */
export type Arena = { components: Components; input: Input; events: Events; requests: Requests };
