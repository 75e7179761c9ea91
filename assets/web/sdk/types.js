// What a page says to the SDK and hears from it, in types only: nothing here runs.
//
//   connect(url, ConnectOptions) ─► Room ─► Entity, View, Stats
//                                     └───► RoomEvents: connect, spawn, despawn, snapshot, event, notice, drop, reconnect, resume, leave, error
//
// *Values* are what the server's own code computes with: a place is in the simulation's whole numbers (`room.unitOf` says how many make one
// unit of the world), an angle in 1/65,536 turn. `tickwire-server schema --typescript` prints the types of a game for `Room<Game>`.
//
// Never here: behaviour.

/** @typedef {{ x: number, y: number }} Vector2 */
/** @typedef {{ x: number, y: number, z: number }} Vector3 */
/** @typedef {{ x: number, y: number, z: number, w: number }} Rotation */

/**
 * The value of one field, by its kind: `bool` a boolean; `unsigned`, `signed`, `fixed` and `angle` a number; `choice` the name that was
 * chosen; `vector2`, `vector3`, `rotation` an object of numbers; `reference` the id of an entity that is held, else null; `text` a string.
 * @typedef {boolean | number | string | null | Vector2 | Vector3 | Rotation} Value
 */

/**
 * The values of one declaration (a component, an input, an event, a request) by the names of its fields.
 * @typedef {Record<string, any>} Values
 */

/**
 * What a game declares, by name. The default knows nothing and allows everything; a game's own type makes the whole SDK typed.
 * @typedef {object} Game
 * @property {Record<string, Values>} components
 * @property {Values} input
 * @property {Record<string, Values>} events
 * @property {Record<string, Values>} requests
 */

/**
 * Something in the world. The object stays the same as long as the entity is held; its components are those of the newest frame.
 * @template {Game} [G=Game]
 * @typedef {object} Entity
 * @property {number} id Names it as long as it is held; references in values are such ids. After a `despawn` another may get it.
 * @property {string} kind The name of its kind in the schema.
 * @property {Partial<G["components"]>} components Its values. A component is missing where the kind has none of it or where it is not for us.
 *   Nothing else is in it, not even what other objects inherit.
 */

/**
 * The world as it looks at a moment: others between two frames, a little in the past; the own player where its inputs take it.
 * @template {Game} [G=Game]
 * @typedef {object} View
 * @property {number} tick The moment that others are drawn at, in ticks and fractions of them.
 * @property {ReadonlyMap<number, Entity<G>>} entities Everything that is drawn. Good until the next `view`.
 * @property {Entity<G> | null} me The own player's entity: the same object as in `entities`. What is marked `position` stands where it is
 *   predicted to be (with fractions), where there is a prediction.
 * @property {any} state The predicted state after the newest input, as `predict.step` gave it; null without one.
 * @property {Ghost[]} ghosts What the own player launched and the server has not shown yet.
 */

/**
 * Something that was launched and is drawn before the server has it. The entity that it stands in for is not in the view.
 * @typedef {object} Ghost
 * @property {number} x
 * @property {number} y
 * @property {number} shotAt The tick in which it was launched.
 */

/**
 * What a predicted step launches: it flies straight on, at constant speed.
 * @typedef {object} Launch
 * @property {Vector2} at Where it is at the end of its tick, in the integers of what is marked `position`.
 * @property {Vector2} perTick How far it gets in a tick.
 * @property {number} ticks Ticks (and fractions) that it flies at the most.
 */

/**
 * What a prediction may look at when it reads the truth.
 * @template {Game} [G=Game]
 * @typedef {object} World
 * @property {ReadonlyMap<number, Entity<G>>} entities
 * @property {number} tick
 */

/**
 * What a page supplies to have its own player move at once: the server's own step, in JavaScript.
 *
 * A *state* is plain data: numbers, booleans, strings, null, and arrays or objects of these. It is compared with the truth exactly, once per
 * frame; so everything in it must come out as on the server: whole numbers below 2^53, divisions by `Math.trunc`, no sine that is not a table.
 * @template [S=any]
 * @template {Game} [G=Game]
 * @typedef {object} Prediction
 * @property {(me: Entity<G>, world: World<G>) => S | null} truth Reads the state from what the server said. Only called when all that is
 *   held of `me` is exact. Null: it cannot be predicted now.
 * @property {(state: S, input: G["input"], launch: (launch: Launch) => void) => S} step One tick. Pure: gives a new state, leaves the old
 *   one alone, looks at nothing else. May call `launch` once. `input` has all fields, rounded as the server gets them.
 * @property {(state: S) => Vector2} place Where a state stands, in the integers of what is marked `position`.
 * @property {(expected: S, truth: S) => boolean} [isTouched] Whether the difference shows that others touched us: health that was taken, a
 *   new life. Such a difference is no fault of the step.
 * @property {(event: GameEvent<G>, me: Entity<G>) => boolean} [isTold] Whether an event says so.
 * @property {(world: World<G>, me: Entity<G>, tick: number) => number | null} [launched] The id of the entity that came of what was launched
 *   in that tick, if it is there.
 */

