//! A certificate authority of our own and a certificate for this machine, so that wss works on the first start.
//!
//! ```text
//!   data/dev-ca.pem        what a browser or bot is told to trust       kept for ten years
//!   data/dev-ca-key.pem    signs the next certificate                   only we may read it
//!   data/dev-cert.pem      the leaf: localhost, 127.0.0.1, ::1          a year, renewed by the same authority
//!   data/dev-key.pem       its key                                      only we may read it
//! ```
//!
//! A kept certificate is used again if a client that trusts `dev-ca.pem` would still accept it in a month: that one
//! question covers the chain, the names, the purpose and the dates. The authority is limited to names of this machine,
//! so whoever trusts it trusts nothing else. The chain that is sent holds the leaf alone, never the root.
//!
//! Never here: the operator's own certificate (see `tls`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;

use crate::error::DevCertificateError;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The authority's life. A root in a browser's store is renewed by hand, so it should not be needed.
const AUTHORITY_DAYS: u32 = 3650;

/// A leaf's life: no system refuses one of a year.
const LEAF_DAYS: u32 = 397;

/// A leaf is renewed this long before it ends.
const RENEW_DAYS: u32 = 30;

/// What certificates are dated back by: the other machine's clock may be behind.
const BACKDATED_DAYS: u32 = 2;

/// Where the development certificate is kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    data: PathBuf,
}

/// What was found or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// The one of an earlier start.
    Reused,
    /// A new leaf by the authority of an earlier start.
    Renewed,
    /// A new authority and a new leaf: what trusted the old one must be told.
    Made,
}

impl Kept {
    /// In that data directory.
    pub(super) fn new(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// The certificate of the authority: the one file to trust.
    pub(super) fn authority(&self) -> PathBuf {
        self.data.join("dev-ca.pem")
    }

    fn authority_key(&self) -> PathBuf {
        self.data.join("dev-ca-key.pem")
    }

    fn leaf(&self) -> PathBuf {
        self.data.join("dev-cert.pem")
    }

    fn leaf_key(&self) -> PathBuf {
        self.data.join("dev-key.pem")
    }

    /// The kept certificate if it still serves, a renewed or a new one otherwise; what is new is kept.
    ///
    /// # Errors
    /// The data directory cannot be read or written.
    pub(super) fn ensure(&self, provider: &Arc<CryptoProvider>) -> Result<(CertifiedKey, Origin), DevCertificateError> {
        let failed = |path: &Path, source| DevCertificateError::File { path: path.to_owned(), source };
        fs::create_dir_all(&self.data).map_err(|source| failed(&self.data, source))?;
        // Two servers may start at the same time in the same directory; held until we return.
        let lock = self.data.join(".dev-certificate.lock");
        let _held =
            File::create(&lock).and_then(|file| file.lock().map(|()| file)).map_err(|source| failed(&lock, source))?;

        if let Some(kept) = self.kept_leaf(provider) {
            return Ok((kept, Origin::Reused));
        }
        if let Some(key) = self.kept_authority_key() {
            let renewed = self.new_leaf(&key, provider)?;
            // A key that is not that of `dev-ca.pem` makes a leaf that nobody accepts.
            if self.serves(&renewed, provider) {
                return Ok((renewed, Origin::Renewed));
            }
        }
        let key = self.new_authority()?;
        Ok((self.new_leaf(&key, provider)?, Origin::Made))
    }

    fn kept_leaf(&self, provider: &Arc<CryptoProvider>) -> Option<CertifiedKey> {
        let chain = CertificateDer::pem_file_iter(self.leaf()).ok()?.collect::<Result<Vec<_>, _>>().ok()?;
        let key = PrivateKeyDer::from_pem_file(self.leaf_key()).ok()?;
        let kept = CertifiedKey::from_der(chain, key, provider).ok()?;
        self.serves(&kept, provider).then_some(kept)
    }

    fn kept_authority_key(&self) -> Option<KeyPair> {
        KeyPair::from_pem(&fs::read_to_string(self.authority_key()).ok()?).ok()
    }

    /// Whether a client that trusts `dev-ca.pem` accepts it for every name, now and in [`RENEW_DAYS`].
    fn serves(&self, leaf: &CertifiedKey, provider: &Arc<CryptoProvider>) -> bool {
        let accepted = || {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_file(self.authority()).ok()?).ok()?;
            let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone()).build().ok()?;
            let (end, rest) = leaf.cert.split_first()?;
            let now = UnixTime::now().as_secs();
            for when in [now, now + (DAY * RENEW_DAYS).as_secs()] {
                let when = UnixTime::since_unix_epoch(Duration::from_secs(when));
                for name in ["localhost", "127.0.0.1", "::1"] {
                    let name = ServerName::try_from(name).ok()?;
                    rustls::client::danger::ServerCertVerifier::verify_server_cert(
                        &*verifier,
                        end,
                        rest,
                        &name,
                        &[],
                        when,
                    )
                    .ok()?;
                }
            }
            Some(())
        };
        accepted().is_some()
    }

    fn new_authority(&self) -> Result<KeyPair, DevCertificateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let certificate = authority_params(&key)?.self_signed(&key)?;
        self.write(&self.authority_key(), &key.serialize_pem(), Readers::Owner)?;
        self.write(&self.authority(), &certificate.pem(), Readers::Anyone)?;
        Ok(key)
    }

    fn new_leaf(
        &self,
        authority_key: &KeyPair,
        provider: &CryptoProvider,
    ) -> Result<CertifiedKey, DevCertificateError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        // What the leaf says about its issuer is the name and the key, and both are the same for the kept certificate.
        let issuer = Issuer::new(authority_params(authority_key)?, authority_key);
        let certificate = leaf_params()?.signed_by(&key, &issuer)?;
        self.write(&self.leaf_key(), &key.serialize_pem(), Readers::Owner)?;
        self.write(&self.leaf(), &certificate.pem(), Readers::Anyone)?;
        Ok(CertifiedKey::from_der(vec![certificate.der().clone()], key.into(), provider)?)
    }

    /// Writes a whole file or none: what was there stays until the new one is complete.
    fn write(&self, path: &Path, text: &str, readers: Readers) -> Result<(), DevCertificateError> {
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".new");
        let unfinished = PathBuf::from(unfinished);
        let written = readers.create(&unfinished).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&unfinished, path)
        });
        written.map_err(|source| DevCertificateError::File { path: path.to_owned(), source })
    }
}

