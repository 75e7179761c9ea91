//! An arena: walls and places to begin a life, as drawn in the Tiled editor, from bytes.
//!
//! ```text
//!   .tmx   tile layer "walls": any tile is a wall      object layer "spawns": a point each      other layers: for the eye
//! ```
//!
//! What is beyond the edge counts as wall. A map that cannot be played on is refused, and the error says where to look in
//! the editor: file, layer, object.
//!
//! Never here: files (the bytes are given), pictures.

use super::constants::{MAP_TILES_MAX, PLAYER_RADIUS, TILE, TILE_UNITS, UNIT};
use glam::IVec2;
use std::path::Path;
use tiled::{LayerType, ObjectLayer, ObjectShape, TileLayer};

/// An arena.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    name: String,
    tiles: IVec2,
    walls: Vec<bool>,
    spawns: Vec<IVec2>,
}

/// Why a map cannot be played on: its author's to mend.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// Not a map that the Tiled editor wrote.
    #[error("{file}: {source}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the reader says.
        source: tiled::Error,
    },
    /// It has the wrong shape.
    #[error(
        "{file}: must be orthogonal, finite, of 3 to {MAP_TILES_MAX} tiles a side with {TILE_UNITS} pixels each, \
         but has {width} x {height} tiles of {tile_width} x {tile_height}"
    )]
    Shape {
        /// The file.
        file: String,
        /// Tiles along x.
        width: u32,
        /// Tiles along y.
        height: u32,
        /// Pixels of a tile along x.
        tile_width: u32,
        /// Pixels of a tile along y.
        tile_height: u32,
    },
    /// A layer is missing, or of another sort.
    #[error("{file}: needs {sort} layer called {layer:?}")]
    Layer {
        /// The file.
        file: String,
        /// The layer's name.
        layer: &'static str,
        /// What it must be.
        sort: &'static str,
    },
    /// An object stands where it must not.
    #[error("{file}, layer {layer:?}, object {object}: {problem}")]
    Object {
        /// The file.
        file: String,
        /// The layer's name.
        layer: &'static str,
        /// The object's number in the editor.
        object: u32,
        /// What is wrong.
        problem: &'static str,
    },
    /// Nobody could begin.
    #[error("{file}, layer \"spawns\": needs at least one point")]
    NoSpawns {
        /// The file.
        file: String,
    },
}

/// The map refers to a file that was not given along.
#[derive(Debug, thiserror::Error)]
#[error("only the map itself was given, so it must hold its tilesets (in the editor: embed tileset)")]
struct NotGiven;

impl Map {
    /// The map in `bytes`, a `.tmx` file; `file` is what errors call it.
    ///
    /// # Errors
    /// What the map's author must change.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, MapError> {
        let reader = |path: &Path| if path == Path::new(file) { Ok(bytes) } else { Err(NotGiven) };
        let map = tiled::Loader::with_reader(reader)
            .load_tmx_map(file)
            .map_err(|source| MapError::Unreadable { file: file.to_owned(), source })?;
        check_shape(file, &map)?;
        let layer = |name: &str| map.layers().find(|layer| layer.name == name).map(|layer| layer.layer_type());
        let Some(LayerType::Tiles(walls)) = layer("walls") else {
            return Err(MapError::Layer { file: file.to_owned(), layer: "walls", sort: "a tile" });
        };
        let Some(LayerType::Objects(spawns)) = layer("spawns") else {
            return Err(MapError::Layer { file: file.to_owned(), layer: "spawns", sort: "an object" });
        };
        let name = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file).to_owned();
        let tiles = IVec2::new(map.width as i32, map.height as i32);
        let mut map = Self { name, tiles, walls: read_walls(&walls, tiles), spawns: Vec::new() };
        map.spawns = map.read_spawns(file, &spawns)?;
        Ok(map)
    }

    /// A map drawn in text, for tests: `#` is a wall, every other place a spawn.
    #[must_use]
    pub fn from_rows(name: &str, rows: &[&str]) -> Self {
        let tiles = IVec2::new(rows.first().map_or(0, |row| row.len()) as i32, rows.len() as i32);
        let walls: Vec<bool> = rows.iter().flat_map(|row| row.bytes().map(|byte| byte == b'#')).collect();
        let mut map = Self { name: name.to_owned(), tiles, walls, spawns: Vec::new() };
        let places = (0..tiles.y).flat_map(|y| (0..tiles.x).map(move |x| IVec2::new(x, y)));
        map.spawns =
            places.filter(|at| !map.is_wall(at.x, at.y)).map(|at| at * TILE + IVec2::splat(TILE / 2)).collect();
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

    /// Places to begin a life, in 1/256 unit: in the order of the editor, never empty for a parsed map.
    #[must_use]
    pub fn spawns(&self) -> &[IVec2] {
        &self.spawns
    }

    /// Whether a tile is a wall; beyond the edge all is.
    #[must_use]
    pub fn is_wall(&self, x: i32, y: i32) -> bool {
        let inside = (0..self.tiles.x).contains(&x) && (0..self.tiles.y).contains(&y);
        !inside || self.walls.get((y * self.tiles.x + x) as usize).copied().unwrap_or(true)
    }

    /// Whether a point, in 1/256 unit, lies in a wall.
    #[must_use]
    pub fn is_wall_at(&self, at: IVec2) -> bool {
        let tile = at.div_euclid(IVec2::splat(TILE));
        self.is_wall(tile.x, tile.y)
    }

    fn read_spawns(&self, file: &str, layer: &ObjectLayer<'_>) -> Result<Vec<IVec2>, MapError> {
        let mut spawns = Vec::new();
        for object in layer.objects() {
            let refuse = |problem| {
                Err(MapError::Object { file: file.to_owned(), layer: "spawns", object: object.id(), problem })
            };
            if !matches!(object.shape, ObjectShape::Point(..)) {
                return refuse("must be a point");
            }
            // A pixel of the editor is a unit. Read once, before the first tick, and IEEE multiplies alike everywhere.
            let at = IVec2::new((object.x * UNIT as f32) as i32, (object.y * UNIT as f32) as i32);
            let corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)].map(|(x, y)| IVec2::new(x, y) * PLAYER_RADIUS);
            if corners.into_iter().any(|corner| self.is_wall_at(at + corner)) {
                return refuse("a player would stand in a wall here");
            }
            spawns.push(at);
        }
        if spawns.is_empty() { Err(MapError::NoSpawns { file: file.to_owned() }) } else { Ok(spawns) }
    }
}

