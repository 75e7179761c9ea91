//! Where the server listens and what it uses.
//!
//! Never here: how the game port is secured (see `tls`), who may come in (see `access`).

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ForwardedHeader;

/// Where the server listens and what it uses.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawServer {
    /// The game port: page, API and wss. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The admin port: health and metrics over plain HTTP.
    pub admin_listen: SocketAddr,
    /// Lets the admin port listen on an address that others can reach.
    pub admin_anywhere: bool,
    /// Where files are kept that outlive the process.
    pub data: PathBuf,
    /// A folder whose files are served instead of the built-in page. Empty: the built-in page.
    pub web: PathBuf,
    /// Threads that run rooms. 0: one per processor. 0..=256.
    pub workers: usize,
    /// Lets anyone in, also from other machines. On a loopback address anyone is let in anyhow.
    pub guests: bool,
    /// Web pages of other sites that may connect and read the SDK, the list of rooms and the maps, as `https://host` or
    /// `https://host:port`; the server's own pages may connect to these, too.
    pub origins: Vec<String>,
    /// ws and http without TLS: only on a loopback address.
    pub plain: bool,
    /// Addresses (10.0.0.7) and networks (10.0.0.0/8) of proxies that say where their clients come from. What others say of it is not read.
    pub proxies: Vec<String>,
    /// The header in which they say it; they must not let their clients' own through.
    pub forwarded: ForwardedHeader,
}

impl Default for RawServer {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 4433).into(),
            admin_listen: ([127, 0, 0, 1], 4480).into(),
            admin_anywhere: false,
            data: "./data".into(),
            web: PathBuf::new(),
            workers: 0,
            guests: false,
            origins: Vec::new(),
            plain: false,
            proxies: Vec::new(),
            forwarded: ForwardedHeader::default(),
        }
    }
}
