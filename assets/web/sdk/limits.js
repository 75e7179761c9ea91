// Every bound that a client keeps to or holds the server to, on one page: what it bounds, and what happens at it. The values are those of
// shared/src/limits.rs.

/** Largest message that a client may send, in bytes. A longer one is not written: the caller is told. */
export const CLIENT_MESSAGE_BYTES_MAX = 4 * 1024;
/** Largest message of a server, in bytes. Over it: refused, as no message. */
export const SERVER_MESSAGE_BYTES_MAX = 256 * 1024;
/** Largest Audit, in bytes. Over it: refused. */
export const AUDIT_BYTES_MAX = 48 * 1024;
/** Ticks that one step may cover. */
export const CATCH_UP_TICKS = 16;
/** How far ahead of the newest frame an input may be named, in ticks, whatever the Welcome says. */
export const INPUT_AHEAD_TICKS_MAX = 64;
/** Codes that an input may have. Over it: the schema is refused. */
export const INPUT_PARTS_MAX = 16;
/** Codes that an event or a request may have. Over it: the schema is refused. */
export const MESSAGE_PARTS_MAX = 48;
/** Parts that one facet may have. Over it: the schema is refused. */
export const FACET_PARTS_MAX = 64;
/** Codes that one part may have, unless it has all 2^32. Over it: the schema is refused. */
export const PART_CODES_MAX = 1 << 26;
/** Parts whose change bits share one symbol. */
export const GROUP_PARTS_MAX = 6;
/** Components, kinds, events and requests of a schema, each. Over it: refused. */
export const SCHEMA_ITEMS_MAX = 64;
/** Fields of one declaration. Over it: refused. */
export const COMPONENT_FIELDS_MAX = 32;
/** Facets of one entity. Over it: refused. */
export const ENTITY_FACETS_MAX = 8;
/** Kinds of facets of a schema. Over it: refused. */
export const FACET_KINDS_MAX = 255;
/** Bytes of a name in a schema. Over it: refused. */
export const NAME_BYTES_MAX = 64;
/** Bytes of a player's name. A longer one is not sent: the caller is told. */
export const PLAYER_NAME_BYTES_MAX = 32;
/** Bytes of a ticket that is renewed. A longer one is not sent: the caller is told. */
export const TICKET_BYTES_MAX = 4_000;
/** Bytes of a text field. Over it: the schema is refused. */
export const TEXT_BYTES_MAX = 96;
/** Bytes of a control message's extensions, and two for each. Over it: refused. */
export const EXTENSION_BYTES_MAX = 1024;
/** Codes of one set of tables. Over it: refused. */
export const TABLE_CODES_MAX = 512;
/** Code tables that wait for their tick. Over it: the client gives up. */
export const TABLES_WAITING_MAX = 4;
/** Longest word of a prefix code, in bits. */
export const CODE_BITS_MAX = 12;
/** Requests that may wait for their reply. */
export const REQUESTS_WAITING_MAX = 16;
