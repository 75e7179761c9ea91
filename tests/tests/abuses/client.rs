//! A client that says what it is told to, byte by byte, and hears what comes back: TCP, TLS, HTTP and frames, nothing hidden.

use client_sim::session::Session;
use client_sim::trust::Trust;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use shared::wire::{ClientMessage, Hello, ServerMessage, Welcome};
use socket2::{Domain, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tests::loopback::Loopback;

/// How often a client that waits looks up.
const LOOK: Duration = Duration::from_millis(20);

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Where the server is, how it is recognised, and from where one comes.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    name: String,
    from: Ipv4Addr,
    tls: Arc<ClientConfig>,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// With a close frame of this number; none: it had none.
    Close(Option<u16>),
    /// Without one.
    Gone,
    /// Not at all, as long as we waited.
    Open,
}

impl End {
    fn of_close(payload: &[u8]) -> Self {
        Self::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))
    }
}

/// A TLS connection.
pub(crate) struct Client {
    stream: StreamOwned<ClientConnection, TcpStream>,
    /// What was read and not understood yet.
    buffer: Vec<u8>,
    ended: bool,
    /// Met while it played.
    closed: Option<End>,
}

impl Target {
    pub(crate) fn of(server: &Loopback) -> Self {
        let trust = Trust::choose(Some(&server.authority()), false).expect("there is an authority");
        let name = server.url().strip_prefix("wss://").expect("a URL").to_owned();
        let address = name.parse().expect("an address");
        Self { address, name, from: Ipv4Addr::LOCALHOST, tls: trust.tls().expect("a certificate") }
    }

    /// The same, from another address.
    pub(crate) fn at(&self, from: Ipv4Addr) -> Self {
        Self { from, ..self.clone() }
    }

    /// From where one comes.
    pub(crate) const fn from(&self) -> Ipv4Addr {
        self.from
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        &self.name
    }

