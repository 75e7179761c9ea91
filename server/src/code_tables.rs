//! Which code tables rooms begin with: the operator's, else those that the game ships, else untrained ones.
//!
//! Tables belong to one schema. An operator's file that does not fit stops the start, for it was asked for by name; shipped
//! ones that do not fit are a mistake of the build, and only make frames longer.
//!
//! Never here: how tables become better (see `trainer`).

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use shared::codec::Tables;
use shared::codec::tables_file::TABLES_FILE_BYTES_MAX;
use shared::schema::Layout;

use crate::config::Config;
use crate::error::{StartupError, TablesError};
use crate::sim::{RoomGame, RoomRefused};

/// In which codes rooms begin to speak, and what about.
pub struct CodeTables {
    /// The layout of the game's schema.
    pub layout: Arc<Layout>,
    /// The schema's name.
    pub schema_fingerprint: u64,
    /// The tables.
    pub tables: Arc<Tables>,
}

impl CodeTables {
    /// What a server of this configuration begins with, for a game that ships these tables (as a file; perhaps none).
    ///
    /// # Errors
    /// The operator's file cannot be used, or the game's schema cannot be laid out.
    pub fn begin(config: &Config, game: &dyn RoomGame, shipped: &[u8]) -> Result<Self, StartupError> {
        let schema = game.schema();
        let layout = Layout::new(&schema, config.rooms.slot_bits).map_err(RoomRefused::from)?;
        let schema_fingerprint = schema.fingerprint();
        let tables = match &config.tables.file {
            Some(path) => read_file(path, schema_fingerprint, &layout)
                .map_err(|source| StartupError::Tables { path: path.clone(), source })?,
            None if shipped.is_empty() => Tables::untrained(&layout),
            None => Tables::from_file(shipped, schema_fingerprint, &layout).unwrap_or_else(|error| {
                tracing::warn!(%error, "the program's own code tables do not fit its game: untrained ones are used");
                Tables::untrained(&layout)
            }),
        };
        Ok(Self { layout: Arc::new(layout), schema_fingerprint, tables: Arc::new(tables) })
    }
}

fn read_file(path: &Path, schema_fingerprint: u64, layout: &Layout) -> Result<Tables, TablesError> {
    let mut bytes = Vec::new();
    // One byte more tells that it is too large; its length is not asked, for a device has none.
    let most = TABLES_FILE_BYTES_MAX as u64 + 1;
    fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))?;
    Ok(Tables::from_file(&bytes, schema_fingerprint, layout)?)
}
