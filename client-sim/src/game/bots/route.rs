//! The way around walls: tile by tile, the fewest steps, never across a corner.
//!
//! ```text
//!   here ─► tiles within reach, nearest first ─► there ─► back along who found whom
//! ```
//!
//! Never here: where to (see `fight`).

use glam::IVec2;
use shared::game::constants::TILE;
use shared::game::map::{Map, tile_of};
use std::collections::VecDeque;

/// Tiles that a search looks at: beyond this the goal is too far to plan for, and the bot goes straight at it.
const TILES_MAX: usize = 12_000;

/// Straight ways first, so that of two equally short ones the straighter is found.
const STEPS: [(i32, i32); 8] = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)];

/// A way that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Route {
    /// Tiles to come, the next one last.
    tiles: Vec<IVec2>,
}

impl Route {
    /// The way from one place to another; none if there is none.
    pub(super) fn find(map: &Map, from: IVec2, to: IVec2) -> Option<Self> {
        let (start, goal) = (tile_of(from), tile_of(to));
        let size = map.tiles();
        let index = |tile: IVec2| (tile.y * size.x + tile.x) as usize;
        let is_free = |tile: IVec2| !map.is_wall(tile.x, tile.y);
        if !is_free(start) || !is_free(goal) {
            return None;
        }
        let mut found_by: Vec<Option<IVec2>> = vec![None; (size.x * size.y) as usize];
        *found_by.get_mut(index(start))? = Some(start);
        let mut waiting = VecDeque::from([start]);
        let mut looked = 0;
        while let Some(tile) = waiting.pop_front() {
            looked += 1;
            if tile == goal || looked > TILES_MAX {
                break;
            }
            for (x, y) in STEPS {
                let next = tile + IVec2::new(x, y);
                let cuts = x != 0 && y != 0 && !(is_free(tile + IVec2::new(x, 0)) && is_free(tile + IVec2::new(0, y)));
                if !cuts && is_free(next) && found_by[index(next)].is_none() {
                    found_by[index(next)] = Some(tile);
                    waiting.push_back(next);
                }
            }
        }
        let mut tiles = Vec::new();
        let mut at = goal;
        while at != start {
            tiles.push(at);
            at = found_by[index(at)]?;
        }
        Some(Self { tiles })
    }

    /// Where to go next from here; none if it is there.
    pub(super) fn next(&mut self, at: IVec2) -> Option<IVec2> {
        while let Some(&tile) = self.tiles.last() {
            let middle = tile * TILE + IVec2::splat(TILE / 2);
            if (middle - at).abs().max_element() > TILE / 3 {
                return Some(middle);
            }
            self.tiles.pop();
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn middle(x: i32, y: i32) -> IVec2 {
        IVec2::new(x, y) * TILE + IVec2::splat(TILE / 2)
    }

    #[test]
    fn a_way_leads_around_walls_and_never_across_a_corner() {
        let map = Map::from_rows("yard", &["#######", "#.....#", "####..#", "#.....#", "#######"]);
        let mut route = Route::find(&map, middle(1, 1), middle(1, 3)).expect("there is a way");
        let mut at = middle(1, 1);
        let mut steps = 0;
        while let Some(next) = route.next(at) {
            assert!(map.is_clear(at, next), "{at} to {next}");
            at = next;
            steps += 1;
        }
        assert_eq!((at, steps), (middle(1, 3), 8));
        let closed = Map::from_rows("closed", &["#####", "#.#.#", "#####"]);
        assert!(Route::find(&closed, middle(1, 1), middle(3, 1)).is_none());
    }
}