/// Who may read a file.
#[derive(Clone, Copy)]
enum Readers {
    Owner,
    Anyone,
}

impl Readers {
    /// A new, empty file with the rights set before anything is in it.
    fn create(self, path: &Path) -> io::Result<File> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(
            &mut options,
            match self {
                Self::Owner => 0o600,
                Self::Anyone => 0o644,
            },
        );
        options.open(path)
    }
}

fn authority_params(key: &KeyPair) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.remove(DnType::CommonName);
    // Each authority has a name of its own: a browser that still trusts an older one must not take it for this one.
    let id: String = params_id(key).iter().map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name.push(DnType::CommonName, format!("Tickwire development CA {id}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let addresses = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
    let mut permitted = vec![GeneralSubtree::DnsName("localhost".to_owned())];
    permitted.extend(addresses.map(|address| {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        GeneralSubtree::IpAddress(CidrSubnet::from_addr_prefix(address, bits))
    }));
    params.name_constraints = Some(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() });
    date(&mut params, AUTHORITY_DAYS);
    Ok(params)
}

/// Four bytes that tell one authority from another: the end of its public key.
fn params_id(key: &KeyPair) -> [u8; 4] {
    key.public_key_raw().last_chunk().copied().unwrap_or_default()
}

fn leaf_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()])?;
    params.subject_alt_names.push(SanType::IpAddress(Ipv4Addr::LOCALHOST.into()));
    params.subject_alt_names.push(SanType::IpAddress(Ipv6Addr::LOCALHOST.into()));
    params.distinguished_name.remove(DnType::CommonName);
    params.distinguished_name.push(DnType::CommonName, "Tickwire development server");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    date(&mut params, LEAF_DAYS);
    Ok(params)
}

