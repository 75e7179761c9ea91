//! TCP in: limits, deadlines, and what becomes of a connection.
//!
//! ```text
//!   accept ─ too fast? too many? ─► first byte ─► TLS ─► HTTP ─► 101 ─► out of tokio ─► mailbox
//!      └──────────── one deadline over all of it (limits.upgrade_s) ────────────────┘
//!                                                        └► page: open while it asks again within limits.idle_s
//! ```
//!
//! A connection costs a socket and a small task until its first byte; a TLS session until the handshake is done counts
//! against a cap of its own. What is over a cap is closed at once and counted: it cannot be told anything before TLS,
//! and a handshake for the sake of a refusal is what an attacker wants from us. A plain server tells it: 503. Behind a proxy of the
//! operator's a connection counts for the client that the proxy names, as soon as it does.
//!
//! Never here: what a request gets (see `http`).

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::header::{HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::{HandshakeKind, ServerConnection};
use shared::limits::NOTSENT_LOWAT_BYTES;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_rustls::server::TlsStream;
use tracing::Instrument;

use super::Front;
use super::answers::Refusal;
use super::host::plain_host_of;
use super::http::{Answer, answer, answer_no};
use super::tls::Tls;
use super::upgrade::{Comer, Granted};
use crate::directory::Presence;
use crate::mailbox::{Admitted, HandedOver, Mail};

/// Connections that the kernel completes ahead of us.
const BACKLOG: u32 = 1024;

/// The first byte of a TLS record that begins a handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// What accepting waits when the process or the system is out of something.
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

/// Opens a port.
///
/// # Errors
/// The address is taken or not ours.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port of a server that has just ended can be taken at once.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts until it is aborted.
pub(crate) async fn accept(front: Arc<Front>, listener: TcpListener) {
    let mut failing = false;
    loop {
        match listener.accept().await {
            Ok((tcp, peer)) => {
                failing = false;
                receive(&front, tcp, peer);
            }
            Err(error) => {
                // Once per spell: out of file descriptors, it fails thousands of times a second.
                if !failing {
                    tracing::warn!(%error, "cannot accept connections");
                }
                failing = true;
                sleep(PAUSE_AFTER_ERROR).await;
            }
        }
    }
}

fn receive(front: &Arc<Front>, tcp: TcpStream, peer: SocketAddr) {
    front.metrics.accepted.increment(1);
    let connection = front.next_connection();
    // Of the highest level: whatever the operator filters, a line says whose it is.
    let span = tracing::error_span!("connection", id = connection, %peer);
    match admit(front, peer) {
        Ok((presence, turned_away)) => {
            let visitor = Visitor::new(front.clone(), connection, peer, presence, turned_away, span.clone());
            tokio::spawn(async move { visitor.visit(tcp).await }.instrument(span));
        }
        Err(refusal) => {
            front.metrics.refused(refusal.reason);
            span.in_scope(|| tracing::debug!(reason = refusal.reason, "refused"));
        }
    }
}

/// Counts a newcomer, before anything is done for it. Perhaps only in order to tell it to come again, where that costs no TLS.
fn admit(front: &Arc<Front>, peer: SocketAddr) -> Result<(Presence, Option<Refusal>), Refusal> {
    if front.proxies.has(peer.ip()) {
        return Ok((front.directory.arrive_in_passing()?, None));
    }
    let arrived = if front.may_begin(front.directory.limited(peer.ip())) {
        front.directory.arrive(peer.ip()).map_err(Refusal::from)
    } else {
        Err(Refusal::too_fast())
    };
    match arrived {
        Ok(presence) => Ok((presence, None)),
        Err(refusal) if front.tls().is_none() => Ok((front.directory.arrive_in_passing()?, Some(refusal))),
        Err(refusal) => Err(refusal),
    }
}

/// When a connection's time is up; moved on by each answer.
struct Deadline {
    start: Instant,
    after_ms: AtomicU64,
}

impl Deadline {
    fn new(start: Instant, after: Duration) -> Self {
        Self { start, after_ms: AtomicU64::new(after.as_millis() as u64) }
    }

    fn at(&self) -> Instant {
        self.start + Duration::from_millis(self.after_ms.load(Ordering::Relaxed))
    }

    /// At least `more` from now on.
    fn extend(&self, more: Duration) {
        let after = self.start.elapsed() + more;
        self.after_ms.fetch_max(after.as_millis() as u64, Ordering::Relaxed);
    }

    async fn passed(&self) {
        while Instant::now() < self.at() {
            sleep_until(self.at()).await;
        }
    }
}

/// A connection while it is here.
struct Visitor {
    front: Arc<Front>,
    connection: u64,
    peer: SocketAddr,
    span: tracing::Span,
    deadline: Deadline,
    /// Whether it was given an answer.
    answered: AtomicBool,
    /// Since when its requests are counted, and how many there were.
    asked: Mutex<(Instant, u32)>,
    presence: Mutex<Option<Presence>>,
    /// Why its first request is not answered, however it goes.
    turned_away: Mutex<Option<Refusal>>,
    granted: Mutex<Option<Granted>>,
}

impl Visitor {
    fn new(
        front: Arc<Front>,
        connection: u64,
        peer: SocketAddr,
        presence: Presence,
        turned_away: Option<Refusal>,
        span: tracing::Span,
    ) -> Arc<Self> {
        Arc::new(Self {
            deadline: Deadline::new(Instant::now(), front.limits.upgrade),
            front,
            connection,
            peer,
            span,
            answered: AtomicBool::new(false),
            asked: Mutex::new((Instant::now(), 0)),
            presence: Mutex::new(Some(presence)),
            turned_away: Mutex::new(turned_away),
            granted: Mutex::default(),
        })
    }

    /// Who asks: the peer, or whom it speaks for if it is a proxy of the operator's; that one's limits count then.
    ///
    /// # Errors
    /// It was to be turned away; its proxy speaks unclearly; or a limit of the one it speaks for is reached.
    fn comer(&self, headers: &HeaderMap) -> Result<Comer, Refusal> {
        if let Some(refusal) = lock(&self.turned_away).take() {
            return Err(refusal);
        }
        let mut address = self.peer.ip();
        let behind_proxy = self.front.proxies.has(address);
        if behind_proxy {
            address = self.front.proxies.client(address, headers)?;
            if let Some(presence) = lock(&self.presence).as_mut()
                && !self.front.proxies.has(address)
            {
                let limited = self.front.directory.limited(address);
                if presence.address() != limited && !self.front.may_begin(limited) {
                    return Err(Refusal::too_fast());
                }
                presence.move_to(address)?;
            }
        }
        Ok(Comer { connection: self.connection, address, behind_proxy })
    }

    /// Counts a request. False: it is one too many for a connection in this idle period.
    fn may_ask(&self) -> bool {
        let mut asked = lock(&self.asked);
        if asked.0.elapsed() >= self.front.limits.idle {
            *asked = (Instant::now(), 0);
        }
        asked.1 += 1;
        asked.1 <= self.front.limits.requests_max
    }

    /// Keeps what an upgrade takes with it until the answer is out.
    fn grant(&self, granted: Granted) {
        *lock(&self.granted) = Some(granted);
    }

    /// Refuses what has not even asked. Whoever scans or floods is counted, but does not fill the log.
    fn refuse(&self, reason: &'static str) {
        self.front.metrics.refused(reason);
        self.span.in_scope(|| tracing::debug!(reason, "refused"));
    }

    /// From accept to its end here.
    async fn visit(self: Arc<Self>, tcp: TcpStream) {
        tracing::debug!("accepted");
        if let Err(error) = tune(&tcp) {
            tracing::debug!(%error, "gone before it began");
            return;
        }
        let Some(tls) = self.front.tls() else { return self.converse(tcp).await };
        let mut first = [0; 1];
        match timeout_at(self.deadline.at(), tcp.peek(&mut first)).await {
            Err(_) => self.refuse("slow"),
            Ok(Err(_) | Ok(0)) => tracing::debug!("gone before its first byte"),
            Ok(Ok(_)) if first[0] == TLS_HANDSHAKE => self.secure(tls, tcp).await,
            Ok(Ok(_)) => self.redirect(tcp).await,
        }
    }

    async fn secure(self: &Arc<Self>, tls: &Tls, tcp: TcpStream) {
        let Ok(permit) = self.front.handshakes.clone().try_acquire_owned() else {
            return self.refuse("handshakes_full");
        };
        let began = Instant::now();
        let handshake = timeout_at(self.deadline.at(), tls.acceptor().accept(tcp)).await;
        drop(permit);
        match handshake {
            Ok(Ok(stream)) => {
                let metrics = &self.front.metrics;
                metrics.tls_handshake_seconds.record(began.elapsed().as_secs_f64());
                match stream.get_ref().1.handshake_kind() {
                    Some(HandshakeKind::Resumed) => metrics.handshakes_resumed.increment(1),
                    _ => metrics.handshakes_full.increment(1),
                }
                self.converse(stream).await;
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, "no TLS");
                self.refuse("handshake_failed");
            }
            Err(_) => self.refuse("slow"),
        }
    }

    /// Plain HTTP on the TLS port: whatever is asked for, the answer is where to ask.
    async fn redirect(self: &Arc<Self>, tcp: TcpStream) {
        let local = tcp.local_addr().map_or_else(|_| String::new(), |address| address.to_string());
        let service = service_fn(|request: Request<hyper::body::Incoming>| {
            self.refuse("plain_http");
            let answer = https_instead(&request, &local).into_response();
            async { Ok::<_, Infallible>(answer) }
        });
        let mut http = self.http();
        let connection = http.keep_alive(false).serve_connection(TokioIo::new(tcp), service);
        let _ = timeout_at(self.deadline.at(), connection).await;
    }

    fn http(&self) -> http1::Builder {
        let limits = &self.front.limits;
        let mut http = http1::Builder::new();
        // The time is ours (see `Deadline`), so is the size of its buffers.
        http.header_read_timeout(None)
            .max_buf_size(limits.header_bytes_max)
            .max_header_size(limits.header_bytes_max)
            .max_headers(limits.headers_max);
        http
    }

    /// HTTP until it is over, out of time, or upgraded.
    async fn converse<L: Line>(self: &Arc<Self>, line: L) {
        let service = service_fn(|request| {
            let visitor = self.clone();
            async move {
                let front = &visitor.front;
                let Answer { response, granted } = match visitor.comer(request.headers()) {
                    Err(refusal) => answer_no(front, refusal),
                    Ok(_) if !visitor.may_ask() => answer_no(front, Refusal::too_many()),
                    Ok(comer) => answer(front, comer, request).await,
                };
                if let Some(granted) = granted {
                    visitor.grant(granted);
                }
                // An upgrade keeps the time it has, if it is the first thing asked.
                let upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
                let limits = &visitor.front.limits;
                if !upgraded {
                    visitor.deadline.extend(limits.idle);
                } else if visitor.answered.load(Ordering::Relaxed) {
                    visitor.deadline.extend(limits.upgrade);
                }
                visitor.answered.store(true, Ordering::Relaxed);
                Ok::<_, Infallible>(response)
            }
        });
        {
            let connection = pin!(self.http().serve_connection(TokioIo::new(line), service).with_upgrades());
            tokio::select! {
                ended = connection => match ended {
                    Ok(()) => {}
                    Err(error) => {
                        if error.is_parse() || error.is_incomplete_message() {
                            self.refuse("bad_request");
                        }
                        tracing::debug!(%error, "HTTP ended");
                    }
                },
                () = self.deadline.passed() => {
                    if self.answered.load(Ordering::Relaxed) {
                        tracing::debug!("idle for too long");
                    } else {
                        self.refuse("slow");
                    }
                    return;
                }
            }
        }
        let granted = lock(&self.granted).take();
        match granted {
            Some(granted) => self.hand_over::<L>(granted).await,
            None => tracing::debug!("left"),
        }
    }

    /// Takes the connection out of tokio and leaves it in its worker's mailbox.
    async fn hand_over<L: Line>(&self, granted: Granted) {
        let Granted { upgrade, mut place, session, letter } = granted;
        let upgraded = match timeout_at(self.deadline.at(), upgrade).await {
            Ok(Ok(upgraded)) => upgraded,
            Ok(Err(error)) => return tracing::info!(%error, "gone before the upgrade was finished"),
            Err(_) => return self.refuse("slow"),
        };
        let Ok(parts) = upgraded.downcast::<TokioIo<L>>() else {
            return tracing::error!("an upgraded connection of another type: this is a bug");
        };
        let (tcp, tls) = match parts.io.into_inner().leave_tokio() {
            Ok(line) => line,
            Err(error) => return tracing::info!(%error, "gone before it was handed over"),
        };
        if let Some(presence) = lock(&self.presence).take() {
            place.keep(presence);
        }
        let took = self.deadline.start.elapsed();
        let (room, worker) = (place.room.clone(), place.worker);
        let early = parts.read_buf.to_vec();
        session.replace_older();
        let admitted = Admitted {
            socket: HandedOver { tcp, tls, early },
            place,
            session,
            peer: self.peer,
            connection: self.connection,
            span: self.span.clone(),
        };
        match letter.send(Mail::Admitted(Box::new(admitted))) {
            Ok(()) => {
                self.front.metrics.handed_over.increment(1);
                self.front.metrics.handshake_seconds.record(took.as_secs_f64());
                tracing::info!(%room, worker, took_ms = took.as_millis() as u64, "upgraded and handed over");
            }
            Err(error) => tracing::warn!(%room, worker, %error, "not handed over"),
        }
    }
}

