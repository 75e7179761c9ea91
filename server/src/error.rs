//! What an operator must fix before the server can start, and whose doing it is.
//!
//! Each variant says what to change; its exit code tells a script whether the configuration is wrong (2) or the machine
//! does not let us (1).

use std::io;
use std::net::SocketAddr;

use crate::config::load::ConfigError;
use crate::front::dev_certificate::DevCertificateError;
use crate::front::tls::TlsError;
use crate::game_api::RoomRefused;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartupError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
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
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The machine: the address is taken or not ours.
    #[error("{key} = {address}: {source}")]
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

impl StartupError {
    /// 2: the configuration is wrong. 1: the machine does not let us.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::UnknownGame { .. } | Self::Game(_) => 2,
            Self::Tls(TlsError::Pem { .. } | TlsError::NoCertificate { .. } | TlsError::Pair { .. }) => 2,
            Self::Tls(TlsError::Development(DevCertificateError::File { .. })) => 1,
            Self::Tls(_) | Self::Listen { .. } | Self::System(_) => 1,
        }
    }
}
