//! What an operator must fix before the server can start, and whose doing it is.
//!
//! Each variant says what to change; its exit code tells a script whether the configuration is wrong (2) or the machine
//! does not let us (1).

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use shared::codec::tables_file::TablesFileError;
use shared::limits::{MAP_BYTES_MAX, MAPS_MAX};

use crate::bans::BanFileError;
use crate::config::ConfigError;
use crate::sim::RoomRefused;
use crate::ticket_command::TicketCommandError;
use crate::tickets::key_file::KeyFileError;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The command line's: no ticket, or no key.
    #[error(transparent)]
    Ticket(#[from] TicketCommandError),
    /// The configuration: keys of tickets.
    #[error("tickets.keys: {0}")]
    TicketKeys(#[from] KeyFileError),
    /// The configuration: this program has no such game.
    #[error("game.name: there is no game {name:?}; this program has {known}")]
    UnknownGame {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// The configuration's or the game's: no room could be made.
    #[error("the game refuses to make a room: {0}")]
    Game(#[from] RoomRefused),
    /// The configuration: the code tables are no use.
    #[error("tables.file = {}: {source}", path.display())]
    Tables {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TablesError,
    },
    /// The configuration's or a map's author's: these maps cannot be played on.
    #[error("game.maps = {}: {source}", folder.display())]
    Maps {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: MapsError,
    },
    /// What operators do to players: their files.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The machine: the address is taken or not ours.
    #[error("{key} = {address}: {source}{}", in_use(source))]
    Listen {
        /// Which key says the address.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The machine: no threads, no signals, no randomness.
    #[error("the system does not give what is needed: {0}")]
    System(#[from] io::Error),
}

/// What to do where another program has the address.
fn in_use(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::AddrInUse => ": end what has it, or choose another address (--listen, --admin-listen)",
        _ => "",
    }
}

impl StartupError {
    /// 2: the configuration is wrong. 1: the machine does not let us.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Ticket(_) | Self::TicketKeys(_) => 2,
            Self::Config(_) | Self::UnknownGame { .. } | Self::Game(_) | Self::Tables { .. } | Self::Maps { .. } => 2,
            Self::Operation(_) => 2,
            Self::Tls(TlsError::Pem { .. } | TlsError::NoCertificate { .. } | TlsError::Pair { .. }) => 2,
            Self::Tls(TlsError::Development(DevCertificateError::File { .. })) => 1,
            Self::Tls(_) | Self::Listen { .. } | Self::System(_) => 1,
        }
    }
}

/// Why the files that operators act by cannot be used. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// Bans.
    #[error("bans: {0}")]
    Bans(#[from] BanFileError),
    /// Tokens of the admin port.
    #[error("admin.token_file: {0}")]
    Tokens(#[from] TokenError),
}

/// Why a file of tokens cannot be used. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It cannot be read or made.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is larger than any list of tokens.
    #[error("{}: it has more than 65536 bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A line that is no token.
    #[error("{}:{line}: a line is a token of 24 to 256 visible ASCII characters, or a name, a space and a token; at most 64 of them", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line; the first is 1.
        line: usize,
    },
    /// Nobody could ever show one.
    #[error("{}: no token is in it", path.display())]
    None {
        /// The file.
        path: PathBuf,
    },
}

/// Why a file of code tables cannot be used. The operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] io::Error),
    /// It has no tables for this game.
    #[error(transparent)]
    Unfit(#[from] TablesFileError),
}

/// Why the maps of a folder cannot be played on. The operator's to mend, or a map's author's.
#[derive(Debug, thiserror::Error)]
pub enum MapsError {
    /// The game has no use for them.
    #[error("this game takes no maps: leave the key empty")]
    NoneTaken,
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] io::Error),
    /// There are none.
    #[error("no .tmx file is in it: save one there from the Tiled editor")]
    Empty,
    /// There are too many.
    #[error("more than {MAPS_MAX} .tmx files are in it: remove some")]
    TooMany,
    /// A name that nobody can be told.
    #[error("{file}: its name is not UTF-8: rename it")]
    Name {
        /// The file.
        file: String,
    },
    /// A folder, or a device.
    #[error("{file}: is no file: remove it, or rename it")]
    NoFile {
        /// What looks like a file.
        file: String,
    },
    /// More than a map needs; it was not read.
    #[error(
        "{file}: has {bytes} bytes, allowed are {MAP_BYTES_MAX}: remove layers that are not needed, or pictures that are embedded"
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: u64,
    },
    /// A file cannot be read.
    #[error("{file}: {source}")]
    File {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The game refuses one.
    #[error(transparent)]
    Refused(Box<dyn std::error::Error + Send + Sync>),
}

/// Why there is no certificate to serve with. All of it is the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds nothing of the kind.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// The file holds no certificate.
    #[error("{}: no certificate in it", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// Certificate and key do not fit, or the key is of a kind that is not supported.
    #[error("{} and {}: {source}", certificate.display(), key.display())]
    Pair {
        /// The chain.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The development certificate.
    #[error(transparent)]
    Development(#[from] DevCertificateError),
    /// Nothing that the provider and we both speak: a bug of ours.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// Why there is no development certificate.
#[derive(Debug, thiserror::Error)]
pub enum DevCertificateError {
    /// The data directory cannot be used: the operator's to mend.
    #[error("{}: {source}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It could not be made or is not usable: a bug of ours.
    #[error("the development certificate cannot be made: {0}")]
    Made(#[from] rcgen::Error),
    /// See [`DevCertificateError::Made`].
    #[error("the development certificate cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
}
