//! The header of a state frame: which ticks it covers, how the client's input fared, and the proof.
//!
//! ```text
//!   step        everything since the last frame, at most 16 ticks     header · events · leaves · sections
//!   full        drop what you hold; what follows is the world         header · events · sections (records only)
//!   keep-alive  the tick, and nothing else                            header
//! ```
//!
//! The sections behind the header are written by the server's `assemble` and read by the client's `replica`, each list, piece
//! and record by its pair in `codec`. PROTOCOL.md, "State frames".

use super::DecodeError;
use super::server_message::STATE;
use crate::bits::{BitReader, BitWriter};
use crate::codec::Lanes;
use crate::ids::{Slot, Tick};
use crate::limits::CATCH_UP_TICKS;
use crate::schema::Section;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameKind {
    /// Goes on from the last frame.
    Step {
        /// Ticks covered, 1 to [`CATCH_UP_TICKS`]; the last is the frame's tick.
        covered: u32,
        /// Per covered tick, oldest in the lowest bit: your own input was used, not a stand-in.
        applied: u16,
    },
    /// Starts anew.
    Full,
    /// Says that all is well.
    KeepAlive,
}

/// How much of the digest travels: settled by Hello and Welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Digest {
    /// The low 16 bits of the lanes' exclusive or.
    #[default]
    Folded,
    /// All 64 bits.
    Whole,
}

/// A digest as it travelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// 16 bits.
    Folded(u16),
    /// 64 bits.
    Whole(Lanes),
}

impl Proof {
    /// The proof that travels for `lanes`.
    #[must_use]
    pub const fn of(lanes: Lanes, digest: Digest) -> Self {
        match digest {
            Digest::Folded => Self::Folded(lanes.folded()),
            Digest::Whole => Self::Whole(lanes),
        }
    }

    /// Whether it proves `lanes`.
    #[must_use]
    pub fn proves(self, lanes: Lanes) -> bool {
        match self {
            Self::Folded(folded) => folded == lanes.folded(),
            Self::Whole(whole) => whole == lanes,
        }
    }
}

/// Everything in front of the sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameHeader {
    /// What it is.
    pub kind: FrameKind,
    /// The newest tick it covers.
    pub tick: Tick,
    /// Which code tables are in force at that tick.
    pub epoch: u8,
    /// How long before its tick's step the client's newest input arrived, in 1/16 tick (negative: too late), clamped to
    /// -128..=127; `None` if none came since the last frame.
    pub early: Option<i8>,
    /// The slot of the anchor of the entity that the client's inputs drive, where it is new or changed.
    pub me: Option<Slot>,
    /// The client holds everything it may see.
    pub complete: bool,
    /// Which sections' leaves follow, a bit per [`Section`]. All leaves come before all records, because a slot may be
    /// used again in another section.
    pub leaves: u8,
    /// Which sections follow, a bit per [`Section`].
    pub sections: u8,
    /// Events follow.
    pub events: bool,
    /// What the client must hold after this frame.
    pub proof: Proof,
}

impl FrameHeader {
    /// Writes the header, aligned. Inverse of [`FrameHeader::read`].
    pub fn write(&self, out: &mut BitWriter) {
        out.write(u32::from(STATE), 8);
        let kind = match self.kind {
            FrameKind::Step { .. } => 0,
            FrameKind::Full => 1,
            FrameKind::KeepAlive => 2,
        };
        out.write(kind, 2);
        out.write(u32::from(self.tick.low()), 16);
        if self.kind == FrameKind::KeepAlive {
            out.align();
            return;
        }
        if let FrameKind::Step { covered, applied } = self.kind {
            out.write(covered - 1, 4);
            out.write(u32::from(applied) & ((1 << covered) - 1), covered);
        }
        out.write(u32::from(self.epoch), 8);
        out.write_bool(self.early.is_some());
        if let Some(early) = self.early {
            out.write(u32::from(early as u8), 8);
        }
        out.write_bool(self.me.is_some());
        if let Some(me) = self.me {
            out.write(u32::from(me.0), 16);
        }
        out.write_bool(self.complete);
        if self.kind != FrameKind::Full {
            out.write(u32::from(self.leaves), Section::ALL.len() as u32);
        }
        out.write(u32::from(self.sections), Section::ALL.len() as u32);
        out.write_bool(self.events);
        match self.proof {
            Proof::Folded(folded) => out.write(u32::from(folded), 16),
            Proof::Whole(lanes) => {
                out.write(lanes.a, 32);
                out.write(lanes.b, 32);
            }
        }
        out.align();
    }

