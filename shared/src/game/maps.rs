//! Maps by their files' names: those that are compiled in, or others that somebody read.
//!
//! Each of those in the box is read once, when it is first asked for, others at once, so that a broken one is found then: reading takes
//! milliseconds, which a tick does not have. Both sides must have the same: a server's maps of a folder are its clients' only if they are
//! given that folder, too (see `shared::wire::control::maps_hash`).
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

/// A map's file.
#[derive(Debug)]
struct Drawn {
    file: Cow<'static, str>,
    bytes: Cow<'static, [u8]>,
    /// As it was read.
    map: OnceLock<Arc<Map>>,
}

/// Maps that can be played on, in order. Cheap to clone: clones share what was read.
#[derive(Clone, Debug)]
pub struct Maps(Arc<[Drawn]>);

impl Maps {
    /// Those that are compiled in.
    #[must_use]
    pub fn in_the_box() -> Self {
        let compiled = |(file, bytes): (&'static str, &'static [u8])| Drawn {
            file: file.into(),
            bytes: bytes.into(),
            map: OnceLock::new(),
        };
        Self(MAPS.into_iter().map(compiled).collect())
    }

    /// Those of these files, a name and its bytes each; the first is the default.
    ///
    /// # Errors
    /// What an author must change.
    pub fn of(files: Vec<(String, Vec<u8>)>) -> Result<Self, MapError> {
        let read = |(file, bytes): (String, Vec<u8>)| {
            check_name(&file)?;
            let map = Arc::new(Map::parse(&file, &bytes)?);
            Ok(Drawn { file: file.into(), bytes: bytes.into(), map: map.into() })
        };
        files.into_iter().map(read).collect::<Result<_, MapError>>().map(Self)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Their names, without the ending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|drawn| stem(&drawn.file))
    }

    /// Which of them has this name, with or without the ending.
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names().position(|known| known == stem(name))
    }

    /// The file at a place: its name and its bytes.
    #[must_use]
    pub fn file(&self, place: usize) -> Option<(&str, &[u8])> {
        self.0.get(place).map(|drawn| (&*drawn.file, &*drawn.bytes))
    }

    /// The map at a place, shared by all who ask.
    ///
    /// # Errors
    /// What its author must change.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn read(&self, place: usize) -> Result<Arc<Map>, MapError> {
        let drawn = &self.0[place];
        if let Some(map) = drawn.map.get() {
            return Ok(map.clone());
        }
        let map = Map::parse(&drawn.file, &drawn.bytes)?;
        Ok(drawn.map.get_or_init(|| Arc::new(map)).clone())
    }

    /// The map of a name, with or without the ending; none if it is not among them.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Arc<Map>> {
        self.read(self.position(name)?).ok()
    }
}

impl Default for Maps {
    fn default() -> Self {
        Self::in_the_box()
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::round::Faction;

    #[test]
    fn the_maps_in_the_box_can_be_played_on_with_and_without_teams() {
        let maps = Maps::in_the_box();
        for (place, name) in maps.names().enumerate() {
            let map = maps.read(place).expect("a sound map");
            assert_eq!(map.name(), name);
            assert!(map.spawns(Faction::Alone).len() >= 16, "{name}");
            assert!(map.spawns(Faction::Red).len() >= 6 && map.spawns(Faction::Blue).len() >= 6, "{name}");
            assert!(map.pickups().len() >= 6, "{name}");
        }
        let has_undergrowth = |name: &&str| maps.find(name).is_some_and(|map| map.has_stealth());
        assert_eq!(maps.names().filter(has_undergrowth).collect::<Vec<_>>(), ["courtyard", "gardens"]);
    }

    #[test]
    fn a_map_is_found_by_its_name_and_read_once() {
        let maps = Maps::in_the_box();
        let (one, other) = (maps.find("gardens").expect("there"), maps.clone().find("gardens.tmx").expect("there"));
        assert!(Arc::ptr_eq(&one, &other));
        assert!(maps.find("moon").is_none());
    }

    #[test]
    fn maps_of_files_stand_in_their_order_and_a_name_that_cannot_be_told_is_refused() {
        let files = |names: &[&str]| names.iter().map(|&file| (file.to_owned(), MAPS[1].1.to_vec())).collect();
        for file in ["seventeen-letters.tmx", "a,b.tmx", ".tmx", "gärten.tmx"] {
            let refused = Maps::of(files(&[file])).expect_err("refused").to_string();
            let what = format!("{file}: must be called by 1 to 16 of a-z, A-Z, 0-9, - and _ before .tmx: rename it");
            assert_eq!(refused, what);
        }
        let maps = Maps::of(files(&["b.tmx", "a.tmx"])).expect("good");
        assert_eq!((maps.count(), maps.names().collect::<Vec<_>>()), (2, vec!["b", "a"]));
    }
}
