//! One line of the table: what is sent, what must come back, what must not change. And how it is tried.

use super::client::{Client, End, Target, frame, request};
use shared::wire::CloseCode;
use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};
use tests::hostile::Knows;
use tests::loopback::Loopback;

/// What must come back is given so long, unless the line says otherwise.
pub(crate) const SOON: Duration = Duration::from_secs(3);
/// Between two drops.
const DRIP: Duration = Duration::from_millis(300);
/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(2_500);

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
}

/// What must not change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// No room is made for it.
    NoRoom,
    /// Its place is given back.
    Place,
    /// It happens beside one who plays, who notices nothing; its place is given back.
    Player,
}

impl Line {
    /// Tries it. Gives what went otherwise.
    pub(crate) fn tried(&self, number: usize, target: &Target, server: &Loopback) -> Result<(), String> {
        let room = if self.keeps == Keeps::Player { "main".to_owned() } else { format!("abuse-{number}") };
        let got = self.send(target, &format!("/play/{room}"))?;
        self.judge(got)?;
        let listed = || server.rooms().into_iter().find(|listed| listed.name == room);
        match self.keeps {
            Keeps::NoRoom if listed().is_some() => return Err("a room was made for it".to_owned()),
            Keeps::NoRoom | Keeps::Player => {}
            Keeps::Place => {
                let began = Instant::now();
                while listed().is_some_and(|listed| listed.players > 0) {
                    if began.elapsed() > SOON {
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

    fn send(&self, target: &Target, path: &str) -> Result<Got, String> {
        Ok(match self.sends {
            Sends::Tcp(bytes) => self.over_tcp(target, &[bytes()]),
            Sends::Drip(Level::Tcp, bytes) => self.over_tcp(target, &singly(&bytes())),
            Sends::But(but) => self.asks(target.connect(), &[request(target, path, but).into_bytes()]),
            Sends::Request(text) => self.asks(target.connect(), &[fill(&text(), target, path)]),
            Sends::Drip(Level::Http, bytes) => self.asks(target.connect(), &singly(&bytes())),
            Sends::Frames(bytes) => self.says(target.upgraded(path)?, &[bytes()]),
            Sends::Drip(Level::WebSocket, bytes) => self.says(target.upgraded(path)?, &singly(&bytes())),
            Sends::SeatedFrames(bytes) => {
                let (client, _) = target.seated(path, "mallory")?;
                self.says(client, &[bytes()])
            }
            Sends::Messages(messages) => {
                let (client, session) = target.seated(path, "mallory")?;
                let replica = session.replica().expect("it is in");
                // The server is some ticks further by now.
                let knows = Knows { schema: replica.schema(), next: replica.tick().after(20), newest: replica.tick() };
                let frames: Vec<u8> = messages(&knows).iter().flat_map(|message| frame(0x82, message)).collect();
                self.says(client, &[frames])
            }
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

    fn judge(&self, got: Got) -> Result<(), String> {
        let Got { end, text, took } = got;
        let body = |reason: &str| text.contains(&format!("\"error\":\"{reason}\""));
        let is_status = |status: u16| text.split(' ').nth(1) == Some(&status.to_string());
        let is_late = |seconds: u32| took + Duration::from_millis(400) >= Duration::from_secs(seconds.into());
        let good = match self.gets {
            Gets::Status(status, "") => is_status(status),
            Gets::Status(status, reason) => is_status(status) && body(reason),
            Gets::Granted => {
                text.starts_with("HTTP/1.1 101 ") && !text.to_ascii_lowercase().contains("sec-websocket-extensions")
            }
            Gets::Close(code) => end == End::Close(Some(code.number())),
            Gets::Answer(code) => end == End::Close(code) && took < Duration::from_secs(1),
            Gets::CloseAfter(seconds, code) => end == End::Close(Some(code.number())) && is_late(seconds),
            Gets::Gone => end == End::Gone && !text.contains("101"),
            Gets::GoneAfter(seconds) => end == End::Gone && is_late(seconds),
        };
        if good { Ok(()) } else { Err(format!("{end:?} after {} ms, {text:?}", took.as_millis())) }
    }
}

/// What came back.
struct Got {
    end: End,
    text: String,
    took: Duration,
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
