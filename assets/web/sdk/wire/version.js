// Which protocol we speak. It changes with PROTOCOL.md's history and the golden bytes together.

/** The newest protocol version that this build speaks. */
export const PROTOCOL = 3;

/** The oldest protocol version that this build speaks. */
export const PROTOCOL_OLDEST = 3;

/** The WebSocket sub-protocol: the name and the major version of the wire. */
export const SUBPROTOCOL = "tickwire.v1";