    /// TCP alone.
    pub(crate) fn tcp(&self) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&SocketAddrV4::new(self.from, 0).into()).expect("loopback has many addresses");
        socket.connect(&self.address.into()).expect("it listens");
        let tcp = TcpStream::from(socket);
        tcp.set_nodelay(true).expect("a socket");
        tcp.set_read_timeout(Some(LOOK)).expect("a socket");
        tcp
    }

    /// TLS over it.
    pub(crate) fn connect(&self) -> Client {
        let name = "127.0.0.1".try_into().expect("a name");
        let tls = ClientConnection::new(self.tls.clone(), name).expect("valid");
        let mut stream = StreamOwned::new(tls, self.tcp());
        // A look is shorter than a handshake on a busy machine.
        stream.sock.set_read_timeout(Some(HANDSHAKE)).expect("a socket");
        let _ = stream.flush();
        stream.sock.set_read_timeout(Some(LOOK)).expect("a socket");
        Client { stream, buffer: Vec::new(), ended: false, closed: None }
    }

    /// What is answered to an upgrade at that path, by whom that ticket names or a guest; and its connection.
    pub(crate) fn asked(&self, path: &str, ticket: Option<&str>) -> (Client, String) {
        let mut client = self.connect();
        let bearer = ticket.map(|ticket| format!("Bearer {ticket}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
        client.send(request(self, path, &headers).as_bytes());
        let answer = client.answer(Duration::from_secs(10));
        (client, answer)
    }

    /// Upgraded, or what was said instead.
    pub(crate) fn upgraded(&self, path: &str, ticket: Option<&str>) -> Result<Client, String> {
        let (client, answer) = self.asked(path, ticket);
        if answer.starts_with("HTTP/1.1 101") { Ok(client) } else { Err(format!("not upgraded: {answer:?}")) }
    }

    /// With a seat, in that room.
    pub(crate) fn seated(&self, path: &str, ticket: Option<&str>, session: &mut Session) -> Result<Client, String> {
        let mut client = self.upgraded(path, ticket)?;
        let began = Instant::now();
        while !session.is_in() {
            if began.elapsed() > Duration::from_secs(30) {
                return Err("no seat in time".to_owned());
            }
            client.play(session, began)?;
        }
        Ok(client)
    }
}

/// A good upgrade but for these headers: replaced, or left out where the value is empty; a name that stands there twice is sent twice.
pub(crate) fn request(target: &Target, path: &str, but: &[(&str, &str)]) -> String {
    let origin = format!("https://{}", target.name);
    let good = [
        ("Host", target.name.as_str()),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", "tickwire.v1"),
        ("Origin", origin.as_str()),
    ];
    let kept = good.iter().filter(|(name, _)| but.iter().all(|(other, _)| other != name));
    let lines = kept.chain(but).filter(|(_, value)| !value.is_empty());
    let lines: String = lines.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("GET {path} HTTP/1.1\r\n{lines}\r\n")
}

impl Client {
    /// Sends. Whoever is gone does not hear it.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).and_then(|()| self.stream.flush());
    }

    /// Whether nothing more can come.
    pub(crate) fn is_over(&self) -> bool {
        self.ended
    }

    fn read_more(&mut self) {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => self.ended = true,
            Ok(count) => self.buffer.extend_from_slice(&bytes[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {}
            Err(_) => self.ended = true,
        }
    }

    /// A whole answer: its head, and its body as far as one is declared; what comes behind stays. Whatever came, when time is up.
    pub(crate) fn answer(&mut self, within: Duration) -> String {
        let began = Instant::now();
        loop {
            let text = String::from_utf8_lossy(&self.buffer).into_owned();
            if let Some(head) = text.find("\r\n\r\n") {
                let declared = text[..head].to_ascii_lowercase();
                let length =
                    declared.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
                let whole = head + 4 + length.unwrap_or(0);
                if self.buffer.len() >= whole {
                    self.buffer.drain(..whole);
                    return text[..whole].to_owned();
                }
            }
            if self.ended || began.elapsed() >= within {
                return text;
            }
            self.read_more();
        }
    }

    /// The next frame that is there: its opcode and payload.
    fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (&first, &second) = (self.buffer.first()?, self.buffer.get(1)?);
        let (from, length) = match second & 0x7F {
            126 => (4, usize::from(u16::from_be_bytes(self.buffer.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(self.buffer.get(2..10)?.try_into().ok()?) as usize),
            short => (2, usize::from(short)),
        };
        let payload = self.buffer.get(from..from + length)?.to_vec();
        self.buffer.drain(..from + length);
        Some((first & 0x0F, payload))
    }

    /// How it ends, and all else that was said before.
    pub(crate) fn end(&mut self, within: Duration) -> (End, Vec<(u8, Vec<u8>)>) {
        let began = Instant::now();
        let mut said = Vec::new();
        if let Some(end) = self.closed.take() {
            return (end, said);
        }
        loop {
            while let Some((opcode, payload)) = self.frame() {
                if opcode == 0x8 {
                    return (End::of_close(&payload), said);
                }
                said.push((opcode, payload));
            }
            if self.ended {
                return (End::Gone, said);
            }
            if began.elapsed() >= within {
                return (End::Open, said);
            }
            self.read_more();
        }
    }

    /// Says Hello. The Welcome, or how it ended instead.
    pub(crate) fn greet(&mut self, hello: Hello) -> Result<Box<Welcome>, End> {
        let schema = shared::game::schema();
        self.send(&frame(0x82, &ClientMessage::Hello(Box::new(hello)).to_bytes(&schema)));
        let began = Instant::now();
        while began.elapsed() < HANDSHAKE {
            while let Some((opcode, payload)) = self.frame() {
                match (opcode, ServerMessage::read(&payload)) {
                    (0x2, Ok(ServerMessage::Welcome(welcome))) => return Ok(welcome),
                    (0x8, _) => return Err(End::of_close(&payload)),
                    _ => {}
                }
            }
            if self.ended {
                return Err(End::Gone);
            }
            self.read_more();
        }
        Err(End::Open)
    }

    /// Plays for a moment: what has come goes to the session, and what it says goes out.
    pub(crate) fn play(&mut self, session: &mut Session, began: Instant) -> Result<(), String> {
        let now_ms = || began.elapsed().as_secs_f64() * 1e3;
        session.handle_tick(now_ms());
        while session.poll_event().is_some() {}
        while let Some(message) = session.poll_frame() {
            self.send(&frame(0x82, &message));
        }
        self.read_more();
        while let Some((opcode, payload)) = self.frame() {
            match opcode {
                0x2 => session.handle_frame(&payload, now_ms()),
                0x8 => {
                    let end = self.closed.insert(End::of_close(&payload));
                    return Err(format!("closed while it played: {end:?}"));
                }
                _ => {}
            }
        }
        if self.ended { Err("cut while it played".to_owned()) } else { Ok(()) }
    }
}

/// A frame as a client sends it, masked.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | short as u8),
        medium @ 126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend((medium as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}
