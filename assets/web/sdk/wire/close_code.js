// Why a connection ends: each code says whose fault it is and whether to come again. The table is PROTOCOL.md's "Close codes"; a test
// reads it and compares.
//
// Never here: how a connection is closed (see socket).

/**
 * Whose doing the end of a connection was: nobody's (it ended as intended), the client's (it broke a rule), the path's (the network or
 * the machine could not keep up), the server's (it stops, is full or failed).
 * @typedef {"Nobody" | "Client" | "Path" | "Server"} Fault
 */

/**
 * What to do next: stay away (the same would happen again), come again with back-off, or go where the Redirect says.
 * @typedef {"Never" | "Yes" | "Elsewhere"} Retry
 */

/**
 * @typedef {object} CloseCode
 * @property {number} number on the wire
 * @property {string} name
 * @property {Fault} fault
 * @property {Retry} retry
 * @property {string} reason as a sentence
 */

/** @type {readonly CloseCode[]} */
export const CLOSE_CODES = Object.freeze([
  code(1000, "Normal", "Nobody", "Never", "goodbye"),
  code(1001, "GoingAway", "Server", "Yes", "the server is shutting down"),
  code(1002, "ProtocolError", "Client", "Never", "not a valid WebSocket stream"),
  code(1003, "NotBinary", "Client", "Never", "only binary messages are understood"),
  code(1007, "InvalidText", "Client", "Never", "text that is not UTF-8"),
  code(1009, "TooBig", "Client", "Never", "message too big"),
  code(1011, "InternalError", "Server", "Yes", "the server failed; it was not your fault"),
  code(1013, "TryAgain", "Server", "Yes", "the server is full, try again later"),
  code(4000, "WrongVersion", "Client", "Never", "no protocol version in common; load the newest client"),
  code(4001, "Malformed", "Client", "Never", "a message could not be decoded"),
  code(4002, "OutOfPlace", "Client", "Never", "a message that is not allowed now"),
  code(4003, "TooFast", "Client", "Yes", "too many messages"),
  code(4004, "HelloTimeout", "Client", "Yes", "no hello in time"),
  code(4005, "Silent", "Path", "Yes", "nothing heard for too long"),
  code(4006, "TooSlow", "Path", "Yes", "the connection takes no data"),
  code(4007, "EventsOverflow", "Path", "Yes", "too many events waiting"),
  code(4008, "RoomFull", "Server", "Yes", "the room is full"),
  code(4009, "RoomEnded", "Server", "Yes", "the room has ended"),
  code(4010, "Replaced", "Nobody", "Never", "replaced by a newer connection"),
  code(4011, "Kicked", "Client", "Never", "removed by the operator"),
  code(4012, "TicketEnded", "Client", "Never", "the ticket is no longer valid"),
  code(4013, "Moved", "Nobody", "Elsewhere", "moved to another server"),
  code(4014, "NotAllowed", "Client", "Never", "not allowed: the ticket is for looking on only, or an auditor lacks --allow-audit or is not on the server's machine"),
  code(4015, "NoSpectators", "Client", "Never", "spectators are not let in here: the operator has not allowed them"),
  code(4016, "Unchanged", "Client", "Never", "removed: nothing was done for too long"),
]);

/**
 * The code of a number, if it is one of ours.
 * @param {number} number
 * @returns {CloseCode | undefined}
 */
export function closeCode(number) {
  return CLOSE_CODES.find((known) => known.number === number);
}

/**
 * @param {number} number
 * @param {string} name
 * @param {Fault} fault
 * @param {Retry} retry
 * @param {string} reason
 * @returns {CloseCode}
 */
function code(number, name, fault, retry, reason) {
  return Object.freeze({ number, name, fault, retry, reason });
}
