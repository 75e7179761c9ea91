//! TLS: which certificate, what is spoken, and how a new certificate takes over without dropping anybody.
//!
//! ```text
//!   files or development CA ─► CertifiedKey ─► (swapped in one step) ─► every later handshake
//!        ▲                                                │
//!        └── SIGHUP: read again; what does not fit is refused, the old one stays
//! ```
//!
//! HTTP/1.1 is all that is offered: a browser that is offered HTTP/2 loads the page over it and then cannot upgrade.
//! The provider is passed explicitly, so that nothing in the process can change what we speak.
//!
//! Never here: sockets and deadlines (see `listener`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;

use super::dev_certificate::{Kept, Origin};
use crate::config::{Config, Transport};
use crate::error::TlsError;

/// Where the certificate comes from, now and at every reload.
#[derive(Debug)]
enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Development(Kept),
}

/// The game port's TLS.
pub(crate) struct Tls {
    source: Source,
    provider: Arc<CryptoProvider>,
    current: Arc<Current>,
    acceptor: TlsAcceptor,
}

/// The certificate that handshakes get now.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

impl Tls {
    /// TLS as configured; none for a plain server.
    ///
    /// # Errors
    /// The certificate cannot be read, made or used.
    pub(crate) fn new(config: &Config) -> Result<Option<Self>, TlsError> {
        let source = match &config.transport {
            Transport::Plain => return Ok(None),
            Transport::Development => Source::Development(Kept::new(&config.data)),
            Transport::Files { certificate, key } => {
                Source::Files { certificate: certificate.clone(), key: key.clone() }
            }
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let current = Arc::new(Current(ArcSwap::from_pointee(source.read(&provider)?)));
        let mut tls = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(Self { source, provider, current, acceptor: TlsAcceptor::from(Arc::new(tls)) }))
    }

    /// Reads the certificate again; later handshakes get it.
    ///
    /// # Errors
    /// It cannot be used; the old one stays.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let new = self.source.read(&self.provider)?;
        self.current.0.store(Arc::new(new));
        Ok(())
    }

    /// What handshakes are made with.
    pub(super) fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// The file to trust, if the certificate is one of ours.
    pub(crate) fn development_authority(&self) -> Option<PathBuf> {
        match &self.source {
            Source::Development(kept) => Some(kept.authority()),
            Source::Files { .. } => None,
        }
    }
}

impl Source {
    fn read(&self, provider: &Arc<CryptoProvider>) -> Result<CertifiedKey, TlsError> {
        match self {
            Self::Files { certificate, key } => read_pair(certificate, key, provider),
            Self::Development(kept) => {
                let (leaf, origin) = kept.ensure(provider)?;
                let authority = kept.authority();
                match origin {
                    Origin::Reused => tracing::debug!("the development certificate is used again"),
                    Origin::Renewed => tracing::info!("the development certificate was renewed"),
                    Origin::Made => {
                        tracing::info!(authority = %authority.display(), "a development authority and certificate were made");
                    }
                }
                Ok(leaf)
            }
        }
    }
}

fn read_pair(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
    let pem = |path: &Path| {
        let path = path.to_owned();
        move |source| TlsError::Pem { path, source }
    };
    let chain = CertificateDer::pem_file_iter(certificate).map_err(pem(certificate))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(pem(certificate))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: certificate.to_owned() });
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(pem(key))?;
    // Also refuses a key that is not the certificate's.
    CertifiedKey::from_der(chain, private, provider).map_err(|source| TlsError::Pair {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn pair(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("made");
        let paths = (folder.join(format!("{name}.pem")), folder.join(format!("{name}-key.pem")));
        fs::write(&paths.0, made.cert.pem()).expect("writable");
        fs::write(&paths.1, made.signing_key.serialize_pem()).expect("writable");
        paths
    }

    #[test]
    fn a_reload_takes_what_fits_and_keeps_the_old_one_otherwise() {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-tls", std::process::id()));
        fs::create_dir_all(&folder).expect("writable");
        let (one, other) = (pair(&folder, "one"), pair(&folder, "other"));
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let install = |from: &Path, to: &Path| assert!(fs::copy(from, to).is_ok());
        install(&one.0, &certificate);
        install(&one.1, &key);
        let mut config = Config::local(folder.clone());
        config.transport = Transport::Files { certificate: certificate.clone(), key: key.clone() };
        let tls = Tls::new(&config).expect("valid").expect("not plain");
        let first = tls.current.0.load_full();

        install(&other.0, &certificate);
        assert!(matches!(tls.reload(), Err(TlsError::Pair { .. })), "the key is not that certificate's");
        fs::write(&certificate, "rubbish").expect("writable");
        assert!(matches!(tls.reload(), Err(TlsError::NoCertificate { .. })));
        fs::remove_file(&certificate).expect("there");
        assert!(matches!(tls.reload(), Err(TlsError::Pem { .. })));
        assert!(Arc::ptr_eq(&first, &tls.current.0.load_full()), "the old one stays");

        install(&other.0, &certificate);
        install(&other.1, &key);
        tls.reload().expect("fits");
        assert_ne!(first.cert, tls.current.0.load_full().cert);
        fs::remove_dir_all(&folder).expect("there");
    }

    #[test]
    fn a_plain_server_has_none() {
        let mut config = Config::local(PathBuf::new());
        config.transport = Transport::Plain;
        assert!(Tls::new(&config).expect("valid").is_none());
    }
}
