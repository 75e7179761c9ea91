//! One line of the table: what is sent, what must come back, what must not change. And how it is tried.

use super::bystander::Bystander;
use super::client::{Client, End, Target, frame, request};
use client_sim::session::{Session, SessionConfig};
use shared::wire::CloseCode;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};
use tests::hostile::Knows;
use tests::loopback::Loopback;
use tests::tickets::Pen;

/// What must come back is given so long, unless the line says otherwise.
pub(crate) const SOON: Duration = Duration::from_secs(5);
/// Seconds for which the server keeps the seat of a player who was cut.
pub(crate) const KEPT_S: u32 = 8;
/// Between two drops.
const DRIP: Duration = Duration::from_millis(300);
/// A place is given back within this: a seat that is kept for who was cut holds it for its time.
const GIVEN_BACK: Duration = Duration::from_secs(KEPT_S as u64 + 20);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_secs(15);

/// One abuse.
#[derive(Clone)]
pub(crate) struct Line {
    /// What it is.
    pub(crate) what: &'static str,
    pub(crate) sends: Sends,
    pub(crate) gets: Gets,
    pub(crate) keeps: Keeps,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(crate) enum Sends {
    /// Bytes below TLS.
    Tcp(fn() -> Vec<u8>),
    /// A good upgrade but for these headers.
    But(&'static [(&'static str, &'static str)]),
    /// A request of its own; `{room}` and `{host}` are filled in.
    Request(fn() -> String),
    /// After the upgrade, before any Hello.
    Frames(fn() -> Vec<u8>),
    /// By one who has a seat, each message in a frame.
    Messages(fn(&Knows<'_>) -> Vec<Vec<u8>>),
    /// By one who has a seat.
    SeatedFrames(fn() -> Vec<u8>),
    /// Byte by byte, one each 300 ms: below TLS, or over it.
    Drip(Level, fn() -> Vec<u8>),
    /// A good upgrade with this as the ticket.
    Ticket(fn(&Pen) -> String),
    /// More than one thing, perhaps by more than one connection, all in one room.
    Story(fn(&Scene<'_>) -> Result<Got, String>),
}

/// Where a line is tried.
pub(crate) struct Scene<'a> {
    /// The server, from an address that nobody else has.
    pub(crate) target: Target,
    pub(crate) server: &'a Loopback,
    pub(crate) pen: &'a Pen,
    /// The line's own room.
    pub(crate) room: String,
}

impl Scene<'_> {
    /// Where its room is.
    pub(crate) fn path(&self) -> String {
        format!("/play/{}", self.room)
    }

    /// A name that nobody else has.
    pub(crate) fn own(&self, name: &str) -> String {
        format!("{name}-of-{}", self.room)
    }
}

/// Where a drip drips.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Tcp,
    Http,
    WebSocket,
}

/// What must come back.
#[derive(Clone, Copy)]
pub(crate) enum Gets {
    /// This status, and this reason in the body; none where the HTTP library speaks.
    Status(u16, &'static str),
    /// This status; or the end, if so much was sent that the answer is lost.
    StatusOrGone(u16),
    /// 101, and nothing that was offered beyond it.
    Granted,
    /// A close frame with this code, soon.
    Close(CloseCode),
    /// A close frame with this number, within a second: the answer to one of ours.
    Answer(Option<u16>),
    /// A close frame with this code after so many seconds.
    CloseAfter(u32, CloseCode),
    /// The end, without a word of HTTP or WebSocket, soon.
    Gone,
    /// The same after so many seconds.
    GoneAfter(u32),
    /// What the story says that came of it.
    Said(&'static str),
}

/// What must not change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// No room is made for it.
    NoRoom,
    /// Its place is given back.
    Place,
    /// It happens in the room of one who plays.
    Player,
}

impl Line {
    /// Tries it, beside somebody who plays. Gives what went otherwise.
    pub(crate) fn tried(&self, scene: &Scene<'_>, beside: &Bystander) -> Result<(), String> {
        let before = beside.marks();
        let got = self.send(scene)?;
        self.judge(got)?;
        self.kept(scene)?;
        beside.is_undisturbed_since(&before)
    }

    /// The room it is tried in: that of the player who plays beside all, or its own.
    pub(crate) fn room(&self, number: usize) -> String {
        if self.keeps == Keeps::Player { "main".to_owned() } else { format!("abuse-{number}") }
    }

    fn kept(&self, scene: &Scene<'_>) -> Result<(), String> {
        let listed = || scene.server.rooms().into_iter().find(|listed| listed.name == scene.room);
        match self.keeps {
            Keeps::NoRoom if listed().is_some() => return Err("a room was made for it".to_owned()),
            Keeps::NoRoom | Keeps::Player => {}
            Keeps::Place => {
                let began = Instant::now();
                while listed().is_some_and(|listed| listed.players > 0) {
                    if began.elapsed() > GIVEN_BACK {
                        return Err("its place is not given back".to_owned());
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
        }
        Ok(())
    }

    /// How long what must come is waited for.
    fn waits(&self) -> Duration {
        match self.gets {
            Gets::CloseAfter(seconds, _) | Gets::GoneAfter(seconds) => Duration::from_secs(seconds.into()) + SLACK,
            _ => SOON,
        }
    }

    fn send(&self, scene: &Scene<'_>) -> Result<Got, String> {
        let (target, path) = (&scene.target, &scene.path());
        let seated = |session: &mut Session| target.seated(path, None, session);
        let mallory = || Session::new(SessionConfig::named("mallory"));
        Ok(match self.sends {
            Sends::Tcp(bytes) => self.over_tcp(target, &[bytes()]),
            Sends::Drip(Level::Tcp, bytes) => self.over_tcp(target, &singly(&bytes())),
            Sends::But(but) => self.asks(target.connect(), &[request(target, path, but).into_bytes()]),
            Sends::Request(text) => self.asks(target.connect(), &[fill(&text(), target, path)]),
            Sends::Ticket(ticket) => {
                let offered = format!("tickwire.v1, ticket.{}", ticket(scene.pen));
                let asked = request(target, path, &[("Sec-WebSocket-Protocol", &offered)]);
                self.asks(target.connect(), &[asked.into_bytes()])
            }
            Sends::Drip(Level::Http, bytes) => self.asks(target.connect(), &singly(&bytes())),
            Sends::Frames(bytes) => self.says(target.upgraded(path, None)?, &[bytes()]),
            Sends::Drip(Level::WebSocket, bytes) => self.says(target.upgraded(path, None)?, &singly(&bytes())),
            Sends::SeatedFrames(bytes) => self.says(seated(&mut mallory())?, &[bytes()]),
            Sends::Messages(messages) => {
                let mut session = mallory();
                let client = seated(&mut session)?;
                let frames = said_by(&session, messages);
                self.says(client, &[frames])
            }
            Sends::Story(story) => story(scene)?,
        })
    }

    fn over_tcp(&self, target: &Target, parts: &[Vec<u8>]) -> Got {
        let mut tcp = target.tcp();
        let began = Instant::now();
        let mut text = Vec::new();
        let mut parts = parts.iter();
        let mut bytes = [0; 1024];
        loop {
            if let Some(part) = parts.next() {
                let _ = tcp.write_all(part);
            }
            let until = Instant::now() + if parts.len() > 0 { DRIP } else { Duration::ZERO };
            loop {
                match tcp.read(&mut bytes) {
                    Ok(0) => return Got { end: End::Gone, text: lossy(&text), took: began.elapsed() },
                    Ok(count) => text.extend_from_slice(&bytes[..count]),
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(_) => return Got { end: End::Gone, text: lossy(&text), took: began.elapsed() },
                }
                if Instant::now() >= until {
                    break;
                }
            }
            if began.elapsed() > self.waits() {
                return Got { end: End::Open, text: lossy(&text), took: began.elapsed() };
            }
        }
    }

    /// Over HTTP.
    fn asks(&self, mut client: Client, parts: &[Vec<u8>]) -> Got {
        let began = Instant::now();
        let mut text = String::new();
        for (at, part) in parts.iter().enumerate() {
            client.send(part);
            let left = self.waits().saturating_sub(began.elapsed());
            text = client.answer(left.min(if at + 1 < parts.len() { DRIP } else { left }));
            if !text.is_empty() || client.is_over() || left.is_zero() {
                break;
            }
        }
        Got { end: if client.is_over() { End::Gone } else { End::Open }, text, took: began.elapsed() }
    }

    /// Over WebSocket.
    fn says(&self, mut client: Client, parts: &[Vec<u8>]) -> Got {
        let began = Instant::now();
        let mut end = End::Open;
        for (at, part) in parts.iter().enumerate() {
            client.send(part);
            let left = self.waits().saturating_sub(began.elapsed());
            end = client.end(left.min(if at + 1 < parts.len() { DRIP } else { left })).0;
            if end != End::Open || left.is_zero() {
                break;
            }
        }
        Got { end, text: String::new(), took: began.elapsed() }
    }

    /// Whether what came back is what must.
    pub(crate) fn judge(&self, got: Got) -> Result<(), String> {
        let Got { end, text, took } = got;
        let body = |reason: &str| text.contains(&format!("\"error\":\"{reason}\""));
        let is_status = |status: u16| text.split(' ').nth(1) == Some(&status.to_string());
        let is_late = |seconds: u32| took + Duration::from_millis(400) >= Duration::from_secs(seconds.into());
        let good = match self.gets {
            Gets::Status(status, "") => is_status(status),
            Gets::Status(status, reason) => is_status(status) && body(reason),
            Gets::StatusOrGone(status) => is_status(status) || end == End::Gone && text.is_empty(),
            Gets::Granted => {
                text.starts_with("HTTP/1.1 101 ") && !text.to_ascii_lowercase().contains("sec-websocket-extensions")
            }
            Gets::Close(code) => end == End::Close(Some(code.number())),
            Gets::Answer(code) => end == End::Close(code) && took < Duration::from_secs(1),
            Gets::CloseAfter(seconds, code) => end == End::Close(Some(code.number())) && is_late(seconds),
            Gets::Gone => end == End::Gone && !text.contains("101"),
            Gets::GoneAfter(seconds) => end == End::Gone && is_late(seconds),
            Gets::Said(wanted) => text == wanted,
        };
        if good { Ok(()) } else { Err(format!("{end:?} after {} ms, {text:?}", took.as_millis())) }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) end: End,
    pub(crate) text: String,
    pub(crate) took: Duration,
}

impl Got {
    /// What a story says that came of it, or what HTTP said.
    pub(crate) fn said(text: impl Into<String>) -> Self {
        Self { end: End::Open, text: text.into(), took: Duration::ZERO }
    }

    /// How a connection ended, if it does soon.
    pub(crate) fn end_of(mut client: Client) -> Self {
        let began = Instant::now();
        let end = client.end(SOON).0;
        Self { end, text: String::new(), took: began.elapsed() }
    }
}

/// Messages of one who has a seat, as frames.
pub(crate) fn said_by(session: &Session, messages: fn(&Knows<'_>) -> Vec<Vec<u8>>) -> Vec<u8> {
    let replica = session.replica().expect("it is in");
    // The server is some ticks further by now.
    let knows = Knows { schema: replica.schema(), next: replica.tick().after(20), newest: replica.tick() };
    messages(&knows).iter().flat_map(|message| frame(0x82, message)).collect()
}

fn singly(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.iter().map(|&byte| vec![byte]).collect()
}

fn fill(text: &str, target: &Target, path: &str) -> Vec<u8> {
    text.replace("{path}", path).replace("{host}", target.address()).into_bytes()
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
