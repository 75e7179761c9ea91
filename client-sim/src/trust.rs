//! Whom do we believe to be the server?
//!
//! In this order: `--insecure` (anybody), `--ca FILE`, `./data/dev-ca.pem` if it is there. There is no fallback to the system's
//! authorities: this is a tool for one's own servers, and a silent fallback would hide a wrong certificate.
//!
//! Never here: sockets (see `transport`).

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The development authority that a server beside us has made.
pub const DEV_CA: &str = "data/dev-ca.pem";

/// What to believe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Certificates signed by the authorities in this file.
    Authority(PathBuf),
    /// Any certificate. For trying things out.
    Anybody,
}

/// Why we cannot tell whom to believe. The caller's to mend.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Nothing was said and there is no development authority.
    #[error("no ./{DEV_CA} here: give the server's authority with --ca FILE, or believe anybody with --insecure")]
    NothingSaid,
    /// The file cannot be read.
    #[error("{}: {cause}", file.display())]
    File {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: rustls::pki_types::pem::Error,
    },
    /// The file has no certificate.
    #[error("{}: no certificate in it", file.display())]
    Empty {
        /// Which.
        file: PathBuf,
    },
    /// TLS refuses what is in the file.
    #[error("{}: {cause}", file.display())]
    Refused {
        /// Which.
        file: PathBuf,
        /// Why.
        cause: Error,
    },
    /// TLS itself cannot be set up.
    #[error("TLS: {0}")]
    Setup(Error),
}

impl Trust {
    /// What the command line says, or the development authority in the current folder.
    ///
    /// # Errors
    /// [`TrustError::NothingSaid`] if there is neither.
    pub fn choose(authority: Option<&Path>, insecure: bool) -> Result<Self, TrustError> {
        match authority {
            _ if insecure => Ok(Self::Anybody),
            Some(file) => Ok(Self::Authority(file.to_owned())),
            None if Path::new(DEV_CA).is_file() => Ok(Self::Authority(PathBuf::from(DEV_CA))),
            None => Err(TrustError::NothingSaid),
        }
    }

    /// The TLS settings that believe this.
    ///
    /// # Errors
    /// [`TrustError`]: the file is not there or no authority.
    pub fn tls(&self) -> Result<Arc<ClientConfig>, TrustError> {
        let provider = Arc::new(ring::default_provider());
        let versions = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Setup)?;
        let mut config = match self {
            Self::Authority(file) => versions.with_root_certificates(authorities(file)?).with_no_client_auth(),
            Self::Anybody => {
                versions.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider))).with_no_client_auth()
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Every bot is a new player: it pays for a whole handshake, and so does the server.
        config.resumption = Resumption::disabled();
        Ok(Arc::new(config))
    }
}

fn authorities(file: &Path) -> Result<RootCertStore, TrustError> {
    let broken = |cause| TrustError::File { file: file.to_owned(), cause };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(broken)? {
        let certificate = certificate.map_err(broken)?;
        store.add(certificate).map_err(|cause| TrustError::Refused { file: file.to_owned(), cause })?;
    }
    if store.is_empty() {
        return Err(TrustError::Empty { file: file.to_owned() });
    }
    Ok(store)
}

/// Believes any certificate; signatures are still checked, so that the handshake is a real one.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_or_empty_authority_is_named() {
        let missing = Trust::Authority(PathBuf::from("no/such/file.pem"));
        assert!(missing.tls().unwrap_err().to_string().starts_with("no/such/file.pem"));
        let chosen = Trust::choose(Some(Path::new("a.pem")), false).unwrap();
        assert_eq!(chosen, Trust::Authority(PathBuf::from("a.pem")));
        assert_eq!(Trust::choose(Some(Path::new("a.pem")), true).unwrap(), Trust::Anybody);
        assert!(Trust::Anybody.tls().is_ok());
    }
}
