//! For the operator: is it alive, does it take players, what does it count. Plain HTTP on a port of its own.
//!
//! | path | 200 | 503 |
//! |---|---|---|
//! | `/healthz` | every worker that has rooms took a turn within a second | one did not, or has ended: restart it |
//! | `/readyz` | a newcomer would find a place | it drains or is full: send them elsewhere |
//! | `/metrics` | everything that is counted, as Prometheus reads it | |
//! | `/api/…` | what operators ask for and do, with a token (see `api`) | |
//!
//! The port is on loopback unless allowed by name: it is plain HTTP, and the first three ask nobody who they are.
//!
//! Never here: what an act does (see `acts`).

// How often a wrong token may be shown.
pub(crate) mod attempts;

// Which tokens are right.
pub(crate) mod tokens;

// What operators ask for and do.
mod api;

// Who is connected, who is banned.
mod lists;

use std::convert::Infallible;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{interval, sleep, timeout};

use super::Front;
use super::answers::{Refusal, json};
use super::host::{check_host, check_one_host};
use crate::mailbox::MailboxSender;

/// Connections at a time; the next waits.
const CONNECTIONS_MAX: usize = 32;

/// What a request's head may take from the accepted connection on: who says nothing must not keep a probe waiting for
/// long.
const HEAD_MAX: Duration = Duration::from_secs(1);

/// What one connection may take in all; each has one request.
const TIME_MAX: Duration = Duration::from_secs(5);

/// How often histograms are folded.
const FOLD_EVERY: Duration = Duration::from_secs(5);

/// Answers until it is aborted.
pub(crate) async fn accept(front: Arc<Front>, listener: TcpListener, local_only: bool) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        let Ok((tcp, peer)) = listener.accept().await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let front = front.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let front = &front;
                async move { Ok::<_, Infallible>(answer_one(front, peer, request, local_only).await) }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_MAX).keep_alive(false).max_buf_size(8192);
            let _ = timeout(TIME_MAX, http.serve_connection(TokioIo::new(tcp), service)).await;
            drop(place);
        });
    }
}

/// Folds histograms until it is aborted, so that they stay small when nobody reads them.
pub(crate) async fn fold(front: Arc<Front>) {
    let mut due = interval(FOLD_EVERY);
    loop {
        due.tick().await;
        front.metrics.fold();
    }
}

async fn answer_one(
    front: &Arc<Front>,
    peer: SocketAddr,
    request: Request<Incoming>,
    local_only: bool,
) -> Response<Full<Bytes>> {
    if !request.uri().path().starts_with("/api/") {
        return probe(front, &request, local_only).unwrap_or_else(Refusal::into_response);
    }
    let answered = match check_name(&request, local_only) {
        Ok(()) => api::answer(front, peer, request).await,
        Err(refusal) => Err(refusal),
    };
    answered.unwrap_or_else(|refusal| {
        front.metrics.refused(refusal.reason);
        refusal.into_response()
    })
}

/// A page elsewhere could point its own name at this machine; where others can reach the port, its names are the operator's.
fn check_name<B>(request: &Request<B>, local_only: bool) -> Result<(), Refusal> {
    if local_only { check_host("http", request) } else { check_one_host(request) }
}

fn probe<B>(front: &Front, request: &Request<B>, local_only: bool) -> Result<Response<Full<Bytes>>, Refusal> {
    check_name(request, local_only)?;
    let answer = match request.uri().path() {
        "/healthz" => health,
        "/readyz" => readiness,
        "/metrics" => metrics,
        _ => return Err(Refusal::not_found()),
    };
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return Err(Refusal::method_not_allowed("GET, HEAD"));
    }
    Ok(answer(front))
}

fn health(front: &Front) -> Response<Full<Bytes>> {
    let now = Instant::now();
    let pulses = front.metrics.pulses();
    let mut all_alive = true;
    let workers: Vec<_> = front
        .mailboxes
        .iter()
        .zip(pulses)
        .map(|(mailbox, pulse)| {
            let alive = !MailboxSender::has_ended(mailbox) && pulse.is_alive(now);
            all_alive &= alive;
            serde_json::json!({ "alive": alive, "last_turn_ms": pulse.age(now).map(|age| age.as_millis() as u64) })
        })
        .collect();
    let status = if all_alive { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &serde_json::json!({ "healthy": all_alive, "workers": workers }))
}

fn readiness(front: &Front) -> Response<Full<Bytes>> {
    let why = match (front.directory.is_draining(), front.directory.has_space()) {
        (true, _) => Some("draining"),
        (false, false) => Some("full"),
        (false, true) => None,
    };
    let status = if why.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &serde_json::json!({ "ready": why.is_none(), "why": why }))
}

fn metrics(front: &Front) -> Response<Full<Bytes>> {
    front.observe();
    let mut response = Response::new(Full::from(front.metrics.render()));
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Asks the admin port of a running server whether it is healthy; waits at most [`TIME_MAX`].
///
/// # Errors
/// It does not answer, or not in time.
pub(crate) fn ask_health(address: SocketAddr) -> io::Result<bool> {
    let mut tcp = TcpStream::connect_timeout(&address, TIME_MAX)?;
    tcp.set_read_timeout(Some(TIME_MAX))?;
    tcp.set_write_timeout(Some(TIME_MAX))?;
    write!(tcp, "GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut status = [0; 12];
    tcp.read_exact(&mut status)?;
    Ok(status == *b"HTTP/1.1 200")
}