    /// Reads a header; the tick is taken as near to `now`.
    ///
    /// # Errors
    /// [`DecodeError`]: the server's fault.
    pub fn read(reader: &mut BitReader<'_>, now: Tick, digest: Digest) -> Result<Self, DecodeError> {
        let message = reader.read(8, "message kind")? as u8;
        if message != STATE {
            return Err(DecodeError::UnknownMessage { kind: message });
        }
        let kind = reader.read_at_most(2, 2, "frame kind")?;
        let tick = now.unwrap_near(reader.read(16, "tick")? as u16);
        if kind == 2 {
            reader.align()?;
            return Ok(Self::keep_alive(tick));
        }
        let kind = if kind == 0 {
            let covered = reader.read_at_most(CATCH_UP_TICKS - 1, 4, "covered ticks")? + 1;
            FrameKind::Step { covered, applied: reader.read(covered, "applied inputs")? as u16 }
        } else {
            FrameKind::Full
        };
        let epoch = reader.read(8, "table epoch")? as u8;
        let early = if reader.read_bool("early")? { Some(reader.read(8, "early")? as u8 as i8) } else { None };
        let me = if reader.read_bool("me")? { Some(Slot(reader.read(16, "me")? as u16)) } else { None };
        let complete = reader.read_bool("complete")?;
        let flags = Section::ALL.len() as u32;
        let leaves = if kind == FrameKind::Full { 0 } else { reader.read(flags, "leaves")? as u8 };
        let sections = reader.read(flags, "sections")? as u8;
        let events = reader.read_bool("events")?;
        let proof = match digest {
            Digest::Folded => Proof::Folded(reader.read(16, "digest")? as u16),
            Digest::Whole => Proof::Whole(Lanes { a: reader.read(32, "digest")?, b: reader.read(32, "digest")? }),
        };
        reader.align()?;
        Ok(Self { kind, tick, epoch, early, me, complete, leaves, sections, events, proof })
    }

    /// Whether a message is a full frame, by its first bytes: what waits before one need not be read.
    #[must_use]
    pub fn is_full(message: &[u8]) -> bool {
        kind_of(message) == Some(1)
    }

    /// Whether a message is a step.
    #[must_use]
    pub fn is_step(message: &[u8]) -> bool {
        kind_of(message) == Some(0)
    }

    /// The header of a keep-alive, which is all of it.
    #[must_use]
    pub const fn keep_alive(tick: Tick) -> Self {
        Self {
            kind: FrameKind::KeepAlive,
            tick,
            epoch: 0,
            early: None,
            me: None,
            complete: false,
            leaves: 0,
            sections: 0,
            events: false,
            proof: Proof::Folded(0),
        }
    }

    /// Whether a section's leaves follow.
    #[must_use]
    pub const fn has_leaves(&self, section: Section) -> bool {
        self.leaves & 1 << section.index() != 0
    }

    /// Whether a section follows.
    #[must_use]
    pub const fn has(&self, section: Section) -> bool {
        self.sections & 1 << section.index() != 0
    }
}

/// The two bits that say what a frame is, behind the message's kind; `None` if it is none.
fn kind_of(message: &[u8]) -> Option<u8> {
    match message {
        [STATE, second, ..] => Some(second & 3),
        _ => None,
    }
}
