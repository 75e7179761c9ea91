//! The keys that tickets may be signed with, as they are now: read from files and folders, and again when these have changed.
//!
//! Never here: how a key's file looks (see `key_file`), what a ticket says (see `claims`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use super::key_file::{KeyFile, KeyFileError, Material};
use crate::identity::KeyId;

/// Files of a folder that are looked at; the rest is not.
const FILES_MAX: usize = 1024;

/// A key to verify with.
pub(super) struct Key {
    pub(super) id: KeyId,
    material: Material,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    pub(super) validation: Validation,
}

impl Key {
    pub(super) fn new(KeyFile { id, material }: KeyFile) -> Self {
        let algorithm = material.algorithm();
        let mut validation = Validation::new(algorithm);
        // What a ticket must say is weighed by `claims`: by a clock that is given, with an error of its own for each.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self { id, algorithm, decoding: material.decoding(), validation, material }
    }

    /// It can sign, too, so it is more than a server needs.
    pub(super) const fn is_private(&self) -> bool {
        matches!(self.material, Material::Private(..))
    }
}

/// All of them, by name.
#[derive(Default)]
pub(super) struct KeyRing {
    keys: BTreeMap<KeyId, Key>,
}

impl KeyRing {
    /// Reads all files, and those of all folders that hold keys.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub(super) fn read(places: &[PathBuf]) -> Result<Self, KeyFileError> {
        let mut ring = Self::default();
        for place in places {
            if place.is_dir() {
                for path in files_of(place)? {
                    ring.add(&path, KeyFile::read(&path)?)?;
                }
            } else {
                let unfit = || KeyFileError::Unfit {
                    path: place.clone(),
                    why: "files of keys are called NAME.pub, NAME.pem or NAME.hs256",
                };
                ring.add(place, Some(KeyFile::read(place)?.ok_or_else(unfit)?))?;
            }
        }
        Ok(ring)
    }

    fn add(&mut self, path: &Path, file: Option<KeyFile>) -> Result<(), KeyFileError> {
        let Some(file) = file else { return Ok(()) };
        match self.keys.get(&file.id) {
            Some(there) if !there.material.verifies_like(&file.material) => {
                Err(KeyFileError::Twice { path: path.to_owned() })
            }
            Some(_) => Ok(()),
            None => {
                self.keys.insert(file.id.clone(), Key::new(file));
                Ok(())
            }
        }
    }

    /// The key of that name.
    pub(super) fn get(&self, id: &str) -> Option<&Key> {
        self.keys.get(&KeyId::new(id)?)
    }

    /// All keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The names of those that `newer` has not, or has another key under.
    pub(super) fn gone_in(&self, newer: &Self) -> Vec<KeyId> {
        let stays = |key: &&Key| newer.keys.get(&key.id).is_some_and(|new| new.material.verifies_like(&key.material));
        self.keys.values().filter(|key| !stays(key)).map(|key| key.id.clone()).collect()
    }

    /// Whether both have the same keys.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.gone_in(other).is_empty() && other.gone_in(self).is_empty()
    }
}

/// The files of a folder, by name; those whose names begin with a dot are somebody else's.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, KeyFileError> {
    let unreadable = |source| KeyFileError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)?.take(FILES_MAX) {
        let path = entry.map_err(unreadable)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
