//! The maps of a folder, as the server's `--maps` reads them: who plays where a server has such must have the same.
//!
//! Never here: what a map is (the game knows).

use shared::limits::{MAP_BYTES_MAX, MAPS_MAX};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

/// The ending of files that are maps.
const ENDING: &str = ".tmx";

/// Why there are no maps.
#[derive(Debug, thiserror::Error)]
pub enum MapFolderError {
    /// The folder or a file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It is called like a map and is none: nothing else is opened, for it might never end.
    #[error("{0} is no file")]
    NoFile(String),
    /// There are none, or too many.
    #[error("it must have 1 to {MAPS_MAX} .tmx files")]
    Count,
}

/// All maps of a folder, by name: each file's name and its bytes. Of one that is too large no more than tells so.
///
/// # Errors
/// What is wrong with the folder.
pub fn read(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, MapFolderError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(ENDING) && names.len() <= MAPS_MAX {
            names.push(name);
        }
    }
    if !(1..=MAPS_MAX).contains(&names.len()) {
        return Err(MapFolderError::Count);
    }
    names.sort_unstable();
    let read = |name: String| {
        let (path, mut bytes) = (folder.join(&name), Vec::new());
        if !fs::metadata(&path)?.is_file() {
            return Err(MapFolderError::NoFile(name));
        }
        File::open(path)?.take(MAP_BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
        Ok((name, bytes))
    };
    names.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_maps_of_a_folder_come_by_name_and_nothing_else_does() {
        let folder = std::env::temp_dir().join(format!("tickwire-client-maps-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        assert!(matches!(read(&folder), Err(MapFolderError::Count)));
        for name in ["b.tmx", "tiles.png", "a.tmx"] {
            fs::write(folder.join(name), name).expect("a file");
        }
        let expected = ["a.tmx", "b.tmx"].map(|name| (name.to_owned(), name.as_bytes().to_vec()));
        assert_eq!(read(&folder).expect("two maps"), expected);
        // Opening it would wait for ever.
        let pipe = folder.join("pipe.tmx");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("a pipe").success());
        assert!(matches!(read(&folder), Err(MapFolderError::NoFile(name)) if name == "pipe.tmx"));
        fs::remove_dir_all(&folder).expect("it was ours");
        assert!(matches!(read(&folder), Err(MapFolderError::Unreadable(_))));
    }
}
