//! An open WebSocket: messages out, messages in, and how it ended.
//!
//! Never here: what a message means (see `session`), who drives it (see `drive`).

use super::stream::Stream;
use futures_util::{FutureExt, SinkExt, StreamExt};
use shared::wire::close_code::{CloseCode, Retry};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// How long the server may take to close after our Bye.
const FAREWELL: Duration = Duration::from_secs(2);
/// Messages that are taken in together at the most.
const BACKLOG_MAX: usize = 4_096;

/// An open WebSocket.
pub struct Connection {
    socket: WebSocketStream<Stream>,
    wire_bytes: Arc<AtomicU64>,
    tls_resumed: bool,
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

    /// Whether it is worth coming again: it broke, or the server says so. Of codes that are not ours, those of whoever stands before it.
    #[must_use]
    pub fn may_return(&self) -> bool {
        match self {
            Self::Closed { code, .. } => match CloseCode::from_number(*code) {
                Some(code) => code.retry() == Retry::Yes,
                None => matches!(code, 1005 | 1012 | 1014), // none, restarts, bad gateway
            },
            Self::Cut { .. } => true,
            Self::Left => false,
        }
    }
}

impl Connection {
    pub(super) const fn new(socket: WebSocketStream<Stream>, wire_bytes: Arc<AtomicU64>, tls_resumed: bool) -> Self {
        Self { socket, wire_bytes, tls_resumed }
    }

    /// Whether TLS went on from an earlier connection's: no certificate travelled, and nothing was signed.
    #[must_use]
    pub const fn tls_resumed(&self) -> bool {
        self.tls_resumed
    }

    /// Cuts it as a network does: no close frame, no goodbye of TLS, and a reset instead of TCP's. Where the system refuses that, an end of
    /// stream.
    pub fn cut(self) {
        let _ = self.socket.get_ref().tcp().set_zero_linger();
    }

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
    pub(super) fn waiting(&mut self, first: Bytes) -> (Vec<Bytes>, Option<Ended>) {
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

    /// The close frame that waits, if one does: a server that closes may take nothing any more.
    pub(super) fn last_words(&mut self) -> Option<Ended> {
        for _ in 0..BACKLOG_MAX {
            match self.receive().now_or_never()? {
                Arrival::End(ended @ Ended::Closed { .. }) => return Some(ended),
                Arrival::End(_) => return None,
                Arrival::Message(_) | Arrival::Nothing => {}
            }
        }
        None
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
    pub(super) async fn farewell(&mut self) -> Ended {
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
