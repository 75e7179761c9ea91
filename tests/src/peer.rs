//! The two kinds of peers in a story: a client that plays by the real session, and a stranger whose every byte the story
//! decides.

use crate::link::Link;
use client_sim::audit::{Compared, Witness};
use client_sim::replica::Event;
use client_sim::session::Session;
use server::exchange::ConnectionId;
use server::sim::Sent;
use shared::bits::BitReader;
use shared::ids::{PlayerId, Tick};
use shared::wire::audit::Audit;
use shared::wire::server_message::Outcome;
use shared::wire::{CloseCode, Digest, FrameHeader, FrameKind, NoticeReason, ServerMessage, Welcome};
use std::collections::VecDeque;

/// A client that plays by the real session.
pub struct Client {
    /// The real thing.
    pub session: Session,
    /// From the server.
    pub down: Link,
    /// To the server.
    pub up: Link,
    /// While it is attached.
    pub connection: Option<ConnectionId>,
    /// It audits: it sees everything and is no player.
    pub audits: bool,
    /// It looks on: it sees everything later and is no player.
    pub spectates: bool,
    /// What it was last told as an auditor.
    pub audit: Option<Box<Audit>>,
    /// What it held, to be compared with what an auditor tells.
    pub(crate) witness: Option<Witness>,
    /// Once welcomed as a player.
    pub player: Option<PlayerId>,
    /// It has just got its seat back.
    pub(crate) back: bool,
    /// What came of it.
    pub log: Log,
    /// The tick of the newest frame that it applied, or lost its world over.
    pub(crate) told_until: Option<Tick>,
    /// What the game told it, by tick, and it has not heard yet.
    pub(crate) untold: VecDeque<(Tick, Sent)>,
    /// A close that arrives after everything that is under way.
    pub(crate) closing: Option<CloseCode>,
    /// The newest tick of a frame that was handed over to it.
    pub(crate) handed: Option<Tick>,
    /// Every message that it got, in order, where a story wants to keep them.
    pub heard: Option<Vec<Vec<u8>>>,
}

impl Client {
    /// What an auditor compared of it; nothing where there is none.
    #[must_use]
    pub fn audited(&self) -> Compared {
        self.witness.as_ref().map(|witness| *witness.tally()).unwrap_or_default()
    }
}

/// What came of a client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// Frames that were handed over to it, in order.
    pub frames: Vec<FrameSeen>,
    /// The game's events that it was told.
    pub events: Vec<Event>,
    /// How often it was told that some were lost.
    pub events_lost: u32,
    /// Answers to its requests.
    pub replies: Vec<(u16, Outcome)>,
    /// That its connection will end, and in how many seconds.
    pub notices: Vec<(NoticeReason, u16)>,
    /// How often it lost its world.
    pub lost: u32,
    /// How it ended.
    pub closed: Option<CloseCode>,
}

/// A frame as the server handed it over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameSeen {
    /// What it is.
    pub kind: FrameKind,
    /// Its tick.
    pub tick: Tick,
    /// Its size.
    pub bytes: usize,
    /// A hash of all its bytes.
    pub content: u64,
}

impl FrameSeen {
    /// Reads the head of a frame; `None` for other messages.
    #[must_use]
    pub fn of(message: &[u8], near: Tick, digest: Digest) -> Option<Self> {
        if !FrameHeader::is_frame(message) {
            return None;
        }
        let header = FrameHeader::read(&mut BitReader::new(message), near, digest).ok()?;
        Some(Self { kind: header.kind, tick: header.tick, bytes: message.len(), content: hash_of(message) })
    }

    /// How many ticks it covers; 0 unless it is a step.
    #[must_use]
    pub const fn covered(&self) -> u32 {
        match self.kind {
            FrameKind::Step { covered, .. } => covered,
            FrameKind::Full | FrameKind::KeepAlive => 0,
        }
    }
}

/// FNV-1a: two different frames of one story hardly ever share it.
fn hash_of(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

impl Log {
    /// Frames of a tick after `tick`.
    pub fn frames_after(&self, tick: Tick) -> impl Iterator<Item = &FrameSeen> + '_ {
        self.frames.iter().filter(move |frame| frame.tick > tick)
    }

    /// How many full frames there were.
    #[must_use]
    pub fn full_frames(&self) -> usize {
        self.frames.iter().filter(|frame| frame.kind == FrameKind::Full).count()
    }
}

/// A peer whose every byte the story decides; nothing lies between it and the room.
#[derive(Debug, Default)]
pub struct Stranger {
    /// While it is attached.
    pub connection: Option<ConnectionId>,
    /// What it says next, and how early before the tick, in 1/16 tick.
    pub(crate) says: Vec<(Vec<u8>, i32)>,
    /// What it heard.
    pub heard: Vec<Vec<u8>>,
    /// The tick of the newest frame that it heard.
    pub newest: Option<Tick>,
    /// How it ended.
    pub closed: Option<CloseCode>,
    /// How often it was told to end.
    pub closes: u32,
    /// Its socket takes nothing.
    pub busy: bool,
}

impl Stranger {
    /// Says something before the next tick.
    pub fn say(&mut self, bytes: Vec<u8>) {
        self.says.push((bytes, 0));
    }

    /// Says something that arrives `early` sixteenths of a tick before the next tick.
    pub fn say_early(&mut self, bytes: Vec<u8>, early: i32) {
        self.says.push((bytes, early));
    }

    /// The Welcome, if there was one.
    #[must_use]
    pub fn welcome(&self) -> Option<Box<Welcome>> {
        self.heard.iter().find_map(|bytes| match ServerMessage::read(bytes) {
            Ok(ServerMessage::Welcome(welcome)) => Some(welcome),
            _ => None,
        })
    }

    /// The heads of all frames that it heard.
    #[must_use]
    pub fn frames(&self) -> Vec<FrameHeader> {
        let mut near = Tick(self.welcome().map_or(0, |welcome| welcome.tick));
        let mut headers = Vec::new();
        for bytes in self.heard.iter().filter(|bytes| FrameHeader::is_frame(bytes)) {
            let header = FrameHeader::read(&mut BitReader::new(bytes), near, Digest::Folded);
            let header = header.expect("the server writes frames that can be read");
            near = header.tick;
            headers.push(header);
        }
        headers
    }

    /// The answers that it heard.
    #[must_use]
    pub fn replies(&self) -> Vec<(u16, Outcome)> {
        let replies = self.heard.iter().filter_map(|bytes| match ServerMessage::read(bytes) {
            Ok(ServerMessage::Reply { number, outcome }) => Some((number, outcome)),
            _ => None,
        });
        replies.collect()
    }
}