fn check_shape(file: &str, map: &tiled::Map) -> Result<(), MapError> {
    let sides = 3..=MAP_TILES_MAX as u32;
    let tile = TILE_UNITS as u32;
    let fits = sides.contains(&map.width) && sides.contains(&map.height);
    let square = map.tile_width == tile && map.tile_height == tile;
    if fits && square && !map.infinite() && map.orientation == tiled::Orientation::Orthogonal {
        return Ok(());
    }
    Err(MapError::Shape {
        file: file.to_owned(),
        width: map.width,
        height: map.height,
        tile_width: map.tile_width,
        tile_height: map.tile_height,
    })
}

fn read_walls(layer: &TileLayer<'_>, tiles: IVec2) -> Vec<bool> {
    let places = (0..tiles.y).flat_map(|y| (0..tiles.x).map(move |x| (x, y)));
    places.map(|(x, y)| layer.get_tile(x, y).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tmx(walls: &str, objects: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" renderorder="right-down" width="4" height="3" tilewidth="16" tileheight="16" infinite="0">
 <tileset firstgid="1" name="tiles" tilewidth="16" tileheight="16" tilecount="2" columns="2"><image source="tiles.png" width="32" height="16"/></tileset>
 <layer id="1" name="{walls}" width="4" height="3"><data encoding="csv">2,2,2,2,
2,0,0,2,
2,2,2,2</data></layer>
 <objectgroup id="2" name="spawns">{objects}</objectgroup>
</map>"#
        )
    }

    const POINT: &str = r#"<object id="7" x="24" y="24"><point/></object>"#;

    fn error(walls: &str, objects: &str) -> String {
        Map::parse("small.tmx", tmx(walls, objects).as_bytes()).expect_err("refused").to_string()
    }

    #[test]
    fn a_map_is_read_from_its_bytes() {
        let map = Map::parse("small.tmx", tmx("walls", POINT).as_bytes()).expect("a good map");
        assert_eq!((map.name(), map.tiles()), ("small", IVec2::new(4, 3)));
        assert_eq!(map.spawns(), [IVec2::new(24, 24) * UNIT]);
        assert!(map.is_wall(0, 0) && !map.is_wall(1, 1) && !map.is_wall(2, 1) && map.is_wall(3, 1));
        assert!(map.is_wall(-1, 1) && map.is_wall(4, 1), "beyond the edge all is wall");
    }

    #[test]
    fn an_error_says_where_to_look_in_the_editor() {
        assert_eq!(error("wall", POINT), r#"small.tmx: needs a tile layer called "walls""#);
        assert_eq!(error("walls", ""), r#"small.tmx, layer "spawns": needs at least one point"#);
        let inside = r#"<object id="9" x="20" y="24"><point/></object>"#;
        let expected = r#"small.tmx, layer "spawns", object 9: a player would stand in a wall here"#;
        assert_eq!(error("walls", inside), expected);
        let area = r#"<object id="3" x="24" y="24" width="2" height="2"/>"#;
        assert_eq!(error("walls", area), r#"small.tmx, layer "spawns", object 3: must be a point"#);
    }

    #[test]
    fn bytes_that_are_no_map_are_refused() {
        assert!(matches!(Map::parse("x.tmx", b"no map"), Err(MapError::Unreadable { .. })));
        assert!(matches!(Map::parse("x.tmx", b""), Err(MapError::Unreadable { .. })));
    }
}
