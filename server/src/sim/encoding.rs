//! One value as bytes, and back.
//!
//! Whatever is registered is saved and hashed in this form, one value behind the other. The bytes come from a file, so a
//! damaged one is refused and never makes us allocate without bound.
//!
//! Never here: which values there are (see `registry`), their order in a save (see `save`).

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Largest value that a save may hold, in bytes: a damaged length must not make us allocate without bound.
const VALUE_BYTES_MAX: usize = 16 << 20;

/// Why a save cannot be loaded: it is damaged, or another build's or game's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// It was written in another format.
    #[error("the save has another format")]
    Format,
    /// It was written with other components or resources.
    #[error("the save is of another game or build: components or resources differ")]
    Registry,
    /// It ends too early, goes on too long or holds what cannot be.
    #[error("the save is damaged")]
    Damaged,
    /// A list has another length than it must.
    #[error("the save holds a list of another length")]
    Length,
}

/// Appends `value`.
///
/// # Panics
/// If the type's own serde implementation fails: the author's to mend.
pub(crate) fn encode<T: Serialize>(value: &T, out: &mut Vec<u8>) {
    bincode::serde::encode_into_std_write(value, out, bincode::config::standard())
        .expect("registered types serialise: no flatten, no untagged, no lists of unknown length");
}

/// Takes a value off the front of `bytes`. Inverse of [`encode`].
pub(crate) fn decode<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, LoadError> {
    let config = bincode::config::standard().with_limit::<VALUE_BYTES_MAX>();
    let (value, length) = bincode::serde::decode_from_slice(bytes, config).map_err(|_| LoadError::Damaged)?;
    *bytes = bytes.get(length..).ok_or(LoadError::Damaged)?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_encoded_is_decoded_and_the_rest_stays() {
        let mut bytes = Vec::new();
        encode(&(7u32, true), &mut bytes);
        encode(&"x".to_owned(), &mut bytes);
        let mut rest = bytes.as_slice();
        assert_eq!(decode::<(u32, bool)>(&mut rest), Ok((7, true)));
        assert_eq!(decode::<String>(&mut rest), Ok("x".to_owned()));
        assert_eq!(decode::<u32>(&mut rest), Err(LoadError::Damaged));
    }
}
