//! Maps as they are drawn in the Tiled editor, from bytes.
//!
//! ```text
//!   .tmx   tile layer   "walls"     any tile is a wall; the border must be closed
//!          object layer "spawns"    a point each; type "red" or "blue": for that team alone
//!          object layer "pickups"   a point each; type "health", "rounds" or "rockets"       (may be missing)
//!          object layer "stealth"   a rectangle each: who stands in it is hidden             (may be missing)
//!          other layers: for the eye
//! ```
//!
//! A map that cannot be played on is refused, and the error says where to look in the editor and what to do: file, layer,
//! object.
//!
//! Never here: files (the bytes are given), pictures.

use super::constants::{MAP_TILES_MAX, PLAYER_RADIUS, TILE_UNITS, UNIT};
use super::map::{Area, Map};
use super::map_scan::scan;
use super::pickup::Sort;
use crate::limits::MAP_BYTES_MAX;
use glam::IVec2;
use std::path::Path;
use tiled::{LayerType, ObjectData, ObjectLayer, ObjectShape, TileLayer};

/// Bytes of a map's name: it stands in the state of the match.
pub const MAP_NAME_BYTES_MAX: usize = 16;

/// Things of a layer that are read: a larger number is a mistake, and each costs time in every tick.
const OBJECTS_MAX: usize = 256;

/// Why a map cannot be played on: its author's to mend.
#[derive(Debug, thiserror::Error)]
pub enum MapError {
    /// More than a map needs.
    #[error(
        "{file}: has {bytes} bytes, allowed are {MAP_BYTES_MAX}: remove layers that are not needed, or pictures that are embedded"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: usize,
    },
    /// Nobody could be told its name.
    #[error("{file}: must be called by 1 to {MAP_NAME_BYTES_MAX} of a-z, A-Z, 0-9, - and _ before .tmx: rename it")]
    Name {
        /// The file.
        file: String,
    },
    /// Not a map that the Tiled editor wrote.
    #[error("{file}: {source}: save it anew from the Tiled editor as .tmx")]
    Unreadable {
        /// The file.
        file: String,
        /// What the reader says.
        source: tiled::Error,
    },
    /// Parts in parts in parts.
    #[error("{file}: its layers lie too deep in each other: take groups apart")]
    Deep {
        /// The file.
        file: String,
    },
    /// Data whose size nobody knows before it is unpacked.
    #[error(
        "{file}, layer {layer:?}: its data is packed or has no known form: choose Map Properties, Tile Layer Format, CSV"
    )]
    Encoding {
        /// The file.
        file: String,
        /// The layer's name.
        layer: String,
    },
    /// A layer that is not whole.
    #[error("{file}, layer {layer:?}: has {found} tiles, needed are {needed}: save it anew from the Tiled editor")]
    Tiles {
        /// The file.
        file: String,
        /// The layer's name.
        layer: String,
        /// Width times height.
        needed: u64,
        /// What there is.
        found: u64,
    },
    /// It has the wrong shape.
    #[error(
        "{file}: must be orthogonal, finite, of 3 to {MAP_TILES_MAX} tiles a side with {TILE_UNITS} pixels each, \
         but has {width} x {height} tiles of {tile_width} x {tile_height}: see Map, Map Properties"
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
    #[error("{file}: needs {sort} layer called {layer:?}: add one, or rename the one that is meant")]
    Layer {
        /// The file.
        file: String,
        /// The layer's name.
        layer: &'static str,
        /// What it must be.
        sort: &'static str,
    },
    /// One could leave the map.
    #[error("{file}, layer \"walls\", column {column}, row {row}: the border is open: draw a wall here")]
    OpenBorder {
        /// The file.
        file: String,
        /// From the left, beginning at 0, as the editor counts.
        column: i32,
        /// From the top, beginning at 0.
        row: i32,
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
        /// What is wrong, and what to do.
        problem: &'static str,
    },
    /// More objects than a layer may have.
    #[error("{file}, layer {layer:?}: has {count} objects, allowed are {OBJECTS_MAX}: remove some")]
    ManyObjects {
        /// The file.
        file: String,
        /// The layer's name.
        layer: &'static str,
        /// How many there are.
        count: usize,
    },
    /// Nobody could begin.
    #[error("{file}, layer \"spawns\": needs at least one point for {whose}: add one")]
    NoSpawns {
        /// The file.
        file: String,
        /// For whom.
        whose: &'static str,
    },
}

/// The map refers to a file that was not given along.
#[derive(Debug, thiserror::Error)]
#[error("only the map itself was given, so it must hold its tilesets (in the editor: embed tileset)")]
struct NotGiven;

