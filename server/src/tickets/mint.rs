//! Making tickets and keys: for development, tests and guests. An author's own backend does the same in its language.
//!
//! Never here: files and command lines (see `ticket_command`).

use jsonwebtoken::{Algorithm, EncodingKey, Header};

use super::claims::Claims;
use super::key_file::KeyFile;
use super::ring_provider;
use crate::identity::KeyId;

/// Why there is no ticket.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintError {
    /// The key only verifies.
    #[error("that is a public key: only its private half can sign")]
    Public,
    /// It could not be signed: a bug of ours.
    #[error("the ticket cannot be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// A ticket that says so, signed with that key.
///
/// # Errors
/// The key cannot sign.
pub(crate) fn mint(claims: &Claims, key: &KeyFile) -> Result<String, MintError> {
    ring_provider::install();
    let encoding = key.material.encoding().ok_or(MintError::Public)?;
    Ok(sign(claims, &key.id, key.material.algorithm(), &encoding)?)
}

pub(super) fn sign(
    claims: &Claims,
    id: &KeyId,
    algorithm: Algorithm,
    key: &EncodingKey,
) -> Result<String, jsonwebtoken::errors::Error> {
    let header = Header { kid: Some(id.to_string()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key)
}
