//! The maps in the box: both sides have them, by their files' names.
//!
//! Each is read once, when it is first asked for: reading takes milliseconds, which a tick does not have.
//!
//! Never here: which is played (see `round`), how a file is read (see `map_file`).

use super::map::{Map, MapError};
use std::sync::{Arc, OnceLock};

/// Files and their bytes, as the Tiled editor writes them; the first is the default.
pub const MAPS: [(&str, &[u8]); 3] = [
    ("crossroads.tmx", include_bytes!("../../../assets/maps/crossroads.tmx")),
    ("courtyard.tmx", include_bytes!("../../../assets/maps/courtyard.tmx")),
    ("gardens.tmx", include_bytes!("../../../assets/maps/gardens.tmx")),
];

/// Each of [`MAPS`] as it was read.
static READ: [OnceLock<Arc<Map>>; MAPS.len()] = [const { OnceLock::new() }; MAPS.len()];

/// The names of [`MAPS`], without the ending.
pub fn names() -> impl Iterator<Item = &'static str> {
    MAPS.iter().map(|(file, _)| file.trim_end_matches(".tmx"))
}

/// Which of [`MAPS`] has this name, with or without the ending.
#[must_use]
pub fn position(name: &str) -> Option<usize> {
    names().position(|known| known == name.trim_end_matches(".tmx"))
}

/// The map at a place of [`MAPS`], shared by all who ask.
///
/// # Errors
/// What its author must change.
///
/// # Panics
/// If there is no such place.
pub fn read(place: usize) -> Result<Arc<Map>, MapError> {
    if let Some(map) = READ[place].get() {
        return Ok(map.clone());
    }
    let (file, bytes) = MAPS[place];
    let map = Map::parse(file, bytes)?;
    Ok(READ[place].get_or_init(|| Arc::new(map)).clone())
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
}
