//! The floor: a program that does nothing but write a ready frame to every socket once per tick, and read what has come.
//!
//! ```text
//!   accept all, TLS handshakes ─► each tick: per socket one receive, decrypt, discard ─► per socket encrypt, one send
//! ```
//!
//! One thread, non-blocking sockets of the standard library, rustls. No tokio, no WebSocket, no game: what no server on this
//! machine can beat by much. It is measured beside a real one, with frames and inputs of the same size at the same rate, so
//! that their ratio means something on any machine.
//!
//! Never here: what frames mean; what is measured (see `capacity`).

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem};
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, IoSlice, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long all clients may take to come, and each of them for its handshake.
const ARRIVAL: Duration = Duration::from_secs(60);
/// How long one handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often it looks for newcomers that have not come yet.
const LOOK: Duration = Duration::from_millis(1);
/// Most plaintext that is taken off a connection at once: more than a tick's inputs.
const SCRATCH_BYTES: usize = 4 * 1024;

/// What the program is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloorOptions {
    /// Clients that it waits for before its first tick.
    pub clients: usize,
    /// Ticks per second.
    pub tick_rate_hz: u16,
    /// Bytes of a frame, before TLS.
    pub frame_bytes: usize,
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
}

/// Why it does not run. The machine's or the caller's to mend.
#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    /// A file cannot be read, or holds nothing of the kind.
    #[error("{}: {source}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// TLS refuses what is in the files.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// The network.
    #[error("the network: {0}")]
    Io(#[from] io::Error),
    /// Not everybody came.
    #[error("{came} of {wanted} clients came within {} s", ARRIVAL.as_secs())]
    Missing {
        /// Who came.
        came: usize,
        /// Who was waited for.
        wanted: usize,
    },
}

/// A floor that listens.
pub struct Floor {
    options: FloorOptions,
    listener: TcpListener,
    tls: Arc<ServerConfig>,
}

impl Floor {
    /// Opens a free port on loopback.
    ///
    /// # Errors
    /// [`FloorError`]: a file or the network.
    pub fn open(options: FloorOptions) -> Result<Self, FloorError> {
        let tls = server_tls(&options.certificate, &options.key)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self { options, listener, tls })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The network.
    pub fn address(&self) -> Result<SocketAddr, FloorError> {
        Ok(self.listener.local_addr()?)
    }

    /// Waits for all clients, then ticks until the last of them is gone.
    ///
    /// # Errors
    /// [`FloorError::Missing`] if they do not come, or the network.
    pub fn run(self) -> Result<(), FloorError> {
        let mut clients = self.gather()?;
        let frame = vec![0x5A; self.options.frame_bytes];
        let mut scratch = [0; SCRATCH_BYTES];
        let period = Duration::from_secs(1) / u32::from(self.options.tick_rate_hz.max(1));
        let mut next = Instant::now();
        while !clients.is_empty() {
            next += period;
            // Late: it does not try to catch up, as a frame that is not sent now is old news.
            next = next.max(Instant::now());
            thread::sleep(next.saturating_duration_since(Instant::now()));
            clients.retain_mut(|client| client.read(&mut scratch).is_ok());
            clients.retain_mut(|client| client.write(&frame).is_ok());
        }
        Ok(())
    }

    fn gather(&self) -> Result<Vec<Client>, FloorError> {
        let wanted = self.options.clients;
        let until = Instant::now() + ARRIVAL;
        let mut clients = Vec::with_capacity(wanted);
        self.listener.set_nonblocking(true)?;
        while clients.len() < wanted {
            match self.listener.accept() {
                Ok((tcp, _)) => clients.push(Client::greet(tcp, self.tls.clone())?),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if Instant::now() > until {
                        return Err(FloorError::Missing { came: clients.len(), wanted });
                    }
                    thread::sleep(LOOK);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(clients)
    }
}

fn server_tls(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, FloorError> {
    let broken = |path: &Path, source| FloorError::Pem { path: path.to_owned(), source };
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|source| broken(certificate, source))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|source| broken(key, source))?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, secret)?;
    Ok(Arc::new(config))
}

/// One socket.
struct Client {
    tls: ServerConnection,
    tcp: OneCall,
}

impl Client {
    /// Shakes hands, waiting as long as it takes: nobody plays yet.
    fn greet(mut tcp: TcpStream, config: Arc<ServerConfig>) -> Result<Self, FloorError> {
        let mut tls = ServerConnection::new(config)?;
        tls.set_buffer_limit(None);
        tcp.set_nodelay(true)?;
        tcp.set_nonblocking(false)?;
        tcp.set_read_timeout(Some(HANDSHAKE))?;
        while tls.is_handshaking() || tls.wants_write() {
            tls.complete_io(&mut tcp)?;
        }
        tcp.set_nonblocking(true)?;
        Ok(Self { tls, tcp: OneCall { tcp, spent: false } })
    }

    /// One receive; what came is decrypted and forgotten.
    fn read(&mut self, scratch: &mut [u8]) -> io::Result<()> {
        self.tcp.spent = false;
        match self.tls.read_tls(&mut self.tcp) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        }
        self.tls.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        loop {
            match self.tls.reader().read(scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    /// One send; if the last frame is not out yet, the rest of that instead.
    fn write(&mut self, frame: &[u8]) -> io::Result<()> {
        self.tcp.spent = false;
        if !self.tls.wants_write() {
            self.tls.writer().write_all(frame)?;
        }
        match self.tls.write_tls(&mut self.tcp) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

/// The socket below rustls: one system call each time it is allowed to.
struct OneCall {
    tcp: TcpStream,
    spent: bool,
}

impl OneCall {
    fn call<T>(&mut self, call: impl FnOnce(&mut TcpStream) -> io::Result<T>) -> io::Result<T> {
        if std::mem::replace(&mut self.spent, true) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        call(&mut self.tcp)
    }
}

impl Read for OneCall {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.call(|tcp| tcp.read(into))
    }
}

impl Write for OneCall {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(|tcp| tcp.write(bytes))
    }

    /// A frame is one record: `send` is cheaper than `writev`.
    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.call(|tcp| if let [one] = parts { tcp.write(one) } else { tcp.write_vectored(parts) })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
