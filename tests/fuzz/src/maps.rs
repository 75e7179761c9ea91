//! Maps: what is accepted can be played on.

use crate::bounded::within;
use shared::game::constants::MAP_TILES_MAX;
use shared::game::map::{Map, tile_of};
use shared::game::round::Faction;

/// Memory that reading a small map may take: its tiles, and what the reader of XML keeps.
const MAP_MEMORY_MAX: usize = 8 << 20;

/// A map.
pub fn map(bytes: &[u8]) {
    let Ok(map) = within(MAP_MEMORY_MAX + 256 * bytes.len(), || Map::parse("fuzz.tmx", bytes)) else { return };
    let tiles = map.tiles();
    assert!((3..=MAP_TILES_MAX).contains(&tiles.x) && (3..=MAP_TILES_MAX).contains(&tiles.y));
    for x in 0..tiles.x {
        assert!(map.is_wall(x, 0) && map.is_wall(x, tiles.y - 1), "nobody leaves the map");
    }
    for y in 0..tiles.y {
        assert!(map.is_wall(0, y) && map.is_wall(tiles.x - 1, y), "nobody leaves the map");
    }
    for faction in [Faction::Alone, Faction::Red, Faction::Blue] {
        assert!(!map.spawns(faction).is_empty(), "everybody can begin");
        for &spawn in map.spawns(faction) {
            let tile = tile_of(spawn);
            assert!(!map.is_wall(tile.x, tile.y), "nobody begins in a wall");
        }
    }
    for &(at, _) in map.pickups() {
        assert!(!map.is_wall_at(at), "what lies there can be reached");
    }
}