/// See [`Map::parse`].
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Map, MapError> {
    if bytes.len() > MAP_BYTES_MAX {
        return Err(MapError::TooLarge { file: file.to_owned(), bytes: bytes.len() });
    }
    scan(file, bytes)?;
    let reader = |path: &Path| if path == Path::new(file) { Ok(bytes) } else { Err(NotGiven) };
    let drawn = tiled::Loader::with_reader(reader)
        .load_tmx_map(file)
        .map_err(|source| MapError::Unreadable { file: file.to_owned(), source })?;
    check_shape(file, &drawn)?;
    let missing = |layer, sort| MapError::Layer { file: file.to_owned(), layer, sort };
    let layer = |name: &str| drawn.layers().find(|layer| layer.name == name).map(|layer| layer.layer_type());
    let Some(LayerType::Tiles(walls)) = layer("walls") else { return Err(missing("walls", "a tile")) };
    let Some(LayerType::Objects(spawns)) = layer("spawns") else { return Err(missing("spawns", "an object")) };
    let name = Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file).to_owned();
    let tiles = IVec2::new(drawn.width as i32, drawn.height as i32);
    let mut map = Map { name, tiles, walls: read_walls(&walls, tiles), ..Map::default() };
    check_border(file, &map)?;
    read_spawns(file, &mut map, &spawns)?;
    match layer("pickups") {
        Some(LayerType::Objects(pickups)) => read_pickups(file, &mut map, &pickups)?,
        Some(_) => return Err(missing("pickups", "an object")),
        None => {}
    }
    match layer("stealth") {
        Some(LayerType::Objects(stealth)) => read_stealth(file, &mut map, &stealth)?,
        Some(_) => return Err(missing("stealth", "an object")),
        None => {}
    }
    Ok(map)
}

/// An object layer that is being read: what its errors name.
struct Reading<'a> {
    file: &'a str,
    layer: &'static str,
}

impl Reading<'_> {
    fn refuse(&self, object: &ObjectData, problem: &'static str) -> MapError {
        MapError::Object { file: self.file.to_owned(), layer: self.layer, object: object.id(), problem }
    }

    fn check_count(&self, layer: &ObjectLayer<'_>) -> Result<(), MapError> {
        let count = layer.objects().count();
        if count <= OBJECTS_MAX {
            return Ok(());
        }
        Err(MapError::ManyObjects { file: self.file.to_owned(), layer: self.layer, count })
    }

    /// Where a point is that a player can stand on.
    fn standing(&self, object: &ObjectData, map: &Map) -> Result<IVec2, MapError> {
        if !matches!(object.shape, ObjectShape::Point(..)) {
            return Err(self.refuse(object, "must be a point: remove it and insert a point"));
        }
        let at = place(object.x, object.y);
        let corners = [(-1, -1), (-1, 1), (1, -1), (1, 1)].map(|(x, y)| IVec2::new(x, y) * PLAYER_RADIUS);
        if corners.into_iter().any(|corner| map.is_wall_at(at + corner)) {
            return Err(self.refuse(object, "a player would stand in a wall here: move it away from walls"));
        }
        Ok(at)
    }
}

/// A pixel of the editor is a unit. Read once, before the first tick, and IEEE multiplies alike everywhere.
fn place(x: f32, y: f32) -> IVec2 {
    IVec2::new((x * UNIT as f32) as i32, (y * UNIT as f32) as i32)
}

fn read_spawns(file: &str, map: &mut Map, layer: &ObjectLayer<'_>) -> Result<(), MapError> {
    let reading = Reading { file, layer: "spawns" };
    reading.check_count(layer)?;
    for object in layer.objects() {
        let at = reading.standing(&object, map)?;
        let [all, red, blue] = &mut map.spawns;
        all.push(at);
        match object.user_type.as_str() {
            "" => {
                red.push(at);
                blue.push(at);
            }
            "red" => red.push(at),
            "blue" => blue.push(at),
            _ => return Err(reading.refuse(&object, "has another type: write red, blue or nothing")),
        }
    }
    for (spawns, whose) in map.spawns.iter().zip(["a player", "red", "blue"]) {
        if spawns.is_empty() {
            return Err(MapError::NoSpawns { file: file.to_owned(), whose });
        }
    }
    Ok(())
}

