//! wss ↔ session: one socket, driven by one task.
//!
//! ```text
//!   connect   TCP (from an address of one's own) ─► TLS ─► HTTP upgrade with sub-protocol tickwire.v1
//!   drive     socket ─► link ─► session ─► link ─► socket, woken by whichever comes first: bytes, the session, the link, the end
//! ```
//!
//! Buffers are small, for there may be a thousand of these in one process; nothing waits here but what the link holds back.
//!
//! Never here: what a message means (see `session`), how many clients there are (see `swarm`).

// TCP that counts, with or without TLS.
mod stream;

use crate::link::Link;
use crate::plain_text::Plain;
use crate::session::{Session, SessionEvent};
use futures_util::{FutureExt, SinkExt, StreamExt};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use shared::limits::SERVER_MESSAGE_BYTES_MAX;
use shared::wire::version::SUBPROTOCOL;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use stream::{Metered, Stream};
use tokio::net::{TcpSocket, lookup_host};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::Uri;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Error as WsError, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// How long connecting may take: TCP, TLS and upgrade together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long the server may take to close after our Bye.
const FAREWELL: Duration = Duration::from_secs(2);
/// Milliseconds after which a task that wakes late has slept: what waits is taken in together.
const SLEPT_MS: f64 = 250.0;
/// Messages that are taken in together at the most.
const BACKLOG_MAX: usize = 4_096;
/// Read buffer of one WebSocket, and what its write buffer collects before it writes, in bytes: a few frames.
const BUFFER_BYTES: usize = 4 * 1024;
/// Most that may wait in one WebSocket for the socket to take it. We send a message of tens of bytes per tick.
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL is none of ours.
    #[error("{url:?} is no ws:// or wss:// URL with a host")]
    Url {
        /// What was said.
        url: String,
    },
    /// The name has no address.
    #[error("{host} has no address")]
    NoAddress {
        /// The name.
        host: String,
    },
    /// The network.
    #[error("connecting: {0}")]
    Io(#[from] io::Error),
    /// It took too long.
    #[error("connecting took more than {} s", CONNECT_TIMEOUT.as_secs())]
    Slow,
    /// HTTP said no.
    #[error("the server refused with HTTP {status}{}", .message.as_ref().map(|message| format!(": {message}")).unwrap_or_default())]
    Refused {
        /// Its status code.
        status: u16,
        /// Why, if it said so.
        message: Option<Plain>,
    },
    /// The upgrade failed.
    #[error("upgrading: {0}")]
    Upgrade(Box<WsError>),
}

/// Where the server is and how to reach it.
#[derive(Clone)]
pub struct Target {
    host: String,
    authority: String,
    address: SocketAddr,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    ticket: Option<String>,
}

