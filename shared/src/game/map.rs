//! An arena: walls, places to begin a life, things to take and undergrowth to hide in.
//!
//! What is beyond the edge counts as wall. All lengths are in 1/256 unit.
//!
//! Never here: files and what can be wrong with them (see `map_file`), pictures.

use super::constants::TILE;
use super::pickup::Sort;
use super::round::Faction;
use glam::IVec2;

pub use super::map_file::{MAP_NAME_BYTES_MAX, MapError};

/// An arena.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Map {
    pub(super) name: String,
    pub(super) tiles: IVec2,
    pub(super) walls: Vec<bool>,
    /// All places, those that red may begin at, and those that blue may.
    pub(super) spawns: [Vec<IVec2>; 3],
    pub(super) pickups: Vec<(IVec2, Sort)>,
    pub(super) stealth: Vec<Area>,
}

/// A rectangle: from `low` on, up to but without `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The corner with the smaller numbers.
    pub low: IVec2,
    /// The corner with the larger ones.
    pub high: IVec2,
}

impl Map {
    /// The map in `bytes`, a `.tmx` file; `file` is what errors call it.
    ///
    /// # Errors
    /// What the map's author must change.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, MapError> {
        super::map_file::parse(file, bytes)
    }

    /// A map drawn in text, for tests: `#` is a wall, `"` undergrowth, `+` health to take; every place that is no wall is
    /// a spawn.
    #[must_use]
    pub fn from_rows(name: &str, rows: &[&str]) -> Self {
        let tiles = IVec2::new(rows.first().map_or(0, |row| row.len()) as i32, rows.len() as i32);
        let mut map = Self { name: name.to_owned(), tiles, ..Self::default() };
        let cells =
            rows.iter().enumerate().flat_map(|(y, row)| row.bytes().enumerate().map(move |(x, byte)| (x, y, byte)));
        for (x, y, byte) in cells {
            let low = IVec2::new(x as i32, y as i32) * TILE;
            let middle = low + IVec2::splat(TILE / 2);
            map.walls.push(byte == b'#');
            if byte != b'#' {
                map.spawns.iter_mut().for_each(|spawns| spawns.push(middle));
            }
            match byte {
                b'+' => map.pickups.push((middle, Sort::Health)),
                b'"' => map.stealth.push(Area { low, high: low + IVec2::splat(TILE) }),
                _ => {}
            }
        }
        map
    }

    /// The file's name without its ending.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size in tiles.
    #[must_use]
    pub const fn tiles(&self) -> IVec2 {
        self.tiles
    }

    /// Places where one of a side may begin a life: its own and those that are anyone's, in the order of the editor; all
    /// for who is alone. Never empty for a parsed map.
    #[must_use]
    pub fn spawns(&self, faction: Faction) -> &[IVec2] {
        let [all, red, blue] = &self.spawns;
        match faction {
            Faction::Alone => all,
            Faction::Red => red,
            Faction::Blue => blue,
        }
    }

    /// What lies where, in the order of the editor.
    #[must_use]
    pub fn pickups(&self) -> &[(IVec2, Sort)] {
        &self.pickups
    }

    /// Whether there is undergrowth at all.
    #[must_use]
    pub const fn has_stealth(&self) -> bool {
        !self.stealth.is_empty()
    }

    /// Whether a point lies in undergrowth.
    #[must_use]
    pub fn is_stealth_at(&self, at: IVec2) -> bool {
        self.stealth.iter().any(|area| at.cmpge(area.low).all() && at.cmplt(area.high).all())
    }

    /// Whether a tile is a wall; beyond the edge all is.
    #[must_use]
    pub fn is_wall(&self, x: i32, y: i32) -> bool {
        let inside = (0..self.tiles.x).contains(&x) && (0..self.tiles.y).contains(&y);
        !inside || self.walls.get((y * self.tiles.x + x) as usize).copied().unwrap_or(true)
    }

    /// Whether a point lies in a wall.
    #[must_use]
    pub fn is_wall_at(&self, at: IVec2) -> bool {
        let tile = tile_of(at);
        self.is_wall(tile.x, tile.y)
    }

    /// Whether no wall lies between two points. The same both ways; a line through the corner where two walls meet is not
    /// clear, one that touches a single wall's corner is.
    #[must_use]
    pub fn is_clear(&self, from: IVec2, to: IVec2) -> bool {
        let (mut tile, end) = (tile_of(from), tile_of(to));
        let way = (to - from).abs();
        if self.is_wall(tile.x, tile.y) {
            return false;
        }
        while tile != end {
            let sign = (end - tile).signum();
            // How far along each axis the next edge is; compared as shares of the whole way, without dividing.
            let edge = (tile + sign.max(IVec2::ZERO)) * TILE;
            let ahead = (edge - from).abs();
            let x = i64::from(ahead.x) * i64::from(way.y);
            let y = i64::from(ahead.y) * i64::from(way.x);
            let next = match (sign.x, sign.y) {
                (0, _) => IVec2::new(0, sign.y),
                (_, 0) => IVec2::new(sign.x, 0),
                _ if x < y => IVec2::new(sign.x, 0),
                _ if y < x => IVec2::new(0, sign.y),
                _ if self.is_wall(tile.x + sign.x, tile.y) && self.is_wall(tile.x, tile.y + sign.y) => return false,
                _ => sign,
            };
            tile += next;
            if self.is_wall(tile.x, tile.y) {
                return false;
            }
        }
        true
    }
}

