//! Code tables as a file: what a game ships, or an operator's server has learned.
//!
//! ```text
//!   "TWTABLE1" · fingerprint of the schema u64 · the tables, as they travel
//! ```
//!
//! Contexts are numbered by the schema's layout, so tables are good for one schema only; the file names it.

use super::tables::Tables;
use crate::bits::DecodeError;
use crate::limits::SERVER_MESSAGE_BYTES_MAX;
use crate::schema::Layout;

/// What such a file begins with; the digit is its form.
const MAGIC: &[u8; 8] = b"TWTABLE1";

/// Bytes that a file of tables may have: tables must fit a message. Over it: refused.
pub const TABLES_FILE_BYTES_MAX: usize = SERVER_MESSAGE_BYTES_MAX / 2;

/// Why a file's tables cannot be used. Whoever made or named the file must mend it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TablesFileError {
    /// It is no such file.
    #[error("not a file of code tables (they begin with TWTABLE1 and have at most {TABLES_FILE_BYTES_MAX} bytes)")]
    NotTables,
    /// It is for another schema: another game, or another version of it.
    #[error("code tables for schema {got:016x}; this game's is {wanted:016x}: train them anew")]
    OtherSchema {
        /// The file's.
        got: u64,
        /// The game's.
        wanted: u64,
    },
    /// The tables are broken, or from a build with other contexts.
    #[error("broken code tables, or those of another version: {0}; train them anew")]
    Broken(#[from] DecodeError),
}

impl Tables {
    /// The tables as a file. Inverse of [`Tables::from_file`].
    #[must_use]
    pub fn to_file(&self, schema_fingerprint: u64) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&schema_fingerprint.to_le_bytes());
        bytes.extend_from_slice(&self.to_bytes());
        bytes
    }

    /// The tables of a file, for the schema of this fingerprint and its layout.
    ///
    /// # Errors
    /// [`TablesFileError`]: no such file, not for this schema, or broken.
    pub fn from_file(bytes: &[u8], schema_fingerprint: u64, layout: &Layout) -> Result<Self, TablesFileError> {
        let head = bytes.strip_prefix(MAGIC).filter(|_| bytes.len() <= TABLES_FILE_BYTES_MAX);
        let (fingerprint, tables) = head.and_then(<[u8]>::split_first_chunk).ok_or(TablesFileError::NotTables)?;
        let got = u64::from_le_bytes(*fingerprint);
        if got != schema_fingerprint {
            return Err(TablesFileError::OtherSchema { got, wanted: schema_fingerprint });
        }
        Ok(Self::from_bytes(tables, layout)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::schema;

    #[test]
    fn a_file_comes_back_for_its_own_schema_only() {
        let layout = Layout::new(&schema(), 6).unwrap();
        let tables = Tables::untrained(&layout);
        let file = tables.to_file(7);
        assert!(file.len() < TABLES_FILE_BYTES_MAX);
        assert_eq!(Tables::from_file(&file, 8, &layout), Err(TablesFileError::OtherSchema { got: 7, wanted: 8 }));
        for cut in 0..file.len() {
            assert!(Tables::from_file(&file[..cut], 7, &layout).is_err(), "{cut} bytes");
        }
        assert_eq!(Tables::from_file(b"#!/bin/sh and so on", 7, &layout), Err(TablesFileError::NotTables));
        assert_eq!(Tables::from_file(&file, 7, &layout), Ok(tables));
    }
}
