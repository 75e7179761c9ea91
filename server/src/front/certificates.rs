//! The certificates of the game port: which one a name gets, and until when each is good.
//!
//! ```text
//!   ClientHello says play.example.org ─► that very name ─► *.example.org ─► the first of all
//! ```
//!
//! Never here: when they are read (see `tls`).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::NamedCertificate;
use crate::error::TlsError;

/// What the certificate is called in logs and metrics that names without one of their own get.
pub(super) const DEFAULT: &str = "default";

/// All certificates at one time.
#[derive(Debug)]
pub(super) struct Certificates {
    default: Arc<CertifiedKey>,
    named: Vec<(String, Arc<CertifiedKey>)>,
}

impl Certificates {
    /// These, the named ones read from their files.
    ///
    /// # Errors
    /// The operator's: a pair cannot be read or used.
    pub(super) fn read(
        default: CertifiedKey,
        named: &[NamedCertificate],
        provider: &CryptoProvider,
    ) -> Result<Self, TlsError> {
        let read =
            |one: &NamedCertificate| Ok((one.name.clone(), Arc::new(read_pair(&one.certificate, &one.key, provider)?)));
        Ok(Self { default: Arc::new(default), named: named.iter().map(read).collect::<Result<_, TlsError>>()? })
    }

    /// The one for a client that asks for this name, or for none.
    pub(super) fn choose(&self, name: Option<&str>) -> &Arc<CertifiedKey> {
        let Some(name) = name else { return &self.default };
        let find = |wanted: &dyn Fn(&str) -> bool| self.named.iter().find(|(name, _)| wanted(name));
        let exactly = find(&|known| known.eq_ignore_ascii_case(name));
        let by_star = || {
            let (_, parent) = name.split_once('.')?;
            find(&|known| known.strip_prefix("*.").is_some_and(|known| known.eq_ignore_ascii_case(parent)))
        };
        exactly.or_else(by_star).map_or(&self.default, |(_, key)| key)
    }

    /// Each with its name, and how long it is good for from `now` on; nothing left: it has ended.
    pub(super) fn remaining(&self, now: SystemTime) -> impl Iterator<Item = (&str, Duration)> {
        let all = [(DEFAULT, &self.default)].into_iter();
        let all = all.chain(self.named.iter().map(|(name, key)| (name.as_str(), key)));
        all.filter_map(move |(name, key)| {
            let end = end_of(key.cert.first()?)?;
            Some((name, end.duration_since(now).unwrap_or_default()))
        })
    }

    /// Whether these are the same certificates as those.
    pub(super) fn equals(&self, other: &Self) -> bool {
        let alike = |one: &CertifiedKey, other: &CertifiedKey| one.cert == other.cert;
        let mut named = self.named.iter().zip(&other.named);
        alike(&self.default, &other.default)
            && self.named.len() == other.named.len()
            && named.all(|((name, key), (other_name, other_key))| name == other_name && alike(key, other_key))
    }
}

/// Until when a certificate is good; none: it does not say so in a way that we understand.
fn end_of(certificate: &CertificateDer<'_>) -> Option<SystemTime> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let seconds = u64::try_from(parsed.validity().not_after.timestamp()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// A chain and its key, which fit each other.
///
/// # Errors
/// The operator's: they cannot be read, or do not fit.
pub(super) fn read_pair(certificate: &Path, key: &Path, provider: &CryptoProvider) -> Result<CertifiedKey, TlsError> {
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

    fn made(name: &str, days: u64) -> CertifiedKey {
        let mut params = rcgen::CertificateParams::new([name.to_owned()]).expect("a name");
        params.not_after = (SystemTime::now() + Duration::from_secs(days * 86_400)).into();
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("signed");
        let private = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
        let provider = rustls::crypto::ring::default_provider();
        CertifiedKey::from_der(vec![certificate.der().clone()], private, &provider).expect("they fit")
    }

    fn all() -> Certificates {
        let named = [("play.example", 5), ("*.example", 6), ("*.deep.example", 7)];
        let named = named.map(|(name, days)| (name.to_owned(), Arc::new(made("x.example", days))));
        Certificates { default: Arc::new(made("localhost", 90)), named: named.into() }
    }

    #[test]
    fn a_name_gets_its_own_certificate_then_that_of_its_parents_star_then_the_first() {
        let all = all();
        let chosen = |name| {
            let chosen = all.choose(name);
            all.named.iter().find(|(_, key)| Arc::ptr_eq(key, chosen)).map_or(DEFAULT, |(name, _)| name)
        };
        assert_eq!(chosen(Some("play.example")), "play.example");
        assert_eq!(chosen(Some("PLAY.example")), "play.example");
        assert_eq!(chosen(Some("other.example")), "*.example");
        assert_eq!(chosen(Some("a.deep.example")), "*.deep.example");
        for other in [Some("a.b.c.example"), Some("example"), Some("localhost"), Some(""), None] {
            assert_eq!(chosen(other), DEFAULT, "{other:?}");
        }
    }

    #[test]
    fn each_says_how_long_it_is_good_for() {
        let all = all();
        let now = SystemTime::now();
        let days: Vec<(&str, u64)> =
            all.remaining(now).map(|(name, left)| (name, (left.as_secs() + 60) / 86_400)).collect();
        assert_eq!(days, [(DEFAULT, 90), ("play.example", 5), ("*.example", 6), ("*.deep.example", 7)]);
        let late = now + Duration::from_secs(10 * 86_400);
        assert!(all.remaining(late).skip(1).all(|(_, left)| left.is_zero()));
    }
}
