//! How the game port is secured.
//!
//! Never here: what is in the files (see `front::tls`).

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The server's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawTls {
    /// The certificate chain, PEM, leaf first, without the root. Empty: a development certificate is made.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
    /// Seconds between two looks whether the files have changed; then they are read again. 0: only SIGHUP does. 0..=86400.
    pub watch_s: u64,
    /// Days before its end from which on a certificate is warned about. 0..=365.
    pub warn_days: u64,
    /// Certificates for other names of this server, chosen by what a client asks for (SNI).
    pub names: Vec<RawNamedCertificate>,
    /// Allows a development certificate on an address that others can reach.
    pub development_anywhere: bool,
}

impl Default for RawTls {
    fn default() -> Self {
        Self {
            certificate: PathBuf::new(),
            key: PathBuf::new(),
            watch_s: 2,
            warn_days: 14,
            names: Vec::new(),
            development_anywhere: false,
        }
    }
}

/// A certificate for one more name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RawNamedCertificate {
    /// The name, or `*.example.org` for all names right below one.
    pub name: String,
    /// Its chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// How the game port is secured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Not at all: loopback only.
    Plain,
    /// By a certificate that we make ourselves, for development.
    Development,
    /// By the operator's certificate.
    Files {
        /// The chain, PEM.
        certificate: PathBuf,
        /// The key, PEM.
        key: PathBuf,
    },
}

/// The other certificates, and how all are looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsConfig {
    /// For other names.
    pub names: Vec<NamedCertificate>,
    /// Between two looks at the files; none: they are read again only when told to.
    pub watch: Option<Duration>,
    /// A certificate that ends sooner than this is warned about.
    pub warn: Duration,
}

/// A certificate for one more name, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCertificate {
    /// The name in lower case, perhaps with `*.` in front.
    pub name: String,
    /// The chain, PEM.
    pub certificate: PathBuf,
    /// The key, PEM.
    pub key: PathBuf,
}