/// The tile of a point.
#[must_use]
pub fn tile_of(at: IVec2) -> IVec2 {
    at.div_euclid(IVec2::splat(TILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn yard() -> Map {
        Map::from_rows("yard", &["########", "#......#", "#.##...#", "#....\"+#", "#..#...#", "########"])
    }

    fn middle(x: i32, y: i32) -> IVec2 {
        IVec2::new(x, y) * TILE + IVec2::splat(TILE / 2)
    }

    #[test]
    fn a_line_is_clear_until_a_wall() {
        let map = yard();
        assert!(map.is_clear(middle(1, 1), middle(6, 1)));
        assert!(!map.is_clear(middle(1, 2), middle(6, 2)));
        assert!(map.is_clear(middle(1, 1), middle(1, 4)));
        assert!(!map.is_clear(middle(2, 1), middle(2, 3)));
        assert!(!map.is_clear(middle(1, 1), middle(9, 1)), "beyond the edge all is wall");
    }

    #[test]
    fn undergrowth_and_pickups_lie_where_they_were_drawn() {
        let map = yard();
        assert!(map.has_stealth() && map.is_stealth_at(middle(5, 3)) && !map.is_stealth_at(middle(4, 3)));
        assert_eq!(map.pickups(), [(middle(6, 3), Sort::Health)]);
    }

    proptest! {
        /// Compared with many points along the way: whoever sees a wall there, finds it not clear.
        #[test]
        fn a_clear_line_has_no_wall_on_it_and_is_clear_the_other_way(
            from in (0..8 * TILE, 0..6 * TILE), to in (0..8 * TILE, 0..6 * TILE)
        ) {
            let map = yard();
            let (from, to) = (IVec2::from(from), IVec2::from(to));
            prop_assert_eq!(map.is_clear(from, to), map.is_clear(to, from));
            // Exact: the points are counted in 1/512 of 1/256 unit.
            let tile = |part: i32| (from * 512 + (to - from) * part).div_euclid(IVec2::splat(TILE * 512));
            let walls = (0..=512).map(tile).filter(|tile| map.is_wall(tile.x, tile.y)).count();
            prop_assert!(!map.is_clear(from, to) || walls <= 2, "{} of 512 points", walls);
            prop_assert!(map.is_clear(from, to) || walls > 0 || (to - from).abs().min_element() > 0, "nothing in the way");
        }
    }
}
