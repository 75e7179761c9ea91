//! TLS: which certificates, what is spoken, and how new certificates take over without dropping anybody.
//!
//! ```text
//!   files or development CA ─► Certificates ─► (swapped in one step) ─► every later handshake
//!        ▲                                             │
//!        └── changed, or SIGHUP: read again; what does not fit is refused and said once, the old ones stay
//! ```
//!
//! HTTP/1.1 is all that is offered: a browser that is offered HTTP/2 loads the page over it and then cannot upgrade.
//! The provider is passed explicitly, so that nothing in the process can change what we speak. Who comes again resumes its session by a
//! ticket, which costs neither of us a signature; tickets of an old certificate die with it.
//!
//! Never here: sockets and deadlines (see `listener`).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use xxhash_rust::xxh3::Xxh3;

use super::certificates::{Certificates, read_pair};
use super::dev_certificate::{Kept, Origin};
use crate::config::{Config, NamedCertificate, Transport};
use crate::error::TlsError;

/// Tickets that a TLS 1.3 client is sent: it needs one to come again, and gets another then.
const TICKETS: usize = 1;

/// Where the first certificate comes from, now and at every reload.
#[derive(Debug)]
enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Development(Kept),
}

/// The game port's TLS.
pub(crate) struct Tls {
    source: Source,
    named: Vec<NamedCertificate>,
    watch: Option<Duration>,
    warn: Duration,
    provider: Arc<CryptoProvider>,
    current: Arc<Current>,
    tickets: Arc<Tickets>,
    seen: Mutex<Seen>,
    /// When the certificates changed, as long as handshakes from before may be under way.
    changed: Mutex<Option<Instant>>,
    /// How long these may take.
    stray: Duration,
    acceptor: TlsAcceptor,
}

/// How the files were when they were last looked at.
#[derive(Clone, Copy, Debug)]
struct Seen {
    stamp: u64,
    /// They were taken, or it was said why not.
    settled: bool,
}

/// What a look at the files finds.
#[derive(Debug)]
pub(super) enum Look {
    /// As before, or not finished yet.
    Same,
    /// New certificates, taken.
    Taken,
    /// Something that does not fit, twice in a row. Not told again before the files change.
    Refused(TlsError),
}

/// The certificates that handshakes get now.
#[derive(Debug)]
struct Current(ArcSwap<Certificates>);

impl ResolvesServerCert for Current {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load().choose(hello.server_name()).clone())
    }
}

/// The keys of session tickets, which change by themselves every few hours; all of them at once with the certificates.
#[derive(Debug)]
struct Tickets(ArcSwap<Arc<dyn ProducesTickets>>);

impl Tickets {
    fn new() -> Result<Self, TlsError> {
        Ok(Self(ArcSwap::from_pointee(ring::Ticketer::new()?)))
    }

    fn begin_anew(&self) -> Result<(), TlsError> {
        self.0.store(Arc::new(ring::Ticketer::new()?));
        Ok(())
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        self.0.load().enabled()
    }

    fn lifetime(&self) -> u32 {
        self.0.load().lifetime()
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.0.load().encrypt(plain)
    }

    fn decrypt(&self, cipher: &[u8]) -> Option<Vec<u8>> {
        self.0.load().decrypt(cipher)
    }
}

impl Tls {
    /// TLS as configured; none for a plain server.
    ///
    /// # Errors
    /// A certificate cannot be read, made or used.
    pub(crate) fn new(config: &Config) -> Result<Option<Self>, TlsError> {
        let source = match &config.transport {
            Transport::Plain => return Ok(None),
            Transport::Development => Source::Development(Kept::new(&config.data)),
            Transport::Files { certificate, key } => {
                Source::Files { certificate: certificate.clone(), key: key.clone() }
            }
        };
        let named = config.tls.names.clone();
        // Before they are read: what changes meanwhile is seen at the first look.
        let seen = Mutex::new(Seen { stamp: stamp(&source, &named), settled: true });
        let provider = Arc::new(ring::default_provider());
        let certificates = Certificates::read(source.read(&provider)?, &named, &provider)?;
        let current = Arc::new(Current(ArcSwap::from_pointee(certificates)));
        let tickets = Arc::new(Tickets::new()?);
        let mut tls = ServerConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(current.clone());
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        tls.ticketer = tickets.clone();
        tls.send_tls13_tickets = TICKETS;
        let (watch, warn, stray) = (config.tls.watch, config.tls.warn, config.limits.upgrade);
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        Ok(Some(Self {
            source,
            named,
            watch,
            warn,
            provider,
            current,
            tickets,
            seen,
            changed: Mutex::default(),
            stray,
            acceptor,
        }))
    }

