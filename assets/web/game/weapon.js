// What a player shoots with, by the names that the schema has for it. The twin of shared/src/game/weapon.rs.
//
// Never here: when a shot leaves (see movement.js).

/** Hits at once what is in its line. */
export const RIFLE = 0;
/** Slow, and it hurts whoever is near when it bursts. */
export const ROCKET_LAUNCHER = 1;
