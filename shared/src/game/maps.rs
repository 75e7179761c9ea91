//! The maps in the box, by their files' names: those that are compiled in, unless others were put in their place at the start.
//!
//! Each is read once, when it is first asked for (others at the start, so that a broken one is found then): reading takes milliseconds,
//! which a tick does not have. Both sides must have the same: a server's maps of a folder are its clients' only if they are given that folder,
//! too.
//!
//! Never here: which is played (see `round`), how a file is read (see `map_file`), folders.

use super::map::{MAP_NAME_BYTES_MAX, Map, MapError};
use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

/// Files that are compiled in and their bytes, as the Tiled editor writes them; the first is the default.
pub const MAPS: [(&str, &[u8]); 3] = [
    ("crossroads.tmx", include_bytes!("../../../assets/maps/crossroads.tmx")),
    ("courtyard.tmx", include_bytes!("../../../assets/maps/courtyard.tmx")),
    ("gardens.tmx", include_bytes!("../../../assets/maps/gardens.tmx")),
];

/// The ending of a map's file.
pub const ENDING: &str = ".tmx";

/// A map in the box.
#[derive(Debug)]
struct Boxed {
    file: Cow<'static, str>,
    bytes: Cow<'static, [u8]>,
    /// As it was read.
    map: OnceLock<Arc<Map>>,
}

/// What is in the box of this process, from when it was first opened.
static BOX: OnceLock<Vec<Boxed>> = OnceLock::new();

/// Why the box was not filled.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// One of the maps cannot be played on: its author's to mend.
    #[error(transparent)]
    Map(#[from] MapError),
    /// It was opened before: our own bug.
    #[error("the maps were asked for before they were replaced")]
    Opened,
}

/// Puts these files, a name and its bytes each, into the box in place of those that are compiled in; the first is the default. Before
/// anybody asks for one.
///
/// # Errors
/// What an author must change; or somebody has asked. The box is as it was.
pub fn fill(files: Vec<(String, Vec<u8>)>) -> Result<(), FillError> {
    let read = |(file, bytes): (String, Vec<u8>)| {
        check_name(&file)?;
        let map = Arc::new(Map::parse(&file, &bytes)?);
        Ok(Boxed { file: file.into(), bytes: bytes.into(), map: map.into() })
    };
    let filled = files.into_iter().map(read).collect::<Result<Vec<_>, MapError>>()?;
    BOX.set(filled).map_err(|_| FillError::Opened)
}

fn check_name(file: &str) -> Result<(), MapError> {
    let stem = stem(file);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=MAP_NAME_BYTES_MAX).contains(&stem.len()) && stem.bytes().all(plain) {
        return Ok(());
    }
    Err(MapError::Name { file: file.to_owned() })
}

fn stem(file: &str) -> &str {
    file.strip_suffix(ENDING).unwrap_or(file)
}

fn in_box() -> &'static [Boxed] {
    BOX.get_or_init(|| {
        let compiled = |(file, bytes): (&'static str, &'static [u8])| Boxed {
            file: file.into(),
            bytes: bytes.into(),
            map: OnceLock::new(),
        };
        MAPS.into_iter().map(compiled).collect()
    })
}

/// How many there are.
#[must_use]
pub fn count() -> usize {
    in_box().len()
}

/// Their names, without the ending.
pub fn names() -> impl Iterator<Item = &'static str> {
    in_box().iter().map(|boxed| stem(&boxed.file))
}

/// Which of them has this name, with or without the ending.
#[must_use]
pub fn position(name: &str) -> Option<usize> {
    names().position(|known| known == stem(name))
}

/// The file at a place of the box: its name and its bytes.
#[must_use]
pub fn file(place: usize) -> Option<(&'static str, &'static [u8])> {
    in_box().get(place).map(|boxed| (&*boxed.file, &*boxed.bytes))
}

/// The map at a place of the box, shared by all who ask.
///
/// # Errors
/// What its author must change.
///
/// # Panics
/// If there is no such place.
pub fn read(place: usize) -> Result<Arc<Map>, MapError> {
    let boxed = &in_box()[place];
    if let Some(map) = boxed.map.get() {
        return Ok(map.clone());
    }
    let map = Map::parse(&boxed.file, &boxed.bytes)?;
    Ok(boxed.map.get_or_init(|| Arc::new(map)).clone())
}

/// The map of a name, with or without the ending; none if it is not in the box.
#[must_use]
pub fn find(name: &str) -> Option<Arc<Map>> {
    read(position(name)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::round::Faction;

    #[test]
    fn the_maps_in_the_box_can_be_played_on_with_and_without_teams() {
        for (place, name) in names().enumerate() {
            let map = read(place).expect("a sound map");
            assert_eq!(map.name(), name);
            assert!(map.spawns(Faction::Alone).len() >= 16, "{name}");
            assert!(map.spawns(Faction::Red).len() >= 6 && map.spawns(Faction::Blue).len() >= 6, "{name}");
            assert!(map.pickups().len() >= 6, "{name}");
        }
        let with_undergrowth: Vec<_> = names().filter(|name| find(name).is_some_and(|map| map.has_stealth())).collect();
        assert_eq!(with_undergrowth, ["courtyard", "gardens"]);
    }

    #[test]
    fn a_map_is_found_by_its_name_and_read_once() {
        let (one, other) = (find("gardens").expect("there"), find("gardens.tmx").expect("there"));
        assert!(Arc::ptr_eq(&one, &other));
        assert!(find("moon").is_none());
    }

    #[test]
    fn a_name_that_cannot_be_told_is_refused_and_a_box_that_was_opened_is_not_filled() {
        let named = |file: &str| vec![(file.to_owned(), MAPS[1].1.to_vec())];
        for file in ["seventeen-letters.tmx", "a,b.tmx", ".tmx", "gärten.tmx"] {
            let refused = fill(named(file)).expect_err("refused").to_string();
            let what = format!("{file}: must be called by 1 to 16 of a-z, A-Z, 0-9, - and _ before .tmx: rename it");
            assert_eq!(refused, what);
        }
        assert_eq!(count(), MAPS.len());
        assert!(matches!(fill(named("mine.tmx")), Err(FillError::Opened)));
    }
}