impl Target {
    /// The server of a URL; `tls` is asked for only where the URL is wss.
    ///
    /// # Errors
    /// [`ConnectError`]: no such URL, or its name has no address.
    pub async fn resolve(url: &str, tls: Option<Arc<ClientConfig>>) -> Result<Self, ConnectError> {
        let wrong = || ConnectError::Url { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let secure = is_secure(&uri).ok_or_else(wrong)?;
        let host = uri.host().ok_or_else(wrong)?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let address = lookup_host((host.as_str(), port)).await?.next();
        let address = address.ok_or_else(|| ConnectError::NoAddress { host: host.clone() })?;
        let tls = match (secure, tls) {
            (false, _) => None,
            (true, None) => return Err(wrong()),
            (true, Some(config)) => {
                let name = ServerName::try_from(host.clone()).map_err(|_| wrong())?;
                Some((TlsConnector::from(config), name))
            }
        };
        let authority = uri.authority().map_or_else(|| host.clone(), ToString::to_string);
        Ok(Self { host, authority, address, tls, ticket: None })
    }

    /// The server's address.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same for somebody with that ticket; without one, for a guest.
    #[must_use]
    pub fn bearing(&self, ticket: Option<String>) -> Self {
        Self { ticket, ..self.clone() }
    }

    /// Connects to `path`, from an address of one's own if `from` says so.
    ///
    /// # Errors
    /// [`ConnectError`]: see there.
    pub async fn connect(&self, path: &str, from: Option<IpAddr>) -> Result<Connection, ConnectError> {
        timeout(CONNECT_TIMEOUT, self.connect_at_leisure(path, from)).await.map_err(|_| ConnectError::Slow)?
    }

    async fn connect_at_leisure(&self, path: &str, from: Option<IpAddr>) -> Result<Connection, ConnectError> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(from) = from {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let tcp = socket.connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let wire_bytes = Arc::new(AtomicU64::new(0));
        let metered = Metered { tcp, read: wire_bytes.clone() };
        let (scheme, stream) = match &self.tls {
            Some((connector, name)) => ("wss", Stream::Tls(Box::new(connector.connect(name.clone(), metered).await?))),
            None => ("ws", Stream::Plain(metered)),
        };
        let url = format!("{scheme}://{}{path}", self.authority);
        let uri: Uri = url.parse().map_err(|_| ConnectError::Url { url: self.host.clone() })?;
        let request = ClientRequestBuilder::new(uri).with_sub_protocol(SUBPROTOCOL);
        let request = match &self.ticket {
            Some(ticket) => request.with_header("Authorization", format!("Bearer {ticket}")),
            None => request,
        };
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
            .max_message_size(Some(SERVER_MESSAGE_BYTES_MAX))
            .max_frame_size(Some(SERVER_MESSAGE_BYTES_MAX));
        match client_async_with_config(request, stream, Some(config)).await {
            Ok((socket, _)) => Ok(Connection { socket, wire_bytes }),
            Err(WsError::Http(response)) => {
                Err(refused(response.status().as_u16(), response.body().as_deref().unwrap_or_default()))
            }
            Err(WsError::Io(error)) => Err(error.into()),
            Err(error) => Err(ConnectError::Upgrade(Box::new(error))),
        }
    }
}

/// What a refusal over HTTP says: `{"error": "room_full", "message": "the room is full"}`, or nothing that we read.
fn refused(status: u16, body: &[u8]) -> ConnectError {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let message = body.get("message").and_then(serde_json::Value::as_str).map(Plain::of);
    ConnectError::Refused { status, message }
}

/// Whether a URL means TLS; `None` if it is neither ws nor wss.
fn is_secure(uri: &Uri) -> Option<bool> {
    match uri.scheme_str() {
        Some("wss") => Some(true),
        Some("ws") => Some(false),
        _ => None,
    }
}

/// Whether a URL needs certificates at all.
#[must_use]
pub fn needs_tls(url: &str) -> bool {
    url.parse().ok().as_ref().and_then(is_secure) == Some(true)
}

/// An open WebSocket.
pub struct Connection {
    socket: WebSocketStream<Stream>,
    wire_bytes: Arc<AtomicU64>,
}

/// What a connection gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A message.
    Message(Bytes),
    /// Something that is none: a ping, a pong.
    Nothing,
    /// The end.
    End(Ended),
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With a close frame.
    Closed {
        /// Its code.
        code: u16,
        /// Its reason.
        reason: String,
    },
    /// Without one.
    Cut {
        /// What the socket said.
        cause: String,
    },
    /// We left, and the server did not answer in time.
    Left,
}

impl Ended {
    /// The close code; 1006 where there was no close frame, as browsers say it.
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::Closed { code, .. } => *code,
            Self::Cut { .. } | Self::Left => 1006,
        }
    }
}

impl Connection {
    /// Counts the bytes that the socket gave, below TLS, from the first of the handshake on.
    #[must_use]
    pub fn wire_bytes(&self) -> Arc<AtomicU64> {
        self.wire_bytes.clone()
    }

