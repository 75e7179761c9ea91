//! The keys that tickets may be signed with, as they are now: read from files and folders, and again when these have changed.
//!
//! Never here: how a key's file looks (see `key_file`), what a ticket says (see `claims`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use super::key_file::{KeyFile, KeyFileError, Material};
use crate::identity::{KeyId, TicketKey};

/// Files of a folder at most. Over it: refused, for a key that was passed over would end the sessions of all who came with it.
pub(super) const FILES_MAX: usize = 1024;

/// A key to verify with.
pub(super) struct Key {
    pub(super) name: TicketKey,
    material: Material,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
    pub(super) validation: Validation,
}

impl Key {
    pub(super) fn new(KeyFile { id, material }: KeyFile, edition: u64) -> Self {
        let algorithm = material.algorithm();
        let mut validation = Validation::new(algorithm);
        // What a ticket must say is weighed by `claims`: by a clock that is given, with an error of its own for each.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        Self { name: TicketKey { id, edition }, algorithm, decoding: material.decoding(), validation, material }
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
    /// How many keys there have been, each of them an edition.
    editions: u64,
}

impl KeyRing {
    /// Reads all files, and those of all folders that hold keys. A key that `older` has keeps its edition.
    ///
    /// # Errors
    /// One of them cannot be used.
    pub(super) fn read(places: &[PathBuf], older: &Self) -> Result<Self, KeyFileError> {
        let mut ring = Self { editions: older.editions, ..Self::default() };
        for place in places {
            if place.is_dir() {
                for path in files_of(place)? {
                    ring.add(&path, KeyFile::read(&path)?, older)?;
                }
            } else {
                let unfit = || KeyFileError::Unfit {
                    path: place.clone(),
                    why: "files of keys are called NAME.pub, NAME.pem or NAME.hs256",
                };
                ring.add(place, Some(KeyFile::read(place)?.ok_or_else(unfit)?), older)?;
            }
        }
        Ok(ring)
    }

    /// One more of them, as `older` had it if it did; of two that are called alike both must verify the same.
    ///
    /// # Errors
    /// There is another of that name.
    pub(super) fn add(&mut self, path: &Path, file: Option<KeyFile>, older: &Self) -> Result<(), KeyFileError> {
        let Some(file) = file else { return Ok(()) };
        match self.keys.get(&file.id) {
            Some(there) if !there.material.verifies_like(&file.material) => {
                Err(KeyFileError::Twice { path: path.to_owned() })
            }
            Some(_) => Ok(()),
            None => {
                let same = older.keys.get(&file.id).filter(|old| old.material.verifies_like(&file.material));
                let edition = same.map_or(self.editions + 1, |old| old.name.edition);
                self.editions = self.editions.max(edition);
                self.keys.insert(file.id.clone(), Key::new(file, edition));
                Ok(())
            }
        }
    }

    /// The key of that name.
    pub(super) fn get(&self, id: &str) -> Option<&Key> {
        self.keys.get(&KeyId::new(id)?)
    }

    /// Whether it has this very key.
    pub(super) fn has(&self, name: &TicketKey) -> bool {
        self.keys.get(&name.id).is_some_and(|key| key.name == *name)
    }

    /// All keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.values()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether both have the same keys.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.iter().map(|key| &key.name).eq(other.iter().map(|key| &key.name))
    }
}

/// The files of a folder, by name; those whose names begin with a dot are somebody else's.
fn files_of(folder: &Path) -> Result<Vec<PathBuf>, KeyFileError> {
    let unreadable = |source| KeyFileError::Unreadable { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for (count, entry) in fs::read_dir(folder).map_err(unreadable)?.enumerate() {
        if count >= FILES_MAX {
            return Err(KeyFileError::TooMany { path: folder.to_owned() });
        }
        let path = entry.map_err(unreadable)?.path();
        let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
        if !is_hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