    /// Reads the certificates again; later handshakes get them.
    ///
    /// # Errors
    /// They cannot be used; the old ones stay.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let stamp = stamp(&self.source, &self.named);
        *self.seen() = Seen { stamp, settled: true };
        self.read().map(drop)
    }

    /// True: they are others than before.
    fn read(&self) -> Result<bool, TlsError> {
        let new = Certificates::read(self.source.read(&self.provider)?, &self.named, &self.provider)?;
        let old = self.current.0.swap(Arc::new(new));
        let changed = !old.equals(&self.current.0.load());
        if changed {
            self.tickets.begin_anew()?;
            *self.changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        Ok(changed)
    }

    /// A handshake that was under way when the certificates changed may have got a ticket of the new keys for an old session, and so might
    /// go on for ever. Once all of these are over, tickets begin anew once more.
    pub(super) fn forget_strays(&self) {
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if changed.is_some_and(|at| at.elapsed() > self.stray) && self.tickets.begin_anew().is_ok() {
            *changed = None;
        }
    }

    /// Looks whether the files have changed, and takes what is new. A chain and its key may be written one after the other: what does
    /// not fit is only refused if it is the same at the next look.
    pub(super) fn look(&self) -> Look {
        let stamp = stamp(&self.source, &self.named);
        let before = *self.seen();
        if before.stamp == stamp && before.settled {
            return Look::Same;
        }
        match self.read() {
            Ok(changed) => {
                *self.seen() = Seen { stamp, settled: true };
                if changed { Look::Taken } else { Look::Same }
            }
            Err(error) => {
                let settled = before.stamp == stamp;
                *self.seen() = Seen { stamp, settled };
                if settled { Look::Refused(error) } else { Look::Same }
            }
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Between two looks; none: nobody looks.
    pub(super) const fn watch(&self) -> Option<Duration> {
        self.watch
    }

    /// Each certificate's name, how long it is good for, and whether that is so short that it should be renewed.
    pub(super) fn remaining(&self, now: SystemTime) -> Vec<(String, Duration, bool)> {
        let current = self.current.0.load();
        current.remaining(now).map(|(name, left)| (name.to_owned(), left, left < self.warn)).collect()
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

/// What is in the operator's files, as a number that changes with it. Times of change are not asked: some copies keep them.
fn stamp(source: &Source, named: &[NamedCertificate]) -> u64 {
    let mut hash = Xxh3::new();
    let mut add = |path: &Path| {
        let bytes = fs::read(path).ok();
        hash.update(&bytes.as_ref().map_or(u64::MAX, |bytes| bytes.len() as u64).to_le_bytes());
        hash.update(&bytes.unwrap_or_default());
    };
    if let Source::Files { certificate, key } = source {
        add(certificate);
        add(key);
    }
    for one in named {
        add(&one.certificate);
        add(&one.key);
    }
    hash.digest()
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let first = tls.current.0.load().choose(None).clone();

        install(&other.0, &certificate);
        assert!(matches!(tls.reload(), Err(TlsError::Pair { .. })), "the key is not that certificate's");
        fs::write(&certificate, "rubbish").expect("writable");
        assert!(matches!(tls.reload(), Err(TlsError::NoCertificate { .. })));
        fs::remove_file(&certificate).expect("there");
        assert!(matches!(tls.reload(), Err(TlsError::Pem { .. })));
        assert!(Arc::ptr_eq(&first, tls.current.0.load().choose(None)), "the old one stays");

        install(&other.0, &certificate);
        install(&other.1, &key);
        tls.reload().expect("fits");
        assert_ne!(first.cert, tls.current.0.load().choose(None).cert);
        fs::remove_dir_all(&folder).expect("there");
    }

    #[test]
    fn files_that_are_written_one_after_the_other_are_taken_together_and_what_does_not_fit_is_said_once() {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-tls-watch", std::process::id()));
        fs::create_dir_all(&folder).expect("writable");
        let (one, other) = (pair(&folder, "one"), pair(&folder, "other"));
        let mut config = Config::local(folder.clone());
        let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let install = |from: &Path, to: &Path| assert!(fs::copy(from, to).is_ok());
        install(&one.0, &certificate);
        install(&one.1, &key);
        config.transport = Transport::Files { certificate: certificate.clone(), key: key.clone() };
        let tls = Tls::new(&config).expect("valid").expect("not plain");
        let is_same = |look: Look| matches!(look, Look::Same);
        assert!(is_same(tls.look()));

        install(&other.0, &certificate);
        assert!(is_same(tls.look()), "the key may be on its way");
        install(&other.1, &key);
        assert!(matches!(tls.look(), Look::Taken));
        assert!(is_same(tls.look()));

        install(&one.0, &certificate);
        assert!(is_same(tls.look()));
        assert!(matches!(tls.look(), Look::Refused(TlsError::Pair { .. })), "it stays as it is");
        assert!((0..5).all(|_| is_same(tls.look())), "said once");
        install(&one.1, &key);
        assert!(matches!(tls.look(), Look::Taken));
        fs::remove_dir_all(&folder).expect("there");
    }

    #[test]
    fn tickets_die_with_the_certificates_and_only_with_them() {
        let folder = std::env::temp_dir().join(format!("tickwire-{}-tls-tickets", std::process::id()));
        fs::create_dir_all(&folder).expect("writable");
        let (one, other) = (pair(&folder, "one"), pair(&folder, "other"));
        let mut config = Config::local(folder.clone());
        config.transport = Transport::Files { certificate: one.0.clone(), key: one.1.clone() };
        let tls = Tls::new(&config).expect("valid").expect("not plain");
        let ticket = tls.tickets.encrypt(b"session").expect("sealed");
        tls.reload().expect("as before");
        assert_eq!(tls.tickets.decrypt(&ticket).as_deref(), Some(&b"session"[..]));
        assert!(fs::copy(&other.0, &one.0).is_ok() && fs::copy(&other.1, &one.1).is_ok());
        tls.reload().expect("fits");
        assert_eq!(tls.tickets.decrypt(&ticket), None);
        fs::remove_dir_all(&folder).expect("there");
    }

    #[test]
    fn a_plain_server_has_none() {
        let mut config = Config::local(PathBuf::new());
        config.transport = Transport::Plain;
        assert!(Tls::new(&config).expect("valid").is_none());
    }
}