    /// Waits for what comes next. May be dropped and called again.
    pub async fn receive(&mut self) -> Arrival {
        match self.socket.next().await {
            Some(Ok(Message::Binary(bytes))) => Arrival::Message(bytes),
            Some(Ok(Message::Close(Some(frame)))) => {
                Arrival::End(Ended::Closed { code: frame.code.into(), reason: frame.reason.to_string() })
            }
            Some(Ok(Message::Close(None))) => Arrival::End(Ended::Closed { code: 1005, reason: String::new() }),
            Some(Ok(_)) => Arrival::Nothing,
            Some(Err(error)) => Arrival::End(Ended::Cut { cause: error.to_string() }),
            None => Arrival::End(Ended::Cut { cause: "end of stream".to_owned() }),
        }
    }

    /// What waits behind a message already, and the end if that is what it comes to: who slept finds a backlog.
    fn waiting(&mut self, first: Bytes) -> (Vec<Bytes>, Option<Ended>) {
        let mut messages = vec![first];
        while messages.len() < BACKLOG_MAX {
            match self.receive().now_or_never() {
                Some(Arrival::Message(bytes)) => messages.push(bytes),
                Some(Arrival::Nothing) => {}
                Some(Arrival::End(ended)) => return (messages, Some(ended)),
                None => break,
            }
        }
        (messages, None)
    }

    /// Puts a message into the write buffer; [`Connection::flush`] sends what is there.
    ///
    /// # Errors
    /// How the connection ended.
    pub async fn feed(&mut self, message: Message) -> Result<(), Ended> {
        self.socket.feed(message).await.map_err(|error| Ended::Cut { cause: error.to_string() })
    }

    /// Sends what is in the write buffer.
    ///
    /// # Errors
    /// How the connection ended.
    pub async fn flush(&mut self) -> Result<(), Ended> {
        self.socket.flush().await.map_err(|error| Ended::Cut { cause: error.to_string() })
    }

    /// Closes from our side and waits shortly for the server to agree.
    pub async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: WireCode::from(code), reason: "".into() };
        if self.socket.close(Some(frame)).await.is_ok() {
            let _ = timeout(FAREWELL, async { while !matches!(self.receive().await, Arrival::End(_)) {} }).await;
        }
    }

    /// Waits for the server to close after our Bye.
    async fn farewell(&mut self) -> Ended {
        let end = async {
            loop {
                if let Arrival::End(ended) = self.receive().await {
                    return ended;
                }
            }
        };
        timeout(FAREWELL, end).await.unwrap_or(Ended::Left)
    }
}

/// The clock of this process: milliseconds since it was made.
#[derive(Clone, Copy, Debug)]
pub struct Epoch(Instant);

impl Epoch {
    /// A clock that begins now.
    #[must_use]
    pub fn begin() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the beginning.
    #[must_use]
    pub fn now_ms(self) -> f64 {
        self.0.elapsed().as_secs_f64() * 1_000.0
    }

    /// The moment that is `ms` after the beginning; an hour from now for what never comes.
    #[must_use]
    pub fn at(self, ms: f64) -> Instant {
        if ms.is_finite() {
            self.0 + Duration::from_secs_f64((ms / 1_000.0).max(0.0))
        } else {
            Instant::now() + Duration::from_secs(3_600)
        }
    }
}

/// Looks on while a session plays.
pub trait Observer: Send {
    /// Something happened in the session.
    fn event(&mut self, session: &Session, event: SessionEvent, now_ms: f64);

    /// Called whenever something could have changed, with the session in hand: who draws and asks does it here.
    fn act(&mut self, session: &mut Session, now_ms: f64) {
        let _ = (session, now_ms);
    }

    /// Asked whenever something could have changed: go on?
    fn goes_on(&mut self, session: &Session) -> bool;

    /// Completes when [`Observer::goes_on`] may have a new answer. May be dropped and called again.
    fn news(&mut self) -> impl Future<Output = ()> + Send;
}