/**
 * Chooses the prediction once it is known what is played. A string says why there is none (see `room.unpredicted`).
 * @template {Game} [G=Game]
 * @typedef {Prediction<any, G> | ((game: Agreement) => Prediction<any, G> | string | null)} Predict
 */

/** @typedef {import("./agreement.js").Agreement} Agreement */

/**
 * An event of the game.
 * @template {Game} [G=Game]
 * @typedef {{ [K in keyof G["events"]]: { name: K, values: G["events"][K], tick: number } }[keyof G["events"]]} GameEvent
 */

/**
 * A state frame was taken in.
 * @typedef {object} Snapshot
 * @property {number} tick
 * @property {boolean} full Everything was dropped and begins anew.
 * @property {boolean} complete All that may be seen is held.
 */

/**
 * How a connection ended. `code` is 1006 where the line was cut without a word.
 * @typedef {object} Ending
 * @property {number} code The close code.
 * @property {string} name Its name in PROTOCOL.md: `RoomFull`, `Kicked`, …
 * @property {string} reason What the server said.
 * @property {"nobody" | "client" | "path" | "server"} fault Whose fault it is.
 * @property {"never" | "yes" | "elsewhere"} comeAgain
 * @property {string} text All of it in a sentence for people.
 */

/**
 * The connection will end unless something is done about it: `unchanged`: the player has done nothing for long; `ticket-ends`: see
 * `room.renew`; `going-away`: the server, and nothing helps.
 * @typedef {object} Notice
 * @property {import("./wire/server_message.js").NoticeReason} reason
 * @property {number} seconds
 */

/**
 * `seatKept`: the server keeps our seat for a while, and the next attempt asks for it.
 * @typedef {Ending & { attempt: number, retryInMs: number, seatKept: boolean }} Drop
 */

/**
 * We are in again. `resumed`: in the seat that we had; else as a new player. `ms`: after the drop.
 * @typedef {{ attempts: number, ms: number, resumed: boolean }} Reconnected
 */

/**
 * What became of the seat that the server kept for us, or that the page before this one left behind (see `seatStore`). Where it is not ours
 * again we are a new player: the seat was `gone` (too late, or somebody had it), or it was in `other-room`: another one, or another life of it.
 * @typedef {{ resumed: boolean, why: "gone" | "other-room" | null }} Resumed
 */

/**
 * What listeners are given, by the event's name.
 * @template {Game} [G=Game]
 * @typedef {object} RoomEvents
 * @property {Agreement} connect We are in and hold all that we may see; again after every reconnection.
 * @property {Entity<G>} spawn An entity came into view.
 * @property {Entity<G>} despawn It left; its components are the last ones.
 * @property {Snapshot} snapshot A state frame was taken in.
 * @property {GameEvent<G>} event The game told something. What it told before the world was there comes right after `connect`; what such an
 *   event names may have left since.
 * @property {Notice} notice The connection will end in so many seconds.
 * @property {Drop} drop The connection is gone; the next attempt comes in `retryInMs`.
 * @property {Reconnected} reconnect We are in again.
 * @property {Resumed} resume What became of the seat that was kept for us; before `connect`.
 * @property {Ending} leave It is over; nothing comes after this.
 * @property {import("./errors.js").TickwireError} error Something is wrong; a `drop` or `leave` follows if it cannot go on.
 */