fn read_pickups(file: &str, map: &mut Map, layer: &ObjectLayer<'_>) -> Result<(), MapError> {
    let reading = Reading { file, layer: "pickups" };
    reading.check_count(layer)?;
    for object in layer.objects() {
        let at = reading.standing(&object, map)?;
        let sort = match object.user_type.as_str() {
            "health" => Sort::Health,
            "rounds" => Sort::Rounds,
            "rockets" => Sort::Rockets,
            _ => return Err(reading.refuse(&object, "has another type: write health, rounds or rockets")),
        };
        map.pickups.push((at, sort));
    }
    Ok(())
}

fn read_stealth(file: &str, map: &mut Map, layer: &ObjectLayer<'_>) -> Result<(), MapError> {
    let reading = Reading { file, layer: "stealth" };
    reading.check_count(layer)?;
    for object in layer.objects() {
        let ObjectShape::Rect { width, height } = object.shape else {
            return Err(reading.refuse(&object, "must be a rectangle: remove it and insert one"));
        };
        let (low, high) = (place(object.x, object.y), place(object.x + width, object.y + height));
        if object.rotation != 0.0 || !low.cmplt(high).all() {
            return Err(
                reading.refuse(&object, "must be upright and have a size: set its rotation to 0, draw it larger")
            );
        }
        map.stealth.push(Area { low, high });
    }
    Ok(())
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

fn check_border(file: &str, map: &Map) -> Result<(), MapError> {
    let tiles = map.tiles();
    let places = (0..tiles.y).flat_map(|y| (0..tiles.x).map(move |x| (x, y)));
    let mut border = places.filter(|&(x, y)| x == 0 || y == 0 || x == tiles.x - 1 || y == tiles.y - 1);
    match border.find(|&(x, y)| !map.is_wall(x, y)) {
        None => Ok(()),
        Some((column, row)) => Err(MapError::OpenBorder { file: file.to_owned(), column, row }),
    }
}

fn read_walls(layer: &TileLayer<'_>, tiles: IVec2) -> Vec<bool> {
    let places = (0..tiles.y).flat_map(|y| (0..tiles.x).map(move |x| (x, y)));
    places.map(|(x, y)| layer.get_tile(x, y).is_some()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::constants::UNIT;
    use crate::game::round::Faction;

    /// A map of 4 x 3 tiles, two of them free, with these walls and layers.
    fn drawn(walls: &str, data: &str, layers: &str) -> String {
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<map version="1.10" orientation="orthogonal" renderorder="right-down" width="4" height="3" tilewidth="16" tileheight="16" infinite="0">
 <tileset firstgid="1" name="tiles" tilewidth="16" tileheight="16" tilecount="2" columns="2"><image source="tiles.png" width="32" height="16"/></tileset>
 <layer id="1" name="{walls}" width="4" height="3"><data encoding="csv">{data}</data></layer>
 {layers}
</map>"#
        )
    }

    const CLOSED: &str = "2,2,2,2,\n2,0,0,2,\n2,2,2,2";

    fn group(name: &str, objects: &str) -> String {
        format!(r#"<objectgroup id="2" name="{name}">{objects}</objectgroup>"#)
    }

    fn tmx(walls: &str, objects: &str) -> String {
        drawn(walls, CLOSED, &group("spawns", objects))
    }

    const POINT: &str = r#"<object id="7" x="24" y="24"><point/></object>"#;

    fn refused(text: &str) -> String {
        Map::parse("small.tmx", text.as_bytes()).expect_err("refused").to_string()
    }

    #[test]
    fn a_map_is_read_from_its_bytes() {
        let layers = group("spawns", POINT)
            + &group("pickups", r#"<object id="8" type="rockets" x="40" y="24"><point/></object>"#)
            + &group("stealth", r#"<object id="9" x="16" y="16" width="16" height="16"/>"#);
        let map = Map::parse("small.tmx", drawn("walls", CLOSED, &layers).as_bytes()).expect("a good map");
        assert_eq!((map.name(), map.tiles()), ("small", IVec2::new(4, 3)));
        assert_eq!(map.spawns(Faction::Blue), [IVec2::new(24, 24) * UNIT]);
        assert!(map.is_wall(0, 0) && !map.is_wall(1, 1) && !map.is_wall(2, 1) && map.is_wall(3, 1));
        assert!(map.is_wall(-1, 1) && map.is_wall(4, 1), "beyond the edge all is wall");
        assert_eq!(map.pickups(), [(IVec2::new(40, 24) * UNIT, Sort::Rockets)]);
        assert!(map.is_stealth_at(IVec2::new(24, 24) * UNIT) && !map.is_stealth_at(IVec2::new(40, 24) * UNIT));
    }

    #[test]
    fn an_error_says_where_to_look_in_the_editor_and_what_to_do() {
        let expected = r#"small.tmx: needs a tile layer called "walls": add one, or rename the one that is meant"#;
        assert_eq!(refused(&tmx("wall", POINT)), expected);
        let expected = r#"small.tmx: needs an object layer called "spawns": add one, or rename the one that is meant"#;
        assert_eq!(refused(&drawn("walls", CLOSED, "")), expected);
        let expected = r#"small.tmx, layer "walls", column 2, row 0: the border is open: draw a wall here"#;
        assert_eq!(refused(&drawn("walls", "2,2,0,2,\n2,0,0,2,\n2,2,2,2", &group("spawns", POINT))), expected);
        assert_eq!(
            refused(&tmx("walls", "")),
            r#"small.tmx, layer "spawns": needs at least one point for a player: add one"#
        );
        let inside = r#"<object id="9" x="20" y="24"><point/></object>"#;
        let expected =
            r#"small.tmx, layer "spawns", object 9: a player would stand in a wall here: move it away from walls"#;
        assert_eq!(refused(&tmx("walls", inside)), expected);
        let area = r#"<object id="3" x="24" y="24" width="2" height="2"/>"#;
        let expected = r#"small.tmx, layer "spawns", object 3: must be a point: remove it and insert a point"#;
        assert_eq!(refused(&tmx("walls", area)), expected);
        let red = r#"<object id="7" type="red" x="24" y="24"><point/></object>"#;
        let expected = r#"small.tmx, layer "spawns": needs at least one point for blue: add one"#;
        assert_eq!(refused(&tmx("walls", red)), expected);
        let odd = r#"<object id="4" type="gold" x="24" y="24"><point/></object>"#;
        let layers = group("spawns", POINT) + &group("pickups", odd);
        let expected = r#"small.tmx, layer "pickups", object 4: has another type: write health, rounds or rockets"#;
        assert_eq!(refused(&drawn("walls", CLOSED, &layers)), expected);
    }

    #[test]
    fn a_layer_without_all_its_tiles_is_refused_and_named() {
        for (data, found) in [("2,2,2,2", 4), ("2,2,2,2,\n2,0,0,2,\n2,2,2,2,2", 13), ("", 0), (" \n", 0)] {
            let text = drawn("walls", data, &group("spawns", POINT));
            let expected = format!(
                r#"small.tmx, layer "walls": has {found} tiles, needed are 12: save it anew from the Tiled editor"#
            );
            assert_eq!(refused(&text), expected, "{data:?}");
        }
        let pieces = drawn("walls", &format!("2,2<!-- -->{CLOSED}"), &group("spawns", POINT));
        assert!(refused(&pieces).contains("has 2 tiles"), "the reader takes the first text");
        let endless = drawn("walls", "<chunk x='0' y='0' width='1' height='1'>2</chunk>", &group("spawns", POINT));
        let endless = endless.replace(r#"infinite="0""#, r#"infinite="1""#);
        assert!(refused(&endless).contains("must be orthogonal, finite"), "{}", refused(&endless));
    }

    #[test]
    fn data_that_grows_when_it_is_unpacked_is_refused_before_it_is() {
        for form in [r#""base64" compression="gzip""#, r#""base64" compression="zlib""#, r#""base64""#] {
            let text = drawn("clouds", CLOSED, &group("spawns", POINT)).replace(r#""csv""#, form);
            let said = refused(&text);
            assert!(said.starts_with(r#"small.tmx, layer "clouds": its data is packed"#), "{said}");
        }
    }

    #[test]
    fn groups_in_groups_without_end_are_refused_and_some_are_not() {
        let nested = |depth: usize| {
            drawn("walls", CLOSED, &("<group>".repeat(depth) + &"</group>".repeat(depth)))
                .replace("</map>", &(group("spawns", POINT) + "</map>"))
        };
        assert!(Map::parse("small.tmx", nested(10).as_bytes()).is_ok());
        assert_eq!(refused(&nested(60_000)), "small.tmx: its layers lie too deep in each other: take groups apart");
    }

    #[test]
    fn bytes_that_are_no_map_are_refused() {
        assert!(matches!(Map::parse("x.tmx", b"no map"), Err(MapError::Unreadable { .. })));
        assert!(matches!(Map::parse("x.tmx", b""), Err(MapError::Unreadable { .. })));
        let large = Map::parse("x.tmx", &vec![b' '; 10 << 20]).expect_err("too large").to_string();
        assert!(large.starts_with("x.tmx: has 10485760 bytes, allowed are 1048576"), "{large}");
    }
}