/// Nothing in here panics between two changes.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Small frames leave at once, and the kernel takes little ahead: what waits there only gets old.
fn tune(tcp: &TcpStream) -> io::Result<()> {
    tcp.set_nodelay(true)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    socket2::SockRef::from(tcp).set_tcp_notsent_lowat(NOTSENT_LOWAT_BYTES)?;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = NOTSENT_LOWAT_BYTES;
    Ok(())
}

/// What somebody is told who speaks HTTP where TLS is spoken.
fn https_instead<B>(request: &Request<B>, local: &str) -> Refusal {
    let host = plain_host_of(request).unwrap_or(local);
    let message = format!("this port speaks HTTPS: open https://{host}/ instead");
    Refusal::new(StatusCode::BAD_REQUEST, "plain_http", message)
        .with(header::CONNECTION, HeaderValue::from_static("close"))
}

/// A connection that can leave tokio.
trait Line: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// The socket, still non-blocking, and its TLS session.
    fn leave_tokio(self) -> io::Result<(std::net::TcpStream, Option<ServerConnection>)>;
}

impl Line for TcpStream {
    fn leave_tokio(self) -> io::Result<(std::net::TcpStream, Option<ServerConnection>)> {
        Ok((self.into_std()?, None))
    }
}

impl Line for TlsStream<TcpStream> {
    fn leave_tokio(self) -> io::Result<(std::net::TcpStream, Option<ServerConnection>)> {
        let (tcp, tls) = self.into_inner();
        Ok((tcp.into_std()?, Some(tls)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_told_the_https_address_it_meant_and_nothing_it_made_up() {
        let told = |host: &str| {
            let request = Request::builder().header("host", host).body(()).expect("valid");
            format!("{:?}", https_instead(&request, "127.0.0.1:4433"))
        };
        assert!(told("play.example:4433").contains("https://play.example:4433/"));
        assert!(told("[::1]:4433").contains("https://[::1]:4433/"));
        assert!(told("<script>").contains("https://127.0.0.1:4433/"));
        assert!(told("").contains("https://127.0.0.1:4433/"));
    }

    #[test]
    fn a_deadline_only_moves_on() {
        let start = Instant::now();
        let deadline = Deadline::new(start, Duration::from_secs(5));
        assert_eq!(deadline.at(), start + Duration::from_secs(5));
        deadline.extend(Duration::from_secs(1));
        assert_eq!(deadline.at(), start + Duration::from_secs(5));
        deadline.extend(Duration::from_secs(15));
        assert!(deadline.at() >= start + Duration::from_secs(15));
    }
}
