//! The other end of a connection, for tests: a real socket on loopback, real TLS, and a client that can misbehave.
//!
//! Handshakes are done here, synchronously; what the worker gets is what `front` would hand over.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocket};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::mailbox::HandedOver;

/// How long a test waits for what must come.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes to and from the server, encrypted or not.
pub(super) enum Line {
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
    Plain(TcpStream),
}

impl Read for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tls(line) => line.read(buffer),
            Self::Plain(line) => line.read(buffer),
        }
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tls(line) => line.write(bytes),
            Self::Plain(line) => line.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tls(line) => line.flush(),
            Self::Plain(line) => line.flush(),
        }
    }
}

/// A client at the other end.
pub(super) struct Peer {
    pub(super) ws: WebSocket<Line>,
}

impl Peer {
    /// Sends one binary message.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.ws.send(Message::Binary(bytes.to_vec().into())).unwrap();
    }

    /// Sends bytes below WebSocket.
    pub(super) fn send_raw(&mut self, bytes: &[u8]) {
        let line = self.ws.get_mut();
        line.write_all(bytes).and_then(|()| line.flush()).unwrap();
    }

    /// The next message that is not a ping or pong; waits for it.
    pub(super) fn receive(&mut self) -> Message {
        loop {
            match self.ws.read().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// Reads until the close frame and returns its number and reason.
    pub(super) fn receive_close(&mut self) -> (u16, String) {
        loop {
            match self.ws.read() {
                Ok(Message::Close(Some(frame))) => return (frame.code.into(), frame.reason.as_str().to_owned()),
                Ok(_) => {}
                Err(error) => panic!("no close frame came: {error}"),
            }
        }
    }

    /// True: the server ends the stream in order, TLS included.
    pub(super) fn stream_ends_in_order(&mut self) -> bool {
        loop {
            match self.ws.read() {
                Ok(_) => {}
                Err(error) => return matches!(error, Error::ConnectionClosed),
            }
        }
    }

    /// The socket itself.
    pub(super) fn tcp(&self) -> &TcpStream {
        match self.ws.get_ref() {
            Line::Tls(line) => &line.sock,
            Line::Plain(line) => line,
        }
    }
}

/// A frame as a client sends it, with a mask of zeros.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        long => {
            bytes.push(0x80 | 126);
            bytes.extend((long as u16).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// Tries until it works; fails the test when it takes too long.
pub(super) fn until<R>(what: &str, mut attempt: impl FnMut() -> Option<R>) -> R {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(Instant::now() < give_up, "waited too long for {what}");
        std::thread::yield_now();
    }
}

/// A connection over TLS, as the worker and as the client get it.
pub(super) fn tls_pair() -> (HandedOver, Peer) {
    let (tcp, client_tcp) = tcp_pair();
    let (server_config, client_config) = configs();
    let mut tls = ServerConnection::new(server_config).unwrap();
    let name = "localhost".try_into().unwrap();
    let mut line = StreamOwned::new(ClientConnection::new(client_config, name).unwrap(), client_tcp);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while line.conn.is_handshaking() {
                line.conn.complete_io(&mut line.sock).unwrap();
            }
        });
        while tls.is_handshaking() {
            tls.complete_io(&mut &tcp).unwrap();
        }
    });
    let ws = WebSocket::from_raw_socket(Line::Tls(Box::new(line)), Role::Client, None);
    tcp.set_nonblocking(true).unwrap();
    (HandedOver { tcp, tls: Some(tls), early: Vec::new() }, Peer { ws })
}

/// A connection without TLS.
pub(super) fn plain_pair() -> (HandedOver, Peer) {
    let (tcp, client_tcp) = tcp_pair();
    let ws = WebSocket::from_raw_socket(Line::Plain(client_tcp), Role::Client, None);
    tcp.set_nonblocking(true).unwrap();
    (HandedOver { tcp, tls: None, early: Vec::new() }, Peer { ws })
}

fn tcp_pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    server.set_nodelay(true).unwrap();
    client.set_nodelay(true).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    (server, client)
}

/// TLS at both ends.
pub(super) fn configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    static CONFIGS: OnceLock<(Arc<ServerConfig>, Arc<ClientConfig>)> = OnceLock::new();
    CONFIGS.get_or_init(make_configs).clone()
}

fn make_configs() -> (Arc<ServerConfig>, Arc<ClientConfig>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = CertificateDer::from(made.cert.der().to_vec());
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (Arc::new(server), Arc::new(client))
}