/// Plays a session over a connection until one of them ends, or the observer does not go on: then the player leaves.
pub async fn drive(
    mut connection: Connection,
    session: &mut Session,
    mut link: Option<Link>,
    epoch: Epoch,
    observer: &mut impl Observer,
) -> Ended {
    loop {
        let now_ms = epoch.now_ms();
        let crossed = std::iter::from_fn(|| link.as_mut()?.received(now_ms));
        session.handle_backlog(&crossed.collect::<Vec<_>>(), now_ms);
        session.handle_tick(now_ms);
        while let Some(event) = session.poll_event() {
            observer.event(session, event, now_ms);
        }
        observer.act(session, now_ms);
        let goes_on = observer.goes_on(session);
        if !goes_on {
            session.leave();
        }
        if let Err(ended) = send_all(&mut connection, session, link.as_mut(), now_ms, !goes_on).await {
            session.handle_close();
            return ended;
        }
        if !goes_on {
            return connection.farewell().await;
        }
        if session.is_over() {
            connection.close(1002).await;
            return Ended::Left;
        }
        let link_ms = link.as_ref().map_or(f64::INFINITY, Link::next_ms);
        let reads_from_ms = link.as_ref().map_or(now_ms, |link| link.reads_from_ms(now_ms));
        let reads = reads_from_ms <= now_ms;
        let wake_ms = session.next_wake_ms(now_ms).min(link_ms).min(if reads { f64::INFINITY } else { reads_from_ms });
        tokio::select! {
            biased;
            arrival = connection.receive(), if reads => match arrival {
                Arrival::Message(bytes) => {
                    let slept = epoch.now_ms() > wake_ms + SLEPT_MS;
                    let (waited, ended) = if slept { connection.waiting(bytes) } else { (vec![bytes], None) };
                    take(session, link.as_mut(), &waited, epoch.now_ms());
                    if let Some(ended) = ended {
                        session.handle_close();
                        return ended;
                    }
                }
                Arrival::Nothing => {}
                Arrival::End(ended) => {
                    session.handle_close();
                    return ended;
                }
            },
            () = observer.news() => {}
            () = sleep_until(epoch.at(wake_ms)) => {}
        }
    }
}

/// Messages came off the socket: to the session at once, or onto the link.
fn take(session: &mut Session, link: Option<&mut Link>, messages: &[Bytes], now_ms: f64) {
    match link {
        Some(link) => messages.iter().for_each(|bytes| link.receive(bytes.to_vec(), now_ms)),
        None => session.handle_backlog(messages, now_ms),
    }
}

/// Sends what the session has to say, or what the link lets through; at the end everything at once.
async fn send_all(
    connection: &mut Connection,
    session: &mut Session,
    link: Option<&mut Link>,
    now_ms: f64,
    at_once: bool,
) -> Result<(), Ended> {
    let mut fed = false;
    match link {
        None => {
            while let Some(frame) = session.poll_frame() {
                connection.feed(Message::Binary(frame.into())).await?;
                fed = true;
            }
        }
        Some(link) => {
            while let Some(frame) = session.poll_frame() {
                link.send(frame, now_ms);
            }
            let until_ms = if at_once { f64::INFINITY } else { now_ms };
            while let Some(frame) = link.sent(until_ms) {
                connection.feed(Message::Binary(frame.into())).await?;
                fed = true;
            }
        }
    }
    if fed { connection.flush().await } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_what_the_server_says_of_it_and_nothing_that_it_says_moves_a_cursor() {
        let full = refused(503, br#"{"error": "room_full", "message": "the room is \u001b[2Jfull"}"#).to_string();
        assert_eq!(full, "the server refused with HTTP 503: the room is \u{fffd}[2Jfull");
        for silent in [&b""[..], b"<html>", br#"{"message": 7}"#, br#"{"error": "x"}"#, b"[1]"] {
            assert_eq!(refused(502, silent).to_string(), "the server refused with HTTP 502");
        }
    }
}
