// Schema and code tables that were held on to, in a page's storage: with them the next Welcome is short.
//
// What is stored may be old, cut off or anybody's: it counts only if its bytes have the fingerprints that it says.
//
// Never here: whether a server's are the same (see agreement).

import { xxh3 } from "./bits/xxh3.js";

/** @import { Store } from "./types.js" */
/** @typedef {import("./agreement.js").Known} Known */

/**
 * What is stored for a host; null if there is nothing that can be used.
 * @param {Store | null} store
 * @param {string} host
 * @returns {Known | null}
 */
export function recall(store, host) {
  try {
    const text = store?.getItem(key(host)) ?? null;
    if (text === null) return null;
    const { schema, tables } = JSON.parse(text);
    const [schemaBytes, tablesBytes] = [fromBase64(schema), fromBase64(tables)];
    const fingerprints = [xxh3(schemaBytes), xxh3(tablesBytes)];
    const said = JSON.parse(text).fingerprints;
    if (said[0] !== String(fingerprints[0]) || said[1] !== String(fingerprints[1])) return null;
    return { schema: schemaBytes, schemaFingerprint: fingerprints[0], tables: tablesBytes, tablesFingerprint: fingerprints[1] };
  } catch {
    return null;
  }
}

/**
 * Stores it; where that is not allowed or there is no room, the next Welcome is long.
 * @param {Store | null} store
 * @param {string} host
 * @param {Known} known
 */
export function remember(store, host, known) {
  const fingerprints = [known.schemaFingerprint, known.tablesFingerprint].map(String);
  try {
    store?.setItem(key(host), JSON.stringify({ fingerprints, schema: toBase64(known.schema), tables: toBase64(known.tables) }));
  } catch {
    forget(store, host);
  }
}

/**
 * @param {Store | null} store
 * @param {string} host
 */
export function forget(store, host) {
  try {
    store?.removeItem(key(host));
  } catch {
    // A store that cannot even forget holds nothing for us.
  }
}

/** @param {string} host */
function key(host) {
  return `tickwire.known.${host}`;
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** @param {string} text */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
