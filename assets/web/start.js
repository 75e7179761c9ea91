// The list of rooms, asked for again every two seconds while somebody looks.
//
// Never here: the game (its page is not there yet).

const EVERY_MS = 2000;

const status = /** @type {HTMLElement} */ (document.getElementById("status"));
const table = /** @type {HTMLTableElement} */ (document.getElementById("rooms"));

/**
 * @typedef {{ name: string, players: number, cap: number, tick_rate_hz: number }} Room
 */

/** @param {Room[]} rooms */
function show(rooms) {
  status.textContent = rooms.length === 0 ? "No room is open. The first player opens one." : "";
  table.hidden = rooms.length === 0;
  table.tBodies[0].replaceChildren(...rooms.map(row));
}

/** @param {Room} room */
function row(room) {
  const line = document.createElement("tr");
  for (const text of [room.name, `${room.players} of ${room.cap}`, `${room.tick_rate_hz}`]) {
    line.insertCell().textContent = text;
  }
  return line;
}

async function ask() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch("/api/rooms");
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      show((await answer.json()).rooms);
    } catch {
      table.hidden = true;
      status.textContent = "The server does not answer. It may have been stopped.";
    }
  }
  setTimeout(ask, EVERY_MS);
}

ask();
