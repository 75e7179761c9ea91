//! The maps of the operator's folder, read once at the start and handed to the game, which says what is wrong with them.
//!
//! ```text
//!   game.maps ─► every NAME.tmx, by name ─► its size, then its bytes ─► the game's own check ─► played in place of those in the box
//! ```
//!
//! Nothing else of the folder is opened, nor anything that a map refers to: a map must hold all it needs. What cannot be used stops the
//! start.
//!
//! Never here: what a map is (the game knows).

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use shared::limits::{MAP_BYTES_MAX, MAPS_MAX};

use crate::error::MapsError;
use crate::sim::RoomGame;

/// The ending of files that are maps.
const ENDING: &str = ".tmx";

/// Makes a game on these maps, a file's name and its bytes each, in place of its own; the first is the default.
pub type OnMaps = fn(Vec<(String, Vec<u8>)>) -> Result<Arc<dyn RoomGame>, Box<dyn std::error::Error + Send + Sync>>;

/// A game on the maps of a folder, if it has maps.
///
/// # Errors
/// The operator's, or a map's author's: what to change.
pub fn open(folder: &Path, on_maps: Option<OnMaps>) -> Result<Arc<dyn RoomGame>, MapsError> {
    let on_maps = on_maps.ok_or(MapsError::NoneTaken)?;
    on_maps(read_all(folder)?).map_err(MapsError::Refused)
}

/// Every map of a folder, by name.
fn read_all(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, MapsError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if name.as_encoded_bytes().ends_with(ENDING.as_bytes()) {
            names.push(
                name.into_string().map_err(|name| MapsError::Name { file: name.to_string_lossy().into_owned() })?,
            );
        }
        if names.len() > MAPS_MAX {
            return Err(MapsError::TooMany);
        }
    }
    if names.is_empty() {
        return Err(MapsError::Empty);
    }
    names.sort_unstable();
    let read = |name: String| {
        let bytes = read_one(&folder.join(&name), &name)?;
        Ok((name, bytes))
    };
    names.into_iter().map(read).collect()
}

fn read_one(path: &Path, name: &str) -> Result<Vec<u8>, MapsError> {
    let failed = |source| MapsError::File { file: name.to_owned(), source };
    let about = fs::metadata(path).map_err(failed)?;
    if !about.is_file() {
        return Err(MapsError::NoFile { file: name.to_owned() });
    }
    let mut bytes = Vec::new();
    if about.len() <= MAP_BYTES_MAX as u64 {
        // It may have grown since.
        let most = MAP_BYTES_MAX as u64 + 1;
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(failed)?;
    }
    let size = about.len().max(bytes.len() as u64);
    if size > MAP_BYTES_MAX as u64 {
        return Err(MapsError::TooLarge { file: name.to_owned(), bytes: size });
    }
    Ok(bytes)
}
