// The rooms that are open, as the server lists them, and how far away it is.
//
// Never here: how they are shown (see lobby.js).

/** @typedef {{ name: string, players: number, cap: number, tick_rate_hz: number }} Room */

/** What a room's name is made of. */
export const ROOM_NAME = /^[a-z0-9_-]{1,32}$/;

/** Round trips that the shortest is taken of. */
const TRIPS = 5;

export class Rooms {
  /** @param {(url: string) => Promise<Response>} [get] */
  constructor(get = (url) => fetch(url)) {
    this.get = get;
    /** @type {number[]} */
    this.trips = [];
  }

  /**
   * The rooms, those with players first.
   * @returns {Promise<Room[]>}
   */
  async ask() {
    const began = performance.now();
    const answer = await this.get("/api/rooms");
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const { rooms } = await answer.json();
    this.trips = [...this.trips, performance.now() - began].slice(-TRIPS);
    return [...rooms].sort((one, other) => other.players - one.players || (one.name < other.name ? -1 : 1));
  }

  /**
   * Where somebody who wants to play at once finds others: the room with the most players that has a place; undefined: nobody plays anywhere.
   * @param {Room[]} rooms as the last answer listed them
   */
  liveliest(rooms) {
    return rooms.find(({ players, cap }) => players > 0 && players < cap)?.name;
  }

  /** The shortest of the last round trips in milliseconds; null before the first. */
  get pingMs() {
    // The first one also made the connection.
    const settled = this.trips.length > 1 ? this.trips.slice(1) : this.trips;
    return settled.length === 0 ? null : Math.min(...settled);
  }
}
