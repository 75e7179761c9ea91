//! Where a server is, and how one gets to it: TCP (from an address of one's own), TLS, HTTP upgrade.
//!
//! Never here: what goes over a connection (see `connection`), when one comes again (see `way`).

use super::connection::Connection;
use super::stream::{Metered, Stream};
use crate::plain_text::Plain;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind};
use shared::limits::SERVER_MESSAGE_BYTES_MAX;
use shared::wire::version::SUBPROTOCOL;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::net::{TcpSocket, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error as WsError;
use tokio_tungstenite::tungstenite::client::ClientRequestBuilder;
use tokio_tungstenite::tungstenite::http::{HeaderMap, Uri, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// How long connecting may take: TCP, TLS and upgrade together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
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
        /// After how many seconds it may be worth coming again, if it said so.
        retry_after_s: Option<u64>,
    },
    /// The upgrade failed.
    #[error("upgrading: {0}")]
    Upgrade(Box<WsError>),
}

impl ConnectError {
    /// Whether the next attempt may end otherwise: the path's fault, or a server that is busy, full or not there for the moment. A player
    /// whose older connection is still believed in, where one is all that it may have, is let in when that has been found dead.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Url { .. } | Self::NoAddress { .. } => false,
            Self::Io(_) | Self::Slow | Self::Upgrade(_) => true,
            Self::Refused { status, .. } => matches!(*status, 409 | 429 | 500..),
        }
    }

    /// After how many seconds the server says that coming again may be worth it.
    #[must_use]
    pub const fn retry_after_s(&self) -> Option<u64> {
        if let Self::Refused { retry_after_s, .. } = self { *retry_after_s } else { None }
    }
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

    /// The same for a client that keeps what the server hands out to begin TLS sooner the next time: nobody else uses it.
    #[must_use]
    pub fn remembering(&self) -> Self {
        let tls = self.tls.as_ref().map(|(connector, name)| {
            let mut config = (**connector.config()).clone();
            config.resumption = Resumption::in_memory_sessions(1);
            (TlsConnector::from(Arc::new(config)), name.clone())
        });
        Self { tls, ..self.clone() }
    }

    /// Connects to `path`, from an address of one's own if `from` says so.
    ///
    /// # Errors
    /// [`ConnectError`]: see there.
    pub async fn connect(&self, path: &str, from: Option<IpAddr>) -> Result<Connection, ConnectError> {
        self.connect_within(CONNECT_TIMEOUT, path, from, Arc::default()).await
    }

    /// The same, counted by `wire_bytes`, which goes on from where it is.
    ///
    /// # Errors
    /// [`ConnectError`]: see there.
    pub(super) async fn connect_counting(
        &self,
        path: &str,
        from: Option<IpAddr>,
        wire_bytes: Arc<AtomicU64>,
    ) -> Result<Connection, ConnectError> {
        self.connect_within(CONNECT_TIMEOUT, path, from, wire_bytes).await
    }

    /// The same within that time.
    ///
    /// # Errors
    /// [`ConnectError`]: see there.
    pub(super) async fn connect_within(
        &self,
        within: Duration,
        path: &str,
        from: Option<IpAddr>,
        wire_bytes: Arc<AtomicU64>,
    ) -> Result<Connection, ConnectError> {
        timeout(within, self.connect_at_leisure(path, from, wire_bytes)).await.map_err(|_| ConnectError::Slow)?
    }

    async fn connect_at_leisure(
        &self,
        path: &str,
        from: Option<IpAddr>,
        wire_bytes: Arc<AtomicU64>,
    ) -> Result<Connection, ConnectError> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(from) = from {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let tcp = socket.connect(self.address).await?;
        tcp.set_nodelay(true)?;
        let metered = Metered { tcp, read: wire_bytes.clone() };
        let (scheme, stream) = match &self.tls {
            Some((connector, name)) => ("wss", Stream::Tls(Box::new(connector.connect(name.clone(), metered).await?))),
            None => ("ws", Stream::Plain(metered)),
        };
        let tls_resumed = stream.handshake_kind() == Some(HandshakeKind::Resumed);
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
            Ok((socket, _)) => Ok(Connection::new(socket, wire_bytes, tls_resumed)),
            Err(WsError::Http(response)) => {
                let body = response.body().as_deref().unwrap_or_default();
                Err(refused(response.status().as_u16(), response.headers(), body))
            }
            Err(WsError::Io(error)) => Err(error.into()),
            Err(error) => Err(ConnectError::Upgrade(Box::new(error))),
        }
    }
}

/// What a refusal over HTTP says: `{"error": "room_full", "message": "the room is full"}`, or nothing that we read.
fn refused(status: u16, headers: &HeaderMap, body: &[u8]) -> ConnectError {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let message = body.get("message").and_then(serde_json::Value::as_str).map(Plain::of);
    let retry_after = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    ConnectError::Refused { status, message, retry_after_s: retry_after.and_then(|seconds| seconds.parse().ok()) }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_with_what_the_server_says_of_it_and_nothing_that_it_says_moves_a_cursor() {
        let refused = |status, body| refused(status, &HeaderMap::new(), body);
        let full = refused(503, br#"{"error": "room_full", "message": "the room is \u001b[2Jfull"}"#).to_string();
        assert_eq!(full, "the server refused with HTTP 503: the room is \u{fffd}[2Jfull");
        for silent in [&b""[..], b"<html>", br#"{"message": 7}"#, br#"{"error": "x"}"#, b"[1]"] {
            assert_eq!(refused(502, silent).to_string(), "the server refused with HTTP 502");
        }
    }

    #[test]
    fn what_may_pass_is_tried_again_and_what_is_wrong_with_us_is_not() {
        let with = |status, after: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.extend(after.map(|after| (header::RETRY_AFTER, after.parse().unwrap())));
            refused(status, &headers, b"")
        };
        for status in [409, 429, 500, 502, 503] {
            assert!(with(status, None).may_pass(), "{status}");
        }
        for status in [400, 401, 403, 404, 426] {
            assert!(!with(status, None).may_pass(), "{status}");
        }
        assert!(ConnectError::Slow.may_pass() && !ConnectError::Url { url: String::new() }.may_pass());
        assert_eq!(with(503, Some("5")).retry_after_s(), Some(5));
        assert_eq!([with(503, Some("soon")), with(503, None)].map(|refused| refused.retry_after_s()), [None, None]);
    }
}