fn date(params: &mut CertificateParams, days: u32) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let today = rcgen::date_time_ymd(1970, 1, 1) + now;
    params.not_before = today - DAY * BACKDATED_DAYS;
    params.not_after = today + DAY * (days - BACKDATED_DAYS);
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("tickwire-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0).or_else(|_| fs::remove_file(&self.0));
        }
    }

    fn provider() -> Arc<CryptoProvider> {
        rustls::crypto::ring::default_provider().into()
    }

    fn origin(kept: &Kept) -> Origin {
        kept.ensure(&provider()).expect("the scratch folder can be written").1
    }

    fn text(path: &Path) -> String {
        fs::read_to_string(path).expect("was written")
    }

    #[test]
    fn the_first_start_makes_what_later_starts_use_again() {
        let scratch = Scratch::new("dev-reuse");
        let kept = Kept::new(&scratch.0.join("data"));
        let (made, origin) = kept.ensure(&provider()).expect("made");
        assert_eq!((origin, made.cert.len()), (Origin::Made, 1), "the chain holds the leaf alone");
        assert!(kept.serves(&made, &provider()));
        let before = (text(&kept.authority()), text(&kept.leaf()));
        let (again, origin) = kept.ensure(&provider()).expect("there");
        assert_eq!((origin, &again.cert), (Origin::Reused, &made.cert));
        assert_eq!((text(&kept.authority()), text(&kept.leaf())), before);
    }

    #[test]
    fn a_lost_or_broken_leaf_is_renewed_by_the_same_authority() {
        let scratch = Scratch::new("dev-renew");
        let kept = Kept::new(&scratch.0);
        origin(&kept);
        let authority = text(&kept.authority());
        for path in [kept.leaf(), kept.leaf_key()] {
            fs::write(&path, "rubbish").expect("writable");
            assert_eq!(origin(&kept), Origin::Renewed);
            assert_eq!(origin(&kept), Origin::Reused);
        }
        assert_eq!(text(&kept.authority()), authority);
    }

    #[test]
    fn a_leaf_without_its_authority_is_made_anew_with_a_new_one() {
        let scratch = Scratch::new("dev-lost");
        let kept = Kept::new(&scratch.0);
        origin(&kept);
        let authority = text(&kept.authority());
        fs::remove_file(kept.authority()).expect("was there");
        assert_eq!(origin(&kept), Origin::Made);
        assert_ne!(text(&kept.authority()), authority);
        // Another authority's key: what it signs is not accepted.
        let other = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("made");
        fs::write(kept.authority_key(), other.serialize_pem()).expect("writable");
        fs::remove_file(kept.leaf()).expect("was there");
        assert_eq!(origin(&kept), Origin::Made);
    }

    #[test]
    fn a_leaf_that_ends_soon_does_not_serve() {
        let scratch = Scratch::new("dev-expiry");
        let kept = Kept::new(&scratch.0);
        origin(&kept);
        let authority_key = kept.kept_authority_key().expect("there");
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("made");
        let issuer = Issuer::new(authority_params(&authority_key).expect("valid"), &authority_key);
        for (days, serves) in [(RENEW_DAYS, false), (RENEW_DAYS + BACKDATED_DAYS + 1, true)] {
            let mut params = leaf_params().expect("valid");
            date(&mut params, days);
            let leaf = params.signed_by(&key, &issuer).expect("signed");
            let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
            let leaf = CertifiedKey::from_der(vec![leaf.der().clone()], key, &provider()).expect("usable");
            assert_eq!(kept.serves(&leaf, &provider()), serves, "{days} days");
        }
    }

    #[cfg(unix)]
    #[test]
    fn keys_are_for_our_eyes_only() {
        use std::os::unix::fs::PermissionsExt;
        let scratch = Scratch::new("dev-rights");
        let kept = Kept::new(&scratch.0);
        origin(&kept);
        for path in [kept.authority_key(), kept.leaf_key()] {
            let mode = fs::metadata(&path).expect("there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }

    #[test]
    fn a_data_directory_that_cannot_be_used_is_named() {
        let scratch = Scratch::new("dev-file");
        fs::write(&scratch.0, "a file").expect("writable");
        let error = Kept::new(&scratch.0.join("data")).ensure(&provider()).expect_err("no folder").to_string();
        assert!(error.contains("dev-file"), "{error}");
    }
}
