// Which protocol we speak. It changes with PROTOCOL.md's history and the golden bytes together.

/** The newest protocol version that this build speaks. */
export const PROTOCOL = 4;

/** The oldest protocol version that this build speaks. */
export const PROTOCOL_OLDEST = 4;

/** The WebSocket sub-protocol: the name and the major version of the wire. */
export const SUBPROTOCOL = "tickwire.v1";
