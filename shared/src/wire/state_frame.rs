//! The header of a state frame: which ticks it covers, how the client's input fared, and the proof. Nearly every frame is a step
//! of one tick that has something of everyone's and nothing else to say: that takes four bytes.
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
use super::server_message::{STATE, STEP};
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
    /// Which code tables are in force at that tick, as [`FrameKind::epoch`] says.
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

impl FrameKind {
    /// What a frame says of the epoch of its tick's tables: all of it where a client starts anew, in a step the lowest bit, because
    /// the client was told of all tables before.
    #[must_use]
    pub const fn epoch(self, epoch: u8) -> u8 {
        match self {
            Self::Step { .. } => step_epoch(epoch),
            Self::Full | Self::KeepAlive => epoch,
        }
    }
}

/// What a step says of an epoch.
#[must_use]
pub const fn step_epoch(epoch: u8) -> u8 {
    epoch & 1
}

/// What most frames are: a step that covers one tick, for which the client's own input was used.
const ORDINARY: FrameKind = FrameKind::Step { covered: 1, applied: 1 };
/// Inputs that come so early or later fit the short form, in 1/16 tick.
const EARLY_BITS: u32 = 5;
/// Everyone's section, among flags.
const EVERYONE: u8 = 1 << Section::Everyone.index();

impl FrameHeader {
    /// Writes the header, aligned. Inverse of [`FrameHeader::read`].
    pub fn write(&self, out: &mut BitWriter) {
        match self.kind {
            FrameKind::Step { covered, applied } => {
                out.write(self.tick.step_low(), 5);
                out.write_bool(self.kind == ORDINARY);
                out.write(u32::from(step_epoch(self.epoch)), 1);
                out.write_bool(true);
                if self.kind != ORDINARY {
                    out.write(covered - 1, 4);
                    out.write(u32::from(applied) & ((1 << covered) - 1), covered);
                }
            }
            FrameKind::Full => {
                out.write(u32::from(STATE), 8);
                out.write(1, 2);
                out.write(u32::from(self.tick.low()), 16);
                out.write(u32::from(self.epoch), 8);
            }
            FrameKind::KeepAlive => {
                out.write(u32::from(STATE), 8);
                out.write(2, 2);
                out.write(u32::from(self.tick.low()), 16);
                return out.align();
            }
        }
        write_early(out, self.early);
        out.write_bool(self.is_plain());
        if self.is_plain() {
            if self.kind != FrameKind::Full {
                out.write_bool(self.leaves != 0);
            }
        } else {
            self.write_rest(out);
        }
        match self.proof {
            Proof::Folded(folded) => out.write(u32::from(folded), 16),
            Proof::Whole(lanes) => {
                out.write(lanes.a, 32);
                out.write(lanes.b, 32);
            }
        }
        out.align();
    }

    /// It has something of everyone's, nothing of anybody else's and nothing else to say.
    fn is_plain(&self) -> bool {
        let only_everyone = self.sections == EVERYONE && self.leaves & !EVERYONE == 0;
        only_everyone && self.complete && self.me.is_none() && !self.events
    }

    /// Inverse of [`FrameHeader::read_rest`].
    fn write_rest(&self, out: &mut BitWriter) {
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
    }