/**
 * How things stand. Rates are of the last second.
 * @typedef {object} Stats
 * @property {"connecting" | "playing" | "paused" | "reconnecting" | "over"} state
 * @property {number} rttMs The round trip, smoothed.
 * @property {number} jitterMs How much frames are early or late, smoothed.
 * @property {number} bytesInPerSecond
 * @property {number} bytesOutPerSecond
 * @property {number} framesPerSecond State frames.
 * @property {number} snapshotAgeMs Since the newest frame came.
 * @property {number} interpolationMs By how much others are drawn late.
 * @property {number} leadMs How early our inputs come, smoothed.
 * @property {number} tick The newest tick held.
 * @property {number} entityCount
 * @property {number} digestsChecked Frames whose digest was compared with the world that we hold.
 * @property {number} digestsWrong Of these, wrong: each is answered by a fresh world.
 * @property {number} framesBroken Frames that could not be read.
 * @property {number} resyncs Fresh worlds asked for.
 * @property {number} ticksSkipped Ticks without a frame of their own.
 * @property {number} framesTrimmed Frames of a backlog that were not worth reading.
 * @property {number} inputsSent
 * @property {number} inputsShed Inputs that were not sent because the line was full; their presses came with the next.
 * @property {number} inputsUsed
 * @property {number} inputsLate Inputs for which the server had to take a stand-in.
 * @property {number} eventsLost Times that events were lost: while we paused, or because too many came before the world was there.
 * @property {number} underruns Pictures for which the newer frame was missing.
 * @property {number} drawn Pictures.
 * @property {number} corrections Times that the own player's predicted place was corrected.
 * @property {{ compared: number, inputSubstituted: number, touchedByOther: number, unexplained: number }} prediction Truths that were compared
 *   with what was predicted, and the causes of those that differed. `unexplained` above 0: the step is not the server's.
 * @property {number} bufferedBytes What waits in the socket to be sent.
 * @property {number} reconnects
 * @property {number} resumed Of these and of pages that were loaded anew, those that came back to the seat that we had.
 * @property {number} sessionMs Since this connection was welcomed.
 */

/**
 * A clock and timers: the page's own, or a test's.
 * @typedef {object} Timers
 * @property {() => number} now Milliseconds that never go back: `performance.now()`.
 * @property {(wake: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {(run: () => void) => void} soon Runs it after what waits already.
 */

/**
 * Who says when nobody looks: `document`.
 * @typedef {object} Page
 * @property {string} visibilityState
 * @property {(name: "visibilitychange", listener: () => void) => void} addEventListener
 * @property {(name: "visibilitychange", listener: () => void) => void} removeEventListener
 */

/**
 * Who says that there is a network again, and that the page goes: `window`.
 * @typedef {object} Network
 * @property {(name: "online" | "pagehide", listener: () => void) => void} addEventListener
 * @property {(name: "online" | "pagehide", listener: () => void) => void} removeEventListener
 */

/**
 * Where bytes are kept between visits, under names that begin with `tickwire.`: `localStorage` fits.
 * @typedef {{ getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void }} Store
 */

/**
 * @template {Game} [G=Game]
 * @typedef {object} ConnectOptions
 * @property {string} [room] Its name; without one it is any room with space.
 * @property {string} [name] The player's name, at most 32 bytes of UTF-8.
 * @property {string} [ticket] A join ticket, where the server wants one.
 * @property {() => (string | Promise<string>)} [renewTicket] Fetches a ticket for each reconnection; else the first is used again.
 * @property {boolean} [watch] Only look on.
 * @property {Predict<G>} [predict] How the own player moves.
 * @property {{ [K in keyof RoomEvents<G>]?: (what: RoomEvents<G>[K]) => void }} [on] Listeners from the first moment on.
 * @property {AbortSignal} [signal] Ends it: connecting is given up, a room is left.
 * @property {import("./socket.js").SocketMaker} [WebSocket] Where the platform has none.
 * @property {typeof globalThis.fetch} [fetch] With what it asks why a connection was refused.
 * @property {Store | null} [store] Keeps schema and code tables between visits. Default: none, only between reconnections.
 * @property {Store | null} [seatStore] `sessionStorage`: a page that is loaded anew, and joins the same room again, comes back to the seat of
 *   the one before. What gives the seat back is in it only while no page is there. Default: none.
 * @property {Timers} [timers]
 * @property {() => number} [random] From 0 to 1.
 * @property {Page | null} [page] Who says when it is hidden. Default: `document`. Null: it never pauses by itself.
 * @property {Network | null} [network] Who says that there is a network again. Default: the window, if there is one.
 * @property {(ending: Ending) => void} [onOutdated] The server speaks a newer protocol than this page. Default: reload the page, once.
 * @property {boolean | RetryOptions} [retry] Whether and for how long a lost connection is made again. Default: true.
 * @property {number} [timeoutMs] How long one attempt may take until the world is there. Default: 15,000.
 */

/**
 * @typedef {object} RetryOptions
 * @property {number} [firstMs] The longest wait before the first attempt. Default: 250.
 * @property {number} [mostMs] The longest wait of all. Default: 5,000.
 * @property {number} [totalMs] After so long without being in it gives up. Default: 60,000.
 */

export {};