    /// Reads a header; the tick is taken as near to `now`, the newest that was heard of.
    ///
    /// # Errors
    /// [`DecodeError`]: the server's fault.
    pub fn read(reader: &mut BitReader<'_>, now: Tick, digest: Digest) -> Result<Self, DecodeError> {
        let first = reader.read(8, "message kind")?;
        let mut header = match first as u8 {
            STEP.. => Self { kind: read_step(reader, first)?, ..Self::keep_alive(now.unwrap_step(first & 0x1F)) },
            STATE => {
                let kind = reader.read_at_most(2, 2, "frame kind")?;
                let tick = now.unwrap_near(reader.read(16, "tick")? as u16);
                match kind {
                    1 => Self { kind: FrameKind::Full, ..Self::keep_alive(tick) },
                    2 => {
                        reader.align()?;
                        return Ok(Self::keep_alive(tick));
                    }
                    _ => return Err(DecodeError::OutOfRange { field: "frame kind", got: 0, min: 1, max: 2 }),
                }
            }
            message => return Err(DecodeError::UnknownMessage { kind: message }),
        };
        header.epoch = match header.kind {
            FrameKind::Full => reader.read(8, "table epoch")? as u8,
            _ => (first >> 6 & 1) as u8,
        };
        header.early = read_early(reader)?;
        if reader.read_bool("plain")? {
            (header.complete, header.sections) = (true, EVERYONE);
            if header.kind != FrameKind::Full && reader.read_bool("leaves")? {
                header.leaves = EVERYONE;
            }
        } else {
            header.read_rest(reader)?;
        }
        header.proof = match digest {
            Digest::Folded => Proof::Folded(reader.read(16, "digest")? as u16),
            Digest::Whole => Proof::Whole(Lanes { a: reader.read(32, "digest")?, b: reader.read(32, "digest")? }),
        };
        reader.align()?;
        Ok(header)
    }

    /// Inverse of [`FrameHeader::write_rest`].
    fn read_rest(&mut self, reader: &mut BitReader<'_>) -> Result<(), DecodeError> {
        self.me = if reader.read_bool("me")? { Some(Slot(reader.read(16, "me")? as u16)) } else { None };
        self.complete = reader.read_bool("complete")?;
        let flags = Section::ALL.len() as u32;
        self.leaves = if self.kind == FrameKind::Full { 0 } else { reader.read(flags, "leaves")? as u8 };
        self.sections = reader.read(flags, "sections")? as u8;
        self.events = reader.read_bool("events")?;
        if self.is_plain() { Err(DecodeError::NotShortest { field: "frame header" }) } else { Ok(()) }
    }

    /// Whether a message is a state frame, by its first byte.
    #[must_use]
    pub const fn is_frame(message: &[u8]) -> bool {
        matches!(message, [first, ..] if *first == STATE || *first >= STEP)
    }

    /// Whether a message is a full frame, by its first bytes: what waits before one need not be read.
    #[must_use]
    pub fn is_full(message: &[u8]) -> bool {
        matches!(message, [STATE, second, ..] if second & 3 == 1)
    }

    /// Whether a message is a step.
    #[must_use]
    pub fn is_step(message: &[u8]) -> bool {
        matches!(message, [first, ..] if *first >= STEP)
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

/// What a step is that begins with this byte.
fn read_step(reader: &mut BitReader<'_>, first: u32) -> Result<FrameKind, DecodeError> {
    if first >> 5 & 1 != 0 {
        return Ok(ORDINARY);
    }
    let covered = reader.read_at_most(CATCH_UP_TICKS - 1, 4, "covered ticks")? + 1;
    match (FrameKind::Step { covered, applied: reader.read(covered, "applied inputs")? as u16 }) {
        ORDINARY => Err(DecodeError::NotShortest { field: "covered ticks" }),
        kind => Ok(kind),
    }
}

/// How early the newest input came: 0 and five bits from 0 to just below two ticks, where clients want it to be; 1, 0: none came; else
/// 1, 1 and all of it. Inverse of [`read_early`].
fn write_early(out: &mut BitWriter, early: Option<i8>) {
    match early {
        Some(early @ 0..32) => out.write(u32::from(early.unsigned_abs()) << 1, 1 + EARLY_BITS),
        None => out.write(0b01, 2),
        Some(early) => {
            out.write(0b11, 2);
            out.write(u32::from(early as u8), 8);
        }
    }
}

fn read_early(reader: &mut BitReader<'_>) -> Result<Option<i8>, DecodeError> {
    if !reader.read_bool("early")? {
        return Ok(Some(reader.read(EARLY_BITS, "early")? as i8));
    }
    if !reader.read_bool("early")? {
        return Ok(None);
    }
    match reader.read(8, "early")? as u8 as i8 {
        0..32 => Err(DecodeError::NotShortest { field: "early" }),
        early => Ok(Some(early)),
    }
}
